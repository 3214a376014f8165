"""Naive predictors: what is known without genotype or structure, which a model must beat to have learned anything.

They have nothing to stop or tune by held-out pairs, so they learn from the training and the validation pairs alike.
"""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import pandas as pd

from druggene.constants import AUC, CELL_LINE, DRUG, FOLD, MODEL, PAIR, PREDICTED, PROTOCOL, ROLE, TEST, TISSUE
from druggene.effects import Effects
from druggene.responses import SOURCE
from druggene.splits import with_roles
from druggene.tables import require_columns

Predictor = Callable[[pd.DataFrame, pd.DataFrame], np.ndarray]


def _global_mean(train: pd.DataFrame, test: pd.DataFrame) -> np.ndarray:
    """Predict the mean AUC of all training rows."""
    return np.full(len(test), train[AUC].mean())


def _mean_by(column: str) -> Predictor:
    """Return a predictor of the mean AUC of the rows with the same value; the overall mean for unseen ones."""

    def predict(train: pd.DataFrame, test: pd.DataFrame) -> np.ndarray:
        require_columns(train.columns, [column], f"naive predictor by {column}")
        means = train.groupby(column)[AUC].mean()
        return test[column].map(means).fillna(train[AUC].mean()).to_numpy(dtype=np.float64)

    return predict


def _effects(train: pd.DataFrame, test: pd.DataFrame) -> np.ndarray:
    """Predict mean + drug effect + cell-line effect, each shrunk towards 0."""
    return Effects.fit(train).predict(test)


NAIVE: Final[dict[str, Predictor]] = {
    "global_mean": _global_mean,
    "drug_mean": _mean_by(DRUG),
    "cell_line_mean": _mean_by(CELL_LINE),
    "tissue_mean": _mean_by(TISSUE),
    "effects": _effects,
}
"""Name to a function of training rows and test rows (cell_line, drug, auc; tissue where needed) to predictions."""


def predict_naive(
    responses: pd.DataFrame, folds: pd.DataFrame, names: Sequence[str], cell_lines: pd.DataFrame
) -> pd.DataFrame:
    """Return the test predictions of naive predictors in all folds of a protocol.

    They learn from the validation pairs too, which a network needs to know when to stop.

    Parameters
    ----------
    responses
        Columns pair, cell_line, drug, auc; source for a transfer.
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
    rows = responses[[PAIR, CELL_LINE, DRUG, AUC, *([SOURCE] if SOURCE in folds else [])]]
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
