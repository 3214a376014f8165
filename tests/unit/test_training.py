"""Training learns, stops early, is reproducible and reads no test label."""

from dataclasses import replace

import pytest
import torch

from druggene.constants import TEST, TRAIN, VALIDATION
from druggene.dataset import FoldData
from druggene.network import DrugGeneNetwork
from druggene.training import Trained, TrainingOptions, predict, train
from tests.reference.folds import small_fold

OPTIONS = TrainingOptions(
    epochs=40,
    batch_size=100,
    learning_rate=0.02,
    betas=(0.9, 0.99),
    epsilon=1e-5,
    alpha=0.05,
    drug_alpha=0.2,
    norm_weight=0.0,
    patience=40,
    init="uniform_0.01",
    start_at_mean=True,
    seed=1,
)


def run(data: FoldData, options: TrainingOptions = OPTIONS, seed: int = 3) -> tuple[DrugGeneNetwork, Trained]:
    network = DrugGeneNetwork(data.hierarchy, data.drugs.shape[1])
    network.initialise(options.init, seed)
    network.start_at(float(data.roles[TRAIN].auc.mean()))
    return network, train(network, data, options, seed)


def test_network_learns_what_effects_cannot() -> None:
    data = small_fold()
    network, _ = run(data)
    test = data.roles[TEST]
    predicted = predict(network, network.gather(data.genotype), data, TEST)
    correlation = torch.corrcoef(torch.stack([predicted, test.auc]))[0, 1]
    assert correlation > 0.9
    assert (predicted - test.auc).square().mean() < 0.2 * test.auc.var()


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


def test_diverging_loss_is_reported() -> None:
    data = small_fold()
    broken = replace(data.roles[TRAIN], auc=data.roles[TRAIN].auc.clone().fill_(float("nan")))
    with pytest.raises(ValueError, match=r"loss is nan in epoch 1; lower training\.learning_rate"):
        run(replace(data, roles={**data.roles, TRAIN: broken}))
