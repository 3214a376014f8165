"""Put the scores of all folds and drug groups of a model together."""

from druggene.checkpoint import Checkpoint
from druggene.interpretation.collect import collect_genes, collect_terms, fold_agreement
from druggene.interpretation.folds import describe_terms
from druggene.logs import log_to
from druggene.tables import read_metadata, read_table, write_table


def main() -> None:
    """Read the tables of folds and groups, write one of terms, one of genes and the folds' agreement."""
    log_to(snakemake.log[0])
    files, outputs = snakemake.input, snakemake.output
    metadata = read_metadata(files.rlipp[0])
    marks = {"source": metadata["source"], "simulated": metadata["simulated"]}
    hierarchies = [Checkpoint.load(path).hierarchy for path in files.checkpoints]
    rlipp, agreement, of_terms, of_genes = (
        [read_table(path) for path in files[name]] for name in ("rlipp", "agreement", "terms", "genes")
    )
    terms = collect_terms(rlipp, of_terms, describe_terms(hierarchies))
    write_table(terms, outputs.term_scores, description="scores of terms, out of fold", **marks)
    genes = collect_genes(of_genes, terms, hierarchies)
    write_table(genes, outputs.gene_scores, description="attributions and scores of genes, out of fold", **marks)
    agreed = fold_agreement(agreement, of_terms)
    write_table(agreed, outputs.agreement, description="agreement of the folds on scores of terms", **marks)


if __name__ == "__main__":
    main()
