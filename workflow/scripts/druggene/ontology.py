"""The hierarchy of terms for a set of genes, from the graph of the Gene Ontology or from a published ontology file.

Terms are selected from the whole graph (:mod:`druggene.gene_ontology` reads it); those of an ontology file in the
format of DrugCell and DrugGene are taken as they stand.
"""

import logging
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from os import PathLike
from typing import Final

import pandas as pd

from druggene.constants import GENE, TERM
from druggene.hierarchy import Hierarchy
from druggene.tables import read_table, write_text

logger = logging.getLogger(__name__)

FilePath = str | PathLike[str]

ROOT: Final = "GO:0008150"
"""The term biological_process."""


def build_hierarchy(
    term_edges: pd.DataFrame,
    annotations: pd.DataFrame,
    names: Mapping[str, str],
    genes: Sequence[str],
    min_genes: int = 10,
    min_genes_over_child: int = 30,
    max_layers: int = 6,
    root: str = ROOT,
) -> Hierarchy:
    """Select the terms that a set of genes can tell apart and connect them to a hierarchy.

    The paper's ontology has 2,086 terms in six layers ("Description of VNN in the model"); the rule is this:

    1. A term holds the genes annotated to it or to any term below it.
    2. From the bottom up, a term stays if it holds at least ``min_genes`` genes and at least
       ``min_genes_over_child`` more than the largest term that stays below it. The root always stays.
    3. Layers are counted among the terms that stay, from 0 for those with none below. Terms in layer
       ``max_layers - 1`` and above give way to the root, which then lies in that layer.
    4. The parents of a term are the nearest terms above it that stay: those which lie above no other of them.
    5. A gene is annotated to a term if the term holds it and none of the term's children does. So a gene of a term
       that went moves up, and only to where it is not implied.

    On GO 2022-07-01 with the 3,008 published genes this gives 1,971 terms in layers of 1,225, 374, 187, 118, 66, 1.

    Parameters
    ----------
    term_edges
        Columns ``parent, child``: the whole graph, with or without redundant edges.
    annotations
        Columns ``term, gene``: direct annotations.
    names
        Term id to name.
    genes
        The genotype's genes in column order. Annotations of others are left out.
    min_genes, min_genes_over_child, max_layers
        The thresholds of rules 2 and 3.
    root
        Only terms below it are considered.

    Raises
    ------
    ValueError
        If ``root`` is no term of the graph, the graph has a circle, no gene is annotated, or a gene stands twice.
    """
    if max_layers < 1:
        raise ValueError(f"ontology.max_layers is {max_layers}; the root needs one layer")
    children, order = _graph_below(term_edges, root)
    held = _propagate(annotations, genes, children, order)
    if not held[root]:
        raise ValueError(
            f"ontology: none of the {len(genes)} genes is annotated to a term below {root}; "
            "check that both use the same gene symbols"
        )
    order = [term for term in order if held[term]]

    kept: set[str] = set()
    largest = dict.fromkeys(children, 0)
    for term in order:
        size = held[term].bit_count()
        below = max((largest[child] for child in children[term]), default=0)
        stays = size >= min_genes and (below == 0 or size >= below + min_genes_over_child)
        if stays or term == root:
            kept.add(term)
        largest[term] = size if stays else below

    layer = _layers_among(kept, children, order)
    high = {term for term in kept if layer[term] >= max_layers - 1 and term != root}
    kept -= high
    logger.info(
        "hierarchy: %d of %d terms with genes stay by size, %d of them above layer %d give way to the root",
        len(kept) + len(high),
        len(order),
        len(high),
        max_layers - 2,
    )

    parents = _nearest_above(kept, children, order)
    implied = dict.fromkeys(kept, 0)
    for term, above in parents.items():
        for parent in above:
            implied[parent] |= held[term]
    own = [(term, genes[i]) for term in kept for i in _positions(held[term] & ~implied[term])]
    edges = [(parent, term) for term, above in parents.items() for parent in above]
    hierarchy = Hierarchy.build(
        pd.DataFrame(edges, columns=["parent", "child"]),
        pd.DataFrame(own, columns=[TERM, GENE]),
        list(genes),
        dict(names),
    )
    _log_hierarchy(hierarchy)
    return hierarchy


