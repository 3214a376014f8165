"""Transfers between screens: roles by curve, groups of test curves, and what stands beside the models."""

import numpy as np
import pandas as pd
import pytest

from druggene.metrics import pearson
from druggene.predictions import Predictions
from druggene.protocols import all_protocols, transfer_protocol
from druggene.rivals.naive import predict_naive
from druggene.screen import number_pairs
from druggene.search import assign_inner_folds
from druggene.splits import assign_folds, training_cell_lines, with_roles
from druggene.transfer import GROUPS, SAME_PAIR, group_of_rows, transfer_markdown, transfer_metrics

SCREENS = ("One", "Two")
PROTOCOL = transfer_protocol(*SCREENS)


def two_screens(seed: int = 0) -> pd.DataFrame:
    """Screen One has lines 0-9 and drugs 0-5 with gaps, Two has lines 5-14 and drugs 3-8; some replicates."""
    rng = np.random.default_rng(seed)
    parts = []
    for source, lines, drugs in (("One", range(10), range(6)), ("Two", range(5, 15), range(3, 9))):
        rows = pd.DataFrame([(f"l{i:02}", f"d{j}") for i in lines for j in drugs], columns=["cell_line", "drug"])
        rows = rows[rng.random(len(rows)) < 0.7]
        parts.append(pd.concat([rows, rows[:3]]).assign(source=source))
    frame = pd.concat(parts, ignore_index=True)
    return number_pairs(frame.assign(auc=rng.random(len(frame))))


def folds_of(responses: pd.DataFrame) -> pd.DataFrame:
    return assign_folds(responses, PROTOCOL, 5, 0.2, 1, screens=SCREENS)


def test_the_protocols_name_says_from_where_to_where() -> None:
    assert transfer_protocol("CTRPv2", "GDSC 2/new") == "transfer_ctrpv2_to_gdsc_2_new"
    config = {"splits": {"protocols": ["published"], "transfer": [{"train": "B", "test": "A"}]}}
    assert all_protocols(config) == ["published", "transfer_b_to_a"]


def test_one_screen_trains_and_the_other_tests() -> None:
    responses = two_screens()
    rows = with_roles(responses, folds_of(responses), 0)
    assert len(rows) == len(responses)
    assert (rows["role"].eq("test") == rows["source"].eq("Two")).all()
    both = responses.groupby("pair")["source"].nunique().eq(2).sum()
    assert both >= 5
    assert training_cell_lines(responses, folds_of(responses), 0) == sorted(
        rows.loc[rows["role"] == "train", "cell_line"].unique()
    )


def test_an_unknown_screen_is_named_with_those_that_are_there() -> None:
    with pytest.raises(ValueError, match=r"splits\.transfer: no response is of 'Three'; the screens are One, Two"):
        assign_folds(two_screens(), "transfer_one_to_three", 5, 0.2, 1, screens=("One", "Three"))


def test_the_search_sees_no_curve_of_the_test_screen() -> None:
    responses = two_screens()
    inner = assign_inner_folds(responses, folds_of(responses), PROTOCOL, 0, 3, 0.2, 1)
    for fold in range(3):
        rows = with_roles(responses, inner, fold)
        assert set(rows["source"]) == {"One"}
        assert len(rows) == responses["source"].eq("One").sum()


def test_groups_of_test_curves() -> None:
    training = pd.DataFrame({"pair": [0, 1], "cell_line": ["a", "b"], "drug": ["x", "y"]})
    rows = pd.DataFrame({"pair": [0, 2, 3, 4, 5], "cell_line": list("aacac"), "drug": list("xyxzz")})
    assert list(group_of_rows(rows, training)) == list(GROUPS)[1:]


@pytest.fixture(scope="module")
def measured() -> tuple[pd.DataFrame, pd.DataFrame, Predictions]:
    responses = two_screens()
    folds = folds_of(responses)
    lines = pd.DataFrame({"cell_line": responses["cell_line"].unique(), "tissue": "t"})
    naive = predict_naive(responses, folds, ["global_mean", "effects"], lines)
    return responses, transfer_metrics(Predictions.of([naive]), responses, folds), Predictions.of([naive])


def test_naive_predictors_learn_from_the_first_screen_alone(
    measured: tuple[pd.DataFrame, pd.DataFrame, Predictions],
) -> None:
    responses, _, predictions = measured
    mean = responses.loc[responses["source"] == "One", "auc"].mean()
    np.testing.assert_allclose(predictions.predicted[:, predictions.models.index("global_mean")], mean)
    assert len(predictions.rows) == responses["source"].eq("Two").sum()


def test_metrics_of_each_group_are_those_of_its_curves(
    measured: tuple[pd.DataFrame, pd.DataFrame, Predictions],
) -> None:
    responses, table, predictions = measured
    first, second = (responses[responses["source"] == name] for name in SCREENS)
    shared = second[second["pair"].isin(first["pair"])]
    own = shared["pair"].map(first.groupby("pair")["auc"].mean())
    row = table.set_index(["group", "model"]).loc[("pair measured", SAME_PAIR)]
    assert row["n_responses"] == len(shared)
    assert row["pearson"] == pytest.approx(pearson(shared["auc"].to_numpy(), own.to_numpy()))
    assert row["bias"] == pytest.approx((own - shared["auc"]).mean())
    counts = table[table["model"] == "effects"].set_index("group")["n_responses"]
    assert counts["all"] == len(second) == counts.drop("all").sum()
    assert SAME_PAIR not in set(table.loc[table["group"] != "pair measured", "model"])
    new = predictions.rows[~predictions.rows["cell_line"].isin(first["cell_line"])]
    assert counts["cell line new"] + counts["both new"] == len(new)


def test_people_read_every_group(measured: tuple[pd.DataFrame, pd.DataFrame, Predictions]) -> None:
    text = transfer_markdown(measured[1], {"effects": "Effects", "global_mean": "Mean"}, SCREENS, simulated=True)
    assert text.startswith("# From One to Two, simulated data\n")
    assert text.count("\n## ") == len(GROUPS)
    assert text.count("The pair's own AUC in the training screen") == 1
    assert "| Mean | – |" in text
