"""Training of a network on one fold: phases, batches, early stopping, and resuming where a job was killed."""

import logging
import math
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Self

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from torch.optim.lr_scheduler import (
    ConstantLR,
    CosineAnnealingLR,
    LinearLR,
    LRScheduler,
    ReduceLROnPlateau,
    SequentialLR,
)

from druggene.batches import Batch, deal_batches, steps
from druggene.constants import AUC, CELL_LINE, DRUG, TEST, TRAIN, VALIDATION
from druggene.dataset import FoldData, Responses
from druggene.devices import CPU
from druggene.effects import Effects
from druggene.hierarchy_function import Genotype
from druggene.network import Init, Pairs
from druggene.objective import Losses, losses
from druggene.progress import Progress, load_progress, save_progress
from druggene.term_readout import Network, TermReadoutNetwork, decay_group

logger = logging.getLogger(__name__)

_PREDICTED_AT_ONCE = 1_000_000
"""Pairs that are predicted together, so that memory stays bounded."""
_DIVERGED = 100
"""Training MSE that no training recovers from, in multiples of the MSE of predicting 0."""
_FIRST_STEP = 0.1
"""Step size that warming up begins with, in multiples of the learning rate."""
_SECONDS_BETWEEN_SAVES = 5.0
"""Progress is saved after every epoch, but epochs shorter than this share a save."""


@dataclass(frozen=True)
class TrainingOptions:
    """How a network is trained; see the sections ``training`` and ``network`` of the configuration."""

    epochs: int
    batch_size: int
    accumulate_steps: int
    learning_rate: float
    schedule: Literal["constant", "cosine", "plateau"]
    betas: tuple[float, float]
    epsilon: float
    pretrain_epochs: int
    sgd_epochs: int
    sgd_learning_rate: float
    alpha: float
    drug_alpha: float
    norm_weight: float
    patience: int
    init: Init
    start_at_mean: bool
    seed: int
    batch_by: Literal["pairs", "cell_lines"] = "pairs"
    hierarchy_rate: float = 1.0
    warmup_epochs: int = 0
    stop_early: bool = True
    decay: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def from_config(cls, training: Mapping[str, Any], network: Mapping[str, Any], seed: int) -> Self:
        """Read the sections ``training`` and ``network`` of the configuration."""
        options = {key: value for key, value in training.items() if key != "lambda"}
        options["betas"] = tuple(options["betas"])
        start = {key: network[key] for key in ("init", "start_at_mean")}
        return cls(**options, **start, norm_weight=training["lambda"], seed=seed)


@dataclass(frozen=True)
class Trained:
    """The outcome: parameters of the best epoch, and the losses of every epoch."""

    state: dict[str, Tensor]
    best_epoch: int
    history: pd.DataFrame


class Diverged(ValueError):
    """Training has diverged: its losses are no longer numbers, or beyond any response.

    Attributes
    ----------
    last_good
        What there was before: the best epoch, the start if there was none, and the losses of all epochs.
    """

    last_good: Trained


@dataclass(frozen=True)
class _Phase:
    """A stretch of training with one optimiser.

    ``branches`` trains the two branches each by its own heads, without the joining layer (paper, "VNN and ANN
    sub-models are trained independently"); ``joint`` is Adam on the whole objective; ``sgd`` goes on from the best
    epoch with stochastic gradient descent.
    """

    name: Literal["branches", "joint", "sgd"]
    epochs: int


