"""Parsers of DepMap's files, on true samples and on small files of every release's peculiarities."""

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from druggene.constants import CELL_LINE, TISSUE
from druggene.sources.depmap import read_gene_matrix, read_models, read_mutations
from druggene.sources.gene_identity import GeneTable

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

LEGACY_MODELS = (
    "DepMap_ID,cell_line_name,stripped_cell_line_name,CCLE_Name,alias,COSMICID,lineage,Sanger_Model_ID\n"
    'ACH-1,NCI-H1,NCIH1,NCIH1_LUNG,"H1, H-1",101.0,lung,SIDM1\n'
    "ACH-2,,PFSK1,PFSK1_CNS,,,central_nervous_system,\n"
)
LEGACY_MUTATIONS = (
    "Hugo_Symbol,Entrez_Gene_Id,Variant_Classification,isDeleterious,DepMap_ID\n"
    "TP53,7157,Missense_Mutation,False,ACH-1\n"
    "KRAS,3845,Silent,False,ACH-1\n"
    "NF1,4763,De_novo_Start_OutOfFrame,False,ACH-2\n"
    "EGFR,1956,Intron,False,ACH-3\n"
)
GENES = (
    "entrez_id\tsymbol\tgene_type\taliases\n"
    "7157\tTP53\tx\tP53|LFS1\n673\tBRAF\tx\tBRAF1|LFS\n1\tA1BG\tx\tLFS\n8\tNEW8\tx\tOLD8\n"
)


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.fixture
def genes(tmp_path: Path) -> GeneTable:
    path = tmp_path / "genes.tsv.gz"
    path.write_bytes(gzip.compress(GENES.encode()))
    return GeneTable.read(path)


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


def test_profiles_columns_and_variants_that_do_not_count_are_counted(tmp_path: Path, genes: GeneTable) -> None:
    header = "ModelID,IsDefaultEntryForModel,TP53 (7157),X1 (Unknown)\n"
    read_gene_matrix(write(tmp_path / "m.csv", header + "ACH-1,No,1,9\nACH-1,Yes,2,9\nACH-2,Yes,3,9\n"), genes)
    variants = "ModelID,HugoSymbol,VariantInfo\nACH-1,TP53,missense\nACH-1,TP53,intron\nACH-2,,missense\n"
    read_mutations(write(tmp_path / "v.csv", variants), gene_table=genes)
    counted = {(step, what): (n_in, n_out) for step, what, n_in, n_out, _ in genes.counts}
    assert counted == {
        ("genes identified", "genes of m.csv"): (2, 1),
        ("genes unified", "genes of m.csv"): (1, 1),
        ("default profiles", "rows of m.csv"): (3, 2),
        ("variants counted", "variants of v.csv"): (3, 1),
    }


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
    with pytest.raises(ValueError, match="missing column ModelID or DepMap_ID"):
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


# Older names


def test_older_mutations_have_the_vocabulary_of_maf(tmp_path: Path) -> None:
    mutation = read_mutations(write(tmp_path / "CCLE_mutations.csv", LEGACY_MUTATIONS))
    assert list(mutation.index) == ["ACH-1", "ACH-2", "ACH-3"]
    assert list(mutation.columns) == ["NF1", "TP53"]
    assert mutation.to_numpy().tolist() == [[0, 1], [1, 0], [0, 0]]
    tabs = LEGACY_MUTATIONS.replace(",", "\t")
    pd.testing.assert_frame_equal(read_mutations(write(tmp_path / "CCLE_mutations.txt", tabs)), mutation)


def test_older_models_have_aliases(tmp_path: Path) -> None:
    models = read_models(write(tmp_path / "sample_info.csv", LEGACY_MODELS)).set_index(CELL_LINE)
    assert models.loc["ACH-1"].to_dict() == {
        "name": "NCI-H1",
        TISSUE: "lung",
        "ccle_name": "NCIH1_LUNG",
        "sanger_id": "SIDM1",
        "cosmic_id": "101",
        "aliases": "H1, H-1",
    }
    assert models.loc["ACH-2", "name"] == "PFSK1"


