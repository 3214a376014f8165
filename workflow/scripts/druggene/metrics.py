"""Metrics of a regression: n observed and n predicted values, NaN where a metric is undefined."""

from collections.abc import Callable
from typing import Final

import numpy as np
from scipy.stats import pearsonr, spearmanr
from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score, root_mean_squared_error

FLOAT32_STEP: Final = float(np.finfo(np.float32).eps)
"""Relative size of one step of float32, in which networks predict."""


def is_constant(values: np.ndarray) -> bool:
    """Tell whether all values equal the first within one step of float32."""
    return bool(np.allclose(values, values[:1], rtol=FLOAT32_STEP, atol=0.0))


def pearson(observed: np.ndarray, predicted: np.ndarray) -> float:
    """Return Pearson's correlation, from -1 to 1; NaN when either side is constant, as one value alone is."""
    if is_constant(observed) or is_constant(predicted):
        return float("nan")
    return float(pearsonr(observed, predicted).statistic)


def spearman(observed: np.ndarray, predicted: np.ndarray) -> float:
    """Return Pearson's correlation of the ranks, ties at their mean rank; NaN as for :func:`pearson`."""
    if is_constant(observed) or is_constant(predicted):
        return float("nan")
    return float(spearmanr(observed, predicted).statistic)


def r2(observed: np.ndarray, predicted: np.ndarray) -> float:
    """Return 1 - squared error / squared deviation from the observed mean; NaN when nothing was observed to vary."""
    return float("nan") if is_constant(observed) else float(r2_score(observed, predicted))


METRICS: Final[dict[str, Callable[[np.ndarray, np.ndarray], float]]] = {
    "pearson": pearson,
    "spearman": spearman,
    "mse": mean_squared_error,
    "rmse": root_mean_squared_error,
    "mae": mean_absolute_error,
    "r2": r2,
}


def regression_metrics(observed: np.ndarray, predicted: np.ndarray) -> dict[str, float]:
    """Return all of ``METRICS`` for n observed and n predicted values; all NaN without values.

    Raises
    ------
    ValueError
        If the lengths differ or a value is missing or infinite.
    """
    observed, predicted = np.asarray(observed, dtype=np.float64), np.asarray(predicted, dtype=np.float64)
    if observed.shape != predicted.shape or observed.ndim != 1:
        raise ValueError(f"metrics: {observed.shape} observed but {predicted.shape} predicted values")
    for what, values in (("observed", observed), ("predicted", predicted)):
        bad = ~np.isfinite(values)
        if bad.any():
            raise ValueError(f"metrics: {bad.sum()} of {bad.size} {what} values are missing or infinite")
    if not observed.size:
        return dict.fromkeys(METRICS, float("nan"))
    return {name: float(metric(observed, predicted)) for name, metric in METRICS.items()}
