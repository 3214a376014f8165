"""A screen: what is kept, what is counted, what is refused."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from druggene.screen import NOT_MEASURED, Screen, normalise_name, number_pairs, write_screen
from druggene.tables import read_metadata, read_table


def matrix(cell_lines: list[str]) -> pd.DataFrame:
    values = np.arange(2.0 * len(cell_lines)).reshape(-1, 2)
    return pd.DataFrame(values, index=cell_lines, columns=["TP53", "BRAF"])


@pytest.fixture
def screen() -> Screen:
    """Four cell lines and three drugs; line D lacks copy numbers, drug z its structure; one replicate."""
    responses = pd.DataFrame(
        [("B", "y", 0.9), ("A", "x", 0.7), ("A", "x", 0.2), ("B", "z", 0.4), ("D", "x", 0.3), ("C", "x", 1.2)],
        columns=["cell_line", "drug", "auc"],
    ).assign(source="made up")
    cell_lines = pd.DataFrame(
        {"cell_line": list("DCBAE"), "name": list("dcbae"), "tissue": ["skin", None] + 3 * ["lung"]}
    )
    drugs = pd.DataFrame(
        {"drug": list("zyx"), "name": list("ZYX"), "smiles": [None, "CC", "C"], "targets": None, "pathway": None}
    )
    return Screen(
        responses=responses,
        cell_lines=cell_lines,
        drugs=drugs,
        omics={
            "mutation": matrix(list("EDCBA")),
            "expression": matrix(list("ABCDE")),
            "copy_number": matrix(list("ABCE")),
        },
        units={"mutation": "0/1", "expression": "z", "copy_number": "log2 ratio"},
        source="test",
        simulated=True,
    )


@pytest.mark.parametrize(("name", "expected"), [("PFSK-1", "PFSK1"), ("pfsk 1", "PFSK1"), ("T.T", "TT"), ("TT", "TT")])
def test_names_match_without_case_and_punctuation(name: str, expected: str) -> None:
    assert normalise_name(name) == expected


def test_replicates_share_a_pair_and_pairs_are_numbered_in_order(screen: Screen) -> None:
    numbered = number_pairs(screen.responses)
    assert list(zip(numbered["pair"], numbered["cell_line"], numbered["drug"], strict=True)) == [
        (0, "A", "x"),
        (0, "A", "x"),
        (1, "B", "y"),
        (2, "B", "z"),
        (3, "C", "x"),
        (4, "D", "x"),
    ]
    assert list(numbered["auc"][:2]) == [0.2, 0.7]
    assert numbered["pair"].dtype == "int64"


@pytest.mark.parametrize("seed", range(3))
def test_pairs_do_not_depend_on_the_order_of_the_file(screen: Screen, seed: int) -> None:
    shuffled = screen.responses.sample(frac=1, random_state=seed)
    pd.testing.assert_frame_equal(number_pairs(shuffled), number_pairs(screen.responses))


def test_cell_lines_of_an_omic_without_a_curve_are_counted(screen: Screen) -> None:
    screen.units["mutation"] = NOT_MEASURED
    screen.count_matched()
    counts = screen.counts.set_index("step")[["n_in", "n_out"]]
    assert counts.T.to_dict("list") == {"expression matched": [5, 4], "copy_number matched": [4, 3]}


def test_incomplete_cell_lines_and_drugs_go_and_are_counted(screen: Screen) -> None:
    screen.keep_complete()
    assert sorted(set(screen.responses["cell_line"])) == ["A", "B", "C"]
    assert list(screen.cell_lines["cell_line"]) == ["C", "B", "A"]
    assert list(screen.drugs["drug"]) == ["y", "x"]
    assert all(list(values.index) == ["A", "B", "C"] for values in screen.omics.values())
    counts = screen.counts.set_index(["step", "what"])[["n_in", "n_out"]]
    assert list(counts.loc[("copy_number present", "cell lines")]) == [4, 3]
    assert list(counts.loc[("copy_number present", "curves")]) == [6, 5]
    assert list(counts.loc[("structure present", "drugs")]) == [3, 2]
    assert list(counts.loc[("structure present", "curves")]) == [5, 4]
    assert list(counts.loc[("mutation present", "curves")]) == [6, 6]


def test_omics_keep_their_rows_together_with_their_cell_lines(screen: Screen) -> None:
    before = screen.omics["mutation"].loc["B"].copy()
    screen.keep_complete()
    pd.testing.assert_series_equal(screen.omics["mutation"].loc["B"], before)


def test_nothing_left_is_an_error(screen: Screen) -> None:
    screen.drugs["smiles"] = None
    with pytest.raises(ValueError, match="test: no response is left"):
        screen.keep_complete()


def test_a_selection_keeps_what_is_named_and_counts_the_rest(screen: Screen) -> None:
    screen.select("chosen", "not asked for", cell_lines=["A", "B"], drugs=["x"])
    assert sorted(screen.responses["auc"]) == [0.2, 0.7]
    assert screen.counts.to_dict("list") == {
        "step": ["chosen"] * 4,
        "what": ["cell lines", "curves", "drugs", "curves"],
        "n_in": [4, 6, 3, 4],
        "n_out": [2, 4, 1, 2],
        "reason": ["not asked for"] * 4,
    }


def test_tables_are_sorted_complete_and_marked(screen: Screen, tmp_path: Path) -> None:
    screen.keep_complete()
    write_screen(screen, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {
        "responses.parquet",
        "cell_lines.parquet",
        "drugs.parquet",
        "mutation.parquet",
        "expression.parquet",
        "copy_number.parquet",
        "counts.parquet",
        "sources.parquet",
        "structure_sources.parquet",
    }
    assert all(read_metadata(path)["simulated"] is True for path in tmp_path.iterdir())
    assert list(read_table(tmp_path / "responses.parquet")["pair"]) == [0, 0, 1, 2]
    assert list(read_table(tmp_path / "cell_lines.parquet")["cell_line"]) == ["A", "B", "C"]
    assert list(read_table(tmp_path / "drugs.parquet")["drug"]) == ["x", "y"]
    mutation = read_table(tmp_path / "mutation.parquet")
    assert (mutation.index.name, list(mutation.index)) == ("cell_line", ["A", "B", "C"])
    assert list(mutation.columns) == ["BRAF", "TP53"]
    assert set(mutation.dtypes) == {np.dtype("float32")}
    assert mutation.loc["A", "TP53"] == screen.omics["mutation"].loc["A", "TP53"]
    assert read_metadata(tmp_path / "copy_number.parquet")["units"] == {"copy_number": "log2 ratio"}


def negative_auc(screen: Screen) -> None:
    screen.responses.loc[1, "auc"] = -0.1


def missing_auc(screen: Screen) -> None:
    screen.responses.loc[1, "auc"] = np.nan


def drug_described_twice(screen: Screen) -> None:
    screen.drugs = pd.concat([screen.drugs, screen.drugs.iloc[:1]])


def cell_line_not_described(screen: Screen) -> None:
    screen.cell_lines = screen.cell_lines[screen.cell_lines["cell_line"] != "C"]


def gene_twice(screen: Screen) -> None:
    screen.omics["expression"].columns = ["TP53", "TP53"]


def cell_line_twice(screen: Screen) -> None:
    screen.omics["expression"].index = pd.Index(list("ABCDA"))


def no_tissue(screen: Screen) -> None:
    screen.cell_lines = screen.cell_lines.drop(columns="tissue")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (negative_auc, r"test: AUC -0\.1 of A and x \(1 such rows\)"),
        (missing_auc, "test: AUC nan of A and x"),
        (drug_described_twice, "test: drug 'z' is described twice"),
        (cell_line_not_described, "test: cell_line 'C' has responses but no description"),
        (gene_twice, "test: gene 'TP53' stands twice in expression"),
        (cell_line_twice, "test: cell line 'A' stands twice in expression"),
        (no_tissue, r"test: cell lines: missing column\(s\) tissue"),
    ],
)
def test_bad_screens_are_refused_and_nothing_is_written(
    screen: Screen, tmp_path: Path, spoil: Callable[[Screen], None], message: str
) -> None:
    spoil(screen)
    with pytest.raises(ValueError, match=message):
        write_screen(screen, tmp_path / "data")
    assert not (tmp_path / "data").exists()


def test_an_auc_above_one_is_kept(screen: Screen, tmp_path: Path) -> None:
    write_screen(screen, tmp_path)
    assert read_table(tmp_path / "responses.parquet")["auc"].max() == 1.2
