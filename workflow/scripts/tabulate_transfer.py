"""Measure the models of a transfer by what the training screen had measured of each test curve."""

from druggene.logs import log_to
from druggene.predictions import read_predictions
from druggene.tables import read_metadata, read_table, write_both, write_text
from druggene.transfer import transfer_markdown, transfer_metrics


def main() -> None:
    """Read predictions, responses and folds, write the table for machines and for people."""
    log_to(snakemake.log[0])
    inputs, outputs, params = snakemake.input, snakemake.output, snakemake.params
    marks = {key: read_metadata(inputs.responses)[key] for key in ("source", "simulated")}
    predictions = read_predictions([*inputs.models, *inputs.rivals, inputs.naive])
    table = transfer_metrics(predictions, read_table(inputs.responses), read_table(inputs.folds))
    write_both(table, outputs.table, description="metrics by what the training screen had measured", **marks)
    text = transfer_markdown(table, params.labels, tuple(params.screens), marks["simulated"])
    write_text(text, outputs.markdown)


if __name__ == "__main__":
    main()
