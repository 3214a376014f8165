"""Reading the files published with the paper: a small copy in their format, and the real ones."""

import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from druggene.screen import Screen, write_screen
from druggene.sources.release import read_release
from druggene.tables import read_table

TARGETS = pd.DataFrame({"drug": ["ALCO-HOL"], "targets": ["GABRA1"], "pathway": ["Other"], "action": ["modulator"]})


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """Three cell lines, two genes and two drugs; some files end lines with CR LF, as the published ones do."""
    texts = {
        "cell_item.txt": "0\tA375_SKIN\r\n1\tHL60_HAEMATOPOIETIC_AND_LYMPHOID_TISSUE\r\n2\tPLAIN\r\n",
        "gene_item.txt": "0\tBRAF\n1\tTP53\n",
        "drug_item.txt": "0\tCCO\n1\tC/C=C\\C\n",
        "drugGene_train_data.txt": "A375_SKIN\tCCO\t0.5\r\nA375_SKIN\tCCO\t1.25\r\nPLAIN\tC/C=C\\C\t0\r\n",
        "drugGene_val_data.txt": "PLAIN\tCCO\t0.75\n",
        "drugGene_test_data.txt": "HL60_HAEMATOPOIETIC_AND_LYMPHOID_TISSUE\tCCO\t0.9\n",
        "cell_mutation.txt": "1,0\n0,1\n0,0\n",
        "cell_exp.txt": "0.25,0.5\n1,0\n0.125,0\n",
        "cell_cn.txt": "0,1\n0.5,0.5\n1,0\n",
        "compound_names.txt": 'number\tSMILE\tName\n0\tCCO\talcohol\n1\tCCN\t"amine\n',
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text, newline="")
    return {name: tmp_path / name for name in texts}


