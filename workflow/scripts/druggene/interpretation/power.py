"""Predictive power: how well the states of terms predict the AUC of a drug in pairs that nothing was fitted to.

Letters: D drugs, C cell lines, B permutations of the AUCs (row 0 is the AUCs as they are), S sets of K features: a
term's neurons, or those of all its children.

A ridge regression from the K features to the AUC is fitted to the drug's training pairs of a fold and applied to its
test pairs. With R the correlation matrix of the features and r their covariances with the AUC over the training
pairs, features in standard deviations, its weights are ``w = (R + ridge I)^-1 r``: scikit-learn's ``StandardScaler``
and ``Ridge(alpha=ridge * n)`` of n pairs. Every sum over cell lines is a matrix product with the drugs' 0/1 rows of
pairs, so that one product serves all terms.

The power is Pearson's correlation of AUC and prediction over the test pairs of all folds, both centred within their
fold: pooled as they are, the mean of the other folds, which is high where a fold's own AUCs are low, would count
against every set.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

_SMALLEST_VARIANCE = 1e-9
"""Of a feature or a prediction; less is rounding of a constant in float32."""
_ELEMENTS_AT_ONCE = 20_000_000
"""Of the largest arrays, the products of two features and the covariances with the AUC, so that memory is bounded."""


@dataclass(frozen=True)
class Sums:
    """Sums over test pairs, AUC and prediction centred within their fold; B x D x S each, pairs D x S.

    Attributes
    ----------
    predicted, auc
        Sums of squares.
    product
        Sum of products.
    pairs
        Number of pairs; one that is alone in its fold has nothing to be compared with and does not count.
    """

    predicted: np.ndarray
    auc: np.ndarray
    product: np.ndarray
    pairs: np.ndarray

    @classmethod
    def zeros(cls, permutations: int, drugs: int, sets: int) -> Self:
        """Return sums over no pair."""
        shape = permutations, drugs, sets
        predicted, auc, product = (np.zeros(shape, np.float32) for _ in range(3))
        return cls(predicted, auc, product, np.zeros(shape[1:], np.int64))

    def add(self, other: "Sums", positions: np.ndarray) -> None:
        """Add ``other``, whose sets stand at ``positions`` among those of this one."""
        self.predicted[..., positions] += other.predicted
        self.auc[..., positions] += other.auc
        self.product[..., positions] += other.product
        self.pairs[:, positions] += other.pairs

    def correlation(self) -> np.ndarray:
        """Return B x D x S correlations; NaN where predictions or AUCs do not vary."""
        n = np.maximum(self.pairs, 1)
        defined = (self.predicted > _SMALLEST_VARIANCE * n) & (self.auc > _SMALLEST_VARIANCE * n)
        scale = np.sqrt(np.where(defined, self.predicted, 1)) * np.sqrt(np.where(defined, self.auc, 1))
        return np.where(defined, self.product / scale, np.nan)


def regress(features: np.ndarray, auc: np.ndarray, train: np.ndarray, test: np.ndarray, ridge: float) -> Sums:
    """Fit the regressions of all sets and drugs in one fold and return the sums over its test pairs.

    Parameters
    ----------
    features
        C x S x K; a set with fewer features is filled up with zeros.
    auc
        B x D x C; what stands at pairs of neither role is not looked at.
    train, test
        D x C booleans: the pairs that are fitted, those that are predicted.
    ridge
        Penalty, in units of the variance of a feature; above 0.
    """
    b, d, _ = auc.shape
    c, s, k = features.shape
    result = Sums.zeros(b, d, s)
    first, second = np.triu_indices(k)
    width = max(1, _ELEMENTS_AT_ONCE // (c * len(first)))
    for start in range(0, s, width):
        sets = slice(start, start + width)
        # Centred over all cell lines, so that float32 is precise enough for sums of squares.
        x = (features[:, sets] - features[:, sets].mean(axis=0)).astype(np.float32)
        products = (x[:, :, first] * x[:, :, second]).reshape(c, -1)
        height = max(1, _ELEMENTS_AT_ONCE // (b * x[0].size))
        for lowest in range(0, d, height):
            drugs = slice(lowest, lowest + height)
            part = _regress(x, products, auc[:, drugs], train[drugs], test[drugs], ridge)
            result.predicted[:, drugs, sets] = part.predicted
            result.auc[:, drugs, sets] = part.auc
            result.product[:, drugs, sets] = part.product
            result.pairs[drugs, sets] = part.pairs
    return result


def _regress(
    x: np.ndarray, products: np.ndarray, auc: np.ndarray, train: np.ndarray, test: np.ndarray, ridge: float
) -> Sums:
    """Do what :func:`regress` does for centred features and C x (S K (K + 1) / 2) products of any two of a set."""
    k = x.shape[2]
    number, covariance, with_auc, _ = _moments(x, products, auc, train)
    variance = np.diagonal(covariance, axis1=-2, axis2=-1)
    varies = variance > _SMALLEST_VARIANCE
    inverse = np.where(varies, 1 / np.sqrt(np.where(varies, variance, 1)), 0).astype(np.float32)
    matrix = covariance * inverse[..., :, None] * inverse[..., None, :] + np.float32(ridge) * np.eye(
        k, dtype=np.float32
    )
    # One factorisation serves the AUCs as they are and all permutations.
    weights = np.linalg.solve(matrix, with_auc * inverse[..., None]) * inverse[..., None]

    number, covariance, with_auc, squares = _moments(x, products, auc, test)
    counted = np.where(number >= 2, number, 0)
    predicted = (weights * (covariance @ weights)).sum(axis=-2) * counted[:, None, None]
    product = (weights * with_auc).sum(axis=-2) * counted[:, None, None]
    shape = (len(auc), len(number), x.shape[1])
    return Sums(
        np.moveaxis(predicted, -1, 0),
        np.broadcast_to((squares * (counted > 0))[..., None], shape),
        np.moveaxis(product, -1, 0),
        np.broadcast_to(counted.astype(np.int64)[:, None], shape[1:]),
    )


def _moments(
    x: np.ndarray, products: np.ndarray, auc: np.ndarray, mask: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return, over the pairs of ``mask``, what a regression needs.

    Returns
    -------
    tuple
        D numbers of pairs; D x S x K x K covariances of the features; D x S x K x B of features and AUC; B x D centred
        sums of squares of the AUC.
    """
    c, s, k = x.shape
    rows = mask.astype(np.float32)
    number = rows.sum(axis=1)
    n = np.maximum(number, 1)
    mean = (rows @ x.reshape(c, -1)).reshape(-1, s, k) / n[:, None, None]
    first, second = np.triu_indices(k)
    upper = (rows @ products).reshape(len(rows), s, -1) / n[:, None, None]
    covariance = np.empty((len(rows), s, k, k), np.float32)
    covariance[..., first, second] = covariance[..., second, first] = upper
    covariance -= mean[..., :, None] * mean[..., None, :]
    values = np.where(mask, auc, 0)
    centred = np.where(mask, values - values.sum(axis=-1, keepdims=True) / n[:, None], 0).astype(np.float32)
    with_auc = np.moveaxis(centred, 0, 1).reshape(-1, c) @ x.reshape(c, -1)
    with_auc = np.moveaxis(with_auc.reshape(len(rows), -1, s, k), 1, -1) / n[:, None, None, None]
    return number, covariance, with_auc, np.square(centred).sum(axis=-1)
