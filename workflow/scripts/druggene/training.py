"""Training of a network on one fold, with early stopping on the fold's validation pairs."""

import logging
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import pandas as pd
import torch
from torch import Tensor

from druggene.constants import TEST, TRAIN, VALIDATION
from druggene.dataset import FoldData
from druggene.hierarchy_function import Genotype
from druggene.network import DrugGeneNetwork, Init, Pairs
from druggene.objective import losses

logger = logging.getLogger(__name__)

_PREDICTED_AT_ONCE = 1_000_000
"""Pairs that are predicted together, so that memory stays bounded."""


@dataclass(frozen=True)
class TrainingOptions:
    """How a network is trained; see the section ``training`` of the configuration."""

    epochs: int
    batch_size: int
    learning_rate: float
    betas: tuple[float, float]
    epsilon: float
    alpha: float
    drug_alpha: float
    norm_weight: float
    patience: int
    init: Init
    start_at_mean: bool
    seed: int

    @classmethod
    def from_config(cls, training: Mapping[str, Any], network: Mapping[str, Any], seed: int) -> Self:
        """Read the sections ``training`` and ``network`` of the configuration."""
        options = {key: value for key, value in training.items() if key != "lambda"}
        options["betas"] = tuple(options["betas"])
        start = {key: network[key] for key in ("init", "start_at_mean")}
        return cls(**options, **start, norm_weight=training["lambda"], seed=seed)


@dataclass(frozen=True)
class Trained:
    """The outcome: parameters of the best validation epoch, and the losses of every epoch."""

    state: dict[str, Tensor]
    best_epoch: int
    history: pd.DataFrame


def train(network: DrugGeneNetwork, data: FoldData, options: TrainingOptions, seed: int) -> Trained:
    """Train ``network`` in place and leave it with the parameters of its best validation epoch.

    Each epoch shuffles the training pairs by ``seed`` and its number and takes them in batches of ``batch_size``;
    a last batch of a single pair, which has no variance, joins the one before.

    Raises
    ------
    ValueError
        If the loss is no longer a number.
    """
    genotype = network.gather(data.genotype)
    optimizer = torch.optim.Adam(
        network.parameters(), lr=options.learning_rate, betas=options.betas, eps=options.epsilon, fused=True
    )
    training, validation = data.roles[TRAIN], data.roles[VALIDATION]
    rows: list[dict[str, float]] = []
    best_loss, best_epoch, best_state = math.inf, 0, _copy_state(network)
    started = time.monotonic()
    for epoch in range(1, options.epochs + 1):
        network.train()
        sums = torch.zeros(5, dtype=torch.float64)
        for batch in _batches(len(training.auc), options.batch_size, seed, epoch):
            pairs = Pairs.of(training.cell_line[batch], training.drug[batch], *data.sizes)
            output = network(genotype, data.drugs, pairs)
            parts = losses(
                output, pairs, training.auc[batch], network, options.alpha, options.drug_alpha, options.norm_weight
            )
            optimizer.zero_grad()
            parts.total.backward()
            optimizer.step()
            values = (parts.total, parts.root, parts.terms, parts.drug_layers, parts.norm)
            sums += torch.stack(values).detach() * len(batch)
        total, root, terms, drug_layers, norm = (sums / len(training.auc)).tolist()
        if not math.isfinite(total):
            raise ValueError(f"training: the loss is {total} in epoch {epoch}; lower training.learning_rate")
        predicted = predict(network, genotype, data, VALIDATION)
        validation_loss = (predicted - validation.auc).square().mean().item()
        rows.append(
            {
                "epoch": epoch,
                "loss": total,
                "root_mse": root,
                "term_mse_sum": terms,
                "drug_layer_mse_sum": drug_layers,
                "norm": norm,
                "validation_mse": validation_loss,
            }
        )
        if validation_loss < best_loss:
            best_loss, best_epoch, best_state = validation_loss, epoch, _copy_state(network)
        seconds = (time.monotonic() - started) / epoch
        logger.info(
            "epoch %d of %d: loss %.5f, training MSE %.5f, validation MSE %.5f (best %.5f in epoch %d); "
            "%.2f s an epoch, at most %.0f s left",
            *(epoch, options.epochs, total, root, validation_loss, best_loss, best_epoch),
            *(seconds, seconds * (options.epochs - epoch)),
        )
        if epoch - best_epoch >= options.patience:
            logger.info("stopped: no better validation MSE for %d epochs", options.patience)
            break
    network.load_state_dict(best_state)
    return Trained(best_state, best_epoch, pd.DataFrame(rows))


def _batches(n: int, size: int, seed: int, epoch: int) -> list[Tensor]:
    generator = torch.Generator().manual_seed(seed * 100_000 + epoch)
    batches = list(torch.randperm(n, generator=generator).split(size))
    if len(batches) > 1 and len(batches[-1]) == 1:
        batches[-2:] = [torch.cat(batches[-2:])]
    return batches


def _copy_state(network: DrugGeneNetwork) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in network.state_dict().items()}


@torch.no_grad()
def predict(network: DrugGeneNetwork, genotype: Genotype, data: FoldData, role: str = TEST) -> Tensor:
    """Return the predicted AUCs of the pairs of one role, with the running statistics."""
    network.eval()
    rows = data.roles[role]
    parts = [
        network(genotype, data.drugs, Pairs.of(cell_line, drug, *data.sizes)).predicted
        for cell_line, drug in zip(
            rows.cell_line.split(_PREDICTED_AT_ONCE), rows.drug.split(_PREDICTED_AT_ONCE), strict=True
        )
    ]
    return torch.cat(parts)
