"""Excel files as GDSC publishes them, with equal bytes for equal tables."""

import datetime
from pathlib import Path
from typing import Any, Final

import pandas as pd
import xlsxwriter

from druggene.tables import atomic_path

_CREATED: Final = datetime.datetime(2023, 10, 27)
"""Stands in the file's properties in place of the time of writing."""


def write_workbook(table: pd.DataFrame, path: str | Path, sheet: str) -> None:
    """Write a table as the only sheet of a workbook, row by row, atomically."""
    columns = [_cells(table[column]) for column in table]
    with atomic_path(path) as temporary, xlsxwriter.Workbook(str(temporary), {"constant_memory": True}) as workbook:
        workbook.set_properties({"created": _CREATED})
        worksheet = workbook.add_worksheet(sheet)
        worksheet.write_row(0, 0, list(table.columns))
        for number, row in enumerate(zip(*columns, strict=True), start=1):
            worksheet.write_row(number, 0, row)


def _cells(column: pd.Series) -> list[Any]:
    """Return plain Python values, None where missing."""
    return [None if missing else value for missing, value in zip(column.isna(), column.tolist(), strict=True)]
