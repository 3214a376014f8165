"""The hierarchy of terms that gives the network its shape."""

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
import pandas as pd

from druggene.constants import GENE, TERM


@dataclass(frozen=True)
class Hierarchy:
    """Terms, their parent-child edges and their genes, in the order in which the network holds them.

    Shapes: T terms, E edges, G genes, A annotations.

    Attributes
    ----------
    terms
        T term ids, ordered by layer, then id; the root is the last one.
    names
        T human-readable names.
    layers
        T integers: 0 for a term without child terms, else 1 + the highest layer among its children
        (paper, "Description of VNN in the model").
    sizes
        T integers: the number of genes annotated to the term or any of its descendants.
    genes
        G gene symbols, in the order of the genotype's columns.
    edges
        E x 2 positions in ``terms``: parent, child; sorted.
    annotations
        A x 2 positions: term in ``terms``, gene in ``genes``; sorted.
    """

    terms: tuple[str, ...]
    names: tuple[str, ...]
    layers: np.ndarray
    sizes: np.ndarray
    genes: tuple[str, ...]
    edges: np.ndarray
    annotations: np.ndarray

    @classmethod
    def build(
        cls,
        edges: pd.DataFrame,
        annotations: pd.DataFrame,
        genes: list[str],
        names: dict[str, str] | None = None,
    ) -> Self:
        """Order terms and check the graph.

        Parameters
        ----------
        edges
            Columns ``parent`` and ``child`` (term ids).
        annotations
            Columns ``term`` and ``gene``.
        genes
            The genotype's genes in column order; every annotated gene must be among them.
        names
            Term id to name; the id stands in for a missing name.

        Raises
        ------
        ValueError
            If a gene is unknown, a row is duplicated, there is a circle, there is not exactly one root,
            or a term reaches no gene.
        """
        for label, frame, columns in (("edge", edges, ["parent", "child"]), ("annotation", annotations, [TERM, GENE])):
            duplicated = frame[frame.duplicated(columns)]
            if len(duplicated):
                raise ValueError(f"hierarchy: {label} {tuple(duplicated[columns].iloc[0])} stands twice; keep it once")
        if len(set(genes)) < len(genes):
            twice = next(gene for i, gene in enumerate(genes) if gene in genes[:i])
            raise ValueError(f"hierarchy: gene {twice} stands twice among the data's genes; keep it once")
        unknown = sorted(set(annotations[GENE]) - set(genes))
        if unknown:
            raise ValueError(
                f"hierarchy: annotated gene {unknown[0]} ({len(unknown)} in all) is not a gene of the data"
            )

        term_set = set(edges["parent"]) | set(edges["child"]) | set(annotations[TERM])
        children: dict[str, list[str]] = {term: [] for term in term_set}
        for parent, child in zip(edges["parent"], edges["child"], strict=True):
            children[parent].append(child)
        layer_of = _layers(children)
        roots = sorted(term_set - set(edges["child"]))
        if len(roots) != 1:
            raise ValueError(f"hierarchy: needs exactly one root, found {len(roots)}: {', '.join(roots[:5])}")

        terms = sorted(term_set, key=lambda term: (layer_of[term], term))
        position = {term: i for i, term in enumerate(terms)}
        gene_position = {gene: i for i, gene in enumerate(genes)}
        members: dict[str, set[str]] = {term: set() for term in terms}
        for term, gene in zip(annotations[TERM], annotations[GENE], strict=True):
            members[term].add(gene)
        for term in terms:
            members[term].update(*(members[child] for child in children[term]))
        empty = [term for term in terms if not members[term]]
        if empty:
            raise ValueError(f"hierarchy: term {empty[0]} ({len(empty)} in all) reaches no gene; leave it out")

        def positions(frame: pd.DataFrame, left: dict[str, int], right: dict[str, int]) -> np.ndarray:
            rows = sorted((left[a], right[b]) for a, b in frame.itertuples(index=False))
            return np.array(rows, dtype=np.int64).reshape(-1, 2)

        return cls(
            terms=tuple(terms),
            names=tuple((names or {}).get(term, term) for term in terms),
            layers=np.array([layer_of[term] for term in terms], dtype=np.int64),
            sizes=np.array([len(members[term]) for term in terms], dtype=np.int64),
            genes=tuple(genes),
            edges=positions(edges[["parent", "child"]], position, position),
            annotations=positions(annotations[[TERM, GENE]], position, gene_position),
        )

    @property
    def root(self) -> str:
        """The id of the one term without a parent."""
        return self.terms[-1]

    @cached_property
    def layer_sizes(self) -> tuple[int, ...]:
        """Number of terms per layer, from layer 0 to the root's."""
        return tuple(int(n) for n in np.bincount(self.layers))

    def to_tables(self) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
        """Return the tables ``terms`` (term, name, layer, size), ``term_edges`` and ``term_genes``."""
        term_ids = np.array(self.terms, dtype=object)
        terms = pd.DataFrame({TERM: term_ids, "name": self.names, "layer": self.layers, "size": self.sizes})
        edges = pd.DataFrame({"parent": term_ids[self.edges[:, 0]], "child": term_ids[self.edges[:, 1]]})
        genes = np.array(self.genes, dtype=object)
        annotations = pd.DataFrame({TERM: term_ids[self.annotations[:, 0]], GENE: genes[self.annotations[:, 1]]})
        return terms, edges, annotations

    @classmethod
    def from_tables(cls, terms: pd.DataFrame, edges: pd.DataFrame, annotations: pd.DataFrame, genes: list[str]) -> Self:
        """Rebuild what :meth:`to_tables` gave; ``genes`` is the genotype's gene order."""
        return cls.build(edges, annotations, genes, dict(zip(terms[TERM], terms["name"], strict=True)))


def _layers(children: dict[str, list[str]]) -> dict[str, int]:
    """Return each term's layer, the longest way down to a term without children."""
    layer: dict[str, int] = {}
    waiting = dict(children)
    while waiting:
        ready = [term for term, below in waiting.items() if all(child in layer for child in below)]
        if not ready:
            raise ValueError(f"hierarchy: the edges form a circle through {_on_circle(waiting)}; a hierarchy has none")
        for term in ready:
            layer[term] = 1 + max((layer[child] for child in waiting.pop(term)), default=-1)
    return layer


def _on_circle(waiting: dict[str, list[str]]) -> str:
    """Return a term on a circle; every waiting term has a waiting child, so the way down ends in one."""
    term, seen = min(waiting), set()
    while term not in seen:
        seen.add(term)
        term = min(child for child in waiting[term] if child in waiting)
    return term
