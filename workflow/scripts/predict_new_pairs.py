"""Predict new pairs of cell lines and drugs from checkpoints."""

from pathlib import Path

from druggene.devices import prepare_device
from druggene.logs import log_to
from druggene.prediction.api import make_predictors, write_predictions
from druggene.prediction.predictor import Limits


def main() -> None:
    """Hand files and settings to the package."""
    log_to(snakemake.log[0])
    inputs, settings = snakemake.input, snakemake.params.settings
    prepare_device("cpu", snakemake.threads)
    pairs = list(inputs.get("pairs", []))
    predictors = make_predictors(
        list(inputs.checkpoints),
        {Path(path).stem: path for path in inputs.cell_lines},
        inputs.drugs[0],
        pairs[0] if pairs else None,
        settings["top_terms"],
        Limits(**settings["outside"]),
        inputs.genes,
        inputs.drug_targets,
        settings["together"],
    )
    write_predictions(predictors, Path(snakemake.output[0]).parent)


if __name__ == "__main__":
    main()
