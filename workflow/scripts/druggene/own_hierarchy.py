"""A hierarchy of the user's own: gene sets (GMT) or tables of terms, as a graph with one root.

Reactome comes as a GMT file and a table of pathway and sub-pathway, NeST as tables; docs/hierarchy.md tells how.
"""

import gzip
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from scipy import sparse

from druggene.constants import GENE, TERM
from druggene.ontology import closure, decoded
from druggene.sources.drugcell_files import read_lines
from druggene.sources.own import read_rows, require_ids

EDGE: Final = ("parent", "child")
ANNOTATION: Final = (TERM, GENE)
NAMED: Final = (TERM, "name")
ADDED_ROOT: Final = "ROOT"
_BLOCK: Final = 512
"""Sets that are held against all others at a time."""
_DESCRIPTION: Final = "description"

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class OwnHierarchy:
    """Terms (term, name), term_edges (parent, child), annotations (term, gene) and the one root."""

    terms: pd.DataFrame
    term_edges: pd.DataFrame
    annotations: pd.DataFrame
    root: str


def read_own_hierarchy(
    annotations: str | Path | None = None,
    gmt: str | Path | None = None,
    edges: str | Path | None = None,
    terms: str | Path | None = None,
    containment: bool = False,
) -> OwnHierarchy:
    """Read terms and genes from a table or a GMT file, and what lies below what from a table, by containment, or not.

    Terms that reach no gene go; where several terms have no parent, a root is added above them.

    Parameters
    ----------
    annotations
        Table with the columns term and gene; or
    gmt
        a GMT file, plain or gzipped: name, description and genes of a set per row, separated by tabs. Where ``edges``
        or ``terms`` know the sets by their descriptions, as Reactome does, these are their ids, else the names are.
    edges
        Table with the columns parent and child; None leaves all terms below the root.
    terms
        Table with the columns term and name; an id stands in for a missing name.
    containment
        Without ``edges``: a set lies below the smallest sets that hold all its genes and more.

    Returns
    -------
    OwnHierarchy
        Without circles, duplicates or redundant names.

    Raises
    ------
    ValueError
        If a file is malformed, no edge fits the terms with genes, or the edges form a circle.
    """
    assert (annotations is None) != (gmt is None), "either a table of annotations or a GMT file"
    where = str(annotations or gmt)
    graph = _read_table(edges, EDGE) if edges else pd.DataFrame(columns=list(EDGE), dtype="str")
    named = _read_table(terms, NAMED) if terms else pd.DataFrame(columns=list(NAMED), dtype="str")
    names: dict[str, str] = dict(zip(*(named[column] for column in NAMED), strict=True))
    if gmt is not None:
        sets = read_gmt(gmt)
        id_column = _id_column(sets, set(graph["parent"]) | set(graph["child"]) | set(names))
        if id_column == _DESCRIPTION:
            names = dict(zip(sets[_DESCRIPTION], sets["name"], strict=True)) | names
        direct = sets.rename(columns={id_column: TERM})[list(ANNOTATION)]
    else:
        assert annotations is not None
        direct = _read_table(annotations, ANNOTATION)
    direct = direct.drop_duplicates(ignore_index=True)
    if containment and not edges:
        direct, graph = _by_containment(direct)
    graph = _checked(graph, set(direct[TERM]), edges)
    graph, root = _with_root(graph, set(direct[TERM]), where)
    known = sorted({root, *graph["parent"], *graph["child"]})
    if root == ADDED_ROOT:
        names[root] = "all terms"
    all_terms = pd.DataFrame({TERM: known, "name": [names.get(term, term) for term in known]})
    logger.info("%s: %d terms, %d edges, %d annotations", where, len(known), len(graph), len(direct))
    return OwnHierarchy(all_terms, graph, direct, root)


def read_gmt(path: str | Path) -> pd.DataFrame:
    """Return name, description and gene of a GMT file, one row per set and gene.

    Raises
    ------
    ValueError
        If a row has no gene or a name stands twice, with the row's number.
    """
    row_of: dict[str, int] = {}
    rows: list[tuple[str, str, str]] = []
    for number, line in enumerate(_text_lines(path), start=1):
        if not line.strip():
            continue
        name, *rest = (cell.strip() for cell in line.split("\t"))
        genes = dict.fromkeys(gene for gene in rest[1:] if gene)
        if not name or not genes:
            raise ValueError(
                f"{path}, row {number}: expected the name of a set, a description and genes, separated by tabs; found "
                f"{line.strip()[:60]!r}"
            )
        if name in row_of:
            raise ValueError(f"{path}, row {number}: the set {name!r} stands in row {row_of[name]} too; keep one")
        row_of[name] = number
        rows += [(name, rest[0] or name, gene) for gene in genes]
    if not rows:
        raise ValueError(f"{path}: holds no gene set; give a GMT file")
    return pd.DataFrame(rows, columns=["name", _DESCRIPTION, GENE])


