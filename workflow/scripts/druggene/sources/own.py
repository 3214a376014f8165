"""A screen from the user's own tables; docs/data.md describes the folder."""

import logging
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from druggene.constants import AUC, CELL_LINE, DRUG, OMICS, SMILES, TISSUE
from druggene.screen import Screen, fill_unmeasured
from druggene.sources.drug_targets import add_targets
from druggene.sources.reading import (
    FilePath,
    Spellings,
    other_delimiter,
    read_columns,
    read_fields,
    read_header,
    to_auc,
)
from druggene.tables import require_columns

logger = logging.getLogger(__name__)

FORMATS: Final = ("parquet", "csv", "tsv")
RESPONSES: Final = "responses"
DRUGS: Final = "drugs"
CELL_LINES: Final = "cell_lines"

_TABLES: Final = (RESPONSES, DRUGS, CELL_LINES, *OMICS)


def own_files(folder: FilePath) -> dict[str, Path]:
    """Return the tables that are in a folder: responses, drugs, cell_lines and omics, each in one of three formats.

    Raises
    ------
    ValueError
        If responses, drugs or all omics are missing, or a table is there in two formats.
    """
    found = _files(folder)
    for table in (RESPONSES, DRUGS):
        if table not in found:
            raise ValueError(f"{folder}: has no {table}.parquet, .csv or .tsv; docs/data.md says what belongs there")
    if not found.keys() & set(OMICS):
        raise _no_omic(folder)
    return found


def _no_omic(folder: FilePath) -> ValueError:
    return ValueError(f"{folder}: has no omic; put {', '.join(OMICS)} there, or some of them, as parquet, csv or tsv")


def _files(folder: FilePath) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for table in _TABLES:
        files = [path for form in FORMATS if (path := Path(folder, f"{table}.{form}")).is_file()]
        if len(files) > 1:
            raise ValueError(f"{folder}: {files[0].name} and {files[1].name} are one table; keep one of them")
        if files:
            found[table] = files[0]
    return found


def read_own(folder: FilePath, source: str, drug_targets: pd.DataFrame | None = None) -> Screen:
    """Read the user's tables.

    An omic without a table is missing everywhere. A cell line of the responses that ``cell_lines`` lacks is described
    by its id alone.

    Parameters
    ----------
    folder
        See :func:`own_files`.
    source
        What the data are, for the metadata of what is written.
    drug_targets
        As :func:`druggene.sources.drug_targets.read_drug_targets` gives them, for a table of drugs without targets.

    Raises
    ------
    ValueError
        If a table lacks a column, an AUC is no number of 0 or more, or an id is missing or stands twice.
    """
    files = own_files(folder)
    responses = read_rows(
        files[RESPONSES], {CELL_LINE: (CELL_LINE,), DRUG: (DRUG,), AUC: (AUC,)}, {"source": ("source",)}
    )
    require_ids(responses, [CELL_LINE, DRUG, AUC], files[RESPONSES])
    responses[AUC] = to_auc(responses[AUC], files[RESPONSES], "auc")
    responses["source"] = responses["source"].fillna("own")
    matrices: dict[str, pd.DataFrame] = {omic: read_own_matrix(files[omic]) for omic in OMICS if omic in files}
    units: dict[str, str] = {omic: "as in the file given, not converted" for omic in matrices}
    fill_unmeasured(matrices, units)
    screen = Screen(
        responses=responses,
        cell_lines=_describe_cell_lines(files.get(CELL_LINES), responses),
        drugs=read_own_drugs(files[DRUGS], drug_targets),
        omics=matrices,
        units=units,
        source=source,
    )
    known = set(screen.drugs[DRUG])
    screen.select("drug described", f"drug not in {files[DRUGS].name}", drugs=known)
    screen.count_matched()
    screen.keep_complete()
    return screen


def read_own_matrix(path: FilePath) -> pd.DataFrame:
    """Return cell lines x genes, float32, NaN where empty; the first column (or Parquet's index) names the cell lines.

    Raises
    ------
    ValueError
        If a value is no finite number, or a cell line or gene stands twice.
    """
    if Path(path).suffix == ".parquet":
        return own_matrix(_read_parquet(path), path)
    header = read_header(path)
    if len(header) < 2:
        hint = other_delimiter(header)
        raise ValueError(f"{path}: has one column; it needs cell lines in the first and a gene in each other{hint}")
    if len(set(header)) != len(header):
        twice = next(name for i, name in enumerate(header) if name in header[:i])
        raise ValueError(f"{path}: column {twice!r} stands twice; keep one")
    content = read_columns(path, header, dict.fromkeys(header[1:], pa.float32()))
    return own_matrix(content.to_pandas().set_index(header[0]), path)


