"""Bootstrap intervals: against resampling row by row, and what they are of."""

import numpy as np
import pandas as pd
import pytest

from druggene.evaluation import metrics_by, pooled_metrics
from druggene.intervals import _resampled, cluster_of, intervals
from druggene.metrics import Groups, regression_metrics
from druggene.predictions import Predictions
from tests.reference.predictions import large_predictions, predictions_table

LINES = pd.DataFrame({"cell_line": [f"l{i:02d}" for i in range(60)], "tissue": [f"t{i % 7}" for i in range(60)]})


def summarise(predictions: Predictions, seed: int = 1, resamples: int = 400) -> pd.DataFrame:
    by_group = {unit: metrics_by(predictions, unit, 5) for unit in ("drug", "cell_line")}
    return intervals(predictions, by_group, LINES, resamples, 0.9, seed)


def test_a_resample_is_measured_as_its_rows_would_be() -> None:
    predictions = large_predictions(rows=500)
    codes = pd.factorize(predictions.rows["cell_line"])[0]
    weights = np.random.default_rng(0).multinomial(codes.max() + 1, np.full(codes.max() + 1, 1 / (codes.max() + 1)), 3)
    found = _resampled(predictions.observed, predictions.predicted, Groups(codes), weights.astype(float))
    for draw, times in enumerate(weights):
        rows = np.repeat(np.arange(len(codes)), times[codes])
        for model in range(3):
            expected = regression_metrics(predictions.observed[rows], predictions.predicted[rows, model])
            for metric in ("pearson", "mse", "rmse", "mae", "r2"):
                assert found[metric][draw, model] == pytest.approx(expected[metric])
            # Ranks among all rows stand in for ranks in the resample.
            assert found["spearman"][draw, model] == pytest.approx(expected["spearman"], abs=0.03)


def test_estimates_are_the_metrics_and_lie_within() -> None:
    predictions = large_predictions()
    table = summarise(predictions).set_index(["level", "model", "metric"])
    pooled = pooled_metrics(predictions)
    for metric in ("pearson", "spearman", "mse", "r2", "normalised_pearson"):
        assert table.loc[("pooled", "good", metric), "value"] == pytest.approx(pooled.loc["good", metric])
    per_drug = metrics_by(predictions, "drug", 5)
    of_good = per_drug[per_drug["model"] == "good"]
    assert table.loc[("drug", "good", "pearson"), "value"] == pytest.approx(of_good["pearson"].mean())
    assert table.loc[("drug", "good", "pearson"), "n"] == 25
    # An R² that is 0 at best, that of a constant, is lower in every resample.
    defined = table.dropna(subset=["value"]).drop(index="effects", level="model")
    assert (defined["low"] < defined["value"]).all()
    assert (defined["value"] < defined["high"]).all()
    assert np.isnan(table.loc[("pooled", "effects", "normalised_pearson"), "low"])


def test_intervals_cover_as_often_as_they_say() -> None:
    """The mean over drugs has a known spread: nine of ten intervals hold the truth."""
    hits = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        table = pd.DataFrame({"drug": [f"d{i:02d}" for i in range(40)], "model": "good", "protocol": "p"})
        values = {metric: rng.normal(0.5, 0.1, 40) for metric in ("pearson", "mse")}
        table = table.assign(**dict.fromkeys(COLUMNS_OF_INTERVALS, 0.5)).assign(**values)
        one = large_predictions(rows=400)
        good = Predictions(one.rows, one.predicted[:, :1], ("good",), "random_pairs")
        found = intervals(good, {"drug": table, "cell_line": table.iloc[:0]}, LINES, 200, 0.9, seed)
        row = found[(found["level"] == "drug") & (found["metric"] == "pearson")].iloc[0]
        hits.append(row["low"] < 0.5 < row["high"])
    assert 0.8 <= np.mean(hits) <= 0.98


COLUMNS_OF_INTERVALS = [
    *("pearson", "spearman", "mse", "rmse", "mae", "r2"),
    *("normalised_pearson", "normalised_spearman", "normalised_r2"),
]


def test_differences_are_tighter_than_what_they_are_between() -> None:
    """Models are measured on the same resamples, so that what moves both cancels."""
    table = summarise(large_predictions()).set_index(["level", "model", "metric"])
    row = table.loc[("pooled", "good", "mse")]
    assert row["minus_effects"] == pytest.approx(row["value"] - table.loc[("pooled", "effects", "mse"), "value"])
    assert row["minus_effects_high"] < 0
    own = table.loc[("pooled", "effects", "mse")]
    assert own["minus_effects"] == own["minus_effects_low"] == own["minus_effects_high"] == 0
    width = row["minus_effects_high"] - row["minus_effects_low"]
    apart = np.hypot(row["high"] - row["low"], own["high"] - own["low"])
    assert width < 0.95 * apart


def test_whole_clusters_are_resampled() -> None:
    """Rows of one cell line that repeat each other must not make an interval narrower."""
    rng = np.random.default_rng(3)
    line = np.arange(60)
    rows = pd.DataFrame({"pair": line, "cell_line": LINES["cell_line"], "drug": "d", "fold": line % 2, "auc": 0.0})
    rows["auc"], predicted = rng.normal(size=60), rng.normal(size=(60, 1))
    once = Predictions(rows, predicted, ("net",), "random_pairs")
    often = Predictions(pd.concat([rows] * 9, ignore_index=True), np.tile(predicted, (9, 1)), ("net",), "random_pairs")
    widths = []
    for predictions in (once, often):
        found = intervals(predictions, {"drug": rows.iloc[:0], "cell_line": rows.iloc[:0]}, LINES, 500, 0.9, 1)
        row = found[found["metric"] == "mse"].iloc[0]
        widths.append(row["high"] - row["low"])
    assert widths[1] == pytest.approx(widths[0], rel=1e-6)


def test_the_protocol_says_what_is_resampled() -> None:
    kinds = {"random_pairs": "cell_line", "published": "cell_line", "leave_cell_line_out": "cell_line"}
    kinds |= {"leave_drug_out": "drug", "leave_tissue_out": "tissue"}
    for protocol, cluster in kinds.items():
        assert cluster_of(protocol) == cluster
        one = large_predictions(rows=300)
        found = intervals(
            Predictions(one.rows, one.predicted, one.models, protocol),
            {"drug": one.rows.iloc[:0], "cell_line": one.rows.iloc[:0]},
            *(LINES, 100, 0.9, 1),
        )
        assert set(found["resampled"]) == {cluster}


def test_equal_seeds_give_equal_intervals() -> None:
    predictions = large_predictions(rows=500)
    pd.testing.assert_frame_equal(summarise(predictions), summarise(predictions))
    assert not summarise(predictions).equals(summarise(predictions, seed=2))


def test_too_few_pairs_for_drugs_leave_the_pooled_level() -> None:
    assert set(summarise(Predictions.of([predictions_table(folds=12)]))["level"]) == {"pooled"}
