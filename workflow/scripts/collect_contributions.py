"""Put the contributions of terms in all folds of a model together."""

from druggene.checkpoint import Checkpoint
from druggene.interpretation.contributions import agreement_of_folds, pool
from druggene.interpretation.folds import describe_terms
from druggene.logs import log_to
from druggene.tables import read_metadata, read_table, write_table


def main() -> None:
    """Read the tables of all folds, write one of terms and one of the folds' agreement."""
    log_to(snakemake.log[0])
    files, outputs = snakemake.input, snakemake.output
    marks = {key: read_metadata(files.contributions[0])[key] for key in ("source", "simulated")}
    folds = [read_table(path) for path in files.contributions]
    pooled = pool(folds, describe_terms([Checkpoint.load(path).hierarchy for path in files.checkpoints]))
    write_table(pooled, outputs.contributions, description="contributions of terms to z, out of fold", **marks)
    agreed = agreement_of_folds(folds)
    write_table(agreed, outputs.agreement, description="agreement of the folds on contributions", **marks)


if __name__ == "__main__":
    main()