def read_published_ontology(path: FilePath) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read an ontology file of DrugCell or DrugGene.

    Its rows are tab-separated without a header: ``parent child default`` for an edge, ``term gene gene`` for an
    annotation.

    Returns
    -------
    term_edges, annotations
        Columns ``parent, child`` and ``term, gene``, in the order of the file.

    Raises
    ------
    ValueError
        If a row has another form or stands twice, or if there is no edge or no annotation.
    """
    rows: dict[str, list[tuple[str, str]]] = {"default": [], "gene": []}
    first_row: dict[tuple[str, ...], int] = {}
    with open(path, encoding="utf-8-sig") as file:
        for number, line in enumerate(decoded(file, path), start=1):
            fields = tuple(field.strip() for field in line.rstrip("\n").split("\t"))
            if fields == ("",):
                continue
            if len(fields) != 3 or not all(fields) or fields[2] not in rows:
                raise ValueError(
                    f"{path}: row {number}: expected three tab-separated columns, 'parent child default' or "
                    f"'term gene gene', found {line.strip()[:80]!r}"
                )
            if fields in first_row:
                raise ValueError(f"{path}: row {number} repeats row {first_row[fields]}; keep it once")
            first_row[fields] = number
            rows[fields[2]].append((fields[0], fields[1]))
    for kind, found in rows.items():
        if not found:
            raise ValueError(f"{path}: no row ends in '{kind}'; give an ontology file of DrugCell's format")
    return pd.DataFrame(rows["default"], columns=["parent", "child"]), pd.DataFrame(rows["gene"], columns=[TERM, GENE])


def read_annotations(path: FilePath) -> pd.DataFrame:
    """Return term, gene from the table of annotations (Parquet), or from an ontology file of DrugCell's format."""
    return read_table(path) if str(path).endswith(".parquet") else read_published_ontology(path)[1]


def decoded(file: Iterable[str], path: FilePath) -> Iterator[str]:
    """Yield the lines of a text file; a ValueError that names it if it is no UTF-8 text."""
    try:
        yield from file
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: is not UTF-8 text ({error.reason}); save it as UTF-8") from None


def write_published_ontology(hierarchy: Hierarchy, path: FilePath) -> None:
    """Write a hierarchy in the text format of DrugCell and DrugGene, as :func:`read_published_ontology` describes it.

    Edges come first, from the root down, then the direct annotations. DrugCell's code joins terms by these names, so
    the file and a gene list (:func:`write_gene_list`) are all that it needs of a hierarchy.
    """
    terms, genes = hierarchy.terms, hierarchy.genes
    edges = [f"{terms[parent]}\t{terms[child]}\tdefault\n" for parent, child in hierarchy.edges[::-1]]
    annotations = [f"{terms[term]}\t{genes[gene]}\tgene\n" for term, gene in hierarchy.annotations]
    write_text("".join(edges + annotations), path)


def write_gene_list(genes: Sequence[str], path: FilePath) -> None:
    """Write genes as DrugCell's ``gene2ind.txt``: number from 0, tab, symbol."""
    write_text("".join(f"{number}\t{gene}\n" for number, gene in enumerate(genes)), path)


