"""One model on one fold, from files to files."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from druggene.checkpoint import Checkpoint, ModelOptions, versions
from druggene.constants import AUC, CELL_LINE, DRUG, FOLD, MODEL, PAIR, PREDICTED, PROTOCOL, ROLE, TEST
from druggene.dataset import FoldData
from druggene.fold import train_fold
from druggene.tables import read_metadata, read_table
from druggene.term_readout import ReadoutOptions
from druggene.training import Trainer, predict
from tests.reference.artifacts import write_fold
from tests.unit.test_training import OPTIONS

MODEL_OPTIONS = ModelOptions(
    name="expbox",
    omics=["expression"],
    fusion="sum_rescaled",
    drug_features="morgan",
    fingerprint_radius=2,
    fingerprint_bits=128,
    term_neurons=3,
    drug_layers=[8, 4],
    final_neurons=4,
)
TRAINING = replace(OPTIONS, epochs=3)


def outputs_in(folder: Path) -> dict[str, str]:
    return {
        "checkpoint": str(folder / "fold_2.pt"),
        "history": str(folder / "history.parquet"),
        "predictions": str(folder / "predictions.parquet"),
    }


def test_predictions_cover_the_test_pairs_and_come_from_the_checkpoint(tmp_path: Path) -> None:
    paths, outputs = write_fold(tmp_path), outputs_in(tmp_path / "out")
    resume = tmp_path / "fold_2.resume.pt"
    train_fold(paths, outputs, "random_pairs", 2, MODEL_OPTIONS, TRAINING, resume=str(resume))
    predictions = read_table(outputs["predictions"])
    assert list(predictions) == [PAIR, CELL_LINE, DRUG, AUC, PREDICTED, MODEL, PROTOCOL, FOLD]
    assert read_metadata(outputs["predictions"])["simulated"] is True
    folds = read_table(paths["folds"])
    tested = folds[(folds[FOLD] == 2) & (folds[ROLE] == TEST)][PAIR]
    responses = read_table(paths["responses"])
    expected = responses[responses[PAIR].isin(tested)]
    pd.testing.assert_frame_equal(
        predictions[[PAIR, CELL_LINE, DRUG, AUC]].sort_values([PAIR, AUC], ignore_index=True),
        expected[[PAIR, CELL_LINE, DRUG, AUC]].sort_values([PAIR, AUC], ignore_index=True),
    )
    checkpoint = Checkpoint.load(outputs["checkpoint"])
    assert checkpoint.provenance["versions"] == versions()
    assert checkpoint.provenance["device"] == "cpu"
    assert checkpoint.provenance["training"]["betas"] == TRAINING.betas
    network = checkpoint.network()
    data = FoldData.read(paths, 2, ["expression"], "sum_rescaled", "morgan")
    again = predict(network, network.gather(data.genotype), data, TEST)
    np.testing.assert_allclose(again.numpy(), predictions[PREDICTED], atol=1e-6)
    assert len(read_table(outputs["history"])) == 3
    assert not resume.exists()


def test_a_read_out_of_all_terms_goes_from_files_to_files(tmp_path: Path) -> None:
    """With targets and channels; two runs write the same bytes, and the checkpoint alone predicts what was written."""
    paths, outputs, again = write_fold(tmp_path), outputs_in(tmp_path / "out"), outputs_in(tmp_path / "again")
    dropouts = dict.fromkeys(("gene", "term", "drug", "drug_effect", "cell_line_effect"), 0.2)
    readout = ReadoutOptions(3, 2, (0.3, 1.0), **{f"{name}_dropout": part for name, part in dropouts.items()})
    omics = ["mutation", "expression"]
    model = replace(
        MODEL_OPTIONS, omics=omics, fusion="channels", drug_layers=[8], targets=True, readout=readout, name="plus"
    )
    training = replace(TRAINING, batch_by="cell_lines", batch_size=40, alpha=0.0, drug_alpha=0.0, warmup_epochs=1)
    for to in (outputs, again):
        train_fold(paths, to, "random_pairs", 2, model, training)
    assert all(Path(outputs[name]).read_bytes() == Path(again[name]).read_bytes() for name in outputs)
    checkpoint = Checkpoint.load(outputs["checkpoint"])
    data = FoldData.read(paths, 2, omics, "channels", "morgan", targets=True)
    assert checkpoint.target_encoder == data.target_encoder
    assert checkpoint.target_encoder is not None
    assert data.drugs.shape[1] == 128 + len(checkpoint.target_encoder.targets) + len(checkpoint.target_encoder.pathways)
    network = checkpoint.network()
    predicted = predict(network, network.gather(data.genotype), data, TEST)
    np.testing.assert_allclose(predicted.numpy(), read_table(outputs["predictions"])[PREDICTED], atol=1e-6)


def test_killed_job_goes_on_and_writes_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = write_fold(tmp_path)
    whole, again = outputs_in(tmp_path / "whole"), outputs_in(tmp_path / "again")
    train_fold(paths, whole, "random_pairs", 0, MODEL_OPTIONS, TRAINING)
    monkeypatch.setattr("druggene.training._SECONDS_BETWEEN_SAVES", 0.0)
    run_epoch = Trainer._run_epoch
    epochs: list[int] = []

    def die(self: Trainer, *rest: object) -> dict[str, float]:
        epochs.append(rest[-1])
        if len(epochs) == 3:
            raise KeyboardInterrupt
        return run_epoch(self, *rest)

    monkeypatch.setattr(Trainer, "_run_epoch", die)
    arguments = (paths, again, "random_pairs", 0, MODEL_OPTIONS, TRAINING, str(tmp_path / "fold_0.resume.pt"))
    with pytest.raises(KeyboardInterrupt):
        train_fold(*arguments)
    assert not list((tmp_path / "again").glob("*"))
    train_fold(*arguments)
    assert epochs == [1, 2, 3, 3]
    for name, path in whole.items():
        assert Path(path).read_bytes() == Path(again[name]).read_bytes(), name


def test_a_diverged_fold_leaves_its_last_good_state_and_no_predictions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    paths, outputs, resume = write_fold(tmp_path), outputs_in(tmp_path / "out"), tmp_path / "fold_0.resume.pt"
    run_epoch = Trainer._run_epoch

    def explode(self: Trainer, *rest: object) -> dict[str, float]:
        row = run_epoch(self, *rest)
        return row | {"loss": float("inf")} if rest[-1] == 3 else row

    with monkeypatch.context() as patched:
        patched.setattr(Trainer, "_run_epoch", explode)
        train_fold(paths, outputs, "random_pairs", 0, MODEL_OPTIONS, replace(TRAINING, epochs=5), str(resume))
    assert "ERROR" in [record.levelname for record in caplog.records]
    assert "diverged in epoch 3" in caplog.text
    assert not resume.exists()
    assert read_table(outputs["history"])["epoch"].tolist() == [1, 2, 3]
    predictions = read_table(outputs["predictions"])
    assert len(predictions)
    assert predictions[PREDICTED].isna().all()

    checkpoint = Checkpoint.load(outputs["checkpoint"])
    with pytest.raises(ValueError, match=r"expbox on fold 0 of random_pairs: training diverged in epoch 3.*lower"):
        checkpoint.network()
    good = outputs_in(tmp_path / "good")
    train_fold(paths, good, "random_pairs", 0, MODEL_OPTIONS, replace(TRAINING, epochs=2))
    expected = Checkpoint.load(good["checkpoint"])
    assert checkpoint.provenance["best_epoch"] == expected.provenance["best_epoch"]
    assert all(torch.equal(checkpoint.state[name], value) for name, value in expected.state.items())


def test_other_code_does_not_go_on_from_old_progress(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths, resume = write_fold(tmp_path), str(tmp_path / "fold_0.resume.pt")
    monkeypatch.setattr("druggene.training._SECONDS_BETWEEN_SAVES", 0.0)
    run_epoch = Trainer._run_epoch
    epochs: list[int] = []

    def die(self: Trainer, *rest: object) -> dict[str, float]:
        epochs.append(rest[-1])
        if epochs == [1, 2]:
            raise KeyboardInterrupt
        return run_epoch(self, *rest)

    monkeypatch.setattr(Trainer, "_run_epoch", die)
    outputs = outputs_in(tmp_path / "out")
    with pytest.raises(KeyboardInterrupt):
        train_fold(paths, outputs, "random_pairs", 0, MODEL_OPTIONS, TRAINING, resume, "one")
    train_fold(paths, outputs, "random_pairs", 0, MODEL_OPTIONS, TRAINING, resume, "another")
    assert epochs == [1, 2, 1, 2, 3]


def test_models_and_folds_start_from_weights_of_their_own(tmp_path: Path) -> None:
    paths = write_fold(tmp_path)
    states = []
    for name, fold in (("expbox", 0), ("expbox", 1), ("other", 0)):
        outputs = outputs_in(tmp_path / f"{name}{fold}")
        model = replace(MODEL_OPTIONS, name=name)
        train_fold(paths, outputs, "random_pairs", fold, model, replace(TRAINING, epochs=1, learning_rate=1e-9))
        states.append(Checkpoint.load(outputs["checkpoint"]).state["final_linear.weight"])
    assert not torch.allclose(states[0], states[1], atol=1e-4)
    assert not torch.allclose(states[0], states[2], atol=1e-4)
