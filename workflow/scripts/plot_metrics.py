"""Draw the metrics of all models of a protocol over folds, and their intervals."""

from druggene.logs import log_to
from druggene.plotting import save_figure
from druggene.plotting.intervals import plot_intervals
from druggene.plotting.metrics import label_models, plot_metrics
from druggene.tables import read_metadata, read_table


def main() -> None:
    """Read metrics and intervals, write both figures and their data."""
    log_to(snakemake.log[0])
    inputs, outputs, params = snakemake.input, snakemake.output, snakemake.params
    simulated = read_metadata(inputs.metrics)["simulated"]
    by_fold = label_models(read_table(inputs.metrics), params.labels, params.kinds)
    figure = plot_metrics(by_fold, title=params.title, simulated=simulated)
    save_figure(figure, by_fold, outputs.metrics_pdf.removesuffix(".pdf"))
    intervals = label_models(read_table(inputs.intervals), params.labels, params.kinds)
    figure = plot_intervals(intervals, title=params.title, confidence=params.confidence, simulated=simulated)
    save_figure(figure, intervals, outputs.intervals_pdf.removesuffix(".pdf"))


if __name__ == "__main__":
    main()
