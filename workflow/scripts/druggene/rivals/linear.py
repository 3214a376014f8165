"""Penalised linear regression on the genotype and the drug features, exact on unique cell lines and drugs.

Letters: N rows, C cell lines, D drugs, P features of both, R = C + D.
"""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import eigh
from scipy.sparse import coo_array
from sklearn.linear_model import enet_path

from druggene.rivals.data import Features, Rows

_TOLERANCE = 1e-3
_ITERATIONS = 2000


@dataclass(frozen=True)
class LinearModel:
    """A fitted model: the part of every cell line and of every drug in the prediction."""

    intercept: float
    of_cell_line: np.ndarray
    of_drug: np.ndarray

    def __call__(self, cell_line: np.ndarray, drug: np.ndarray) -> np.ndarray:
        """Return the predicted AUCs of pairs given by position."""
        return self.intercept + self.of_cell_line[cell_line] + self.of_drug[drug]


@dataclass(frozen=True)
class Problem:
    """The least-squares problem of N rows in at most R rows that have the same sums of products.

    A row of the N x P design is the features of its cell line beside those of its drug: Z B, where Z (N x R) says
    which they are and B (R x P) holds the features. The squared error depends on the rows through B'Z'ZB and B'Z'y
    alone. With Z'Z = S'S, the R x P matrix S B and the target t with S't = Z'y give the same sums, hence the same
    solution for every penalty, at a cost that does not grow with N.
    """

    rows: np.ndarray
    target: np.ndarray
    correlation: np.ndarray
    lines: np.ndarray
    drugs: np.ndarray
    intercept: float

    @classmethod
    def of(cls, features: Features, rows: Rows) -> "Problem":
        """Return the problem of these rows."""
        lines, used_lines = np.hstack(list(features.omics.values())).astype(np.float64), np.unique(rows.cell_line)
        drugs, used_drugs = features.drugs.astype(np.float64), np.unique(rows.drug)
        line, drug = np.searchsorted(used_lines, rows.cell_line), np.searchsorted(used_drugs, rows.drug)
        line_counts, drug_counts = np.bincount(line), np.bincount(drug)
        lines = _standardise(lines, used_lines, line_counts)
        drugs = _standardise(drugs, used_drugs, drug_counts)
        n, c, d = len(rows), len(used_lines), len(used_drugs)
        pairs = coo_array((np.ones(n), (line, drug)), shape=(c, d)).toarray()
        products = np.block([[np.diag(line_counts), pairs], [pairs.T, np.diag(drug_counts)]])
        intercept = float(rows.auc.mean())
        centred = rows.auc - intercept
        sums = np.concatenate([np.bincount(line, centred), np.bincount(drug, centred)])
        values, vectors = eigh(products)
        kept = values > values[-1] * 1e-10
        root = np.sqrt(values[kept])
        # The mean over R rows of what scikit-learn minimises is to be the mean over N rows.
        scale = np.sqrt(kept.sum() / n)
        small = scale * (root[:, None] * vectors[:, kept].T)
        compressed = np.hstack([small[:, :c] @ lines[used_lines], small[:, c:] @ drugs[used_drugs]])
        target = scale * (vectors[:, kept].T @ sums) / root
        correlation = compressed.T @ target / len(compressed)
        return cls(np.asfortranarray(compressed), target, correlation, lines, drugs, intercept)

    def solve(self, penalty: float, l1_ratio: float, start: np.ndarray) -> np.ndarray:
        """Return the P weights with the lowest penalised error, searched from those of ``start``."""
        found = enet_path(
            self.rows,
            self.target,
            l1_ratio=l1_ratio,
            alphas=[penalty],
            precompute=False,
            coef_init=start,
            tol=_TOLERANCE,
            max_iter=_ITERATIONS,
            check_input=False,
        )
        return np.ascontiguousarray(found[1][:, 0])

    def model(self, weights: np.ndarray) -> LinearModel:
        """Return the model with these P weights."""
        of_line, of_drug = np.split(weights, [self.lines.shape[1]])
        return LinearModel(self.intercept, self.lines @ of_line, self.drugs @ of_drug)


def _standardise(values: np.ndarray, used: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Give every feature mean 0 and deviation 1 over the rows that are learned from; a constant one becomes 0."""
    share = counts / counts.sum()
    mean = share @ values[used]
    deviation = np.sqrt(share @ (values[used] - mean) ** 2)
    constant = deviation <= 1e-9 * np.maximum(np.abs(mean), 1.0)
    return np.where(constant, 0.0, (values - mean) / np.where(constant, 1.0, deviation))
