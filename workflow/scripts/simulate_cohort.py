"""Simulate a cohort with a planted mechanism and write it in the portals' raw formats."""

from druggene.logs import log_to
from druggene.simulation import make_plan, simulate, write_raw
from druggene.tables import read_table


def main() -> None:
    """Read the ontology and the panel, write raw files and truth."""
    log_to(snakemake.log[0])
    files, settings = snakemake.input, snakemake.params
    plan = make_plan(
        files.panel,
        files.mechanisms,
        files.drivers,
        files.human_genes,
        read_table(files.terms),
        read_table(files.term_edges),
        read_table(files.annotations),
        settings.genes,
    )
    write_raw(simulate(plan, settings.cell_lines, settings.seed), settings.folder)


if __name__ == "__main__":
    main()
