"""Compute the states of all terms in all cell lines by the checkpoint of one fold."""

from druggene.interpretation.states import states_of_fold, write_states
from druggene.logs import log_to
from druggene.tables import read_metadata


def main() -> None:
    """Read checkpoint and genotype, write the states."""
    log_to(snakemake.log[0])
    files = snakemake.input
    metadata = read_metadata(files.responses)
    fold = int(snakemake.wildcards.fold)
    states = states_of_fold(files.checkpoint, files.genotype, files.responses, files.folds, fold)
    write_states(states, snakemake.output[0], source=metadata["source"], simulated=metadata["simulated"])


if __name__ == "__main__":
    main()
