"""The table of known drug targets, resources/drug_targets.csv."""

import os

import pandas as pd

from druggene.constants import DRUG
from druggene.screen import normalise_name
from druggene.tables import require_columns


def read_drug_targets(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read drug, targets (gene symbols joined by ";"), pathway and action; an empty cell is missing.

    Raises
    ------
    ValueError
        If a column is missing, or a drug stands twice (also in another spelling).
    """
    try:
        table = pd.read_csv(path, dtype="str", keep_default_na=False, encoding="utf-8-sig")
    except pd.errors.EmptyDataError:
        raise ValueError(f"{path}: the file is empty; restore it") from None
    require_columns(table.columns, [DRUG, "targets", "pathway", "action"], path)
    twice = table.loc[table[DRUG].map(normalise_name).duplicated(), DRUG]
    if len(twice):
        raise ValueError(f"{path}, row {twice.index[0] + 2}: drug {twice.iloc[0]!r} stands twice; keep one row")
    return table.mask(table == "")


def add_targets(drugs: pd.DataFrame, drug_targets: pd.DataFrame) -> pd.DataFrame:
    """Return ``drugs`` with the columns targets and pathway, matched on the normalised ``name``."""
    known = drug_targets.set_index(drug_targets[DRUG].map(normalise_name))
    keys = drugs["name"].map(normalise_name)
    return drugs.assign(targets=keys.map(known["targets"]), pathway=keys.map(known["pathway"]))
