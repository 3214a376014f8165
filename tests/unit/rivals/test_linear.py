"""Elastic net and lasso: the same as on one row per pair, at any number of pairs."""

import numpy as np
import pytest
from sklearn.linear_model import ElasticNet as OnRows
from sklearn.preprocessing import StandardScaler

from druggene.rivals.data import Features, Rows
from druggene.rivals.linear import Problem
from druggene.rivals.models.elastic_net import Rival as ElasticNet
from druggene.rivals.models.lasso import Rival as Lasso


@pytest.fixture
def features() -> Features:
    rng = np.random.default_rng(1)
    omics = {"mutation": (rng.random((12, 4)) < 0.3).astype(np.float32), "expression": rng.random((12, 6), np.float32)}
    omics["mutation"][:10, 0] = 0  # constant among the cell lines that are learned from
    return Features(omics, (rng.random((7, 9)) < 0.4).astype(np.float32))


@pytest.fixture
def rows(features: Features) -> Rows:
    """Replicates and gaps; two cell lines and a drug without a row."""
    rng = np.random.default_rng(2)
    line, drug = rng.integers(0, 10, 90), rng.integers(0, 6, 90)
    auc = 0.6 + 0.3 * features.omics["expression"][line, 2] - 0.2 * features.drugs[drug, 3] + rng.normal(0, 0.05, 90)
    return Rows(line, drug, auc, np.arange(90))


def design(features: Features, cell_line: np.ndarray, drug: np.ndarray) -> np.ndarray:
    return np.hstack([*(values[cell_line] for values in features.omics.values()), features.drugs[drug]])


def test_few_rows_stand_for_all(features: Features, rows: Rows) -> None:
    problem = Problem.of(features, rows)
    scaled = StandardScaler().fit_transform(design(features, rows.cell_line, rows.drug).astype(np.float64))
    assert len(problem.rows) < 10 + 6
    np.testing.assert_allclose(problem.rows.T @ problem.rows / len(problem.rows), scaled.T @ scaled / 90, atol=1e-10)
    np.testing.assert_allclose(problem.correlation, scaled.T @ (rows.auc - rows.auc.mean()) / 90, atol=1e-12)


@pytest.mark.parametrize("l1_ratio", [0.3, 1.0])
def test_predicts_what_the_fit_on_every_row_predicts(
    features: Features, rows: Rows, l1_ratio: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("druggene.rivals.linear._TOLERANCE", 1e-10)
    monkeypatch.setattr("druggene.rivals.linear._ITERATIONS", 100_000)
    model = ElasticNet(8, 0.01, [l1_ratio]).fit(features, rows, {"l1_ratio": l1_ratio, "penalty": 0.004}, 0)
    scaler = StandardScaler()
    scaled = scaler.fit_transform(design(features, rows.cell_line, rows.drug).astype(np.float64))
    plain = OnRows(alpha=0.004, l1_ratio=l1_ratio, tol=1e-10, max_iter=100_000).fit(scaled, rows.auc)
    everywhere = np.indices((10, 7)).reshape(2, -1)  # the seventh drug has no row
    expected = plain.predict(scaler.transform(design(features, *everywhere)))
    np.testing.assert_allclose(model(*everywhere), expected, atol=1e-6)
    assert np.count_nonzero(plain.coef_) < scaled.shape[1]


def test_the_penalty_is_chosen_by_the_validation_rows(features: Features, rows: Rows) -> None:
    rival = ElasticNet(12, 1e-3, [0.5, 1.0])
    train, validation = rows[np.arange(90) < 60], rows[np.arange(90) >= 60]
    chosen = rival.choose(features, train, validation, 0)

    def error(penalty: float) -> float:
        model = rival.fit(features, train, chosen | {"penalty": penalty}, 0)
        return float(np.mean((model(validation.cell_line, validation.drug) - validation.auc) ** 2))

    assert error(chosen["penalty"]) == pytest.approx(chosen["validation_mse"], rel=1e-2)
    assert chosen["validation_mse"] < min(error(10 * chosen["penalty"]), error(chosen["penalty"] / 100))


def test_lasso_is_the_elastic_net_without_its_second_penalty(features: Features, rows: Rows) -> None:
    chosen = Lasso(6, 0.01).choose(features, rows, rows, 0)
    assert chosen["l1_ratio"] == 1.0
    same = ElasticNet(6, 0.01, [1.0]).choose(features, rows, rows, 0)
    assert chosen == same
