"""Naive predictors: what is known without genotype or structure, which a model must beat to have learned anything.

They have nothing to stop or tune, so they learn from the training and the validation pairs alike.
"""

import logging
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from druggene.constants import AUC, CELL_LINE, DRUG, FOLD, MODEL, PAIR, PREDICTED, PROTOCOL, ROLE, TEST, TISSUE
from druggene.splits import with_roles
from druggene.tables import require_columns

logger = logging.getLogger(__name__)

_SWEEPS = 200
_TOLERANCE = 1e-9


def _global_mean(train: pd.DataFrame, test: pd.DataFrame) -> np.ndarray:
    """Predict the mean AUC of all training rows."""
    return np.full(len(test), train[AUC].mean())


def _mean_by(column: str) -> Callable[[pd.DataFrame, pd.DataFrame], np.ndarray]:
    """Return a predictor of the mean AUC of the rows with the same value; the overall mean for unseen ones."""

    def predict(train: pd.DataFrame, test: pd.DataFrame) -> np.ndarray:
        require_columns(train.columns, [column], f"naive predictor by {column}")
        means = train.groupby(column)[AUC].mean()
        return test[column].map(means).fillna(train[AUC].mean()).to_numpy(dtype=np.float64)

    return predict


def _effects(train: pd.DataFrame, test: pd.DataFrame) -> np.ndarray:
    """Predict mean + drug effect + cell-line effect, each shrunk towards 0.

    A drug's effect is the sum of its n residuals over n + k: the posterior mean of a random effect when k
    is the ratio of the noise's variance to the effect's (best linear unbiased prediction). The two
    ratios come from the training rows by the method of moments (one-way analysis of variance, drugs
    first, cell lines on what drugs leave); the effects are fitted in turns until they stand still. An
    unseen drug or cell line has effect 0.
    """
    drug, drugs = pd.factorize(train[DRUG])
    line, lines = pd.factorize(train[CELL_LINE])
    auc = train[AUC].to_numpy(dtype=np.float64)
    mean = auc.mean()
    drug_counts, line_counts = np.bincount(drug), np.bincount(line)

    centred = auc - mean
    drug_variance, _ = _variance_components(centred, drug, drug_counts)
    without_drug = centred - (np.bincount(drug, centred) / drug_counts)[drug]
    line_variance, noise = _variance_components(without_drug, line, line_counts)
    drug_weight, line_weight = (
        _shrinkage(drug_counts, drug_variance, noise),
        _shrinkage(line_counts, line_variance, noise),
    )

    drug_effect, line_effect = np.zeros(len(drugs)), np.zeros(len(lines))
    for _ in range(_SWEEPS):
        previous = drug_effect
        drug_effect = np.bincount(drug, centred - line_effect[line]) * drug_weight
        line_effect = np.bincount(line, centred - drug_effect[drug]) * line_weight
        if np.abs(drug_effect - previous).max() < _TOLERANCE:
            break
    of_drug = test[DRUG].map(pd.Series(drug_effect, index=drugs)).fillna(0.0)
    of_line = test[CELL_LINE].map(pd.Series(line_effect, index=lines)).fillna(0.0)
    return (mean + of_drug + of_line).to_numpy(dtype=np.float64)


def _variance_components(values: np.ndarray, group: np.ndarray, counts: np.ndarray) -> tuple[float, float]:
    """Return the variance between and within groups of unequal size, by the method of moments."""
    means = np.bincount(group, values) / counts
    free_between, free_within = len(counts) - 1, len(values) - len(counts)
    if free_between < 1 or free_within < 1:
        return 0.0, float(values.var())
    within = float(np.sum((values - means[group]) ** 2) / free_within)
    between = float(np.sum(counts * (means - values.mean()) ** 2) / free_between)
    typical_count = (len(values) - np.sum(counts**2) / len(values)) / free_between
    return max(0.0, (between - within) / typical_count), within


def _shrinkage(counts: np.ndarray, variance: float, noise: float) -> np.ndarray:
    """Return 1 / (n + k) with k = noise / variance; 0 where the effect has no variance."""
    return variance / (counts * variance + noise) if variance > 0 else np.zeros(len(counts))


NAIVE: dict[str, Callable[[pd.DataFrame, pd.DataFrame], np.ndarray]] = {
    "global_mean": _global_mean,
    "drug_mean": _mean_by(DRUG),
    "cell_line_mean": _mean_by(CELL_LINE),
    "tissue_mean": _mean_by(TISSUE),
    "effects": _effects,
}
"""Name to a function of training rows and test rows (cell_line, drug, auc; tissue where needed) to predictions."""

NAIVE_LABELS = {
    "global_mean": "Global mean",
    "drug_mean": "Drug mean",
    "cell_line_mean": "Cell-line mean",
    "tissue_mean": "Tissue mean",
    "effects": "Drug + cell-line effects",
}


def predict_naive(
    responses: pd.DataFrame, folds: pd.DataFrame, names: Sequence[str], cell_lines: pd.DataFrame
) -> pd.DataFrame:
    """Return the test predictions of naive predictors in all folds of a protocol.

    Parameters
    ----------
    responses
        Columns pair, cell_line, drug, auc.
    folds
        Columns pair, protocol, fold, role of one protocol.
    names
        Keys of ``NAIVE``.
    cell_lines
        Columns cell_line and tissue.

    Returns
    -------
    pandas.DataFrame
        Columns pair, cell_line, drug, auc, predicted, model, protocol, fold; one row per response row.

    Raises
    ------
    ValueError
        For an unknown predictor, or one by tissue when no tissue is known.
    """
    unknown = [name for name in names if name not in NAIVE]
    if unknown:
        raise ValueError(f"naive: {unknown[0]!r} is not one of {', '.join(NAIVE)}")
    tissue = cell_lines.set_index(CELL_LINE)[TISSUE]
    if "tissue_mean" in names and tissue.isna().all():
        raise ValueError("naive: tissue_mean needs tissues, and no cell line has one; leave it out")
    rows = responses[[PAIR, CELL_LINE, DRUG, AUC]]
    rows = rows.assign(**{TISSUE: rows[CELL_LINE].map(tissue)})
    protocol = folds[PROTOCOL].iloc[0]
    parts: dict[str, list[pd.DataFrame]] = {name: [] for name in names}
    for fold in sorted(folds[FOLD].unique()):
        split = with_roles(rows, folds, fold)
        is_test = split[ROLE] == TEST
        train, test = split[~is_test], split[is_test]
        for name, of_model in parts.items():
            marks = {PREDICTED: NAIVE[name](train, test), MODEL: name, PROTOCOL: protocol, FOLD: np.int64(fold)}
            of_model.append(test[[PAIR, CELL_LINE, DRUG, AUC]].assign(**marks))
    return pd.concat([part for of_model in parts.values() for part in of_model], ignore_index=True)
