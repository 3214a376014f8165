"""What data a run rests on: sources (the paper's Table 1), preprocessing (its Table S1) and retrieved files."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pandas as pd

from druggene.constants import CELL_LINE, GENE, OMICS
from druggene.documents import Document, Grid, Paragraph
from druggene.screen import MATCHED
from druggene.sources.retrieval import RECORD_SUFFIX

READ: Final = "read"
USED: Final = "used"

_QUANTITIES: Final = {
    "cell_lines": "cell lines",
    "drugs": "drugs",
    "pairs": "pairs",
    "curves": "curves",
    "auc_above_1": "curves with an AUC above 1",
}
_HEADERS: Final = {"n_in": "in", "n_out": "out", "checksum_kind": "kind of checksum"}


def source_table(
    sources: pd.DataFrame,
    counts: pd.DataFrame,
    omics: Mapping[str, tuple[int, int, float]],
    ontology: Mapping[str, int],
) -> pd.DataFrame:
    """Return the table of data sources: data, quantity, read and used.

    What is read of a screen is counted by the names that it has itself, so that a cell line of two screens counts twice
    among all that were read and once among all that are used.

    Parameters
    ----------
    sources
        As :func:`druggene.responses.summarise_sources` gives it, of the stages "read" and "used".
    counts
        Lossy steps from the sources to the screen; one of each omic begins with all its cell lines.
    omics
        Omic to the numbers of its cell lines and genes and the fraction of missing values.
    ontology
        Quantity to number, of the ontology before anything is selected.
    """
    rows: list[tuple[str, str, float | None, float | None]] = []
    by_stage = {stage: part.set_index("source") for stage, part in sources.groupby("stage")}
    names = list(dict.fromkeys(sources["source"]))
    for source in names if len(names) > 2 else names[:1]:  # one source alone is all there is
        for column, quantity in _QUANTITIES.items():
            values = [part[column].get(source) for part in (by_stage[READ], by_stage[USED])]
            rows.append(("all screens" if source == "all" else source, quantity, values[0], values[1]))
    lines_read = counts[counts["what"] == "cell lines"].set_index("step")["n_in"]
    for omic in OMICS:
        lines, genes, missing = omics[omic]
        name = omic.replace("_", " ")
        percent = round(100 * missing, 2)
        rows += [
            (name, "cell lines", lines_read.get(MATCHED.format(omic)), lines),
            (name, "genes", None, genes),
            (name, "missing, %", None, percent),
        ]
    rows += [("ontology", quantity, number, None) for quantity, number in ontology.items()]
    return pd.DataFrame(rows, columns=["data", "quantity", READ, USED])


def preprocessing_table(
    counts: pd.DataFrame, folds: Iterable[tuple[str, int, Mapping[str, pd.DataFrame]]], n_genes: int
) -> pd.DataFrame:
    """Return the table of preprocessing: step, what, n_in, n_out, lost and reason.

    Parameters
    ----------
    counts
        Lossy steps from the sources to the screen.
    folds
        Protocol, fold and its tables: genes, terms, term_edges and term_genes.
    n_genes
        Genes that any omic has, of which each fold selects.
    """
    rows = [counts]
    for protocol, fold, tables in folds:
        where = f"{protocol.replace('_', ' ')}, fold {fold}"
        layers = tables["terms"]["layer"].value_counts().sort_index()
        reason = "layers: " + "/".join(str(number) for number in layers)
        genes, annotated = len(tables["genes"]), tables["term_genes"][GENE].nunique()
        rows.append(
            pd.DataFrame(
                [
                    ("genes selected", f"genes ({where})", n_genes, genes, "not annotated, measured or often mutated"),
                    ("hierarchy built", f"genes ({where})", genes, annotated, "of no kept term"),
                    ("hierarchy built", f"terms ({where})", None, len(tables["terms"]), reason),
                    ("hierarchy built", f"edges of terms ({where})", None, len(tables["term_edges"]), ""),
                    ("hierarchy built", f"annotations ({where})", None, len(tables["term_genes"]), ""),
                ],
                columns=list(counts.columns),
            )
        )
    table = pd.concat(rows, ignore_index=True).astype({"n_in": "Int64", "n_out": "Int64"})
    table.insert(4, "lost", table["n_in"] - table["n_out"])
    return table


def file_table(entries: Sequence[Mapping[str, Any]], folder: str | Path) -> pd.DataFrame:
    """Return the retrieved files that a run rests on: dataset, version, file, licence, url and checksum.

    Parameters
    ----------
    entries
        Rows of config/data_versions.csv.
    folder
        Where the files lie; a checksum that was recorded at the first retrieval stands for one that is not published.
    """
    columns = ["dataset", "version", "file", "licence", "url", "checksum_kind", "checksum"]
    rows = []
    for entry in entries:
        row = {column: entry[column] for column in columns}
        record = Path(folder, row["dataset"], row["version"], row["file"] + RECORD_SUFFIX)
        if not row["checksum"] and record.is_file():
            row |= {"checksum_kind": "sha256, recorded", "checksum": record.read_text().split()[0]}
        rows.append(row)
    return pd.DataFrame(rows, columns=columns)


def measure_omic(matrix: pd.DataFrame) -> tuple[int, int, float]:
    """Return how many cell lines and genes of an omic's table have any value, and the fraction of missing values."""
    there = matrix.drop(columns=CELL_LINE, errors="ignore").notna().to_numpy()
    return int(there.any(axis=1).sum()), int(there.any(axis=0).sum()), float(1 - there.mean())


def data_document(table: pd.DataFrame, title: str, simulated: bool) -> Document:
    """Return a table for readers; simulated data say so, an empty table too."""
    block = Paragraph("None.") if table.empty else Grid.of(table, _HEADERS)
    return Document(title, simulated, [block])
