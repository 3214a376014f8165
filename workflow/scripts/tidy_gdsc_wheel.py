"""Make the tidy tables of one GDSC screen from the data files of the wheel."""

from pathlib import Path

from druggene.logs import log_to
from druggene.screen import write_screen
from druggene.sources.drug_targets import read_drug_targets
from druggene.sources.gdsc_wheel import read_gdsc_wheel


def main() -> None:
    log_to(snakemake.log[0])
    screen = read_gdsc_wheel(
        snakemake.input.wheel,
        snakemake.params.screen,
        drug_targets=read_drug_targets(snakemake.input.drug_targets),
        drugs=snakemake.params.drugs,
        cell_lines=snakemake.params.cell_lines,
        seed=snakemake.params.seed,
    )
    screen.combine_curves(**snakemake.params.responses)
    write_screen(screen, Path(snakemake.output[0]).parent)


if __name__ == "__main__":
    main()
