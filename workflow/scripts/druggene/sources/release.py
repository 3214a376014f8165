"""The files that the authors of DrugGene, and of DrugCell before them, published: pairs, drugs, cell lines, genotypes.

Both have one form; DrugCell's files have other names, and of the genotype only the mutations.
"""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from druggene.constants import (
    AUC,
    CELL_LINE,
    COPY_NUMBER,
    DRUG,
    EXPRESSION,
    MUTATION,
    OMICS,
    PUBLISHED_ROLE,
    SMILES,
    TEST,
    TISSUE,
    TRAIN,
    VALIDATION,
)
from druggene.screen import Screen, fill_unmeasured
from druggene.sources.drug_targets import add_targets
from druggene.sources.own import read_own_matrix
from druggene.tables import require_columns

CELL_LINES_FILE: Final = "cell_item.txt"
GENES_FILE: Final = "gene_item.txt"
DRUGS_FILE: Final = "drug_item.txt"
NAMES_FILE: Final = "compound_names.txt"
RESPONSE_FILES: Final = {
    TRAIN: "drugGene_train_data.txt",
    VALIDATION: "drugGene_val_data.txt",
    TEST: "drugGene_test_data.txt",
}
MATRIX_FILES: Final = {MUTATION: "cell_mutation.txt", EXPRESSION: "cell_exp.txt", COPY_NUMBER: "cell_cn.txt"}
REQUIRED_FILES: Final = (CELL_LINES_FILE, GENES_FILE, DRUGS_FILE, *RESPONSE_FILES.values())
"""What is always read; the files in ``MATRIX_FILES`` are read where no folder of omics takes their place."""

DRUGCELL: Final = "drugcell"
_DRUGCELL_NAMES: Final = {
    CELL_LINES_FILE: "cell2ind.txt",
    GENES_FILE: "gene2ind.txt",
    DRUGS_FILE: "drug2ind.txt",
    RESPONSE_FILES[TRAIN]: "drugcell_train.txt",
    RESPONSE_FILES[VALIDATION]: "drugcell_val.txt",
    RESPONSE_FILES[TEST]: "drugcell_test.txt",
    MATRIX_FILES[MUTATION]: "cell2mutation.txt",
    "drugGene_ont.txt": "drugcell_ont.txt",
    "drug_print.txt": "drug2fingerprint.txt",
}

_UNITS: Final = {
    MUTATION: "1 mutated, 0 not",
    EXPRESSION: "as published: scaled to 0..1 per gene over all cell lines",
    COPY_NUMBER: "as published: scaled to 0..1 per gene over all cell lines",
}

_PAPERS: Final = {"druggene": "DrugGene (Pang et al. 2024)", DRUGCELL: "DrugCell (Kuenzi et al. 2020)"}

logger = logging.getLogger(__name__)


def published_name(file: str, dataset: str) -> str:
    """Return what a file of DrugGene's release is called in the dataset (``druggene`` or ``drugcell``)."""
    return _DRUGCELL_NAMES.get(file, file) if dataset == DRUGCELL else file


def matrix_files(dataset: str) -> dict[str, str]:
    """Return omic to file, under DrugGene's name, of the genotype that the dataset has."""
    return {MUTATION: MATRIX_FILES[MUTATION]} if dataset == DRUGCELL else dict(MATRIX_FILES)


def read_release(
    files: Mapping[str, Path], omics_folder: Path | None = None, drug_targets: pd.DataFrame | None = None
) -> Screen:
    """Read the published pairs with their roles, and the genotype of the cell lines.

    A drug's id is its SMILES as published, a cell line's its CCLE name, of which the part after the first
    underscore is the tissue. AUCs above 1 are kept and logged. A cell line without omics is lost and counted.

    Parameters
    ----------
    files
        Published file name (DrugGene's or DrugCell's) to path: ``REQUIRED_FILES``; without ``omics_folder`` those of
        :func:`matrix_files`; with compound_names.txt (number, SMILES, name) drugs are called by their names. Others
        are not read.
    omics_folder
        Holds mutation.parquet, expression.parquet and copy_number.parquet (index: CCLE name, columns: gene
        symbols), which take the place of the published matrices.
    drug_targets
        As :func:`druggene.sources.drug_targets.read_drug_targets` gives them; matched on the drugs' names.

    Raises
    ------
    ValueError
        If a file is missing or malformed, with file and row (counted from 1).
    """
    dataset = DRUGCELL if published_name(CELL_LINES_FILE, DRUGCELL) in files else "druggene"
    matrices = {} if omics_folder is not None else matrix_files(dataset)
    names = {file: published_name(file, dataset) for file in (*REQUIRED_FILES, *matrices.values())}
    missing = [name for name in names.values() if name not in files]
    if missing:
        raise ValueError(f"the published release lacks {', '.join(missing)}; retrieve what data_versions.csv lists")
    files = {**files, **{file: files[name] for file, name in names.items()}}
    lines = read_items(files[CELL_LINES_FILE])
    smiles = read_items(files[DRUGS_FILE])
    if omics_folder is None:
        genes = read_items(files[GENES_FILE])
        omics = {omic: _read_matrix(files[name], lines, genes) for omic, name in matrices.items()}
        units = {omic: _UNITS[omic] for omic in omics}
        fill_unmeasured(omics, units)
        origin = "omics as published"
    else:
        omics = {omic: _read_omic(Path(omics_folder) / f"{omic}.parquet", lines) for omic in OMICS}
        units = {omic: "as in the file given, not converted" for omic in OMICS}
        origin = "omics from release.omics_folder"
    screen = Screen(
        responses=_read_responses(files, set(lines), set(smiles), _PAPERS[dataset].partition(" ")[0]),
        cell_lines=_describe_cell_lines(lines),
        drugs=_describe_drugs(smiles, files.get(NAMES_FILE), drug_targets),
        omics=omics,
        units=units,
        source=f"files published with {_PAPERS[dataset]}, {origin}",
    )
    screen.count_matched()
    screen.keep_complete()
    return screen


