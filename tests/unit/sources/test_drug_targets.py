"""The table of drug targets and how it is matched."""

import gzip
from pathlib import Path

import pandas as pd
import pytest

from druggene.sources.drug_targets import add_targets, read_drug_targets

RESOURCES = Path(__file__).parents[3] / "resources"


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return read_drug_targets(RESOURCES / "drug_targets.csv")


def test_every_target_is_a_gene_symbol(table: pd.DataFrame) -> None:
    with gzip.open(RESOURCES / "go" / "human_genes.tsv.gz", "rt") as handle:
        symbols = set(pd.read_csv(handle, sep="\t", dtype="str", keep_default_na=False)["symbol"])
    assert len(symbols) > 15_000
    targets = table["targets"].dropna().str.split(";")
    assert sorted(set(targets.explode()) - symbols) == []
    assert not targets.map(lambda genes: len(set(genes)) != len(genes)).any()


def test_the_classes_are_few_and_every_drug_has_one(table: pd.DataFrame) -> None:
    assert table[["targets", "pathway", "action"]].notna().all(axis=None)
    assert table["pathway"].nunique() == 18
    assert table["pathway"].value_counts().min() >= 5


@pytest.mark.parametrize(
    ("drug", "target"),
    [
        ("Dabrafenib", "BRAF"),
        ("Trametinib", "MAP2K1"),
        ("Olaparib", "PARP1"),
        ("JQ1", "BRD4"),
        ("Nutlin-3a (-)", "MDM2"),
        ("Palbociclib", "CDK4"),
        ("Paclitaxel", "TUBB"),
        ("SN-38", "TOP1"),
    ],
)
def test_textbook_targets(table: pd.DataFrame, drug: str, target: str) -> None:
    assert target in table.set_index("drug")["targets"][drug].split(";")


def test_matching_ignores_case_and_punctuation(table: pd.DataFrame) -> None:
    drugs = pd.DataFrame({"name": ["plx4720", "Cisplatin"]}, index=[7, 3])
    matched = add_targets(drugs, table)
    assert matched["targets"][7] == "BRAF"
    assert matched["pathway"][7] == "ERK MAPK signaling"
    assert matched.loc[3, ["targets", "pathway"]].isna().all()


def test_a_malformed_table_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "drug_targets.csv"
    path.write_text("drug,targets,pathway,action\nPLX-4720,BRAF,a,b\nOther,,,\nPLX4720,BRAF,a,b\n")
    with pytest.raises(ValueError, match=r"row 4: drug 'PLX4720' stands twice"):
        read_drug_targets(path)
    path.write_text("drug,target\n")
    with pytest.raises(ValueError, match=r"missing column\(s\) targets, pathway, action"):
        read_drug_targets(path)
