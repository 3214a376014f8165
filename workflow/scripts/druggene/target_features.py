"""Drug features from what is known of a drug: the genes it targets and the pathway it acts on.

Shapes: D drugs, V targets and pathways of the vocabulary.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd

from druggene.constants import DRUG
from druggene.tables import require_columns

TARGETS = "targets"
PATHWAY = "pathway"
_FEWEST_DRUGS = 2
"""A target or pathway of one training drug alone tells nothing of another drug."""


@dataclass(frozen=True)
class TargetEncoder:
    """The targets and pathways that at least two training drugs share, sorted."""

    targets: tuple[str, ...]
    pathways: tuple[str, ...]

    @classmethod
    def fit(cls, drugs: pd.DataFrame, training_drugs: Sequence[str]) -> Self:
        """Learn the vocabulary.

        Parameters
        ----------
        drugs
            Columns drug, targets (gene symbols joined by ";"), pathway; missing where unknown.
        training_drugs
            The only drugs that are looked at.

        Raises
        ------
        ValueError
            If no target and no pathway is shared by two training drugs.
        """
        require_columns(drugs.columns, [DRUG, TARGETS, PATHWAY], "drugs")
        known = drugs[drugs[DRUG].isin(list(training_drugs))]
        shared = []
        for names in (_targets(known), _pathways(known)):
            counts = Counter(name for of_drug in names for name in of_drug)
            shared.append(tuple(sorted(name for name, drugs in counts.items() if drugs >= _FEWEST_DRUGS)))
        if not any(shared):
            raise ValueError(
                "drugs.targets: no target or pathway is known of two training drugs; set drugs.targets to false"
            )
        return cls(*shared)

    def transform(self, drugs: pd.DataFrame, order: Sequence[str]) -> np.ndarray:
        """Return D x V features (float32) of the drugs in ``order``.

        The targets of a drug have length 1 together, and its pathway has length 1; a drug of which nothing is known
        has zeros.
        """
        rows = drugs.drop_duplicates(DRUG).set_index(DRUG, drop=False).reindex(list(order))
        blocks = [_indicators(_targets(rows), self.targets), _indicators(_pathways(rows), self.pathways)]
        return np.hstack(blocks).astype(np.float32)

    def to_dict(self) -> dict[str, Any]:
        """Return the encoder in terms of JSON."""
        return {"targets": list(self.targets), "pathways": list(self.pathways)}

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> Self:
        """Rebuild what :meth:`to_dict` gave."""
        return cls(tuple(state["targets"]), tuple(state["pathways"]))


def _targets(drugs: pd.DataFrame) -> list[set[str]]:
    return [set(text.split(";")) - {""} for text in drugs[TARGETS].fillna("").astype(str)]


def _pathways(drugs: pd.DataFrame) -> list[set[str]]:
    return [{text} - {""} for text in drugs[PATHWAY].fillna("").astype(str)]


def _indicators(names: list[set[str]], vocabulary: tuple[str, ...]) -> np.ndarray:
    """Return rows of 0 and 1, scaled to length 1 unless all are 0."""
    hits = np.array([[name in of_drug for name in vocabulary] for of_drug in names], dtype=np.float64)
    hits = hits.reshape(len(names), len(vocabulary))
    return hits / np.maximum(1.0, np.sqrt(hits.sum(axis=1, keepdims=True)))