def test_true_older_models(shared_data: Path) -> None:
    folder = shared_data / "raw_samples" / "depmap"
    for name, number in (("sample_info_22Q1.csv", 1829), ("sample_info_legacy.csv", 1840)):
        models = read_models(folder / name).set_index(CELL_LINE)
        assert len(models) == number
        assert models.loc["ACH-000016", "ccle_name"] == "SLR21_KIDNEY"
        assert models["cosmic_id"].dropna().str.fullmatch(r"\d+").all()
    with pytest.raises(ValueError, match="missing column ModelID or DepMap_ID"):
        read_models(folder / "sample_info_18Q2.csv")


# One symbol for each gene


def test_genes_get_the_symbol_of_their_id(tmp_path: Path, genes: GeneTable) -> None:
    text = ",P53 (7157),BRAF (673),OLD8 (8),LFS (999),XYZ (12345)\nACH-1,1,2,3,4,5\n"
    matrix = read_gene_matrix(write(tmp_path / "m.csv", text), genes)
    # LFS is an alias of two genes, XYZ is unknown: both keep their symbol.
    assert matrix.loc["ACH-1"].to_dict() == {"TP53": 1, "BRAF": 2, "NEW8": 3, "LFS": 4, "XYZ": 5}


def test_of_two_columns_of_one_gene_that_of_the_current_symbol_stays(tmp_path: Path, genes: GeneTable) -> None:
    text = ",OLD8 (8),TP53 (7157),NEW8 (8)\nACH-1,1,2,3\n"
    matrix = read_gene_matrix(write(tmp_path / "m.csv", text), genes)
    assert matrix.loc["ACH-1"].to_dict() == {"TP53": 2, "NEW8": 3}
    assert genes.counts == [("genes unified", "genes of m.csv", 3, 2, "another column is the same gene today")]


def test_mutations_of_one_gene_are_one(tmp_path: Path, genes: GeneTable) -> None:
    text = (
        "ModelID,HugoSymbol,EntrezGeneID,VariantInfo\n"
        "ACH-1,OLD8,8.0,missense_variant\nACH-2,NEW8,8,missense_variant\nACH-3,P53,,missense_variant\n"
    )
    mutation = read_mutations(write(tmp_path / "m.csv", text), ["BRAF"], genes)
    assert list(mutation.columns) == ["BRAF", "NEW8", "TP53"]
    assert mutation.to_numpy().tolist() == [[0, 1, 0], [0, 1, 0], [0, 0, 1]]


def test_the_embedded_table_of_genes_knows_old_symbols() -> None:
    table = GeneTable.read(Path(__file__).parents[3] / "resources" / "go" / "human_genes.tsv.gz")
    old = pd.Series(["PARK2", "MLL2", "TP53", "no such gene"])
    assert table.current(old, None, "test").tolist() == ["PRKN", "MLL2", "TP53", "no such gene"], (
        "MLL2 is an alias of two genes"
    )


# Models


def test_models_of_two_releases_have_the_same_meaning(shared_data: Path) -> None:
    folder = shared_data / "raw_samples" / "depmap"
    for name in ("Model.csv", "Model_23Q4.csv"):
        models = read_models(folder / name).set_index(CELL_LINE)
        assert models.loc["ACH-000001"].astype("object").where(models.loc["ACH-000001"].notna(), None).to_dict() == {
            "name": "NIH:OVCAR-3",
            TISSUE: "Ovary/Fallopian Tube",
            "ccle_name": "NIHOVCAR3_OVARY",
            "sanger_id": "SIDM00105",
            "cosmic_id": "905933",
            "aliases": None,
        }
        assert len(models) > 1800


def test_models_are_refused_twice_or_without_id(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="model 'ACH-1' has two rows"):
        read_models(write(tmp_path / "a.csv", MODELS + "ACH-1,x,,,,\n"))
    with pytest.raises(ValueError, match="row 7 has no ModelID"):
        read_models(write(tmp_path / "b.csv", MODELS + ",x,,,,\n"))
