"""Small good inputs of the workflow's jobs and of the command lines, by name."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import torch

from druggene.constants import OMICS
from druggene.genotype import MUTATION_FREQUENCY
from druggene.tables import write_table
from tests.bad_inputs.running import Job, adapter
from tests.bad_inputs.source_jobs import (
    data_versions,
    retrieve_file,
    retrieve_unpublished,
    tidy_drugcell_folder,
    tidy_gdsc_wheel,
    tidy_own,
    tidy_portals,
    tidy_portals_excel,
    tidy_release,
    tidy_release_with_omics,
)
from tests.unit.test_checkpoint import make_checkpoint
from tests.unit.test_gene_ontology import GAF, OBO


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
