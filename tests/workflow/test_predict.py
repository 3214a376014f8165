"""The stage `predict`: new pairs by the checkpoints of a run, or by any others."""

from pathlib import Path

import numpy as np
import pandas as pd

import druggene
from druggene.tables import read_metadata, read_table
from tests.workflow.running import TINY, plan, snakemake, succeed

FOLDER = "results/tiny/predicted"


def test_the_stage_predicts_what_training_did(own: Path) -> None:
    """With a fold's own checkpoint, all pairs that the fold was tested on, to the last digits."""
    checkpoint = "results/tiny/models/random_pairs/drugcell/fold_1.pt"
    settings = "{cell_lines: results/tiny/data, drugs: results/tiny/data/drugs.parquet, checkpoints: ["
    options = ("--configfile", TINY, "--config", f"predict={settings}{checkpoint}]}}", "--", "predict")
    run = succeed(own, "--cores", "2", *options)
    assert run.jobs == {"predict_new_pairs": 1, "predict": 1}
    found = read_table(own / FOLDER / "predictions.parquet")
    trained = read_table(own / "results/tiny/predictions/random_pairs/drugcell/fold_1.parquet")
    both = trained.merge(found.astype({"cell_line": str, "drug": str}), on=["cell_line", "drug"], suffixes=("_x", ""))
    assert len(both) == len(trained) > 0
    np.testing.assert_allclose(both["predicted"], both["predicted_x"], atol=1e-6)
    assert set(both["new"]) == {"neither"}
    assert read_metadata(own / FOLDER / "predictions.parquet")["units"]["predicted"].startswith("AUC")
    assert len(pd.read_csv(own / FOLDER / "predictions.csv")) == len(found)
    assert "term_3" in found
    assert not snakemake(own, "--cores", "2", "--dry-run", *options).jobs

    # The same for the joined network with all three omics, without the workflow.
    path = own / "results/tiny/models/random_pairs/druggene/fold_0.pt"
    frame = druggene.predict(path, own / "results/tiny/data", own / "results/tiny/data/drugs.parquet")
    trained = read_table(own / "results/tiny/predictions/random_pairs/druggene/fold_0.parquet")
    both = trained.merge(frame, on=["cell_line", "drug"], suffixes=("_x", ""))
    np.testing.assert_allclose(both["predicted"], both["predicted_x"], atol=1e-6)


def test_without_checkpoints_the_stage_takes_the_folds_of_the_run(finished: Path) -> None:
    tables = "cell_lines: results/tiny/data, drugs: results/tiny/data/drugs.parquet"
    own = plan(finished, "predict", options=("--config", f"predict={{{tables}}}"))
    assert own.jobs == {"predict_new_pairs": 1, "predict": 1}
    inputs = next(files for rule, files in own.files("input") if rule == "predict_new_pairs")
    assert inputs.count("models/random_pairs/druggene/fold_") == 2


def test_a_missing_table_is_asked_for(finished: Path) -> None:
    run = snakemake(finished, "--cores", "1", "--dry-run", "--configfile", TINY, "--", "predict")
    assert run.returncode
    assert "predict.cell_lines: needed by the stage predict" in run.text
