"""Predict new cell lines and drugs from checkpoints: data frames in and out, or files in and out."""

import itertools
import logging
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import csv as arrow_csv

from druggene.checkpoint import Checkpoint
from druggene.constants import PREDICTED
from druggene.prediction.encoding import DrugEncoder
from druggene.prediction.files import PathLike, checkpoint_files
from druggene.prediction.genes import read_gene_table
from druggene.prediction.inputs import NewCellLines, Omics, Table, read_new_drugs, read_pairs
from druggene.prediction.predictor import Limits, Predictor
from druggene.sources.drug_targets import read_drug_targets
from druggene.tables import METADATA_KEY, atomic_path, encoded_metadata, write_both

logger = logging.getLogger(__name__)

_UNITS = {
    PREDICTED: "AUC, 0 (all cells killed) to 1 (no effect)",
    "spread": "AUC, standard deviation over the checkpoints",
    "rank": "of the drug in its cell line, 1: the lowest predicted AUC",
    "drug_similarity": "Tanimoto, to nearest_drug",
    "active_part_similarity": "Tanimoto, of the active parts, without counter-ions",
    "cell_line_distance": "to nearest_cell_line; 1 is the median distance of training cell lines to their nearest",
}


@dataclass(frozen=True, eq=False)
class Tables:
    """What the checkpoints know of the cell lines, drugs and genes that they were given; docs/predict.md.

    One object that is not compared and not copied, as pandas does with all else in ``attrs`` at every step.
    """

    cell_lines: pd.DataFrame
    drugs: pd.DataFrame
    genes: pd.DataFrame

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self


def predict(
    checkpoints: PathLike | Sequence[PathLike],
    cell_lines: Omics,
    drugs: Table,
    pairs: Table | None = None,
    *,
    top_terms: int = 0,
    limits: Limits | None = None,
    genes: PathLike | None = None,
    drug_targets: PathLike | None = None,
    together: bool = False,
) -> pd.DataFrame:
    """Predict the AUC of new pairs from checkpoints alone.

    Parameters
    ----------
    checkpoints
        Files, or folders with checkpoints of folds and seeds.
    cell_lines
        Omic (mutation, expression, copy_number) to cell lines x genes, as data frame or file; or the folder of files.
    drugs
        Columns drug and smiles; perhaps targets and pathway, which DrugGene+ reads.
    pairs
        Columns cell_line and drug; None takes all pairs.
    top_terms
        How many terms to name with each prediction.
    limits
        From where on a prediction carries a warning.
    genes
        Table of genes (resources/go/human_genes.tsv.gz), to find genes under former symbols and aliases.
    drug_targets
        Table of known targets (resources/drug_targets.csv), for drugs without targets.
    together
        Average all checkpoints, in place of those of each model apart.

    Returns
    -------
    pandas.DataFrame
        One row per model and pair, as docs/predict.md describes. Its ``attrs`` have the ``units``, and as ``tables``
        the :class:`Tables` of cell lines, drugs and genes.

    Raises
    ------
    ValueError
        If a checkpoint, table or structure cannot be used; with file and row.
    """
    predictors = make_predictors(
        checkpoints, cell_lines, drugs, pairs, top_terms, limits or Limits(), genes, drug_targets, together
    )
    frames = [chunk for predictor in predictors for chunk in predictor.chunks()]
    frame = pd.concat([_as_text(chunk) for chunk in frames], ignore_index=True)
    for column in frame.columns[frame.dtypes == "str"]:
        frame[column] = frame[column].astype("category")
    _log_warnings(predictors)
    frame.attrs = {"tables": _tables(predictors), "units": _units(predictors)}
    return frame


def _as_text(chunk: pd.DataFrame) -> pd.DataFrame:
    """Return a chunk with texts in place of categories, which differ from chunk to chunk."""
    return chunk.astype({name: "str" for name, kind in chunk.dtypes.items() if kind == "category"})


def make_predictors(
    checkpoints: PathLike | Sequence[PathLike],
    cell_lines: Omics,
    drugs: Table,
    pairs: Table | None,
    top_terms: int,
    limits: Limits,
    genes: PathLike | None,
    drug_targets: PathLike | None,
    together: bool,
) -> list[Predictor]:
    """Return a predictor per model, or one of all checkpoints; see :func:`predict`."""
    lines = NewCellLines.read(cell_lines)
    table = read_new_drugs(drugs, None if drug_targets is None else read_drug_targets(drug_targets))
    positions = read_pairs(pairs, lines.names, table["drug"])
    known = None if genes is None else read_gene_table(genes)
    models = load_models(checkpoints, together)
    lines.warn_of_symbols({gene for loaded in models.values() for one in loaded for gene in one.encoder.genes})
    encoder = DrugEncoder.of(table)
    return [
        Predictor(name, loaded, lines, encoder, positions, known, limits, top_terms) for name, loaded in models.items()
    ]


