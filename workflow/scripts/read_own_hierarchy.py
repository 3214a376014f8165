"""Write the terms, edges and annotations of a hierarchy of the user's own."""

from druggene.logs import log_to
from druggene.own_hierarchy import read_own_hierarchy
from druggene.tables import write_table


def main() -> None:
    """Read a GMT file or tables and write three tables."""
    log_to(snakemake.log[0])
    files = dict(snakemake.input.items())
    hierarchy = read_own_hierarchy(**files, containment=snakemake.params.containment)
    marks = {"source": ", ".join(files.values()), "root": hierarchy.root}
    outputs = snakemake.output
    write_table(hierarchy.terms, outputs.terms, description="terms and their names", **marks)
    write_table(hierarchy.term_edges, outputs.term_edges, description="from a term to one below it", **marks)
    write_table(hierarchy.annotations, outputs.annotations, description="annotations of genes to terms", **marks)


if __name__ == "__main__":
    main()
