"""Random forest on principal components of the genotype and of the drug features."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.ensemble import RandomForestRegressor

from druggene.rivals.components import components
from druggene.rivals.data import Features, Rows


@dataclass(frozen=True)
class Rival:
    """A random forest; the paper's RF.

    Thousands of genes and fingerprint bits are too many to search a split among for every pair, so that the forest
    sees principal components, and each tree a bootstrap sample of at most ``pairs_per_tree`` rows.

    Attributes
    ----------
    trees
        Number of trees.
    pairs_per_tree
        Most rows that a tree is grown from.
    features_per_split
        Part of the features that a split is chosen among.
    min_pairs_per_leaf
        Fewest rows of a leaf: the values that are tried.
    components
        Number of principal components of each omic and of the drugs.
    """

    trees: int
    pairs_per_tree: int
    features_per_split: float
    min_pairs_per_leaf: Sequence[int]
    components: Mapping[str, int]

    def choose(self, features: Features, train: Rows, validation: Rows, seed: int) -> dict[str, Any]:
        """Return the size of leaves with the lowest error on the validation rows."""
        trials = []
        for size in self.min_pairs_per_leaf:
            model = self.fit(features, train, {"min_pairs_per_leaf": size}, seed)
            error = float(np.mean((model(validation.cell_line, validation.drug) - validation.auc) ** 2))
            trials.append((error, size))
        error, size = min(trials)
        return {"min_pairs_per_leaf": size, "validation_mse": error}

    def fit(self, features: Features, rows: Rows, chosen: dict[str, Any], seed: int) -> "Forest":
        """Grow the forest with the size of leaves that was chosen."""
        lines, drugs = components(features, rows, self.components)
        forest = RandomForestRegressor(
            self.trees,
            min_samples_leaf=chosen["min_pairs_per_leaf"],
            max_features=self.features_per_split,
            max_samples=min(self.pairs_per_tree, len(rows)),
            random_state=seed,
        )
        forest.fit(np.hstack([lines[rows.cell_line], drugs[rows.drug]]), rows.auc)
        return Forest(lines, drugs, forest)


@dataclass(frozen=True)
class Forest:
    """A fitted forest with the components of all cell lines and drugs."""

    lines: np.ndarray
    drugs: np.ndarray
    forest: RandomForestRegressor

    def __call__(self, cell_line: np.ndarray, drug: np.ndarray) -> np.ndarray:
        """Return the predicted AUCs of pairs given by position."""
        predicted: np.ndarray = self.forest.predict(np.hstack([self.lines[cell_line], self.drugs[drug]]))
        return predicted
