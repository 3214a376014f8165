"""Search for the learning rate and lambda, by cross-validation inside the training part of a fold.

The paper takes the learning rate from 1e-1, 1e-2, 1e-3, 1e-4 by grid search and lambda by four-fold
cross-validation. Here every pair of both is a grid point, and a trial is one grid point on one inner fold. Inner
folds deal the training and validation pairs of the outer fold; its test pairs are in none of them.

All trials of an outer fold share its genes, hierarchy and genotype encoding. These were learned from the outer
training cell lines, so they have seen cell lines that an inner fold holds out, but none that only the outer test
pairs have.
"""

import logging
import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd
import torch
from sklearn.metrics import mean_squared_error

from druggene.checkpoint import ModelOptions
from druggene.constants import FOLD, MODEL, PAIR, PROTOCOL, ROLE, TEST
from druggene.dataset import FoldData
from druggene.devices import CPU
from druggene.fold import start_network
from druggene.metrics import pearson
from druggene.protocols import TRANSFER
from druggene.responses import SOURCE
from druggene.seeds import seed_of
from druggene.splits import PUBLISHED, RANDOM_PAIRS, assign_folds, with_roles
from druggene.tables import read_table
from druggene.training import Diverged, Trainer, TrainingOptions, predict

logger = logging.getLogger(__name__)

INNER_FOLD: Final = "inner_fold"
LEARNING_RATE: Final = "learning_rate"
LAMBDA: Final = "lambda"
MSE: Final = "mse"
CHOSEN: Final = "chosen"


