"""One rival on one fold, from artifacts to out-of-fold predictions."""

import logging
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np

from druggene.constants import AUC, FOLD, MODEL, PREDICTED, PROTOCOL, TEST, TRAIN, VALIDATION
from druggene.rivals.data import Features, RivalData, Rows
from druggene.rivals.registry import load_rival
from druggene.seeds import seed_of
from druggene.tables import read_metadata, write_table

logger = logging.getLogger(__name__)

Predict = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Positions of cell lines and drugs to AUCs."""


class Rival(Protocol):
    """A model with its options, before it has seen a response; no row of the test part is handed to it."""

    def choose(self, features: Features, train: Rows, validation: Rows, seed: int) -> dict[str, Any]:
        """Learn from ``train`` alone; return hyper-parameters and ``validation_mse`` by the validation rows."""
        ...

    def fit(self, features: Features, rows: Rows, chosen: dict[str, Any], seed: int) -> Predict:
        """Learn from ``rows``, training and validation rows, with what was chosen."""
        ...


def fit_fold(
    paths: Mapping[str, Any],
    output: str,
    protocol: str,
    fold: int,
    name: str,
    options: Mapping[str, Any],
    drug_features: str,
    seed: int,
) -> None:
    """Choose, fit and predict; write the test predictions, with the hyper-parameters in the metadata.

    Parameters
    ----------
    paths
        Paths by name, as :meth:`RivalData.read` takes them.
    output
        Where the predictions go.
    protocol, fold
        Which fold of which protocol.
    name, options
        One of the ``rival_names`` and its options.
    drug_features
        ``morgan``, ``descriptors`` or ``both``.
    seed
        Of the whole run; every rival and fold draws by a seed of its own.
    """
    data = RivalData.read(paths, protocol, fold, drug_features)
    rows = data.rows
    logger.info(
        "%s on fold %d of %s: %d training, %d validation and %d test rows",
        *(name, fold, protocol, *(len(rows[role]) for role in (TRAIN, VALIDATION, TEST))),
    )
    rival: Rival = load_rival(name)(**options)
    own_seed = seed_of(seed, protocol, fold, name)
    chosen = rival.choose(data.features, rows[TRAIN], rows[VALIDATION], own_seed)
    logger.info("chosen on the validation rows: %s", chosen)
    predict = rival.fit(data.features, rows[TRAIN] + rows[VALIDATION], chosen, own_seed)
    predicted = predict(rows[TEST].cell_line, rows[TEST].drug)
    table = data.tables[TEST].assign(**{PREDICTED: predicted})
    table[[MODEL, PROTOCOL, FOLD]] = name, protocol, fold
    metadata = read_metadata(paths["responses"])
    write_table(
        table,
        output,
        description="out-of-fold predictions of the test pairs",
        units={AUC: metadata["units"][AUC], PREDICTED: metadata["units"][AUC]},
        source=metadata["source"],
        simulated=metadata["simulated"],
        chosen=chosen,
    )
    logger.info("test rows: MSE %.5f", np.mean((predicted - rows[TEST].auc) ** 2))
