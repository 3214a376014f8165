"""The page of a run says what the tables say, also where that is nothing to be proud of."""

import gzip
from pathlib import Path

import pandas as pd
import pytest

from druggene.run_summary import headline, ontology_release, ontology_rows

CONFIG = {"models": {"vnn": {}}, "input": "gdsc_wheel", "evaluation": {"confidence": 0.9}}
LABELS = {
    "vnn": ("VNN | 1", "network"),
    "boosted_trees": ("Boosted trees", "rival"),
    "effects": ("Drug + cell-line effects", "naive"),
}


def intervals(**mse: float) -> pd.DataFrame:
    """Intervals of 0.0004 around the given errors."""
    rows = []
    for model, error in mse.items():
        for level, metric in (
            ("pooled", "pearson"),
            ("pooled", "mse"),
            ("drug", "pearson"),
            ("pooled", "normalised_pearson"),
        ):
            value = error if metric == "mse" else 0.5
            difference = error - mse["effects"]
            bounds = (difference, difference - 0.0002, difference + 0.0002)
            rows.append((model, level, metric, value, value - 0.0002, value + 0.0002, *bounds))
    names = ["model", "level", "metric", "value", "low", "high"]
    return pd.DataFrame(rows, columns=[*names, "minus_effects", "minus_effects_low", "minus_effects_high"])


@pytest.mark.parametrize(
    ("errors", "verdict"),
    [
        ({"vnn": 0.007, "boosted_trees": 0.006, "effects": 0.009}, "predicts better than"),
        ({"vnn": 0.010, "boosted_trees": 0.006, "effects": 0.009}, r"predicts \*\*worse\*\* than"),
        ({"vnn": 0.0091, "boosted_trees": 0.006, "effects": 0.009}, r"is \*\*not told apart\*\* from"),
        ({"vnn": float("nan"), "boosted_trees": 0.006, "effects": 0.009}, "is not known"),
    ],
)
def test_the_verdict_follows_from_the_interval(errors: dict[str, float], verdict: str) -> None:
    text = headline("random_pairs", intervals(**errors), ["tables/a.md"], CONFIG, LABELS)
    assert pd.Series([text]).str.contains(verdict).all()
    assert "The smallest error is that of Boosted trees, no visible network" in text
    assert "| Boosted trees (best) | 0.500 [0.500, 0.500] | 0.0060 [0.0058, 0.0062]" in text
    assert "| VNN \\| 1 |" in text, "a label is a cell, whatever it holds"
    assert "In brackets: 90% bootstrap intervals" in text


def test_a_naive_predictor_that_is_best_is_called_so() -> None:
    text = headline("random_pairs", intervals(vnn=0.01, effects=0.009), [], CONFIG, LABELS)
    assert "Drug + cell-line effects (best)" in text
    assert "that of Drug + cell-line effects, a naive predictor" in text


def test_few_test_pairs_of_each_drug_leave_a_dash() -> None:
    whole = intervals(vnn=0.007, effects=0.009)
    text = headline("published", whole[whole["level"] == "pooled"], [], CONFIG, LABELS)
    assert "| VNN \\| 1 (best) | 0.500 [0.500, 0.500] | 0.0070 [0.0068, 0.0072] | – | 0.500" in text


def test_simulated_data_say_so() -> None:
    text = headline("random_pairs", intervals(vnn=0.007, effects=0.009), [], CONFIG | {"input": "simulated"}, LABELS)
    assert text.startswith("## Results: random pairs, simulated data\n")
    assert "The smallest error" not in text


def test_the_release_is_that_of_the_head(tmp_path: Path) -> None:
    term = "\n[Term]\nid: GO:1\ndata-version: not in the head\n"
    (tmp_path / "a.obo").write_text("format-version: 1.2\ndata-version: releases/2022-07-01\n" + term)
    (tmp_path / "b.obo.gz").write_bytes(gzip.compress(b"format-version: 1.2\n" + term.encode()))
    assert ontology_release(tmp_path / "a.obo") == "2022-07-01"
    assert ontology_release(tmp_path / "b.obo.gz") == "–"


@pytest.mark.parametrize(
    ("given", "data"),
    [
        ({"source": "go", "gmt": "left over.gmt"}, [("Gene Ontology", "2")]),
        ({"source": "published", "file": None}, [("Gene Ontology", "1")]),
        ({"source": "gmt", "gmt": "a.gmt", "edges": "b.csv"}, [("hierarchy of your own", "2"), ("Gene Ontology", "1")]),
    ],
)
def test_a_hierarchy_of_ones_own_is_named(given: dict[str, str | None], data: list[tuple[str, str]]) -> None:
    keys = dict.fromkeys(("file", "gmt", "annotations", "edges", "terms"))
    rows = ontology_rows(keys | given, "2022-07-01")
    assert [(row[0], row[2]) for row in rows] == data
