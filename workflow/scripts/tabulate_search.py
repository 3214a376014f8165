"""Put every trial of all models and folds into one table."""

import pandas as pd

from druggene.logs import log_to
from druggene.search import tabulate_search
from druggene.tables import read_metadata, read_table, write_csv, write_table


def main() -> None:
    """Read trials and choices, write the table."""
    log_to(snakemake.log[0])
    inputs, outputs = snakemake.input, snakemake.output
    trials, choices = (
        pd.concat([read_table(path) for path in paths], ignore_index=True) for paths in (inputs.trials, inputs.choices)
    )
    table = tabulate_search(trials, choices, snakemake.params.models)
    marks = {key: read_metadata(inputs.trials[0])[key] for key in ("source", "simulated")}
    write_table(table, outputs.table, description="every trial of the search", **marks)
    write_csv(table, outputs.csv)


if __name__ == "__main__":
    main()
