"""RLIPP: how much better the states of a term predict a drug's AUC than those of its children (paper, "RLIPP").

Letters: D drugs, C cell lines, B permutations (row 0 is the AUCs as they are), T terms of all folds together, G genes,
M omics channels, K features.

P is the power (power.py) of a term's own neurons. C is that of its children: ``mean``, the mean of the children's
powers (paper), or ``joint``, the power of all their neurons together. The score is ``relative``, P / C - 1 (paper:
above 0 where the term predicts better, 0 where both are equal), ``ratio``, P / C, or ``difference``, P - C. The first
two make no sense where C is not above 0: such a term has no score, and their number is given.

A term without child terms has its genes for children, each with its M inputs, or no score at all. Folds may differ in
their terms: the power of a term is taken over the folds that have it, and each child counts by the number of folds in
which it is one.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.stats import false_discovery_control

from druggene.constants import DRUG, TERM, TEST, TRAIN
from druggene.hierarchy import Hierarchy
from druggene.interpretation.folds import FoldInputs
from druggene.interpretation.power import Sums, regress
from druggene.interpretation.stability import agreement
from druggene.interpretation.targets import Targets

logger = logging.getLogger(__name__)

Children = Literal["mean", "joint"]
Score = Literal["relative", "ratio", "difference"]


@dataclass(frozen=True)
class RlippOptions:
    """How RLIPP is computed; see ``interpretation.rlipp`` in the configuration.

    ``children`` names the forms that are computed; the first gives the column ``rlipp``.
    """

    children: tuple[Children, ...]
    score: Score
    leaves: Literal["genes", "none"]
    ridge: float
    components: int
    permutations: int
    seed: int

    @classmethod
    def from_config(cls, section: Mapping[str, Any], seed: int) -> Self:
        """Read the section ``interpretation.rlipp`` of the configuration."""
        return cls(**(dict(section) | {"children": tuple(section["children"])}), seed=seed)


@dataclass(frozen=True)
class Family:
    """The terms of all folds with their children: ids, genes, and T x (T + G) numbers of folds with that child."""

    terms: tuple[str, ...]
    genes: tuple[str, ...]
    children: sparse.csr_array

    @classmethod
    def of(cls, hierarchies: Sequence[Hierarchy], leaves: str) -> "Family":
        """Unite the hierarchies of all folds."""
        terms = sorted({term for hierarchy in hierarchies for term in hierarchy.terms})
        genes = sorted({gene for hierarchy in hierarchies for gene in hierarchy.genes})
        rows, columns = [], []
        for hierarchy in hierarchies:
            of_term = pd.Index(terms).get_indexer(pd.Index(hierarchy.terms))
            rows.append(of_term[hierarchy.edges[:, 0]])
            columns.append(of_term[hierarchy.edges[:, 1]])
            if leaves == "genes":
                of_gene = pd.Index(genes).get_indexer(pd.Index(hierarchy.genes)) + len(terms)
                annotations = hierarchy.annotations[hierarchy.layers[hierarchy.annotations[:, 0]] == 0]
                rows.append(of_term[annotations[:, 0]])
                columns.append(of_gene[annotations[:, 1]])
        row, column = np.concatenate(rows), np.concatenate(columns)
        shape = len(terms), len(terms) + len(genes)
        return cls(tuple(terms), tuple(genes), sparse.csr_array((np.ones(len(row)), (row, column)), shape=shape))


def score_rlipp(
    folds: Iterable[FoldInputs], family: Family, targets: Targets, options: RlippOptions
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the scores of all terms and drugs, and how far the folds agree.

    Parameters
    ----------
    folds
        One after the other; only one is held at a time.
    family
        The terms of all of them.
    targets
        Cell lines in the order of the states.
    options
        See :class:`RlippOptions`.

    Returns
    -------
    tuple
        A row per drug and term: drug, term, n_pairs, power, children_mean and children_joint as asked for, rlipp, and
        p- and q-values of power and of P - C. A row per drug and score (power, rlipp): drug, score, folds_rho, the
        mean rank correlation over terms between any two folds.
    """
    b, d = 1 + options.permutations, len(targets.drugs)
    rng = np.random.default_rng(options.seed)
    auc = np.stack([targets.permuted(drug, options.permutations, rng) for drug in range(d)], axis=1)
    total = _Powers.zeros(b, d, family)
    by_fold = []
    for inputs in folds:
        own = _Powers.zeros(1, d, family)
        role = targets.roles[inputs.fold]
        for kind, features, positions in _feature_sets(inputs, family, options):
            sums = regress(features, auc, role == TRAIN, role == TEST, options.ridge)
            getattr(total, kind).add(sums, positions)
            observed = Sums(sums.predicted[:1], sums.auc[:1], sums.product[:1], sums.pairs)
            getattr(own, kind).add(observed, positions)
        by_fold.append(own.scores(family, options))
    table = _table(total.scores(family, options), total.terms.pairs, family, targets, options)
    return table, _agreement(by_fold, targets)


