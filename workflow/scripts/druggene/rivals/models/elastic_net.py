"""Elastic net on the genotype and the drug features."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from druggene.rivals.data import Features, Rows
from druggene.rivals.linear import LinearModel, Problem

_PATIENCE: Final = 3
"""Penalties without a better validation error after which smaller ones are not tried."""


@dataclass(frozen=True)
class Rival:
    """Linear regression with L1 and L2 penalties; the paper's EN.

    Attributes
    ----------
    penalties
        Number of penalties tried, evenly spaced in their logarithm.
    smallest_penalty
        The last of them, as a part of the first, which is the smallest that leaves no feature in.
    l1_ratio
        Shares of the L1 penalty that are tried.
    """

    penalties: int
    smallest_penalty: float
    l1_ratio: Sequence[float]

    def choose(self, features: Features, train: Rows, validation: Rows, seed: int) -> dict[str, Any]:
        """Return the L1 share and the penalty with the lowest error on the validation rows."""
        problem = Problem.of(features, train)
        trials: list[tuple[float, float, float]] = []
        for l1_ratio in self.l1_ratio:
            without_better = 0
            for penalty, model in self._path(problem, l1_ratio, 0.0):
                error = float(np.mean((model(validation.cell_line, validation.drug) - validation.auc) ** 2))
                without_better = without_better + 1 if trials and error >= min(trials)[0] else 0
                trials.append((error, penalty, l1_ratio))
                if without_better >= _PATIENCE:
                    break
        error, penalty, l1_ratio = min(trials)
        return {"l1_ratio": l1_ratio, "penalty": penalty, "validation_mse": error}

    def fit(self, features: Features, rows: Rows, chosen: dict[str, Any], seed: int) -> LinearModel:
        """Fit with what was chosen, by way of the larger penalties."""
        problem = Problem.of(features, rows)
        *_, (_, model) = self._path(problem, chosen["l1_ratio"], chosen["penalty"])
        return model

    def _path(self, problem: Problem, l1_ratio: float, last: float) -> Iterator[tuple[float, LinearModel]]:
        """Yield penalty and model from the largest penalty down; each starts where the one before ended."""
        largest = np.abs(problem.correlation).max() / l1_ratio
        grid = largest * np.geomspace(1.0, self.smallest_penalty, self.penalties)
        if last:
            grid = np.append(grid[grid > last], last)
        weights = np.zeros(len(problem.correlation))
        for penalty in grid:
            weights = problem.solve(penalty, l1_ratio, weights)
            yield float(penalty), problem.model(weights)
