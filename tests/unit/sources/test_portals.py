"""Parsers of DepMap and GDSC files, on true samples and on small files of every release's peculiarities."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from druggene.constants import AUC, CELL_LINE, COPY_NUMBER, DRUG, EXPRESSION, MUTATION, SMILES, TISSUE
from druggene.screen import normalise_name, write_screen
from druggene.sources.portals import (
    match_models,
    read_drugs,
    read_gene_matrix,
    read_models,
    read_mutations,
    read_portals,
    read_responses,
)

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


# Matrices


def test_matrix_is_read_by_symbol_with_gaps(tmp_path: Path) -> None:
    matrix = read_gene_matrix(write(tmp_path / "m.csv", MATRIX))
    assert list(matrix.columns) == ["TP53", "BRAF", "A1BG"]
    assert list(matrix.index) == ["ACH-2", "ACH-1"]
    assert matrix.index.name == CELL_LINE
    np.testing.assert_array_equal(matrix, np.array([[1.5, np.nan, 0], [2, 3, 4]], dtype=np.float32))


def test_matrix_of_25q2_takes_the_default_profile_of_each_model(tmp_path: Path) -> None:
    text = (
        ",SequencingID,ModelConditionID,ModelID,IsDefaultEntryForMC,IsDefaultEntryForModel,TP53 (7157),X1 (Unknown)\n"
        "0,CDS-1,MC-1,ACH-1,Yes,No,1,9\n"
        "1,CDS-2,MC-2,ACH-1,Yes,Yes,2,9\n"
        "2,CDS-3,MC-3,ACH-2,Yes,Yes,3,9\n"
    )
    matrix = read_gene_matrix(write(tmp_path / "m.csv", text))
    assert matrix["TP53"].to_dict() == {"ACH-1": 2, "ACH-2": 3}
    assert list(matrix.columns) == ["TP53"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        ("ModelID,TP53\nACH-1,1\n", r"no column is headed 'SYMBOL \(ENTREZ\)'"),
        ("TP53 (7157),BRAF (673)\n1,2\n", "neither a column ModelID nor a first column"),
        (",TP53 (7157),TP53 (1)\nACH-1,1,2\n", r"'TP53 \(7157\)' and 'TP53 \(1\)' have one symbol"),
        (MATRIX + "ACH-1,1,1,1\n", "model 'ACH-1' has two rows"),
        (MATRIX + "ACH-4,1,high,1\n", r"column 'BRAF \(673\)'.*'high'"),
        (MATRIX + "ACH-4,1\n", "Expected 4 columns, got 2"),
    ],
)
def test_bad_matrix_is_refused_with_file_and_place(tmp_path: Path, text: str, message: str) -> None:
    path = write(tmp_path / "m.csv", text)
    with pytest.raises(ValueError, match=message) as error:
        read_gene_matrix(path)
    assert str(path) in str(error.value)


def test_expression_sample(shared_data: Path) -> None:
    path = shared_data / "raw_samples" / "depmap" / "OmicsExpressionProteinCodingGenesTPMLogp1.sample9rows.csv"
    matrix = read_gene_matrix(path)
    assert matrix.shape == (9, 19193)
    assert matrix.loc["ACH-001113", "TSPAN6"] == pytest.approx(4.331992)
    assert not matrix.isna().any(axis=None)


# Mutations


def test_only_non_silent_coding_variants_count(tmp_path: Path) -> None:
    mutation = read_mutations(write(tmp_path / "m.csv", MUTATIONS), genes=["EGFR"])
    assert list(mutation.columns) == ["BRAF", "EGFR", "KRAS", "TP53"]
    assert list(mutation.index) == ["ACH-1", "ACH-2", "ACH-3"]
    expected = {"ACH-1": [0, 0, 1, 1], "ACH-2": [0, 0, 0, 0], "ACH-3": [1, 0, 0, 0]}
    assert {line: list(row) for line, row in zip(mutation.index, mutation.to_numpy(), strict=True)} == expected


@pytest.mark.parametrize(
    ("consequence", "counts"),
    [
        ("missense_variant", True),
        ("MISSENSE", True),
        ("FRAME_SHIFT_DEL", True),
        ("SPLICE_SITE", True),
        ("start_lost", True),
        ("stop_lost&3_prime_UTR_variant", True),
        ("inframe_insertion", True),
        ("splice_acceptor_variant&coding_sequence_variant&intron_variant", True),
        ("synonymous_variant", False),
        ("SILENT", False),
        ("splice_region_variant&synonymous_variant", False),
        ("upstream_gene_variant", False),
        ("stop_retained_variant", False),
    ],
)
def test_rule_of_consequences(tmp_path: Path, consequence: str, counts: bool) -> None:
    text = f"ModelID,HugoSymbol,MolecularConsequence\nACH-1,TP53,{consequence}\nACH-1,KRAS,missense_variant\n"
    mutation = read_mutations(write(tmp_path / "m.csv", text), genes=["TP53"])
    assert mutation.loc["ACH-1", "TP53"] == counts


def test_consequence_is_taken_from_the_column_that_has_it(tmp_path: Path) -> None:
    text = "ModelID,HugoSymbol,VariantInfo,MolecularConsequence\nACH-1,A,,missense_variant\nACH-1,B,stop_gained,\n"
    assert read_mutations(write(tmp_path / "m.csv", text)).loc["ACH-1"].to_dict() == {"A": 1, "B": 1}


def test_bad_mutations_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="missing column VariantInfo"):
        read_mutations(write(tmp_path / "a.csv", "ModelID,HugoSymbol\nACH-1,A\n"))
    with pytest.raises(ValueError, match=r"missing column\(s\) ModelID"):
        read_mutations(write(tmp_path / "b.csv", "HugoSymbol,VariantInfo\nA,missense_variant\n"))
    with pytest.raises(ValueError, match="none of 1 variants is non-silent"):
        read_mutations(write(tmp_path / "c.csv", "ModelID,HugoSymbol,VariantInfo\nACH-1,A,SILENT\n"))


def test_mutation_samples_of_two_releases(shared_data: Path) -> None:
    folder = shared_data / "raw_samples" / "depmap"
    old = read_mutations(folder / "OmicsSomaticMutations.sample.csv")
    assert list(old.columns) == ["NOC2L", "SAMD11"], "FAM87B is a long non-coding RNA"
    assert old.loc["ACH-000062"].sum() == 0
    assert old.loc["ACH-000693", "SAMD11"] == 1
    new = read_mutations(folder / "portal_sample_mutations_newer_columns.csv")
    assert new.index.str.startswith("ACH-").all(), "DepMap_ID holds profile ids there"
    assert "NRAS" not in new.columns or new["NRAS"].max() == 1
    raw = pd.read_csv(
        folder / "portal_sample_mutations_newer_columns.csv", usecols=["ModelID", "HugoSymbol", "VariantInfo"]
    )
    silent = raw["VariantInfo"] == "upstream_gene_variant"
    assert new.to_numpy().sum() == len(raw[~silent].drop_duplicates(["ModelID", "HugoSymbol"]))


# Models and their ids


def test_models_of_two_releases_have_the_same_meaning(shared_data: Path) -> None:
    folder = shared_data / "raw_samples" / "depmap"
    for name in ("Model.csv", "Model_23Q4.csv"):
        models = read_models(folder / name).set_index(CELL_LINE)
        assert models.loc["ACH-000001"].to_dict() == {
            "name": "NIH:OVCAR-3",
            TISSUE: "Ovary/Fallopian Tube",
            "ccle_name": "NIHOVCAR3_OVARY",
            "sanger_id": "SIDM00105",
            "cosmic_id": "905933",
        }
        assert len(models) > 1800


def test_models_are_refused_twice_or_without_id(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="model 'ACH-1' has two rows"):
        read_models(write(tmp_path / "a.csv", MODELS + "ACH-1,x,,,,\n"))
    with pytest.raises(ValueError, match="row 7 has no ModelID"):
        read_models(write(tmp_path / "b.csv", MODELS + ",x,,,,\n"))


def test_curves_are_matched_by_cosmic_then_sanger_then_name(folder: Path) -> None:
    models = read_models(folder / "depmap" / "Model.csv")
    curves = read_responses(folder / "gdsc" / "GDSC2_fitted_dose_response_27Oct23.csv")
    found = match_models(curves, models)
    assert found.fillna("none").tolist() == ["ACH-1", "ACH-1", "ACH-2", "ACH-3", "none", "ACH-1", "ACH-1"]


def test_cosmic_id_wins_and_shared_keys_decide_nothing(tmp_path: Path) -> None:
    models = read_models(write(tmp_path / "m.csv", MODELS))
    curves = pd.DataFrame(
        {
            "cosmic_id": ["101", "9", "9", None],
            "sanger_id": ["SIDM2", "SIDM5", "SIDM2", None],
            "name": ["PFSK1", "Sister", "NCIH1", "pfsk 1"],
        },
        dtype="str",
    )
    assert match_models(curves, models).fillna("none").tolist() == ["ACH-1", "none", "ACH-2", "ACH-2"]


def test_true_gdsc_curves_find_their_true_models(shared_data: Path) -> None:
    samples = shared_data / "raw_samples"
    curves = read_responses(samples / "gdsc" / "GDSC2_fitted_dose_response_17Jul19.sample6rows.csv")
    assert curves[AUC].tolist() == [0.706775, 0.775083, 0.767213, 0.730769, 0.921919, 0.551439]
    models = read_models(samples / "depmap" / "Model.csv")
    by_all = match_models(curves, models)
    by_sanger = match_models(curves.assign(cosmic_id=pd.Series(None, index=curves.index, dtype="str")), models)
    by_name = match_models(
        curves.assign(cosmic_id=None, sanger_id=None).astype({"cosmic_id": "str", "sanger_id": "str"}), models
    )
    names = models.set_index(CELL_LINE)["name"].loc[by_all].map(normalise_name)
    assert names.tolist() == ["SW48", "SW620", "CAL51", "NCIH508", "SNUC2B", "SKCO1"]
    assert by_all.tolist() == by_sanger.tolist() == by_name.tolist()


# Drugs


def test_structures_are_found_by_name_or_synonym_and_targets_are_symbols(folder: Path) -> None:
    drugs = read_drugs(
        folder / "gdsc" / "screened_compounds_rel_8.5.csv", folder / "structures.csv", {"TP53", "BRAF"}
    ).set_index(DRUG)
    assert list(drugs.index) == ["Aspirin", "Nostructure", "Acetylsalicylate"]
    assert drugs[SMILES].notna().tolist() == [True, False, True]
    assert drugs.loc["Aspirin", "targets"] == "TP53;BRAF"
    assert drugs["targets"].isna().tolist() == [False, True, True]
    assert drugs.loc["Nostructure", "pathway"] == "Other"


def test_two_structures_of_one_drug_are_refused(folder: Path) -> None:
    path = write(folder / "structures.csv", "drug,smiles\nASA,C\nas-a,CC\n")
    with pytest.raises(ValueError, match="'ASA' has two structures"):
        read_drugs(folder / "gdsc" / "screened_compounds_rel_8.5.csv", path, set())


@pytest.mark.parametrize(("release", "number"), [("8.1", 397), ("8.4", 542)])
def test_compounds_of_two_releases(shared_data: Path, tmp_path: Path, release: str, number: int) -> None:
    structures = write(tmp_path / "s.csv", "drug,smiles\nTarceva,C#C\n")
    path = shared_data / "raw_samples" / "gdsc" / f"screened_compounds_rel_{release}.csv"
    drugs = read_drugs(path, structures, {"EGFR", "KIT", "FLT3"}).set_index(DRUG)
    assert len(drugs) == number
    assert drugs.loc["Erlotinib", [SMILES, "targets", "pathway"]].tolist() == ["C#C", "EGFR", "EGFR signaling"]
    assert drugs.loc["Sunitinib", "targets"] == "KIT;FLT3"


# The whole folder


def test_screen_counts_every_loss(folder: Path, tmp_path: Path) -> None:
    screen = read_portals(folder, source="test")
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


def test_wrong_auc_is_refused_with_its_row(folder: Path) -> None:
    path = folder / "gdsc" / "GDSC2_fitted_dose_response_27Oct23.csv"
    write(path, CURVES + "GDSC2,101,H1,SIDM1,1,Aspirin,n/a?\n")
    with pytest.raises(ValueError, match=r"27Oct23\.csv: row 9: AUC 'n/a\?' is no number"):
        read_portals(folder, source="test")


def test_missing_and_ambiguous_files_are_named(folder: Path) -> None:
    write(folder / "depmap" / "OmicsCNGeneWGS.csv", MATRIX)
    with pytest.raises(ValueError, match=r"OmicsCNGene\*\.csv fits several files: OmicsCNGene.csv, OmicsCNGeneWGS.csv"):
        read_portals(folder, source="test")
    (folder / "depmap" / "OmicsCNGeneWGS.csv").unlink()
    (folder / "structures.csv").unlink()
    with pytest.raises(ValueError, match=r"structures\.csv is missing"):
        read_portals(folder, source="test")
