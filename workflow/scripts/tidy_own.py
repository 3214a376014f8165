"""Check the user's own tables and bring them into the form of all other inputs."""

from pathlib import Path

from druggene.logs import log_to
from druggene.screen import write_screen
from druggene.sources.drug_targets import read_drug_targets
from druggene.sources.own import read_own


def main() -> None:
    log_to(snakemake.log[0])
    settings = snakemake.params
    screen = read_own(settings.folder, settings.source, drug_targets=read_drug_targets(snakemake.input.drug_targets))
    screen.combine_curves(**settings.responses)
    write_screen(screen, Path(snakemake.output[0]).parent)


if __name__ == "__main__":
    main()
