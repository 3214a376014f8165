"""Train one network on one fold; write its checkpoint, its losses and its test predictions."""

from druggene.checkpoint import ModelOptions
from druggene.devices import prepare_device
from druggene.fold import train_fold
from druggene.logs import log_to
from druggene.training import TrainingOptions


def main() -> None:
    """Hand paths and settings to the package."""
    log_to(snakemake.log[0])
    wildcards, params = snakemake.wildcards, snakemake.params
    train_fold(
        dict(snakemake.input.items()),
        dict(snakemake.output.items()),
        wildcards.protocol,
        int(wildcards.fold),
        ModelOptions.from_config(wildcards.model, params.omics, params.fusion, params.drugs, params.network),
        TrainingOptions.from_config(params.training, params.network, params.seed),
        resume=params.resume,
        code=params.code,
        device=prepare_device(params.device, snakemake.threads),
    )


if __name__ == "__main__":
    main()
