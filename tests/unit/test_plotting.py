"""The figure of metrics: what is drawn, what is said about what is not, and equal bytes for equal data."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from druggene.plotting import FULL_WIDTH, label_models, plot_metrics, save_figure

METRICS = ["pearson", "spearman", "r2", "mse", "rmse", "mae"]
LABELS = {"druggene": "DrugGene", "expbox": "expBox", "global_mean": "Global mean", "effects": "Effects"}
NAIVE = ["global_mean", "effects"]


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
    return label_models(frame, LABELS, NAIVE)


def panel(figure: Figure, name: str) -> Axes:
    """The panel whose axis label begins with ``name``."""
    (found,) = [axes for axes in figure.axes if axes.get_xlabel().startswith(name)]
    return found


def dots(axes: Axes, colour: str) -> list[float]:
    """Values of all dots of a colour."""
    lines = [line for line in axes.lines if line.get_color() == colour and line.get_marker() in ("o", "s")]
    return [float(value) for line in lines for value in np.asarray(line.get_xdata())]


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
        label_models(by_fold, {"druggene": "a", "expbox": "b", "effects": "c"}, [])


def test_every_fold_of_every_model_is_a_dot_in_its_colour(by_fold: pd.DataFrame) -> None:
    figure = plot_metrics(by_fold, title="t")
    assert len(figure.axes) == len(METRICS)
    axes = panel(figure, "Mean squared error")
    for kind, colour in (("network", NETWORK_BLUE), ("naive", NAIVE_ORANGE)):
        expected = by_fold.loc[by_fold["kind"] == kind, "mse"]
        assert sorted(dots(axes, colour)) == pytest.approx(sorted(expected))


def test_mean_and_deviation_are_drawn_at_the_row(by_fold: pd.DataFrame) -> None:
    axes = panel(plot_metrics(by_fold, title="t"), "Mean absolute error")
    values = by_fold.loc[by_fold["model"] == "expbox", "mae"]
    black = [np.c_[line.get_xdata(), line.get_ydata()] for line in axes.lines if line.get_color() == "black"]
    (bar,) = [ends for ends in black if np.all(ends[:, 1] == 1)]
    assert bar[:, 0] == pytest.approx([values.mean() - values.std(), values.mean() + values.std()])


@pytest.mark.parametrize(
    ("name", "direction"),
    [("Pearson", "higher"), ("Spearman", "higher"), ("Coefficient", "higher"), ("Mean sq", "lower"), ("Root", "lower")],
)
def test_the_axis_says_what_is_better(by_fold: pd.DataFrame, name: str, direction: str) -> None:
    assert f"{direction} is better" in panel(plot_metrics(by_fold, title="t"), name).get_xlabel()


def test_an_undefined_metric_is_said_at_its_row(by_fold: pd.DataFrame) -> None:
    figure = plot_metrics(by_fold, title="t")
    (mark,) = panel(figure, "Pearson").texts
    assert (mark.get_text(), mark.xy[1]) == ("n.d.", 2)
    assert not panel(figure, "Mean squared error").texts
    assert "n.d.: not defined" in texts(figure)


def test_a_metric_that_some_folds_lack_is_counted(by_fold: pd.DataFrame) -> None:
    by_fold.loc[[0, 1], "pearson"] = np.nan
    assert "2 n.d." in [text.get_text() for text in panel(plot_metrics(by_fold, title="t"), "Pearson").texts]


def test_a_far_fold_squashes_nothing_and_is_said(by_fold: pd.DataFrame) -> None:
    by_fold.loc[0, "r2"] = -700.0
    figure = plot_metrics(by_fold, title="t")
    axes = panel(figure, "Coefficient")
    low, high = axes.get_xlim()
    others = by_fold["r2"].drop(0)
    assert (others.max() - others.min()) / (high - low) > 0.5
    assert "1 at −700" in [text.get_text() for text in axes.texts]
    assert sorted(dots(axes, NETWORK_BLUE)) == pytest.approx(sorted(by_fold["r2"][1:6]))
    assert "Triangle" in texts(figure)


def test_a_value_that_is_merely_worse_stays_on_the_axis(by_fold: pd.DataFrame) -> None:
    by_fold["mse"] = [0.018, 0.020, 0.021, 0.019, 0.021, 0.022, 0.035, 0.021, 0.020, 0.018, 0.019, 0.020]
    figure = plot_metrics(by_fold, title="t")
    assert panel(figure, "Mean squared error").get_xlim()[1] > 0.035
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
