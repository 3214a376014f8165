"""Metrics against independent implementations, and where they are undefined."""

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics as reference

from druggene.metrics import METRICS, is_constant, pearson, r2, regression_metrics, spearman


def test_values_agree_with_scipy_and_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    observed = rng.random(200).round(1)
    predicted = (0.6 * observed + 0.4 * rng.random(200)).round(2)
    values = regression_metrics(observed, predicted)
    assert list(values) == list(METRICS) == ["pearson", "spearman", "mse", "rmse", "mae", "r2"]
    assert values == pytest.approx(
        {
            "pearson": stats.pearsonr(observed, predicted).statistic,
            "spearman": stats.spearmanr(observed, predicted).statistic,
            "mse": reference.mean_squared_error(observed, predicted),
            "rmse": reference.root_mean_squared_error(observed, predicted),
            "mae": reference.mean_absolute_error(observed, predicted),
            "r2": reference.r2_score(observed, predicted),
        }
    )


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
    assert all(np.isnan(value) for value in regression_metrics(np.array([]), np.array([])).values())


def test_spearman_sees_order_only() -> None:
    observed = np.array([0.1, 0.2, 0.3, 0.4])
    assert spearman(observed, np.exp(20 * observed)) == pytest.approx(1)


def test_length_and_missing_values_are_checked() -> None:
    with pytest.raises(ValueError, match="predicted values"):
        regression_metrics(np.zeros(3), np.zeros(2))
    with pytest.raises(ValueError, match="1 of 3 predicted values are missing or infinite"):
        regression_metrics(np.zeros(3), np.array([0, np.nan, 1]))
