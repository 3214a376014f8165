"""The class Hierarchy: order of terms, layers, sizes and what it refuses."""

import numpy as np
import pandas as pd
import pytest

from druggene.hierarchy import Hierarchy

# root - a - c (genes 1, 2), root - b - c, root - b - d (gene 3), a has gene 4 of its own, root has gene 5.
EDGES = [("root", "b"), ("root", "a"), ("b", "d"), ("b", "c"), ("a", "c")]
ANNOTATIONS = [("root", "G5"), ("a", "G4"), ("d", "G3"), ("c", "G2"), ("c", "G1")]
GENES = ["G1", "G2", "G3", "G4", "G5", "G6"]


def edge_frame(rows: list[tuple[str, str]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["parent", "child"])


def annotation_frame(rows: list[tuple[str, str]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["term", "gene"])


def build(
    edges: list[tuple[str, str]] = EDGES, annotations: list[tuple[str, str]] = ANNOTATIONS, genes: list[str] = GENES
) -> Hierarchy:
    return Hierarchy.build(edge_frame(edges), annotation_frame(annotations), genes, {"c": "the c"})


def test_terms_are_ordered_by_layer_then_id() -> None:
    hierarchy = build()
    assert hierarchy.terms == ("c", "d", "a", "b", "root")
    assert hierarchy.layers.tolist() == [0, 0, 1, 1, 2]
    assert hierarchy.layer_sizes == (2, 2, 1)
    assert hierarchy.root == "root"
    assert hierarchy.names == ("the c", "d", "a", "b", "root")


def test_layer_is_the_longest_way_down() -> None:
    hierarchy = build([("root", "a"), ("a", "b"), ("b", "c"), ("root", "c")], [("c", "G1")])
    assert dict(zip(hierarchy.terms, hierarchy.layers.tolist(), strict=True)) == {"c": 0, "b": 1, "a": 2, "root": 3}


def test_size_counts_each_gene_below_once() -> None:
    assert build().sizes.tolist() == [2, 1, 3, 3, 5]


def test_positions_point_into_terms_and_genes() -> None:
    hierarchy = build()
    named = {(hierarchy.terms[parent], hierarchy.terms[child]) for parent, child in hierarchy.edges}
    assert named == set(EDGES)
    annotated = {(hierarchy.terms[term], hierarchy.genes[gene]) for term, gene in hierarchy.annotations}
    assert annotated == set(ANNOTATIONS)
    assert hierarchy.edges.tolist() == sorted(hierarchy.edges.tolist())
    assert hierarchy.annotations.tolist() == sorted(hierarchy.annotations.tolist())


def test_tables_come_back_whole() -> None:
    hierarchy = build()
    terms, edges, annotations = hierarchy.to_tables()
    again = Hierarchy.from_tables(terms, edges, annotations, GENES)
    assert (again.terms, again.names, again.genes) == (hierarchy.terms, hierarchy.names, hierarchy.genes)
    for name in ("layers", "sizes", "edges", "annotations"):
        np.testing.assert_array_equal(getattr(again, name), getattr(hierarchy, name))
    assert terms["term"].tolist() == list(hierarchy.terms)
    assert terms["size"].tolist() == hierarchy.sizes.tolist()


def test_column_order_of_the_tables_does_not_matter() -> None:
    swapped = Hierarchy.build(
        edge_frame(EDGES)[["child", "parent"]], annotation_frame(ANNOTATIONS)[["gene", "term"]], GENES
    )
    np.testing.assert_array_equal(swapped.edges, build().edges)
    np.testing.assert_array_equal(swapped.annotations, build().annotations)


def test_single_term_is_a_hierarchy() -> None:
    hierarchy = build([], [("root", "G1")])
    assert hierarchy.terms == ("root",)
    assert hierarchy.edges.shape == (0, 2)
    assert hierarchy.layer_sizes == (1,)


@pytest.mark.parametrize(
    ("edges", "annotations", "message"),
    [
        (EDGES, [*ANNOTATIONS, ("c", "G9")], "gene G9"),
        ([*EDGES, ("a", "c")], ANNOTATIONS, r"edge \('a', 'c'\) stands twice"),
        (EDGES, [*ANNOTATIONS, ("c", "G1")], r"annotation \('c', 'G1'\) stands twice"),
        ([*EDGES, ("c", "a")], ANNOTATIONS, "circle through a"),
        ([*EDGES, ("other", "c")], ANNOTATIONS, "exactly one root, found 2: other, root"),
        ([*EDGES, ("b", "e")], ANNOTATIONS, "term e .* reaches no gene"),
    ],
    ids=["unknown gene", "double edge", "double annotation", "circle", "two roots", "empty term"],
)
def test_bad_graph_is_refused(edges: list[tuple[str, str]], annotations: list[tuple[str, str]], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build(edges, annotations)
