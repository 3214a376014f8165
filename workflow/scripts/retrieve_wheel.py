"""Bring the wheel with the GDSC data to its place below resources/retrieved, verified; nothing is installed."""

from druggene.logs import log_to
from druggene.sources.retrieval import retrieve_wheel
from druggene.sources.versions import VersionEntry


def main() -> None:
    log_to(snakemake.log[0])
    retrieve_wheel(
        VersionEntry(**snakemake.params.entry),
        snakemake.output[0],
        source=snakemake.params.source,
        folder=snakemake.params.folder,
    )


if __name__ == "__main__":
    main()
