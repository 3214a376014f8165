"""CTRP v2 as its zip file has it, read out of the archive without unpacking anything to disk.

The members are tab-separated: ``v20.data.curves_post_qc.txt`` (one row per curve), ``v20.meta.per_compound.txt``,
``v20.meta.per_cell_line.txt`` and ``v20.meta.per_experiment.txt`` (an experiment has a row per date and plate).

The published area is that under the fitted survival over log2 of the concentration in micromolar, not divided by its
range. Compounds were tested at 16 concentrations, each twice the one before, which is a range of 15 doublings
(Seashore-Ludlow et al., Cancer Discovery 2015), so that

    AUC = area_under_curve / 15

is 1 where the drug has no effect, as GDSC's is. The number of points that the quality control left to a curve
(``conc_pts_fit``) does not enter: the fitted curve is integrated over the whole range. :func:`range_error` checks this
on the curves' own parameters.
"""

import logging
import zipfile
import zlib
from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd

from druggene.constants import AUC, DRUG
from druggene.sources.reading import FilePath, Spellings, file_row, read_stream, to_auc

logger = logging.getLogger(__name__)

SOURCE: Final = "CTRPv2"
DOUBLINGS: Final = 15
"""Width of the range of concentrations, in log2 units."""

CURVES_MEMBER: Final = "v20.data.curves_post_qc.txt"
COMPOUNDS_MEMBER: Final = "v20.meta.per_compound.txt"
CELL_LINES_MEMBER: Final = "v20.meta.per_cell_line.txt"
EXPERIMENTS_MEMBER: Final = "v20.meta.per_experiment.txt"

_LARGEST_MEMBER: Final = 1 << 30
"""Bytes; the largest member that is read has some 80 MB."""
_TOLERATED_ERROR: Final = 0.02

_PARAMETERS: Final = ("p1_center", "p2_slope", "p4_baseline")


