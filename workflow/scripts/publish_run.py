"""Publish a finished run as a folder and an archive."""

from pathlib import Path

from druggene.bundle import build_bundle, write_archive
from druggene.data_terms import read_terms
from druggene.logs import log_to


def main() -> None:
    """Gather the files of the run, less what may not be passed on, and write both."""
    log_to(snakemake.log[0])
    inputs, params, output = snakemake.input, snakemake.params, snakemake.output
    folder, results = Path(output.sums).parent, Path(inputs.described[0]).parent
    terms = read_terms(inputs.terms, own_data=snakemake.config["publish"]["own_data"])
    build_bundle(folder, results, inputs.files, params.repository, snakemake.config, terms)
    write_archive(folder, output.archive)


if __name__ == "__main__":
    main()
