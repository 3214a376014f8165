"""Draw the embeddings of cell lines and drugs."""

import pandas as pd

from druggene.interpretation.reading import read_expression
from druggene.interpretation.views import expression_views
from druggene.logs import log_to
from druggene.ontology import read_annotations
from druggene.plotting import save_figure
from druggene.plotting.interpretation import plot_drug_embedding, plot_genotype_embedding
from druggene.tables import read_metadata, read_table


def main() -> None:
    """Read embeddings, expression and responses, write both figures and their data."""
    log_to(snakemake.log[0])
    files, outputs, params = snakemake.input, snakemake.output, snakemake.params
    simulated = read_metadata(files.cell_lines)["simulated"]
    views = expression_views(
        params.views,
        read_table(files.cell_lines),
        read_table(files.responses),
        read_table(files.drugs),
        read_expression(files.expression),
        pd.read_csv(files.known_targets),
        read_annotations(files.annotations),
    )
    title = "Genotype embedding of cell lines: " + params.title
    figure = plot_genotype_embedding(views, title=title, simulated=simulated)
    save_figure(figure, views, outputs.genotype_pdf.removesuffix(".pdf"))
    points, scores = read_table(files.drug_points), pd.read_csv(files.scores)
    figure = plot_drug_embedding(points, scores, title="Drug embedding: " + params.title, simulated=simulated)
    save_figure(figure, points, outputs.drugs_pdf.removesuffix(".pdf"))


if __name__ == "__main__":
    main()
