"""A network's inputs from the features of drugs, fitted on the training drugs.

Shapes: D drugs, F inputs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd

from druggene.drugs import DescriptorScaler, drug_matrix, fit_descriptor_scaler
from druggene.target_features import TargetEncoder


@dataclass(frozen=True)
class DrugInputs:
    """What turns the features of drugs into a network's inputs, fitted on the training drugs.

    Attributes
    ----------
    kind
        ``morgan``, ``descriptors`` or ``both``.
    scaler
        Of the descriptors; None without them.
    target_encoder
        Of the targets and pathways; None where they are no inputs.
    """

    kind: str
    scaler: DescriptorScaler | None
    target_encoder: TargetEncoder | None

    @classmethod
    def fit(cls, features: pd.DataFrame, known: pd.DataFrame | None, training_drugs: Sequence[str], kind: str) -> Self:
        """Learn from the training drugs' rows alone; ``known`` is None where targets are no inputs."""
        scaler = None if kind == "morgan" else fit_descriptor_scaler(features, training_drugs)
        return cls(kind, scaler, None if known is None else TargetEncoder.fit(known, training_drugs))

    def matrix(self, features: pd.DataFrame, known: pd.DataFrame | None) -> np.ndarray:
        """Return D x F inputs (float32) of D drugs: their features, then what is known of their targets."""
        matrix = drug_matrix(features, self.kind, self.scaler)
        if self.target_encoder is None:
            return matrix
        assert known is not None, "a target encoder reads a table of drugs"
        return np.hstack([matrix, self.target_encoder.transform(known, list(features.index))])
