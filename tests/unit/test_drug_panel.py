"""The panel of drugs that the simulated screens test: real compounds with the right structures."""

from pathlib import Path

import pandas as pd
from rdkit import Chem
from rdkit.Chem.MolStandardize.rdMolStandardize import TautomerEnumerator
from rdkit.Chem.rdMolDescriptors import CalcMolFormula

from druggene.constants import DRUG, SMILES

PANEL = Path(__file__).parents[2] / "resources" / "drug_panel.csv"


def connectivity(smiles: str) -> str:
    """Return the canonical tautomer of the compound without its stereochemistry."""
    molecule = Chem.MolFromSmiles(smiles)
    Chem.RemoveStereochemistry(molecule)
    return Chem.MolToSmiles(TautomerEnumerator().Canonicalize(molecule))


def test_panel_structures_have_the_formula_of_their_compound() -> None:
    panel = pd.read_csv(PANEL)
    molecules = [Chem.MolFromSmiles(smiles) for smiles in panel[SMILES]]
    assert all(molecule is not None for molecule in molecules)
    formulas = dict(zip(panel[DRUG], map(CalcMolFormula, molecules), strict=True))
    assert formulas == dict(zip(panel[DRUG], panel["formula"], strict=True))


def test_panel_has_many_distinct_drugs_and_several_per_class() -> None:
    panel = pd.read_csv(PANEL)
    canonical = panel[SMILES].map(lambda smiles: Chem.MolToSmiles(Chem.MolFromSmiles(smiles)))
    assert len(panel) >= 40
    assert panel[DRUG].is_unique
    assert canonical.is_unique
    assert not canonical.str.contains(r"\.", regex=True).any(), (
        "a salt would carry its counter-ion into the fingerprint"
    )
    assert panel["class"].value_counts().min() >= 2


def test_panel_structures_agree_with_the_published_ones(shared_data: Path) -> None:
    """Drugs of the same name in the data folder have the same atoms and bonds, up to tautomers."""
    published = pd.read_csv(shared_data / "drugs.csv", usecols=["best_name", "smiles"]).dropna()
    smiles_of = dict(zip(published["best_name"].str.lower(), published["smiles"], strict=True))
    panel = pd.read_csv(PANEL)
    shared = panel[panel[DRUG].str.lower().isin(smiles_of.keys())]
    assert len(shared) >= 20
    for drug, smiles in zip(shared[DRUG], shared[SMILES], strict=True):
        assert connectivity(smiles) == connectivity(smiles_of[drug.lower()]), drug
