"""Naive predictors: known values, fallbacks and the figures on real data."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from druggene.metrics import regression_metrics
from druggene.rivals.naive import NAIVE, predict_naive
from druggene.splits import assign_folds

TRAIN = pd.DataFrame(
    {
        "cell_line": ["a", "a", "b", "b"],
        "drug": ["x", "y", "x", "y"],
        "tissue": ["lung", "lung", None, None],
        "auc": [0.2, 0.4, 0.6, 1.2],
    }
)
TEST = pd.DataFrame(
    {"cell_line": ["a", "new"], "drug": ["new", "x"], "tissue": ["lung", None], "auc": [np.nan, np.nan]}
)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("global_mean", [0.6, 0.6]),
        ("drug_mean", [0.6, 0.4]),
        ("cell_line_mean", [0.3, 0.6]),
        ("tissue_mean", [0.3, 0.6]),
    ],
)
def test_means_and_their_fallback(name: str, expected: list[float]) -> None:
    assert NAIVE[name](TRAIN, TEST) == pytest.approx(expected)


class TestEffects:
    @staticmethod
    def planted(noise: float, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
        rng = np.random.default_rng(seed)
        line, drug = rng.normal(0, 0.1, 60), rng.normal(0, 0.2, 30)
        i, j = np.nonzero(rng.random((60, 30)) < 0.4)
        truth = 0.7 + line[i] + drug[j]
        names = {"cell_line": [f"l{k}" for k in i], "drug": [f"d{k}" for k in j]}
        return pd.DataFrame({**names, "auc": truth + rng.normal(0, noise, len(i))}), truth

    def test_additive_truth_is_found(self) -> None:
        rows, truth = self.planted(noise=1e-6)
        assert NAIVE["effects"](rows[::2], rows[1::2]) == pytest.approx(truth[1::2], abs=0.01)

    def test_shrinkage_beats_plain_means_in_noise(self) -> None:
        rows, truth = self.planted(noise=0.3)
        train, test = rows[::2], rows[1::2]
        names = ("effects", "global_mean", "drug_mean", "cell_line_mean")
        effects, *others = (np.mean((NAIVE[name](train, test) - truth[1::2]) ** 2) for name in names)
        assert effects < 0.8 * min(others)

    def test_solves_the_ridge_equations(self) -> None:
        """The penalties are read off the shrinkage of one effect each; the normal equations must then hold."""
        rows, _ = self.planted(noise=0.2)
        drugs, lines = sorted(rows["drug"].unique()), sorted(rows["cell_line"].unique())
        of_drug = NAIVE["effects"](rows, pd.DataFrame({"drug": drugs, "cell_line": "new"})) - rows["auc"].mean()
        of_line = NAIVE["effects"](rows, pd.DataFrame({"drug": "new", "cell_line": lines})) - rows["auc"].mean()
        fitted = rows["drug"].map(dict(zip(drugs, of_drug, strict=True)))
        fitted += rows["cell_line"].map(dict(zip(lines, of_line, strict=True)))
        residual = rows["auc"] - rows["auc"].mean() - fitted
        for column, effects in (("drug", of_drug), ("cell_line", of_line)):
            penalty = residual.groupby(rows[column]).sum().to_numpy() / effects
            assert penalty == pytest.approx(np.full(len(effects), np.median(penalty)), rel=1e-4)
            assert np.median(penalty) > 0

    def test_one_row_per_drug_and_line_gives_the_mean(self) -> None:
        rows = TRAIN.iloc[[0, 3]]
        assert NAIVE["effects"](rows, TRAIN) == pytest.approx(np.full(4, 0.7))


def test_predictions_have_all_columns_and_only_test_rows() -> None:
    rows = pd.DataFrame(
        [(i, f"l{i // 6}", f"d{i % 6}", i / 36) for i in range(36)], columns=["pair", "cell_line", "drug", "auc"]
    )
    replicated = pd.concat([rows, rows.iloc[:5].assign(auc=0.5)]).sort_values(["pair", "auc"], ignore_index=True)
    folds = assign_folds(replicated, "random_pairs", 3, 0.2, 1)
    lines = pd.DataFrame({"cell_line": replicated["cell_line"].unique(), "tissue": None})
    names = ["effects", "drug_mean"]
    predictions = predict_naive(replicated, folds, names, lines)
    assert list(predictions.columns) == ["pair", "cell_line", "drug", "auc", "predicted", "model", "protocol", "fold"]
    assert list(predictions["model"].unique()) == names
    for _, part in predictions.groupby("model"):
        assert sorted(zip(part["pair"], part["auc"], strict=True)) == list(
            zip(replicated["pair"], replicated["auc"], strict=True)
        )
    test_folds = folds[folds["role"] == "test"].set_index("pair")["fold"]
    assert (predictions["pair"].map(test_folds) == predictions["fold"]).all()


def test_validation_pairs_are_learned_from_and_test_pairs_are_not() -> None:
    rows = pd.DataFrame({"pair": [0, 1, 2], "cell_line": list("abc"), "drug": "x", "auc": [0.2, 0.4, 9.0]})
    folds = pd.DataFrame(
        {"pair": [0, 1, 2], "protocol": "published", "fold": 0, "role": ["train", "validation", "test"]}
    )
    lines = pd.DataFrame({"cell_line": list("abc"), "tissue": None})
    assert predict_naive(rows, folds, ["global_mean"], lines)["predicted"].tolist() == pytest.approx([0.3])
    with pytest.raises(ValueError, match="tissue_mean needs tissues"):
        predict_naive(rows, folds, ["tissue_mean"], lines)
    with pytest.raises(ValueError, match="'gene_mean' is not one of global_mean"):
        predict_naive(rows, folds, ["gene_mean"], lines)


def test_floor_on_the_published_test_file(shared_data: Path) -> None:
    """What a model must beat on the 672 cell lines with real omics."""
    lines = pd.read_parquet(shared_data / "omics/mutation.parquet", columns=[]).index
    files = []
    for name in ("train", "val", "test"):
        path = shared_data / f"druggene_release/drugGene_{name}_data.txt"
        frame = pd.read_csv(path, sep="\t", header=None, names=["cell_line", "drug", "auc"])
        files.append(frame[frame["cell_line"].isin(lines)])
    train, test = pd.concat(files[:2]), files[2]
    assert (len(train), len(test)) == (6746 + 675, 675)
    metrics = {
        name: regression_metrics(test["auc"].to_numpy(), NAIVE[name](train, test))
        for name in ("global_mean", "drug_mean", "effects")
    }
    assert metrics["global_mean"]["mse"] == pytest.approx(0.0407, abs=5e-5)
    assert metrics["drug_mean"]["pearson"] == pytest.approx(0.703, abs=5e-4)
    assert metrics["drug_mean"]["mse"] == pytest.approx(0.0206, abs=5e-5)
    assert metrics["effects"]["pearson"] == pytest.approx(0.737, abs=5e-4)
    assert metrics["effects"]["mse"] == pytest.approx(0.0186, abs=5e-5)
