"""A checkpoint tuned on new pairs: training goes on from its weights, on cell lines and drugs that may be new to it."""

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from druggene.checkpoint import Checkpoint, versions
from druggene.constants import AUC, CELL_LINE, DRUG, ROLE, ROLES, TEST, TRAIN, VALIDATION
from druggene.dataset import FoldData, Responses
from druggene.devices import prepare_device
from druggene.metrics import pearson
from druggene.prediction.encoding import CellLineEncoder, DrugEncoder, cell_line_nearness, drug_nearness
from druggene.prediction.genes import read_gene_table
from druggene.prediction.inputs import (
    NewCellLines,
    Omics,
    Table,
    positions_of,
    read_new_drugs,
    read_new_responses,
)
from druggene.reference import Reference
from druggene.rivals.naive import NAIVE
from druggene.screen import number_pairs
from druggene.seeds import seed_of
from druggene.sources.drug_targets import read_drug_targets
from druggene.splits import assign_folds, with_roles
from druggene.term_readout import named_rows
from druggene.training import Trainer, TrainingOptions, predict

logger = logging.getLogger(__name__)

PathLike = str | Path
HELD_OUT: Final = ("random_pairs", "leave_cell_line_out", "leave_drug_out")
TUNED_FROM: Final = "tuned_from"
"""Entry of a checkpoint's provenance: what it was tuned from, and on what."""
_PARTS = 5
_VALIDATION_FRACTION = 0.2
_NAIVE = ("global_mean", "effects")
_PLAIN: Final[dict[str, Any]] = {
    "accumulate_steps": 1,
    "betas": (0.9, 0.99),
    "epsilon": 1e-5,
    "alpha": 0.2,
    "drug_alpha": 0.2,
    "norm_weight": 0.0,
    "init": "uniform_0.01",
    "start_at_mean": True,
}
"""How a checkpoint is trained that does not say how it was, because its weights were imported."""


