"""The tables of a run's data: what was read and used, what steps kept, which files were retrieved."""

from pathlib import Path

import numpy as np
import pandas as pd

from druggene.constants import OMICS
from druggene.data_summary import data_document, file_table, measure_omic, preprocessing_table, source_table
from druggene.responses import summarise_sources

READ = pd.DataFrame(
    {
        "cell_line": ["A", "A", "B", "a"],
        "drug": ["x", "y", "x", "x"],
        "auc": [0.1, 1.5, 1, 2],
        "source": ["G", "G", "G", "C"],
    }
)
COUNTS = pd.DataFrame(
    [("model found", "curves", 4, 3, "no model")], columns=["step", "what", "n_in", "n_out", "reason"]
)


def test_each_source_stands_as_read_and_as_used() -> None:
    used = READ[READ["source"] == "G"].iloc[:2]
    sources = pd.concat([summarise_sources(READ, "read"), summarise_sources(used, "used")])
    omics = {"mutation": (3, 5, 0.0), "expression": (2, 4, 0.125), "copy_number": (2, 4, 1.0)}
    counts = COUNTS.assign(step="expression matched", what="cell lines", n_in=9)
    table = source_table(sources, counts, omics, {"terms": 7}).set_index(["data", "quantity"])
    assert table.loc[("G", "curves")].tolist() == [3, 2]
    assert table.loc[("G", "cell lines")].tolist() == [2, 1]
    assert table.loc[("all screens", "pairs")].tolist() == [4, 2]
    assert table.loc[("all screens", "curves with an AUC above 1")].tolist() == [2, 1]
    assert table.loc[("C", "curves"), "read"] == 1
    assert np.isnan(table.loc[("C", "curves"), "used"])
    assert table.loc[("expression", "missing, %"), "used"] == 12.5
    assert table.loc[("expression", "cell lines")].tolist() == [9, 2]
    assert np.isnan(table.loc[("mutation", "cell lines"), "read"])
    assert table.loc[("ontology", "terms"), "read"] == 7


def test_a_single_source_stands_once() -> None:
    one = READ[READ["source"] == "G"]
    sources = pd.concat([summarise_sources(one, "read"), summarise_sources(one, "used")])
    table = source_table(sources, COUNTS, dict.fromkeys(OMICS, (3, 5, 0.0)), {})
    assert table["data"].drop_duplicates().tolist() == ["G", "mutation", "expression", "copy number"]


def test_preprocessing_goes_on_with_every_fold() -> None:
    tables = {
        "genes": pd.DataFrame({"gene": ["g", "h", "i"]}),
        "terms": pd.DataFrame({"term": ["a", "b", "c"], "layer": [1, 1, 2]}),
        "term_edges": pd.DataFrame({"parent": ["c", "c"], "child": ["a", "b"]}),
        "term_genes": pd.DataFrame({"term": ["a", "b"], "gene": ["g", "h"]}),
    }
    table = preprocessing_table(COUNTS, [("random_pairs", 0, tables)], n_genes=9).set_index(["step", "what"])
    assert table.loc[("model found", "curves"), "lost"] == 1
    assert table.loc[("genes selected", "genes (random pairs, fold 0)"), ["n_in", "n_out", "lost"]].tolist() == [
        9,
        3,
        6,
    ]
    assert table.loc[("hierarchy built", "genes (random pairs, fold 0)"), "lost"] == 1
    terms = table.loc[("hierarchy built", "terms (random pairs, fold 0)")]
    assert terms["n_out"] == 3
    assert pd.isna(terms["lost"])
    assert terms["reason"] == "layers: 2/1"


def test_omics_are_measured() -> None:
    nowhere = pd.DataFrame({"g": [np.nan, np.nan], "h": [np.nan, 1.0]}, index=["A", "B"])
    assert measure_omic(nowhere) == (1, 1, 0.75)
    assert measure_omic(nowhere[["g"]]) == (0, 0, 1)
    assert measure_omic(pd.DataFrame({"g": [1.0, np.nan], "h": [2.0, 3.0]}, index=["A", "B"])) == (2, 2, 0.25)


def test_files_have_their_licence_and_a_checksum(tmp_path: Path) -> None:
    entry = dict.fromkeys(["url", "checksum_kind", "checksum", "note"], "") | {"dataset": "d", "version": "1"}
    entries = [entry | {"file": file, "licence": "CC0"} for file in ("a", "b")]
    (tmp_path / "d" / "1").mkdir(parents=True)
    (tmp_path / "d" / "1" / "b.sha256").write_text("0123  b\n")
    published = entry | {"file": "b", "licence": "MIT", "checksum_kind": "md5", "checksum": "99"}
    table = file_table([*entries, published], tmp_path)
    assert table["licence"].tolist() == ["CC0", "CC0", "MIT"]
    assert table["checksum"].tolist() == ["", "0123", "99"]
    assert table["checksum_kind"].tolist() == ["", "sha256, recorded", "md5"]
    assert file_table([], tmp_path).shape == (0, 7)


def test_markdown_is_for_people() -> None:
    table = pd.DataFrame({"data": ["a|b"], "read": [12345.0], "used": [np.nan]})
    text = data_document(table, "Sources", simulated=True).markdown()
    assert (
        text == "# Sources, simulated data\n\n| data | read | used |\n| --- | ---: | ---: |\n| a\\|b | 12,345 | – |\n"
    )
    assert data_document(table.iloc[:0], "Files", simulated=False).markdown() == "# Files\n\nNone.\n"
