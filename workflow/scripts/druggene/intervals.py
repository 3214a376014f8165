"""Bootstrap intervals of what all models reach, and of how far they are from the drug + cell-line effects.

Rows of one cell line, or of one drug, are not independent, so that whole clusters are resampled: for metrics over all
pairs, the groups that the protocol is about (drugs where drugs are left out, tissues where tissues are, else cell
lines); for means over drugs or cell lines, these themselves. All models are measured on the same resamples.

Letters: N rows, K models, C clusters, B resamples.
"""

from typing import Final

import numpy as np
import pandas as pd

from druggene.constants import CELL_LINE, DRUG, MODEL, PROTOCOL, TISSUE
from druggene.evaluation import COLUMNS, NORMALISED, pooled_metrics
from druggene.metrics import METRICS, Groups
from druggene.predictions import REFERENCE, Predictions
from druggene.splits import LEAVE_DRUG_OUT, LEAVE_TISSUE_OUT

POOLED: Final = "pooled"
LEVELS: Final = (POOLED, DRUG, CELL_LINE)


def cluster_of(protocol: str) -> str:
    """Return what is resampled for metrics over all pairs of a protocol: cell_line, drug or tissue."""
    return {LEAVE_DRUG_OUT: DRUG, LEAVE_TISSUE_OUT: TISSUE}.get(protocol, CELL_LINE)


def intervals(
    predictions: Predictions,
    by_group: dict[str, pd.DataFrame],
    cell_lines: pd.DataFrame,
    resamples: int,
    confidence: float,
    seed: int,
) -> pd.DataFrame:
    """Return estimate, interval and difference to the effects of every model, level and metric.

    Parameters
    ----------
    predictions
        Of one protocol.
    by_group
        ``drug`` and ``cell_line`` to what :func:`druggene.evaluation.metrics_by` gave.
    cell_lines
        Columns cell_line and tissue.
    resamples, confidence, seed
        B, the coverage (0 to 1), and the seed of the resampling.

    Returns
    -------
    pandas.DataFrame
        Columns model, protocol, level (pooled, or the mean over drugs or over cell lines), metric (of ``COLUMNS``),
        value, low, high; minus_effects with its own low and high; n, the number of rows or groups; resampled, the
        cluster.
    """
    rng = np.random.default_rng(seed)
    names = predictions.rows[CELL_LINE]
    clusters = {
        CELL_LINE: names,
        DRUG: predictions.rows[DRUG],
        TISSUE: names.map(cell_lines.set_index(CELL_LINE)[TISSUE]),
    }
    cluster = cluster_of(predictions.protocol)
    codes = pd.factorize(clusters[cluster])[0]
    parts = [_summary(predictions, POOLED, cluster, *_pooled(predictions, codes, resamples, rng), confidence)]
    for level in (DRUG, CELL_LINE):
        table = by_group[level]
        if len(table):
            parts.append(
                _summary(predictions, level, level, *_means(predictions, table, level, resamples, rng), confidence)
            )
    return pd.concat(parts, ignore_index=True)


def _weights(clusters: int, resamples: int, rng: np.random.Generator) -> np.ndarray:
    """Return B x C: how often each cluster is drawn."""
    return rng.multinomial(clusters, np.full(clusters, 1 / clusters), size=resamples).astype(np.float64)


def _pooled(
    predictions: Predictions, codes: np.ndarray, resamples: int, rng: np.random.Generator
) -> tuple[pd.DataFrame, dict[str, np.ndarray], pd.Series]:
    """Return the pooled metrics (K rows), those of the resamples (metric to B x K), and the numbers of rows."""
    groups = Groups(codes)
    weights = _weights(len(groups), resamples, rng)
    observed, predicted = predictions.observed, predictions.predicted
    drawn = _resampled(observed, predicted, groups, weights)
    found = {metric: drawn[metric] for metric in METRICS}
    if (effects := predictions.effects) is not None:
        drawn = _resampled(observed - effects, predicted - effects[:, None], groups, weights)
        found |= {f"normalised_{metric}": drawn[metric] for metric in NORMALISED}
    estimate = pooled_metrics(predictions)
    for metric, values in found.items():
        values[:, estimate[metric].isna().to_numpy()] = np.nan
    return estimate, found, pd.Series(len(observed), estimate.index)


