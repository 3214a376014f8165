"""What is predicted: new cell lines by their omics, new drugs by their structures, and which pairs of them.

Letters: C cell lines, G genes, M channels, D drugs, N pairs.
"""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from druggene.constants import AUC, CELL_LINE, DRUG, MUTATION, OMICS, SMILES
from druggene.molecules import read_molecule
from druggene.sources.own import (
    described_drugs,
    own_matrix,
    own_omics,
    read_own_drugs,
    read_own_matrix,
    read_rows,
    require_ids,
    without_blanks,
)
from druggene.sources.reading import to_auc
from druggene.symbols import warn_of_odd_symbols
from druggene.tables import require_columns

logger = logging.getLogger(__name__)

Table = pd.DataFrame | str | Path
"""A data frame, or the file that it is read from."""
Omics = Mapping[str, Table] | str | Path
"""Omic to table, or the folder of the tables."""
_DESCRIBED = ("name", "targets", "pathway")
_SHOWN = 5
_HIGH_AUC = 1.5
"""A median above it is another unit: single curves exceed 1 by growth, half of them do not by as much."""


@dataclass(frozen=True)
class NewCellLines:
    """Cell lines as their tables have them.

    Attributes
    ----------
    names
        C names: those of all omics, in the order in which they first appear.
    omics
        Omic to C x its own genes, NaN where not measured.
    where
        Omic to the file, or what stands for it in messages.
    """

    names: tuple[str, ...]
    omics: dict[str, pd.DataFrame]
    where: dict[str, str]

    @classmethod
    def read(cls, given: Omics) -> "NewCellLines":
        """Read the omics of new cell lines, in the layouts of ``input: own``.

        Raises
        ------
        ValueError
            If there is no omic or no cell line, an omic is not one of the three, a cell line or gene stands twice, or
            a value is no finite number.
        """
        if isinstance(given, pd.DataFrame):
            raise ValueError(
                "cell lines: a data frame does not say which omic it is; give {'expression': data_frame}, or a folder"
            )
        tables: Mapping[str, Table] = given if isinstance(given, Mapping) else own_omics(given)
        unknown = [omic for omic in tables if omic not in OMICS]
        if unknown or not tables:
            named = ", ".join(map(repr, unknown)) or "none"
            raise ValueError(f"cell lines: omics given are {named}; give some of {', '.join(OMICS)}")
        where = {omic: omic if isinstance(table, pd.DataFrame) else str(table) for omic, table in tables.items()}
        omics = {}
        for omic, table in tables.items():
            matrix = own_matrix(table, omic) if isinstance(table, pd.DataFrame) else read_own_matrix(table)
            omics[omic] = matrix.rename(columns=str)
        names = tuple(dict.fromkeys(name for matrix in omics.values() for name in matrix.index))
        if not names:
            raise ValueError(f"{', '.join(where.values())}: no cell line; give one row for each")
        _warn_of_mutations(omics, where)
        for omic, matrix in omics.items():
            lacking = [name for name in names if name not in matrix.index]
            if lacking:
                logger.warning(
                    "%s: %d of %d cell lines have no row and are imputed (%s)",
                    *(where[omic], len(lacking), len(names), _some(lacking)),
                )
        aligned = {omic: matrix.reindex(list(names)) for omic, matrix in omics.items()}
        return cls(names, aligned, where)

    def warn_of_symbols(self, genes: Collection[str]) -> None:
        """Log columns that are lost to ``genes``, those of the checkpoints, for a reason that can be mended."""
        for omic, matrix in self.omics.items():
            warn_of_odd_symbols(matrix.columns, genes, self.where[omic])

    def only(self, wanted: set[str]) -> "NewCellLines":
        """Return some of the cell lines."""
        names = tuple(name for name in self.names if name in wanted)
        return NewCellLines(names, {omic: matrix.loc[list(names)] for omic, matrix in self.omics.items()}, self.where)


def _warn_of_mutations(omics: Mapping[str, pd.DataFrame], where: Mapping[str, str]) -> None:
    if MUTATION not in omics:
        return
    values = omics[MUTATION].to_numpy()
    wrong = ~np.isnan(values) & (values != 0) & (values != 1)
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        logger.warning(
            "%s: %d values are neither 0 nor 1, the first of gene %s in cell line %s (%g); above 0.5 counts as mutated",
            *(where[MUTATION], wrong.sum(), omics[MUTATION].columns[column], omics[MUTATION].index[row]),
            values[row, column],
        )


