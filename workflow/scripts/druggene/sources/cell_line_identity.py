"""Which DepMap model a cell line of another portal is: by ids first, by names where they leave no doubt."""

import logging
from typing import Final

import pandas as pd

from druggene.constants import CELL_LINE
from druggene.screen import normalise_name
from druggene.sources.reading import split_list

logger = logging.getLogger(__name__)

KEYS: Final = ("depmap_id", "cosmic_id", "ccle_name", "sanger_id", "name", "alias")
"""What cell lines are matched by, the most trusted first."""

_IDS: Final = KEYS[:4]
AMBIGUOUS: Final = "ambiguous"
"""Stands where a name fits several models and no id decides."""
CONTRADICTED: Final = "contradicted"
"""Stands where the one model of that name has another COSMIC or Sanger id: another cell line of nearly the same name,
as KMH-2 (thyroid) and KM-H2 (Hodgkin lymphoma)."""


def match_cell_lines(records: pd.DataFrame, models: pd.DataFrame) -> pd.DataFrame:
    """Return the model of each record and what it was found by.

    A key that several models share decides nothing; a record that only such keys fit is ambiguous and stays without a
    model. Names are compared in capitals without punctuation; an alias is a model's further name, the first part of
    its CCLE name among them, and gives way to a model that has it as its name.

    Parameters
    ----------
    records
        One row per cell line or curve, with some of the columns depmap_id, cosmic_id, ccle_name, sanger_id, name.
    models
        As :func:`druggene.sources.depmap.read_models` gives them.

    Returns
    -------
    pandas.DataFrame
        Index as ``records``; cell_line (missing where none fits) and by: one of :data:`KEYS`, "ambiguous",
        "contradicted" or missing.
    """
    columns = [column for column in (*_IDS, "name") if column in records]
    distinct = records[columns].drop_duplicates()
    found = pd.Series(None, index=distinct.index, dtype="str")
    by = pd.Series(None, index=distinct.index, dtype="str")
    doubtful = pd.Series(False, index=distinct.index)
    disagreeing = 0
    for key, keys in _model_keys(models).items():
        column = "name" if key == "alias" else key
        if column not in distinct:
            continue
        wanted = distinct[column]
        if column == "name":
            wanted = wanted.map(normalise_name, na_action="ignore")
        several = keys["key"].duplicated(keep=False)
        model = wanted.map(keys[~several].set_index("key")[CELL_LINE])
        if key in _IDS:
            disagreeing += int((found.notna() & model.notna() & (found != model)).sum())
        new = found.isna() & model.notna() & ~(doubtful & (key == "alias"))
        by = by.mask(new, key)
        found = found.mask(new, model)
        doubtful |= wanted.isin(keys.loc[several, "key"])
    by = by.mask(found.isna() & doubtful, AMBIGUOUS)
    contradicted = by.isin(["name", "alias"]) & _contradicts(distinct, found, models)
    found, by = found.mask(contradicted), by.mask(contradicted, CONTRADICTED)
    logger.info("cell lines matched by: %s", by.value_counts().to_dict())
    if disagreeing:
        logger.warning(
            "%d times two ids of a cell line name different models; the first of %s counts", disagreeing, _IDS
        )
    result = distinct[columns].assign(**{CELL_LINE: found, "by": by})
    joined = records[columns].merge(result, how="left", on=columns)
    return joined[[CELL_LINE, "by"]].set_axis(records.index, axis=0)


def _contradicts(records: pd.DataFrame, found: pd.Series, models: pd.DataFrame) -> pd.Series:
    """Return where record and model both have an id of a kind, and not the same."""
    result = pd.Series(False, index=records.index)
    for key in ("cosmic_id", "sanger_id"):
        if key in records:
            of_model = found.map(models.set_index(CELL_LINE)[key])
            result |= records[key].notna() & of_model.notna() & (records[key] != of_model)
    return result


def _model_keys(models: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return for each kind of key a table of key and cell_line."""
    named = models.assign(key=models["name"].map(normalise_name, na_action="ignore"))
    first_parts = models.assign(key=models["ccle_name"].str.partition("_")[0])
    aliases = models.assign(key=models["aliases"].map(split_list, na_action="ignore")).explode("key")
    others = pd.concat([first_parts, aliases])
    others = others.assign(key=others["key"].map(normalise_name, na_action="ignore"))
    tables = {
        "depmap_id": models.assign(key=models[CELL_LINE]),
        "cosmic_id": models.assign(key=models["cosmic_id"]),
        "ccle_name": models.assign(key=models["ccle_name"]),
        "sanger_id": models.assign(key=models["sanger_id"]),
        "name": named,
        "alias": others[~others["key"].isin(named["key"])],
    }
    return {
        kind: table.dropna(subset="key").loc[:, ["key", CELL_LINE]].drop_duplicates()
        for kind, table in ((kind, table[table["key"] != ""]) for kind, table in tables.items())
    }
