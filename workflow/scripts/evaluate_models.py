"""Measure the predictions of all models of a protocol and compare them."""

from druggene.comparison_tables import write_comparison
from druggene.logs import log_to


def main() -> None:
    """Hand paths and settings to the package."""
    log_to(snakemake.log[0])
    inputs, params = snakemake.input, snakemake.params
    paths = {"responses": inputs.responses, "cell_lines": inputs.cell_lines}
    write_comparison(
        paths | {"predictions": [*inputs.models, *inputs.rivals, inputs.naive]},
        dict(snakemake.output.items()),
        params.labels,
        params.main,
        params.evaluation,
        params.seed,
    )


if __name__ == "__main__":
    main()
