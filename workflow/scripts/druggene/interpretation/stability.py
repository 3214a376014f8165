"""How far scores agree between folds, seeds and models, and how far they merely follow the shape of the hierarchy."""

from itertools import combinations

import numpy as np

from druggene.metrics import spearman

FEWEST = 5
"""Fewest items with a score in both of two rankings for a rank correlation to be given."""


def agreement(scores: np.ndarray) -> float:
    """Return the mean Spearman correlation between any two of R rankings of N items (R x N); NaN without a pair."""
    found = [rank_correlation(first, second) for first, second in combinations(scores, 2)]
    found = [rho for rho in found if not np.isnan(rho)]
    return float(np.mean(found)) if found else float("nan")


def rank_correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Return Spearman's correlation over the items that both rank; NaN for too few of them."""
    both = np.isfinite(first) & np.isfinite(second)
    return spearman(first[both], second[both]) if both.sum() >= FEWEST else float("nan")
