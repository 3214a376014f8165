"""Make the tidy tables of a data folder of DrugCell, DrugGene or nest_vnn."""

from pathlib import Path

from druggene.logs import log_to
from druggene.screen import write_screen
from druggene.sources.drug_targets import read_drug_targets
from druggene.sources.drugcell_folder import read_drugcell_folder


def main() -> None:
    log_to(snakemake.log[0])
    params = snakemake.params
    parts = {part: Path(path) for part, path in snakemake.input.items() if part in params.parts}
    targets = read_drug_targets(snakemake.input.drug_targets)
    screen = read_drugcell_folder(parts, params.source, drug_targets=targets)
    screen.combine_curves(**params.responses)
    write_screen(screen, Path(snakemake.output[0]).parent)


if __name__ == "__main__":
    main()
