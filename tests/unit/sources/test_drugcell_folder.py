"""Data folders of DrugCell and its descendants as they are."""

import logging
from pathlib import Path

import pytest

from druggene.screen import NOT_MEASURED, write_screen
from druggene.sources.drugcell_folder import folder_parts, measured_omics, read_drugcell_folder, require_parts
from druggene.sources.release import read_release

NEST = {
    "cell2ind.txt": "0\tA375_SKIN\n1\tHL60_BLOOD\n2\tMCF7_BREAST\n",
    "gene2ind.txt": "0\tBRAF\n1\tTP53\n",
    "cell2mutation.txt": "1,0\n0,1\n0,0\n",
    "cell2cnamplification.txt": "1,0\n0,1\n0,0\n",
    "cell2cndeletion.txt": "0,1\n0,1\n0,0\n",
    "training_data.txt": "A375_SKIN\tCCO\t0.5\tGDSC1\nA375_SKIN\tCCO\t0.75\tGDSC2\nHL60_BLOOD\tCCO\t1.25\tGDSC2\n",
    "test_data.txt": "MCF7_BREAST\tCCO\t0.9\tGDSC2\n",
    "ontology.txt": "NEST\tNEST:1\tdefault\nNEST:1\tBRAF\tgene\nNEST\tTP53\tgene\n",
    "std.txt": "GDSC1\t0.0\t1.0\n",
}
DRUGCELL = {
    "drug2ind.txt": "0\tCCO\n1\tCCN\n",
    "drugcell_train.txt": "A375_SKIN\tCCO\t0.5\n",
    "drugcell_val.txt": "HL60_BLOOD\tCCN\t0.25\n",
    "drugcell_test.txt": "MCF7_BREAST\tCCO\t0.9\n",
    "drug2fingerprint.txt": "0,1\n1,0\n",
    "compound_names.txt": "number\tSMILE\tName\n0\tCCO\talcohol\n",
}


def fill(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


def test_nest_vnn_has_data_sets_calls_and_no_list_of_drugs(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    parts = folder_parts(fill(tmp_path, NEST))
    assert measured_omics(parts) == ["mutation", "copy_number"]
    with caplog.at_level(logging.INFO):
        screen = read_drugcell_folder(parts, "mine")
    assert screen.responses.to_numpy().tolist() == [
        ["A375_SKIN", "CCO", 0.5, "GDSC1", "train"],
        ["A375_SKIN", "CCO", 0.75, "GDSC2", "train"],
        ["HL60_BLOOD", "CCO", 1.25, "GDSC2", "train"],
        ["MCF7_BREAST", "CCO", 0.9, "GDSC2", "test"],
    ]
    assert screen.cell_lines["tissue"].tolist() == ["SKIN", "BLOOD", "BREAST"]
    # TP53 of HL60 is called amplified and deleted: 0.
    assert screen.omics["copy_number"].to_numpy().tolist() == [[1, -1], [0, 0], [0, 0]]
    assert "2 genes of cell lines are amplified, 2 deleted, 1 of them both" in caplog.text
    assert screen.units["expression"] == NOT_MEASURED
    assert screen.drugs["drug"].tolist() == ["CCO"]
    write_screen(screen, tmp_path / "data")


def test_amplifications_alone_are_copy_number(tmp_path: Path) -> None:
    files = {name: text for name, text in NEST.items() if name != "cell2cndeletion.txt"}
    screen = read_drugcell_folder(folder_parts(fill(tmp_path, files)), "mine")
    assert screen.omics["copy_number"].to_numpy().tolist() == [[1, 0], [0, 1], [0, 0]]


def test_drugcell_reads_as_its_release_does(tmp_path: Path) -> None:
    """One folder by two ways: what is read of a release is read of its folder."""
    listed = ("cell2ind.txt", "gene2ind.txt", "cell2mutation.txt")
    folder = fill(tmp_path, DRUGCELL | {name: NEST[name] for name in listed})
    screen = read_drugcell_folder(folder_parts(folder), "mine", screen="DrugCell")
    release = read_release({path.name: path for path in folder.iterdir()})
    assert screen.responses.equals(release.responses)
    assert screen.drugs.equals(release.drugs)
    assert screen.drugs["name"].tolist() == ["alcohol", "CCN"]
    assert all(screen.omics[omic].equals(release.omics[omic]) for omic in screen.omics)


def test_files_may_be_called_otherwise(tmp_path: Path) -> None:
    folder = fill(tmp_path, NEST)
    (folder / "training_data.txt").rename(folder / "fold1.txt")
    with pytest.raises(ValueError, match=r"has no training_data\.txt or .*drugcell_folder\.files\.train"):
        folder_parts(folder)
    assert folder_parts(folder, {"train": "fold1.txt"})["train"].name == "fold1.txt"
    with pytest.raises(ValueError, match=r"drugcell_folder\.files\.test: .* has no file gone\.txt"):
        folder_parts(folder, {"train": "fold1.txt", "test": "gone.txt"})


def test_two_files_for_one_part_are_refused(tmp_path: Path) -> None:
    folder = fill(tmp_path, NEST | {"drugcell_train.txt": NEST["training_data.txt"]})
    with pytest.raises(ValueError, match=r"training_data\.txt and drugcell_train\.txt are both for train"):
        folder_parts(folder)
    assert folder_parts(folder, {"train": "drugcell_train.txt"})["train"].name == "drugcell_train.txt"


def test_a_folder_without_genotype_is_refused(tmp_path: Path) -> None:
    files = {name: text for name, text in NEST.items() if not name.startswith(("cell2mut", "cell2cn"))}
    with pytest.raises(ValueError, match=r"has no genotype, such as cell2mutation\.txt"):
        folder_parts(fill(tmp_path, files))


def test_copy_number_is_given_once(tmp_path: Path) -> None:
    folder = fill(tmp_path, NEST | {"cell_cn.txt": "0.5,1\n0,0\n1,1\n"})
    with pytest.raises(ValueError, match="copy number is given twice"):
        read_drugcell_folder(folder_parts(folder), "mine")


def test_what_a_configuration_asks_for_has_to_be_there(tmp_path: Path) -> None:
    files = {name: text for name, text in NEST.items() if name not in ("test_data.txt", "ontology.txt")}
    parts = folder_parts(fill(tmp_path, files))
    require_parts(parts, {"m": {"omics": ["mutation"]}}, ["random_pairs"], "")
    with pytest.raises(ValueError, match="cannot be used") as raised:
        require_parts(parts, {"m": {"omics": ["expression"]}}, ["published"], "ontology.source")
    text = str(raised.value)
    assert "models.m.omics: drugcell_folder has no file of expression; leave out the omic, or the model" in text
    assert "published needs pairs for testing" in text
    assert "ontology.source: drugcell_folder has no ontology.txt or drugcell_ont.txt" in text


def test_the_example_of_nest_vnn(shared_data: Path) -> None:
    screen = read_drugcell_folder(folder_parts(shared_data / "nest"), "nest")
    assert screen.responses["published_role"].value_counts().to_dict() == {"train": 1316, "test": 333}
    assert screen.responses["source"].value_counts().to_dict() == {"GDSC1": 886, "GDSC2": 763}
    assert screen.omics["copy_number"].shape == (934, 718)
