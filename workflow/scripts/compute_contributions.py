"""Compute what every term contributes to the predictions of each drug, on the test pairs of one fold."""

from druggene.interpretation.contributions import contributions_of_fold
from druggene.logs import log_to
from druggene.tables import read_metadata, write_table


def main() -> None:
    """Read a fold and its checkpoint, write the contributions."""
    log_to(snakemake.log[0])
    files = snakemake.input
    marks = {key: read_metadata(files.responses)[key] for key in ("source", "simulated")}
    table = contributions_of_fold(dict(files.items()), int(snakemake.wildcards.fold), snakemake.params.drugs)
    what = "contributions of terms to z, over a fold's test pairs of each drug"
    write_table(table, snakemake.output[0], description=what, **marks)


if __name__ == "__main__":
    main()
