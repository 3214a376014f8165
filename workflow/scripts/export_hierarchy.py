"""Write the hierarchy of one fold and its genes as text, in the format of DrugCell."""

from druggene.constants import GENE
from druggene.dataset import read_hierarchy
from druggene.logs import log_to
from druggene.ontology import write_gene_list, write_published_ontology
from druggene.tables import read_table


def main() -> None:
    """Read the fold's tables, write two text files."""
    log_to(snakemake.log[0])
    genes = read_table(snakemake.input.genes, columns=[GENE])[GENE].tolist()
    hierarchy = read_hierarchy(dict(snakemake.input.items()), genes)
    write_published_ontology(hierarchy, snakemake.output.ontology)
    write_gene_list(hierarchy.genes, snakemake.output.genes)


if __name__ == "__main__":
    main()
