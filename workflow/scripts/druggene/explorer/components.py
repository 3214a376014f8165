"""The first principal component of every term's state, and which pairs may be laid over it.

Letters: T terms, H neurons per term, C cell lines, D drugs.
"""

from dataclasses import dataclass

import numpy as np

from druggene.constants import TEST, TRAIN
from druggene.interpretation.states import TermStates
from druggene.interpretation.targets import Targets


@dataclass(frozen=True)
class FoldComponents:
    """What the page shows of one fold.

    Attributes
    ----------
    fold
        Its number.
    lines
        L positions of the cell lines that have a test pair in it.
    values
        T x L, float32, in standard deviations over all C cell lines; NaN for a term that the fold lacks.
    test
        D x L booleans, the fold's test pairs.
    """

    fold: int
    lines: np.ndarray
    values: np.ndarray
    test: np.ndarray


def first_components(values: np.ndarray) -> np.ndarray:
    """Return T x C, the first principal component of T x H x C states in standard deviations; its sign is arbitrary."""
    centred = values - values.mean(axis=2, keepdims=True, dtype=np.float64)
    direction = np.linalg.eigh(centred @ centred.transpose(0, 2, 1))[1][:, :, -1]
    components = np.einsum("th,thc->tc", direction, centred)
    return components / np.maximum(components.std(axis=1, keepdims=True), 1e-12)


def mean_response(targets: Targets, fold: int) -> np.ndarray:
    """Return C means over drugs of the AUCs of a fold's training pairs, each drug's about its mean; 0 without any."""
    auc = np.where(targets.roles[fold] == TRAIN, targets.auc, np.nan)
    trained = ~np.isnan(auc)
    means = np.where(trained, auc, 0).sum(axis=1) / np.maximum(trained.sum(axis=1), 1)
    about = np.where(trained, auc - means[:, None], 0)
    return about.sum(axis=0) / np.maximum(trained.sum(axis=0), 1)


def components_of(
    states: TermStates, terms: list[str], targets: Targets, fold: int, reference: dict[str, np.ndarray]
) -> FoldComponents:
    """Return the components of one fold for its test pairs, and add those of new terms to ``reference``.

    The first fold with a term turns it to rise with the cell lines' mean AUC of training pairs, further ones to agree
    with the first. No AUC of a test pair is looked at, and a drug that a term works against falls with it.
    """
    components = first_components(states.values)
    response = mean_response(targets, fold)
    row = {term: i for i, term in enumerate(states.terms)}
    test = targets.roles[fold] == TEST
    lines = np.flatnonzero(test.any(axis=0))
    values = np.full((len(terms), len(lines)), np.nan, np.float32)
    for i, term in enumerate(terms):
        if term in row:
            component = components[row[term]]
            component = component * (-1 if component @ reference.get(term, response) < 0 else 1)
            reference.setdefault(term, component)
            values[i] = component[lines]
    return FoldComponents(fold, lines, values, test[:, lines])
