"""Data of the figure of predictive performance."""

import numpy as np
import pandas as pd
import pytest

from druggene.performance_panels import SQUARES, compared_models, density, scatter_models
from druggene.predictions import Predictions
from tests.reference.figures import LABELS, by_drug, intervals, panels_of


def wide(models: list[str]) -> pd.DataFrame:
    table = by_drug({model: model for model in models})
    return table.pivot(index="drug", columns="model", values="pearson").reindex(columns=models).astype(float)


def test_the_panels_hold_what_the_tables_say() -> None:
    panels, numbers = panels_of()
    values = by_drug(LABELS).pivot(index="drug", columns="model", values="pearson")
    for letter, other in zip("ABCD", ["drugcell", "expbox", "cnvbox", "elastic_net"], strict=True):
        panel = panels[letter].set_index("drug")
        pd.testing.assert_series_equal(panel["pearson"], values["druggene"], check_names=False)
        pd.testing.assert_series_equal(panel["pearson_other"], values[other], check_names=False)
        row = numbers[numbers["panel"] == letter].iloc[0]
        assert (row["other"], row["n"], row["note"]) == (other, 30, "")
        assert row["share_better"] == pytest.approx((values["druggene"] > values[other]).mean())
    errors = intervals(LABELS).query("level == 'pooled' and metric == 'mse'").set_index("model")
    assert list(panels["E"]["model"]) == list(LABELS)
    np.testing.assert_allclose(panels["E"]["value"], errors.loc[list(LABELS), "value"])
    assert len(panels["F"]) == 30 * len(LABELS)
    assert panels["F"].query("model == 'global_mean'")["pearson"].isna().all()
    waterfall = panels["H"]
    assert waterfall["pearson"].is_monotonic_decreasing
    assert waterfall["name"].iloc[0] == f"Drug {int(values['druggene'].idxmax()[1:])}"
    assert waterfall["pearson_effects"].tolist() == values.loc[waterfall["drug"], "effects"].tolist()


def test_the_tests_are_those_of_the_first_model_whatever_its_place_in_a_pair() -> None:
    _, numbers = panels_of()
    boxes = numbers[numbers["panel"] == "F"].set_index("other")
    assert list(boxes.index) == list(LABELS)[1:]
    assert boxes.loc["cnvbox", "rank_biserial"] > 0
    assert boxes.loc["cnvbox", "q_value"] < 0.05
    assert np.isnan(boxes.loc["global_mean", "q_value"])


def test_the_next_model_with_correlations_takes_a_missing_one_s_place() -> None:
    models = ["plus", "global_mean", "drugcell", "twin", "boosted_trees", "effects"]
    found = compared_models(wide(models), {model: model for model in models})
    assert found == [
        ("drugcell", ""),
        ("twin", "in place of expBox"),
        ("boosted_trees", "in place of cnvBox"),
        ("effects", "in place of elastic net"),
    ]
    few = compared_models(wide(["plus", "twin"]), {"plus": "P", "twin": "T"})
    assert few == [
        ("twin", "in place of DrugCell"),
        *[("", f"no {name} to compare with") for name in ("expBox", "cnvBox", "elastic net")],
    ]


def test_without_drugs_the_models_stay() -> None:
    labels = {"druggene": "D", "drugcell": "C", "effects": "E"}
    empty = by_drug(labels).iloc[:0]
    assert scatter_models(empty, labels) == ["druggene", "drugcell", "effects"]
    plus = compared_models(wide(["plus", "twin"]).iloc[:0], {"plus": "P", "twin": "T"})
    assert plus[:2] == [("twin", "in place of DrugCell"), ("", "no expBox to compare with")]
    panels, _ = panels_of(drugs=0)
    assert all(panels[letter].empty for letter in "ABCDFH")
    assert not panels["E"].empty
    assert not panels["G"].empty


def test_every_response_is_counted_in_its_square_or_as_outside() -> None:
    observed = np.array([0.0, 0.0, 0.5, 1.0, 1.0])
    predicted = np.array([[0.01, 0.011, 0.5, 1.0, 7.0], [0.0, -0.05, np.nan, 1.099, 1.0]]).T
    rows = pd.DataFrame({"pair": range(5), "cell_line": "c", "drug": "d", "fold": 0, "auc": observed})
    squares, outside = density(Predictions(rows, predicted, ("a", "b"), "p"), ["a", "b"])
    assert outside == {"a": 1, "b": 0}
    own = squares[squares["model"] == "a"].sort_values("observed")
    assert own["n"].tolist() == [2, 1, 1]
    width = 1 / SQUARES
    assert own["observed"].iloc[0] == pytest.approx(width / 2)
    assert own["observed"].iloc[-1] == pytest.approx(1 - width / 2)
    assert squares.groupby("model")["n"].sum().to_dict() == {"a": 4, "b": 4}
    assert squares.query("model == 'b'")["predicted"].min() == pytest.approx(-0.05)


def test_one_value_alone_has_a_square() -> None:
    rows = pd.DataFrame({"pair": [0], "cell_line": "c", "drug": "d", "fold": 0, "auc": [0.5]})
    squares, outside = density(Predictions(rows, np.array([[0.5]]), ("a",), "p"), ["a"])
    assert squares["n"].tolist() == [1]
    assert outside == {"a": 0}
