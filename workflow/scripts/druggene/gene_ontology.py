"""The Gene Ontology's files as tables: the graph of terms (OBO) and the annotations of genes to them.

Annotations come as GAF, or as a JSON file of terms and UniProt accessions.
"""

import errno
import gzip
import json
import logging
import re
import tempfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from functools import cache
from graphlib import CycleError, TopologicalSorter
from os import PathLike
from pathlib import Path
from typing import IO, Any, Final

import pandas as pd
from goatools.anno.gaf_reader import GafReader
from goatools.obo_parser import GODag

from druggene.constants import GENE, TERM

logger = logging.getLogger(__name__)

FilePath = str | PathLike[str]

NAMESPACE: Final = "biological_process"

GAF_COLUMNS: Final = 17
GAF_SHORTEST: Final = 15
"""Columns of a GAF 2.x line without its two optional last ones, and of GAF 1.0."""
GAF_REQUIRED: Final = (0, 1, 2, 4, 5, 6, 8, 11, 12, 13, 14)
GAF_FREE_TEXT: Final = (9, 10, 15, 16)
"""Name, synonyms, extension and gene product form: not used here."""
ILLEGAL_LINES_SHOWN: Final = 10
TERM_ID: Final = re.compile(r"GO:\d{7}")
TAXA: Final = re.compile(r"[^:|]+:\d+(\|[^:|]+:\d+)?")


NO_DATA: Final = ("ND",)
"""Evidence that says only that nothing is known."""
MOST_UNPACKED_BYTES: Final = 4 << 30
"""A compressed file that grows beyond this is no release of the Gene Ontology, the largest of which has 0.2 GB."""

Tables = tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]


def read_obo_gaf(
    obo: FilePath,
    gaf: FilePath,
    relationships: Sequence[str] = ("part_of",),
    exclude_evidence: Sequence[str] = NO_DATA,
) -> Tables:
    """Read the whole biological_process graph and the direct annotations of genes to its terms.

    Alternative term ids become the primary ones. Left out, and counted in the log, are obsolete terms, annotations
    with the qualifier NOT or an excluded evidence, annotations of obsolete or unknown terms, and illegal lines of the
    GAF file.

    Parameters
    ----------
    obo
        Ontology in OBO format 1.2, plain or gzip-compressed.
    gaf
        Annotations in GAF 1.0 to 2.2, plain or gzip-compressed; a gene is its DB_Symbol.
    relationships
        Relationships that count like is_a; each must lead from a term to a broader one, as part_of does.
    exclude_evidence
        Evidence codes whose annotations do not count.

    Returns
    -------
    terms, term_edges, annotations
        Columns ``term, name``; ``parent, child``; ``term, gene``; each sorted and free of duplicates.

    Raises
    ------
    ValueError
        If ``obo`` is no OBO file or has no term of that namespace, or if ``gaf`` has no legal line or no annotation
        that can be used.
    """
    dag = _read_obo(obo)
    terms, edges = _graph(dag, obo, relationships)
    return terms, edges, pd.DataFrame(_read_gaf(gaf, dag, exclude_evidence), columns=[TERM, GENE])


def read_obo_uniprot(
    obo: FilePath,
    associations: FilePath,
    symbols: Mapping[str, str],
    relationships: Sequence[str] = ("part_of",),
) -> Tables:
    """Read the graph as :func:`read_obo_gaf` does, and the annotations of UniProt accessions from a JSON file.

    Parameters
    ----------
    obo
        Ontology in OBO format 1.2, plain or gzip-compressed.
    associations
        JSON list of a time stamp and an object from term id to UniProt accessions, plain or gzip-compressed; it holds
        neither qualifiers nor evidence.
    symbols
        UniProt accession to gene symbol; accessions without one are counted and left out.
    relationships
        Relationships that count like is_a.

    Returns
    -------
    terms, term_edges, annotations
        As :func:`read_obo_gaf`.

    Raises
    ------
    ValueError
        If a file has another format, or no accession of a biological_process term has a symbol.
    """
    dag = _read_obo(obo)
    terms, edges = _graph(dag, obo, relationships)
    with _plain(associations) as plain:
        try:
            _, accessions_of = json.loads(plain.read_text(encoding="utf-8"))
            pairs = [(term, accession) for term, found in accessions_of.items() for accession in found]
        except (ValueError, TypeError, AttributeError):
            raise ValueError(f"{associations}: not JSON of the form [time, {{term: [UniProt accession]}}]") from None
    living = [(dag[term].item_id, accession) for term, accession in pairs if term in dag and _is_living(dag[term])]
    named = sorted({(term, symbols[accession]) for term, accession in living if accession in symbols})
    if not named:
        raise ValueError(f"{associations}: no accession of a {NAMESPACE} term has a symbol; check both files")
    logger.info(
        "%s: %d of %d associations are of living terms of %s; %d direct annotations of %d genes remain",
        *(associations, len(living), len(pairs), NAMESPACE, len(named), len({gene for _, gene in named})),
    )
    return terms, edges, pd.DataFrame(named, columns=[TERM, GENE])


