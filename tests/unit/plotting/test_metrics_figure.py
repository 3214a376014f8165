"""The figure of metrics: what is drawn, what is said about what is not, and equal bytes for equal data."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import same_color
from matplotlib.figure import Figure

from druggene.plotting import FULL_WIDTH, save_figure
from druggene.plotting.metrics import label_models, plot_metrics

METRICS = ["pearson", "spearman", "r2", "mse", "rmse", "mae"]
LABELS = {"druggene": "DrugGene", "expbox": "expBox", "global_mean": "Global mean", "effects": "Effects"}
KINDS = {"druggene": "network", "expbox": "network", "global_mean": "naive", "effects": "naive"}


@pytest.fixture
def by_fold() -> pd.DataFrame:
    """Four models in three folds; the global mean has no correlation."""
    generator = np.random.default_rng(1)
    rows = [
        {"model": model, "protocol": "random_pairs", "fold": fold, "n_pairs": 100 + fold}
        | {metric: 0.5 + generator.normal(0, 0.05) for metric in METRICS}
        for model in ["effects", "expbox", "global_mean", "druggene"]
        for fold in [2, 0, 1]
    ]
    frame = pd.DataFrame(rows)
    frame.loc[frame["model"] == "global_mean", ["pearson", "spearman"]] = np.nan
    return label_models(frame, LABELS, KINDS)


def panel(figure: Figure, name: str) -> Axes:
    """The panel whose axis label begins with ``name``."""
    (found,) = [axes for axes in figure.axes if axes.get_xlabel().startswith(name)]
    return found


def dots(axes: Axes, colour: str) -> np.ndarray:
    """Values (x) and heights (y) of all dots of a colour."""
    found = [points for points in axes.collections if same_color(points.get_facecolor()[:1, :3], [colour])]
    return np.concatenate([np.asarray(points.get_offsets()) for points in found])


def bars(axes: Axes) -> list[np.ndarray]:
    """Ends (x and y) of all black lines."""
    return [np.c_[line.get_xdata(), line.get_ydata()] for line in axes.lines if line.get_color() == "black"]


def texts(figure: Figure) -> str:
    everywhere = [*figure.texts, *(text for axes in figure.axes for text in axes.texts)]
    return "\n".join(text.get_text() for text in everywhere)


NETWORK_BLUE, NAIVE_ORANGE = "#0072B2", "#D55E00"


def test_models_are_labelled_told_apart_and_ordered(by_fold: pd.DataFrame) -> None:
    models = by_fold.drop_duplicates("model")
    assert list(models["label"]) == list(LABELS.values())
    assert list(models["kind"]) == ["network", "network", "naive", "naive"]
    assert list(by_fold["fold"][:3]) == [0, 1, 2]


def test_a_model_without_label_is_refused(by_fold: pd.DataFrame) -> None:
    with pytest.raises(ValueError, match="model 'global_mean' has no label"):
        label_models(by_fold, {"druggene": "a", "expbox": "b", "effects": "c"}, KINDS)


def test_every_fold_of_every_model_is_a_dot_in_its_colour(by_fold: pd.DataFrame) -> None:
    figure = plot_metrics(by_fold, title="t")
    assert len(figure.axes) == len(METRICS)
    axes = panel(figure, "Mean squared error")
    for kind, colour in (("network", NETWORK_BLUE), ("naive", NAIVE_ORANGE)):
        expected = by_fold.loc[by_fold["kind"] == kind, "mse"]
        assert sorted(dots(axes, colour)[:, 0]) == pytest.approx(sorted(expected))


def test_a_fold_keeps_its_place_in_every_row(by_fold: pd.DataFrame) -> None:
    drawn = dots(panel(plot_metrics(by_fold, title="t"), "Mean squared error"), NETWORK_BLUE)
    networks = by_fold[by_fold["kind"] == "network"]
    height = {value: y for value, y in drawn}
    places = [
        height[value] - (model == "expbox") for value, model in zip(networks["mse"], networks["model"], strict=True)
    ]
    assert places[:3] == pytest.approx(places[3:])
    assert places[0] < places[1] < places[2]


def test_mean_and_deviation_are_drawn_at_the_row(by_fold: pd.DataFrame) -> None:
    axes = panel(plot_metrics(by_fold, title="t"), "Mean absolute error")
    values = by_fold.loc[by_fold["model"] == "expbox", "mae"]
    (bar,) = [ends for ends in bars(axes) if np.all(ends[:, 1] == 1)]
    assert bar[:, 0] == pytest.approx([values.mean() - values.std(), values.mean() + values.std()])


@pytest.mark.parametrize(
    ("name", "direction"),
    [("Pearson", "higher"), ("Spearman", "higher"), ("Coefficient", "higher"), ("Mean sq", "lower"), ("Root", "lower")],
)
def test_the_axis_says_what_is_better(by_fold: pd.DataFrame, name: str, direction: str) -> None:
    assert f"{direction} is better" in panel(plot_metrics(by_fold, title="t"), name).get_xlabel()


def notes(axes: Axes) -> dict[float, str]:
    """Row to what is written in it."""
    return {text.xy[1]: text.get_text() for text in axes.texts}


def test_an_undefined_metric_is_said_at_its_row(by_fold: pd.DataFrame) -> None:
    figure = plot_metrics(by_fold, title="t")
    assert notes(panel(figure, "Pearson")) == {2: "n.d."}
    assert not panel(figure, "Mean squared error").texts
    assert "n.d.: not defined" in texts(figure)


def test_a_metric_that_some_folds_lack_is_counted(by_fold: pd.DataFrame) -> None:
    by_fold.loc[[0, 1], "pearson"] = np.nan
    assert notes(panel(plot_metrics(by_fold, title="t"), "Pearson")) == {0: "2 of 3: n.d.", 2: "n.d."}


def test_a_far_fold_squashes_nothing_and_is_said(by_fold: pd.DataFrame) -> None:
    by_fold.loc[0, "r2"] = -700.0
    figure = plot_metrics(by_fold, title="t")
    axes = panel(figure, "Coefficient")
    low, high = axes.get_xlim()
    others = by_fold["r2"].drop(0)
    assert (others.max() - others.min()) / (high - low) > 0.5
    assert notes(axes) == {0: "1 of 3: ◂ −700.00"}
    assert not [bar for bar in bars(axes) if np.all(bar[:, 1] == 0)]
    assert sorted(dots(axes, NETWORK_BLUE)[:, 0]) == pytest.approx(sorted(by_fold["r2"][1:6]))
    assert "Triangle" in texts(figure)


@pytest.mark.parametrize(("metric", "name", "sign"), [("mse", "Mean sq", 1), ("r2", "Coefficient", -1)])
def test_bad_naive_predictors_leave_the_networks_apart(
    by_fold: pd.DataFrame, metric: str, name: str, sign: int
) -> None:
    """Networks and the best naive predictor fill the axis; the worst stands at the edge with its mean."""
    spread = np.array([0.18, 0.19, 0.20])
    far = np.array([0.6, 0.7, 0.8])
    by_fold[metric] = sign * np.concatenate([spread, spread + 0.01, far, spread + 0.05])
    axes = panel(plot_metrics(by_fold, title="t"), name)
    low, high = axes.get_xlim()
    assert 0.07 / (high - low) > 0.8
    assert notes(axes) == {2: "0.700 ▸" if sign > 0 else "◂ −0.700"}


def test_a_network_is_shown_where_a_naive_predictor_is_not(by_fold: pd.DataFrame) -> None:
    bad = 0.024
    by_fold["mse"] = [0.018, 0.020, 0.019, bad, bad, bad, bad, bad, bad, 0.019, 0.020, 0.019]
    assert not panel(plot_metrics(by_fold, title="t"), "Mean squared error").texts
    by_fold.loc[3:5, "mse"] = 0.020
    assert notes(panel(plot_metrics(by_fold, title="t"), "Mean squared error")) == {2: "0.0240 ▸"}


@pytest.mark.parametrize("kind", ["network", "naive"])
def test_one_kind_alone_is_shown_whole(by_fold: pd.DataFrame, kind: str) -> None:
    figure = plot_metrics(by_fold[by_fold["kind"] == kind], title="t")
    assert "Triangle" not in texts(figure)


def test_networks_come_first_with_a_rule_below(by_fold: pd.DataFrame) -> None:
    axes = panel(plot_metrics(by_fold.iloc[::-1], title="t"), "Mean squared error")
    assert [label.get_text() for label in axes.get_yticklabels()] == ["expBox", "DrugGene", "Effects", "Global mean"]
    assert [1.5, 1.5] in [list(np.asarray(line.get_ydata())) for line in axes.lines]


def test_the_caption_counts_folds_and_pairs(by_fold: pd.DataFrame) -> None:
    figure = plot_metrics(by_fold, title="Random pairs", notes="Two seeds")
    assert "3 folds of 100 to 102 test pairs." in texts(figure)
    assert "Two seeds." in texts(figure)
    assert "Random pairs" in texts(figure)
    one = plot_metrics(by_fold[by_fold["fold"] == 0], title="t")
    assert "One fold of 100 test pairs." in texts(one)


def test_simulated_data_are_marked_and_real_ones_are_not(by_fold: pd.DataFrame) -> None:
    assert "Simulated data" in texts(plot_metrics(by_fold, title="t", simulated=True))
    assert "imulated" not in texts(plot_metrics(by_fold, title="t"))


def test_nothing_overlaps_or_leaves_the_page(by_fold: pd.DataFrame) -> None:
    by_fold.loc[0, "r2"] = -700.0
    notes = "A long note that needs a line of its own. " * 4
    figure = plot_metrics(by_fold, title="Prediction of the AUC", notes=notes, simulated=True)
    assert figure.get_figwidth() * 25.4 == pytest.approx(FULL_WIDTH)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    renderer, page = canvas.get_renderer(), figure.bbox
    boxes = {f"panel {i}": axes.get_tightbbox(renderer) for i, axes in enumerate(figure.axes)}
    boxes |= {text.get_text(): text.get_window_extent(renderer) for text in figure.texts}
    boxes["legend"] = figure.legends[0].get_window_extent(renderer)
    for name, box in boxes.items():
        assert page.x0 <= box.x0, name
        assert page.y0 <= box.y0, name
        assert box.x1 <= page.x1, name
        assert box.y1 <= page.y1, name
        clashes = [other for other in boxes if other != name and box.padded(-1).overlaps(boxes[other].padded(-1))]
        assert not clashes, name


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda frame: frame.drop(columns="mae"), r"metrics by fold: missing column\(s\) mae"),
        (lambda frame: frame.iloc[:0], "metrics by fold: no row"),
        (lambda frame: frame.assign(kind="tree"), "kind 'tree' is unknown"),
    ],
)
def test_bad_tables_are_refused(by_fold: pd.DataFrame, spoil: object, message: str) -> None:
    assert callable(spoil)
    with pytest.raises(ValueError, match=message):
        plot_metrics(spoil(by_fold), title="t")


def test_equal_figures_have_equal_bytes_and_carry_no_date(by_fold: pd.DataFrame, tmp_path: Path) -> None:
    for name in ("one", "other"):
        save_figure(plot_metrics(by_fold, title="t"), by_fold, tmp_path / "figures" / name)
    folder = tmp_path / "figures"
    assert sorted(os.listdir(folder)) == [f"{n}.{s}" for n in ("one", "other") for s in ("csv", "pdf", "png")]
    for suffix in ("pdf", "png", "csv"):
        assert (folder / f"one.{suffix}").read_bytes() == (folder / f"other.{suffix}").read_bytes()
    pdf = (folder / "one.pdf").read_bytes()
    assert b"CreationDate" not in pdf
    assert b"/Type3" not in pdf
    assert b"/CIDFontType2" in pdf
    assert (folder / "one.png").read_bytes()[:4] == b"\x89PNG"
    pd.testing.assert_frame_equal(pd.read_csv(folder / "one.csv"), by_fold, rtol=1e-5)


def test_saving_releases_the_figure(by_fold: pd.DataFrame, tmp_path: Path) -> None:
    figure = plot_metrics(by_fold, title="t")
    save_figure(figure, by_fold, tmp_path / "f")
    assert not figure.axes