def test_pairs_keep_their_published_role(files: dict[str, Path], caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        responses = read_release(files).responses
    assert list(responses["published_role"]) == ["train", "train", "train", "validation", "test"]
    assert list(responses["auc"]) == [0.5, 1.25, 0.0, 0.75, 0.9]
    assert "1 of 5 AUCs are above 1" in caplog.text


def test_cell_lines_drugs_and_matrices_are_described(files: dict[str, Path]) -> None:
    screen = read_release(files, drug_targets=TARGETS)
    lines = screen.cell_lines.set_index("cell_line")
    assert lines.loc["A375_SKIN"].to_dict() == {"name": "A375", "tissue": "SKIN"}
    assert lines.loc["HL60_HAEMATOPOIETIC_AND_LYMPHOID_TISSUE", "tissue"] == "HAEMATOPOIETIC_AND_LYMPHOID_TISSUE"
    assert lines.loc["PLAIN", "name"] == "PLAIN"
    assert pd.isna(lines.loc["PLAIN", "tissue"])
    drugs = screen.drugs.set_index("drug")
    assert drugs.loc["CCO"].to_dict() == {"name": "alcohol", "smiles": "CCO", "targets": "GABRA1", "pathway": "Other"}
    assert drugs.loc["C/C=C\\C", "name"] == "C/C=C\\C"
    assert screen.omics["mutation"].loc["A375_SKIN"].to_dict() == {"BRAF": 1, "TP53": 0}
    assert screen.omics["expression"].loc["PLAIN", "BRAF"] == 0.125
    assert screen.omics["copy_number"].loc["A375_SKIN", "TP53"] == 1


DRUGCELL = {
    "cell_item.txt": "cell2ind.txt",
    "gene_item.txt": "gene2ind.txt",
    "drug_item.txt": "drug2ind.txt",
    "drugGene_train_data.txt": "drugcell_train.txt",
    "drugGene_val_data.txt": "drugcell_val.txt",
    "drugGene_test_data.txt": "drugcell_test.txt",
    "cell_mutation.txt": "cell2mutation.txt",
}


def test_drugcells_names_are_known_and_it_has_mutations_alone(files: dict[str, Path]) -> None:
    theirs = {name: files[ours] for ours, name in DRUGCELL.items()}
    screen = read_release(theirs)
    pd.testing.assert_frame_equal(screen.omics["mutation"], read_release(files).omics["mutation"])
    assert screen.omics["expression"].isna().all(axis=None)
    assert screen.omics["expression"].shape == (3, 2)
    assert screen.units["copy_number"].startswith("not measured")
    assert set(screen.responses["source"]) == {"DrugCell"}
    del theirs["drugcell_val.txt"]
    with pytest.raises(ValueError, match=r"lacks drugcell_val\.txt"):
        read_release(theirs)


def test_drugcells_own_files_are_read(shared_data: Path) -> None:
    files = {path.name: path for path in (shared_data / "drugcell_release").glob("*.txt")}
    screen = read_release(files, shared_data / "omics")
    assert screen.responses["published_role"].value_counts().loc["train"] > 5000
    assert screen.sources.set_index(["source", "stage"]).loc[("DrugCell", "read"), "curves"] == 12000


def test_names_and_targets_can_be_absent(files: dict[str, Path], tmp_path: Path) -> None:
    del files["compound_names.txt"]
    screen = read_release(files)
    write_screen(screen, tmp_path / "data")
    drugs = read_table(tmp_path / "data" / "drugs.parquet")
    assert list(drugs["name"]) == list(drugs["drug"])
    assert drugs["targets"].isna().all()


def write_omics(folder: Path, lines: list[str]) -> Path:
    folder.mkdir()
    frame = pd.DataFrame(np.arange(len(lines) * 3).reshape(-1, 3), index=lines, columns=["BRAF", "EGFR", "TP53"])
    for omic in ("mutation", "expression", "copy_number"):
        frame.to_parquet(folder / f"{omic}.parquet")
    return folder


def test_a_folder_of_omics_takes_the_place_of_the_matrices(files: dict[str, Path], tmp_path: Path) -> None:
    for name in ("cell_mutation.txt", "cell_exp.txt", "cell_cn.txt"):
        del files[name]
    folder = write_omics(tmp_path / "omics", ["PLAIN", "UNKNOWN_SKIN", "A375_SKIN"])
    screen = read_release(files, omics_folder=folder)
    assert sorted(screen.cell_lines["cell_line"]) == ["A375_SKIN", "PLAIN"]
    assert screen.omics["mutation"].loc["A375_SKIN"].to_dict() == {"BRAF": 6, "EGFR": 7, "TP53": 8}
    lost = screen.counts.query("step == 'mutation present' and what == 'curves'").iloc[0]
    assert (lost["n_in"], lost["n_out"]) == (5, 4)


def test_a_malformed_folder_of_omics_is_refused(files: dict[str, Path], tmp_path: Path) -> None:
    folder = write_omics(tmp_path / "omics", ["A375", "PLAIN1"])
    with pytest.raises(ValueError, match=r"mutation\.parquet: no row is named like a cell line"):
        read_release(files, omics_folder=folder)
    pd.DataFrame({"BRAF": ["high"]}, index=["PLAIN"]).to_parquet(folder / "mutation.parquet")
    with pytest.raises(ValueError, match=r"mutation\.parquet: column 'BRAF' is not numeric"):
        read_release(files, omics_folder=folder)
    pd.DataFrame({"BRAF": [np.inf]}, index=["PLAIN"]).to_parquet(folder / "mutation.parquet")
    with pytest.raises(ValueError, match=r"mutation\.parquet: column 'BRAF' has an infinite value"):
        read_release(files, omics_folder=folder)
    (folder / "mutation.parquet").unlink()
    with pytest.raises(ValueError, match=r"mutation\.parquet: not found"):
        read_release(files, omics_folder=folder)


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("drugGene_val_data.txt", lambda t: t + "PLAIN\tCCO\n", r"drugGene_val_data\.txt, row 2: .*found 2 column"),
        ("drugGene_val_data.txt", lambda t: t.replace("PLAIN", "HELA"), r"row 1: cell line 'HELA' is not in cell_item"),
        (
            "drugGene_train_data.txt",
            lambda t: t.replace("C/C=C", "C/C=N"),
            r"row 3: drug 'C/C=N\\\\C' is not in drug_i",
        ),
        ("drugGene_train_data.txt", lambda t: t.replace("1.25", "NA"), r"row 2: AUC 'NA' is not a number"),
        ("drugGene_train_data.txt", lambda t: t.replace("1.25", "-1"), r"row 2: AUC '-1' is not a number of 0 or more"),
        ("drugGene_train_data.txt", lambda t: t.replace("1.25", "nan"), r"row 2: AUC 'nan'"),
        ("cell_exp.txt", lambda t: t + "1,1\n", r"cell_exp\.txt, row 4: expected 3 rows.*found 4"),
        ("cell_exp.txt", lambda t: "1,1\n", r"cell_exp\.txt, row 2: expected 3 rows.*found 1"),
        ("cell_exp.txt", lambda t: t.replace("1,0", "1,0,0"), r"cell_exp\.txt, row 2: expected 2 columns.*found 3"),
        ("cell_exp.txt", lambda t: t.replace("0.5", "high"), r"cell_exp\.txt, row 1: .*high"),
        ("gene_item.txt", lambda t: t.replace("1\t", "2\t"), r"gene_item\.txt, row 2: expected the number 1"),
        ("gene_item.txt", lambda t: t.replace("TP53", "BRAF"), r"gene_item\.txt, row 2: 'BRAF' stands twice"),
    ],
)
def test_a_malformed_file_is_named_with_its_row(
    files: dict[str, Path], name: str, change: Callable[[str], str], message: str
) -> None:
    files[name].write_text(change(files[name].read_text()))
    with pytest.raises(ValueError, match=message):
        read_release(files)


def test_a_missing_file_is_named(files: dict[str, Path]) -> None:
    del files["cell_cn.txt"]
    with pytest.raises(ValueError, match=r"lacks cell_cn\.txt"):
        read_release(files)


@pytest.fixture(scope="module")
def published(shared_data: Path) -> Screen:
    folder = shared_data / "druggene_release"
    files = {path.name: path for path in folder.iterdir()}
    files["compound_names.txt"] = shared_data / "drugcell_release" / "compound_names.txt"
    return read_release(files, omics_folder=shared_data / "omics")


def test_the_published_pairs_with_real_omics(published: Screen) -> None:
    assert published.responses["published_role"].value_counts().to_dict() == {
        "train": 6746,
        "validation": 675,
        "test": 675,
    }
    first = published.counts.query("what == 'curves'").iloc[0]
    assert (first["n_in"], first["n_out"]) == (10_771, 8_096)
    assert published.responses["auc"].max() > 1
    assert {matrix.shape[1] for matrix in published.omics.values()} == {1307}
    assert published.cell_lines["tissue"].notna().all()
    # Names and rows belong together: the TP53 of one line is mutated, that of the other is not.
    assert published.omics["mutation"].loc[["SW620_LARGE_INTESTINE", "MCF7_BREAST"], "TP53"].tolist() == [1, 0]
    assert "Dabrafenib" in set(published.drugs["name"])