class Trainer:
    """Trains one network on one fold, on a device that both are moved to.

    Each epoch shuffles the training pairs by the seed and the epoch's number, so that an epoch gives the same
    result whether the ones before it ran in this process or in one that was killed. The order is the same on every
    device, and within an epoch nothing is read back from the device.

    The validation pairs say which epoch is the best, and when to stop. A fold without any is trained for all epochs,
    and the last one is the best.

    Attributes
    ----------
    network, data, genotype
        The network, the fold, and the fold's gathered genotype on the device, as :func:`predict` takes them.
    """

    def __init__(
        self,
        network: Network,
        data: FoldData,
        options: TrainingOptions,
        seed: int,
        device: torch.device = CPU,
    ) -> None:
        # Read before the fold moves, so that no epoch has to ask for it.
        self._hopeless = _DIVERGED * data.roles[TRAIN].auc.square().mean().item()
        self._group = data.roles[TRAIN].cell_line.cpu() if options.batch_by == "cell_lines" else None
        self._stops_early = VALIDATION in data.roles
        self.network = network.to(device)
        self.data = data.to(device)
        self.options = options
        self.seed = seed
        self.genotype = network.gather(self.data.genotype)
        self.phases = [
            phase
            for phase in (
                _Phase("branches", options.pretrain_epochs),
                _Phase("joint", options.epochs),
                _Phase("sgd", options.sgd_epochs),
            )
            if phase.epochs
        ]

    def run(self, resume: str | os.PathLike[str] | None = None, identity: str = "") -> Trained:
        """Train, and leave the network with the parameters of its best epoch.

        A network with residual effects then learns these from the training pairs; the history has its errors before.

        Parameters
        ----------
        resume
            File that progress is kept in while training runs; found there, training goes on from it.
        identity
            Digest of all that the outcome depends on; progress with another one is not used.

        Raises
        ------
        Diverged
            If the losses are no longer numbers, or beyond any response; with what there was before.
        """
        progress = load_progress(resume, identity) if resume else None
        if progress is None:
            progress = Progress(best_state=_copy_state(self.network))
        else:
            self.network.load_state_dict(progress.network)
            logger.info("resumed after epoch %d", progress.epoch)
        self._started, self._first_epoch, self._saved = time.monotonic(), progress.epoch, time.monotonic()
        try:
            for number in range(progress.phase, len(self.phases)):
                self._run_phase(number, progress, resume, identity)
        except Diverged as error:
            error.last_good = _outcome(progress)
            raise
        self.network.load_state_dict(progress.best_state)
        if isinstance(self.network, TermReadoutNetwork) and self.network.options.residual_effects:
            self._complete(self.network)
            progress.best_state = _copy_state(self.network)
        return _outcome(progress)

    def _complete(self, network: TermReadoutNetwork) -> None:
        """Give what the trained network leaves of the training pairs to effects of their drugs and cell lines."""
        train = self.data.roles[TRAIN]
        predicted = predict(network, self.genotype, self.data, TRAIN).cpu().double().numpy()
        columns = {CELL_LINE: train.cell_line, DRUG: train.drug, AUC: train.auc}
        rows = pd.DataFrame({name: values.cpu().numpy() for name, values in columns.items()})
        effects = Effects.fit(rows, beyond=predicted)
        lines, drugs = (np.arange(size) for size in self.data.sizes)
        network.complete(
            effects.mean, torch.tensor(effects.of_cell_lines(lines)), torch.tensor(effects.of_drugs(drugs))
        )

    def _run_phase(self, number: int, progress: Progress, resume: str | os.PathLike[str] | None, identity: str) -> None:
        phase = self.phases[number]
        if number != progress.phase:
            progress.phase, progress.phase_epoch, progress.optimizer, progress.schedule = number, 0, None, None
            if phase.name == "sgd":
                self.network.load_state_dict(progress.best_state)
        optimizer, schedule = self._optimizer(phase)
        if progress.optimizer is not None and progress.schedule is not None:
            optimizer.load_state_dict(progress.optimizer)
            schedule.load_state_dict(progress.schedule)
        while progress.phase_epoch < phase.epochs:
            progress.epoch += 1
            progress.phase_epoch += 1
            row = self._run_epoch(phase, optimizer, progress.epoch)
            criterion = row["validation_mse"] if self._stops_early else row["root_mse"]
            progress.history.append({"epoch": progress.epoch, "phase": phase.name, **row})
            self._check(progress.epoch, row)
            better = criterion < progress.best_loss or not self._stops_early
            if phase.name != "branches" and better:
                progress.best_loss, progress.best_epoch = criterion, progress.epoch
                progress.best_state = _copy_state(self.network)
            self._log(phase, progress)
            if isinstance(schedule, ReduceLROnPlateau):
                schedule.step(criterion)
            else:
                schedule.step()
            if phase.name == "joint" and progress.epoch - progress.best_epoch >= self.options.patience:
                logger.info("no better validation MSE for %d epochs", self.options.patience)
                progress.phase_epoch = phase.epochs
            if resume and time.monotonic() - self._saved >= _SECONDS_BETWEEN_SAVES:
                progress.network = _copy_state(self.network)
                progress.optimizer, progress.schedule = optimizer.state_dict(), schedule.state_dict()
                save_progress(progress, resume, identity)
                self._saved = time.monotonic()

    def _optimizer(self, phase: _Phase) -> tuple[torch.optim.Optimizer, LRScheduler]:
        options = self.options
        optimizer: torch.optim.Optimizer
        if phase.name == "sgd":
            optimizer = torch.optim.SGD(self._groups(options.sgd_learning_rate), fused=True)
            return optimizer, ConstantLR(optimizer, factor=1.0)
        optimizer = torch.optim.Adam(
            self._groups(options.learning_rate), betas=options.betas, eps=options.epsilon, fused=True
        )
        if phase.name == "joint" and options.schedule == "cosine":
            warmup = min(options.warmup_epochs, phase.epochs - 1)
            cosine = CosineAnnealingLR(optimizer, T_max=phase.epochs - warmup)
            if not warmup:
                return optimizer, cosine
            rising = LinearLR(optimizer, start_factor=_FIRST_STEP, total_iters=warmup)
            return optimizer, SequentialLR(optimizer, [rising, cosine], milestones=[warmup])
        if phase.name == "joint" and options.schedule == "plateau":
            return optimizer, ReduceLROnPlateau(optimizer, factor=0.5, patience=max(1, options.patience // 4))
        return optimizer, ConstantLR(optimizer, factor=1.0)

    def _groups(self, rate: float) -> list[dict[str, Any]]:
        """Return the parameters with their step sizes and decays."""
        groups: dict[tuple[float, float], list[torch.nn.Parameter]] = {}
        for name, parameter in self.network.named_parameters():
            step = rate * (self.options.hierarchy_rate if "hierarchy." in name else 1.0)
            decay = self.options.decay.get(decay_group(name) or "", 0.0)
            groups.setdefault((step, decay), []).append(parameter)
        return [
            {"params": parameters, "lr": step, "weight_decay": decay} for (step, decay), parameters in groups.items()
        ]

    def _run_epoch(self, phase: _Phase, optimizer: torch.optim.Optimizer, epoch: int) -> dict[str, float]:
        """Take every training pair once; return the mean losses and the validation MSE, NaN without such pairs."""
        means = self._take_steps(phase, optimizer, epoch)
        # The one time that the device is waited for.
        total, root, terms, drug_layers, norm, validation_mse = torch.cat([means, self._validation_error()]).tolist()
        return {
            "learning_rate": float(optimizer.param_groups[0]["lr"]),
            "loss": total,
            "root_mse": root,
            "term_mse_sum": terms,
            "drug_layer_mse_sum": drug_layers,
            "norm": norm,
            "validation_mse": validation_mse,
        }

    def _take_steps(self, phase: _Phase, optimizer: torch.optim.Optimizer, epoch: int) -> Tensor:
        """Take every training pair once; return the mean losses (total, root, terms, drug layers, norm)."""
        training = self.data.roles[TRAIN]
        n, device = len(training.auc), training.auc.device
        batches = deal_batches(n, self.options.batch_size, self.seed, epoch, device, self._group)
        # What the network leaves out at random in this epoch.
        torch.manual_seed(self.seed * 100_000 + epoch)
        sums = torch.zeros(5, dtype=torch.float64, device=device)
        self.network.train()
        for step in steps(batches, self.options.accumulate_steps):
            pairs_in_step = sum(len(batch) for batch in step)
            optimizer.zero_grad()
            for batch in step:
                parts = self._losses(phase, training, batch)
                minimised = parts.total if phase.name != "branches" else parts.terms + parts.drug_layers
                (minimised * (len(batch) / pairs_in_step)).backward()
                values = (parts.total, parts.root, parts.terms, parts.drug_layers, parts.norm)
                sums += torch.stack(values).detach() * len(batch)
            optimizer.step()
        return sums / n

    def _validation_error(self) -> Tensor:
        """Return the MSE of the validation pairs, one number; NaN if there are none."""
        if not self._stops_early:
            return torch.full((1,), torch.nan, device=self.data.drugs.device)
        predicted = predict(self.network, self.genotype, self.data, VALIDATION)
        return (predicted - self.data.roles[VALIDATION].auc).square().mean(dim=0, keepdim=True)

    def _losses(self, phase: _Phase, training: Responses, batch: Batch) -> Losses:
        if batch.cell_lines is None or batch.position is None:
            genotype, position = self.genotype, training.cell_line[batch.rows]
        else:
            genotype, position = self.genotype.select(batch.cell_lines), batch.position
        pairs = Pairs.of(position, training.drug[batch.rows], genotype.cell_lines, len(self.data.drugs))
        output = self.network(genotype, self.data.drugs, pairs)
        weights = (self.options.alpha, self.options.drug_alpha, self.options.norm_weight)
        if phase.name == "branches":
            weights = (1.0, 1.0, 0.0)
        return losses(output, pairs, training.auc[batch.rows], self.network, *weights)

    def _check(self, epoch: int, row: Mapping[str, float]) -> None:
        """Raise :class:`Diverged` if the losses of an epoch say so."""
        validation = row["validation_mse"]
        unknown = self._stops_early and not math.isfinite(validation)
        if unknown or not math.isfinite(row["loss"]) or row["root_mse"] > self._hopeless:
            raise Diverged(
                f"training diverged in epoch {epoch}: loss {row['loss']:.4g}, training MSE {row['root_mse']:.4g}, "
                f"validation MSE {validation:.4g}; lower training.learning_rate"
            )

    def _log(self, phase: _Phase, progress: Progress) -> None:
        last = progress.history[-1]
        seconds = (time.monotonic() - self._started) / (progress.epoch - self._first_epoch)
        left = phase.epochs - progress.phase_epoch
        left += sum(later.epochs for later in self.phases[progress.phase + 1 :])
        validation = "not stopped early"
        if self._stops_early:
            best = progress.best_loss, progress.best_epoch
            validation = "validation MSE {:.5f} (best {:.5f} in epoch {})".format(last["validation_mse"], *best)
        logger.info(
            "epoch %d (%s %d of %d): loss %.5f, training MSE %.5f, %s; %.2f s an epoch, at most %.0f s left",
            *(progress.epoch, phase.name, progress.phase_epoch, phase.epochs, last["loss"], last["root_mse"]),
            *(validation, seconds, seconds * left),
        )


def _outcome(progress: Progress) -> Trained:
    state = {name: value.cpu() for name, value in progress.best_state.items()}
    return Trained(state, progress.best_epoch, pd.DataFrame(progress.history))


def _copy_state(network: Network) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in network.state_dict().items()}


@torch.no_grad()
def predict(network: Network, genotype: Genotype, data: FoldData, role: str = TEST) -> Tensor:
    """Return the predicted AUCs of the pairs of one role, with the running statistics, on the device of all three."""
    network.eval()
    rows = data.roles[role]
    parts = [
        network(genotype, data.drugs, Pairs.of(cell_line, drug, *data.sizes)).predicted
        for cell_line, drug in zip(
            rows.cell_line.split(_PREDICTED_AT_ONCE), rows.drug.split(_PREDICTED_AT_ONCE), strict=True
        )
    ]
    return torch.cat(parts)
