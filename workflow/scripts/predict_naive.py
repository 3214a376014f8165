"""Predict the test pairs of all folds of a protocol by the naive predictors."""

from druggene.constants import AUC, PREDICTED
from druggene.logs import log_to
from druggene.rivals.naive import predict_naive
from druggene.tables import read_metadata, read_table, write_table


def main() -> None:
    """Read responses, folds and tissues, write the predictions."""
    log_to(snakemake.log[0])
    inputs = snakemake.input
    predictions = predict_naive(
        read_table(inputs.responses), read_table(inputs.folds), snakemake.params.names, read_table(inputs.cell_lines)
    )
    metadata = read_metadata(inputs.responses)
    unit = metadata["units"][AUC]
    write_table(
        predictions,
        snakemake.output[0],
        description="test predictions of the naive predictors",
        units={AUC: unit, PREDICTED: unit},
        source=metadata["source"],
        simulated=metadata["simulated"],
    )


if __name__ == "__main__":
    main()
