"""How alike two hierarchies are: terms, layers, edges, and the genes of the terms that both have."""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import pandas as pd

from druggene.constants import TERM
from druggene.hierarchy import Hierarchy

QUARTILES: Final = {"lower quartile": 25, "median": 50, "upper quartile": 75}


@dataclass(frozen=True)
class HierarchyComparison:
    """Two hierarchies over the same gene symbols, side by side; T1 and T2 terms, S shared ones.

    Attributes
    ----------
    first, second
        The hierarchies.
    labels
        Their names, for the columns of the tables.
    """

    first: Hierarchy
    second: Hierarchy
    labels: tuple[str, str] = ("built", "published")

    @cached_property
    def _sides(self) -> "tuple[_Side, _Side]":
        return _Side(self.first), _Side(self.second)

    @cached_property
    def shared(self) -> list[str]:
        """The S terms of both, sorted by id."""
        return sorted(set(self.first.terms) & set(self.second.terms))

    def terms(self) -> pd.DataFrame:
        """Return one row per shared term.

        Columns: term, name, layer and genes (annotated to it or below it) in each hierarchy, shared_genes, and jaccard:
        shared genes among those of either, 0 to 1.
        """
        rows = []
        one, other = self._sides
        for term in self.shared:
            genes = one.genes[term] & other.genes[term]
            union = one.genes[term] | other.genes[term]
            sides = [(side.layer[term], len(side.genes[term])) for side in (one, other)]
            rows.append((term, one.name[term], *sides[0], *sides[1], len(genes), len(genes) / len(union)))
        columns = [f"{what}_{label}" for label in self.labels for what in ("layer", "genes")]
        return pd.DataFrame(rows, columns=[TERM, "name", *columns, "shared_genes", "jaccard"])

    def summary(self) -> pd.DataFrame:
        """Return the comparison as a table: quantity, its value in each hierarchy, and what both share.

        - terms, genes with a term, edges and direct annotations: number in each, and number in both;
        - terms in a layer: number in each, and how many are in that layer of both;
        - edges between shared terms: of those of one hierarchy, how many lead from an ancestor to a descendant in the
          other, whether or not by way of further terms;
        - genes of a shared term: Jaccard index of its genes in one and the other, quartiles over the shared terms.
        """
        one, other = self._sides
        common = set(self.shared)
        rows: list[tuple[str, float | None, float | None, float | None]] = [
            ("terms", len(one.layer), len(other.layer), len(common)),
            ("genes with a term", len(one.annotated), len(other.annotated), len(one.annotated & other.annotated)),
            ("edges", len(one.edges), len(other.edges), len(one.edges & other.edges)),
            (
                "direct annotations",
                *(len(one.annotations), len(other.annotations), len(one.annotations & other.annotations)),
            ),
        ]
        for layer in range(max(len(self.first.layer_sizes), len(self.second.layer_sizes))):
            here = [{term for term, at in side.layer.items() if at == layer} for side in (one, other)]
            rows.append((f"terms in layer {layer}", len(here[0]), len(here[1]), len(here[0] & here[1])))
        for side, opposite, column in ((one, other, 0), (other, one, 1)):
            inner = [(parent, child) for parent, child in side.edges if {parent, child} <= common]
            related = sum(child in opposite.below[parent] for parent, child in inner)
            count = len(inner)
            name, beside = self.labels[column], self.labels[1 - column]
            quantity = f"edges of {name} between shared terms, ancestor relations of {beside}"
            rows.append((quantity, None, count, related) if column else (quantity, count, None, related))
        jaccard = self.terms()["jaccard"].to_numpy()
        for quartile, percent in QUARTILES.items():
            value = round(float(np.percentile(jaccard, percent)), 3) if len(jaccard) else None
            rows.append((f"genes of a shared term, Jaccard index, {quartile}", None, None, value))
        return pd.DataFrame(rows, columns=["quantity", *self.labels, "shared"])

    def markdown(self) -> str:
        """Return the summary as a table for people."""
        table = self.summary()
        lines = ["| " + " | ".join(table.columns) + " |", "| --- | ---: | ---: | ---: |"]
        for row in table.itertuples(index=False):
            lines.append("| " + " | ".join([row[0], *(_number(value) for value in row[1:])]) + " |")
        return "\n".join(lines) + "\n"


def _number(value: float | None) -> str:
    if value is None or pd.isna(value):
        return ""
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:.3f}"


class _Side:
    """One hierarchy by names: layer, name, descendants and genes of each term."""

    def __init__(self, hierarchy: Hierarchy) -> None:
        terms, genes = hierarchy.terms, hierarchy.genes
        self.layer = dict(zip(terms, hierarchy.layers.tolist(), strict=True))
        self.name = dict(zip(terms, hierarchy.names, strict=True))
        self.edges = {(terms[parent], terms[child]) for parent, child in hierarchy.edges}
        self.annotations = {(terms[term], genes[gene]) for term, gene in hierarchy.annotations}
        self.annotated = {gene for _, gene in self.annotations}
        self.below: dict[str, set[str]] = {term: set() for term in terms}
        self.genes: dict[str, set[str]] = {term: set() for term in terms}
        for term, gene in self.annotations:
            self.genes[term].add(gene)
        children: dict[str, list[str]] = {term: [] for term in terms}
        for parent, child in self.edges:
            children[parent].append(child)
        for term in terms:  # by layer, so that a term's children are complete
            for child in children[term]:
                self.below[term] |= self.below[child] | {child}
                self.genes[term] |= self.genes[child]