def containment_edges(annotations: pd.DataFrame) -> pd.DataFrame:
    """Return an edge from the smallest sets that hold all genes of a set, and more, to that set.

    Parameters
    ----------
    annotations
        term, gene; no two terms with the same genes.

    Returns
    -------
    pandas.DataFrame
        parent, child, sorted; a parent that holds another parent is left out.
    """
    terms = pd.Index(sorted(annotations[TERM].unique()))
    genes = pd.Index(sorted(annotations[GENE].unique()))
    at = (terms.get_indexer(pd.Index(annotations[TERM])), genes.get_indexer(pd.Index(annotations[GENE])))
    holds = sparse.csr_array((np.ones(len(annotations), np.int32), at), shape=(len(terms), len(genes)))
    size = np.asarray(holds.sum(axis=1)).ravel()
    above: list[set[int]] = [set() for _ in terms]
    for start in range(0, len(terms), _BLOCK):
        shared = (holds[start : start + _BLOCK] @ holds.T).tocoo()
        small, large = shared.coords[0] + start, shared.coords[1]
        inside = (shared.data == size[small]) & (size[large] > size[small])
        for term, holder in zip(small[inside], large[inside], strict=True):
            above[term].add(int(holder))
    rows = [
        (terms[parent], terms[term])
        for term, holders in enumerate(above)
        for parent in holders.difference(*(above[holder] for holder in holders))
    ]
    return pd.DataFrame(sorted(rows), columns=list(EDGE), dtype="str")


def _by_containment(annotations: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the annotations without sets that repeat another's genes, and the edges between those that stay."""
    content = annotations.sort_values(list(ANNOTATION)).groupby(TERM, sort=True)[GENE].agg(tuple)
    repeated = sorted(content.index[content.duplicated()])
    if repeated:
        logger.info("%d sets have the genes of another and are left out: %s", len(repeated), _some(repeated))
    kept = annotations[~annotations[TERM].isin(repeated)].reset_index(drop=True)
    return kept, containment_edges(kept)


def _checked(graph: pd.DataFrame, annotated: set[str], path: str | Path | None) -> pd.DataFrame:
    """Return the edges between terms that reach a gene, each once, after a look for circles."""
    graph = graph.drop_duplicates(ignore_index=True)
    below: dict[str, set[str]] = {}
    parents: dict[str, set[str]] = {}
    for parent, child in graph.itertuples(index=False):
        below.setdefault(parent, set()).add(child)
        parents.setdefault(child, set()).add(parent)
    try:
        TopologicalSorter(below).prepare()
    except CycleError as error:
        raise ValueError(f"{path}: the edges form a circle: {' < '.join(error.args[1])}; remove one of them") from None
    reaching = closure(annotated, parents)
    kept = graph[graph["child"].isin(reaching)].reset_index(drop=True)
    if len(graph) and kept.empty:
        raise ValueError(
            f"{path}: none of its {len(graph)} edges leads to a term with genes; check that both files use the same ids"
        )
    gone = sorted((set(graph["parent"]) | set(graph["child"])) - reaching)
    if gone:
        logger.info("%d terms reach no gene and are left out: %s", len(gone), _some(gone))
    return kept


def _with_root(graph: pd.DataFrame, annotated: set[str], where: str) -> tuple[pd.DataFrame, str]:
    """Return edges below one root: the one term without a parent, or one that is added."""
    terms = annotated | set(graph["parent"]) | set(graph["child"])
    tops = sorted(terms - set(graph["child"]))
    if len(tops) == 1 and len(graph):
        return graph, tops[0]
    if ADDED_ROOT in terms:
        raise ValueError(f"{where}: a term is called {ADDED_ROOT}, as the root that has to be added; rename it")
    logger.warning(
        "%s: %d terms have no parent (%s); the root %s is added above them",
        *(where, len(tops), _some(tops), ADDED_ROOT),
    )
    added = pd.DataFrame({"parent": ADDED_ROOT, "child": tops}, dtype="str")
    return pd.concat([added, graph], ignore_index=True), ADDED_ROOT


def _id_column(sets: pd.DataFrame, known: set[str]) -> str:
    """Return which column of a GMT file other files call the sets by; the name where none is known."""
    found = {column: len(known.intersection(sets[column])) for column in ("name", _DESCRIPTION)}
    if found[_DESCRIPTION] <= found["name"]:
        return "name"
    twice = sets.drop_duplicates("name").loc[lambda rows: rows[_DESCRIPTION].duplicated(), _DESCRIPTION]
    if len(twice):
        raise ValueError(f"the description {twice.iloc[0]!r} stands for two gene sets; give each an id of its own")
    return _DESCRIPTION


def _read_table(path: str | Path, columns: Sequence[str]) -> pd.DataFrame:
    """Read two columns by name; of a .txt file, which has no header, the first two, separated by tabs."""
    if Path(path).suffix != ".txt":
        try:
            table = read_rows(Path(path), {column: (column,) for column in columns}, {})
        except ValueError as error:
            error.add_note(
                "a table without a row of names is read where its file's name ends in .txt, separated by tabs"
            )
            raise
        require_ids(table, list(columns), Path(path))
        return table
    rows = []
    for number, line in enumerate(read_lines(path), start=1):
        cells = [cell.strip() for cell in line.split("\t")]
        if len(cells) < 2 or not all(cells[:2]):
            raise ValueError(f"{path}, row {number}: expected {' and '.join(columns)}, separated by a tab")
        rows.append((cells[0], cells[1]))
    if not rows:
        raise ValueError(f"{path}: is empty; it needs a {columns[0]} and a {columns[1]} in every row")
    return pd.DataFrame(rows, columns=list(columns), dtype="str")


def _text_lines(path: str | Path) -> list[str]:
    """Return the lines of a text file, gzipped or not."""
    if Path(path).suffix != ".gz":
        return read_lines(path)
    try:
        with gzip.open(path, "rt", encoding="utf-8-sig") as file:
            return [line.rstrip("\r\n") for line in decoded(file, path)]
    except (OSError, EOFError) as error:
        raise ValueError(f"{path}: cannot be unpacked ({error}); fetch it again") from None


def _some(names: Sequence[str]) -> str:
    """Return the first few of many names."""
    return ", ".join(names[:5]) + (", …" if len(names) > 5 else "")
