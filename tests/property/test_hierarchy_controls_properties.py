"""Properties of the control hierarchies for any hierarchy."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from druggene.hierarchy import Hierarchy
from druggene.hierarchy_controls import (
    branch_parameters,
    control_hierarchy,
    dense_hierarchy,
    permute_edges,
    permute_genes,
)
from druggene.network import HierarchyBranch
from tests.reference.hierarchies import random_hierarchy, tricky_hierarchy

SEEDS = st.integers(0, 2**16)


def reached(hierarchy: Hierarchy) -> set[int]:
    """Genes that the root reaches by walking down the edges."""
    below: dict[int, list[int]] = {}
    for parent, child in hierarchy.edges:
        below.setdefault(parent, []).append(child)
    waiting, seen = [len(hierarchy.terms) - 1], set()
    while waiting:
        term = waiting.pop()
        if term not in seen:
            seen.add(term)
            waiting += below.get(term, [])
    return {int(gene) for term, gene in hierarchy.annotations if term in seen}


def degrees(pairs: np.ndarray) -> tuple[Counter[int], Counter[int]]:
    return Counter(pairs[:, 0].tolist()), Counter(pairs[:, 1].tolist())


def check_a_permutation(real: Hierarchy, control: Hierarchy) -> None:
    """Building it has checked for circles, a single root and empty terms; the terms keep their places."""
    assert control.terms == real.terms
    assert control.names == real.names
    assert control.genes == real.genes
    np.testing.assert_array_equal(control.layers, real.layers)
    assert reached(control) == reached(real) == set(real.annotations[:, 1].tolist())


@settings(max_examples=20)
@given(SEEDS, SEEDS)
def test_permuted_genes_keep_the_graph_and_every_degree(drawn: int, seed: int) -> None:
    real = random_hierarchy(drawn)
    control = permute_genes(real, seed)
    check_a_permutation(real, control)
    np.testing.assert_array_equal(control.edges, real.edges)
    np.testing.assert_array_equal(control.sizes, real.sizes)
    (terms, genes), (real_terms, real_genes) = degrees(control.annotations), degrees(real.annotations)
    assert terms == real_terms
    assert sorted(genes.values()) == sorted(real_genes.values())
    assert not np.array_equal(control.annotations, real.annotations)


@settings(max_examples=20)
@given(SEEDS, SEEDS)
def test_permuted_edges_keep_the_genes_and_every_degree(drawn: int, seed: int) -> None:
    real = random_hierarchy(drawn)
    control = permute_edges(real, seed)
    check_a_permutation(real, control)
    np.testing.assert_array_equal(control.annotations, real.annotations)
    assert degrees(control.edges) == degrees(real.edges)
    assert len({tuple(edge) for edge in control.edges.tolist()}) == len(real.edges)
    kept = {tuple(edge) for edge in control.edges.tolist()} & {tuple(edge) for edge in real.edges.tolist()}
    assert len(kept) < 0.8 * len(real.edges)


@settings(max_examples=10)
@given(SEEDS, st.integers(1, 8), st.integers(1, 3))
def test_dense_layers_have_as_many_parameters_and_layers(drawn: int, neurons: int, channels: int) -> None:
    real = random_hierarchy(drawn)
    control = dense_hierarchy(real, neurons, channels)
    *below, root = control.layer_sizes
    assert root == 1
    assert len(control.layer_sizes) == len(real.layer_sizes)
    assert len(set(below)) == 1
    width = below[0]
    annotated = len(reached(real))
    assert len(control.annotations) == width * annotated
    assert len(control.edges) == (len(below) - 1) * width**2 + width
    # One block more or less would be further away.
    wanted = branch_parameters(real, neurons, channels)

    def distance(blocks: int) -> int:
        terms, edges = blocks * len(below) + 1, (len(below) - 1) * blocks**2 + blocks
        genes = blocks * annotated * (channels + 1 + neurons)
        return abs(genes + edges * neurons**2 + terms * (4 * neurons + 3) - wanted)

    assert distance(width) == abs(branch_parameters(control, neurons, channels) - wanted)
    assert distance(width) <= min(distance(width + 1), distance(width - 1) if width > 1 else distance(width))


@pytest.mark.parametrize("kind", ["gene_permuted", "edge_permuted"])
def test_a_permutation_follows_its_seed(kind: str) -> None:
    real = random_hierarchy(1)
    one, again, other = (control_hierarchy(real, kind, seed, 6, 1) for seed in (1, 1, 2))
    for name in ("edges", "annotations"):
        np.testing.assert_array_equal(getattr(one, name), getattr(again, name))
    assert not (np.array_equal(one.edges, other.edges) and np.array_equal(one.annotations, other.annotations))


@pytest.mark.parametrize(("neurons", "channels"), [(6, 1), (3, 2)])
def test_parameters_are_counted_as_the_network_has_them(neurons: int, channels: int) -> None:
    for hierarchy in (tricky_hierarchy(), random_hierarchy(2)):
        branch = HierarchyBranch(hierarchy, neurons, channels)
        assert branch_parameters(hierarchy, neurons, channels) == sum(p.numel() for p in branch.parameters())


def test_an_unknown_control_is_refused() -> None:
    with pytest.raises(ValueError, match="'shuffled' is not one of gene_permuted, edge_permuted, dense"):
        control_hierarchy(tricky_hierarchy(), "shuffled", 1, 6, 1)
