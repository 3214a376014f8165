"""Metrics against their formulas, and where they are undefined."""

import warnings

import numpy as np
import pytest

from druggene.metrics import (
    METRICS,
    Groups,
    grouped_metrics,
    is_constant,
    pearson,
    r2,
    regression_metrics,
    spearman,
)


def test_values_follow_the_formulas() -> None:
    rng = np.random.default_rng(0)
    observed = rng.random(200)
    predicted = 0.3 * observed + rng.random(200) ** 2
    error = predicted - observed
    values = regression_metrics(observed, predicted)
    assert list(values) == list(METRICS) == ["pearson", "spearman", "mse", "rmse", "mae", "r2"]
    assert values == pytest.approx(
        {
            "pearson": np.corrcoef(observed, predicted)[0, 1],
            "spearman": np.corrcoef(observed.argsort().argsort(), predicted.argsort().argsort())[0, 1],
            "mse": np.mean(error**2),
            "rmse": np.sqrt(np.mean(error**2)),
            "mae": np.mean(np.abs(error)),
            "r2": 1 - np.sum(error**2) / np.sum((observed - observed.mean()) ** 2),
        }
    )


def test_ties_take_their_mean_rank() -> None:
    ranks = np.corrcoef([1.5, 1.5, 3, 4], [1, 2, 3.5, 3.5])[0, 1]
    assert spearman(np.array([0.2, 0.2, 0.3, 0.9]), np.array([0.1, 0.2, 0.5, 0.5])) == pytest.approx(ranks)


def test_nothing_undefined_fills_the_log_with_warnings() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for observed in (np.array([0.2, 0.4, 0.9]), np.full(3, 0.5), 1e-3 + np.array([0, 1e-11, 2e-11])):
            regression_metrics(observed, np.full(3, 0.5))
            regression_metrics(observed[:1], np.array([0.1]))


def test_constant_prediction_has_errors_but_no_correlation() -> None:
    values = regression_metrics(np.array([0.2, 0.4, 0.9]), np.full(3, 0.5))
    assert np.isnan(values["pearson"])
    assert np.isnan(values["spearman"])
    assert values["mae"] == pytest.approx(0.8 / 3)
    assert values["r2"] == pytest.approx(0)


def test_constant_observation_has_no_r2() -> None:
    assert np.isnan(r2(np.full(3, 0.5), np.array([0.1, 0.2, 0.3])))


def test_float32_noise_counts_as_constant() -> None:
    predicted = np.nextafter(np.float32(0.8), np.float32(1)) * np.array([1, 1, 1]) - np.array([0, 6e-8, 0])
    assert is_constant(predicted)
    assert np.isnan(pearson(np.array([0.1, 0.2, 0.3]), predicted))
    assert not is_constant(np.array([0.8, 0.8001]))


def test_too_few_values_are_undefined() -> None:
    assert np.isnan(pearson(np.array([1.0]), np.array([1.0])))
    assert np.isnan(r2(np.array([1.0]), np.array([0.9])))
    assert all(np.isnan(value) for value in regression_metrics(np.array([]), np.array([])).values())


def test_spearman_sees_order_only() -> None:
    observed = np.array([0.1, 0.2, 0.3, 0.4])
    assert spearman(observed, np.exp(20 * observed)) == pytest.approx(1)


def test_length_and_missing_values_are_checked() -> None:
    with pytest.raises(ValueError, match="predicted values"):
        regression_metrics(np.zeros(3), np.zeros(2))
    with pytest.raises(ValueError, match="1 of 3 predicted values are missing or infinite"):
        regression_metrics(np.zeros(3), np.array([0, np.nan, 1]))


class TestGrouped:
    rng = np.random.default_rng(4)
    codes = rng.permutation(np.repeat([0, 1, 2], [30, 5, 1]))
    observed = rng.random(36).round(1)
    predicted = np.column_stack([observed + rng.normal(0, 0.2, 36), np.full(36, 0.4), rng.random(36)])

    def test_every_group_is_measured_as_it_would_be_alone(self) -> None:
        found = grouped_metrics(self.observed, self.predicted, Groups(self.codes))
        assert list(found) == list(METRICS)
        for group in range(3):
            rows = self.codes == group
            for model in range(3):
                alone = regression_metrics(self.observed[rows], self.predicted[rows, model])
                assert {name: found[name][group, model] for name in METRICS} == pytest.approx(alone, nan_ok=True)

    def test_correlations_within_a_finer_partition_see_no_shift_of_its_parts(self) -> None:
        groups, parts = Groups(self.codes % 2), Groups(self.codes)
        shift = np.array([0.0, 2.0, -3.0])[self.codes]
        plain = grouped_metrics(self.observed, self.predicted, groups, parts)
        moved = grouped_metrics(self.observed, self.predicted + shift[:, None], groups, parts)
        for metric in ("pearson", "spearman"):
            np.testing.assert_allclose(moved[metric], plain[metric], atol=1e-12)
        assert not np.allclose(moved["mse"][0], plain["mse"][0])

    def test_a_group_without_rows_is_a_mistake(self) -> None:
        with pytest.raises(AssertionError, match="no row"):
            Groups(np.array([0, 2]))