@dataclass(frozen=True)
class _Powers:
    """Sums over test pairs of the terms, of their children together, and of the genes."""

    terms: Sums
    joint: Sums
    genes: Sums

    @classmethod
    def zeros(cls, b: int, d: int, family: Family) -> "_Powers":
        n = len(family.terms)
        return cls(Sums.zeros(b, d, n), Sums.zeros(b, d, n), Sums.zeros(b, d, len(family.genes)))

    def scores(self, family: Family, options: RlippOptions) -> dict[str, np.ndarray]:
        """Return B x D x T of power, of each form of the children's power, and of the score of the first form."""
        power = self.terms.correlation()
        scores = {"power": power}
        if "mean" in options.children:
            scores["children_mean"] = _mean_of_children(np.concatenate([power, self.genes.correlation()], -1), family)
        if "joint" in options.children:
            scores["children_joint"] = self.joint.correlation()
        scores["rlipp"] = rlipp(power, scores[f"children_{options.children[0]}"], options.score)
        return scores


def rlipp(parent: np.ndarray, children: np.ndarray, score: Score) -> np.ndarray:
    """Return the score from P and C; NaN where one is undefined, or C is not above 0 and is divided by."""
    if score == "difference":
        return parent - children
    ratio = parent / np.where(children > 0, children, np.nan)
    return ratio - 1 if score == "relative" else ratio


def _mean_of_children(powers: np.ndarray, family: Family) -> np.ndarray:
    """Return B x D x T means over the children of B x D x (T + G) powers, undefined ones left out."""
    flat = powers.reshape(-1, powers.shape[-1])
    defined = ~np.isnan(flat)
    total = (family.children @ np.where(defined, flat, 0).T).T
    number = (family.children @ defined.T.astype(float)).T
    mean = np.where(number > 0, total / np.where(number > 0, number, 1), np.nan)
    return mean.reshape(*powers.shape[:-1], -1)


def _feature_sets(
    inputs: FoldInputs, family: Family, options: RlippOptions
) -> Iterable[tuple[str, np.ndarray, np.ndarray]]:
    """Yield kind, C x S x K features, and the positions of the S sets in the family."""
    hierarchy, states = inputs.hierarchy, inputs.states
    at = pd.Index(family.terms).get_indexer(pd.Index(hierarchy.terms))
    yield "terms", states.values.transpose(2, 0, 1), at
    inner = np.unique(hierarchy.edges[:, 0])
    leaves = np.unique(hierarchy.annotations[hierarchy.layers[hierarchy.annotations[:, 0]] == 0, 0])
    if options.leaves == "genes" and "mean" in options.children:
        genes = np.unique(hierarchy.annotations[np.isin(hierarchy.annotations[:, 0], leaves), 1])
        gene_at = pd.Index(family.genes).get_indexer(pd.Index(hierarchy.genes))
        yield "genes", inputs.genotype[:, :, genes].transpose(0, 2, 1), gene_at[genes]
    if "joint" in options.children:
        of_terms = [states.values[hierarchy.edges[hierarchy.edges[:, 0] == term, 1]] for term in inner]
        sets = [values.reshape(-1, values.shape[-1]).T for values in of_terms]
        positions = inner
        if options.leaves == "genes":
            own = [hierarchy.annotations[hierarchy.annotations[:, 0] == term, 1] for term in leaves]
            sets += [inputs.genotype[:, :, genes].reshape(len(inputs.genotype), -1) for genes in own]
            positions = np.concatenate([inner, leaves])
        yield "joint", join(sets, states.trained, options.components), at[positions]


