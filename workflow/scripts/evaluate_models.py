"""Measure the predictions of all models of a protocol and compare them."""

from druggene.rivals.naive import NAIVE_LABELS
from druggene.evaluation import (
    comparison,
    comparison_markdown,
    metrics_by_fold,
    read_predictions,
)
from druggene.logs import log_to
from druggene.tables import read_metadata, write_csv, write_table, write_text


def main() -> None:
    """Read all predictions, write the tables."""
    log_to(snakemake.log[0])
    inputs, outputs, params = snakemake.input, snakemake.output, snakemake.params
    metadata = read_metadata(inputs.responses)
    labels = dict(params.labels) | {name: NAIVE_LABELS[name] for name in params.naive}
    predictions = read_predictions([*inputs.models, inputs.naive])

    by_fold = metrics_by_fold(predictions)
    marks = {"source": metadata["source"], "simulated": metadata["simulated"]}
    write_table(by_fold, outputs.by_fold, description="metrics of the test rows of every model and fold", **marks)
    write_csv(by_fold, outputs.by_fold_csv)

    table = comparison(predictions, by_fold, labels, params.min_pairs_per_drug)
    write_csv(table, outputs.comparison)
    write_text(comparison_markdown(table, params.min_pairs_per_drug, metadata["simulated"]), outputs.markdown)


if __name__ == "__main__":
    main()
