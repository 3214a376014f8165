"""The portals' files put together: what is joined, what is lost and how that is counted."""

import zipfile
from pathlib import Path

import pandas as pd
import pytest

from druggene.constants import AUC, CELL_LINE, COPY_NUMBER, DRUG, EXPRESSION, MUTATION, SMILES, TISSUE
from druggene.screen import Screen, write_screen
from druggene.simulation.workbook import write_workbook
from druggene.sources.gene_identity import GeneTable
from druggene.sources.portals import (
    drugs_without_structure,
    portal_files,
    read_portals,
    read_structures,
    sort_files,
)
from druggene.sources.versions import read_versions
from druggene.tables import read_metadata, read_table
from tests.unit.sources.test_gdsc_wheel import make_wheel
from tests.unit.sources.test_gdsc_wheel import read as read_wheel

ROOT = Path(__file__).parents[3]

MATRIX = ",TP53 (7157),BRAF (673),A1BG (1)\nACH-2,1.5,,0\nACH-1,2,3,4\n"
MODELS = (
    "ModelID,CellLineName,OncotreeLineage,CCLEName,SangerModelID,COSMICID\n"
    "ACH-1,NCI-H1,Lung,NCIH1_LUNG,SIDM1,101.0\n"
    "ACH-2,PFSK1,,PFSK1_CNS,SIDM2,\n"
    "ACH-3,HeLa,Cervix,HELA_CERVIX,,\n"
    "ACH-4,Sister,Skin,,SIDM5,\n"
    "ACH-5,Sister,Skin,,SIDM5,\n"
)
MUTATIONS = (
    "HugoSymbol,VariantInfo,VepBiotype,ModelID\n"
    "TP53,missense_variant,protein_coding,ACH-1\n"
    "TP53,stop_gained&splice_region_variant,protein_coding,ACH-1\n"
    "BRAF,synonymous_variant,protein_coding,ACH-1\n"
    "KRAS,frameshift_variant,,ACH-1\n"
    "LNC1,splice_donor_variant&non_coding_transcript_variant,lncRNA,ACH-1\n"
    "BRAF,splice_region_variant&intron_variant,protein_coding,ACH-2\n"
    "BRAF,inframe_deletion,protein_coding,ACH-3\n"
)
CURVES = (
    "DATASET,COSMIC_ID,CELL_LINE_NAME,SANGER_MODEL_ID,DRUG_ID,DRUG_NAME,AUC\n"
    "GDSC2,101,H1,SIDM1,1,Aspirin,0.9\n"
    "GDSC2,101,H1,SIDM1,2,Aspirin,0.8\n"
    "GDSC2,555,PFSK-1,SIDM2,1,Aspirin,1.2\n"
    "GDSC2,556,HELA,SIDM9,1,Aspirin,0.7\n"
    "GDSC2,557,Unknown,SIDM8,1,Aspirin,0.6\n"
    "GDSC2,101,H1,SIDM1,3,Nostructure,0.5\n"
    "GDSC2,101,H1,SIDM1,4,Acetylsalicylate,\n"
)
COMPOUNDS = (
    "DRUG_ID,SCREENING_SITE,DRUG_NAME,SYNONYMS,TARGET,TARGET_PATHWAY\n"
    '1,S,Aspirin,"Bayer-1, ASA","TP53, Cyclooxygenase, BRAF",Other\n'
    '2,S,Aspirin,"Bayer-1, ASA","TP53, Cyclooxygenase, BRAF",Other\n'
    "3,S,Nostructure,,Unknown,Other \n"
    '4,S,Acetylsalicylate,"x, as-a",,Other\n'
)


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / "depmap" / "Model.csv", MODELS)
    # A file of the same beginning that every release has and that is no list of models.
    write(tmp_path / "depmap" / "ModelCondition.csv", "ModelConditionID\nMC-1\n")
    write(tmp_path / "depmap" / "OmicsExpressionProteinCodingGenesTPMLogp1.csv", MATRIX + "ACH-3,1,1,1\n")
    write(tmp_path / "depmap" / "OmicsCNGene.csv", MATRIX)
    write(tmp_path / "depmap" / "OmicsSomaticMutations.csv", MUTATIONS)
    write(tmp_path / "gdsc" / "GDSC2_fitted_dose_response_27Oct23.csv", CURVES)
    write(tmp_path / "gdsc" / "screened_compounds_rel_8.5.csv", COMPOUNDS)
    write(tmp_path / "structures.csv", "drug,smiles\nASA,CC(=O)Oc1ccccc1C(O)=O\n")
    return tmp_path


