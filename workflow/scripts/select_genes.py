"""Choose the genes of one fold's genotype from its training cell lines."""

from druggene.constants import CELL_LINE, COPY_NUMBER, EXPRESSION, GENE, MUTATION, PAIR
from druggene.genotype import genes_of, select_genes, select_listed_genes
from druggene.logs import log_to
from druggene.ontology import read_annotations
from druggene.responses import SOURCE
from druggene.sources.drugcell_files import read_items
from druggene.splits import training_cell_lines
from druggene.tables import read_table, write_table


def main() -> None:
    """Read the mutations and the fold, write the genes."""
    log_to(snakemake.log[0])
    inputs, settings = snakemake.input, snakemake.params.genes
    responses = read_table(inputs.responses, columns=[PAIR, CELL_LINE, SOURCE])
    lines = training_cell_lines(responses, read_table(inputs.folds), int(snakemake.wildcards.fold))
    mutation = read_table(inputs[MUTATION])
    annotated = set(read_annotations(inputs.annotations)[GENE])
    measured = [genes_of(inputs[omic]) for omic in (EXPRESSION, COPY_NUMBER)]
    if settings["selection"] == "list":
        genes = select_listed_genes(
            mutation, lines, annotated, read_items(inputs.gene_list), measured, inputs.gene_list
        )
    else:
        genes = select_genes(mutation, lines, annotated, settings["top_mutated_fraction"], measured)
    write_table(
        genes,
        snakemake.output[0],
        description="genes of the genotype, in column order",
        units={"mutation_frequency": "fraction of the training cell lines"},
        selection=settings,
    )


if __name__ == "__main__":
    main()
