"""Choose the learning rate and lambda of one model on one fold."""

import pandas as pd

from druggene.logs import log_to
from druggene.search import choose_options
from druggene.tables import read_metadata, read_table, write_table


def main() -> None:
    """Read the trials of all grid points, write the choice."""
    log_to(snakemake.log[0])
    trials = pd.concat([read_table(path) for path in snakemake.input], ignore_index=True)
    marks = {key: read_metadata(snakemake.input[0])[key] for key in ("source", "simulated")}
    description = "learning rate and lambda of the lowest mean MSE over the inner folds"
    write_table(choose_options(trials), snakemake.output[0], description=description, **marks)


if __name__ == "__main__":
    main()