def _resampled(
    observed: np.ndarray, predicted: np.ndarray, groups: Groups, weights: np.ndarray
) -> dict[str, np.ndarray]:
    """Return metric to B x K from sums per cluster, which resampling only weighs.

    Spearman's correlation takes the ranks among all rows, in place of new ranks in every resample.
    """
    k = predicted.shape[1]
    error = predicted - observed[:, None]
    n, squared, absolute = (
        weights @ groups.sum(values) for values in (np.ones((len(observed), 1)), error**2, np.abs(error))
    )
    ranks = pd.DataFrame(np.column_stack([observed, predicted])).rank().to_numpy()
    found = {"mse": squared / n, "rmse": np.sqrt(squared / n), "mae": absolute / n}
    for metric, target, output in (("pearson", observed, predicted), ("spearman", ranks[:, 0], ranks[:, 1:])):
        target, output = target - target.mean(), output - output.mean(axis=0)
        t, o, tt, oo, to = (
            weights @ groups.sum(values)
            for values in (target[:, None], output, target[:, None] ** 2, output**2, target[:, None] * output)
        )
        variation = np.maximum(tt - t**2 / n, 0.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            found[metric] = (to - t * o / n) / np.sqrt(variation * np.maximum(oo - o**2 / n, 0.0))
            if metric == "pearson":
                found["r2"] = 1 - squared / variation
    assert all(values.shape == (len(weights), k) for values in found.values())
    return found


def _means(
    predictions: Predictions, table: pd.DataFrame, level: str, resamples: int, rng: np.random.Generator
) -> tuple[pd.DataFrame, dict[str, np.ndarray], pd.Series]:
    """Return mean metrics over groups (K rows), those of the resamples (metric to B x K), and how many groups count."""
    models = list(predictions.models)
    wide = {
        metric: table.pivot(index=level, columns=MODEL, values=metric)[models].to_numpy(float) for metric in COLUMNS
    }
    weights = _weights(len(wide["mse"]), resamples, rng)
    estimate, found = {}, {}
    for metric, values in wide.items():
        defined = np.isfinite(values)
        filled = np.where(defined, values, 0.0)
        with np.errstate(invalid="ignore"):
            estimate[metric] = filled.sum(axis=0) / defined.sum(axis=0)
            found[metric] = (weights @ filled) / (weights @ defined)
    counts = pd.Series(np.isfinite(wide["pearson"]).sum(axis=0), models)
    return pd.DataFrame(estimate, index=pd.Index(models, name=MODEL)), found, counts


def _summary(
    predictions: Predictions,
    level: str,
    cluster: str,
    estimate: pd.DataFrame,
    resampled: dict[str, np.ndarray],
    counts: pd.Series,
    confidence: float,
) -> pd.DataFrame:
    """Return the table of one level, by the percentiles of the resamples."""
    tails = [50 * (1 - confidence), 50 * (1 + confidence)]
    models = predictions.models
    reference = models.index(REFERENCE) if REFERENCE in models else None
    rows = []
    for metric in COLUMNS:
        drawn = resampled.get(metric, np.full((1, len(models)), np.nan))
        low, high = _percentiles(drawn, tails)
        difference = np.full((3, len(models)), np.nan)
        if reference is not None:
            values = estimate[metric].to_numpy()
            difference[0] = values - values[reference]
            difference[1:] = _percentiles(drawn - drawn[:, [reference]], tails)
        for i, model in enumerate(models):
            rows.append((model, metric, estimate[metric].iloc[i], low[i], high[i], *difference[:, i], counts.iloc[i]))
    columns = [MODEL, "metric", "value", "low", "high", "minus_effects", "minus_effects_low", "minus_effects_high", "n"]
    frame = pd.DataFrame(rows, columns=columns)
    frame.insert(1, PROTOCOL, predictions.protocol)
    frame.insert(2, "level", level)
    return frame.assign(resampled=cluster)


def _percentiles(values: np.ndarray, tails: list[float]) -> np.ndarray:
    """Return 2 x K percentiles; NaN for a model that is undefined in more than a tenth of the resamples."""
    undefined = np.isnan(values).mean(axis=0) > 0.1
    filled = np.where(undefined, 0.0, values)
    return np.where(undefined, np.nan, np.nanpercentile(filled, tails, axis=0))