@pytest.fixture
def human_genes() -> GeneTable:
    return GeneTable.read(ROOT / "resources" / "go" / "human_genes.tsv.gz")


def read(folder: Path, genes: GeneTable) -> Screen:
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != "structures.csv"]
    return read_portals(files, "test", genes, folder / "structures.csv")


CTRP = {
    "v20.data.curves_post_qc.txt": (
        "experiment_id\tarea_under_curve\tmaster_cpd_id\n1\t7.5\t11\n1\t16.5\t12\n2\t15\t11\n3\t15\t11\n"
    ),
    "v20.meta.per_compound.txt": (
        "master_cpd_id\tcpd_name\tbroad_cpd_id\tgene_symbol_of_protein_target\tcpd_smiles\n"
        "11\taspirin\tBRD-1\tPTGS1;BRAF\tCC(=O)Oc1ccccc1C(=O)O\n12\tBRD-2\t\t\tC1CC(\n"
    ),
    "v20.meta.per_cell_line.txt": (
        "master_ccl_id\tccl_name\tccle_primary_site\n1\tNCIH1\tlung\n2\tPFSK1\tcns\n3\tSISTER\tskin\n"
    ),
    "v20.meta.per_experiment.txt": "experiment_id\tmaster_ccl_id\n1\t1\n1\t1\n2\t2\n3\t3\n",
}


def add_ctrp(folder: Path) -> None:
    (folder / "ctrp").mkdir()
    with zipfile.ZipFile(folder / "ctrp" / "CTRPv2.0_2015_ctd2_ExpandedDataset.zip", "w") as archive:
        for name, text in CTRP.items():
            archive.writestr(name, text)


def test_screen_counts_every_loss(folder: Path, human_genes: GeneTable, tmp_path: Path) -> None:
    screen = read(folder, human_genes)
    assert screen.responses[[CELL_LINE, DRUG, AUC]].to_numpy().tolist() == [
        ["ACH-1", "Aspirin", 0.9],
        ["ACH-1", "Aspirin", 0.8],
        ["ACH-2", "Aspirin", 1.2],
    ]
    assert set(screen.responses["source"]) == {"GDSC2"}
    curves = screen.counts[screen.counts["what"] == "curves"]
    assert curves["n_in"].iloc[0] == 7
    assert (curves["n_in"].iloc[1:].to_numpy() == curves["n_out"].iloc[:-1].to_numpy()).all(), "no loss in between"
    lost = curves[curves["n_in"] > curves["n_out"]].set_index("step")
    assert (lost["n_in"] - lost["n_out"]).to_dict() == {
        "model found": 1,
        "AUC present": 1,
        "copy_number present": 1,
        "structure present": 1,
    }
    assert list(screen.omics[MUTATION].index) == ["ACH-1", "ACH-2"]
    assert screen.cell_lines[TISSUE].isna().tolist() == [False, True]
    assert set(screen.units) == {MUTATION, EXPRESSION, COPY_NUMBER}
    assert not screen.simulated
    write_screen(screen, tmp_path / "data")
    sources = read_table(tmp_path / "data" / "sources.parquet").set_index(["source", "stage"])
    assert sources.loc[("GDSC2", "read")].tolist() == [4, 3, 6, 7, 1]
    assert sources.loc[("GDSC2", "used")].tolist() == [2, 1, 2, 3, 1]