def load_models(paths: PathLike | Sequence[PathLike], together: bool = False) -> dict[str, list[Checkpoint]]:
    """Return model name to its checkpoints, in the order of files; all under one name where ``together``.

    Raises
    ------
    ValueError
        If there is none, or a file cannot be read.
    """
    files = checkpoint_files(paths)
    models: dict[str, list[Checkpoint]] = {}
    for file in files:
        loaded = Checkpoint.load(file)
        models.setdefault("all" if together else loaded.options.name, []).append(loaded)
    return models


def write_predictions(predictors: Sequence[Predictor], folder: PathLike) -> None:
    """Predict in chunks and write ``predictions``, ``cell_lines``, ``drugs`` and ``genes``, as Parquet and CSV each."""
    folder = Path(folder)
    source = "checkpoints " + ", ".join(f"{one.model} ({one.checkpoints})" for one in predictors)
    metadata = encoded_metadata("predictions of new pairs", _units(predictors), source)
    chunks = (_arrow(chunk) for predictor in predictors for chunk in predictor.chunks())
    _write_chunks(chunks, folder / "predictions.parquet", metadata)
    _log_warnings(predictors)
    for name, table in vars(_tables(predictors)).items():
        description = f"{name.replace('_', ' ')} that were predicted, and what the checkpoints know of them"
        units = {unit: text for unit, text in _UNITS.items() if unit in table}
        write_both(table, folder / f"{name}.parquet", description=description, units=units, source=source)


def _write_chunks(chunks: Iterator[pa.Table], path: Path, metadata: bytes) -> None:
    """Write chunks as one Parquet file and one CSV file, both whole or not at all."""
    first = next(chunks)
    schema = first.schema.with_metadata({METADATA_KEY: metadata})
    with ExitStack() as stack:
        parquet, text = (stack.enter_context(atomic_path(target)) for target in (path, path.with_suffix(".csv")))
        writer = pq.ParquetWriter(parquet, schema, compression="zstd", write_page_checksum=True)
        with writer, arrow_csv.CSVWriter(text, _shown(first).schema) as csv:
            for chunk in itertools.chain([first], chunks):
                writer.write_table(chunk.cast(schema))
                csv.write_table(_shown(chunk))


def _arrow(chunk: pd.DataFrame) -> pa.Table:
    """Return a chunk whose texts are dictionaries, with the same types in all chunks."""
    table = pa.Table.from_pandas(chunk, preserve_index=False)
    kinds = [
        pa.field(
            field.name, pa.dictionary(pa.int32(), pa.string()) if pa.types.is_dictionary(field.type) else field.type
        )
        for field in table.schema
    ]
    return table.cast(pa.schema(kinds))


def _shown(table: pa.Table) -> pa.Table:
    """Return a table as it is written as text: numbers to six decimals."""
    columns = []
    for column in table.columns:
        if pa.types.is_floating(column.type):
            column = pc.round(column, 6)
        elif pa.types.is_dictionary(column.type):
            column = column.cast(pa.string())
        columns.append(column)
    return pa.table(columns, names=table.column_names)


def _tables(predictors: Sequence[Predictor]) -> Tables:
    return Tables(
        pd.concat([one.cell_line_table for one in predictors], ignore_index=True),
        pd.concat([one.drug_table for one in predictors], ignore_index=True),
        pd.concat([one.gene_table() for one in predictors], ignore_index=True),
    )


def _log_warnings(predictors: Sequence[Predictor]) -> None:
    """Say how many cell lines and drugs carry a warning, and which warnings, as a user may not look into the tables."""
    for one in predictors:
        for what, notes in (
            ("cell lines", one.cell_line_table["cell_line_warning"]),
            ("drugs", one.drug_table["drug_warning"]),
        ):
            if (notes != "").any():
                kinds = notes[notes != ""].str.split("; ").explode().str.replace(r"^\d+% ", "much ", regex=True)
                counted = "; ".join(f"{kind} ({count})" for kind, count in kinds.value_counts().items())
                number = int((notes != "").sum())
                logger.warning("%s: %d of %d %s carry a warning: %s", one.model, number, len(notes), what, counted)


def _units(predictors: Sequence[Predictor]) -> dict[str, str]:
    units = {one.effect_unit for one in predictors}
    effects = {f"effect_{i + 1}": " or ".join(sorted(units)) for i in range(max(one.top_terms for one in predictors))}
    return _UNITS | effects