def read_new_drugs(given: Table, drug_targets: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return drug, name, smiles, targets and pathway of new drugs, in the order given.

    Raises
    ------
    ValueError
        If a column is missing, there is no drug, a drug has no name or stands twice, or a SMILES cannot be read; with
        the row.
    """
    if isinstance(given, pd.DataFrame):
        where = "drugs"
        require_columns(given.columns, [DRUG, SMILES], where)
        columns = {name: given.get(name) for name in (DRUG, SMILES, *_DESCRIBED)}
        table = described_drugs(
            without_blanks(pd.DataFrame(columns, index=given.index).astype("str")), where, drug_targets
        )
    else:
        where = str(given)
        table = read_own_drugs(given, drug_targets)
    table = table.reset_index(drop=True)
    if table.empty:
        raise ValueError(f"{where}: no drug; give one row for each")
    bad = [row for row, text in enumerate(table[SMILES]) if read_molecule(text) is None]
    if bad:
        texts = table[SMILES].map(repr, na_action="ignore").fillna("no structure")
        listed = "; ".join(f"row {row + 2}, drug {table[DRUG][row]!r}: {texts[row]}" for row in bad[:_SHOWN])
        more = f"; and {len(bad) - _SHOWN} more" if len(bad) > _SHOWN else ""
        raise ValueError(f"{where}: cannot read SMILES: {listed}{more}; correct the structure or remove the row")
    return table


def read_pairs(given: Table | None, cell_lines: tuple[str, ...], drugs: pd.Series) -> np.ndarray | None:
    """Return N x 2 positions of cell line and drug, by cell line, each pair once; None, all pairs, where none is given.

    Raises
    ------
    ValueError
        If a column is missing, or a row names a cell line or drug that is not there; with the row.
    """
    if given is None:
        return None
    if isinstance(given, pd.DataFrame):
        where = "pairs"
        require_columns(given.columns, [CELL_LINE, DRUG], where)
        table = without_blanks(given[[CELL_LINE, DRUG]].astype("str")).reset_index(drop=True)
    else:
        where = str(given)
        table = read_rows(Path(given), {CELL_LINE: (CELL_LINE,), DRUG: (DRUG,)}, {})
    require_ids(table, [CELL_LINE, DRUG], where)
    if table.empty:
        raise ValueError(f"{where}: no pair; give some, or leave the table out for all pairs")
    positions = positions_of(table, cell_lines, drugs, where)
    unique = np.unique(positions, axis=0)
    if len(unique) < len(table):
        logger.warning("%s: %d of %d rows name a pair again", where, len(table) - len(unique), len(table))
    return unique


def read_new_responses(given: Table) -> pd.DataFrame:
    """Return cell_line, drug and auc of measured pairs, one row per curve.

    Raises
    ------
    ValueError
        If a column or a value is missing, or an AUC is no number of 0 or more; with the row.
    """
    if isinstance(given, pd.DataFrame):
        where = "responses"
        require_columns(given.columns, [CELL_LINE, DRUG, AUC], where)
        table = without_blanks(given[[CELL_LINE, DRUG, AUC]].astype("str")).reset_index(drop=True)
    else:
        where = str(given)
        table = read_rows(Path(given), {name: (name,) for name in (CELL_LINE, DRUG, AUC)}, {})
    require_ids(table, [CELL_LINE, DRUG, AUC], where)
    if table.empty:
        raise ValueError(f"{where}: no response; give one row for each curve")
    auc = to_auc(table[AUC], where)
    if auc.median() > _HIGH_AUC:
        logger.warning(
            "%s: the median AUC is %g; 0 is all cells killed and 1 no effect, so divide percents by 100",
            where,
            auc.median(),
        )
    return table.assign(**{AUC: auc})


def positions_of(table: pd.DataFrame, cell_lines: Sequence[str], drugs: pd.Series, where: str) -> np.ndarray:
    """Return N x 2 positions of the cell lines and drugs that N rows name.

    Raises a ValueError with the row if one is not there.
    """
    positions = []
    for column, names in ((CELL_LINE, pd.Index(cell_lines)), (DRUG, pd.Index(drugs))):
        found = names.get_indexer(pd.Index(table[column]))
        if (found < 0).any():
            row = int(np.argmax(found < 0))
            what = column.replace("_", " ")
            raise ValueError(
                f"{where}: row {row + 2}: {what} {table[column].iloc[row]!r} is not among the {what}s given "
                f"({int((found < 0).sum())} such rows); add it there or remove the row"
            )
        positions.append(found)
    return np.column_stack(positions)


def _some(names: list[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")