def read_items(path: str | Path) -> list[str]:
    """Read a published list of cell lines, genes or drugs: number (from 0, in order) and item, separated by a tab.

    Raises
    ------
    ValueError
        If a row has another form or repeats an item, with its number (counted from 1).
    """
    items: list[str] = []
    seen: set[str] = set()
    for row, line in enumerate(_read_lines(path), start=1):
        cells = line.split("\t")
        if len(cells) != 2 or cells[0] != str(row - 1) or not cells[1]:
            raise ValueError(f"{path}, row {row}: expected the number {row - 1}, a tab and an item, found {line!r}")
        if cells[1] in seen:
            raise ValueError(f"{path}, row {row}: {cells[1]!r} stands twice; keep it once")
        seen.add(cells[1])
        items.append(cells[1])
    return items


def _read_lines(path: str | Path) -> list[str]:
    """Return the lines of a text file, ended by LF or CR LF, without a byte-order mark or a final empty line."""
    try:
        lines = Path(path).read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: cannot be read ({error}); retrieve it again") from error
    if lines[-1] == "":
        lines.pop()
    return [line.removesuffix("\r") for line in lines]


def _read_responses(files: Mapping[str, Path], lines: set[str], drugs: set[str], source: str) -> pd.DataFrame:
    """Read the three files of pairs: cell line, SMILES, AUC, separated by tabs."""
    rows: list[tuple[str, str, float, str]] = []
    for role, name in RESPONSE_FILES.items():
        path = files[name]
        before = len(rows)
        for row, text in enumerate(_read_lines(path), start=1):
            cells = text.split("\t")
            if len(cells) != 3:
                raise ValueError(f"{path}, row {row}: expected cell line, SMILES and AUC, found {len(cells)} column(s)")
            line, drug, value = cells
            if line not in lines:
                raise ValueError(f"{path}, row {row}: cell line {line!r} is not in {CELL_LINES_FILE}")
            if drug not in drugs:
                raise ValueError(f"{path}, row {row}: drug {drug!r} is not in {DRUGS_FILE}")
            rows.append((line, drug, _to_auc(value, path, row), role))
        if len(rows) == before:
            raise ValueError(f"{path}: holds no pair; retrieve it again")
    responses = pd.DataFrame(rows, columns=[CELL_LINE, DRUG, AUC, PUBLISHED_ROLE])
    responses.insert(3, "source", source)
    above = int((responses[AUC] > 1).sum())
    logger.info("%d of %d AUCs are above 1 (highest %.3f) and kept", above, len(rows), responses[AUC].max())
    return responses


def _to_auc(value: str, path: Path, row: int) -> float:
    try:
        auc = float(value)
    except ValueError:
        auc = float("nan")
    if not 0 <= auc < float("inf"):
        raise ValueError(f"{path}, row {row}: AUC {value!r} is not a number of 0 or more")
    return auc


def _read_matrix(path: Path, lines: list[str], genes: list[str]) -> pd.DataFrame:
    """Read a genotype matrix: no header, commas, one row per cell line, one column per gene; float32."""
    texts = _read_lines(path)
    if len(texts) != len(lines):
        raise ValueError(
            f"{path}, row {min(len(texts), len(lines)) + 1}: expected {len(lines)} rows, one per line of "
            f"{CELL_LINES_FILE}, found {len(texts)}"
        )
    values = np.empty((len(lines), len(genes)), dtype=np.float32)
    for row, text in enumerate(texts, start=1):
        cells = text.split(",")
        if len(cells) != len(genes):
            raise ValueError(
                f"{path}, row {row}: expected {len(genes)} columns, one per line of {GENES_FILE}, found {len(cells)}"
            )
        try:
            values[row - 1] = cells
        except ValueError as error:
            raise ValueError(f"{path}, row {row}: {error}; every value must be a number") from error
        if not np.isfinite(values[row - 1]).all():
            raise ValueError(f"{path}, row {row}: a value is not finite; every value must be a number")
    return pd.DataFrame(values, index=pd.Index(lines, name=CELL_LINE), columns=genes)


def _read_omic(path: Path, lines: list[str]) -> pd.DataFrame:
    """Read an omic of other origin, checked as the user's own are, and keep the cell lines of the release."""
    if not path.is_file():
        raise ValueError(
            f"{path}: not found; release.omics_folder must hold {', '.join(f'{o}.parquet' for o in OMICS)}"
        )
    matrix = read_own_matrix(path)
    kept = matrix[matrix.index.isin(lines)]
    if kept.empty:
        raise ValueError(f"{path}: no row is named like a cell line of {CELL_LINES_FILE}; index it by CCLE name")
    return kept


def _describe_cell_lines(lines: list[str]) -> pd.DataFrame:
    """Split CCLE names: 22RV1_PROSTATE is the line 22RV1 of tissue PROSTATE."""
    table = pd.DataFrame({CELL_LINE: lines})
    parts = table[CELL_LINE].str.extract(r"^([^_]+)(?:_(.+))?$")
    return table.assign(name=parts[0].fillna(table[CELL_LINE]), **{TISSUE: parts[1]})


def _describe_drugs(smiles: list[str], names_path: Path | None, drug_targets: pd.DataFrame | None) -> pd.DataFrame:
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