def read_ctrp(path: FilePath) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return curves and compounds.

    Returns
    -------
    tuple of pandas.DataFrame
        Curves: name, ccle_name (name and primary site, as CCLE writes it), drug, auc, source. Compounds: name, smiles,
        targets (symbols joined by ";"), synonyms (the Broad id).

    Raises
    ------
    ValueError
        If the archive or a member cannot be read, a column is missing, an area is no number of 0 or more, or a curve
        belongs to no experiment, cell line or compound, with the member and row.
    """
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError) as error:
        raise ValueError(f"{path}: is not a whole zip file ({error}); retrieve it again") from None
    with archive:
        curves = _read_member(
            archive,
            CURVES_MEMBER,
            {"experiment": ("experiment_id",), "compound": ("master_cpd_id",), "area": ("area_under_curve",)},
            {name: (name,) for name in _PARAMETERS},
        )
        compounds = _read_member(
            archive,
            COMPOUNDS_MEMBER,
            {"compound": ("master_cpd_id",), "name": ("cpd_name",), "smiles": ("cpd_smiles",)},
            {
                "targets": ("gene_symbol_of_protein_target",),
                "synonyms": ("broad_cpd_id",),
                "top": ("top_test_conc_umol",),
            },
        )
        lines = _read_member(
            archive,
            CELL_LINES_MEMBER,
            {"line": ("master_ccl_id",), "name": ("ccl_name",)},
            {"site": ("ccle_primary_site",)},
        )
        experiments = _read_member(
            archive, EXPERIMENTS_MEMBER, {"experiment": ("experiment_id",), "line": ("master_ccl_id",)}, {}
        )
    compounds = _keyed(compounds, "compound", f"{path}, {COMPOUNDS_MEMBER}")
    lines = _keyed(lines, "line", f"{path}, {CELL_LINES_MEMBER}")
    experiments = _keyed(experiments.drop_duplicates(), "experiment", f"{path}, {EXPERIMENTS_MEMBER}")
    where = f"{path}, {CURVES_MEMBER}"
    line = _look_up(curves["experiment"], experiments["line"], f"{where}: experiment_id", EXPERIMENTS_MEMBER)
    name = _look_up(line, lines["name"], f"{where}: master_ccl_id", CELL_LINES_MEMBER)
    drug = _look_up(curves["compound"], compounds["name"], f"{where}: master_cpd_id", COMPOUNDS_MEMBER)
    area = to_auc(curves["area"], where, "area_under_curve")
    _check_range(curves, area, curves["compound"].map(compounds["top"]), where)
    site = line.map(lines["site"]).str.upper()
    table = pd.DataFrame(
        {
            "name": name,
            "ccle_name": name + "_" + site,
            DRUG: drug,
            AUC: area / DOUBLINGS,
            "source": SOURCE,
        }
    )
    return table, compounds[["name", "synonyms", "smiles", "targets"]].reset_index(drop=True)


def _read_member(archive: zipfile.ZipFile, name: str, fields: Spellings, optional: Spellings) -> pd.DataFrame:
    """Read one member, wherever in the archive its folder is; its name is never used as a path."""
    where = f"{archive.filename}, {name}"
    members = [info for info in archive.infolist() if info.filename.rpartition("/")[2] == name]
    if len(members) != 1:
        what = "has no member" if not members else "has several members"
        raise ValueError(f"{archive.filename}: {what} {name}; retrieve CTRP v2.0's expanded dataset again")
    if members[0].file_size > _LARGEST_MEMBER:
        raise ValueError(f"{where}: would unpack to {members[0].file_size} bytes, far more than CTRP has; not read")
    try:
        with archive.open(members[0]) as stream:
            header = stream.readline()
            stream.seek(0)
            return read_stream(stream, where, header, fields, optional)
    except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError, OSError) as error:
        raise ValueError(f"{where}: cannot be unpacked ({error}); retrieve the file again") from None


def _keyed(table: pd.DataFrame, key: str, where: str) -> pd.DataFrame:
    """Return the table by its id, which every row must have and only one."""
    missing = table[key].isna()
    if missing.any():
        raise ValueError(f"{where}: row {file_row(missing)} has no id; correct or refetch the file")
    twice = table.loc[table[key].duplicated(), key]
    if len(twice):
        raise ValueError(f"{where}: id {twice.iloc[0]} has two different rows; correct or refetch the file")
    return table.set_index(key)


def _look_up(ids: pd.Series, known: pd.Series, what: str, member: str) -> pd.Series:
    found = ids.map(known)
    if found.isna().any():
        missing = found.isna()
        raise ValueError(f"{what} {ids[missing].iloc[0]} in row {file_row(missing)} is not in {member}")
    return found


def range_error(parameters: Mapping[str, np.ndarray], area: np.ndarray, top: np.ndarray) -> np.ndarray:
    """Return by what part the areas differ from the fitted curve's integral over 15 doublings up to ``top``.

    The fitted survival at x = log2(concentration) is ``b + (1 - b) / (1 + exp(-(x - m) / s))`` with m ``p1_center``,
    s ``p2_slope`` and b ``p4_baseline``, so that with t = log2(top) the integral from t - 15 to t is
    ``15 b + (1 - b) s (ln(1 + exp((t - m) / s)) - ln(1 + exp((t - 15 - m) / s)))``.

    Parameters
    ----------
    parameters
        ``p1_center``, ``p2_slope``, ``p4_baseline`` of each curve.
    area
        Published areas.
    top
        Highest concentrations, in micromolar.
    """
    m, s, b = (parameters[name] for name in _PARAMETERS)
    t = np.log2(top)
    upper, lower = np.logaddexp(0, (t - m) / s), np.logaddexp(0, (t - DOUBLINGS - m) / s)
    integral = DOUBLINGS * b + (1 - b) * s * (upper - lower)
    error: np.ndarray = area / integral - 1
    return error


def _check_range(curves: pd.DataFrame, area: pd.Series, top: pd.Series, where: str) -> None:
    """Log how well the published areas agree with their curves over 15 doublings; warn if they do not."""
    # A two-parameter fit has no baseline: it falls to 0.
    numbers = {name: pd.to_numeric(curves[name], errors="coerce") for name in _PARAMETERS}
    numbers["p4_baseline"] = numbers["p4_baseline"].fillna(0.0)
    highest = pd.to_numeric(top, errors="coerce")
    usable = highest.gt(0) & area.gt(0) & numbers["p2_slope"].abs().gt(0)
    for values in numbers.values():
        usable &= np.isfinite(values)
    if not usable.any():
        logger.info("%s: no curve has the parameters to check the range of the areas by", where)
        return
    chosen = {name: values[usable].to_numpy() for name, values in numbers.items()}
    median = float(np.median(np.abs(range_error(chosen, area[usable].to_numpy(), highest[usable].to_numpy()))))
    message = "%s: areas differ from the fitted curves' integrals over %d doublings by %.3g of their value (median)"
    logger.log(logging.INFO if median <= _TOLERATED_ERROR else logging.WARNING, message, where, DOUBLINGS, median)
