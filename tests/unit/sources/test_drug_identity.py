"""Drugs across portals: structures without their salts, and one id for each drug."""

from pathlib import Path

import pandas as pd
import pytest

from druggene.constants import DRUG, SMILES
from druggene.sources.drug_identity import StructureSource, resolve_structures, unify_drugs
from druggene.sources.structures import read_structure

IMATINIB = "Cc1ccc(NC(=O)c2ccc(CN3CCN(C)CC3)cc2)cc1Nc1nccc(n1)-c1cccnc1"
SERINE = "N[C@@H](CO)C(=O)O"
CARBOPLATIN = "C1CC(C1)(C(=O)O)C(=O)O.[Pt]"


def same(first: str, second: str) -> bool:
    one, other = read_structure(first), read_structure(second)
    assert one is not None
    assert other is not None
    return one.is_same(other)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (IMATINIB, IMATINIB + ".CS(=O)(=O)O", True),
        (IMATINIB, IMATINIB.replace("N(C)CC3", "[NH+](C)CC3") + ".[Cl-]", True),
        (IMATINIB, IMATINIB + ".Cc1ccc(cc1)S(=O)(=O)O.Cc1ccc(cc1)S(=O)(=O)O", True),
        (IMATINIB, f"{IMATINIB}.{IMATINIB}", True),
        ("OC(=O)c1ccccc1", "[Na+].[O-]C(=O)c1ccccc1", True),
        (SERINE, "N[C@H](CO)C(=O)O", False),
        (SERINE, "NC(CO)C(=O)O", True),
        (IMATINIB, f"{IMATINIB}.CC(C)(C)c1ccc(cc1)C(=O)Nc1ccccc1", False),
        (CARBOPLATIN, f"{IMATINIB}.{CARBOPLATIN}", False),
        (IMATINIB, f"{IMATINIB}.{CARBOPLATIN}", False),
        ("[Br-].C[n+]1ccccc1", "C[n+]1ccccc1", True),
    ],
    ids=lambda value: str(value)[-24:],
)
def test_same_drugs_are_told_from_different_ones(first: str, second: str, expected: bool) -> None:
    assert same(first, second) is same(second, first) is expected


@pytest.mark.parametrize("smiles", ["C1CC(", "", "not a structure"])
def test_what_is_no_structure_is_none(smiles: str) -> None:
    assert read_structure(smiles) is None


def test_all_published_structures_stay_apart(shared_data: Path) -> None:
    """The 684 drugs of the publication, mixtures among them, are 684 by their parents but for drawings of one drug."""
    published = pd.read_csv(shared_data / "drugs.csv")["smiles"]
    structures = [read_structure(smiles) for smiles in published]
    assert None not in structures
    parents = pd.Series([structure.parent for structure in structures if structure])
    assert len(parents) == 684
    assert parents.nunique() > 675


# One id for each drug


def table(*rows: tuple[str, str | None, str | None]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["name", "synonyms", SMILES]).astype("str").assign(targets=None, pathway=None)


def matched(gdsc: pd.DataFrame, ctrp: pd.DataFrame) -> dict[str, tuple[str, str | None]]:
    _, matches = unify_drugs({"GDSC": gdsc, "CTRP": ctrp})
    ours = matches[matches["source"] == "CTRP"]
    return {
        name: (drug, None if pd.isna(by) else by)
        for name, drug, by in ours[["name", DRUG, "by"]].itertuples(index=False)
    }


def test_names_go_before_synonyms_before_structures() -> None:
    gdsc = table(("Imatinib", "Gleevec, STI-571", None), ("Serine", None, SERINE), ("Nutlin-3a (-)", "Nutlin-3a", None))
    ctrp = table(
        ("imatinib", None, IMATINIB),
        ("sti571", "BRD-1", None),
        ("L-Ser", None, SERINE),
        ("D-Ser", None, "N[C@H](CO)C(=O)O"),
        ("new one", "gleevec", IMATINIB),
    )
    found = matched(gdsc, ctrp)
    assert found["imatinib"] == ("Imatinib", "name")
    assert found["sti571"] == ("Imatinib", "synonym")
    assert found["L-Ser"] == ("Serine", "structure")
    assert found["D-Ser"] == ("D-Ser", None)
    assert found["new one"] == ("new one", None), "one screen does not have a drug twice"


def test_a_synonym_with_another_structure_is_another_drug(caplog: pytest.LogCaptureFixture) -> None:
    found = matched(table(("Imatinib", "STI", IMATINIB)), table(("STI", None, SERINE)))
    assert found == {"STI": ("STI", None)}
    assert "has another structure" in caplog.text


def test_a_synonym_of_two_drugs_decides_nothing() -> None:
    found = matched(table(("A", "X", None), ("B", "X", None)), table(("X", None, None)))
    assert found == {"X": ("X", None)}


def test_names_of_other_characters_are_not_all_one() -> None:
    assert matched(table(("β", None, None)), table(("γ", None, None), ("β", None, None))) == {
        "γ": ("γ", None),
        "β": ("β", "name"),
    }


def test_drugs_of_one_screen_are_not_merged_by_structure() -> None:
    drugs, _ = unify_drugs({"CTRP": table(("lot 1", None, SERINE), ("lot 2", None, SERINE))})
    assert drugs[DRUG].tolist() == ["lot 1", "lot 2"]


def test_a_drug_is_described_by_the_first_source_that_knows() -> None:
    gdsc = table(("Imatinib", None, None)).assign(targets="KIT", pathway="RTK signaling")
    ctrp = table(("imatinib", None, IMATINIB)).assign(targets="ABL1;KIT")
    drugs, _ = unify_drugs({"GDSC": gdsc, "CTRP": ctrp})
    assert drugs[[DRUG, SMILES, "targets", "pathway"]].to_numpy().tolist() == [
        ["Imatinib", IMATINIB, "KIT", "RTK signaling"]
    ]


# Where structures come from


def test_the_first_structure_that_can_be_read_is_taken() -> None:
    described = table(("A", None, "CCO"), ("B", "Bee", "C1CC("), ("C", "x, See", None), ("D", None, None))
    user = StructureSource("user's table", {"A": "CCC", "BEE": "CCN"})
    pubchem = StructureSource("PubChem", {"SEE": "CCS", "B": "CCF"})
    resolved, report = resolve_structures(described, [user, pubchem])
    assert resolved[SMILES].fillna("none").tolist() == ["CCO", "CCN", "CCS", "none"]
    assert report.fillna("").to_numpy().tolist() == [
        ["A", "portal", "CCO", ""],
        ["B", "portal", "C1CC(", "RDKit cannot read it"],
        ["B", "user's table", "CCN", ""],
        ["C", "PubChem", "CCS", ""],
        ["D", "", "", "no structure is known"],
    ]
