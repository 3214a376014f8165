"""The rivals by name, and what each has to offer.

A rival is a frozen dataclass whose fields are its section of the configuration, with two methods: ``choose`` picks
hyper-parameters by the validation rows and learns from the training rows alone; ``fit`` learns from both with what was
chosen and returns a function of cell lines and drugs, given by position, to AUCs. No row of the test part is handed to
either. To add one, write it in a module of its own, name it in ``RIVALS`` and describe its section in the schema.
"""

from collections.abc import Callable
from typing import Any, Final, Protocol

import numpy as np

from druggene.rivals.boosted_trees import BoostedTrees
from druggene.rivals.data import Features, Rows
from druggene.rivals.linear import ElasticNet, Lasso
from druggene.rivals.random_forest import RandomForest

Predict = Callable[[np.ndarray, np.ndarray], np.ndarray]


class Rival(Protocol):
    """A model with its options, before it has seen a response."""

    def choose(self, features: Features, train: Rows, validation: Rows, seed: int) -> dict[str, Any]:
        """Return hyper-parameters, and ``validation_mse``, by the error on the validation rows."""
        ...

    def fit(self, features: Features, rows: Rows, chosen: dict[str, Any], seed: int) -> Predict:
        """Learn from ``rows`` with what was chosen."""
        ...


RIVALS: Final[dict[str, Callable[..., Rival]]] = {
    "elastic_net": ElasticNet,
    "lasso": Lasso,
    "random_forest": RandomForest,
    "boosted_trees": BoostedTrees,
}
"""Name in the configuration to the rival, made of its section there."""
