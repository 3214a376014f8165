"""Checkpoints of two models on small folds, with the user's tables of the same cell lines and drugs."""

from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from druggene.checkpoint import ModelOptions
from druggene.fold import train_fold
from druggene.tables import read_table
from druggene.term_readout import ReadoutOptions
from druggene.training import TrainingOptions
from tests.reference.artifacts import write_fold

JOINED = ModelOptions(
    name="joined",
    omics=["mutation", "expression", "copy_number"],
    fusion="sum_rescaled",
    drug_features="morgan",
    fingerprint_radius=2,
    fingerprint_bits=128,
    term_neurons=3,
    drug_layers=[8, 4],
    final_neurons=4,
)
_DROPOUTS = {f"{name}_dropout": 0.2 for name in ("gene", "term", "drug", "drug_effect", "cell_line_effect")}
PLUS = replace(
    JOINED,
    name="plus",
    omics=["mutation", "expression"],
    fusion="channels",
    drug_layers=[8],
    targets=True,
    readout=ReadoutOptions(3, 2, (0.3, 1.0), **_DROPOUTS, residual_effects=True),
)
FOLDS = (0, 1)


@dataclass(frozen=True)
class Trained:
    """The folder of a fold's artifacts, and checkpoints and predictions by model and fold."""

    folder: Path
    checkpoints: dict[tuple[str, int], Path]
    predictions: dict[tuple[str, int], pd.DataFrame]

    @property
    def omics(self) -> Path:
        """The folder of the omics before encoding."""
        return self.folder / "omics"

    @property
    def drugs(self) -> Path:
        """The table of drugs."""
        return self.folder / "drugs.parquet"

    def of(self, model: str) -> list[Path]:
        """Return the checkpoints of a model, by fold."""
        return [self.checkpoints[model, fold] for fold in FOLDS]

    def matrices(self) -> dict[str, pd.DataFrame]:
        """Return the omics as data frames."""
        return {path.stem: read_table(path) for path in sorted(self.omics.glob("*.parquet"))}


def train_small_models(folder: Path, options: TrainingOptions) -> Trained:
    """Train both models on two folds below ``folder``."""
    paths = write_fold(folder)
    checkpoints, predictions = {}, {}
    for model in (JOINED, PLUS):
        own = options
        if model.readout is not None:
            own = replace(options, batch_by="cell_lines", batch_size=40, alpha=0.0, drug_alpha=0.0)
        for fold in FOLDS:
            name = folder / "models" / model.name / f"fold_{fold}"
            outputs = {"checkpoint": f"{name}.pt", "history": f"{name}.h.parquet", "predictions": f"{name}.p.parquet"}
            train_fold(paths, outputs, "random_pairs", fold, model, own)
            checkpoints[model.name, fold] = Path(outputs["checkpoint"])
            predictions[model.name, fold] = read_table(outputs["predictions"])
    return Trained(folder, checkpoints, predictions)
