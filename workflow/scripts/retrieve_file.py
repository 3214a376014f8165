"""Bring one published file to its place below resources/retrieved, verified."""

from druggene.logs import log_to
from druggene.sources.retrieval import retrieve
from druggene.sources.versions import VersionEntry


def main() -> None:
    log_to(snakemake.log[0])
    retrieve(
        VersionEntry(**snakemake.params.entry),
        snakemake.output[0],
        source=snakemake.params.source,
        folder=snakemake.params.folder,
        mirror=snakemake.params.mirror,
    )


if __name__ == "__main__":
    main()
