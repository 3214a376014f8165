"""What two hierarchies share."""

import pandas as pd
import pytest

from druggene.hierarchy import Hierarchy
from druggene.hierarchy_comparison import HierarchyComparison


def hierarchy(edges: list[str], annotations: list[str]) -> Hierarchy:
    """Return the hierarchy of edges such as "root a" and annotations such as "a G1"."""
    return Hierarchy.build(
        pd.DataFrame([edge.split() for edge in edges], columns=["parent", "child"]),
        pd.DataFrame([pair.split() for pair in annotations], columns=["term", "gene"]),
        ["G1", "G2", "G3", "G4"],
        {"a": "the a"},
    )


# The second lacks b, so that its edge from a to c skips what lies between in the first; d hangs elsewhere.
FIRST = hierarchy(["root a", "a b", "b c", "a d"], ["c G1", "b G2", "d G3", "d G1"])
SECOND = hierarchy(["root a", "a c", "root d", "root e"], ["c G1", "a G2", "d G3", "e G4"])


def test_counts_of_a_known_pair() -> None:
    table = HierarchyComparison(FIRST, SECOND).summary().set_index("quantity")
    assert list(table.columns) == ["built", "published", "shared"]

    def row(quantity: str) -> list[float]:
        return table.loc[quantity].tolist()

    assert row("terms") == [5, 5, 4]
    assert row("genes with a term") == [3, 4, 3]
    assert row("edges") == [4, 4, 1]
    assert row("direct annotations") == [4, 4, 2]
    assert row("terms in layer 0") == [2, 3, 2]
    assert row("terms in layer 1") == [1, 1, 0]
    assert row("terms in layer 2") == [1, 1, 0]
    assert row("terms in layer 3") == [1, pytest.approx(0), 0]
    # Of root-a and a-d, the second has a above none but c; of root-a, a-c and root-d, all hold in the first.
    assert row("edges of built between shared terms, ancestor relations of published")[::2] == [2, 1]
    assert row("edges of published between shared terms, ancestor relations of built")[1:] == [3, 3]


def test_genes_of_shared_terms() -> None:
    terms = HierarchyComparison(FIRST, SECOND, ("new", "old")).terms().set_index("term")
    assert list(terms.index) == ["a", "c", "d", "root"]
    assert terms.loc["a"].tolist() == ["the a", 2, 3, 1, 2, 2, pytest.approx(2 / 3)]
    assert terms.loc["d", "jaccard"] == 0.5
    assert list(terms.columns[1:5]) == ["layer_new", "genes_new", "layer_old", "genes_old"]


def test_a_hierarchy_is_like_itself() -> None:
    comparison = HierarchyComparison(FIRST, FIRST)
    table = comparison.summary()
    counted = table.dropna()
    assert (counted["built"] == counted["shared"]).all()
    assert (comparison.terms()["jaccard"] == 1).all()


def test_strangers_share_nothing() -> None:
    other = hierarchy(["x y"], ["y G1"])
    comparison = HierarchyComparison(FIRST, other)
    assert comparison.terms().empty
    assert comparison.summary().set_index("quantity").loc["terms", "shared"] == 0
    assert (
        comparison.markdown().splitlines()[-1] == "| genes of a shared term, Jaccard index, upper quartile |  |  |  |"
    )
