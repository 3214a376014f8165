"""Metrics of a regression: n observed and n predicted values, NaN where a metric is undefined.

Letters of the grouped metrics: N rows, K models, G groups.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
import pandas as pd
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


class Groups:
    """A partition of N rows into G groups, numbered from 0, for sums and means of many columns at once."""

    def __init__(self, codes: np.ndarray) -> None:
        self.codes = codes
        self._order = np.argsort(codes, kind="stable")
        ordered = codes[self._order]
        self._starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
        self.sizes = np.diff(np.r_[self._starts, len(codes)])
        assert np.array_equal(ordered[self._starts], np.arange(len(self.sizes))), "a group has no row"

    def __len__(self) -> int:
        return len(self.sizes)

    def sum(self, values: np.ndarray) -> np.ndarray:
        """Return G x K sums of N x K values."""
        sums: np.ndarray = np.add.reduceat(values[self._order], self._starts, axis=0)
        return sums

    def largest(self, values: np.ndarray) -> np.ndarray:
        """Return G x K largest of N x K values."""
        values = values[self._order]
        largest: np.ndarray = np.maximum.reduceat(values, self._starts, axis=0)
        return largest

    def centre(self, values: np.ndarray, magnitude: np.ndarray) -> np.ndarray:
        """Return N x K values minus their group's mean.

        What is left of equal values is rounding, not variation: it becomes 0 where it is below one step of float32 of
        ``magnitude`` (K).
        """
        centred = values - (self.sum(values) / self.sizes[:, None])[self.codes]
        return np.where(np.abs(centred) <= FLOAT32_STEP * magnitude, 0.0, centred)


def grouped_metrics(
    observed: np.ndarray,
    predicted: np.ndarray,
    groups: Groups,
    within: Groups | None = None,
    magnitude: np.ndarray | None = None,
) -> dict[str, np.ndarray]:
    """Return all of ``METRICS`` for every group and model.

    Parameters
    ----------
    observed, predicted
        N values, and N x K of as many models.
    groups
        Each row's group.
    within
        A finer partition. Correlations are then those of values centred on their mean in it, and R² holds errors
        against the deviation from that mean: how the groups' parts differ in the mean neither helps nor hurts.
    magnitude
        K sizes by which rounding is told from variation; by default the largest predictions.

    Returns
    -------
    dict
        Metric to G x K values; NaN where observed or predicted values do not vary, and of a group in which a
        prediction is NaN.
    """
    if magnitude is None:
        magnitude = np.nanmax(np.abs(predicted), axis=0, initial=0.0)
    n = groups.sizes[:, None]
    error = predicted - observed[:, None]
    squared, absolute = groups.sum(error**2), groups.sum(np.abs(error))
    centred_by = within or groups
    target = centred_by.centre(observed[:, None], np.abs(observed).max(keepdims=True))
    output = centred_by.centre(predicted, magnitude)
    variation = groups.sum(target**2)
    with np.errstate(divide="ignore", invalid="ignore"):
        r2_values = np.where(variation > 0, 1 - squared / variation, np.nan)
    return {
        "pearson": _correlation(target, output, groups),
        "spearman": _correlation(_ranks(target, groups), _ranks(output, groups), groups),
        "mse": squared / n,
        "rmse": np.sqrt(squared / n),
        "mae": absolute / n,
        "r2": r2_values,
    }


def _ranks(values: np.ndarray, groups: Groups) -> np.ndarray:
    """Return the ranks within groups, ties at their mean rank, centred."""
    ranks = pd.DataFrame(values).groupby(groups.codes).rank().to_numpy()
    return ranks - ((groups.sizes + 1) / 2)[groups.codes][:, None]


def _correlation(target: np.ndarray, output: np.ndarray, groups: Groups) -> np.ndarray:
    """Return G x K correlations of centred values."""
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = np.sqrt(groups.sum(target**2) * groups.sum(output**2))
        correlations: np.ndarray = np.where(scale > 0, groups.sum(target * output) / scale, np.nan)
    return correlations
