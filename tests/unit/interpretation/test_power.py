"""Predictive power: equal to scikit-learn's pipelines, whatever the pairs that were measured."""

import numpy as np
import pytest

from druggene.interpretation import power
from druggene.interpretation.power import Sums, regress
from tests.reference.plain_scores import plain_power

C, D, S, K, FOLDS = 60, 4, 7, 3, 3


@pytest.fixture
def case() -> tuple[dict[int, np.ndarray], np.ndarray, dict[int, np.ndarray]]:
    """Features of three folds, AUCs with gaps that follow some of them, and the roles of the pairs."""
    rng = np.random.default_rng(0)
    features = {fold: rng.normal(size=(C, S, K)) * rng.uniform(0.1, 3, (S, K)) for fold in range(FOLDS)}
    auc = 0.5 + 0.1 * features[0][:, :D, 0].T + rng.normal(0, 0.1, (D, C))
    auc[rng.random(auc.shape) < 0.2] = np.nan
    dealt = rng.integers(FOLDS, size=auc.shape)
    roles = {
        fold: np.where(np.isnan(auc), "", np.where(dealt == fold, "test", "train")).astype("<U10")
        for fold in range(FOLDS)
    }
    return features, auc, roles


def total(features: dict[int, np.ndarray], auc: np.ndarray, roles: dict[int, np.ndarray], ridge: float) -> Sums:
    sums = Sums.zeros(len(auc), auc.shape[1], next(iter(features.values())).shape[1])
    for fold, x in features.items():
        part = regress(x, auc, roles[fold] == "train", roles[fold] == "test", ridge)
        sums.add(part, np.arange(x.shape[1]))
    return sums


@pytest.mark.parametrize("ridge", [0.01, 1.0])
def test_equals_pipelines_of_scikit_learn(case: tuple, ridge: float) -> None:
    features, auc, roles = case
    found = total(features, auc[None], roles, ridge).correlation()[0]
    expected = [
        [plain_power({f: x[:, s] for f, x in features.items()}, auc, roles, d, ridge) for s in range(S)]
        for d in range(D)
    ]
    np.testing.assert_allclose(found, expected, atol=2e-6)
    assert np.ptp(expected) > 0.5


def test_permutations_are_independent_of_each_other(case: tuple) -> None:
    features, auc, roles = case
    rng = np.random.default_rng(1)
    shuffled = np.stack([auc, auc, auc])
    for row in shuffled[1:]:
        for values in row:
            measured = ~np.isnan(values)
            values[measured] = rng.permutation(values[measured])
    together = total(features, shuffled, roles, 0.1).correlation()
    for i in range(3):
        alone = total(features, shuffled[i : i + 1], roles, 0.1).correlation()[0]
        np.testing.assert_allclose(together[i], alone, atol=1e-6)
    assert np.abs(together[0] - together[1]).max() > 0.1


def test_pieces_change_nothing(case: tuple, monkeypatch: pytest.MonkeyPatch) -> None:
    features, auc, roles = case
    whole = total(features, auc[None], roles, 0.1)
    monkeypatch.setattr(power, "_ELEMENTS_AT_ONCE", 2 * C * K * (K + 1) // 2)
    pieces = total(features, auc[None], roles, 0.1)
    np.testing.assert_allclose(pieces.correlation(), whole.correlation(), atol=1e-6)
    np.testing.assert_array_equal(pieces.pairs, whole.pairs)


def test_features_of_zeros_change_nothing(case: tuple) -> None:
    features, auc, roles = case
    filled = {fold: np.concatenate([x, np.zeros((C, S, 2))], axis=2) for fold, x in features.items()}
    np.testing.assert_allclose(
        total(filled, auc[None], roles, 0.1).correlation(),
        total(features, auc[None], roles, 0.1).correlation(),
        atol=1e-6,
    )


def test_a_pair_alone_in_its_fold_does_not_count(case: tuple) -> None:
    features, auc, roles = case
    of_test = np.flatnonzero(roles[0][0] == "test")
    roles[0][0, of_test[1:]] = ""
    sums = regress(features[0], auc[None], roles[0] == "train", roles[0] == "test", 0.1)
    assert sums.pairs[0].tolist() == [0] * S
    assert not sums.predicted[:, 0].any()
    assert (sums.pairs[1:] > 1).all()


def test_constant_states_have_no_power(case: tuple) -> None:
    features, auc, roles = case
    for x in features.values():
        x[:, 2] = 0.7
    power_of_terms = total(features, auc[None], roles, 0.1).correlation()[0]
    assert np.isnan(power_of_terms[:, 2]).all()
    assert np.isfinite(np.delete(power_of_terms, 2, axis=1)).all()


def test_aucs_of_test_pairs_fit_nothing(case: tuple) -> None:
    """Other AUCs of test pairs change what is measured, not what is predicted."""
    features, auc, roles = case
    other = np.where(roles[0] == "test", auc + np.random.default_rng(2).normal(size=auc.shape), auc)
    masks = roles[0] == "train", roles[0] == "test"
    first, second = (regress(features[0], values[None], *masks, 0.1) for values in (auc, other))
    np.testing.assert_array_equal(first.predicted, second.predicted)
    assert not np.allclose(first.product, second.product)