def restrict_to_genes(
    term_edges: pd.DataFrame, annotations: pd.DataFrame, genes: Collection[str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Drop annotations of other genes, then the terms that reach no gene, with their edges.

    Parameters
    ----------
    term_edges
        Columns ``parent, child``.
    annotations
        Columns ``term, gene``.
    genes
        The genes of the data.

    Returns
    -------
    term_edges, annotations
        What is left, in the same order.

    Raises
    ------
    ValueError
        If no annotated gene is left.
    """
    annotated = set(annotations[GENE])
    kept_annotations = annotations[annotations[GENE].isin(set(genes))].reset_index(drop=True)
    if kept_annotations.empty:
        raise ValueError(
            f"ontology: none of its {len(annotated)} genes is among the {len(genes)} genes of the data; "
            "check that both use the same gene symbols"
        )
    parents: dict[str, list[str]] = {}
    for parent, child in zip(term_edges["parent"], term_edges["child"], strict=True):
        parents.setdefault(child, []).append(parent)
    reaching = closure(kept_annotations[TERM], parents)
    # A parent of a term that reaches a gene reaches it too, so the child alone decides.
    kept_edges = term_edges[term_edges["child"].isin(reaching)].reset_index(drop=True)
    before = set(term_edges["parent"]) | set(term_edges["child"]) | set(annotations[TERM])
    logger.info(
        "genes of the data: %d of %d annotated genes, %d of %d annotations, %d of %d terms and %d of %d edges remain",
        len(annotated & set(genes)),
        len(annotated),
        len(kept_annotations),
        len(annotations),
        len(reaching),
        len(before),
        len(kept_edges),
        len(term_edges),
    )
    if before - reaching:
        logger.info("terms without a gene of the data: %s", ", ".join(sorted(before - reaching)))
    return kept_edges, kept_annotations


def published_hierarchy(path: FilePath, genes: Sequence[str], names: Mapping[str, str]) -> Hierarchy:
    """Return the hierarchy of an ontology file of DrugCell or DrugGene, restricted to ``genes``.

    Raises
    ------
    ValueError
        If the file is malformed (:func:`read_published_ontology`), shares no gene with ``genes`` or is no hierarchy.
    """
    tables = read_published_ontology(path)
    try:
        hierarchy = whole_hierarchy(*tables, names, genes)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    unnamed = sum(term not in names for term in hierarchy.terms)
    logger.info("%s: %d terms have no name in the OBO file; their id stands in", path, unnamed)
    return hierarchy


def whole_hierarchy(
    term_edges: pd.DataFrame, annotations: pd.DataFrame, names: Mapping[str, str], genes: Sequence[str]
) -> Hierarchy:
    """Return a hierarchy as it stands, but for the terms that reach none of ``genes``.

    Raises
    ------
    ValueError
        If none of ``genes`` is annotated, or it is no hierarchy (:meth:`druggene.hierarchy.Hierarchy.build`).
    """
    hierarchy = Hierarchy.build(*restrict_to_genes(term_edges, annotations, genes), list(genes), dict(names))
    _log_hierarchy(hierarchy)
    return hierarchy


def _log_hierarchy(hierarchy: Hierarchy) -> None:
    layers = "/".join(str(n) for n in hierarchy.layer_sizes)
    counts = len(hierarchy.terms), len(hierarchy.edges), len(hierarchy.annotations)
    logger.info("hierarchy: layers %s, %d terms, %d edges, %d annotations", layers, *counts)
    annotated = len(set(hierarchy.annotations[:, 1]))
    logger.info("hierarchy: %d of %d genes are annotated", annotated, len(hierarchy.genes))


def closure(start: Iterable[str], following: Mapping[str, Iterable[str]]) -> set[str]:
    """Return ``start`` and all that can be reached from it."""
    reached = set(start)
    waiting = list(reached)
    while waiting:
        new = set(following.get(waiting.pop(), ())) - reached
        reached |= new
        waiting.extend(new)
    return reached


def _graph_below(term_edges: pd.DataFrame, root: str) -> tuple[dict[str, set[str]], list[str]]:
    """Return the children of each term below ``root`` and the terms in an order that puts children first."""
    children: dict[str, set[str]] = {}
    for parent, child in zip(term_edges["parent"], term_edges["child"], strict=True):
        children.setdefault(parent, set()).add(child)
        children.setdefault(child, set())
    if root not in children:
        raise ValueError(f"ontology: the root {root} is no term of the graph; check the OBO file")
    below = closure([root], children)
    if len(below) < len(children):
        logger.info("hierarchy: %d of %d terms do not lie below %s", len(children) - len(below), len(children), root)
    graph = {term: children[term] for term in below}
    try:
        return graph, list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        raise ValueError(f"ontology: the edges form a circle: {' < '.join(error.args[1])}") from None


def _propagate(
    annotations: pd.DataFrame, genes: Sequence[str], children: Mapping[str, set[str]], order: Sequence[str]
) -> dict[str, int]:
    """Return per term the genes annotated to it or below it; bit i of the integer stands for gene i."""
    bit = {gene: 1 << i for i, gene in enumerate(genes)}
    if len(bit) < len(genes):
        twice = next(gene for gene, count in Counter(genes).items() if count > 1)
        raise ValueError(f"ontology: gene {twice} stands twice among the genes of the data; keep it once")
    held = dict.fromkeys(children, 0)
    for term, gene in zip(annotations[TERM], annotations[GENE], strict=True):
        if term in held:
            held[term] |= bit.get(gene, 0)
    for term in order:
        for child in children[term]:
            held[term] |= held[child]
    return held


def _layers_among(kept: set[str], children: Mapping[str, set[str]], order: Sequence[str]) -> dict[str, int]:
    """Return per term the layer of the highest term of ``kept`` at or below it, -1 where there is none."""
    layer = dict.fromkeys(children, -1)
    for term in order:
        layer[term] = max((layer[child] for child in children[term]), default=-1) + (term in kept)
    return layer


def _nearest_above(kept: set[str], children: Mapping[str, set[str]], order: Sequence[str]) -> dict[str, set[str]]:
    """Return per term of ``kept`` the terms of ``kept`` above it that lie above no other of them."""
    above: dict[str, set[str]] = {term: set() for term in children}
    nearest: dict[str, set[str]] = {}
    for term in reversed(order):
        # Every parent has been seen and has passed its ancestors on.
        ancestors = above[term]
        if term in kept:
            nearest[term] = ancestors.difference(*(above[ancestor] for ancestor in ancestors))
            passed_on = ancestors | {term}
        else:
            passed_on = ancestors
        for child in children[term]:
            above[child] |= passed_on
    return nearest


def _positions(bits: int) -> Iterator[int]:
    """Yield the positions of the set bits."""
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest
