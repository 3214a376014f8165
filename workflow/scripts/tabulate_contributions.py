"""Tabulate the terms that contribute most to each drug, and what contributions agree with."""

from druggene.documents import write_document
from druggene.interpretation.contribution_tables import contributions_document, tabulate
from druggene.interpretation.contributions import CONTRIBUTIONS
from druggene.interpretation.controls import score_stability
from druggene.logs import log_to
from druggene.tables import read_metadata, read_table, write_csv


def main() -> None:
    """Read the contributions of all networks, write a document and the table of stability."""
    log_to(snakemake.log[0])
    files, outputs, params = snakemake.input, snakemake.output, snakemake.params
    runs = [tuple(run) for run in params.runs]
    scores = {run: read_table(path) for run, path in zip(runs, files.contributions, strict=True)}
    agreements = {run: read_table(path) for run, path in zip(runs, files.agreement, strict=True)}
    write_csv(score_stability(scores, agreements, CONTRIBUTIONS, params.seeds), outputs.stability)
    measured = [{model: table[model, "measured"] for model, _ in runs} for table in (scores, agreements)]
    table = tabulate(*measured, params.twins)
    marks = {key: read_metadata(files.contributions[0])[key] for key in ("source", "simulated")}
    document = contributions_document(
        table, params.labels, read_table(files.drugs), snakemake.wildcards.protocol, **marks
    )
    write_document(document, table, outputs.csv.removesuffix(".csv"))


if __name__ == "__main__":
    main()
