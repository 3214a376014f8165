"""The files that the authors of DrugGene, and of DrugCell before them, published: pairs, drugs, cell lines, genotypes.

Both have one form; DrugCell's files have other names, and of the genotype only the mutations.
"""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pandas as pd

from druggene.constants import (
    COPY_NUMBER,
    EXPRESSION,
    MUTATION,
    OMICS,
    TEST,
    TRAIN,
    VALIDATION,
)
from druggene.screen import Screen, fill_unmeasured
from druggene.sources.drugcell_files import (
    describe_cell_lines,
    describe_drugs,
    log_aucs,
    read_items,
    read_matrix,
    read_pairs,
)
from druggene.sources.own import read_own_matrix

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
        omics = {
            omic: read_matrix(files[name], lines, genes, (CELL_LINES_FILE, GENES_FILE))
            for omic, name in matrices.items()
        }
        units = {omic: _UNITS[omic] for omic in omics}
        fill_unmeasured(omics, units)
        origin = "omics as published"
    else:
        omics = {omic: _read_omic(Path(omics_folder) / f"{omic}.parquet", lines) for omic in OMICS}
        units = {omic: "as in the file given, not converted" for omic in OMICS}
        origin = "omics from release.omics_folder"
    known = (_PAPERS[dataset].partition(" ")[0], set(lines), set(smiles), (CELL_LINES_FILE, DRUGS_FILE))
    responses = pd.concat(
        [read_pairs(files[name], role, *known) for role, name in RESPONSE_FILES.items()], ignore_index=True
    )
    log_aucs(responses)
    screen = Screen(
        responses=responses,
        cell_lines=describe_cell_lines(lines),
        drugs=describe_drugs(smiles, files.get(NAMES_FILE), drug_targets),
        omics=omics,
        units=units,
        source=f"files published with {_PAPERS[dataset]}, {origin}",
    )
    screen.count_matched()
    screen.keep_complete()
    return screen


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
