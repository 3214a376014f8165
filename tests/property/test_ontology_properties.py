"""What holds for the hierarchy of any graph of terms, checked against a plain reading of the rules."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from druggene.hierarchy import Hierarchy
from druggene.ontology import build_hierarchy, restrict_to_genes

GENES = [f"G{i:02}" for i in range(12)]
ROOT = "T00"


@dataclass(frozen=True)
class Case:
    """A graph whose terms all lie below the root, its annotations and the thresholds."""

    edges: pd.DataFrame
    annotations: pd.DataFrame
    min_genes: int
    min_genes_over_child: int
    max_layers: int

    def build(self) -> Hierarchy:
        return build_hierarchy(
            self.edges,
            self.annotations,
            {},
            GENES,
            self.min_genes,
            self.min_genes_over_child,
            self.max_layers,
            ROOT,
        )


@st.composite
def cases(draw: st.DrawFn) -> Case:
    n_terms = draw(st.integers(2, 14))
    terms = [f"T{i:02}" for i in range(n_terms)]
    # A term's parents have smaller numbers, so there is no circle and every term lies below the first.
    edges = [
        (terms[parent], terms[child])
        for child in range(1, n_terms)
        for parent in draw(st.sets(st.integers(0, child - 1), min_size=1, max_size=4))
    ]
    pairs = draw(
        st.sets(
            st.tuples(st.sampled_from(terms), st.sampled_from([*GENES, "FOREIGN"])), min_size=1, max_size=60
        ).filter(lambda found: any(gene != "FOREIGN" for _, gene in found))
    )
    return Case(
        pd.DataFrame(draw(st.permutations(edges)), columns=["parent", "child"]),
        pd.DataFrame(draw(st.permutations(sorted(pairs))), columns=["term", "gene"]),
        draw(st.integers(1, 5)),
        draw(st.integers(0, 5)),
        draw(st.integers(1, 6)),
    )


def descendants(term: str, edges: set[tuple[str, str]]) -> set[str]:
    """Return all terms below ``term``."""
    below = {child for parent, child in edges if parent == term}
    return below.union(*(descendants(child, edges) for child in below))


def rows(frame: pd.DataFrame) -> set[tuple[str, str]]:
    return set(frame.itertuples(index=False, name=None))


def held_by(term: str, edges: set[tuple[str, str]], annotations: set[tuple[str, str]]) -> set[str]:
    """Return the genes of the data at ``term`` or below it."""
    below = descendants(term, edges) | {term}
    return {gene for at, gene in annotations if at in below} & set(GENES)


@settings(max_examples=150)
@given(cases())
def test_hierarchy_of_any_graph(case: Case) -> None:
    full_edges, full_annotations = rows(case.edges), rows(case.annotations)
    hierarchy = case.build()
    _, edge_table, annotation_table = hierarchy.to_tables()
    edges, annotations = rows(edge_table), rows(annotation_table)
    below = {term: descendants(term, edges) for term in hierarchy.terms}

    assert hierarchy.root == ROOT
    assert {child for _, child in edges} == set(hierarchy.terms) - {ROOT}
    assert all(term not in below[term] for term in hierarchy.terms)

    assert len(hierarchy.layer_sizes) <= case.max_layers
    layer = dict(zip(hierarchy.terms, hierarchy.layers, strict=True))
    for term in hierarchy.terms:
        assert layer[term] == max((layer[child] + 1 for parent, child in edges if parent == term), default=0)

    for term, size in zip(hierarchy.terms, hierarchy.sizes, strict=True):
        held = held_by(term, full_edges, full_annotations)
        assert held == held_by(term, edges, annotations)
        assert size == len(held)
        assert below[term] == descendants(term, full_edges) & set(hierarchy.terms)
        if term != ROOT:
            assert size >= case.min_genes
            assert all(
                size >= len(held_by(lower, full_edges, full_annotations)) + case.min_genes_over_child
                for lower in below[term]
            )

    for parent, child in edges:
        assert not any(child in below[other] for other in below[parent]), "redundant edge"
    for term, gene in annotations:
        assert not any((lower, gene) in annotations for lower in below[term]), "gene is implied from below"


@settings(max_examples=100)
@given(cases())
def test_no_term_goes_without_a_reason(case: Case) -> None:
    edges, annotations = rows(case.edges), rows(case.annotations)
    size = {term: len(held_by(term, edges, annotations)) for term in {ROOT} | {child for _, child in edges}}
    expected: set[str] = set()
    for term in sorted(size, reverse=True):  # a term's number is higher than its parents'
        lower = [size[other] for other in descendants(term, edges) & expected]
        enough = size[term] >= case.min_genes and size[term] >= max(lower, default=-99) + case.min_genes_over_child
        if enough or term == ROOT:
            expected.add(term)
    layer: dict[str, int] = {}
    for term in sorted(expected, reverse=True):
        layer[term] = 1 + max((layer[other] for other in descendants(term, edges) & expected), default=-1)
    expected -= {term for term in expected if layer[term] >= case.max_layers - 1 and term != ROOT}
    assert set(case.build().terms) == expected


@settings(max_examples=60)
@given(cases(), st.randoms(use_true_random=False))
def test_row_order_does_not_matter(case: Case, random: object) -> None:
    def shuffled(frame: pd.DataFrame) -> pd.DataFrame:
        order = list(range(len(frame)))
        random.shuffle(order)  # type: ignore[attr-defined]
        return frame.iloc[order]

    first = case.build()
    second = Case(
        shuffled(case.edges),
        shuffled(case.annotations),
        case.min_genes,
        case.min_genes_over_child,
        case.max_layers,
    ).build()
    assert first.terms == second.terms
    for name in ("layers", "sizes", "edges", "annotations"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))


@settings(max_examples=60)
@given(cases(), st.sets(st.sampled_from(GENES), min_size=1))
def test_restriction_keeps_exactly_the_terms_with_genes(case: Case, genes: set[str]) -> None:
    edges, annotations = rows(case.edges), rows(case.annotations)
    if not any(gene in genes for _, gene in annotations):
        return
    kept_edges, kept_annotations = restrict_to_genes(case.edges, case.annotations, genes)
    terms = {ROOT} | {child for _, child in edges}
    reaching = {term for term in terms if held_by(term, edges, annotations) & genes}
    assert rows(kept_annotations) == {(term, gene) for term, gene in annotations if gene in genes}
    assert rows(kept_edges) == {(parent, child) for parent, child in edges if {parent, child} <= reaching}
    hierarchy = Hierarchy.build(kept_edges, kept_annotations, sorted(genes))
    assert set(hierarchy.terms) == reaching
