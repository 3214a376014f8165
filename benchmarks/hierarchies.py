"""Which hierarchies the networks are measured on."""

import os
from pathlib import Path

import numpy as np

from benchmarks.inputs import read_hierarchy
from druggene.constants import GENE, TERM
from druggene.gene_ontology import read_obo_gaf
from druggene.hierarchy import Hierarchy
from druggene.ontology import build_hierarchy, read_published_ontology, restrict_to_genes
from tests.reference.hierarchies import random_hierarchy

_GO = Path(__file__).parents[1] / "resources" / "go"
_GO_GENES = 3008


def full_hierarchy(fold: Path | None) -> tuple[str, Hierarchy]:
    """Return where the hierarchy comes from, and the hierarchy.

    That of ``fold``, a folder of a finished run; else the published one, if the environment variable DRUGGENE_DATA
    names the folder that holds druggene_release/; else one of the repository's Gene Ontology, for as many genes.
    """
    if fold is not None:
        return str(fold), read_hierarchy(fold)
    if data := os.environ.get("DRUGGENE_DATA"):
        edges, annotations = read_published_ontology(Path(data) / "druggene_release" / "drugGene_ont.txt")
        return "published", Hierarchy.build(edges, annotations, sorted(set(annotations[GENE])))
    terms, edges, annotations = read_obo_gaf(_GO / "go-basic.obo.gz", _GO / "goa_human.gaf.gz")
    genes = sorted(np.random.default_rng(0).choice(annotations[GENE].unique(), _GO_GENES, replace=False))
    names = dict(zip(terms[TERM], terms["name"], strict=True))
    return "Gene Ontology", build_hierarchy(edges, annotations, names, genes)


def part_of(hierarchy: Hierarchy, divisor: int) -> Hierarchy:
    """Restrict a hierarchy to a random part of its genes."""
    if divisor == 1:
        return hierarchy
    genes = np.random.default_rng(0).choice(hierarchy.genes, len(hierarchy.genes) // divisor, replace=False)
    _, edges, annotations = hierarchy.to_tables()
    edges, annotations = restrict_to_genes(edges, annotations, list(genes))
    return Hierarchy.build(edges, annotations, sorted(set(annotations[GENE])))


def small_hierarchy() -> Hierarchy:
    """Return a hierarchy on which every network takes a fraction of a second."""
    return random_hierarchy(0, terms=120, genes=100)
