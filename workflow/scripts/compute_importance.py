"""Knock out every term, and attribute predictions to genes, omics and terms, on the test pairs of one fold."""

from druggene.interpretation.importance import importance_of_fold
from druggene.logs import log_to
from druggene.tables import read_metadata, write_table


def main() -> None:
    """Read a fold and its checkpoint, write the importance of terms and genes."""
    log_to(snakemake.log[0])
    files, outputs, params = snakemake.input, snakemake.output, snakemake.params
    metadata = read_metadata(files.responses)
    marks = {"source": metadata["source"], "simulated": metadata["simulated"]}
    fold = int(snakemake.wildcards.fold)
    terms, genes = importance_of_fold(dict(files.items()), fold, params.drugs, params.steps)
    write_table(terms, outputs.terms, description="importance of terms, means over a fold's test pairs", **marks)
    write_table(genes, outputs.genes, description="importance of genes, means over a fold's test pairs", **marks)


if __name__ == "__main__":
    main()