def _is_living(record: Any) -> bool:
    return record.namespace == NAMESPACE and not record.is_obsolete


def _graph(dag: Any, obo: FilePath, relationships: Sequence[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the tables of living terms and of the edges between them."""
    living = {
        identifier: record for identifier, record in dag.items() if identifier == record.item_id and _is_living(record)
    }
    if not living:
        raise ValueError(f"{obo}: no term of the namespace {NAMESPACE}; give the file go-basic.obo")
    edges = {
        (parent.item_id, child)
        for child, record in living.items()
        for parent in record.parents
        if parent.item_id in living
    }
    logger.info("%s: %d terms of %s, %d is_a edges", obo, len(living), NAMESPACE, len(edges))
    for relationship in relationships:
        related = {
            (parent.item_id, child)
            for child, record in living.items()
            for parent in record.relationship.get(relationship, ())
            if parent.item_id in living
        }
        if not related:
            logger.warning("%s: no edge of the relationship %s; check ontology.relationships", obo, relationship)
        logger.info("%s: %d %s edges, %d of them new", obo, len(related), relationship, len(related - edges))
        edges |= related
    roots = sorted(living.keys() - {child for _, child in edges})
    if len(roots) > 1:
        message = "%s: %d terms have no parent, and only what lies below the root of %s counts: %s"
        logger.warning(message, obo, len(roots), NAMESPACE, ", ".join(roots[:5]) + " …" * (len(roots) > 5))
    below: dict[str, list[str]] = {}
    for parent, child in edges:
        below.setdefault(parent, []).append(child)
    try:
        TopologicalSorter(below).prepare()
    except CycleError as error:
        circle = " < ".join(error.args[1])
        raise ValueError(f"{obo}: is_a and {', '.join(relationships)} form a circle: {circle}") from None
    terms = pd.DataFrame({TERM: sorted(living)})
    terms["name"] = [living[term].name for term in terms[TERM]]
    return terms, pd.DataFrame(sorted(edges), columns=["parent", "child"])


def read_term_names(obo: FilePath) -> dict[str, str]:
    """Return the name of every term id of an OBO file, alternative and obsolete ids included.

    Raises
    ------
    ValueError
        If ``obo`` is no OBO file.
    """
    return {identifier: record.name for identifier, record in _read_obo(obo).items()}


def read_terms_below(obo: FilePath, roots: Sequence[str]) -> set[str]:
    """Return ``roots`` and all terms that lead to one of them by is_a and part_of, alternative ids included.

    Raises
    ------
    ValueError
        If ``obo`` is no OBO file, or has no such term.
    """
    dag = _read_obo(obo)
    below: set[str] = set()
    for root in roots:
        if root not in dag:
            raise ValueError(f"{obo}: no term {root}; correct the id")
        waiting = [dag[root]]
        while waiting:
            record = waiting.pop()
            if record.item_id in below:
                continue
            below.add(record.item_id)
            waiting += record.children
            waiting += getattr(record, "relationship_rev", {}).get("part_of", ())
    return below | {identifier for identifier, record in dag.items() if record.item_id in below}


@contextmanager
def _plain(path: FilePath) -> Iterator[Path]:
    """Yield the file itself, or a temporary decompressed copy if it is compressed: goatools reads no gzip files."""
    with open(path, "rb") as raw:
        compressed = raw.read(2) == b"\x1f\x8b"
    if not compressed:
        yield Path(path)
        return
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "plain"
        try:
            with _room_in(folder, path), gzip.open(path, "rb") as packed, copy.open("wb") as unpacked:
                _unpack(packed, unpacked, path)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise ValueError(f"{path}: damaged gzip file ({error}); retrieve it again") from None
        yield copy


@contextmanager
def _room_in(folder: str, path: FilePath) -> Iterator[None]:
    """Say of a full disk what was to be written there."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise
        message = f"{path}: cannot be copied to {folder} ({error.strerror}); let TMPDIR name a folder with room"
        raise OSError(error.errno, message) from error


def _unpack(packed: gzip.GzipFile, unpacked: IO[bytes], path: FilePath) -> None:
    """Copy a decompressed stream, but not without end: a few megabytes can hold terabytes of zeros."""
    while piece := packed.read(1 << 20):
        if unpacked.tell() + len(piece) > MOST_UNPACKED_BYTES:
            raise ValueError(
                f"{path}: grows beyond {MOST_UNPACKED_BYTES:,} bytes when unpacked, which no such file needs; "
                "retrieve it again, from its publisher"
            )
        unpacked.write(piece)


def _read_obo(obo: FilePath) -> Any:
    """Return goatools' graph of all terms; alternative ids are keys too, obsolete terms are marked."""
    with _plain(obo) as plain:
        try:
            dag = GODag(str(plain), optional_attrs={"relationship"}, load_obsolete=True, prt=None)
        except KeyError as error:
            raise ValueError(f"{obo}: term {error} is referred to but not defined; retrieve the file again") from None
        except RecursionError:
            raise ValueError(f"{obo}: its is_a relations form a circle; retrieve the file again") from None
        except (AssertionError, IndexError, ValueError) as error:
            raise ValueError(f"{obo}: not a file in OBO format ({error})") from None
    if not dag:
        raise ValueError(f"{obo}: not a file in OBO format: it has no [Term]; give the file go-basic.obo")
    return dag


def _read_gaf(gaf: FilePath, dag: Any, exclude_evidence: Sequence[str]) -> list[tuple[str, str]]:
    """Return the sorted (term, gene) pairs of a GAF file that hold for living biological_process terms."""
    counts: Counter[str] = Counter()
    with _plain(gaf) as plain, tempfile.TemporaryDirectory() as folder:
        # goatools ends the process at a line that it cannot parse, so it is given legal lines only.
        legal = Path(folder) / "legal.gaf"
        with (
            _room_in(folder, gaf),
            plain.open(encoding="utf-8", errors="replace") as lines,
            legal.open("w", encoding="utf-8") as written,
        ):
            written.write("!gaf-version: 2.1\n")
            written.writelines(_legal_lines(gaf, lines, counts))
        if not counts["legal lines"]:
            raise ValueError(f"{gaf}: no legal line of a GAF file (17 tab-separated columns) among {counts['lines']}")
        associations = GafReader(str(legal), namespaces={"BP"}, prt=None).associations

    pairs = set()
    for association in associations:
        record = dag.get(association.GO_ID)
        if "NOT" in association.Qualifier:
            counts["with the qualifier NOT"] += 1
        elif association.Evidence_Code in exclude_evidence:
            counts[f"with the evidence {association.Evidence_Code}"] += 1
        elif record is None or record.namespace != NAMESPACE:
            counts["of terms that the OBO file lacks"] += 1
        elif record.is_obsolete:
            counts["of obsolete terms"] += 1
        else:
            if record.item_id != association.GO_ID:
                counts["with an alternative term id, kept under the primary one"] += 1
            pairs.add((record.item_id, association.DB_Symbol))
    if not pairs:
        raise ValueError(f"{gaf}: no annotation of a {NAMESPACE} term of the OBO file; give files of one release")
    for what, count in counts.items():
        logger.info("%s: %d %s", gaf, count, what)
    logger.info(
        "%s: %d direct annotations of %d genes to %d terms",
        gaf,
        len(pairs),
        len({gene for _, gene in pairs}),
        len({term for term, _ in pairs}),
    )
    return sorted(pairs)


def _legal_lines(gaf: FilePath, lines: Iterable[str], counts: Counter[str]) -> Iterator[str]:
    """Yield the legal lines of aspect P, padded to 17 columns and without free text; count what goes."""
    for number, line in enumerate(lines, start=1):
        fields = line.rstrip("\n").split("\t")
        if line.startswith("!") or fields == [""]:
            continue
        counts["lines"] += 1
        problem = _gaf_problem(fields)
        if problem:
            counts["illegal lines, left out"] += 1
            if counts["illegal lines, left out"] <= ILLEGAL_LINES_SHOWN:
                logger.warning("%s: line %d is left out: %s", gaf, number, problem)
            continue
        counts["legal lines"] += 1
        if fields[8] == "P":
            counts["legal lines of aspect P"] += 1
            fields += [""] * (GAF_COLUMNS - len(fields))
            for column in GAF_FREE_TEXT:
                fields[column] = ""
            yield "\t".join(fields) + "\n"


def _gaf_problem(fields: Sequence[str]) -> str | None:
    """Say what is wrong with a line of a GAF file; None if it is legal."""
    if not GAF_SHORTEST <= len(fields) <= GAF_COLUMNS:
        return f"{len(fields)} columns, expected {GAF_SHORTEST} to {GAF_COLUMNS}"
    empty = [column + 1 for column in GAF_REQUIRED if not fields[column].strip()]
    if empty:
        return f"column {empty[0]} is empty"
    if not TERM_ID.fullmatch(fields[4]):
        return f"column 5 is no term id: {fields[4]!r}"
    if fields[8] not in ("P", "F", "C"):
        return f"column 9 is no aspect (P, F or C): {fields[8]!r}"
    if not TAXA.fullmatch(fields[12]):
        return f"column 13 is no taxon: {fields[12]!r}"
    if not _is_date(fields[13]):
        return f"column 14 is no date (YYYYMMDD): {fields[13]!r}"
    return None


@cache
def _is_date(text: str) -> bool:
    if not re.fullmatch(r"[0-9]{8}", text):
        return False
    try:
        date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return False
    return True
