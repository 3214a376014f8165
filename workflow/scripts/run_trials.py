"""Train one learning rate and lambda on all inner folds of a fold; write their scores."""

from druggene.checkpoint import ModelOptions
from druggene.devices import prepare_device
from druggene.logs import log_to
from druggene.search import run_trials
from druggene.tables import read_metadata, write_table
from druggene.training import TrainingOptions


def main() -> None:
    """Hand paths and settings to the package."""
    log_to(snakemake.log[0])
    inputs, wildcards, params = snakemake.input, snakemake.wildcards, snakemake.params
    trials = run_trials(
        dict(inputs.items()),
        wildcards.protocol,
        int(wildcards.fold),
        ModelOptions.from_config(wildcards.model, params.omics, params.fusion, params.drugs, params.network),
        TrainingOptions.from_config(params.training, params.network, params.seed),
        prepare_device(params.device, snakemake.threads),
    )
    marks = {key: read_metadata(inputs.responses)[key] for key in ("source", "simulated")}
    write_table(trials, snakemake.output[0], description="scores of one grid point on every inner fold", **marks)


if __name__ == "__main__":
    main()
