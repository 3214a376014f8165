"""No label of a test pair reaches a prediction, from the responses through every rule."""

from pathlib import Path

import numpy as np
import pandas as pd

from druggene.tables import read_metadata, read_table, write_table
from tests.workflow.running import TINY, succeed

RESULTS = Path("results/tiny")
PREDICTIONS = [RESULTS / f"predictions/random_pairs/{model}/fold_0.parquet" for model in ("druggene", "boosted_trees")]
NAIVE = RESULTS / "predictions/random_pairs/naive.parquet"


def read_predictions(folder: Path) -> pd.DataFrame:
    table = pd.concat([read_table(folder / path) for path in (*PREDICTIONS, NAIVE)])
    return table[table["fold"] == 0].sort_values(["model", "pair", "auc"], ignore_index=True)


def test_permuted_test_labels_change_no_prediction(own: Path) -> None:
    """Genes, encoding, hierarchy, early stopping and hyper-parameters are all chosen again by the rules."""
    expected = read_predictions(own)
    path = own / RESULTS / "data/responses.parquet"
    responses, metadata = read_table(path), read_metadata(path)
    folds = read_table(own / RESULTS / "data/random_pairs/folds.parquet")
    tested = folds.loc[(folds["fold"] == 0) & (folds["role"] == "test"), "pair"]
    chosen = responses["pair"].isin(tested).to_numpy()
    responses.loc[chosen, "auc"] = np.random.default_rng(1).permutation(responses.loc[chosen, "auc"]) + 0.3
    kept = {key: metadata[key] for key in ("description", "units", "source", "simulated")}
    write_table(responses, path, **kept)

    targets = [str(path) for path in (*PREDICTIONS, NAIVE)]
    run = succeed(own, "--cores", "2", "--configfile", TINY, "--", *targets)
    assert {
        "assign_folds",
        "select_genes",
        "encode_genotype",
        "train_model",
        "train_rival",
        "predict_naive",
    } <= run.rules
    found = read_predictions(own)
    assert not np.allclose(found["auc"], expected["auc"])
    by_pair = [table.drop_duplicates(["model", "pair"])[["model", "pair", "predicted"]] for table in (found, expected)]
    pd.testing.assert_frame_equal(*(table.reset_index(drop=True) for table in by_pair), check_exact=True)
