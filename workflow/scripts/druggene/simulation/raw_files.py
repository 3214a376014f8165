"""Write a cohort in the raw formats of DepMap, GDSC and CTRP, with the truth beside it."""

from pathlib import Path

import numpy as np
import pandas as pd

from druggene.constants import CELL_LINE, DRUG, SMILES, TISSUE
from druggene.simulation.cohort import DECIMALS, Cohort
from druggene.simulation.ctrp_archive import write_archive
from druggene.simulation.workbook import write_workbook
from druggene.tables import atomic_path, write_table

SOURCE = "simulated by this workflow"
DATASET = "SIMULATED"
"""What stands in the column DATASET of the responses, where the portal has GDSC1 or GDSC2."""

MAX_CONCENTRATION = 10.0
"""Highest concentration of every simulated curve, in micromolar."""

_CONSEQUENCES = ("missense_variant", "stop_gained", "frameshift_variant", "splice_donor_variant", "inframe_deletion")
_CONSEQUENCE_SHARES = (0.85, 0.06, 0.05, 0.02, 0.02)
_UNSEEN = ("synonymous_variant", "intron_variant", "3_prime_UTR_variant")


def write_raw(cohort: Cohort, folder: str | Path) -> None:
    """Write ``cohort`` below ``folder``; equal cohorts give equal bytes.

    The files are ``depmap/`` (Model, OmicsExpressionProteinCodingGenesTPMLogp1, OmicsCNGene, OmicsSomaticMutations),
    ``gdsc/`` (GDSC2_fitted_dose_response, screened_compounds, Cell_Lines_Details), ``ctrp/`` (the zip file),
    ``structures.csv`` (drug, smiles; GDSC gives no structures) and ``truth/`` (Parquet: terms, activities, loadings,
    drivers, altered). One model in ten has no COSMIC id in Model.csv and one in twenty no Sanger id either, so that
    the ids must be mapped as in real releases.

    GDSC has every drug. Every second drug is in CTRP too, with the second curves of its pairs and a quarter of the
    first ones, so that there are pairs of both screens, of one, and replicates within one.
    """
    folder = Path(folder)
    ids = _ids(cohort.cell_lines)
    _write(_models(ids), folder / "depmap" / "Model.csv")
    for name, matrix in (
        ("OmicsExpressionProteinCodingGenesTPMLogp1", cohort.expression),
        ("OmicsCNGene", cohort.copy_number),
    ):
        headed = matrix.rename(columns={gene: f"{gene} ({cohort.plan.entrez[gene]})" for gene in matrix.columns})
        _write(headed, folder / "depmap" / f"{name}.csv", index_label="")
    _write(_variants(cohort), folder / "depmap" / "OmicsSomaticMutations.csv")
    panel = cohort.plan.panel
    drug_ids = pd.Series(np.arange(900001, 900001 + len(panel)), index=panel[DRUG])
    in_ctrp = _in_ctrp(cohort)
    curves = _dose_responses(cohort, ids, drug_ids)
    write_workbook(curves[~in_ctrp], folder / "gdsc" / "GDSC2_fitted_dose_response_27Oct23.xlsx", "Sheet 1")
    _write(_compounds(panel, drug_ids), folder / "gdsc" / "screened_compounds_rel_8.5.csv")
    write_workbook(_cell_line_details(ids), folder / "gdsc" / "Cell_Lines_Details.xlsx", "Cell line details")
    archive = folder / "ctrp" / "CTRPv2.0_2015_ctd2_ExpandedDataset.zip"
    write_archive(cohort.responses[in_ctrp], ids, panel, archive, MAX_CONCENTRATION)
    _write(panel[[DRUG, SMILES]], folder / "structures.csv")
    _write_truth(cohort, folder / "truth")


def _write(table: pd.DataFrame, path: Path, index_label: str | None = None) -> None:
    with atomic_path(path) as temporary:
        table.to_csv(temporary, index=index_label is not None, index_label=index_label, lineterminator="\n")


def _write_truth(cohort: Cohort, folder: Path) -> None:
    drivers = cohort.plan.drivers.drop(columns="tissue_rates")
    for name, table, description in (
        ("terms", cohort.truth_terms, "planted mechanism of each drug; a positive weight sensitises"),
        ("activities", cohort.activities, "activity of each active term in each cell line, standardised"),
        ("loadings", cohort.loadings, "change of a gene's log2(TPM + 1) per unit of its term's activity"),
        ("drivers", drivers, "drivers: what an alteration adds to its term's activity, and how frequent it is"),
        ("altered", cohort.altered, "0/1: driver altered in the cell line"),
    ):
        write_table(table, folder / f"{name}.parquet", description=description, source=SOURCE, simulated=True)


def _in_ctrp(cohort: Cohort) -> pd.Series:
    """Return which curves are CTRP's."""
    responses = cohort.responses
    drugs = set(cohort.plan.panel[DRUG].iloc[::2])
    second = responses.duplicated([CELL_LINE, DRUG])
    fourth = pd.Series(np.arange(len(responses)) % 4 == 0, index=responses.index)
    return responses[DRUG].isin(drugs) & (second | fourth)


def _ids(cell_lines: pd.DataFrame) -> pd.DataFrame:
    """Add made-up COSMIC and Sanger ids, outside the ranges in use, and CCLE's spelling of name and site."""
    number = np.arange(1, len(cell_lines) + 1)
    return cell_lines.assign(
        cosmic=99_000_000 + number,
        sanger=[f"SIDM{90_000 + i}" for i in number],
        patient=[f"PT-SIM{i}" for i in number],
        stripped=cell_lines["name"].str.replace("-", ""),
        site=cell_lines[TISSUE].str.replace(r"\W", "_", regex=True).str.lower(),
    )


