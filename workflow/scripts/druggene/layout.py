"""How the hierarchy is laid out in memory so that every layer is a handful of batched matrix products.

Terms are ordered by layer and, within a layer, by number of direct genes ("layout order"). Terms with a
similar number of inputs form a bucket and are padded to the largest of them; the positions that pad point
at a row of zeros behind the last one. Letters: T terms, G genes, A annotations, E edges; B terms of a
bucket, K inputs that each is padded to.
"""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from druggene.hierarchy import Hierarchy

_BUCKET_ELEMENTS = 400_000
"""States of a bucket that are worked on at once, chosen so that they stay in a core's cache."""
_BUCKET_OVERHEAD = 64
"""What one more bucket costs, in padded inputs per cell line."""


@dataclass(frozen=True)
class GeneBucket:
    """Consecutive terms of one layer with their direct genes."""

    terms: slice
    genes: Tensor  # B x K, G pads
    annotations: Tensor  # B x K, A pads

    def to(self, device: torch.device) -> "GeneBucket":
        """Return the bucket with its positions on ``device``."""
        return replace(self, genes=self.genes.to(device), annotations=self.annotations.to(device))


@dataclass(frozen=True)
class EdgeBucket:
    """Terms of one layer with their neighbours, children or parents."""

    terms: Tensor  # B, layout order
    neighbours: Tensor  # B x K, layout order, T pads
    edges: Tensor  # B x K, E pads

    def to(self, device: torch.device) -> "EdgeBucket":
        """Return the bucket with its positions on ``device``."""
        return EdgeBucket(self.terms.to(device), self.neighbours.to(device), self.edges.to(device))


@dataclass(frozen=True)
class Layer:
    """One layer: its terms, what they read from genes and children, and who reads them.

    The edges to children stand one after another among all edges: ``edges`` says where, ``edge_parent`` and
    ``edge_child`` (layout order) what they join.
    """

    terms: slice
    edges: slice
    edge_parent: Tensor
    edge_child: Tensor
    genes: tuple[GeneBucket, ...]
    children: tuple[EdgeBucket, ...]
    parents: tuple[EdgeBucket, ...]

    def to(self, device: torch.device) -> "Layer":
        """Return the layer with all positions on ``device``."""
        genes = tuple(bucket.to(device) for bucket in self.genes)
        children, parents = (tuple(bucket.to(device) for bucket in edges) for edges in (self.children, self.parents))
        ends = self.edge_parent.to(device), self.edge_child.to(device)
        return Layer(self.terms, self.edges, *ends, genes, children, parents)


class Layout:
    """The buckets of a hierarchy for a given number of states per term and cell lines per batch.

    Attributes
    ----------
    order
        T positions: ``order[i]`` is the hierarchy's position of the i-th term in layout order.
    """

    def __init__(self, hierarchy: Hierarchy) -> None:
        self.n_terms = len(hierarchy.terms)
        self.n_genes = len(hierarchy.genes)
        self.n_annotations = len(hierarchy.annotations)
        self.n_edges = len(hierarchy.edges)
        gene_counts = np.bincount(hierarchy.annotations[:, 0], minlength=self.n_terms)
        order = np.lexsort((np.arange(self.n_terms), gene_counts, hierarchy.layers))
        self._layers = hierarchy.layers[order]
        position = np.empty_like(order)
        position[order] = np.arange(self.n_terms)
        self.order = torch.from_numpy(order)
        self.root = int(position[self.n_terms - 1])

        self._edges = position[hierarchy.edges]
        self._genes: list[list[tuple[int, int]]] = [[] for _ in order]
        for i, (term, gene) in enumerate(hierarchy.annotations.tolist()):
            self._genes[position[term]].append((gene, i))
        self._children: list[list[tuple[int, int]]] = [[] for _ in order]
        self._parents: list[list[tuple[int, int]]] = [[] for _ in order]
        for i, (parent, child) in enumerate(hierarchy.edges.tolist()):
            self._children[position[parent]].append((int(position[child]), i))
            self._parents[position[child]].append((int(position[parent]), i))
        self._plan = lru_cache(maxsize=16)(self._make_plan)

    def layers(self, states: int) -> tuple[Layer, ...]:
        """Return the layers bottom up, in buckets suited to ``states`` numbers per term (neurons x lines)."""
        return self._plan(max(16, _BUCKET_ELEMENTS // (1 << (states - 1).bit_length())))

    def _make_plan(self, most_terms: int) -> tuple[Layer, ...]:
        layers = []
        for layer in range(int(self._layers[-1]) + 1):
            start, stop = (int(i) for i in np.searchsorted(self._layers, [layer, layer + 1]))
            terms = range(start, stop)
            genes = []
            for bucket in _buckets(terms, [len(self._genes[t]) for t in terms], most_terms):
                columns, annotations = self._pad(self._genes, bucket, self.n_genes, self.n_annotations)
                genes.append(GeneBucket(slice(bucket[0], bucket[-1] + 1), columns, annotations))
            # Edges are sorted by parent, and parents by layer.
            edges = np.flatnonzero((self._edges[:, 0] >= start) & (self._edges[:, 0] < stop))
            first, last = (int(edges[0]), int(edges[-1]) + 1) if len(edges) else (0, 0)
            layers.append(
                Layer(
                    slice(start, stop),
                    slice(first, last),
                    torch.from_numpy(self._edges[first:last, 0].copy()),
                    torch.from_numpy(self._edges[first:last, 1].copy()),
                    tuple(genes),
                    self._edge_buckets(self._children, terms, most_terms) if layer else (),
                    self._edge_buckets(self._parents, [t for t in terms if t != self.root], most_terms),
                )
            )
        return tuple(layers)

    def _edge_buckets(
        self, neighbours: list[list[tuple[int, int]]], terms: "range | list[int]", most_terms: int
    ) -> tuple[EdgeBucket, ...]:
        by_count = sorted(terms, key=lambda term: (len(neighbours[term]), term))
        return tuple(
            EdgeBucket(torch.tensor(bucket), *self._pad(neighbours, bucket, self.n_terms, self.n_edges))
            for bucket in _buckets(by_count, [len(neighbours[term]) for term in by_count], most_terms)
        )

    @staticmethod
    def _pad(
        inputs: list[list[tuple[int, int]]], bucket: list[int], pad_input: int, pad_weight: int
    ) -> tuple[Tensor, Tensor]:
        width = max(len(inputs[term]) for term in bucket)
        rows = [inputs[term] + [(pad_input, pad_weight)] * (width - len(inputs[term])) for term in bucket]
        both = torch.tensor(rows, dtype=torch.int64).reshape(len(bucket), width, 2)
        return both[..., 0].contiguous(), both[..., 1].contiguous()


def _buckets(terms: "range | list[int]", sizes: list[int], most_terms: int) -> list[list[int]]:
    """Cut ``terms``, sorted by ``sizes``, where padding and the number of buckets cost least together."""
    n = len(terms)
    size = np.array(sizes)
    cost = np.full(n + 1, np.inf)
    cost[0] = 0
    cut = np.zeros(n + 1, dtype=int)
    for stop in range(1, n + 1):
        first = max(0, stop - most_terms)
        starts = np.arange(first, stop)
        total = cost[starts] + (stop - starts) * size[stop - 1] + _BUCKET_OVERHEAD
        best = int(total.argmin())
        cost[stop], cut[stop] = total[best], starts[best]
    buckets = []
    stop = n
    while stop:
        buckets.append([int(term) for term in terms[cut[stop] : stop]])
        stop = int(cut[stop])
    return buckets[::-1]
