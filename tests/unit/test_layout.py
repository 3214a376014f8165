"""The buckets hold every annotation and edge once, in the right place."""

import numpy as np
import pytest

from druggene.hierarchy import Hierarchy
from druggene.layout import Layout
from tests.reference.hierarchies import random_hierarchy, tricky_hierarchy


@pytest.mark.parametrize("states", [1, 5_000, 400_000])
@pytest.mark.parametrize("hierarchy", [tricky_hierarchy(), random_hierarchy(1, terms=200)], ids=["tricky", "random"])
def test_buckets_cover_the_hierarchy(hierarchy: Hierarchy, states: int) -> None:
    layout = Layout(hierarchy)
    order = layout.order.tolist()
    annotations, children, parents = set(), set(), set()
    seen_terms: list[int] = []
    for layer in layout.layers(states):
        for genes in layer.genes:
            terms = range(genes.terms.start, genes.terms.stop)
            seen_terms.extend(terms)
            for term, columns, rows in zip(terms, genes.genes.tolist(), genes.annotations.tolist(), strict=True):
                for gene, row in zip(columns, rows, strict=True):
                    if row < layout.n_annotations:
                        assert hierarchy.annotations[row].tolist() == [order[term], gene]
                        annotations.add(row)
                    else:
                        assert gene == layout.n_genes
        for buckets, seen, own in ((layer.children, children, 0), (layer.parents, parents, 1)):
            for bucket in buckets:
                for term, neighbours, rows in zip(
                    bucket.terms.tolist(), bucket.neighbours.tolist(), bucket.edges.tolist(), strict=True
                ):
                    for neighbour, row in zip(neighbours, rows, strict=True):
                        if row < layout.n_edges:
                            assert hierarchy.edges[row, own] == order[term]
                            assert hierarchy.edges[row, 1 - own] == order[neighbour]
                            seen.add(row)
                        else:
                            assert neighbour == layout.n_terms
    assert seen_terms == list(range(layout.n_terms))
    assert annotations == set(range(layout.n_annotations))
    assert children == parents == set(range(layout.n_edges))
    assert order[layout.root] == layout.n_terms - 1


def test_padding_stays_small() -> None:
    hierarchy = random_hierarchy(7, terms=1500, genes=300)
    layout = Layout(hierarchy)
    padded = sum(genes.genes.numel() for layer in layout.layers(5_000) for genes in layer.genes)
    assert padded <= 1.3 * layout.n_annotations


def test_order_is_by_layer() -> None:
    hierarchy = random_hierarchy(5)
    assert np.all(np.diff(hierarchy.layers[Layout(hierarchy).order.numpy()]) >= 0)
