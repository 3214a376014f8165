"""Integrated gradients: how a prediction's difference to that of the mean genotype is made up of genes and terms.

Sundararajan, Taly and Yan (2017): along the straight way from the mean genotype of the training cell lines to that of
a cell line, the gradient of the prediction is integrated. An input's attribution is its difference to the mean times
its integrated gradient; those of all inputs add up to the difference of the two predictions. A term's attribution is
its conductance (Dhamdhere, Sundararajan and Yan 2019): the integral of the gradient at its state along the change of
that state. That of the root is the whole difference.

Letters: T terms, H neurons per term, C cell lines, O omics, M channels, G genes, D drugs, N pairs, S steps.
"""

from dataclasses import dataclass

import numpy as np

from druggene.interpretation.evaluated import EvaluatedNetwork

_CELL_LINES_AT_ONCE = 16


@dataclass(frozen=True)
class Attributions:
    """Sums over the pairs of every drug.

    Attributes
    ----------
    terms, terms_absolute
        D x T, of the conductances and of their absolute values.
    genes, genes_absolute
        D x O x G, of the attributions of each omic of each gene.
    """

    terms: np.ndarray
    terms_absolute: np.ndarray
    genes: np.ndarray
    genes_absolute: np.ndarray

    @classmethod
    def zeros(cls, drugs: int, terms: int, omics: int, genes: int) -> "Attributions":
        """Return the sums over no pair."""
        of_terms, of_genes = (drugs, terms), (drugs, omics, genes)
        return cls(*(np.zeros(shape, np.float32) for shape in (of_terms, of_terms, of_genes, of_genes)))


def attribute(
    network: EvaluatedNetwork,
    genotype: np.ndarray,
    omics: np.ndarray,
    trained: np.ndarray,
    cell_line: np.ndarray,
    drug: np.ndarray,
    steps: int,
) -> Attributions:
    """Return the attributions of all terms, genes and omics, summed over each drug's pairs.

    Parameters
    ----------
    network
        For D drugs.
    genotype
        C x M x G, as the network reads it.
    omics
        C x O x G, what each omic adds to the genotype's only channel, or all M = O channels.
    trained
        C booleans: the cell lines whose mean is the start of the way.
    cell_line, drug
        N pairs by position.
    steps
        S, of the midpoint rule.
    """
    branch, joint = network.branch, network.joint
    c, o, g = omics.shape
    h = branch.neurons
    start = branch.gene_part(genotype[trained].mean(axis=0, keepdims=True))
    whole = branch.gene_part(genotype) - start
    difference = omics - omics[trained].mean(axis=0)
    result = Attributions.zeros(len(joint.of_drug), len(branch.hierarchy.terms), o, g)
    by_line = np.argsort(cell_line, kind="stable")
    ends = np.searchsorted(cell_line[by_line], np.arange(c + 1))
    for first in range(0, c, _CELL_LINES_AT_ONCE):
        lines = np.arange(first, min(first + _CELL_LINES_AT_ONCE, c))
        roots, conductance, at_input = _along_the_way(network, start, whole[:, lines], steps)
        for i, line in enumerate(lines):
            pairs = by_line[ends[line] : ends[line + 1]]
            if not len(pairs):
                continue
            drugs = drug[pairs]
            # Gradient of each pair's prediction at the root, on every step: N x S x H.
            gradient = joint.root_gradient(np.tile(roots[:, i], (len(pairs), 1)), np.repeat(drugs, steps)).reshape(
                len(pairs), -1
            )
            of_terms = gradient @ conductance[..., i].reshape(steps * h, -1)
            inputs = gradient @ at_input[..., i].reshape(steps * h, -1) / steps
            of_genes = (branch.gene_matrix.T @ inputs.T).T.reshape(len(pairs), -1, g) * difference[line]
            np.add.at(result.terms, drugs, of_terms)
            np.add.at(result.terms_absolute, drugs, np.abs(of_terms))
            np.add.at(result.genes, drugs, of_genes)
            np.add.at(result.genes_absolute, drugs, np.abs(of_genes))
    return result


def _along_the_way(
    network: EvaluatedNetwork, start: np.ndarray, whole: np.ndarray, steps: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return what a line's attributions are made of, on every step of its way.

    Returns
    -------
    tuple
        Root states, S x C x H; conductances for each neuron of the root, S x H x T x C; that neuron's gradients at all
        z, S x H x (T H) x C.
    """
    branch = network.branch
    h, c = branch.neurons, whole.shape[1]
    t = len(branch.hierarchy.terms)
    roots = np.empty((steps, c, h), whole.dtype)
    conductance = np.empty((steps, h, t, c), whole.dtype)
    at_input = np.empty((steps, h, t * h, c), whole.dtype)
    reached = branch.forward(start + 0 * whole)[1]
    for step in range(steps):
        next_reached = branch.forward(start + (step + 1) / steps * whole)[1]
        activation, states = branch.forward(start + (step + 0.5) / steps * whole)
        roots[step] = states[-h:].T
        change = next_reached - reached
        for neuron in range(h):
            above = np.zeros((h, c), whole.dtype)
            above[neuron] = 1
            at_states, at_input[step, neuron] = branch.backward(activation, above)
            conductance[step, neuron] = (at_states * change).reshape(t, h, c).sum(axis=1)
        reached = next_reached
    return roots, conductance, at_input
