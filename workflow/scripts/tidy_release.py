"""Make the tidy tables of the pairs and genotypes that the paper's authors published."""

from pathlib import Path

from druggene.logs import log_to
from druggene.screen import write_screen
from druggene.sources.drug_targets import read_drug_targets
from druggene.sources.release import NAMES_FILE, read_release


def main() -> None:
    log_to(snakemake.log[0])
    files = {Path(path).name: Path(path) for path in snakemake.input.files}
    if snakemake.input.names:
        files[NAMES_FILE] = Path(snakemake.input.names[0])
    omics = snakemake.input.omics
    screen = read_release(
        files,
        omics_folder=Path(omics[0]).parent if omics else None,
        drug_targets=read_drug_targets(snakemake.input.drug_targets),
    )
    screen.combine_curves(**snakemake.params.responses)
    write_screen(screen, Path(snakemake.output[0]).parent)


if __name__ == "__main__":
    main()
