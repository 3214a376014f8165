"""Write the Gene Ontology's graph of biological processes and the direct annotations of genes to its terms."""

from druggene.gene_ontology import read_obo_gaf
from druggene.logs import log_to
from druggene.tables import write_table


def main() -> None:
    """Read OBO and GAF and write three tables."""
    log_to(snakemake.log[0])
    source = f"{snakemake.input.obo}, {snakemake.input.gaf}"
    params = snakemake.params
    tables = read_obo_gaf(snakemake.input.obo, snakemake.input.gaf, params.relationships, params.exclude_evidence)
    descriptions = {
        "terms": "terms of the namespace biological_process and their names",
        "term_edges": "is_a and the configured relationships, from the broader term to the narrower",
        "annotations": "direct annotations of genes to terms",
    }
    for (name, description), table in zip(descriptions.items(), tables, strict=True):
        write_table(table, snakemake.output[name], description=description, source=source)


if __name__ == "__main__":
    main()
