"""Deal the training and validation pairs of a fold to the inner folds of the search."""

from druggene.logs import log_to
from druggene.search import assign_inner_folds
from druggene.tables import read_table, write_table


def main() -> None:
    """Read responses and folds, write the inner folds."""
    log_to(snakemake.log[0])
    inputs, wildcards, params = snakemake.input, snakemake.wildcards, snakemake.params
    inner = assign_inner_folds(
        read_table(inputs.responses),
        read_table(inputs.folds),
        wildcards.protocol,
        int(wildcards.fold),
        params.folds,
        params.validation_fraction,
        params.seed,
        read_table(inputs.cell_lines),
    )
    description = "role of every pair outside the test part in every inner fold; test is the inner fold's held-out part"
    write_table(inner, snakemake.output[0], description=description, seed=params.seed)


if __name__ == "__main__":
    main()
