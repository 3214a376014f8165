"""CTRP's zip file for a simulated cohort, with the portal's members and columns."""

import zipfile
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from druggene.constants import AUC, CELL_LINE, DRUG, SMILES
from druggene.tables import atomic_path

DOUBLINGS: Final = 15
"""Sixteen concentrations, each twice the one before."""
SLOPE: Final = -0.7
"""Of every simulated curve, per log2 unit of the concentration."""

_EARLIEST: Final = (1980, 1, 1, 0, 0, 0)
_BISECTIONS: Final = 80


def write_archive(
    responses: pd.DataFrame, ids: pd.DataFrame, panel: pd.DataFrame, path: str | Path, top: float
) -> None:
    """Write the curves of ``responses`` as CTRP v2.0 publishes its own; equal input gives equal bytes.

    Parameters
    ----------
    responses
        cell_line, drug, auc.
    ids
        cell_line, stripped (name) and site of the cell lines.
    panel
        drug, smiles and targets (joined by ";").
    path
        Of the zip file.
    top
        Highest concentration, in micromolar.
    """
    line_id = pd.Series(np.arange(900001, 900001 + len(ids)), index=ids[CELL_LINE])
    drug_id = pd.Series(np.arange(800001, 800001 + len(panel)), index=panel[DRUG])
    used = panel[panel[DRUG].isin(responses[DRUG])]
    tables = {
        "v20.data.curves_post_qc.txt": _curves(responses, line_id, drug_id, top),
        "v20.meta.per_compound.txt": _compounds(used, drug_id, top),
        "v20.meta.per_cell_line.txt": _cell_lines(ids, line_id),
        "v20.meta.per_experiment.txt": _experiments(line_id),
    }
    with atomic_path(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, table in tables.items():
            text = table.to_csv(sep="\t", index=False, lineterminator="\n")
            member = zipfile.ZipInfo(f"CTRPv2.0_2015_ctd2_ExpandedDataset/{name}", _EARLIEST)
            archive.writestr(member, text, zipfile.ZIP_DEFLATED)


def _curves(responses: pd.DataFrame, line_id: pd.Series, drug_id: pd.Series, top: float) -> pd.DataFrame:
    auc = responses[AUC].to_numpy()
    centre = _centres(auc, top)
    # A curve without an effect within the range is flat at its baseline.
    flat = auc >= 1
    baseline = np.where(flat, auc, 0.0)
    centre = np.where(flat, np.log2(top) - 3 * DOUBLINGS, centre)
    at_top = baseline + (1 - baseline) / (1 + np.exp(-(np.log2(top) - centre) / SLOPE))
    return pd.DataFrame(
        {
            "experiment_id": line_id.loc[responses[CELL_LINE]].to_numpy() - 900000,
            "conc_pts_fit": 16,
            "fit_num_param": np.where(flat, 3, 2),
            "p1_conf_int_high": np.inf,
            "p1_conf_int_low": -np.inf,
            "p2_conf_int_high": np.inf,
            "p2_conf_int_low": -np.inf,
            "p4_conf_int_high": np.inf,
            "p4_conf_int_low": -np.inf,
            "p1_center": centre,
            "p2_slope": SLOPE,
            "p3_total_decline": 1 - baseline,
            "p4_baseline": baseline,
            "apparent_ec50_umol": np.exp2(centre),
            "pred_pv_high_conc": at_top,
            "area_under_curve": auc * DOUBLINGS,
            "master_cpd_id": drug_id.loc[responses[DRUG]].to_numpy(),
        }
    ).replace({np.inf: "Inf", -np.inf: "-Inf"})


def _centres(auc: np.ndarray, top: float) -> np.ndarray:
    """Return the log2 concentration of half effect at which a curve that falls from 1 to 0 has the area of ``auc``."""
    end = np.log2(top)
    low, high = np.full(len(auc), end - 4 * DOUBLINGS), np.full(len(auc), end + 4 * DOUBLINGS)
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        upper, lower = np.logaddexp(0, (end - middle) / SLOPE), np.logaddexp(0, (end - DOUBLINGS - middle) / SLOPE)
        small = SLOPE * (upper - lower) / DOUBLINGS < auc
        low, high = np.where(small, middle, low), np.where(small, high, middle)
    return low


def _compounds(panel: pd.DataFrame, drug_id: pd.Series, top: float) -> pd.DataFrame:
    number = drug_id.loc[panel[DRUG]].to_numpy()
    return pd.DataFrame(
        {
            "master_cpd_id": number,
            "cpd_name": panel[DRUG].str.lower(),
            "broad_cpd_id": [f"BRD-SIM{each}" for each in number],
            "top_test_conc_umol": top,
            "cpd_status": "simulated",
            "inclusion_rationale": "simulated",
            "gene_symbol_of_protein_target": panel["targets"],
            "target_or_activity_of_compound": panel["class"],
            "source_name": "",
            "source_catalog_id": "",
            "cpd_smiles": panel[SMILES],
        }
    )


def _cell_lines(ids: pd.DataFrame, line_id: pd.Series) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "master_ccl_id": line_id.to_numpy(),
            "ccl_name": ids["stripped"],
            "ccl_availability": "simulated",
            "ccle_primary_site": ids["site"],
            "ccle_primary_hist": "",
            "ccle_hist_subtype_1": "",
        }
    )


def _experiments(line_id: pd.Series) -> pd.DataFrame:
    """One experiment a cell line; every third has a second row, as experiments over two days have."""
    table = pd.DataFrame(
        {
            "experiment_id": line_id.to_numpy() - 900000,
            "run_id": "SIM",
            "experiment_date": 20120501,
            "culture_media": "RPMI001",
            "baseline_signal": 0.1195,
            "cells_per_well": 500,
            "growth_mode": "adherent",
            "snp_fp_status": "simulated",
            "master_ccl_id": line_id.to_numpy(),
        }
    )
    again = table[::3].assign(experiment_date=20120502)
    return pd.concat([table, again]).sort_values(["experiment_id", "experiment_date"])
