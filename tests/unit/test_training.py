"""Training learns, stops early, is reproducible and reads no test label."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

from druggene import training
from druggene.constants import TEST, TRAIN, VALIDATION
from druggene.dataset import FoldData
from druggene.network import DrugGeneNetwork
from druggene.rivals.naive import NAIVE
from druggene.training import Diverged, Trained, Trainer, TrainingOptions, predict
from tests.reference.folds import small_fold

OPTIONS = TrainingOptions(
    epochs=40,
    batch_size=100,
    batch_by="pairs",
    accumulate_steps=1,
    learning_rate=0.02,
    hierarchy_rate=1.0,
    schedule="constant",
    betas=(0.9, 0.99),
    epsilon=1e-5,
    pretrain_epochs=0,
    sgd_epochs=0,
    sgd_learning_rate=0.01,
    alpha=0.05,
    drug_alpha=0.2,
    norm_weight=0.0,
    patience=40,
    init="uniform_0.01",
    start_at_mean=True,
    seed=1,
)


def start(data: FoldData, options: TrainingOptions, seed: int = 3) -> tuple[DrugGeneNetwork, Trainer]:
    network = DrugGeneNetwork(data.hierarchy, data.drugs.shape[1])
    network.initialise(options.init, seed)
    network.start_at(float(data.roles[TRAIN].auc.mean()))
    return network, Trainer(network, data, options, seed)


def run(data: FoldData, options: TrainingOptions = OPTIONS, seed: int = 3) -> tuple[DrugGeneNetwork, Trained]:
    network, trainer = start(data, options, seed)
    return network, trainer.run()


def test_network_learns_what_effects_cannot() -> None:
    data = small_fold(cell_lines=120)
    network, _ = run(data, replace(OPTIONS, epochs=60, schedule="cosine"))
    test = data.roles[TEST]
    predicted = predict(network, network.gather(data.genotype), data, TEST)
    effects = torch.tensor(NAIVE["effects"](data.roles[TRAIN].table, test.table))
    assert (predicted - test.auc).square().mean() < 0.7 * (effects - test.auc).square().mean()


def test_best_validation_epoch_is_kept() -> None:
    data = small_fold()
    network, trained = run(data)
    best = trained.history.loc[trained.history["validation_mse"].idxmin()]
    assert trained.best_epoch == best["epoch"]
    predicted = predict(network, network.gather(data.genotype), data, VALIDATION)
    error = (predicted - data.roles[VALIDATION].auc).square().mean().item()
    assert error == pytest.approx(best["validation_mse"], rel=1e-6)


def test_training_stops_when_validation_no_longer_improves() -> None:
    _, trained = run(small_fold(), replace(OPTIONS, learning_rate=1e-12, patience=3))
    assert len(trained.history) < 20
    assert len(trained.history) == trained.best_epoch + 3


@pytest.mark.parametrize("phases", [{}, {"pretrain_epochs": 2, "sgd_epochs": 2}])
@pytest.mark.parametrize("schedule", ["cosine", "plateau"])
def test_without_validation_pairs_the_last_epoch_is_kept(phases: dict[str, int], schedule: Any) -> None:
    data = small_fold()
    alone = replace(data, roles={role: rows for role, rows in data.roles.items() if role != VALIDATION})
    options = replace(OPTIONS, epochs=12, learning_rate=0.1, schedule=schedule, patience=1, **phases)
    _, trained = run(alone, options)
    assert trained.best_epoch == len(trained.history) == 12 + sum(phases.values())
    assert trained.history["validation_mse"].isna().all()


def test_validation_pairs_choose_among_epochs_and_change_none() -> None:
    data, options = small_fold(), replace(OPTIONS, epochs=6)
    alone = replace(data, roles={role: rows for role, rows in data.roles.items() if role != VALIDATION})
    histories = [run(one, options)[1].history.drop(columns="validation_mse") for one in (data, alone)]
    pd.testing.assert_frame_equal(*histories, check_exact=True)


def test_same_seed_same_network_and_other_seed_another() -> None:
    data = small_fold()
    options = replace(OPTIONS, epochs=3)
    first, second, other = run(data, options)[1], run(data, options)[1], run(data, options, seed=4)[1]
    for name, value in first.state.items():
        assert torch.equal(value, second.state[name]), name
    assert not torch.equal(first.state["final_linear.weight"], other.state["final_linear.weight"])


def test_labels_of_test_pairs_change_nothing() -> None:
    data = small_fold()
    options = replace(OPTIONS, epochs=4)
    test = data.roles[TEST]
    shuffled = replace(test, auc=test.auc.flip(0) + 7)
    permuted = replace(data, roles={**data.roles, TEST: shuffled})
    first, second = run(data, options)[1], run(permuted, options)[1]
    for name, value in first.state.items():
        assert torch.equal(value, second.state[name]), name


def test_a_last_batch_of_one_pair_is_not_left_alone() -> None:
    data = small_fold()
    size = len(data.roles[TRAIN].auc) - 1
    _, trained = run(data, replace(OPTIONS, epochs=2, batch_size=size))
    assert trained.history["loss"].notna().all()


def test_a_batch_larger_than_the_data_is_all_of_them() -> None:
    data = small_fold()
    options = replace(OPTIONS, epochs=2)
    histories = [
        run(data, replace(options, batch_size=size))[1].history for size in (len(data.roles[TRAIN].auc), 1_000_000)
    ]
    pd.testing.assert_frame_equal(*histories, check_exact=True)


def test_divergence_is_reported_with_the_last_good_state() -> None:
    data = small_fold()
    _, start_state = run(data, replace(OPTIONS, epochs=1, learning_rate=1e-30))
    broken = replace(data.roles[TRAIN], auc=data.roles[TRAIN].auc.clone().fill_(float("nan")))
    with pytest.raises(Diverged, match=r"diverged in epoch 1: loss nan, .*; lower training\.learning_rate") as raised:
        run(replace(data, roles={**data.roles, TRAIN: broken}))
    last_good = raised.value.last_good
    assert last_good.best_epoch == 0
    assert last_good.history["epoch"].tolist() == [1]
    weights = {name: value for name, value in last_good.state.items() if name.endswith("weight")}
    assert all(torch.allclose(value, start_state.state[name]) for name, value in weights.items())


def test_the_largest_learning_rate_of_the_search_is_no_divergence() -> None:
    assert len(run(small_fold(), replace(OPTIONS, epochs=10, learning_rate=0.1))[1].history) == 10


def test_losses_beyond_any_response_are_divergence() -> None:
    with pytest.raises(Diverged) as raised:
        run(small_fold(), replace(OPTIONS, epochs=10, learning_rate=100.0))
    history = raised.value.last_good.history
    assert math.isfinite(history["loss"].iloc[-1])
    assert len(history) < 10


class Killed(Exception):
    """Stands in for the end of a process."""


@pytest.mark.parametrize("schedule", ["constant", "cosine", "plateau"])
@pytest.mark.parametrize("killed_in", [1, 3, 6, 8])
def test_killed_training_ends_as_if_it_had_not_been(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, killed_in: int, schedule: str
) -> None:
    data = small_fold()
    options = replace(OPTIONS, epochs=5, pretrain_epochs=2, sgd_epochs=2, schedule=schedule)
    whole = run(data, options)[1]

    monkeypatch.setattr(training, "_SECONDS_BETWEEN_SAVES", 0.0)
    resume = tmp_path / "fold_0.resume.pt"
    run_epoch = Trainer._run_epoch

    def die(self: Trainer, phase: Any, optimizer: torch.optim.Optimizer, epoch: int) -> dict[str, float]:
        row = run_epoch(self, phase, optimizer, epoch)
        if epoch == killed_in:
            raise Killed
        return row

    with monkeypatch.context() as patched:
        patched.setattr(Trainer, "_run_epoch", die)
        with pytest.raises(Killed):
            start(data, options)[1].run(resume, "same")
    assert resume.exists() == (killed_in > 1)
    network, trainer = start(data, options)
    epochs: list[int] = []
    monkeypatch.setattr(Trainer, "_run_epoch", lambda self, *rest: epochs.append(rest[-1]) or run_epoch(self, *rest))
    resumed = trainer.run(resume, "same")
    assert epochs == list(range(killed_in, 10))  # nothing finished is done twice
    pd.testing.assert_frame_equal(resumed.history, whole.history, check_exact=True)
    for name, value in whole.state.items():
        assert torch.equal(value, resumed.state[name]), name
        assert torch.equal(value, network.state_dict()[name]), name


def test_progress_of_another_run_or_damaged_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = small_fold()
    options = replace(OPTIONS, epochs=3)
    whole = run(data, options)[1]
    monkeypatch.setattr(training, "_SECONDS_BETWEEN_SAVES", 0.0)
    resume = tmp_path / "fold_0.resume.pt"
    start(data, options)[1].run(resume, "other")
    for damage in (lambda content: content, lambda content: content[:-50], lambda content: b""):
        resume.write_bytes(damage(resume.read_bytes()))
        trained = start(data, options)[1].run(resume, "same")
        pd.testing.assert_frame_equal(trained.history, whole.history, check_exact=True)


def test_accumulated_gradients_equal_one_large_batch() -> None:
    """Up to batch normalisation, which is switched to its running statistics here."""
    data = small_fold(dtype=torch.float64)
    n = len(data.roles[TRAIN].auc)
    steps = []
    for size, accumulate in ((n, 1), (math.ceil(n / 4), 4)):
        options = replace(OPTIONS, epochs=1, batch_size=size, accumulate_steps=accumulate, norm_weight=0.01)
        network, trainer = start(data, options)
        network.double()
        trainer.genotype = network.gather(data.genotype)
        network.eval()
        network.train = lambda mode=True, network=network: network  # stays in evaluation mode
        optimizer = torch.optim.SGD(network.parameters(), lr=1.0)
        trainer._run_epoch(trainer.phases[0], optimizer, 1)
        steps.append([parameter.grad.clone() for parameter in network.parameters()])
    for whole, accumulated in zip(*steps, strict=True):
        torch.testing.assert_close(accumulated, whole)


def test_branches_are_trained_apart_and_the_joining_layer_not_at_all() -> None:
    data = small_fold()
    options = replace(OPTIONS, pretrain_epochs=2, epochs=1)
    network, trainer = start(data, options)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    optimizer, _ = trainer._optimizer(trainer.phases[0])
    trainer._run_epoch(trainer.phases[0], optimizer, 1)
    after = {name: parameter for name, parameter in network.named_parameters()}
    for name, parameter in after.items():
        changed = not torch.equal(parameter, before[name])
        assert changed != name.startswith("final_"), name
    # The drugs' labels reach the drug branch alone: with other drugs the hierarchy is trained the same.
    shuffled = replace(data, drugs=data.drugs.flip(0))
    other, trainer = start(shuffled, options)
    optimizer, _ = trainer._optimizer(trainer.phases[0])
    trainer._run_epoch(trainer.phases[0], optimizer, 1)
    for name, parameter in other.hierarchy.named_parameters():
        assert torch.equal(parameter, after[f"hierarchy.{name}"]), name
    assert not torch.equal(other.drug.linear[0].weight, network.drug.linear[0].weight)


def test_last_phase_goes_on_from_the_best_epoch_by_sgd() -> None:
    data = small_fold()
    _, adam = run(data, replace(OPTIONS, epochs=6))
    _, both = run(data, replace(OPTIONS, epochs=6, sgd_epochs=3))
    assert list(both.history["phase"]) == ["joint"] * 6 + ["sgd"] * 3
    assert set(both.history.loc[6:, "learning_rate"]) == {OPTIONS.sgd_learning_rate}
    pd.testing.assert_frame_equal(both.history[:6], adam.history, check_exact=True)
    assert abs(both.history["root_mse"][6] - adam.history["root_mse"][adam.best_epoch - 1]) < 0.01


def test_schedules_lower_the_learning_rate() -> None:
    data = small_fold()
    cosine = run(data, replace(OPTIONS, epochs=5, schedule="cosine"))[1].history["learning_rate"]
    assert cosine[0] == OPTIONS.learning_rate
    assert cosine.is_monotonic_decreasing
    assert cosine[4] < 0.2 * cosine[0]
    plateau = run(data, replace(OPTIONS, epochs=30, schedule="plateau", learning_rate=0.1, patience=8))[1].history
    assert set(plateau["learning_rate"]) > {0.1, 0.05}
