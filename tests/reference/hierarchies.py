"""Small hierarchies with the shapes that trip implementations."""

import numpy as np
import pandas as pd

from druggene.hierarchy import Hierarchy


def tricky_hierarchy() -> Hierarchy:
    """Terms without genes, a term with parents on different layers, an edge that skips layers, shared genes."""
    edges = [("R", "C"), ("R", "D"), ("R", "A"), ("C", "A"), ("C", "B"), ("D", "B"), ("D", "E"), ("E", "F"), ("C", "F")]
    annotations = [
        *[("A", gene) for gene in ("g0", "g1", "g2")],
        *[("B", gene) for gene in ("g2", "g3")],
        *[("F", gene) for gene in ("g4", "g0", "g5", "g6")],
        *[("D", gene) for gene in ("g7",)],
    ]
    return Hierarchy.build(
        pd.DataFrame(edges, columns=["parent", "child"]),
        pd.DataFrame(annotations, columns=["term", "gene"]),
        [f"g{i}" for i in range(9)],  # g8 has no term
    )


def random_hierarchy(seed: int, terms: int = 60, genes: int = 40) -> Hierarchy:
    """A random graph in which every term has up to three parents and every leaf some genes."""
    rng = np.random.default_rng(seed)
    edges = {(int(rng.integers(0, child)), child) for child in range(1, terms) for _ in range(rng.integers(1, 4))}
    inner = {parent for parent, _ in edges}
    annotations = [
        (term, int(gene))
        for term in range(terms)
        if term not in inner or rng.random() < 0.5
        for gene in rng.choice(genes, size=rng.integers(1, 12), replace=False)
    ]
    return Hierarchy.build(
        pd.DataFrame([(f"T{p:03d}", f"T{c:03d}") for p, c in edges], columns=["parent", "child"]),
        pd.DataFrame([(f"T{t:03d}", f"g{g:03d}") for t, g in annotations], columns=["term", "gene"]),
        [f"g{i:03d}" for i in range(genes)],
    )
