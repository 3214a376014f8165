"""Reading columns of the portals' tables by name: CSV and tab-separated text with all cores, and Excel.

One field may be spelled differently by different releases; a reader gives the spellings and gets the field.
"""

import csv
import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import IO, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv
from python_calamine import CalamineError, CalamineWorkbook

from druggene.constants import AUC

FilePath = str | Path

Spellings = Mapping[str, Sequence[str]]
"""Field to the names that its column has, the newest release's first."""

_BLOCK_BYTES: Final = 1 << 26
_MISSING: Final = ("", "NA", "NaN", "nan")
_WEB_PAGE: Final = ("<!doctype html", "<html")

logger = logging.getLogger(__name__)


def read_header(path: FilePath) -> list[str]:
    """Return the first row of a text table.

    Raises
    ------
    ValueError
        If the file is empty, not UTF-8 text, or a web page.
    """
    return _split_header(_first_line(path), path)


def _first_line(path: FilePath) -> str:
    try:
        with open(path, newline="", encoding="utf-8-sig") as lines:
            return lines.readline()
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: is not UTF-8 text ({error.reason}); fetch it again, or save it as UTF-8") from None


def _split_header(line: str, where: object) -> list[str]:
    if line.lstrip().lower().startswith(_WEB_PAGE):
        raise ValueError(f"{where}: is a web page, not a table; fetch the file again")
    header = next(csv.reader([line], delimiter=_delimiter(line)), [])
    if not header:
        raise ValueError(f"{where}: the file is empty; fetch it again")
    return header


def _delimiter(header: str) -> str:
    return "\t" if header.count("\t") > header.count(",") else ","


def read_columns(
    path: FilePath, columns: Sequence[str], types: Mapping[str, pa.DataType], missing: Sequence[str] = _MISSING
) -> pa.Table:
    """Read columns of a large text table; those without a type are text.

    Large blocks, because a matrix of 19,000 columns in blocks of the default size would fall into millions of pieces.
    """
    delimiter = _delimiter(_first_line(path))
    return _read_arrow(path, path, delimiter, columns, types, missing)


def _read_arrow(
    content: FilePath | pa.NativeFile,
    where: object,
    delimiter: str,
    columns: Sequence[str],
    types: Mapping[str, pa.DataType],
    missing: Sequence[str],
    encoding: str = "utf8",
) -> pa.Table:
    convert = arrow_csv.ConvertOptions(
        include_columns=list(columns),
        column_types={column: types.get(column, pa.string()) for column in columns},
        strings_can_be_null=True,
        null_values=list(missing),
    )
    read = arrow_csv.ReadOptions(block_size=_BLOCK_BYTES, encoding=encoding)
    parse = arrow_csv.ParseOptions(delimiter=delimiter)
    try:
        return arrow_csv.read_csv(content, read_options=read, parse_options=parse, convert_options=convert)
    except (pa.ArrowInvalid, pa.ArrowKeyError) as error:
        raise ValueError(f"{where}: {_name_column(str(error), where)}; correct or refetch the file") from None


def _name_column(message: str, where: object) -> str:
    """Put the name of the column into pyarrow's message, which has its number."""
    match = re.search(r"CSV column #(\d+)", message)
    if match is None or not isinstance(where, str | Path):
        return message
    return message.replace(match[0], f"column {read_header(where)[int(match[1])]!r}")


def read_fields(path: FilePath, fields: Spellings, optional: Spellings | None = None) -> pd.DataFrame:
    """Read fields of a CSV, tab-separated or Excel (xlsx, first sheet) file as text; an empty cell is missing.

    Parameters
    ----------
    path
        The file.
    fields
        Those that must be there.
    optional
        Those that are all missing where the file has no such column.

    Returns
    -------
    pandas.DataFrame
        One column per field, in the given order; rows as in the file.

    Raises
    ------
    ValueError
        If the file cannot be read or lacks a column, with the spellings that would do.
    """
    if Path(path).suffix.lower() == ".xlsx":
        return _read_sheet(path, fields, optional or {})
    found = _find(read_header(path), fields, optional or {}, path)
    table = read_columns(path, list(found.values()), {}, missing=[""])
    return _as_frame(table, found, fields, optional or {})