def assign_inner_folds(
    responses: pd.DataFrame,
    folds: pd.DataFrame,
    protocol: str,
    fold: int,
    inner_folds: int,
    validation_fraction: float,
    seed: int,
    cell_lines: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Deal the training and validation pairs of one outer fold to inner folds, grouped as the protocol groups.

    Parameters
    ----------
    responses
        Columns pair, cell_line, drug.
    folds
        The protocol's folds: columns pair, fold, role.
    protocol, fold
        Which outer fold. The ``published`` protocol and transfers have no groups; their pairs are dealt one by one.
    inner_folds
        Number of inner folds, at least 2.
    validation_fraction
        Part of an inner fold's groups outside its held-out part that training is stopped by.
    seed
        Of the whole run; every outer fold is dealt by a seed of its own.
    cell_lines
        Columns cell_line and tissue, for ``leave_tissue_out``.

    Returns
    -------
    pandas.DataFrame
        Columns pair, protocol, fold, role as in the protocol's folds; here ``fold`` is the inner fold and ``test``
        its held-out part.

    Raises
    ------
    ValueError
        If the outer fold has fewer groups outside its test part than inner folds.
    """
    rows = with_roles(responses, folds, fold)
    outside = rows[rows[ROLE] != TEST].drop(columns=ROLE)
    ungrouped = protocol == PUBLISHED or protocol.startswith(TRANSFER)
    grouping = RANDOM_PAIRS if ungrouped else protocol
    own_seed = seed_of(seed, protocol, fold, "inner folds")
    try:
        dealt = assign_folds(outside, grouping, inner_folds, validation_fraction, own_seed, cell_lines)
    except ValueError as error:
        message = str(error).replace("splits.folds", "search.folds")
        raise ValueError(f"{message} (outside the test part of fold {fold})") from None
    assert set(dealt[PAIR]) <= set(outside[PAIR]), "an inner fold reaches into the test part"
    if SOURCE in folds:
        # Or the test screen's curves of the same pairs would come along.
        dealt = dealt.merge(outside[[PAIR, SOURCE]].drop_duplicates(), on=PAIR, validate="many_to_one")
    return dealt.assign(**{PROTOCOL: protocol})


def run_trials(
    paths: Mapping[str, Any],
    protocol: str,
    fold: int,
    model: ModelOptions,
    options: TrainingOptions,
    device: torch.device = CPU,
) -> pd.DataFrame:
    """Train one grid point on every inner fold and score it on the part that is held out.

    The trials of all grid points start from the same weights and see the pairs in the same order, inner fold by
    inner fold, so that they differ by nothing but the grid point.

    Parameters
    ----------
    paths
        Paths by name, as :meth:`FoldData.read` takes them; ``folds`` is the table of inner folds.
    protocol, fold
        The outer fold.
    model, options
        What is trained, and how; the options hold the grid point.
    device
        Where to train.

    Returns
    -------
    pandas.DataFrame
        One row per inner fold: protocol, model, fold, inner_fold, learning_rate, lambda, mse and pearson of the
        held-out part (no pearson where predictions do not vary), best_epoch, and epochs, the number until training
        stopped. A trial whose loss was no longer a number has none of the last four.
    """
    rows = []
    for inner_fold in sorted(read_table(paths["folds"], columns=[FOLD])[FOLD].unique()):
        features = model.drug_features, model.targets
        data = FoldData.read(paths, int(inner_fold), model.omics, model.fusion, *features, options.stop_early)
        seed = seed_of(options.seed, protocol, fold, model.name, "trial", int(inner_fold))
        logger.info(
            "%s on inner fold %d of fold %d of %s: learning rate %g, lambda %g",
            *(model.name, inner_fold, fold, protocol, options.learning_rate, options.norm_weight),
        )
        point = {LEARNING_RATE: options.learning_rate, LAMBDA: options.norm_weight}
        outcome = _run_trial(data, model, options, seed, device)
        rows.append({PROTOCOL: protocol, MODEL: model.name, FOLD: fold, INNER_FOLD: inner_fold} | point | outcome)
    types = {LEARNING_RATE: "float64", LAMBDA: "float64", "best_epoch": "Int64", "epochs": "Int64"}
    return pd.DataFrame(rows).astype(types)


def _run_trial(
    data: FoldData, model: ModelOptions, options: TrainingOptions, seed: int, device: torch.device
) -> dict[str, Any]:
    """Return the scores on the held-out part; none of them when training diverged."""
    failed = {MSE: math.nan, "pearson": math.nan, "best_epoch": None, "epochs": None}
    trainer = Trainer(start_network(model, options, data, seed), data, options, seed, device)
    try:
        trained = trainer.run()
    except Diverged as error:
        logger.warning("the trial failed: %s", error)
        return failed
    predicted = predict(trainer.network, trainer.genotype, trainer.data, TEST).double().cpu().numpy()
    # Without a best epoch, the network still is what it was before training.
    if trained.best_epoch == 0 or not math.isfinite(predicted.sum()):
        logger.warning("the trial failed: predictions are no longer numbers")
        return failed
    observed = data.roles[TEST].auc.double().numpy()
    scores = {MSE: float(mean_squared_error(observed, predicted)), "pearson": pearson(observed, predicted)}
    logger.info("held-out pairs: Pearson %.4f, MSE %.5f", scores["pearson"], scores[MSE])
    return scores | {"best_epoch": trained.best_epoch, "epochs": len(trained.history)}


def choose_options(trials: pd.DataFrame) -> pd.DataFrame:
    """Return the grid point with the lowest MSE, the mean over the inner folds.

    Grid points with a failed trial are out. Of equal means, the larger lambda wins (the smaller weights), then the
    smaller learning rate.

    Parameters
    ----------
    trials
        All trials of one model on one outer fold, as :func:`run_trials` gives them.

    Returns
    -------
    pandas.DataFrame
        One row: protocol, model, fold, learning_rate, lambda, and mse_mean and mse_sd over the inner folds.

    Raises
    ------
    ValueError
        If no grid point went through all inner folds.
    """
    who = trials[[PROTOCOL, MODEL, FOLD]].drop_duplicates()
    assert len(who) == 1, "trials of several models or folds"
    by_point = trials.groupby([LEARNING_RATE, LAMBDA])[MSE].agg(
        mse_mean=lambda mse: mse.mean(skipna=False), mse_sd=lambda mse: mse.std(skipna=False)
    )
    finished = by_point.dropna().reset_index()
    protocol, model, fold = who.iloc[0]
    if finished.empty:
        raise ValueError(
            f"search: training of {model} on fold {fold} of {protocol} diverged with every learning rate and lambda; "
            "add smaller values to search.learning_rate"
        )
    order = finished.sort_values(["mse_mean", LAMBDA, LEARNING_RATE], ascending=[True, False, True])
    choice = who.merge(order.head(1), how="cross")
    logger.info("%d of %d grid points finished; chosen:\n%s", len(finished), len(by_point), choice.to_string())
    return choice


def tabulate_search(trials: pd.DataFrame, choices: pd.DataFrame, models: Sequence[str]) -> pd.DataFrame:
    """Return all trials of a protocol with a column ``chosen``, the models in the order given."""
    keys = [PROTOCOL, MODEL, FOLD, LEARNING_RATE, LAMBDA]
    chosen = choices[keys].assign(**{CHOSEN: True})
    table = trials.merge(chosen, on=keys, how="left", validate="many_to_one")
    table[CHOSEN] = table[CHOSEN].notna()
    order = {name: i for i, name in enumerate(models)}
    return table.sort_values(
        [MODEL, FOLD, LEARNING_RATE, LAMBDA, INNER_FOLD],
        key=lambda column: column.map(order) if column.name == MODEL else column,
        ignore_index=True,
    )