def fine_tune(
    checkpoint: PathLike,
    responses: Table,
    cell_lines: Omics,
    drugs: Table,
    output: PathLike,
    *,
    epochs: int = 50,
    learning_rate: float = 1e-3,
    batch_size: int = 1000,
    patience: int = 10,
    held_out: str = "random_pairs",
    seed: int = 1,
    genes: PathLike | None = None,
    drug_targets: PathLike | None = None,
    device: str = "cpu",
    threads: int = 1,
) -> pd.DataFrame:
    """Train a checkpoint further on new pairs and write the result, which says of what it was tuned.

    A fifth of the pairs is held out to judge the result by, a fifth of the rest to stop by. Where no epoch is better on
    the latter than the checkpoint as it came, its weights stay.

    Parameters
    ----------
    checkpoint, output
        Files to read and to write.
    responses
        Columns cell_line, drug and auc; one row per curve.
    cell_lines, drugs, genes, drug_targets
        As in :func:`druggene.predict`; those without responses are not looked at.
    epochs, learning_rate, batch_size, patience
        Of the training; all else is as in the training of the checkpoint.
    held_out
        Held out are "random_pairs", whole cell lines ("leave_cell_line_out") or drugs ("leave_drug_out").
    seed
        Of the parts, and of the order of pairs.
    device, threads
        "cpu", "cuda" or "auto", and the threads on the CPU.

    Returns
    -------
    pandas.DataFrame
        Predictor, mse and pearson on the held-out pairs: before and after tuning, and naive predictors learned from the
        new pairs alone. Its ``attrs`` have ``best_epoch`` (0: none was better) and ``history``.

    Raises
    ------
    ValueError
        If a table cannot be used, with file and row; or training diverges.
    """
    if held_out not in HELD_OUT:
        raise ValueError(f"held out: {held_out!r} is not one of {', '.join(HELD_OUT)}")
    if Path(output).resolve() == Path(checkpoint).resolve():
        raise ValueError(f"{output}: is the checkpoint that is tuned; name another file to write")
    if Path(output).is_dir():
        raise ValueError(f"{output}: is a folder; name the file to write, as tuned.pt")
    least = {"epochs": (epochs, 1), "batch_size": (batch_size, 1), "patience": (patience, 1), "seed": (seed, 0)}
    for name, (value, smallest) in least.items():
        if value < smallest:
            raise ValueError(f"{name}: {value}; give {smallest} or more")
    if not learning_rate > 0:
        raise ValueError(f"learning_rate: {learning_rate:g}; give a number above 0")
    computing = prepare_device(device, threads)
    start = Checkpoint.load(checkpoint)
    table = read_new_responses(responses)
    lines = NewCellLines.read(cell_lines)
    described = read_new_drugs(drugs, None if drug_targets is None else read_drug_targets(drug_targets))
    where = "responses" if isinstance(responses, pd.DataFrame) else str(responses)
    positions_of(table, lines.names, described[DRUG], where)
    _require_parts(table, held_out, where)
    lines = lines.only(set(table[CELL_LINE]))
    lines.warn_of_symbols(start.encoder.genes)
    encoder = DrugEncoder.of(described[described[DRUG].isin(table[DRUG])].reset_index(drop=True))
    known = None if genes is None else read_gene_table(genes)
    genotype, shares = CellLineEncoder.of(start, lines, known).genotype(slice(0, len(lines.names)))
    logger.info("%d cell lines, %.1f %% of the genotype imputed", len(lines.names), 100 * shares["imputed"].mean())
    data = _fold_data(start, table, lines, encoder, genotype, held_out, seed)

    options = _options(start, epochs, learning_rate, batch_size, patience, seed)
    is_line = cell_line_nearness(start, lines.names, genotype).known
    is_drug = drug_nearness(start, encoder)[0].known
    network = start.network(
        np.where(is_line, np.array(lines.names, object), "").tolist(),
        np.where(is_drug, np.array(data.drug_names, object), "").tolist(),
    )
    before_state = {name: value.clone() for name, value in network.state_dict().items()}
    trainer = Trainer(network, data, options, seed_of(seed, "fine_tune"), computing)
    before = {role: predict(trainer.network, trainer.genotype, trainer.data, role).cpu() for role in (VALIDATION, TEST)}
    at_start = _mse(before[VALIDATION], data.roles[VALIDATION].auc)
    trained = trainer.run()
    best = trained.history["validation_mse"].min()
    state, best_epoch = trained.state, trained.best_epoch
    if best >= at_start:
        logger.warning("no epoch is better on the validation pairs than the checkpoint as it came; its weights stay")
        state, best_epoch = before_state, 0
        trainer.network.load_state_dict(before_state)
    after = predict(trainer.network, trainer.genotype, trainer.data, TEST).cpu()
    report = _report(data, before[TEST], after)
    errors = report.set_index("predictor")["mse"]
    if errors[list(_NAIVE)].min() < errors["after tuning"]:
        logger.warning(
            "on the held-out pairs the tuned checkpoint is worse than %s of the new pairs alone; try more epochs or a "
            "larger learning rate",
            errors[list(_NAIVE)].idxmin(),
        )
    provenance = start.provenance | {
        TUNED_FROM: {
            "file": Path(checkpoint).name,
            "sha256": hashlib.sha256(Path(checkpoint).read_bytes()).hexdigest(),
            "earlier": start.provenance.get(TUNED_FROM),
            "pairs": {role: len(data.roles[role].auc) for role in ROLES},
            "cell_lines": len(lines.names),
            "drugs": len(data.drug_names),
            "held_out": held_out,
            "seed": seed,
            "versions": start.provenance.get("versions"),
        },
        "best_epoch": best_epoch,
        "training": asdict(options),
        "device": device,
        "versions": versions(),
    }
    tuned = _merged(start, state, data, provenance)
    replace(tuned, reference=_extended(start, data, encoder)).save(output)
    report.attrs = {"best_epoch": best_epoch, "history": trained.history}
    return report


def _require_parts(table: pd.DataFrame, held_out: str, where: str) -> None:
    """Raise a ValueError where there are fewer cell lines or drugs than parts to hold out from."""
    column = {"leave_cell_line_out": CELL_LINE, "leave_drug_out": DRUG}.get(held_out)
    if column is not None and table[column].nunique() < _PARTS:
        raise ValueError(
            f"{where}: {held_out} holds out a fifth of the {column.replace('_', ' ')}s and needs {_PARTS} or more; "
            f"there are {table[column].nunique()}, so hold out random_pairs"
        )


