"""Artifacts on disk: Parquet with units and source in its metadata, written whole or not at all."""

import csv
import html
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

METADATA_KEY = b"druggene"
FORMAT_VERSION = 1
"""Version of the artifacts' layout; raised when a reader could misunderstand an older file."""

_REMAKE = "delete it and rerun the rule that makes it, `snakemake --cores 1 {}` with the same --configfile"
_DAMAGES = (pa.ArrowException, OSError, ValueError)
"""What pyarrow raises on a damaged file: by where the damage is, also while it decodes the text in its footer."""


@contextmanager
def atomic_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path beside ``path`` that replaces it only when the block ends without error.

    The temporary file is flushed to disk before the rename, so that a power cut or a full disk leaves
    either the old file or the new one, never a part of it. Its name follows from ``path``: what a killed
    process leaves behind is overwritten by the next attempt.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.stem}.partial{target.suffix}")
    try:
        yield temporary
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        temporary.replace(target)
    except OSError as error:
        error.add_note(f"{target}: not written, and what was there before is as it was")
        raise
    finally:
        with suppress(OSError):  # of a read-only file system, where nothing can have been left
            temporary.unlink(missing_ok=True)


def write_table(
    frame: pd.DataFrame | pa.Table,
    path: str | os.PathLike[str],
    *,
    description: str,
    units: Mapping[str, str] | None = None,
    source: str | None = None,
    **extra: Any,
) -> None:
    """Write ``frame`` as Parquet (zstd, a checksum per page), atomically and byte-identically for equal input.

    A named index is kept; an unnamed default index is dropped. An Arrow table serves for columns that pandas has no
    type for. ``description``, ``units`` (column to unit), ``source`` and any JSON-serialisable ``extra`` are stored in
    the schema metadata and come back from :func:`read_metadata`.
    """
    if isinstance(frame, pd.DataFrame):
        table = pa.Table.from_pandas(frame, preserve_index=frame.index.name is not None)
    else:
        table = frame
    encoded = encoded_metadata(description, units or {}, source, **extra)
    table = table.replace_schema_metadata({**(table.schema.metadata or {}), METADATA_KEY: encoded})
    with atomic_path(path) as temporary:
        pq.write_table(table, temporary, compression="zstd", write_page_checksum=True)


def encoded_metadata(description: str, units: Mapping[str, str], source: str | None, **extra: Any) -> bytes:
    """Return what :func:`write_table` stores under ``METADATA_KEY`` in the schema, for who writes a table in chunks."""
    metadata = {
        "format_version": FORMAT_VERSION,
        "description": description,
        "units": dict(units),
        "source": source,
        **extra,
    }
    return json.dumps(metadata, sort_keys=True).encode()


def write_csv(frame: pd.DataFrame, path: str | os.PathLike[str]) -> None:
    """Write a table for people as CSV with six significant digits, atomically."""
    with atomic_path(path) as temporary:
        frame.to_csv(temporary, index=False, float_format="%.6g", lineterminator="\n")


def write_both(frame: pd.DataFrame, path: str | os.PathLike[str], **metadata: Any) -> None:
    """Write a table as Parquet, as :func:`write_table` does, and as CSV beside it."""
    write_table(frame, path, **metadata)
    write_csv(frame, Path(path).with_suffix(".csv"))


def write_text(text: str, path: str | os.PathLike[str]) -> None:
    """Write a text as UTF-8, atomically."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def markdown_text(text: str) -> str:
    """Return a name as one line of plain text in Markdown and on a page made of it, whatever it holds."""
    return " ".join(html.escape(text, quote=False).replace("\\", "\\\\").split())


def markdown_row(cells: Iterable[str]) -> str:
    """Return a row of a Markdown table, in which cells stay cells, whatever they hold."""
    return "| " + " | ".join(markdown_text(cell).replace("|", "\\|") for cell in cells) + " |"


def read_metadata(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return what :func:`write_table` stored besides the columns.

    Raises
    ------
    ValueError
        If the file was not written by this package, or by a version with another layout.
    """
    raw = (_read_schema(path).metadata or {}).get(METADATA_KEY)
    if raw is None:
        raise ValueError(f"{path}: not a table of this workflow; {_REMAKE.format(path)}")
    try:
        metadata: dict[str, Any] = json.loads(raw)
        version = metadata["format_version"]
    except (ValueError, KeyError) as error:
        raise _damaged(path, error) from error
    if version != FORMAT_VERSION:
        raise ValueError(
            f"{path}: written with table layout {version}, this version reads {FORMAT_VERSION}; {_REMAKE.format(path)}"
        )
    return metadata


def read_table(
    path: str | os.PathLike[str],
    columns: Sequence[str] | None = None,
    filters: list[tuple[str, str, Any]] | None = None,
) -> pd.DataFrame:
    """Read a table written by :func:`write_table`.

    Parameters
    ----------
    path
        A Parquet file.
    columns
        The columns to read (all by default).
    filters
        Conditions on rows as pyarrow takes them, such as ``[("fold", "==", 3)]``.

    Raises
    ------
    ValueError
        If the file is no table of this workflow, is damaged or lacks one of ``columns``.
    """
    table = read_arrow(path, columns, filters)
    try:
        frame: pd.DataFrame = table.to_pandas()
    except (*_DAMAGES, KeyError, TypeError) as error:
        raise _damaged(path, error) from error
    return frame


def read_arrow(
    path: str | os.PathLike[str],
    columns: Sequence[str] | None = None,
    filters: list[tuple[str, str, Any]] | None = None,
) -> pa.Table:
    """Read a table as :func:`read_table` does and leave it in Arrow's types."""
    read_metadata(path)
    if columns is not None:
        require_columns(_read_schema(path).names, columns, path)
    try:
        return pq.read_table(path, columns=columns, filters=filters, page_checksum_verification=True)
    except (*_DAMAGES, KeyError, TypeError) as error:
        raise _damaged(path, error) from error


def _read_schema(path: str | os.PathLike[str]) -> pa.Schema:
    try:
        return pq.read_schema(path)
    except FileNotFoundError:
        raise
    except _DAMAGES as error:
        raise _damaged(path, error) from error


def _damaged(path: str | os.PathLike[str], error: Exception) -> ValueError:
    reason = str(error).partition("\n")[0]
    return ValueError(f"{path}: not a readable Parquet file ({reason}); {_REMAKE.format(path)}")


def require_columns(present: Iterable[str], required: Sequence[str], where: object) -> None:
    """Raise a ValueError that names file and columns when a required column is missing."""
    present = list(present)
    missing = [name for name in required if name not in present]
    if missing:
        raise ValueError(f"{where}: missing column(s) {', '.join(missing)}; found {', '.join(map(str, present))}")


def csv_rows(path: str | os.PathLike[str], columns: Sequence[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield every row of a small CSV file that people edit, with the words that name file and row in an error.

    Raises
    ------
    ValueError
        If a column is missing, or a row has more or fewer cells than the header; with file and row.
    """
    with open(path, newline="", encoding="utf-8-sig") as handle:
        reader = csv.DictReader(handle, strict=True)
        require_columns(reader.fieldnames or [], columns, path)
        for row in reader:
            where = f"{path}, row {reader.line_num}"
            if None in row or None in row.values():
                raise ValueError(f"{where}: has more or fewer cells than the header; quote a cell that holds a comma")
            yield where, row
