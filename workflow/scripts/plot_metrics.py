"""Draw the metrics of all models of a protocol."""

from druggene.rivals.naive import NAIVE_LABELS
from druggene.logs import log_to
from druggene.plotting import label_models, plot_metrics, save_figure
from druggene.tables import read_metadata, read_table


def main() -> None:
    """Read the metrics per fold, write the figure and its data."""
    log_to(snakemake.log[0])
    metrics, params = snakemake.input.metrics, snakemake.params
    labels = dict(params.labels) | {name: NAIVE_LABELS[name] for name in params.naive}
    by_fold = label_models(read_table(metrics), labels, params.naive)
    figure = plot_metrics(by_fold, title=params.title, simulated=read_metadata(metrics)["simulated"])
    save_figure(figure, by_fold, snakemake.output.pdf.removesuffix(".pdf"))


if __name__ == "__main__":
    main()
