"""Judge how well each score finds the planted terms of a simulated cohort."""

from druggene.checkpoint import Checkpoint
from druggene.interpretation.recovery import judge, recovery_markdown, summarise
from druggene.logs import log_to
from druggene.tables import read_table, write_csv, write_text


def main() -> None:
    """Read scores and truth, write the areas per drug and their summary."""
    log_to(snakemake.log[0])
    files, outputs = snakemake.input, snakemake.output
    hierarchies = [Checkpoint.load(path).hierarchy for path in files.checkpoints]
    by_drug = judge(read_table(files.term_scores), read_table(files.truth), hierarchies)
    summary = summarise(by_drug)
    write_csv(by_drug, outputs.by_drug)
    write_csv(summary, outputs.summary)
    write_text(recovery_markdown(summary), outputs.markdown)


if __name__ == "__main__":
    main()