def read_stream(
    content: IO[bytes], where: object, header_line: bytes, fields: Spellings, optional: Spellings
) -> pd.DataFrame:
    """Read fields of a text table from a stream that stands at its beginning, as :func:`read_fields` does.

    ``header_line`` is its first row. Text that is not UTF-8 is taken for Windows-1252.
    """
    line = header_line.decode("utf-8-sig", errors="replace")
    found = _find(_split_header(line, where), fields, optional, where)
    data = content.read()
    encoding = "utf8"
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        encoding = "cp1252"
        logger.warning("%s: is not UTF-8 text and is read as Windows-1252", where)
    buffer = pa.BufferReader(data)
    table = _read_arrow(buffer, where, _delimiter(line), list(found.values()), {}, _MISSING, encoding)
    return _as_frame(table, found, fields, optional)


def _find(header: Iterable[str], fields: Spellings, optional: Spellings, where: object) -> dict[str, str]:
    """Return field to the column that holds it; line breaks and case in headers do not count."""
    plain = {_plain(column): column for column in header}
    found: dict[str, str] = {}
    for field, spellings in {**fields, **optional}.items():
        column = next((plain[_plain(name)] for name in spellings if _plain(name) in plain), None)
        if column is not None:
            found[field] = column
        elif field in fields:
            names = " or ".join(spellings)
            hint = other_delimiter(list(plain.values()))
            raise ValueError(f"{where}: missing column {names}; found {', '.join(plain.values())}{hint}")
    return found


def other_delimiter(header: Sequence[str]) -> str:
    """Return what to add to a message where a table of one column looks as if it were separated by semicolons."""
    semicolons = len(header) == 1 and ";" in header[0]
    return "; it seems to be separated by semicolons: save it with commas or tabs" if semicolons else ""


def _plain(name: str) -> str:
    return " ".join(name.split()).lower()


def _as_frame(table: pa.Table, found: Mapping[str, str], fields: Spellings, optional: Spellings) -> pd.DataFrame:
    frame = table.to_pandas()
    columns = {field: frame[column] for field, column in found.items()}
    empty = pd.Series(np.nan, index=frame.index, dtype="str")
    return pd.DataFrame({field: columns.get(field, empty).astype("str") for field in (*fields, *optional)})


def _read_sheet(path: FilePath, fields: Spellings, optional: Spellings) -> pd.DataFrame:
    """Read the first sheet of a workbook row by row, keeping the wanted cells only."""
    try:
        rows = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).iter_rows()
        header = [str(cell) for cell in next(rows, [])]
        if not any(header):
            raise ValueError(f"{path}: the first sheet is empty; fetch the file again")
        found = _find(header, fields, optional, path)
        places = [header.index(column) for column in found.values()]
        cells = [[_cell_text(row[place]) for place in places] for row in rows]
    except CalamineError as error:
        raise ValueError(f"{path}: is not a readable Excel file ({error}); fetch it again") from None
    table = pa.table(list(map(list, zip(*cells, strict=True))) if cells else [[] for _ in places], list(found.values()))
    return _as_frame(table, found, fields, optional)


def _cell_text(cell: object) -> str | None:
    """Return the text of a cell; Excel keeps whole numbers as floating-point ones."""
    if cell == "" or cell is None:
        return None
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


def to_auc(values: pd.Series, where: object, what: str = AUC) -> pd.Series:
    """Turn text into numbers of 0 or more; what is missing stays missing.

    Raises
    ------
    ValueError
        If a value is no number, infinite or negative, with its row in the file.
    """
    numbers = pd.to_numeric(values, errors="coerce").astype("float64")
    wrong = (numbers.isna() & values.notna()) | (numbers < 0) | np.isinf(numbers)
    if wrong.any():
        value = values[wrong].iloc[0]
        raise ValueError(f"{where}: row {file_row(wrong)}: {what} {value!r} is no number of 0 or more; correct it")
    return numbers


def is_true(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return where a text column says yes."""
    return pc.is_in(pc.utf8_lower(column), pa.array(["yes", "true", "1"]))


def whole_number_text(column: pd.Series) -> pd.Series:
    """Return ids without the ``.0`` that they get where some are missing."""
    return column.str.replace(r"\.0$", "", regex=True)


def file_row(mask: pd.Series) -> int:
    """Return the row in the file, counted from 1 with the header, of the first True."""
    return int(np.flatnonzero(mask)[0]) + 2


def split_list(text: str) -> list[str]:
    """Split names that are joined by commas or semicolons."""
    return [part.strip() for part in re.split(r"[,;]", text) if part.strip()]
