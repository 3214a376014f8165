"""GDSC's files, releases 8.1 to 8.5: curves, compounds and cell lines.

- ``GDSC1_fitted_dose_response…``, ``GDSC2_…`` (xlsx as on the portal, or csv): one row per curve;
- ``screened_compounds…``: targets in ``TARGET`` (8.2 and later) or ``PUTATIVE_TARGET`` (8.1); or the list of drugs that
  the web site exports;
- ``Cell_Lines_Details.xlsx``: names and COSMIC ids of the cell lines; its header cells hold line breaks.
"""

import pandas as pd

from druggene.constants import AUC, DRUG
from druggene.sources.reading import FilePath, file_row, read_fields, to_auc, whole_number_text


def read_curves(path: FilePath) -> pd.DataFrame:
    """Return the curves of a file: name, cosmic_id, sanger_id, drug, auc (float64), source (DATASET).

    AUC is the area under the fitted curve over the logarithm of the concentration, divided by the range between the
    lowest and the highest concentration: 1 where the drug has no effect.

    Raises
    ------
    ValueError
        If a column is missing, a curve names no drug, or a value of AUC is no number of 0 or more.
    """
    table = read_fields(
        path,
        {
            "name": ("CELL_LINE_NAME",),
            "cosmic_id": ("COSMIC_ID",),
            DRUG: ("DRUG_NAME",),
            AUC: ("AUC",),
            "source": ("DATASET",),
        },
        optional={"sanger_id": ("SANGER_MODEL_ID",)},
    )
    table[AUC] = to_auc(table[AUC], path, "AUC")
    table["cosmic_id"] = whole_number_text(table["cosmic_id"])
    table[DRUG] = table[DRUG].str.strip()
    unnamed = table[DRUG].isna()
    if unnamed.any():
        raise ValueError(f"{path}: row {file_row(unnamed)} has no DRUG_NAME; fill it in or remove the row")
    return table


def read_compounds(path: FilePath) -> pd.DataFrame:
    """Return name, synonyms, targets and pathway of the screened compounds, as spelled there, each name once.

    A compound that was screened under several ids, or at several sites, stands once. GDSC gives no structures.
    """
    table = read_fields(
        path,
        {
            "name": ("DRUG_NAME", "Name"),
            "synonyms": ("SYNONYMS", "Synonyms"),
            "targets": ("TARGET", "PUTATIVE_TARGET", "Targets"),
            "pathway": ("TARGET_PATHWAY", "Target pathway"),
        },
    )
    for column in table:
        table[column] = table[column].str.strip()
    return table.dropna(subset="name").drop_duplicates("name").reset_index(drop=True)


def read_cell_line_names(path: FilePath) -> pd.DataFrame:
    """Return cosmic_id and name of the cell lines in ``Cell_Lines_Details.xlsx``; rows without an id are left out."""
    table = read_fields(path, {"cosmic_id": ("COSMIC identifier",), "name": ("Sample Name",)})
    table["cosmic_id"] = whole_number_text(table["cosmic_id"])
    return table.dropna().drop_duplicates("cosmic_id").reset_index(drop=True)
