"""Give every pair its role in every fold of a protocol."""

from druggene.logs import log_to
from druggene.splits import assign_folds
from druggene.tables import read_table, write_table


def main() -> None:
    """Read the responses, write the folds."""
    log_to(snakemake.log[0])
    splits, seed = snakemake.params.splits, snakemake.params.seed
    folds = assign_folds(
        read_table(snakemake.input.responses),
        snakemake.wildcards.protocol,
        splits["folds"],
        splits["validation_fraction"],
        seed,
        read_table(snakemake.input.cell_lines),
        snakemake.params.screens,
    )
    write_table(folds, snakemake.output[0], description="role of every pair in every fold", seed=seed)


if __name__ == "__main__":
    main()