def join(sets: Sequence[np.ndarray], trained: np.ndarray, components: int) -> np.ndarray:
    """Return C x S x K features of S sets (C x any number each), at most ``components`` of each.

    Larger sets are given by their first principal components over the cell lines that the network was trained on,
    which no AUC has a part in; smaller ones are filled up with zeros.
    """
    width = min(components, max(values.shape[1] for values in sets))
    result = np.zeros((len(trained), len(sets), width), np.float32)
    for i, values in enumerate(sets):
        if values.shape[1] > width:
            centred = values - values[trained].mean(axis=0)
            # Of two equal spectra the smaller problem: over features, or over cell lines.
            fitted = centred[trained].astype(np.float64)
            if fitted.shape[1] <= len(fitted):
                directions = np.linalg.eigh(fitted.T @ fitted)[1][:, : -width - 1 : -1]
            else:
                directions = fitted.T @ np.linalg.eigh(fitted @ fitted.T)[1][:, : -width - 1 : -1]
                directions /= np.maximum(np.linalg.norm(directions, axis=0), 1e-12)
            values = centred @ directions
        result[:, i, : values.shape[1]] = values
    return result


def _table(
    scores: dict[str, np.ndarray], pairs: np.ndarray, family: Family, targets: Targets, options: RlippOptions
) -> pd.DataFrame:
    improvement = scores["power"] - scores[f"children_{options.children[0]}"]
    d, t = pairs.shape
    columns: dict[str, np.ndarray] = {
        DRUG: np.repeat(targets.drugs, t),
        TERM: np.tile(family.terms, d),
        "n_pairs": pairs.ravel(),
    }
    columns |= {name: values[0].ravel().astype(np.float32) for name, values in scores.items()}
    for name, values in (("power", scores["power"]), ("rlipp", improvement)):
        p = np.stack([permutation_p_values(values[0, i], values[1:, i]) for i in range(d)])
        columns[f"{name}_p"] = p.ravel()
        columns[f"{name}_q"] = np.stack([adjust(row) for row in p]).ravel()
    return pd.DataFrame(columns)


def permutation_p_values(observed: np.ndarray, permuted: np.ndarray) -> np.ndarray:
    """Return p-values (T) of observed scores (T) against those of permuted AUCs (B x T); large scores are extreme.

    Each score is standardised by the mean and deviation of its own term's permutations, a permuted score by those of
    the others; the permuted ones of all terms together then are the reference, so that B permutations resolve p-values
    down to 1 / (B T + 1).
    """
    b = len(permuted)
    if b < 3:
        return np.full(len(observed), np.nan)
    mean, square = permuted.mean(axis=0), np.square(permuted).mean(axis=0)
    deviation = np.sqrt(np.maximum(square - mean**2, 1e-12) * b / (b - 1))
    other_mean = (b * mean - permuted) / (b - 1)
    other_square = (b * square - np.square(permuted)) / (b - 1)
    other_deviation = np.sqrt(np.maximum(other_square - other_mean**2, 1e-12) * (b - 1) / (b - 2))
    reference = ((permuted - other_mean) / other_deviation).ravel()
    reference = np.sort(reference[~np.isnan(reference)])
    standardised = (observed - mean) / deviation
    above = len(reference) - np.searchsorted(reference, standardised, side="left")
    return np.where(np.isnan(standardised), np.nan, (1 + above) / (1 + len(reference)))


def adjust(p: np.ndarray) -> np.ndarray:
    """Return p-values adjusted over the defined ones by Benjamini and Hochberg's procedure."""
    q = np.full(p.shape, np.nan)
    defined = ~np.isnan(p)
    if defined.any():
        q[defined] = false_discovery_control(p[defined])
    return q


def log_undefined(scores: pd.DataFrame) -> None:
    """Log how many terms have no RLIPP, and why, over all drugs."""
    undefined = scores["rlipp"].isna()
    flat = undefined & scores["power"].isna()
    logger.info(
        "%d of %d scores of a drug and term are undefined: %d because the term's own states do not predict or do not "
        "vary, %d because its children are absent or do not predict (C not above 0)",
        *(undefined.sum(), len(scores), flat.sum(), (undefined & ~flat).sum()),
    )


def _agreement(by_fold: list[dict[str, np.ndarray]], targets: Targets) -> pd.DataFrame:
    rows = [
        (drug, score, agreement(np.stack([scores[score][0, i] for scores in by_fold])))
        for score in ("power", "rlipp")
        for i, drug in enumerate(targets.drugs)
    ]
    return pd.DataFrame(rows, columns=[DRUG, "score", "folds_rho"])
