"""What a trained read-out of all terms leaves to effects of drugs and cell lines."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from druggene.checkpoint import Checkpoint, read_archive, write_archive
from druggene.constants import AUC, CELL_LINE, DRUG, TEST, TRAIN
from druggene.dataset import FoldData
from druggene.effects import Effects
from druggene.fold import fit, start_network
from druggene.prediction.predictor import _forget_cell_lines
from druggene.term_readout import Network, TermReadoutNetwork
from druggene.training import Trainer, predict
from tests.unit.test_term_readout import MODEL, READOUT, TRAINING, fold_with_channels

COMPLETED = replace(MODEL, readout=replace(READOUT, residual_effects=True))
SHORT = replace(TRAINING, epochs=2)
UNSEEN_LINE, UNSEEN_DRUG = 3, 5


def fold_with_unseen() -> FoldData:
    """The small fold, in which one cell line and one drug have no training pairs."""
    data = fold_with_channels()
    rows = data.roles[TRAIN]
    keep = (rows.cell_line != UNSEEN_LINE) & (rows.drug != UNSEEN_DRUG)
    kept = replace(rows, cell_line=rows.cell_line[keep], drug=rows.drug[keep], auc=rows.auc[keep])
    return replace(data, roles=data.roles | {TRAIN: kept})


def fitted(data: FoldData, residual_effects: bool = True) -> tuple[Checkpoint, np.ndarray, np.ndarray]:
    """Return the checkpoint, and the predictions of the training and test pairs."""
    checkpoint, trainer, _ = fit(data, COMPLETED if residual_effects else MODEL, SHORT, "random_pairs", 0)
    predicted = (predict(trainer.network, trainer.genotype, trainer.data, role) for role in (TRAIN, TEST))
    train, test = (values.double().numpy() for values in predicted)
    return checkpoint, train, test


def frame(data: FoldData) -> pd.DataFrame:
    rows = data.roles[TRAIN]
    return pd.DataFrame({CELL_LINE: rows.cell_line.numpy(), DRUG: rows.drug.numpy(), AUC: rows.auc.numpy()})


class TestEffectsBeyondAPrediction:
    def test_a_prediction_of_one_number_changes_the_mean_alone(self) -> None:
        rows = frame(fold_with_channels())
        plain, beyond = Effects.fit(rows), Effects.fit(rows, beyond=np.full(len(rows), 0.25))
        assert beyond.mean == pytest.approx(plain.mean - 0.25)
        np.testing.assert_allclose(beyond.drug, plain.drug, atol=1e-7)
        np.testing.assert_allclose(beyond.cell_line, plain.cell_line, atol=1e-7)

    def test_nothing_is_added_to_a_prediction_that_leaves_nothing(self) -> None:
        rows = frame(fold_with_channels())
        beyond = Effects.fit(rows, beyond=rows[AUC].to_numpy())
        assert abs(beyond.predict(rows)).max() < 1e-9

    def test_what_is_left_is_shrunk_as_the_effects_themselves(self) -> None:
        """A drug that is predicted too low by 0.1 gets as much of it back as it would keep of an effect of its own."""
        rows = frame(fold_with_channels())
        too_low = np.where(rows[DRUG] == 4, 0.1, 0.0)
        plain = Effects.fit(rows)
        beyond = Effects.fit(rows, beyond=plain.predict(rows) - too_low)
        again = Effects.fit(rows, beyond=plain.predict(rows))
        back = beyond.drug - again.drug
        # It has some 28 rows: nearly all comes back, and a little of it as the mean and by way of the cell lines.
        assert 0.085 < back.loc[4] + beyond.mean - again.mean < 0.1
        assert abs(back.drop(4)).max() < 0.012


def test_they_are_the_effects_of_what_the_network_leaves() -> None:
    data = fold_with_unseen()
    checkpoint, train, test = fitted(data)
    _, bare_train, bare_test = fitted(data, residual_effects=False)
    rows = frame(data)
    expected = Effects.fit(rows, beyond=bare_train)
    np.testing.assert_allclose(train, bare_train + expected.predict(rows), atol=1e-6)
    tested = pd.DataFrame({CELL_LINE: data.roles[TEST].cell_line.numpy(), DRUG: data.roles[TEST].drug.numpy()})
    np.testing.assert_allclose(test, bare_test + expected.predict(tested), atol=1e-6)
    lines, drugs = (checkpoint.state[f"seen_{what}_residual"] for what in ("cell_line", "drug"))
    assert lines[UNSEEN_LINE] == drugs[UNSEEN_DRUG] == 0
    assert (lines != 0).sum() == len(lines) - 1
    assert (drugs != 0).sum() == len(drugs) - 1


def test_the_training_pairs_are_predicted_better_with_them() -> None:
    data = fold_with_channels()
    auc = data.roles[TRAIN].auc.double().numpy()
    (_, completed, _), (_, bare, _) = fitted(data), fitted(data, residual_effects=False)
    assert np.mean((completed - auc) ** 2) < 0.9 * np.mean((bare - auc) ** 2)


def test_labels_of_test_pairs_change_none() -> None:
    data = fold_with_unseen()
    test = data.roles[TEST]
    other = replace(data, roles=data.roles | {TEST: replace(test, auc=test.auc.flip(0))})
    (one, _, predicted), (two, _, again) = fitted(data), fitted(other)
    np.testing.assert_array_equal(predicted, again)
    for name, value in one.state.items():
        assert torch.equal(value, two.state[name]), name


def test_they_go_by_name_in_a_checkpoint(tmp_path: Path) -> None:
    data = fold_with_unseen()
    checkpoint, _, test = fitted(data)
    checkpoint.save(tmp_path / "fold_0.pt")
    loaded = Checkpoint.load(tmp_path / "fold_0.pt")
    again = loaded.network()
    predicted = predict(again, again.gather(data.genotype), data, TEST)
    np.testing.assert_array_equal(predicted.double().numpy(), test)
    other = loaded.network(["new", data.cell_lines[7]], [data.drug_names[4], "new"])
    assert isinstance(other, TermReadoutNetwork)
    assert other.residual_mean == checkpoint.state["residual_mean"] != 0
    assert other.seen_cell_line_residual.tolist() == [0, checkpoint.state["seen_cell_line_residual"][7]]
    assert other.seen_drug_residual.tolist() == [checkpoint.state["seen_drug_residual"][4], 0]
    # A cell line that has the name of a training cell line and is another.
    _forget_cell_lines(other, [1])
    assert not other.seen_cell_line_residual.any()
    assert other.seen_drug_residual.any()


def test_a_checkpoint_without_them_is_read_as_it_was_written(tmp_path: Path) -> None:
    data = fold_with_channels()
    checkpoint, _, test = fitted(data, residual_effects=False)
    assert not any("residual" in name for name in checkpoint.state)
    checkpoint.save(tmp_path / "fold_0.pt")
    content = read_archive(tmp_path / "fold_0.pt")
    del content["options"]["readout"]["residual_effects"]
    write_archive(content, tmp_path / "old.pt")
    again = Checkpoint.load(tmp_path / "old.pt").network()
    np.testing.assert_array_equal(predict(again, again.gather(data.genotype), data, TEST).double().numpy(), test)


def test_a_resumed_training_ends_with_the_same(tmp_path: Path) -> None:
    """Progress is kept of the network without them, so that they are not learned twice."""
    data = fold_with_unseen()

    def trainer() -> Trainer:
        return Trainer(start_network(COMPLETED, SHORT, data, 3), data, SHORT, 3)

    whole = trainer().run(tmp_path / "resume.pt", "same").state
    for name, value in trainer().run(tmp_path / "resume.pt", "same").state.items():
        assert torch.equal(value, whole[name]), name
    assert whole["seen_drug_residual"].any()


def test_a_second_training_adds_to_those_of_the_first() -> None:
    data = fold_with_unseen()
    network = start_network(COMPLETED, SHORT, data, 3)
    first = Trainer(network, data, SHORT, 3).run().state
    trainer = Trainer(network, data, replace(SHORT, learning_rate=1e-12, hierarchy_rate=1.0), 3)
    second = trainer.run().state
    rows = frame(data)
    left = Effects.fit(rows, beyond=before_completion(network, first, trainer))
    expected = first["seen_drug_residual"] + torch.tensor(left.of_drugs(np.arange(12)), dtype=torch.float32)
    torch.testing.assert_close(second["seen_drug_residual"], expected, atol=1e-6, rtol=0)
    assert (second["seen_drug_residual"] - first["seen_drug_residual"]).abs().max() > 1e-6


def before_completion(network: Network, first: dict[str, torch.Tensor], trainer: Trainer) -> np.ndarray:
    """Predict the training pairs with the first training's residual effects and what a network has besides."""
    kept = network.state_dict()
    network.load_state_dict({name: first[name] if "residual" in name else value for name, value in kept.items()})
    return predict(network, trainer.genotype, trainer.data, TRAIN).double().numpy()


def test_training_that_diverged_has_none() -> None:
    data = fold_with_unseen()
    checkpoint, *_ = fit(data, COMPLETED, replace(SHORT, learning_rate=float("inf")), "random_pairs", 0)
    assert checkpoint.provenance["diverged"]
    assert not any(value.any() for name, value in checkpoint.state.items() if "residual" in name)
