"""Out-of-fold predictions of all models on the same rows.

Letters: N rows, K models.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
import pandas as pd

from druggene.constants import AUC, CELL_LINE, DRUG, FOLD, MODEL, PAIR, PREDICTED, PROTOCOL
from druggene.metrics import Groups
from druggene.tables import read_table

REFERENCE = "effects"
"""The naive predictor that every model is held against."""

_KEYS = [FOLD, PAIR, AUC]
COLUMNS = [PAIR, CELL_LINE, DRUG, AUC, PREDICTED, MODEL, PROTOCOL, FOLD]
"""Columns of a table of predictions."""


@dataclass(frozen=True)
class Predictions:
    """The test rows of all folds of a protocol, and what every model predicts of them.

    Attributes
    ----------
    rows
        N rows: pair, cell_line, drug, fold, auc; sorted by fold, pair and AUC.
    predicted
        N x K.
    models
        K names.
    protocol
        Its name.
    """

    rows: pd.DataFrame
    predicted: np.ndarray
    models: tuple[str, ...]
    protocol: str

    @classmethod
    def of(cls, tables: Sequence[pd.DataFrame]) -> Self:
        """Put tables of predictions (pair, cell_line, drug, auc, predicted, model, protocol, fold) side by side.

        Raises
        ------
        ValueError
            Naming the model whose test rows (fold, pair, AUC) differ from the first model's: figures of models that
            were judged on different rows must not stand in one table. Also if a prediction is infinite, or missing
            while others of the fold are there; a whole fold is NaN where training diverged.
        """
        parts: dict[str, list[pd.DataFrame]] = {}
        for table in tables:
            for model, part in table.groupby(MODEL, sort=False):
                parts.setdefault(str(model), []).append(part)
        rows, first = pd.DataFrame(), ""
        columns: list[np.ndarray] = []
        for model, found in parts.items():
            ordered = pd.concat(found).sort_values(_KEYS, ignore_index=True)
            if not columns:
                rows, first = ordered, model
            elif not ordered[_KEYS].equals(rows[_KEYS]):
                surplus = ordered.groupby(_KEYS).size().sub(rows.groupby(_KEYS).size(), fill_value=0)
                raise ValueError(
                    f"predictions: {model} and {first} do not cover the same test rows: {int(surplus.abs().sum())} "
                    f"rows (fold, pair, AUC) differ; delete the older predictions so that they are made again"
                )
            values = ordered[PREDICTED].to_numpy(np.float64)
            diverged = ordered[PREDICTED].isna().groupby(ordered[FOLD]).transform("all").to_numpy()
            bad = ~np.isfinite(values) & ~diverged
            if bad.any():
                raise ValueError(f"predictions: {bad.sum()} of {len(values)} of {model} are missing or infinite")
            columns.append(values)
        kept = rows[[PAIR, CELL_LINE, DRUG, FOLD, AUC]]
        return cls(kept, np.column_stack(columns), tuple(parts), str(rows[PROTOCOL].iloc[0]))

    @cached_property
    def observed(self) -> np.ndarray:
        """N measured AUCs."""
        return self.rows[AUC].to_numpy(np.float64)

    @cached_property
    def magnitude(self) -> np.ndarray:
        """K largest predictions, by which rounding is told from variation."""
        return np.nanmax(np.abs(self.predicted), axis=0, initial=0.0)

    @cached_property
    def effects(self) -> np.ndarray | None:
        """N predictions by drug and cell-line effects; None where that predictor is absent."""
        return self.predicted[:, self.models.index(REFERENCE)] if REFERENCE in self.models else None

    def groups(self, *columns: str) -> Groups:
        """Return the rows grouped by columns, groups in sorted order."""
        return Groups(self.rows.groupby(list(columns), sort=True).ngroup().to_numpy())

    def only(self, chosen: np.ndarray) -> "Predictions":
        """Return some of the rows."""
        rows = self.rows[chosen].reset_index(drop=True)
        return Predictions(rows, self.predicted[chosen], self.models, self.protocol)


def read_predictions(paths: Sequence[str]) -> Predictions:
    """Read tables of predictions and check that all models predicted the same rows."""
    return Predictions.of([read_table(path, columns=COLUMNS) for path in paths])
