"""Control hierarchies: what a network is compared with to learn whether its shape, or its biology, does the work.

Letters: G genes, A annotations, T terms, E edges, H neurons per term, M channels.
"""

import itertools
import logging
from typing import Final

import numpy as np
import pandas as pd

from druggene.constants import GENE, TERM
from druggene.hierarchy import Hierarchy
from druggene.variants import GENE_PERMUTED

logger = logging.getLogger(__name__)

EDGE_PERMUTED: Final = "edge_permuted"
DENSE: Final = "dense"
CONTROLS: Final = (GENE_PERMUTED, EDGE_PERMUTED, DENSE)

_ATTEMPTS_PER_EDGE: Final = 20


def control_hierarchy(hierarchy: Hierarchy, kind: str, seed: int, neurons: int, channels: int) -> Hierarchy:
    """Return the control of a hierarchy that ``kind`` names.

    Parameters
    ----------
    hierarchy
        The real one.
    kind
        One of ``CONTROLS``.
    seed
        Of the permutation; the dense control is not drawn.
    neurons, channels
        Of the network, by which the dense control counts weights.

    Raises
    ------
    ValueError
        For an unknown kind.
    """
    if kind == GENE_PERMUTED:
        return permute_genes(hierarchy, seed)
    if kind == EDGE_PERMUTED:
        return permute_edges(hierarchy, seed)
    if kind == DENSE:
        return dense_hierarchy(hierarchy, neurons, channels)
    raise ValueError(f"hierarchy: {kind!r} is not one of {', '.join(CONTROLS)}")


def permute_genes(hierarchy: Hierarchy, seed: int) -> Hierarchy:
    """Let every annotated gene take the annotations of another one, drawn at random.

    The graph, each term's number of genes, and how many terms share a gene stay as they are; which genes meet in a
    term means nothing any more.
    """
    rng = np.random.default_rng(seed)
    annotated = np.unique(hierarchy.annotations[:, 1])
    place = np.arange(len(hierarchy.genes))
    place[annotated] = rng.permutation(annotated)
    annotations = np.column_stack([hierarchy.annotations[:, 0], place[hierarchy.annotations[:, 1]]])
    return _rebuild(hierarchy, hierarchy.edges, annotations)


def permute_edges(hierarchy: Hierarchy, seed: int) -> Hierarchy:
    """Exchange the children of edges, drawn in pairs at random, between their parents.

    Only children of the same layer change places. So every term keeps its number of parents, its number of children
    per layer, its layer and its direct annotations: the graph stays acyclic under one root. Of the children that a
    term has in a layer, twenty attempts per edge leave hardly one where it was.
    """
    rng = np.random.default_rng(seed)
    parents, children = hierarchy.edges[:, 0], hierarchy.edges[:, 1].copy()
    present = set(zip(parents.tolist(), children.tolist(), strict=True))
    exchanged = 0
    for layer in range(hierarchy.layers.max()):
        inside = np.flatnonzero(hierarchy.layers[children] == layer)
        for one, other in rng.integers(0, len(inside), size=(_ATTEMPTS_PER_EDGE * len(inside), 2)):
            first, second = inside[one], inside[other]
            old = [(int(parents[edge]), int(children[edge])) for edge in (first, second)]
            new = [(old[0][0], old[1][1]), (old[1][0], old[0][1])]
            # Parents or children in common: the exchange changes nothing. An edge cannot stand twice.
            if present.isdisjoint(new):
                present.difference_update(old)
                present.update(new)
                children[first], children[second] = new[0][1], new[1][1]
                exchanged += 1
    kept = len(present & set(map(tuple, hierarchy.edges.tolist())))
    logger.info("%d exchanges; %d of %d edges are as before", exchanged, kept, len(children))
    return _rebuild(hierarchy, np.column_stack([parents, children]), hierarchy.annotations)


def dense_hierarchy(hierarchy: Hierarchy, neurons: int, channels: int) -> Hierarchy:
    """Connect layers fully: all genes to the lowest, every layer to the next; as many layers and weights.

    Its terms are blocks of H neurons without a meaning. There are as many of them in every layer below the root as
    bring the number of parameters closest to that of ``hierarchy``, at least one.
    """
    wanted = branch_parameters(hierarchy, neurons, channels)
    width, found = 1, _fully_connected(hierarchy, 1)
    while True:
        wider = _fully_connected(hierarchy, width + 1)
        closer = [abs(branch_parameters(one, neurons, channels) - wanted) for one in (found, wider)]
        if closer[1] >= closer[0]:
            logger.info(
                "%d blocks per layer: %d parameters in place of %d",
                *(width, branch_parameters(found, neurons, channels), wanted),
            )
            return found
        width, found = width + 1, wider


def branch_parameters(hierarchy: Hierarchy, neurons: int, channels: int) -> int:
    """Return how many parameters the visible branch has over a hierarchy.

    A (M + 1 + H) for the genes, E H² for the edges, and 4 H + 3 per term for bias, batch normalisation and head.
    """
    genes = len(hierarchy.annotations) * (channels + 1 + neurons)
    return genes + len(hierarchy.edges) * neurons**2 + len(hierarchy.terms) * (4 * neurons + 3)


def _fully_connected(hierarchy: Hierarchy, width: int) -> Hierarchy:
    depth = max(2, len(hierarchy.layer_sizes))
    layers = [[f"dense:{layer}:{block:04d}" for block in range(width)] for layer in range(depth - 1)]
    layers.append(["dense:root"])
    edges = [pair for below, above in itertools.pairwise(layers) for pair in itertools.product(above, below)]
    annotated = [hierarchy.genes[gene] for gene in np.unique(hierarchy.annotations[:, 1])]
    return Hierarchy.build(
        pd.DataFrame(edges, columns=["parent", "child"]),
        pd.DataFrame(list(itertools.product(layers[0], annotated)), columns=[TERM, GENE]),
        list(hierarchy.genes),
    )


def _rebuild(hierarchy: Hierarchy, edges: np.ndarray, annotations: np.ndarray) -> Hierarchy:
    """Return a hierarchy of the same terms with other edges and annotations, given by position."""
    terms, genes = np.array(hierarchy.terms, dtype=object), np.array(hierarchy.genes, dtype=object)
    return Hierarchy.build(
        pd.DataFrame({"parent": terms[edges[:, 0]], "child": terms[edges[:, 1]]}),
        pd.DataFrame({TERM: terms[annotations[:, 0]], GENE: genes[annotations[:, 1]]}),
        list(hierarchy.genes),
        dict(zip(hierarchy.terms, hierarchy.names, strict=True)),
    )
