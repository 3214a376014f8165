"""Turn the simulated raw files, which have the portals' formats, into the tidy tables of a screen."""

from druggene.logs import log_to
from druggene.screen import write_screen
from druggene.simulation import SOURCE
from druggene.sources.portals import read_portals


def main() -> None:
    """Read the raw folder and write the seven tables."""
    log_to(snakemake.log[0])
    screen = read_portals(snakemake.params.raw, source=SOURCE, simulated=True)
    write_screen(screen, snakemake.params.folder)


if __name__ == "__main__":
    main()
