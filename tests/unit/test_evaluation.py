"""Metrics per fold, per drug, per cell line and over all folds."""

import numpy as np
import pandas as pd
import pytest

from druggene.evaluation import COLUMNS, metrics_by, metrics_by_fold, pooled_metrics
from druggene.metrics import METRICS, regression_metrics
from druggene.predictions import Predictions
from tests.reference.predictions import large_predictions, predictions_table


def evaluate(table: pd.DataFrame | None = None) -> Predictions:
    return Predictions.of([predictions_table() if table is None else table])


def test_folds_are_measured_apart() -> None:
    table = predictions_table()
    by_fold = metrics_by_fold(evaluate(table))
    assert list(by_fold["model"]) == ["global_mean"] * 3 + ["effects"] * 3 + ["net"] * 3
    assert list(by_fold["fold"]) == [0, 1, 2] * 3
    for (model, fold), part in table.groupby(["model", "fold"]):
        row = by_fold[(by_fold["model"] == model) & (by_fold["fold"] == fold)].iloc[0]
        expected = regression_metrics(part["auc"].to_numpy(), part["predicted"].to_numpy())
        assert row[list(METRICS)].to_dict() == pytest.approx(expected, nan_ok=True)
        assert (row["n_pairs"], row["n_responses"]) == (part["pair"].nunique(), len(part))


def test_replicates_count_as_responses_not_as_pairs() -> None:
    table = predictions_table()
    doubled = pd.concat([table, table.assign(auc=table["auc"] + 0.1)], ignore_index=True)
    by_fold = metrics_by_fold(evaluate(doubled))
    assert (by_fold["n_responses"] == 2 * by_fold["n_pairs"]).all()


def test_normalised_metrics_are_those_after_the_effects_are_subtracted() -> None:
    predictions = large_predictions()
    pooled = pooled_metrics(predictions)
    effects = predictions.predicted[:, 2]
    left = predictions.observed - effects
    expected = regression_metrics(left, predictions.predicted[:, 0] - effects)
    for metric in ("pearson", "spearman", "r2"):
        assert pooled.loc["good", f"normalised_{metric}"] == pytest.approx(expected[metric])
    # The effects leave nothing of themselves: no correlation, and no R² above that of a constant.
    assert np.isnan(pooled.loc["effects", ["normalised_pearson", "normalised_spearman"]].astype(float)).all()
    assert -0.1 < pooled.loc["effects", "normalised_r2"] <= 0
    assert pooled.loc["good", "normalised_pearson"] > 0.8
    assert pooled.loc["good", "normalised_r2"] > pooled.loc["bad", "normalised_r2"] > 0


def test_without_effects_nothing_is_normalised() -> None:
    table = predictions_table()
    by_fold = metrics_by_fold(evaluate(table[table["model"] != "effects"]))
    assert by_fold["normalised_pearson"].isna().all()
    assert by_fold["mse"].notna().all()


def test_constant_within_folds_has_no_pooled_correlation() -> None:
    """Means of the other folds correlate negatively with a fold's own: an artefact, not a result."""
    pooled = pooled_metrics(evaluate())
    assert np.isnan(pooled.loc["global_mean", "pearson"])
    assert np.isnan(pooled.loc["global_mean", "spearman"])
    assert np.isfinite(pooled.loc["global_mean", "mse"])
    assert pooled.loc["net", "pearson"] > 0.9


def test_drugs_with_enough_pairs_count() -> None:
    table = predictions_table()
    per_drug = metrics_by(evaluate(table), "drug", 10)
    assert list(per_drug) == ["model", "protocol", "drug", "n_pairs", "n_responses", *COLUMNS]
    assert set(per_drug["drug"]) == {"d0", "d1", "d2"}
    assert (per_drug["n_pairs"] == 12).all()
    part = table[(table["model"] == "net") & (table["drug"] == "d1")]
    observed, predicted = (part[c] - part.groupby("fold")[c].transform("mean") for c in ("auc", "predicted"))
    row = per_drug.query("model == 'net' and drug == 'd1'").iloc[0]
    assert row["pearson"] == pytest.approx(np.corrcoef(observed, predicted)[0, 1])
    assert row["spearman"] == pytest.approx(np.corrcoef(observed.rank(), predicted.rank())[0, 1])
    error = part["auc"] - part["predicted"]
    assert row["mse"] == pytest.approx(np.mean(error**2))
    assert row["mae"] == pytest.approx(np.mean(error.abs()))
    assert row["r2"] == pytest.approx(1 - np.sum(error**2) / np.sum(observed**2))
    # Drug means are constant per drug and fold.
    assert per_drug.loc[per_drug["model"] == "effects", "pearson"].isna().all()


def test_cell_lines_are_measured_as_drugs_are() -> None:
    predictions = large_predictions()
    exchanged = Predictions(
        predictions.rows.rename(columns={"cell_line": "drug", "drug": "cell_line"}),
        predictions.predicted,
        predictions.models,
        predictions.protocol,
    )
    of_lines = metrics_by(predictions, "cell_line", 3).rename(columns={"cell_line": "drug"})
    pd.testing.assert_frame_equal(of_lines, metrics_by(exchanged, "drug", 3))
    assert of_lines["drug"].nunique() == 60


def test_per_drug_correlation_is_not_lowered_by_knowing_the_drug() -> None:
    """A constant per drug and fold, however it lies, must not change how cell lines are ranked."""
    table = predictions_table()
    table = table[table["model"] == "net"]
    offset = -3 * table.groupby(["drug", "fold"])["auc"].transform("mean")
    shifted = table.assign(predicted=table["predicted"] + offset)
    plain, moved = (metrics_by(evaluate(rows), "drug", 10) for rows in (table, shifted))
    for metric in ("pearson", "spearman"):
        assert moved[metric].tolist() == pytest.approx(plain[metric].tolist())
    assert plain["pearson"].min() > 0.8


def test_rounding_is_not_a_ranking_of_cell_lines() -> None:
    table = predictions_table()
    table = table[table["model"] == "effects"]
    rounded = table.assign(predicted=table["predicted"].astype("float32") * (1 + 1e-8 * (table["pair"] % 5)))
    found = metrics_by(evaluate(rounded), "drug", 10)
    assert len(found) == 3
    assert found[["pearson", "spearman"]].isna().all(axis=None)


def test_pairs_alone_in_their_fold_do_not_count() -> None:
    found = metrics_by(evaluate(predictions_table(folds=12)), "drug", 1)
    assert found.empty
    assert list(found)[:3] == ["model", "protocol", "drug"]


def test_replicates_do_not_make_enough_pairs() -> None:
    table = predictions_table()
    assert metrics_by(evaluate(pd.concat([table, table])), "drug", 13).empty
