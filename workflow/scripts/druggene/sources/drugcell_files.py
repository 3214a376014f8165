"""The files of DrugCell and its descendants: lists of cell lines, genes and drugs, genotype matrices, and pairs.

DrugCell, DrugGene and nest_vnn read one form under several names. A list has a number (from 0, in order), a tab and an
item per line; a matrix has no header, a row per cell line and a column per gene of these lists; a file of pairs has
cell line, SMILES and AUC, separated by tabs, and perhaps the data set (nest_vnn).
"""

import logging
from collections.abc import Collection
from pathlib import Path

import numpy as np
import pandas as pd

from druggene.constants import AUC, CELL_LINE, DRUG, PUBLISHED_ROLE, SMILES, TISSUE
from druggene.responses import SOURCE
from druggene.sources.drug_targets import add_targets
from druggene.tables import require_columns

logger = logging.getLogger(__name__)


def read_items(path: str | Path) -> list[str]:
    """Read a published list of cell lines, genes or drugs: number (from 0, in order) and item, separated by a tab.

    Raises
    ------
    ValueError
        If a row has another form or repeats an item, with its number (counted from 1).
    """
    items: list[str] = []
    seen: set[str] = set()
    for row, line in enumerate(read_lines(path), start=1):
        cells = line.split("\t")
        if len(cells) != 2 or cells[0] != str(row - 1) or not cells[1]:
            raise ValueError(f"{path}, row {row}: expected the number {row - 1}, a tab and an item, found {line!r}")
        if cells[1] in seen:
            raise ValueError(f"{path}, row {row}: {cells[1]!r} stands twice; keep it once")
        seen.add(cells[1])
        items.append(cells[1])
    return items


def read_lines(path: str | Path) -> list[str]:
    """Return the lines of a text file, ended by LF or CR LF, without a byte-order mark or a final empty line."""
    try:
        lines = Path(path).read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: cannot be read ({error}); retrieve it again") from error
    if lines[-1] == "":
        lines.pop()
    return [line.removesuffix("\r") for line in lines]


def read_pairs(
    path: Path, role: str, source: str, lines: Collection[str], drugs: Collection[str] | None, lists: tuple[str, str]
) -> pd.DataFrame:
    """Read one file of pairs: cell line, SMILES, AUC and perhaps the data set, separated by tabs.

    Parameters
    ----------
    path
        The file.
    role
        Train, validation or test: what it is for.
    source
        Of rows without a data set.
    lines, drugs
        Known cell lines and drugs; any SMILES is a drug where ``drugs`` is None.
    lists
        Names of the files that list cell lines and drugs, for messages.

    Returns
    -------
    pandas.DataFrame
        cell_line, drug (its SMILES), auc, source, published_role.

    Raises
    ------
    ValueError
        If a row has another form or names what is not listed, with its number (counted from 1), or there is none.
    """
    rows: list[tuple[str, str, float, str, str]] = []
    for row, text in enumerate(read_lines(path), start=1):
        cells = text.split("\t")
        if len(cells) not in (3, 4):
            raise ValueError(f"{path}, row {row}: expected cell line, SMILES and AUC, found {len(cells)} column(s)")
        line, drug, value = cells[:3]
        if line not in lines:
            raise ValueError(f"{path}, row {row}: cell line {line!r} is not in {lists[0]}")
        if drugs is not None and drug not in drugs:
            raise ValueError(f"{path}, row {row}: drug {drug!r} is not in {lists[1]}")
        if not drug.strip():
            raise ValueError(f"{path}, row {row}: has no SMILES; fill it in or remove the row")
        rows.append((line, drug, _to_auc(value, path, row), (cells[3:] or [source])[0].strip() or source, role))
    if not rows:
        raise ValueError(f"{path}: holds no pair; retrieve it again")
    return pd.DataFrame(rows, columns=[CELL_LINE, DRUG, AUC, SOURCE, PUBLISHED_ROLE])


def log_aucs(responses: pd.DataFrame) -> None:
    """Say how many AUCs are above 1."""
    above = int((responses[AUC] > 1).sum())
    logger.info("%d of %d AUCs are above 1 (highest %.3f) and kept", above, len(responses), responses[AUC].max())


def _to_auc(value: str, path: Path, row: int) -> float:
    try:
        auc = float(value)
    except ValueError:
        auc = float("nan")
    if not 0 <= auc < float("inf"):
        raise ValueError(f"{path}, row {row}: AUC {value!r} is not a number of 0 or more")
    return auc


def read_matrix(path: Path, lines: list[str], genes: list[str], lists: tuple[str, str]) -> pd.DataFrame:
    """Read a genotype matrix: no header, commas, one row per cell line, one column per gene; float32.

    ``lists`` names the files of the cell lines and genes, for messages.

    Raises
    ------
    ValueError
        If rows or columns are too few or too many, or a value is no finite number.
    """
    texts = read_lines(path)
    if len(texts) != len(lines):
        raise ValueError(
            f"{path}, row {min(len(texts), len(lines)) + 1}: expected {len(lines)} rows, one per line of "
            f"{lists[0]}, found {len(texts)}"
        )
    values = np.empty((len(lines), len(genes)), dtype=np.float32)
    for row, text in enumerate(texts, start=1):
        cells = text.split(",")
        if len(cells) != len(genes):
            raise ValueError(
                f"{path}, row {row}: expected {len(genes)} columns, one per line of {lists[1]}, found {len(cells)}"
            )
        try:
            values[row - 1] = cells
        except ValueError as error:
            raise ValueError(f"{path}, row {row}: {error}; every value must be a number") from error
        if not np.isfinite(values[row - 1]).all():
            raise ValueError(f"{path}, row {row}: a value is not finite; every value must be a number")
    return pd.DataFrame(values, index=pd.Index(lines, name=CELL_LINE), columns=genes)


def describe_cell_lines(lines: list[str]) -> pd.DataFrame:
    """Split CCLE names: 22RV1_PROSTATE is the line 22RV1 of tissue PROSTATE."""
    table = pd.DataFrame({CELL_LINE: lines})
    parts = table[CELL_LINE].str.extract(r"^([^_]+)(?:_(.+))?$")
    return table.assign(name=parts[0].fillna(table[CELL_LINE]), **{TISSUE: parts[1]})


def describe_drugs(smiles: list[str], names_path: Path | None, drug_targets: pd.DataFrame | None) -> pd.DataFrame:
    """Describe the drugs; one without a name is called by its SMILES."""
    drugs = pd.DataFrame({DRUG: smiles, "name": smiles, SMILES: smiles})
    if names_path is not None:
        table = pd.read_csv(names_path, sep="\t", dtype="str", keep_default_na=False, quoting=3)
        require_columns(table.columns, ["SMILE", "Name"], names_path)
        names = table.drop_duplicates("SMILE").set_index("SMILE")["Name"]
        drugs["name"] = drugs[DRUG].map(names).fillna(drugs[DRUG])
    if drug_targets is None:
        unknown = pd.array([pd.NA] * len(drugs), dtype="str")
        return drugs.assign(targets=unknown, pathway=unknown)
    return add_targets(drugs, drug_targets)