def own_matrix(matrix: pd.DataFrame, path: object) -> pd.DataFrame:
    """Check a data frame whose index or column ``cell_line`` names the cell lines, as :func:`read_own_matrix` does."""
    if CELL_LINE in matrix:
        matrix = matrix.set_index(CELL_LINE)
    wrong = [str(name) for name, kind in matrix.dtypes.items() if not pd.api.types.is_numeric_dtype(kind)]
    if wrong:
        raise ValueError(f"{path}: column {wrong[0]!r} is not numeric; each column but cell_line is a gene")
    matrix = matrix.astype("float32")
    if matrix.index.hasnans:
        raise ValueError(f"{path}: a row names no cell line; fill in the first column")
    matrix = matrix.set_axis(pd.Index(matrix.index.astype("str").str.strip(), name=CELL_LINE))
    matrix = matrix.set_axis(matrix.columns.astype("str").str.strip(), axis=1)
    axes: list[tuple[str, pd.Index]] = [("cell line", matrix.index), ("gene", matrix.columns)]
    for what, labels in axes:
        if labels.has_duplicates:
            raise ValueError(f"{path}: {what} {labels[labels.duplicated()][0]!r} stands twice; keep one")
    infinite = pd.Series(np.isinf(matrix.to_numpy()).any(axis=0), index=matrix.columns)
    if infinite.any():
        raise ValueError(f"{path}: column {infinite.idxmax()!r} has an infinite value; correct it or leave it empty")
    return matrix


def own_omics(folder: FilePath) -> dict[str, Path]:
    """Return the tables of omics in a folder, each in one of three formats.

    Raises
    ------
    ValueError
        If there is none, or a table is there in two formats.
    """
    if not Path(folder).is_dir():
        raise ValueError(f"{folder}: is not a folder; name the one that holds {', '.join(OMICS)}, or some of them")
    found = _files(folder)
    omics: dict[str, Path] = {omic: found[omic] for omic in OMICS if omic in found}
    if not omics:
        raise _no_omic(folder)
    return omics


def read_own_drugs(path: FilePath, drug_targets: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return drug, name, smiles, targets and pathway of the user's drugs.

    ``drug_targets`` are as in :func:`read_own`. Raises a ValueError if a column is missing, or a drug has no id or
    stands twice.
    """
    optional = {name: (name,) for name in ("name", "targets", "pathway")}
    return described_drugs(read_rows(Path(path), {DRUG: (DRUG,), SMILES: (SMILES,)}, optional), path, drug_targets)


def read_rows(path: Path, fields: Spellings, optional: Spellings) -> pd.DataFrame:
    """Read fields of a Parquet, CSV or tab-separated table as text; optional ones may have no column."""
    if path.suffix != ".parquet":
        return without_blanks(read_fields(path, fields, optional))
    table = _read_parquet(path)
    require_columns(table.columns, list(fields), path)
    columns = {name: table.get(name) for name in (*fields, *optional)}
    return without_blanks(pd.DataFrame(columns, index=table.index).astype("str").reset_index(drop=True))


def without_blanks(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table of texts without the blanks around them, which nobody sees; a text of blanks is missing."""
    stripped = table.apply(lambda column: column.str.strip())
    return stripped.mask(stripped == "")


def _read_parquet(path: FilePath) -> pd.DataFrame:
    try:
        table: pd.DataFrame = pq.read_table(path).to_pandas()
    except (pa.ArrowInvalid, OSError) as error:
        raise ValueError(f"{path}: is not a readable Parquet file ({error}); write it again") from None
    return table


def require_ids(table: pd.DataFrame, columns: list[str], path: object) -> None:
    """Raise a ValueError that names the row in the file where one of the columns is empty."""
    for column in columns:
        missing = table[column].isna()
        if missing.any():
            row = int(missing.to_numpy().argmax()) + 2
            raise ValueError(f"{path}: row {row} has no {column}; fill it in or remove the row")


def require_unique(table: pd.DataFrame, column: str, path: object) -> None:
    """Raise a ValueError that names the row in the file where a value stands a second time."""
    twice = table[column].duplicated()
    if twice.any():
        row = int(twice.to_numpy().argmax()) + 2
        raise ValueError(
            f"{path}: row {row} describes {table.loc[twice, column].iloc[0]!r} a second time; keep one row"
        )


def _describe_cell_lines(path: Path | None, responses: pd.DataFrame) -> pd.DataFrame:
    fields = {CELL_LINE: (CELL_LINE,)}
    optional = {"name": ("name",), TISSUE: (TISSUE,)}
    table = (
        pd.DataFrame(columns=[CELL_LINE, "name", TISSUE], dtype="str")
        if path is None
        else read_rows(path, fields, optional)
    )
    if path is not None:
        require_ids(table, [CELL_LINE], path)
        require_unique(table, CELL_LINE, path)
    others = sorted(set(responses[CELL_LINE]) - set(table[CELL_LINE]))
    table = pd.concat([table, pd.DataFrame({CELL_LINE: others}, dtype="str")], ignore_index=True)
    return table.assign(name=table["name"].fillna(table[CELL_LINE]))


def described_drugs(table: pd.DataFrame, where: object, drug_targets: pd.DataFrame | None = None) -> pd.DataFrame:
    """Complete a table with drug, name, smiles, targets and pathway; a ValueError as of :func:`read_own_drugs`."""
    require_ids(table, [DRUG], where)
    require_unique(table, DRUG, where)
    table = table.assign(name=table["name"].fillna(table[DRUG]))
    if drug_targets is not None and table["targets"].isna().all():
        pathway = table["pathway"]
        table = add_targets(table.drop(columns=["targets", "pathway"]), drug_targets)
        table["pathway"] = pathway.fillna(table["pathway"])
    return table[[DRUG, "name", SMILES, "targets", "pathway"]]
