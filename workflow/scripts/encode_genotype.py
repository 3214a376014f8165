"""Encode the omics of all cell lines with what one fold's training cell lines teach."""

from druggene.constants import CELL_LINE, GENE, OMICS, PAIR
from druggene.genotype import GenotypeEncoder, read_omic, write_genotype
from druggene.logs import log_to
from druggene.responses import SOURCE
from druggene.splits import training_cell_lines
from druggene.tables import read_metadata, read_table


def main() -> None:
    """Read genes, omics and the fold, write the encoded genotype with its encoder."""
    log_to(snakemake.log[0])
    inputs, settings = snakemake.input, snakemake.params.genotype
    genes = list(read_table(inputs.genes, columns=[GENE])[GENE])
    responses = read_table(inputs.responses, columns=[PAIR, CELL_LINE, SOURCE])
    lines = training_cell_lines(responses, read_table(inputs.folds), int(snakemake.wildcards.fold))
    omics = {omic: read_omic(inputs[omic], genes) for omic in OMICS}
    encoder = GenotypeEncoder.fit(omics, genes, lines, settings["mutation_encoding"], settings["impute"])
    marks = {key: read_metadata(inputs.responses)[key] for key in ("source", "simulated")}
    write_genotype(snakemake.output[0], encoder.transform(omics), list(omics[OMICS[0]].index), encoder, **marks)


if __name__ == "__main__":
    main()
