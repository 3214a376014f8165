"""Gradient-boosted trees on effects and principal components: the strongest plain rival."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.model_selection import GroupKFold

from druggene.constants import AUC, CELL_LINE, DRUG
from druggene.effects import Effects
from druggene.rivals.components import components
from druggene.rivals.data import Features, Rows

_ENCODING_FOLDS: Final = 5


@dataclass(frozen=True)
class Rival:
    """Boosted trees; features are drug and cell-line effects and principal components of omics and drugs.

    The effects of a training row are learned from other training rows, group by group as the protocol holds out: under
    leave-cell-line-out the trees meet no cell line whose effect is known, in training as in the test.

    Attributes
    ----------
    learning_rate
        Part of each tree that is added.
    max_trees
        Most trees; validation rows say how many.
    patience
        Trees without a better validation error after which growing stops.
    max_leaves
        Most leaves of a tree: the values that are tried.
    min_pairs_per_leaf
        Fewest rows of a leaf.
    components
        Number of principal components of each omic and of the drugs.
    """

    learning_rate: float
    max_trees: int
    patience: int
    max_leaves: Sequence[int]
    min_pairs_per_leaf: int
    components: Mapping[str, int]

    def choose(self, features: Features, train: Rows, validation: Rows, seed: int) -> dict[str, Any]:
        """Return the leaves and the number of trees with the lowest error on the validation rows."""
        encoder = _Encoder.of(features, train, self.components)
        inputs, held_out = encoder.of_training_rows(train, seed), encoder(validation.cell_line, validation.drug)
        trials = []
        for leaves in self.max_leaves:
            trees = self._trees(leaves, self.max_trees, seed)
            trees.set_params(early_stopping=True, n_iter_no_change=self.patience, scoring="loss", tol=0.0)
            trees.fit(inputs, train.auc, X_val=held_out, y_val=validation.auc)
            # The score before the first tree comes first.
            errors = -2 * trees.validation_score_[1:]
            trials.append((float(errors.min()), leaves, int(errors.argmin()) + 1))
        error, leaves, number = min(trials)
        return {"max_leaves": leaves, "trees": number, "validation_mse": error}

    def fit(self, features: Features, rows: Rows, chosen: dict[str, Any], seed: int) -> "Boosted":
        """Grow as many trees of as many leaves as were chosen."""
        encoder = _Encoder.of(features, rows, self.components)
        trees = self._trees(chosen["max_leaves"], chosen["trees"], seed)
        trees.fit(encoder.of_training_rows(rows, seed), rows.auc)
        return Boosted(encoder, trees)

    def _trees(self, leaves: int, number: int, seed: int) -> HistGradientBoostingRegressor:
        return HistGradientBoostingRegressor(
            learning_rate=self.learning_rate,
            max_iter=number,
            max_leaf_nodes=leaves,
            min_samples_leaf=self.min_pairs_per_leaf,
            early_stopping=False,
            random_state=seed,
        )


@dataclass(frozen=True)
class _Encoder:
    """Turns pairs into the trees' features: effects of cell line and drug, and their components."""

    lines: np.ndarray
    drugs: np.ndarray
    effects: Effects

    @classmethod
    def of(cls, features: Features, rows: Rows, numbers: Mapping[str, int]) -> "_Encoder":
        return cls(*components(features, rows, numbers), Effects.fit(_frame(rows)))

    def __call__(self, cell_line: np.ndarray, drug: np.ndarray) -> np.ndarray:
        return self._columns(cell_line, drug, self.effects.of_cell_lines(cell_line), self.effects.of_drugs(drug))

    def of_training_rows(self, rows: Rows, seed: int) -> np.ndarray:
        """Encode rows by effects that were learned from rows of other groups."""
        of_line, of_drug = np.zeros(len(rows)), np.zeros(len(rows))
        splits = GroupKFold(min(_ENCODING_FOLDS, len(np.unique(rows.group))), shuffle=True, random_state=seed)
        for others, held_out in splits.split(rows.auc, groups=rows.group):
            effects = Effects.fit(_frame(rows[others]))
            of_line[held_out] = effects.of_cell_lines(rows.cell_line[held_out])
            of_drug[held_out] = effects.of_drugs(rows.drug[held_out])
        return self._columns(rows.cell_line, rows.drug, of_line, of_drug)

    def _columns(self, line: np.ndarray, drug: np.ndarray, of_line: np.ndarray, of_drug: np.ndarray) -> np.ndarray:
        return np.column_stack([of_line, of_drug, self.lines[line], self.drugs[drug]])


def _frame(rows: Rows) -> pd.DataFrame:
    return pd.DataFrame({CELL_LINE: rows.cell_line, DRUG: rows.drug, AUC: rows.auc})


@dataclass(frozen=True)
class Boosted:
    """Fitted trees with what encodes their pairs."""

    encoder: _Encoder
    trees: HistGradientBoostingRegressor

    def __call__(self, cell_line: np.ndarray, drug: np.ndarray) -> np.ndarray:
        """Return the predicted AUCs of pairs given by position."""
        predicted: np.ndarray = self.trees.predict(self.encoder(cell_line, drug))
        return predicted
