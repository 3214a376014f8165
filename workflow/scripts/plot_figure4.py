"""Draw the figure of predictive performance (paper, Fig. 4), whole and panel by panel."""

from druggene.logs import log_to
from druggene.performance_panels import performance_panels, scatter_models
from druggene.plotting import save_figure
from druggene.plotting.performance import plot_panel, plot_performance
from druggene.predictions import COLUMNS, Predictions
from druggene.tables import read_metadata, read_table


def main() -> None:
    """Read tables and the predictions that are shown, write the figure, its panels and their data."""
    log_to(snakemake.log[0])
    inputs, params = snakemake.input, snakemake.params
    tables = {name: read_table(inputs[name]) for name in ("by_drug", "intervals", "significance")}
    wanted = [("model", "in", scatter_models(tables["by_drug"], params.models["labels"]))]
    parts = [read_table(path, COLUMNS, wanted) for path in [*inputs.models, *inputs.rivals, inputs.naive]]
    predictions = Predictions.of([part for part in parts if len(part)])
    drugs = read_table(inputs.drugs)
    panels, summary = performance_panels(**tables, predictions=predictions, drugs=drugs, **params.models)
    simulated = read_metadata(inputs.by_drug)["simulated"]
    figure = plot_performance(panels, summary, title=params.title, simulated=simulated, **params.notes)
    save_figure(figure, summary, snakemake.output.pdf.removesuffix(".pdf"))
    for letter, path in zip(panels, snakemake.output.panels, strict=True):
        figure = plot_panel(letter, panels, summary, simulated=simulated, **params.notes)
        save_figure(figure, panels[letter], path.removesuffix(".csv"))


if __name__ == "__main__":
    main()