def test_both_screens_come_under_one_set_of_names(folder: Path, human_genes: GeneTable) -> None:
    add_ctrp(folder)
    (folder / "structures.csv").write_text("drug,smiles\nNostructure,C1CC(\n")
    screen = read(folder, human_genes)
    aspirin = screen.responses.sort_values([CELL_LINE, AUC])
    assert aspirin[[CELL_LINE, DRUG, AUC, "source"]].to_numpy().tolist() == [
        ["ACH-1", "Aspirin", 0.5, "CTRPv2"],
        ["ACH-1", "Aspirin", 0.8, "GDSC2"],
        ["ACH-1", "Aspirin", 0.9, "GDSC2"],
        ["ACH-2", "Aspirin", 1.0, "CTRPv2"],
        ["ACH-2", "Aspirin", 1.2, "GDSC2"],
    ]
    drug = screen.drugs.set_index(DRUG).loc["Aspirin"]
    assert drug[[SMILES, "targets", "pathway"]].tolist() == ["CC(=O)Oc1ccccc1C(=O)O", "TP53;BRAF", "Other"]
    counts = screen.counts.set_index(["step", "what"])
    assert counts.loc[("model found", "cell lines of CTRP"), ["n_in", "n_out"]].tolist() == [3, 2]
    reason = counts.loc[("model found", "cell lines of CTRP"), "reason"]
    assert reason == "no model (1 ambiguous names, 0 with another id); found: 2 by ccle_name"
    assert counts.loc[("cell lines unified", "cell lines"), ["n_in", "n_out"]].tolist() == [5, 3]
    assert counts.loc[("drugs unified", "drugs"), ["n_in", "n_out"]].tolist() == [5, 4]
    report = screen.structures.fillna("").sort_values([DRUG, "problem"])
    assert report.to_numpy().tolist() == [
        ["Acetylsalicylate", "", "", "no structure is known"],
        ["Aspirin", "CTRP", "CC(=O)Oc1ccccc1C(=O)O", ""],
        ["Aspirin", "", "", "no structure is known"],
        ["BRD-2", "CTRP", "C1CC(", "RDKit cannot read it"],
        ["BRD-2", "", "", "no structure is known"],
        ["Nostructure", "user's table", "C1CC(", "RDKit cannot read it"],
        ["Nostructure", "", "", "no structure is known"],
    ]


def test_the_tables_have_the_form_that_the_registrys_data_have(
    folder: Path, human_genes: GeneTable, tmp_path: Path
) -> None:
    """What the default input gives of real GDSC data is what everything after it was made for."""
    add_ctrp(folder)
    write_screen(read(folder, human_genes), tmp_path / "portals")
    write_screen(read_wheel(make_wheel(tmp_path)), tmp_path / "wheel")
    assert list_files(tmp_path / "portals") == list_files(tmp_path / "wheel")
    for file in list_files(tmp_path / "wheel"):
        ours, theirs = (read_table(tmp_path / name / file) for name in ("portals", "wheel"))
        if file in ("mutation.parquet", "expression.parquet", "copy_number.parquet"):
            assert ours.index.name == theirs.index.name
            assert set(ours.dtypes) == set(theirs.dtypes)
        else:
            assert set(theirs.columns) <= set(ours.columns), file
            assert theirs.dtypes.astype("str").to_dict() == ours.dtypes[theirs.columns].astype("str").to_dict(), file
        ours, theirs = (read_metadata(tmp_path / name / file) for name in ("portals", "wheel"))
        assert ours.keys() == theirs.keys()
        assert ours["units"].keys() == theirs["units"].keys(), file
        assert all(ours["units"].values())


def list_files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_name_of_the_list_of_cell_lines_helps_where_the_curves_have_another(
    folder: Path, human_genes: GeneTable
) -> None:
    path = folder / "gdsc" / "GDSC2_fitted_dose_response_27Oct23.csv"
    write(path, CURVES.replace("557,Unknown,SIDM8", "557,Unknown,"))
    details = pd.DataFrame({"Sample Name": ["PFSK-1"], "COSMIC identifier": [557]})
    write_workbook(details, folder / "gdsc" / "Cell_Lines_Details.xlsx", "Cell line details")
    screen = read(folder, human_genes)
    assert screen.responses[AUC].tolist() == [0.9, 0.8, 1.2, 0.6]


