"""Write the hierarchy of terms that gives the network of one fold its shape."""

from druggene.constants import GENE, TERM
from druggene.gene_ontology import read_term_names
from druggene.logs import log_to
from druggene.ontology import ROOT, build_hierarchy, published_hierarchy, whole_hierarchy
from druggene.tables import read_metadata, read_table, write_table


def main() -> None:
    """Cut the hierarchy out of the Gene Ontology, or take the published one, for the fold's genes."""
    log_to(snakemake.log[0])
    genes = read_table(snakemake.input.genes, columns=[GENE])[GENE].tolist()
    if snakemake.params.source == "published":
        source = snakemake.input.published
        hierarchy = published_hierarchy(source, genes, read_term_names(snakemake.input.obo))
    else:
        metadata = read_metadata(snakemake.input.term_edges)
        source, selection = metadata["source"], snakemake.params.selection
        terms = read_table(snakemake.input.terms, columns=[TERM, "name"])
        edges = read_table(snakemake.input.term_edges, columns=["parent", "child"])
        annotations = read_table(snakemake.input.annotations, columns=[TERM, GENE])
        graph = (edges, annotations, dict(zip(terms[TERM], terms["name"], strict=True)), genes)
        if selection is None:
            hierarchy = whole_hierarchy(*graph)
        else:
            hierarchy = build_hierarchy(*graph, root=metadata.get("root", ROOT), **selection)
    descriptions = {
        "terms": "terms by layer, then id; size: genes annotated to the term or below it",
        "term_edges": "from the broader term to the narrower",
        "term_genes": "direct annotations of genes to terms",
    }
    for (name, description), table in zip(descriptions.items(), hierarchy.to_tables(), strict=True):
        write_table(table, snakemake.output[name], description=description, source=source)


if __name__ == "__main__":
    main()