def _fold_data(
    start: Checkpoint,
    table: pd.DataFrame,
    lines: NewCellLines,
    drugs: DrugEncoder,
    genotype: np.ndarray,
    held_out: str,
    seed: int,
) -> FoldData:
    """Return the new pairs with their roles as a fold of the checkpoint's encoding."""
    rows = number_pairs(table.assign(source="new"))
    folds = assign_folds(rows, held_out, _PARTS, _VALIDATION_FRACTION, seed)
    rows = with_roles(rows, folds[folds["fold"] == 0], 0)
    positions = positions_of(rows, lines.names, drugs.drugs[DRUG], "responses")
    roles = {}
    for role in ROLES:
        chosen = (rows[ROLE] == role).to_numpy()
        if chosen.sum() < 2:
            raise ValueError(f"responses: {int(chosen.sum())} {role} pairs; at least 2 are needed, so give more pairs")
        roles[role] = Responses(
            torch.from_numpy(positions[chosen, 0]),
            torch.from_numpy(positions[chosen, 1]),
            torch.from_numpy(rows[AUC].to_numpy(np.float32)[chosen]),
            rows.loc[chosen].reset_index(drop=True),
        )
    return FoldData(
        hierarchy=start.hierarchy,
        genotype=torch.from_numpy(genotype),
        drugs=torch.from_numpy(drugs.matrix(start)),
        roles=roles,
        encoder=start.encoder,
        drug_scaler=start.drug_scaler,
        target_encoder=start.target_encoder,
        cell_lines=lines.names,
        drug_names=tuple(drugs.drugs[DRUG]),
    )


def _options(
    start: Checkpoint, epochs: int, learning_rate: float, batch_size: int, patience: int, seed: int
) -> TrainingOptions:
    earlier: Mapping[str, Any] = start.provenance.get("training") or _PLAIN
    return TrainingOptions(
        **{
            **earlier,
            "betas": tuple(earlier["betas"]),
            "epochs": epochs,
            "learning_rate": learning_rate,
            "batch_size": batch_size,
            "patience": patience,
            "seed": seed,
            "schedule": "constant",
            "pretrain_epochs": 0,
            "sgd_epochs": 0,
            "sgd_learning_rate": learning_rate,
            "warmup_epochs": 0,
            "stop_early": True,
        }
    )


def _merged(start: Checkpoint, state: dict[str, Tensor], data: FoldData, provenance: dict[str, Any]) -> Checkpoint:
    """Return the tuned checkpoint; parameters of cell lines and drugs that the new pairs lack stay as they were."""
    old_lines = [name for name in start.cell_lines if name not in set(data.cell_lines)]
    old_drugs = [name for name in start.drugs if name not in set(data.drug_names)]
    old = start.state_for(old_lines, old_drugs)
    merged = {name: torch.cat([old[name], value]) if named_rows(name) else value for name, value in state.items()}
    lines, drugs = (*old_lines, *data.cell_lines), (*old_drugs, *data.drug_names)
    return replace(start, state=merged, provenance=provenance, cell_lines=lines, drugs=drugs)


def _extended(start: Checkpoint, data: FoldData, encoder: DrugEncoder) -> Reference | None:
    """Return the checkpoint's reference with the cell lines and drugs of the new training pairs."""
    if start.reference is None:
        return None
    lines, drugs = data.roles[TRAIN].cell_line.unique(), data.roles[TRAIN].drug.unique().numpy()
    whole, parents = encoder.fingerprints(start.options)
    return start.reference.extended(
        [data.drug_names[i] for i in drugs],
        whole[drugs],
        parents[drugs],
        [data.cell_lines[i] for i in lines.tolist()],
        data.genotype[lines].numpy(),
    )


def _report(data: FoldData, before: Tensor, after: Tensor) -> pd.DataFrame:
    test = data.roles[TEST].table
    train = pd.concat([data.roles[role].table for role in (TRAIN, VALIDATION)], ignore_index=True)
    predicted = {"before tuning": before.numpy(), "after tuning": after.numpy()}
    predicted |= {name: NAIVE[name](train, test) for name in _NAIVE}
    rows = [
        {
            "predictor": name,
            "mse": float(np.mean((values - test[AUC]) ** 2)),
            "pearson": pearson(test[AUC].to_numpy(), np.asarray(values, dtype=np.float64)),
            "n_pairs": len(test),
        }
        for name, values in predicted.items()
    ]
    return pd.DataFrame(rows)


def _mse(predicted: Tensor, auc: Tensor) -> float:
    return (predicted - auc.cpu()).square().mean().item()
