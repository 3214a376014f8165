"""Compare the hierarchy that the Gene Ontology gives for the published genes with the published one."""

from druggene.gene_ontology import read_obo_gaf
from druggene.hierarchy_comparison import HierarchyComparison
from druggene.logs import log_to
from druggene.ontology import build_hierarchy, published_hierarchy, write_published_ontology
from druggene.sources.drugcell_files import read_items
from druggene.tables import write_csv, write_text


def main() -> None:
    """Build one hierarchy, read the other, write what they share."""
    log_to(snakemake.log[0])
    inputs, outputs, params = snakemake.input, snakemake.output, snakemake.params
    terms, edges, annotations = read_obo_gaf(inputs.obo, inputs.gaf, params.relationships, params.exclude_evidence)
    names = dict(terms.itertuples(index=False))
    genes = read_items(inputs.genes)
    built = build_hierarchy(edges, annotations, names, genes, **params.selection)
    comparison = HierarchyComparison(built, published_hierarchy(inputs.published, genes, names))
    write_published_ontology(built, outputs.built)
    write_csv(comparison.summary(), outputs.summary)
    write_text(comparison.markdown(), outputs.markdown)
    write_csv(comparison.terms(), outputs.terms)


if __name__ == "__main__":
    main()
