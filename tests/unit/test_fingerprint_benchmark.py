"""The comparison of fingerprints: its configuration and its summary."""

from pathlib import Path

import pandas as pd
import pytest

from benchmarks.fingerprints import REFERENCE, read_config, summarise

ROOT = Path(__file__).parents[2]


def test_its_configuration_lies_on_top_of_the_default() -> None:
    config = read_config([ROOT / "benchmarks/fingerprints.yaml"])
    assert (config["run"], config["input"]) == ("fingerprints", "gdsc_wheel")
    assert config["splits"]["protocols"] == ["random_pairs", "leave_drug_out"]
    assert config["splits"]["validation_fraction"] == 0.1


def test_differences_are_paired_by_inner_fold() -> None:
    rows = [
        ("p", REFERENCE, 0, 0.02, 0.5),
        ("p", REFERENCE, 1, 0.04, 0.7),
        ("p", "radius 3", 0, 0.021, 0.5),
        ("p", "radius 3", 1, 0.043, 0.6),
    ]
    trials = pd.DataFrame(rows, columns=["protocol", "predictor", "inner_fold", "mse", "pearson"])
    table = summarise(trials).set_index("predictor")
    assert table.loc[REFERENCE, "difference"] == 0
    assert table.loc["radius 3", "mse"] == pytest.approx(0.032)
    assert table.loc["radius 3", "difference"] == pytest.approx(0.002)
    assert table.loc["radius 3", "standard_error"] == pytest.approx(0.001)
