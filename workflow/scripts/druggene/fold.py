"""One model on one fold, from artifacts to checkpoint and out-of-fold predictions."""

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from druggene.checkpoint import Checkpoint, ModelOptions, versions
from druggene.constants import (
    AUC,
    CELL_LINE,
    DRUG,
    FOLD,
    MODEL,
    PAIR,
    PREDICTED,
    PROTOCOL,
    ROLES,
    SMILES,
    TEST,
    TRAIN,
    VALIDATION,
)
from druggene.dataset import FoldData
from druggene.devices import CPU
from druggene.drugs import packed_fingerprints, parent_fingerprints, read_drug_features
from druggene.metrics import pearson
from druggene.reference import Reference
from druggene.seeds import seed_of
from druggene.tables import read_metadata, read_table, write_table
from druggene.term_readout import Network, TermReadoutNetwork
from druggene.training import Diverged, Trainer, TrainingOptions, predict

logger = logging.getLogger(__name__)


def train_fold(
    paths: Mapping[str, Any],
    outputs: Mapping[str, Any],
    protocol: str,
    fold: int,
    model: ModelOptions,
    options: TrainingOptions,
    resume: str | None = None,
    code: str = "",
    device: torch.device = CPU,
) -> None:
    """Train ``model`` on one fold and write checkpoint, history and test predictions.

    Training that diverges ends with an error in the log, the checkpoint of the best epoch before, marked as diverged,
    and NaN as predictions: the other folds go on, and the tables show the hole.

    Parameters
    ----------
    paths
        Paths by name, as :meth:`FoldData.read` takes them; ``choice`` too where the search chose for ``options``.
    outputs
        Paths by name: checkpoint, history, predictions.
    protocol, fold
        Which fold of which protocol.
    model, options
        What is trained, and how.
    resume
        File that progress is kept in while training runs, and that a killed job goes on from; removed at the end.
    code
        Digest of the code; progress that other code made is not gone on from.
    device
        Where to train. What is written can be read anywhere; progress made on another device is gone on from, too.
    """
    data = FoldData.read(paths, fold, model.omics, model.fusion, model.drug_features, model.targets, options.stop_early)
    logger.info(
        "%s on fold %d of %s: %d terms in layers of %s, %d genes; %d training, %d validation and %d test pairs",
        *(model.name, fold, protocol, len(data.hierarchy.terms), data.hierarchy.layer_sizes),
        *(len(data.hierarchy.genes), *(data.count(role) for role in ROLES)),
    )
    if paths.get("choice"):
        options = with_choice(options, paths["choice"])
    checkpoint, trainer, history = fit(data, model, options, protocol, fold, resume, code, device)
    diverged = checkpoint.provenance["diverged"]
    replace(checkpoint, reference=training_reference(data, model, paths)).save(outputs["checkpoint"])

    marks = {key: read_metadata(paths["responses"])[key] for key in ("source", "simulated")}
    write_table(history, outputs["history"], description="losses of every epoch", **marks)
    test = data.roles[TEST]
    predicted = predict(trainer.network, trainer.genotype, trainer.data, TEST).cpu()
    if diverged:
        predicted = torch.full_like(predicted, torch.nan)
    table = test.table[[PAIR, CELL_LINE, DRUG, AUC]].copy()
    table[PREDICTED] = predicted.double().numpy()
    table[[MODEL, PROTOCOL, FOLD]] = model.name, protocol, fold
    write_table(table, outputs["predictions"], description="out-of-fold predictions of the test pairs", **marks)
    if resume:
        Path(resume).unlink(missing_ok=True)
    if not diverged:
        mse = (predicted - test.auc).square().mean().item()
        logger.info("test pairs: Pearson %.4f, MSE %.5f", pearson(test.auc.numpy(), predicted.numpy()), mse)


