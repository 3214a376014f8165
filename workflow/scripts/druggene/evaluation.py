"""Evaluation: metrics of all models per fold, per drug, per cell line and over all folds together.

``normalised_`` metrics are those of what is left of observed and predicted AUCs after the predictions by drug and
cell-line effects are subtracted from both: how much a model knows beyond which drugs are strong and which cell lines
are sensitive. Squared and absolute errors do not change by it. The effects themselves then predict a constant.

Letters: N rows, K models, G groups.
"""

import numpy as np
import pandas as pd

from druggene.constants import FOLD, MODEL, PAIR, PROTOCOL
from druggene.metrics import METRICS, Groups, grouped_metrics
from druggene.predictions import Predictions

CORRELATIONS = ("pearson", "spearman")
NORMALISED = ("pearson", "spearman", "r2")
"""The metrics that change when the effects are subtracted."""
COLUMNS = (*METRICS, *(f"normalised_{metric}" for metric in NORMALISED))
"""Metrics of a table, in their order."""


def all_metrics(predictions: Predictions, groups: Groups, within: Groups | None = None) -> dict[str, np.ndarray]:
    """Return ``COLUMNS`` to G x K values; the normalised ones are NaN where the effects are absent."""
    observed, predicted, magnitude = predictions.observed, predictions.predicted, predictions.magnitude
    found = grouped_metrics(observed, predicted, groups, within, magnitude)
    undefined = np.full((len(groups), len(predictions.models)), np.nan)
    normalised = dict.fromkeys(NORMALISED, undefined)
    if (effects := predictions.effects) is not None:
        normalised = grouped_metrics(observed - effects, predicted - effects[:, None], groups, within, magnitude)
    return found | {f"normalised_{metric}": normalised[metric] for metric in NORMALISED}


def metrics_by_fold(predictions: Predictions) -> pd.DataFrame:
    """Return one row per model and fold: model, protocol, fold, n_pairs, n_responses, ``COLUMNS``.

    A metric that is undefined is NaN, as all are of a fold on which training diverged.
    """
    groups = predictions.groups(FOLD)
    folds = predictions.rows.groupby(FOLD)
    counts = {"n_pairs": folds[PAIR].nunique(), "n_responses": folds.size()}
    return _long(predictions, all_metrics(predictions, groups), pd.DataFrame(counts).reset_index())


def metrics_by(predictions: Predictions, column: str, min_pairs: int) -> pd.DataFrame:
    """Return the metrics of every drug or cell line, within folds.

    Responses and predictions are centred on their mean per group and fold, then correlated over all folds; R² holds the
    errors against the deviation from that mean. Pooled as they are, they would punish every model that knows a drug's
    mean: the mean of the other folds is high where a fold's own responses are low.

    Parameters
    ----------
    predictions
        Of one protocol.
    column
        drug or cell_line.
    min_pairs
        A group counts with at least so many test pairs that share their fold with another pair of the group; a pair
        alone in its fold has nothing to be compared with.

    Returns
    -------
    pandas.DataFrame
        Columns model, protocol, ``column``, n_pairs, n_responses, ``COLUMNS``.
    """
    rows = predictions.rows
    in_company = (rows.groupby([column, FOLD])[PAIR].transform("nunique") > 1).to_numpy()
    n_pairs = rows[in_company].groupby(column)[PAIR].nunique()
    counted = n_pairs.index[n_pairs >= min_pairs]
    chosen = in_company & rows[column].isin(counted).to_numpy()
    if not chosen.any():
        return pd.DataFrame(columns=[MODEL, PROTOCOL, column, "n_pairs", "n_responses", *COLUMNS])
    part = predictions.only(chosen)
    found = all_metrics(part, part.groups(column), part.groups(column, FOLD))
    counts = {"n_pairs": n_pairs[counted], "n_responses": part.rows.groupby(column).size()}
    return _long(part, found, pd.DataFrame(counts).rename_axis(column).reset_index())


def _long(predictions: Predictions, metrics: dict[str, np.ndarray], groups: pd.DataFrame) -> pd.DataFrame:
    """Return one row per model and group; ``groups`` describes the G groups, its first column names them."""
    k = len(predictions.models)
    frame = pd.concat([groups] * k, ignore_index=True)
    frame.insert(0, MODEL, np.repeat(np.array(predictions.models, dtype=object), len(groups)).astype(str))
    frame.insert(1, PROTOCOL, predictions.protocol)
    return frame.assign(**{name: values.T.ravel() for name, values in metrics.items()})


def pooled_metrics(predictions: Predictions) -> pd.DataFrame:
    """Return ``COLUMNS`` over the out-of-fold predictions of all folds together, indexed by model.

    All are NaN of a model whose training diverged on some fold: it would be judged on other rows than its rivals.
    """
    everything = Groups(np.zeros(len(predictions.rows), dtype=np.int64))
    found = {name: values[0] for name, values in all_metrics(predictions, everything).items()}
    return without_artefacts(pd.DataFrame(found, index=pd.Index(predictions.models, name=MODEL)), predictions)


def without_artefacts(table: pd.DataFrame, predictions: Predictions) -> pd.DataFrame:
    """Take the correlations from models that predict a constant within every fold.

    What pooling would show is how the folds' means differ, which is negative by construction.

    Parameters
    ----------
    table
        Metrics of pooled predictions, indexed by model.
    predictions
        That they come from.
    """
    groups = predictions.groups(FOLD)
    varies = {"": predictions.predicted}
    if (effects := predictions.effects) is not None:
        varies["normalised_"] = predictions.predicted - effects[:, None]
    table = table.copy()
    for prefix, values in varies.items():
        varying = np.any(groups.centre(values, predictions.magnitude), axis=0)
        for metric in CORRELATIONS:
            table[f"{prefix}{metric}"] = table[f"{prefix}{metric}"].where(pd.Series(varying, table.index))
    return table
