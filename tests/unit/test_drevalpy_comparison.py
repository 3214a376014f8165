"""The table of drevalpy's comparison says what the predictions that its runner wrote say."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.drevalpy_comparison import markdown, tabulate


def write_predictions(folder: Path, mode: str, model: str, split: int, predicted: np.ndarray, seed: int = 0) -> None:
    rng = np.random.default_rng(split)
    table = pd.DataFrame(
        {"pubchem_id": np.repeat([11, 12], 12), "cell_line_name": np.tile([f"line{i}" for i in range(12)], 2)}
    )
    table = table.assign(response=rng.random(24), predictions=predicted)
    path = folder / "runs" / "GDSC2_part" / mode / model / "predictions" / f"predictions_split_{split}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    table.sample(frac=1, random_state=seed).to_csv(path)


def test_means_over_splits_of_each_metric(tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    observed = [np.random.default_rng(split).random(24) for split in (0, 1)]
    guesses = [rng.random(24) for _ in observed]
    drug_means = np.repeat([0.3, 0.6], 12)
    for split, guess in enumerate(guesses):
        write_predictions(tmp_path, "LCO", "NaiveMeanEffectsPredictor", split, drug_means)
        write_predictions(tmp_path, "LCO", "Some|model", split, guess, seed=5)
    table = tabulate(tmp_path).set_index("model")
    assert table["splits"].tolist() == [2, 2]
    row = table.loc["Some|model"]

    def mean(metric: str) -> float:
        values = []
        for o, g in zip(observed, guesses, strict=True):
            parts = {
                "rmse": np.sqrt(((o - g) ** 2).mean()),
                "pearson": np.corrcoef(o, g)[0, 1],
                "pearson_within_drugs": (np.corrcoef(o[:12], g[:12])[0, 1] + np.corrcoef(o[12:], g[12:])[0, 1]) / 2,
                "pearson_beyond_effects": np.corrcoef(o - drug_means, g - drug_means)[0, 1],
            }
            values.append(parts[metric])
        return float(np.mean(values))

    for metric in ("rmse", "pearson", "pearson_within_drugs", "pearson_beyond_effects"):
        assert row[metric] == pytest.approx(mean(metric)), metric
    assert np.isnan(table.loc["NaiveMeanEffectsPredictor", "pearson_within_drugs"])
    text = markdown(tabulate(tmp_path))
    assert "Leave cell line out (splits: 2)" in text
    assert "Some\\|model" in text


def test_a_model_with_fewer_splits_says_so_and_all_can_be_held_to_them(tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    for split in (0, 1):
        write_predictions(tmp_path, "LDO", "NaiveMeanEffectsPredictor", split, rng.random(24))
    write_predictions(tmp_path, "LDO", "slow", 1, rng.random(24))
    text = markdown(tabulate(tmp_path))
    assert "| slow (splits: 1) |" in text
    assert "| NaiveMeanEffectsPredictor |" in text
    of_one = tabulate(tmp_path, [1]).set_index("model")
    assert of_one["splits"].tolist() == [1, 1]
    assert of_one.loc["slow", "rmse"] == tabulate(tmp_path).set_index("model").loc["slow", "rmse"]
    assert tabulate(tmp_path, [0])["model"].tolist() == ["NaiveMeanEffectsPredictor"]


def test_other_pairs_than_the_reference_are_refused(tmp_path: Path) -> None:
    write_predictions(tmp_path, "LPO", "NaiveMeanEffectsPredictor", 0, np.zeros(24))
    write_predictions(tmp_path, "LPO", "other", 0, np.zeros(24))
    path = tmp_path / "runs" / "GDSC2_part" / "LPO" / "other" / "predictions" / "predictions_split_0.csv"
    pd.read_csv(path, index_col=0).iloc[1:].to_csv(path)
    with pytest.raises(ValueError, match=r"predictions_split_0\.csv: other pairs than those of NaiveMeanEffects"):
        tabulate(tmp_path)
