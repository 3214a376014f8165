"""Tabulate what each score of terms agrees with: folds, models, permuted labels, the shape of the hierarchy."""

from druggene.interpretation.controls import score_stability
from druggene.logs import log_to
from druggene.tables import read_table, write_csv


def main() -> None:
    """Read the scores of all models, write one table."""
    log_to(snakemake.log[0])
    files, runs = snakemake.input, [tuple(run) for run in snakemake.params.runs]
    scores = {run: read_table(path) for run, path in zip(runs, files.term_scores, strict=True)}
    agreements = {run: read_table(path) for run, path in zip(runs, files.agreement, strict=True)}
    write_csv(score_stability(scores, agreements, seeds=snakemake.params.seeds), snakemake.output[0])


if __name__ == "__main__":
    main()