def test_targets_are_symbols_and_synonyms_find_structures(folder: Path, human_genes: GeneTable) -> None:
    drugs = read(folder, human_genes).drugs.set_index(DRUG)
    assert drugs.loc["Aspirin", "targets"] == "TP53;BRAF"
    assert drugs.loc["Aspirin", SMILES] == "CC(=O)Oc1ccccc1C(O)=O"


def test_drugs_that_are_to_be_looked_up_have_no_readable_structure(folder: Path) -> None:
    files = [path for path in folder.rglob("*") if path.name != "structures.csv"]
    assert drugs_without_structure(files, folder / "structures.csv") == ["Nostructure"]
    assert drugs_without_structure(files) == ["Acetylsalicylate", "Aspirin", "Nostructure"]


def test_two_structures_of_one_drug_are_refused(folder: Path) -> None:
    path = write(folder / "structures.csv", "drug,smiles\nASA,C\nas-a,CC\n")
    with pytest.raises(ValueError, match="'ASA' has two structures"):
        read_structures(path)


def test_wrong_auc_is_refused_with_its_row(folder: Path, human_genes: GeneTable) -> None:
    path = folder / "gdsc" / "GDSC2_fitted_dose_response_27Oct23.csv"
    write(path, CURVES + "GDSC2,101,H1,SIDM1,1,Aspirin,n/a?\n")
    with pytest.raises(ValueError, match=r"27Oct23\.csv: row 9: AUC 'n/a\?' is no number"):
        read(folder, human_genes)


def test_missing_and_ambiguous_files_are_named(folder: Path) -> None:
    files = list(folder.rglob("*.csv"))
    with pytest.raises(ValueError, match=r"several files of copy_number .*OmicsCNGene\.csv, .*OmicsCNGeneWGS\.csv"):
        sort_files([*files, folder / "depmap" / "OmicsCNGeneWGS.csv"])
    with pytest.raises(ValueError, match=r"no file of models is there; it is named Model\.csv or sample_info\*\.csv"):
        sort_files([file for file in files if file.name != "Model.csv"])
    with pytest.raises(ValueError, match=r"no curves are there"):
        sort_files([file for file in files if "fitted" not in file.name])
    with pytest.raises(ValueError, match=r"no file of GDSC compounds is there"):
        sort_files([file for file in files if "screened" not in file.name])


OLDER = ("sample_info.csv", "CCLE_expression.csv", "CCLE_gene_cn.csv", "CCLE_mutations.csv", "CTRPv2.zip")


def test_older_names_are_known() -> None:
    assert all(sort_files(OLDER)[kind] for kind in ("models", EXPRESSION, COPY_NUMBER, MUTATION, "CTRP"))


@pytest.mark.parametrize(
    ("screens", "files"),
    [
        (["CTRPv2", "GDSC1", "GDSC2"], {"CTRPv2.0", "GDSC1_fit", "GDSC2_fit", "screened", "Cell_Lin"}),
        (["GDSC2"], {"GDSC2_fit", "screened", "Cell_Lin"}),
        (["CTRPv2"], {"CTRPv2.0"}),
    ],
)
def test_only_the_files_of_the_screens_are_retrieved(screens: list[str], files: set[str]) -> None:
    versions = read_versions(ROOT / "config" / "data_versions.csv")
    needed = portal_files(versions, {"depmap": "23Q2", "gdsc": "8.5", "ctrp": "v2.0"}, screens)
    assert len(needed) == 4 + len(files)
    assert files == {name for entry in needed for name in files if entry.file.startswith(name)}
    with pytest.raises(ValueError, match="version '24Q9' of depmap is not in"):
        portal_files(versions, {"depmap": "24Q9"}, screens)
