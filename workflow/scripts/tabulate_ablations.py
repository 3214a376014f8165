"""Hold every variant of an ablation against the base."""

from druggene.ablations import ablations_document, tabulate_ablations
from druggene.constants import FOLD
from druggene.documents import write_document
from druggene.logs import log_to
from druggene.predictions import COLUMNS, REFERENCE, Predictions
from druggene.tables import read_metadata, read_table, write_both, write_table


def main() -> None:
    """Read the predictions, write the tables."""
    log_to(snakemake.log[0])
    inputs, outputs, params = snakemake.input, snakemake.output, snakemake.params
    marks = {key: read_metadata(inputs.responses)[key] for key in ("source", "simulated")}
    wanted = [(FOLD, "in", params.folds), ("model", "==", REFERENCE)]
    tables = [read_table(path, columns=COLUMNS) for path in inputs.models]
    predictions = Predictions.of([*tables, read_table(inputs.naive, columns=COLUMNS, filters=wanted)])
    table, seeds = tabulate_ablations(predictions, params.models, params.min_pairs_per_drug)
    write_table(table, outputs.table, description="variants held against the base", **marks)
    write_both(seeds, outputs.seeds, description="metrics of every variant and seed", **marks)
    document = ablations_document(table, params.folds, marks["simulated"])
    write_document(document, table, outputs.csv.removesuffix(".csv"))


if __name__ == "__main__":
    main()
