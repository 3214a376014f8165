"""Metrics of a regression: n observed and n predicted values, NaN where a metric is undefined."""

from collections.abc import Callable
from typing import Final

import numpy as np
from scipy.stats import rankdata

FLOAT32_STEP: Final = float(np.finfo(np.float32).eps)
"""Relative size of one step of float32, in which networks predict."""


def is_constant(values: np.ndarray) -> bool:
    """Tell whether all values are equal within one step of float32."""
    return values.size == 0 or bool(np.ptp(values) <= FLOAT32_STEP * np.abs(values).max())


def pearson(observed: np.ndarray, predicted: np.ndarray) -> float:
    """Return Pearson's correlation, from -1 to 1; NaN below two values or when either side is constant."""
    if observed.size < 2 or is_constant(observed) or is_constant(predicted):
        return float("nan")
    a, b = observed - observed.mean(), predicted - predicted.mean()
    return float(np.clip(a @ b / np.sqrt((a @ a) * (b @ b)), -1.0, 1.0))


def spearman(observed: np.ndarray, predicted: np.ndarray) -> float:
    """Return Pearson's correlation of the ranks, ties at their mean rank; NaN as for :func:`pearson`."""
    if observed.size < 2 or is_constant(observed) or is_constant(predicted):
        return float("nan")
    return pearson(rankdata(observed), rankdata(predicted))


def mse(observed: np.ndarray, predicted: np.ndarray) -> float:
    """Return the mean squared error; NaN without values."""
    return float(np.mean((observed - predicted) ** 2)) if observed.size else float("nan")


def rmse(observed: np.ndarray, predicted: np.ndarray) -> float:
    """Return the root of the mean squared error; NaN without values."""
    return float(np.sqrt(mse(observed, predicted)))


def mae(observed: np.ndarray, predicted: np.ndarray) -> float:
    """Return the mean absolute error; NaN without values."""
    return float(np.mean(np.abs(observed - predicted))) if observed.size else float("nan")


def r2(observed: np.ndarray, predicted: np.ndarray) -> float:
    """Return 1 - squared error / squared deviation from the observed mean; NaN when nothing was observed to vary."""
    if observed.size < 2 or is_constant(observed):
        return float("nan")
    return float(1.0 - np.sum((observed - predicted) ** 2) / np.sum((observed - observed.mean()) ** 2))


METRICS: Final[dict[str, Callable[[np.ndarray, np.ndarray], float]]] = {
    "pearson": pearson,
    "spearman": spearman,
    "mse": mse,
    "rmse": rmse,
    "mae": mae,
    "r2": r2,
}


def regression_metrics(observed: np.ndarray, predicted: np.ndarray) -> dict[str, float]:
    """Return all of ``METRICS`` for n observed and n predicted values.

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
    return {name: metric(observed, predicted) for name, metric in METRICS.items()}