def fit(
    data: FoldData,
    model: ModelOptions,
    options: TrainingOptions,
    protocol: str,
    fold: int,
    resume: str | None = None,
    code: str = "",
    device: torch.device = CPU,
) -> tuple[Checkpoint, Trainer, pd.DataFrame]:
    """Train ``model`` on the training pairs of a fold, stopped by its validation pairs, if it has any.

    Training that diverges ends with an error in the log; the checkpoint, of the best epoch before, says why. The other
    parameters are those of :func:`train_fold`.

    Returns
    -------
    checkpoint, trainer, history
        What was trained, what holds it on the device, and the losses of every epoch.
    """
    seed = seed_of(options.seed, protocol, fold, model.name)
    network = start_network(model, options, data, seed)
    identity = _identity(data, model, options, seed, code)
    trainer = Trainer(network, data, options, seed, device)
    diverged = None
    try:
        trained = trainer.run(resume, identity)
    except Diverged as error:
        trained, diverged = error.last_good, str(error)
        logger.error("%s; the checkpoint is of epoch %d, there are no predictions", error, trained.best_epoch)
    provenance = {
        PROTOCOL: protocol,
        FOLD: fold,
        "best_epoch": trained.best_epoch,
        "diverged": diverged,
        "training": asdict(options),
        "device": device.type,
        "versions": versions(),
    }
    checkpoint = Checkpoint(
        options=model,
        hierarchy=data.hierarchy,
        encoder=data.encoder,
        drug_scaler=data.drug_scaler,
        state=trained.state,
        provenance=provenance,
        target_encoder=data.target_encoder,
        cell_lines=data.cell_lines,
        drugs=data.drug_names,
    )
    return checkpoint, trainer, trained.history


def training_reference(data: FoldData, model: ModelOptions, paths: Mapping[str, Any]) -> Reference:
    """Return what the checkpoint keeps of a fold's training set; ``paths`` as in :func:`train_fold`."""
    lines = data.roles[TRAIN].cell_line.unique()
    drugs = [data.drug_names[i] for i in data.roles[TRAIN].drug.unique().tolist()]
    packed = packed_fingerprints(read_drug_features(paths["drug_features"]).loc[drugs])
    structures = read_table(paths["drugs"], columns=[DRUG, SMILES]).set_index(DRUG)
    settings = model.fingerprint_radius, model.fingerprint_bits, model.fingerprint_chirality
    parents = parent_fingerprints(structures.loc[drugs, SMILES], *settings)
    names = [data.cell_lines[i] for i in lines.tolist()]
    return Reference.of(drugs, packed, parents, names, data.genotype[lines].numpy())


def with_choice(options: TrainingOptions, path: str) -> TrainingOptions:
    """Return ``options`` with the learning rate and lambda of the search's choice at ``path``."""
    choice = read_table(path, columns=["learning_rate", "lambda"]).iloc[0]
    logger.info("chosen by the search: learning rate %g, lambda %g", choice["learning_rate"], choice["lambda"])
    return replace(options, learning_rate=float(choice["learning_rate"]), norm_weight=float(choice["lambda"]))


def start_network(model: ModelOptions, options: TrainingOptions, data: FoldData, seed: int) -> Network:
    """Return the network of a fold as it is before training."""
    network = model.build(data.hierarchy, data.drugs.shape[1], data.sizes)
    if isinstance(network, TermReadoutNetwork):
        network.fit_inputs(data.genotype[data.roles[TRAIN].cell_line.unique()])
    network.initialise(options.init, seed)
    if options.start_at_mean:
        network.start_at(float(data.roles[TRAIN].auc.mean()))
    return network


def _identity(data: FoldData, model: ModelOptions, options: TrainingOptions, seed: int, code: str) -> str:
    """Return a digest of all that the outcome of training depends on."""
    digest = hashlib.sha256(repr((asdict(model), asdict(options), seed, code, versions())).encode())
    arrays = [data.hierarchy.edges, data.hierarchy.annotations, data.genotype, data.drugs]
    for role in (role for role in (TRAIN, VALIDATION) if role in data.roles):
        arrays += [data.roles[role].cell_line, data.roles[role].drug, data.roles[role].auc]
    for array in arrays:
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