def _models(ids: pd.DataFrame) -> pd.DataFrame:
    number = np.arange(1, len(ids) + 1)
    return pd.DataFrame(
        {
            "ModelID": ids[CELL_LINE],
            "PatientID": ids["patient"],
            "CellLineName": ids["name"],
            "StrippedCellLineName": ids["stripped"],
            "OncotreeLineage": ids[TISSUE],
            "CCLEName": ids["stripped"] + "_" + ids["site"].str.upper(),
            "SangerModelID": ids["sanger"].where(number % 20 != 0),
            "COSMICID": ids["cosmic"].astype("float64").where(number % 10 != 0),
        }
    )


def _variants(cohort: Cohort) -> pd.DataFrame:
    """Return one row per mutated gene and cell line, and one variant without effect on the protein per cell line.

    The consequences do not matter to the model, so they follow the row number and need no randomness.
    """
    row, column = np.nonzero(cohort.mutation.to_numpy())
    lines, genes = np.array(cohort.mutation.index), np.array(cohort.mutation.columns)
    edges = np.floor(np.cumsum(_CONSEQUENCE_SHARES) * 100)
    consequence = np.array(_CONSEQUENCES)[np.searchsorted(edges, np.arange(len(row)) * 37 % 100, side="right")]
    unseen = np.arange(len(lines))
    line = np.concatenate([lines[row], lines])
    gene = np.concatenate([genes[column], genes[unseen * 13 % len(genes)]])
    information = np.concatenate([consequence, np.array(_UNSEEN)[unseen % len(_UNSEEN)]])
    count = len(line)
    table = pd.DataFrame(
        {
            "Chrom": "chrSIM",
            "Pos": np.arange(1, count + 1),
            "Ref": "C",
            "Alt": "T",
            "AF": 0.5,
            "DP": 60,
            "RefCount": 30,
            "AltCount": 30,
            "GT": "0/1",
            "VariantType": np.where(
                np.isin(information, ["frameshift_variant", "inframe_deletion"]), "deletion", "SNV"
            ),
            "VariantInfo": information,
            "ProteinChange": "",
            "HugoSymbol": gene,
            "MolecularConsequence": "",
            "VepBiotype": "protein_coding",
            "LikelyLoF": np.isin(information, ["stop_gained", "frameshift_variant", "splice_donor_variant"]),
            "Rescue": False,
            "ModelID": line,
            "EntrezGeneID": [cohort.plan.entrez[each] for each in gene],
        }
    )
    return table.sort_values(["ModelID", "HugoSymbol", "Pos"]).reset_index(drop=True)


def _dose_responses(cohort: Cohort, ids: pd.DataFrame, drug_ids: pd.Series) -> pd.DataFrame:
    responses = cohort.responses
    line = ids.set_index(CELL_LINE).loc[responses[CELL_LINE]].reset_index(drop=True)
    drug = cohort.plan.panel.set_index(DRUG).loc[responses[DRUG]].reset_index(drop=True)
    sensitivity = cohort.sensitivities.stack()
    pairs = pd.MultiIndex.from_frame(responses[[CELL_LINE, DRUG]])
    log_ic50 = (np.log(MAX_CONCENTRATION) - sensitivity.loc[pairs].to_numpy()).round(DECIMALS)
    table = pd.DataFrame(
        {
            "DATASET": DATASET,
            "NLME_RESULT_ID": 0,
            "NLME_CURVE_ID": np.arange(1, len(responses) + 1),
            "COSMIC_ID": line["cosmic"],
            "CELL_LINE_NAME": line["name"],
            "SANGER_MODEL_ID": line["sanger"],
            "TCGA_DESC": DATASET,
            "DRUG_ID": drug_ids.loc[responses[DRUG]].to_numpy(),
            "DRUG_NAME": responses[DRUG],
            "PUTATIVE_TARGET": drug["targets"].str.replace(";", ", "),
            "PATHWAY_NAME": drug["pathway"],
            "COMPANY_ID": 0,
            "WEBRELEASE": "N",
            "MIN_CONC": MAX_CONCENTRATION / 1000,
            "MAX_CONC": MAX_CONCENTRATION,
            "LN_IC50": log_ic50,
            "AUC": responses["auc"],
            "RMSE": 0.04,
        }
    )
    by_drug = table.groupby("DRUG_ID")["LN_IC50"]
    table["Z_SCORE"] = ((log_ic50 - by_drug.transform("mean")) / by_drug.transform("std")).round(DECIMALS)
    return table


def _compounds(panel: pd.DataFrame, drug_ids: pd.Series) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "DRUG_ID": drug_ids.to_numpy(),
            "SCREENING_SITE": DATASET,
            "DRUG_NAME": panel[DRUG],
            "SYNONYMS": "",
            "TARGET": panel["targets"].str.replace(";", ", "),
            "TARGET_PATHWAY": panel["pathway"],
        }
    )


def _cell_line_details(ids: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Sample Name": ids["name"],
            "COSMIC identifier": ids["cosmic"],
            "Whole Exome Sequencing (WES)": "Y",
            "Copy Number Alterations (CNA)": "Y",
            "Gene Expression": "Y",
            "Methylation": "N",
            "Drug\nResponse": "Y",
            "GDSC\nTissue descriptor 1": ids["site"],
            "GDSC\nTissue\ndescriptor 2": ids["site"],
            "Cancer Type\n(matching TCGA label)": DATASET,
            "Microsatellite \ninstability Status (MSI)": "",
            "Screen Medium": "",
            "Growth Properties": "",
        }
    )
