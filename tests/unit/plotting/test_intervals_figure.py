"""The figure of intervals: what is drawn where."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import same_color
from matplotlib.figure import Figure

from druggene.plotting import save_figure
from druggene.plotting.intervals import plot_intervals
from druggene.plotting.metrics import label_models

LABELS = {"druggene": "DrugGene", "boosted_trees": "Boosted trees", "global_mean": "Global mean", "effects": "Effects"}
KINDS = {"druggene": "network", "boosted_trees": "rival", "global_mean": "naive", "effects": "naive"}
PEARSON = "Pearson correlation, all pairs"


@pytest.fixture
def table() -> pd.DataFrame:
    """Four models; the global mean has no correlation, and the effects none beyond themselves."""
    rng = np.random.default_rng(1)
    rows = [
        {"model": model, "level": level, "metric": metric, "value": rng.uniform(0.5, 0.6), "n": 90, "resampled": "drug"}
        for level in ("pooled", "drug", "cell_line")
        for metric in ("pearson", "normalised_pearson", "mse")
        for model in LABELS
    ]
    frame = pd.DataFrame(rows)
    frame = frame.assign(low=frame["value"] - 0.02, high=frame["value"] + 0.03)
    mute = (frame["model"] == "global_mean") & (frame["metric"] != "mse")
    mute |= (frame["model"] == "effects") & (frame["metric"] == "normalised_pearson")
    frame.loc[mute, ["value", "low", "high"]] = np.nan
    return label_models(frame, LABELS, KINDS)


def panel(figure: Figure, name: str) -> Axes:
    (found,) = [axes for axes in figure.axes if axes.get_xlabel().startswith(name)]
    return found


def lines_at(axes: Axes, row: int) -> list[np.ndarray]:
    return [np.asarray(line.get_xdata(), float) for line in axes.lines if np.all(np.asarray(line.get_ydata()) == row)]


def test_every_model_has_its_estimate_and_interval_in_its_row(table: pd.DataFrame) -> None:
    axes = panel(plot_intervals(table, title="t", confidence=0.95), PEARSON)
    assert [text.get_text() for text in axes.get_yticklabels()] == list(LABELS.values())
    rows = table[(table["level"] == "pooled") & (table["metric"] == "pearson")].set_index("model")
    for place, model in enumerate(LABELS):
        if model != "global_mean":
            bar, dot = lines_at(axes, place)
            assert bar.tolist() == [rows.loc[model, "low"], rows.loc[model, "high"]]
            assert dot.tolist() == [rows.loc[model, "value"]]
    assert [text.get_text() for text in axes.texts] == ["n.d."]
    (rival,) = {line.get_color() for line in axes.lines if np.all(np.asarray(line.get_ydata()) == 1)}
    assert same_color(rival, "#009E73")


def test_the_effects_are_marked_through_all_rows(table: pd.DataFrame) -> None:
    figure = plot_intervals(table, title="t", confidence=0.95)
    value = table.query("model == 'effects' and level == 'pooled' and metric == 'mse'")["value"].item()
    marks = [line.get_xdata()[0] for line in panel(figure, "Mean squared").lines if line.get_linestyle() == "--"]
    assert marks == [value]
    assert not [line for line in panel(figure, "Pearson beyond effects, all").lines if line.get_linestyle() == "--"]


def test_whole_intervals_fit_and_far_models_squash_nothing(table: pd.DataFrame) -> None:
    chosen = (table["model"] == "global_mean") & (table["metric"] == "mse")
    table.loc[chosen, ["value", "low", "high"]] = [9.0, 8.9, 9.1]
    axes = panel(plot_intervals(table, title="t", confidence=0.95), "Mean squared")
    low, high = axes.get_xlim()
    shown = table[(table["level"] == "pooled") & (table["metric"] == "mse") & (table["model"] != "global_mean")]
    assert low <= shown["low"].min()
    assert shown["high"].max() <= high < 1
    assert any("9.0" in text.get_text() for text in axes.texts)


def test_the_caption_says_what_is_resampled(table: pd.DataFrame) -> None:
    figure = plot_intervals(table, title="t", confidence=0.9, simulated=True)
    text = " ".join(text.get_text() for text in figure.texts).replace("\n", " ")
    assert "90% bootstrap intervals, resampling drugs over all pairs (90 responses)" in text
    assert "per cell line: mean over 90 cell lines" in text
    assert "Simulated data" in text


def test_only_pooled_values_still_make_a_figure(table: pd.DataFrame, tmp_path: Path) -> None:
    pooled = table[table["level"] == "pooled"]
    figure = plot_intervals(pooled, title="t", confidence=0.95)
    assert len(figure.axes) == 3
    save_figure(figure, pooled, tmp_path / "intervals")
    assert (tmp_path / "intervals.pdf").stat().st_size > 0
    with pytest.raises(ValueError, match="no row"):
        plot_intervals(table.iloc[:0], title="t", confidence=0.95)
