"""Ablations: variants held against their base, and how they come from the configuration."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from druggene.ablations import ablations_document, tabulate_ablations
from druggene.evaluation import pooled_metrics
from druggene.plotting.ablations import plot_ablations
from druggene.predictions import Predictions
from druggene.variants import ablation_models
from tests.reference.predictions import large_predictions

CONFIG: dict[str, Any] = {
    "seed": 7,
    "models": {"net": {"label": "Net", "omics": ["mutation", "expression"], "training": {"alpha": 0.1}}},
    "ablations": {
        "base": "net",
        "seeds": 3,
        "variants": {
            "lone": {"label": "Lone", "omics": ["mutation"], "seeds": 1},
            "plain": {"label": "Plain", "training": {"epochs": 5}, "hierarchy": "dense"},
        },
    },
}


class TestModels:
    def test_base_and_variants_come_with_their_seeds(self) -> None:
        models = ablation_models(CONFIG)
        assert list(models) == [
            *("net", "ablation_base_seed_2", "ablation_base_seed_3", "ablation_lone_seed_1"),
            *(f"ablation_plain_seed_{number}" for number in (1, 2, 3)),
        ]
        assert [model["seed"] for model in models.values()] == [7, 8, 9, 7, 7, 8, 9]
        assert models["ablation_base_seed_3"] == CONFIG["models"]["net"] | {"seed": 9, "variant": "base"}

    def test_a_variant_lays_its_keys_over_the_base(self) -> None:
        models = ablation_models(CONFIG)
        plain = models["ablation_plain_seed_1"]
        assert plain["training"] == {"alpha": 0.1, "epochs": 5}
        assert (plain["omics"], plain["hierarchy"], plain["label"]) == (["mutation", "expression"], "dense", "Plain")
        lone = models["ablation_lone_seed_1"]
        assert lone["omics"] == ["mutation"]
        assert "seeds" not in lone
        assert CONFIG["models"]["net"]["training"] == {"alpha": 0.1}

    def test_without_variants_there_is_no_ablation(self) -> None:
        assert ablation_models(CONFIG | {"ablations": {"base": "other", "variants": {}}}) == {}


@pytest.fixture(scope="module")
def predictions() -> Predictions:
    """Two seeds each of a base and of a variant that is worse, and the effects."""
    one = large_predictions()
    rng = np.random.default_rng(0)
    good, bad, effects = one.predicted.T
    columns = [values + rng.normal(0, 0.005, len(values)) for values in (good, good, bad, bad)]
    names = ("net", "ablation_base_seed_2", "ablation_bad_seed_1", "ablation_bad_seed_2", "effects")
    return Predictions(one.rows, np.column_stack([*columns, effects]), names, "random_pairs")


MODELS = {
    "net": {"variant": "base", "label": "Net", "seed": 1},
    "ablation_base_seed_2": {"variant": "base", "label": "Net", "seed": 2},
    "ablation_bad_seed_1": {"variant": "bad", "label": "Bad", "seed": 1},
    "ablation_bad_seed_2": {"variant": "bad", "label": "Bad", "seed": 2},
}


def test_a_variant_is_held_against_the_base(predictions: Predictions) -> None:
    table, seeds = tabulate_ablations(predictions, MODELS, 5)
    pooled = pooled_metrics(predictions)
    assert seeds["model"].tolist() == list(MODELS)
    assert seeds["mse"].tolist() == pytest.approx(pooled.loc[list(MODELS), "mse"].tolist())
    base, bad = table.to_dict("records")
    assert (base["variant"], bad["variant"], base["n_seeds"], bad["n_drugs"]) == ("base", "bad", 2, 25)
    of_bad = pooled.loc[["ablation_bad_seed_1", "ablation_bad_seed_2"], "pearson"]
    assert bad["pearson_mean"] == pytest.approx(of_bad.mean())
    assert bad["pearson_sd"] == pytest.approx(of_bad.std())
    assert bad["pearson_to_base"] < 0 < bad["mse_to_base"]
    for metric in ("pearson", "mse"):
        assert bad[f"{metric}_rank_biserial"] < -0.9
        assert bad[f"{metric}_q_value"] < 1e-3
        assert np.isnan(base[f"{metric}_p_value"])


def test_markdown_names_folds_and_marks_the_base(predictions: Predictions) -> None:
    table, _ = tabulate_ablations(predictions, MODELS, 5)
    text = ablations_document(table, [0, 1], simulated=True).markdown()
    assert text.splitlines()[0] == "# Ablations, protocol random pairs, simulated data"
    assert "fold(s) 0, 1" in text
    assert "| **Net** | 2 |" in text
    assert "| Bad | 2 |" in text
    assert "nan" not in text


def test_the_figure_has_a_dot_for_every_seed(predictions: Predictions) -> None:
    _, seeds = tabulate_ablations(predictions, MODELS, 5)
    figure = plot_ablations(seeds, title="t", notes="Fold 0.")
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == ["Net", "Bad"]
    (dots,) = [line for line in figure.axes[1].lines if line.get_marker() == "o" and np.all(line.get_ydata() == 1)]
    assert sorted(dots.get_xdata()) == pytest.approx(sorted(seeds.loc[seeds["variant"] == "bad", "mse"]))
    with pytest.raises(ValueError, match="the base is not among"):
        plot_ablations(seeds[seeds["variant"] == "bad"], title="t", notes="")


def test_a_variant_far_from_all_others_leaves_them_room_in_the_figure() -> None:
    rows = [
        {"variant": name, "label": name, "seed": seed, "pearson": middle + 0.001 * seed, "mse": middle / 100}
        for name, middle in (("base", 0.80), ("a", 0.81), ("b", 0.79), ("c", 0.80), ("lost", 0.20))
        for seed in (1, 2)
    ]
    seeds = pd.DataFrame(rows).assign(normalised_pearson=0.4)
    figure = plot_ablations(seeds, title="t", notes="")
    pearson, mse, beyond = figure.axes
    assert pearson.get_xlim()[0] > 0.75
    assert [text.get_text() for text in pearson.texts if "←" in text.get_text()] == ["← 0.202"]
    assert [text.get_text() for text in mse.texts if "←" in text.get_text()] == ["← 0.002"]
    assert not any("←" in text.get_text() for text in beyond.texts)
    near = plot_ablations(seeds[seeds["variant"] != "lost"], title="t", notes="")
    assert not any("←" in text.get_text() for axes in near.axes for text in axes.texts)


def test_a_seed_that_diverged_is_left_out_of_the_mean(predictions: Predictions) -> None:
    predicted = predictions.predicted.copy()
    predicted[predictions.rows["fold"] == 1, 3] = np.nan
    hole = Predictions(predictions.rows, predicted, predictions.models, "random_pairs")
    table, seeds = tabulate_ablations(hole, MODELS, 5)
    assert seeds["mse"].isna().tolist() == [False, False, False, True]
    assert table["mse_mean"][1] == pytest.approx(seeds["mse"][2])
    assert isinstance(plot_ablations(seeds, title="t", notes="").axes, list)
    assert pd.isna(table["mse_sd"][1])
