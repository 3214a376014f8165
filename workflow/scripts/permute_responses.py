"""Permute the AUCs of every drug among its cell lines."""

from druggene.interpretation.controls import permute_responses
from druggene.logs import log_to
from druggene.tables import read_metadata, read_table, write_table


def main() -> None:
    """Read the responses, write them permuted."""
    log_to(snakemake.log[0])
    metadata = read_metadata(snakemake.input[0])
    write_table(
        permute_responses(read_table(snakemake.input[0]), snakemake.params.seed),
        snakemake.output[0],
        description="responses with the AUCs of every drug dealt anew among its rows; a control, nothing measured",
        **{key: metadata[key] for key in ("units", "source", "simulated")},
    )


if __name__ == "__main__":
    main()
