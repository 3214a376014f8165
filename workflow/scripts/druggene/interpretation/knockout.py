"""In-silico knock-out: what a prediction changes by when the state of one term is set to its mean.

Letters: T terms, H neurons per term, C cell lines, N pairs, D drugs.
"""

from collections.abc import Iterator

import numpy as np

from druggene.interpretation.evaluated import EvaluatedHierarchy, EvaluatedNetwork


def knocked_out_roots(branch: EvaluatedHierarchy, gene_part: np.ndarray, trained: np.ndarray) -> Iterator[np.ndarray]:
    """Yield, term by term, the root's C x H states when that term has its mean over the ``trained`` cell lines.

    The mean takes the place of all H neurons; the term's ancestors are computed anew, nothing else changes.
    """
    means = branch.forward(gene_part)[1][:, trained].mean(axis=1)
    yield from roots_without(branch, gene_part, means)


def roots_without(branch: EvaluatedHierarchy, gene_part: np.ndarray, replacement: np.ndarray) -> Iterator[np.ndarray]:
    """Yield, term by term, the root's C x H states when that term has its part of ``replacement`` (T H) as state."""
    h = branch.neurons
    activation, states = branch.forward(gene_part)
    before = gene_part + branch.child_matrix @ states  # z of every term
    children = branch.child_blocks
    parents: dict[int, list[int]] = {}
    for parent, child in branch.hierarchy.edges.tolist():
        parents.setdefault(child, []).append(parent)
    root = len(branch.hierarchy.terms) - 1
    for term in range(root + 1):
        own = states[term * h : (term + 1) * h]
        changes = {term: replacement[term * h : (term + 1) * h, None] - own}
        added: dict[int, np.ndarray] = {}
        waiting = {term}
        while waiting:
            # Terms are ordered by layer, so the lowest one waiting has got all that its children add.
            current = min(waiting)
            waiting.remove(current)
            rows = slice(current * h, (current + 1) * h)
            if current in added:
                after = np.tanh(before[rows] + added[current])
                changes[current] = branch.scale[rows, None] * (after - activation[rows])
            for parent in parents.get(current, []):
                added[parent] = added.get(parent, 0) + children[parent, current] @ changes[current]
                waiting.add(parent)
        yield (states[-h:] + changes[root]).T


def knock_out(
    network: EvaluatedNetwork,
    genotype: np.ndarray,
    trained: np.ndarray,
    cell_line: np.ndarray,
    drug: np.ndarray,
    auc: np.ndarray,
) -> dict[str, np.ndarray]:
    """Return sums over the pairs of every drug for each term knocked out.

    Parameters
    ----------
    network
        For D drugs.
    genotype
        C x M x G.
    trained
        C booleans; the mean that stands in for a state is taken over these cell lines.
    cell_line, drug, auc
        N pairs by position, with their AUC.

    Returns
    -------
    dict
        D x T: ``effect``, the sum of the absolute changes of the predicted AUC; ``loss``, the sum of the increases of
        the squared error, above 0 where the term helps to predict.
    """
    gene_part = network.branch.gene_part(genotype)
    root = network.branch.forward(gene_part)[1][-network.branch.neurons :].T
    predicted = network.joint.predict(root[cell_line], drug)
    d, t = len(network.joint.of_drug), len(network.branch.hierarchy.terms)
    effect, loss = np.zeros((d, t), np.float32), np.zeros((d, t), np.float32)
    for term, changed in enumerate(knocked_out_roots(network.branch, gene_part, trained)):
        after = network.joint.predict(changed[cell_line], drug)
        effect[:, term] = np.bincount(drug, np.abs(after - predicted), minlength=d)
        loss[:, term] = np.bincount(drug, (after - auc) ** 2 - (predicted - auc) ** 2, minlength=d)
    return {"effect": effect, "loss": loss}
