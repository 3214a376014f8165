"""A screen from a data folder of DrugCell, DrugGene or nest_vnn as it is; docs/migration.md describes it."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pandas as pd

from druggene.constants import COPY_NUMBER, EXPRESSION, MUTATION, OMICS, TEST, TRAIN, VALIDATION
from druggene.screen import Screen, fill_unmeasured
from druggene.sources.drugcell_files import (
    describe_cell_lines,
    describe_drugs,
    log_aucs,
    read_items,
    read_matrix,
    read_pairs,
)
from druggene.sources.reading import FilePath

CELL_LINES: Final = "cell_lines"
GENES: Final = "genes"
DRUGS: Final = "drugs"
NAMES: Final = "names"
AMPLIFICATION: Final = "amplification"
DELETION: Final = "deletion"
ONTOLOGY: Final = "ontology"

FILE_NAMES: Final[dict[str, tuple[str, ...]]] = {
    CELL_LINES: ("cell2ind.txt", "cell_item.txt"),
    GENES: ("gene2ind.txt", "gene_item.txt"),
    DRUGS: ("drug2ind.txt", "drug_item.txt"),
    NAMES: ("compound_names.txt",),
    MUTATION: ("cell2mutation.txt", "cell_mutation.txt"),
    EXPRESSION: ("cell2expression.txt", "cell_exp.txt"),
    COPY_NUMBER: ("cell2cn.txt", "cell_cn.txt"),
    AMPLIFICATION: ("cell2cnamplification.txt", "cell2amplification.txt"),
    DELETION: ("cell2cndeletion.txt", "cell2deletion.txt"),
    TRAIN: ("training_data.txt", "train_data.txt", "drugcell_train.txt", "drugGene_train_data.txt"),
    VALIDATION: ("validation_data.txt", "val_data.txt", "drugcell_val.txt", "drugGene_val_data.txt"),
    TEST: ("test_data.txt", "drugcell_test.txt", "drugGene_test_data.txt"),
    ONTOLOGY: ("ontology.txt", "drugcell_ont.txt", "drugGene_ont.txt"),
}
"""Part of the data to the names that DrugCell, DrugGene and nest_vnn give its file."""
_REQUIRED: Final = (CELL_LINES, GENES, TRAIN)
_OF_COPY_NUMBER: Final = (COPY_NUMBER, AMPLIFICATION, DELETION)

_UNITS: Final = {
    MUTATION: "as in the file given: 1 mutated, 0 not",
    EXPRESSION: "as in the file given, not converted",
    COPY_NUMBER: "as in the file given, not converted",
}
_CALLED: Final = "amplification minus deletion: 1 amplified, -1 deleted, 0 neither or both"

logger = logging.getLogger(__name__)


def folder_parts(folder: FilePath, files: Mapping[str, str] | None = None) -> dict[str, Path]:
    """Return the parts of the data that are in a folder, by their names in ``FILE_NAMES``.

    Parameters
    ----------
    folder
        The folder.
    files
        Part to file name, where a file has another name than those that are known.

    Raises
    ------
    ValueError
        If cell lines, genes, training pairs or all omics are missing, a named file is not there, or one part is there
        twice.
    """
    parts: dict[str, Path] = {}
    for part, names in FILE_NAMES.items():
        given = (files or {}).get(part)
        found = [path for name in ([given] if given else names) if (path := Path(folder, name)).is_file()]
        if given and not found:
            raise ValueError(f"drugcell_folder.files.{part}: {folder} has no file {given}")
        if len(found) > 1:
            raise ValueError(
                f"{folder}: {found[0].name} and {found[1].name} are both for {part}; name the one that counts as "
                f"drugcell_folder.files.{part}"
            )
        if found:
            parts[part] = found[0]
    for part in _REQUIRED:
        if part not in parts:
            raise ValueError(
                f"{folder}: has no {' or '.join(FILE_NAMES[part])}; name the file as drugcell_folder.files.{part}"
            )
    if not measured_omics(parts):
        raise ValueError(f"{folder}: has no genotype, such as cell2mutation.txt; docs/migration.md lists the names")
    return parts


def measured_omics(parts: Mapping[str, Path]) -> list[str]:
    """Return the omics that the parts of a folder give."""
    given = {MUTATION: (MUTATION,), EXPRESSION: (EXPRESSION,), COPY_NUMBER: _OF_COPY_NUMBER}
    return [omic for omic in OMICS if any(part in parts for part in given[omic])]


def require_parts(
    parts: Mapping[str, Path], models: Mapping[str, Mapping[str, Any]], protocols: Sequence[str], ontology: str
) -> None:
    """Require that a folder has what a configuration asks of it.

    Parameters
    ----------
    parts
        As :func:`folder_parts` gives them.
    models
        Name to an entry of ``models``.
    protocols
        All that are named.
    ontology
        What takes the folder's ontology file: nothing if empty, else the key that says so.

    Raises
    ------
    ValueError
        With a line for every omic, role or ontology that is missing.
    """
    problems = [
        f"models.{name}.omics: drugcell_folder has no file of {omic}; leave out the omic, or the model ({name}: null)"
        for name, model in models.items()
        for omic in model["omics"]
        if omic not in measured_omics(parts)
    ]
    if "published" in protocols and TEST not in parts:
        names = " or ".join(FILE_NAMES[TEST])
        problems.append(f"splits.protocols: published needs pairs for testing, and drugcell_folder has no {names}")
    if ontology and ONTOLOGY not in parts:
        names = " or ".join(FILE_NAMES[ONTOLOGY])
        problems.append(f"{ontology}: drugcell_folder has no {names}; name one as drugcell_folder.files.ontology")
    if problems:
        raise ValueError("the configuration cannot be used:\n" + "\n".join(f"  {line}" for line in problems))


def read_drugcell_folder(
    parts: Mapping[str, Path], source: str, drug_targets: pd.DataFrame | None = None, screen: str = "own"
) -> Screen:
    """Read lists, matrices and pairs as DrugCell and its descendants do.

    A drug's id is its SMILES, a cell line's its CCLE name, of which the part after the first underscore is the tissue.
    Without a list of drugs, those of the pairs are all. Copy number is amplification minus deletion where it is given
    by these: 1, -1, or 0; a gene that is called both is 0, counted and logged. Published fingerprints are not read:
    they are computed anew from the SMILES.

    Parameters
    ----------
    parts
        As :func:`folder_parts` gives them.
    source
        What the data are, for the metadata of what is written.
    drug_targets
        As :func:`druggene.sources.drug_targets.read_drug_targets` gives them; matched on the drugs' names.
    screen
        Source of the pairs without a data set in their fourth column.

    Raises
    ------
    ValueError
        If a file is malformed, with its row, or copy number is given twice.
    """
    lines, genes = read_items(parts[CELL_LINES]), read_items(parts[GENES])
    listed = read_items(parts[DRUGS]) if DRUGS in parts else None
    lists = (parts[CELL_LINES].name, parts[DRUGS].name if DRUGS in parts else "")
    known = (screen, set(lines), None if listed is None else set(listed), lists)
    responses = pd.concat(
        [read_pairs(parts[role], role, *known) for role in (TRAIN, VALIDATION, TEST) if role in parts],
        ignore_index=True,
    )
    log_aucs(responses)
    omics = _read_omics(parts, lines, genes)
    units = {omic: _UNITS[omic] for omic in omics}
    if AMPLIFICATION in parts or DELETION in parts:
        units[COPY_NUMBER] = _CALLED
    fill_unmeasured(omics, units)
    drugs = listed if listed is not None else sorted(responses["drug"].unique())
    result = Screen(
        responses=responses,
        cell_lines=describe_cell_lines(lines),
        drugs=describe_drugs(drugs, parts.get(NAMES), drug_targets),
        omics=omics,
        units=units,
        source=source,
    )
    result.count_matched()
    result.keep_complete()
    return result


def _read_omics(parts: Mapping[str, Path], lines: list[str], genes: list[str]) -> dict[str, pd.DataFrame]:
    lists = (parts[CELL_LINES].name, parts[GENES].name)
    matrices = {
        part: read_matrix(parts[part], lines, genes, lists)
        for part in (MUTATION, EXPRESSION, *_OF_COPY_NUMBER)
        if part in parts
    }
    calls = {part: matrices.pop(part) for part in (AMPLIFICATION, DELETION) if part in matrices}
    if calls:
        if COPY_NUMBER in matrices:
            names = ", ".join(parts[part].name for part in _OF_COPY_NUMBER if part in parts)
            raise ValueError(f"{parts[COPY_NUMBER]}: copy number is given twice ({names}); keep calls or numbers")
        for part, matrix in calls.items():
            wrong = ~matrix.isin([0, 1])
            if wrong.any(axis=None):
                row = int(wrong.any(axis=1).to_numpy().argmax())
                raise ValueError(f"{parts[part]}, row {row + 1}: a call is neither 0 nor 1")
        nothing = pd.DataFrame(0.0, index=pd.Index(lines, name="cell_line"), columns=genes, dtype="float32")
        gain, loss = calls.get(AMPLIFICATION, nothing), calls.get(DELETION, nothing)
        numbers = (int(matrix.to_numpy().sum()) for matrix in (gain, loss, gain * loss))
        logger.info("copy number: %d genes of cell lines are amplified, %d deleted, %d of them both", *numbers)
        matrices[COPY_NUMBER] = gain - loss
    return matrices
