"""Draw every seed of every variant of an ablation."""

from druggene.logs import log_to
from druggene.plotting import save_figure
from druggene.plotting.ablations import plot_ablations
from druggene.tables import read_metadata, read_table


def main() -> None:
    """Read the seeds, write the figure and its data."""
    log_to(snakemake.log[0])
    path, params = snakemake.input[0], snakemake.params
    seeds = read_table(path)
    notes = f"Fold(s) {', '.join(map(str, params.folds))}."
    figure = plot_ablations(seeds, title=params.title, notes=notes, simulated=read_metadata(path)["simulated"])
    save_figure(figure, seeds, snakemake.output.pdf.removesuffix(".pdf"))


if __name__ == "__main__":
    main()
