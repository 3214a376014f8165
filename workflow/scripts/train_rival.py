"""Choose, fit and test one rival on one fold."""

from druggene.logs import log_to
from druggene.rivals.fold import fit_fold


def main() -> None:
    """Hand paths and settings to the package."""
    log_to(snakemake.log[0])
    wildcards, params = snakemake.wildcards, snakemake.params
    fit_fold(
        dict(snakemake.input.items()),
        snakemake.output[0],
        wildcards.protocol,
        int(wildcards.fold),
        wildcards.rival,
        params.options,
        params.drug_features,
        params.seed,
    )


if __name__ == "__main__":
    main()
