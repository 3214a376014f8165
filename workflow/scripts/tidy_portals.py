"""Turn the portals' raw files, real or simulated, into the tidy tables of a screen."""

from druggene.logs import log_to
from druggene.screen import write_screen
from druggene.sources.gene_identity import GeneTable
from druggene.sources.portals import read_portals
from druggene.sources.pubchem import read_answers, structure_source


def main() -> None:
    """Read the raw files and write the tables."""
    log_to(snakemake.log[0])
    files, settings = snakemake.input, snakemake.params
    screen = read_portals(
        files.raw,
        source=settings.source,
        gene_table=GeneTable.read(files.human_genes),
        structures=files.structures[0] if files.structures else None,
        pubchem=structure_source(read_answers(files.pubchem[0])) if files.pubchem else None,
        simulated=settings.simulated,
    )
    screen.combine_curves(**settings.responses)
    write_screen(screen, settings.folder)


if __name__ == "__main__":
    main()
