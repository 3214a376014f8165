"""Which terms a prediction rests on, cheaply enough for every pair of a screen.

Of the joined network, a term's effect is what its knock-out takes away: the prediction less the prediction when the
term's state is that of the average training pair, which batch normalisation keeps, and its ancestors are computed anew.
All terms are ranked by the first-order effect, the change of the root times the gradient there, and the effects of the
highest are then computed in full. The root itself, whose knock-out takes the whole cell line away, is left out.

Of a network that reads out all terms, a term's effect is what it adds to the logit z of the prediction, exactly.

Letters: L cell lines, D drugs, T terms, H neurons per term, N pairs, B members, K checkpoints.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch

from druggene.checkpoint import Checkpoint
from druggene.hierarchy_function import Genotype
from druggene.interpretation.evaluated import EvaluatedNetwork
from druggene.interpretation.knockout import roots_without
from druggene.network import Pairs
from druggene.term_readout import TermReadoutNetwork


class TermEffects(Protocol):
    """The effects of one checkpoint's terms on a chunk of cell lines."""

    def estimate(self, line: int, drugs: np.ndarray) -> np.ndarray:
        """Return N x T effects on one cell line's pairs with N drugs, by which terms are ranked."""

    def exact(self, line: int, drugs: np.ndarray, terms: np.ndarray) -> np.ndarray:
        """Return N x R effects of N x R terms, by position; 0 for a position of -1."""


@dataclass(frozen=True)
class KnockOuts:
    """Effects on predictions of the joined network; roots are L x H, changes L x H x T."""

    evaluated: EvaluatedNetwork
    roots: np.ndarray
    changes: np.ndarray

    @classmethod
    def of(cls, network: EvaluatedNetwork, average: np.ndarray, genotype: np.ndarray) -> "KnockOuts":
        """Knock out every term of L x M x G genotypes; ``average`` are the T x H states of the average pair."""
        branch = network.branch
        gene_part = branch.gene_part(genotype)
        roots = branch.forward(gene_part)[1][-branch.neurons :].T
        changes = np.empty((*roots.shape, len(branch.hierarchy.terms)), roots.dtype)
        for term, without in enumerate(roots_without(branch, gene_part, average.reshape(-1))):
            changes[..., term] = without - roots
        changes[..., -1] = 0  # the root
        return cls(network, roots, changes)

    def estimate(self, line: int, drugs: np.ndarray) -> np.ndarray:
        """See :class:`TermEffects`."""
        gradient = self.evaluated.joint.root_gradient(np.repeat(self.roots[line][None], len(drugs), axis=0), drugs)
        return -gradient @ self.changes[line]

    def exact(self, line: int, drugs: np.ndarray, terms: np.ndarray) -> np.ndarray:
        """See :class:`TermEffects`."""
        joint, root = self.evaluated.joint, self.roots[line]
        predicted = joint.predict(np.repeat(root[None], len(drugs), axis=0), drugs)
        without = root + self.changes[line].T[terms.ravel()]
        after = joint.predict(without, np.repeat(drugs, terms.shape[1])).reshape(terms.shape)
        return np.where(terms < 0, 0, predicted[:, None] - after)


@dataclass(frozen=True)
class Contributions:
    """Effects on the logit of a network that reads out all terms: states are B x T x L, weights B x D x T."""

    states: np.ndarray
    weights: np.ndarray

    @classmethod
    def of(cls, network: TermReadoutNetwork, genotype: Genotype, drugs: torch.Tensor) -> "Contributions":
        """Compute the parts of L gathered cell lines and D x F drugs."""
        lines = torch.arange(genotype.cell_lines)
        pairs = Pairs.of(lines, torch.zeros_like(lines), genotype.cell_lines, len(drugs))
        states, weights = network.contribution_parts(genotype, drugs, pairs)
        return cls(states.numpy(), np.ascontiguousarray(weights.transpose(1, 2).numpy()))

    def estimate(self, line: int, drugs: np.ndarray) -> np.ndarray:
        """See :class:`TermEffects`."""
        total = np.zeros((len(drugs), self.states.shape[1]), np.float32)
        for states, weights in zip(self.states, self.weights, strict=True):
            total += weights[drugs] * states[:, line]
        return total / len(self.states)

    def exact(self, line: int, drugs: np.ndarray, terms: np.ndarray) -> np.ndarray:
        """See :class:`TermEffects`."""
        parts = [
            weights[drugs[:, None], terms] * states[terms, line]
            for states, weights in zip(self.states, self.weights, strict=True)
        ]
        return np.where(terms < 0, 0, np.mean(parts, axis=0))


def average_states(checkpoint: Checkpoint) -> np.ndarray:
    """Return the T x H states of the average training pair, which batch normalisation maps to its shift."""
    shift: np.ndarray = checkpoint.state["hierarchy.norm.bias"].numpy()
    return shift


@dataclass(frozen=True)
class TermNames:
    """The terms of K checkpoints together: ids and names, and of each checkpoint where its terms stand among them."""

    terms: tuple[str, ...]
    names: tuple[str, ...]
    places: tuple[np.ndarray, ...]

    @classmethod
    def of(cls, checkpoints: Sequence[Checkpoint]) -> "TermNames":
        """Number the terms of all hierarchies, by id."""
        name_of = {
            term: name
            for checkpoint in checkpoints
            for term, name in zip(checkpoint.hierarchy.terms, checkpoint.hierarchy.names, strict=True)
        }
        terms = sorted(name_of)
        place = {term: i for i, term in enumerate(terms)}
        places = tuple(np.array([place[term] for term in checkpoint.hierarchy.terms]) for checkpoint in checkpoints)
        return cls(tuple(terms), tuple(name_of[term] for term in terms), places)

    def top(
        self, effects: Sequence[TermEffects], line: int, drugs: np.ndarray, number: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return N x R positions of the terms with the largest effects, in order of size, and these.

        Effects are means over the checkpoints; a term that a checkpoint lacks has no effect there. R is ``number``, or
        all terms where there are fewer.
        """
        mean = np.zeros((len(drugs), len(self.terms)), np.float32)
        for effect, place in zip(effects, self.places, strict=True):
            mean[:, place] += effect.estimate(line, drugs)
        number = min(number, len(self.terms))
        size = np.abs(mean)
        chosen = np.argpartition(size, -number, axis=1)[:, -number:]
        exact = np.zeros(chosen.shape)
        for effect, place in zip(effects, self.places, strict=True):
            own = np.full(len(self.terms), -1)
            own[place] = np.arange(len(place))
            exact += effect.exact(line, drugs, own[chosen])
        exact /= len(effects)
        order = np.lexsort((chosen, -np.abs(exact)), axis=1)
        return np.take_along_axis(chosen, order, axis=1), np.take_along_axis(exact, order, axis=1)
