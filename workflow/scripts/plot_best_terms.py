"""Draw the best terms of one drug: where they stand, how they score, and the best one's state against the AUC."""

import pandas as pd

from druggene.gene_ontology import read_terms_below
from druggene.interpretation.reading import best_terms_of
from druggene.logs import log_to
from druggene.plotting import save_figure
from druggene.plotting.interpretation import plot_best_terms
from druggene.tables import read_metadata, read_table, write_csv


def main() -> None:
    """Read scores, states and responses, write the figure and its data."""
    log_to(snakemake.log[0])
    files, outputs, params = snakemake.input, snakemake.output, snakemake.params
    drugs, targets = read_table(files.drugs), pd.read_csv(files.known_targets)
    marked = read_terms_below(files.obo, params.figures["marked_terms"])
    view = best_terms_of(dict(files.items()), params.figures, params.folds, drugs, targets, marked)
    figure = plot_best_terms(
        view.best,
        view.nodes,
        view.edges,
        view.states,
        title=f"{view.title}, {params.title}",
        score=params.score,
        marked=params.figures["marked_label"],
        rho=view.rho,
        simulated=read_metadata(files.term_scores)["simulated"],
    )
    save_figure(figure, view.best, outputs.pdf.removesuffix(".pdf"))
    write_csv(view.states, outputs.states)
    write_csv(view.nodes, outputs.nodes)
    write_csv(view.edges, outputs.edges)


if __name__ == "__main__":
    main()
