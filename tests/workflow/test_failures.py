"""A job that fails says why and leaves no half-written output."""

from pathlib import Path

import pandas as pd

from druggene.tables import read_metadata, read_table, write_table
from tests.workflow.running import TINY, snakemake, succeed

DRUGS = "results/tiny/data/drugs.parquet"
FEATURES = "results/tiny/data/drug_features.parquet"
STRUCTURES = "results/tiny/data/drug_structures.parquet"
LOG = "results/tiny/logs/compute_drug_features.log"


def set_smiles(folder: Path, row: int, smiles: str) -> str:
    """Change one drug's structure, return the drug."""
    table, metadata = read_table(folder / DRUGS), read_metadata(folder / DRUGS)
    table.loc[row, "smiles"] = smiles
    kept = {key: metadata[key] for key in ("description", "units", "source", "simulated")}
    write_table(table, folder / DRUGS, **kept)
    return str(table.loc[row, "drug"])


def test_a_broken_structure_is_named_and_can_be_mended(own: Path) -> None:
    before = {path for path in (own / "results").rglob("*") if path.is_file()}
    smiles = str(read_table(own / DRUGS).loc[3, "smiles"])
    features = (own / FEATURES).read_bytes()
    drug = set_smiles(own, 3, "C1CC(")

    failed = snakemake(own, "--cores", "2", "--configfile", TINY)
    assert failed.returncode != 0
    problem = f"drug {drug}: cannot read SMILES 'C1CC('"
    assert problem in (own / LOG).read_text()
    assert problem in failed.text
    assert LOG in failed.text
    # What would rest on the broken table is gone, nothing is half written, and no later rule ran.
    assert {path for path in (own / "results").rglob("*") if path.is_file()} == before - {
        own / FEATURES,
        own / STRUCTURES,
    }
    assert {rule for rule, _ in failed.files("output")} == {"compute_drug_features"}

    set_smiles(own, 3, smiles)
    succeed(own, "--cores", "2", "--configfile", TINY, "--", FEATURES)
    assert (own / FEATURES).read_bytes() == features
    assert "ERROR" not in (own / LOG).read_text()


def test_a_diverging_model_is_a_hole_in_the_tables(own: Path) -> None:
    """It leaves no metrics and says why; its rivals' tables and all figures are made."""
    (own / "steep.yaml").write_text("models: {drugcell: {training: {learning_rate: 1.0e+30}}}\n")
    run = succeed(own, "--cores", "2", "--configfile", TINY, "steep.yaml")
    assert run.jobs["train_model"] == 2
    for fold in (0, 1):
        log = (own / f"results/tiny/logs/train_model/random_pairs/drugcell/fold_{fold}.log").read_text()
        assert "ERROR training diverged in epoch 1" in log
        assert "lower training.learning_rate" in log
    table = pd.read_csv(own / "results/tiny/tables/random_pairs/comparison.csv").set_index("model")
    assert table["n_diverged"].to_dict() == dict.fromkeys(table.index, 0) | {"drugcell": 2}
    assert table["mse_mean"].isna().to_dict() == dict.fromkeys(table.index, False) | {"drugcell": True}
    words = (own / "results/tiny/tables/random_pairs/comparison.md").read_text()
    assert "**Training diverged: DrugCell on 2 of 2 folds.**" in words
