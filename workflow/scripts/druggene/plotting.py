"""Figures, drawn from data frames alone, so that they can be redrawn without training."""

import logging
import textwrap
from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from druggene.constants import FOLD, MODEL
from druggene.tables import atomic_path, require_columns

FULL_WIDTH: Final = 180.0
"""Width of a figure over both columns of a journal's page, in mm."""

_STYLE: Final[Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 7,
    "axes.labelsize": 7,
    "axes.titlesize": 8,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "legend.fontsize": 7,
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    # Text stays text in the PDF: type 42 fonts can be edited and searched, type 3 cannot.
    "pdf.fonttype": 42,
}

# Okabe and Ito's colours, told apart by colour-blind readers; the shapes tell them apart in grey.
_KINDS: Final = {"network": ("Network", "#0072B2", "o"), "naive": ("Naive predictor", "#D55E00", "s")}
_GREY: Final = "#666666"

# Column, name, and whether more is better; in reading order.
_METRICS: Final = (
    ("pearson", "Pearson correlation", True),
    ("spearman", "Spearman correlation", True),
    ("r2", "Coefficient of determination R²", True),
    ("mse", "Mean squared error (AUC²)", False),
    ("rmse", "Root mean squared error (AUC)", False),
    ("mae", "Mean absolute error (AUC)", False),
)

# The axis shows all values unless that makes it this many times longer than the bulk of them needs.
_SQUASHED: Final = 6.0
_NOT_DEFINED: Final = "n.d."


def new_figure(height: float, width: float = FULL_WIDTH) -> Figure:
    """Return an empty figure of ``width`` x ``height`` mm in the style of all figures.

    It belongs to no window and no global list of figures. Draw on it inside :func:`style`.
    """
    with style():
        return Figure(figsize=(width / 25.4, height / 25.4), layout="constrained")


def style() -> AbstractContextManager[None]:
    """Return the context in which a figure is drawn and saved: fonts, sizes and line widths."""
    return mpl.rc_context(_STYLE)


def mark_simulated(figure: Figure) -> None:
    """Write "Simulated data" into the upper right corner, so that made-up results are never taken for real ones."""
    figure.text(
        0.99,
        1 - 2 / (25.4 * figure.get_figheight()),
        "Simulated data",
        ha="right",
        va="top",
        fontsize=8,
        fontweight="bold",
        bbox={"facecolor": "#F0E442", "edgecolor": "black", "linewidth": 0.6, "boxstyle": "square,pad=0.3"},
    )


def save_figure(figure: Figure, data: pd.DataFrame, stem: str | Path) -> None:
    """Write ``stem``.pdf (vector), .png (300 dpi) and .csv (the data drawn), each whole or not at all, and close it.

    Equal figures give equal bytes: no date is written. Columns of ``data`` keep six significant digits.
    """
    # It reports every glyph of the fonts that go into a PDF.
    logging.getLogger("fontTools").setLevel(logging.WARNING)
    for suffix, metadata in (("pdf", {"CreationDate": None}), ("png", {"Software": None})):
        with atomic_path(f"{stem}.{suffix}") as temporary, style():
            figure.savefig(temporary, format=suffix, dpi=300, metadata=metadata)
    with atomic_path(f"{stem}.csv") as temporary:
        data.to_csv(temporary, index=False, float_format="%.6g", lineterminator="\n")
    figure.clear()


def label_models(metrics: pd.DataFrame, labels: Mapping[str, str], naive: Collection[str]) -> pd.DataFrame:
    """Add ``label`` and ``kind`` (network or naive) and put models in the order in which they are drawn.

    Parameters
    ----------
    metrics
        One row per model and fold; column ``model`` and any others.
    labels
        Every model to the name that readers see, in the order in which they are drawn.
    naive
        Those of them that are naive predictors; the others are networks.

    Raises
    ------
    ValueError
        If a model of ``metrics`` has no label.
    """
    unknown = sorted(set(metrics[MODEL]) - set(labels))
    if unknown:
        raise ValueError(f"metrics by fold: model {unknown[0]!r} has no label; labelled are {', '.join(labels)}")
    place = {model: i for i, model in enumerate(labels)}
    ordered = metrics.sort_values(
        [MODEL, FOLD], key=lambda column: column.map(place) if column.name == MODEL else column, ignore_index=True
    )
    kind = np.where(ordered[MODEL].isin(list(naive)), "naive", "network")
    return ordered.assign(label=ordered[MODEL].map(dict(labels)), kind=kind)


def plot_metrics(by_fold: pd.DataFrame, *, title: str, notes: str = "", simulated: bool = False) -> Figure:
    """Draw six metrics of all models: a dot per fold, the mean and the standard deviation over folds.

    Parameters
    ----------
    by_fold
        One row per model and fold: model, label, kind (network or naive), fold, n_pairs, pearson,
        spearman, mse, rmse, mae, r2 (NaN where not defined). Rows are drawn from top to bottom in the
        order in which the models first appear, networks first.
    title
        Heading of the figure.
    notes
        A sentence for the line below the panels.
    simulated
        Whether to mark the figure as simulated.

    Raises
    ------
    ValueError
        If there is no row, or a column is missing, or a kind is unknown.
    """
    columns = [MODEL, "label", "kind", FOLD, "n_pairs", *(metric for metric, _, _ in _METRICS)]
    require_columns(by_fold.columns, columns, "metrics by fold")
    if by_fold.empty:
        raise ValueError("metrics by fold: no row; evaluate at least one model")
    unknown = sorted(set(by_fold["kind"]) - set(_KINDS))
    if unknown:
        raise ValueError(f"metrics by fold: kind {unknown[0]!r} is unknown; it is one of {', '.join(_KINDS)}")

    models = by_fold.drop_duplicates(MODEL)
    models = pd.concat([models[models["kind"] == kind] for kind in _KINDS], ignore_index=True)
    cut = any(_is_cut(by_fold[metric].to_numpy(dtype=float)) for metric, _, _ in _METRICS)
    caption = _caption(by_fold, cut, notes)
    top, row, axis, bottom = 12.0, 4.2, 13.0, 5.0 + 3.5 * len(caption)
    height = top + 2 * (row * len(models) + axis) + bottom
    figure = new_figure(height)
    with style():
        panels = (0.0, bottom / height, 1.0, 1 - (top + bottom) / height)
        figure.set_layout_engine("constrained", rect=panels, w_pad=0.06)
        figure.text(0.01, 1 - 2 / height, title, va="top", fontsize=9, fontweight="bold")
        _add_legend(figure, set(models["kind"]), by_fold[FOLD].nunique(), 1 - 6.5 / height)
        grid: np.ndarray = figure.subplots(2, 3, sharey=True)
        for axes, (metric, name, more_is_better) in zip(grid.flat, _METRICS, strict=True):
            _draw_metric(axes, by_fold, models, metric)
            axes.set_xlabel(name + ("\nhigher is better →" if more_is_better else "\n← lower is better"))
        figure.text(0.01, (bottom - 2) / height, "\n".join(caption), va="top", color=_GREY, linespacing=1.4)
        if simulated:
            mark_simulated(figure)
    return figure


def _draw_metric(axes: Axes, by_fold: pd.DataFrame, models: pd.DataFrame, metric: str) -> None:
    """Draw one panel: ``metric`` of every model and fold."""
    rows = np.arange(len(models))
    n_networks = int((models["kind"] == "network").sum())
    axes.set_ylim(len(models) - 0.5, -0.5)
    axes.set_yticks(rows, models["label"])
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color="#E5E5E5", linewidth=0.5)
    if 0 < n_networks < len(models):
        axes.axhline(n_networks - 0.5, color="black", linewidth=0.5)

    by_model = by_fold.groupby(MODEL)[metric]
    partly_missing = bool((by_model.count().between(1, by_model.size() - 1)).any())
    values = by_fold[metric].to_numpy(dtype=float)
    low, high = _limits(values)
    below, above = bool((values < low).any()), bool((values > high).any())
    # What is written at an edge gets a strip of its own, so that it covers no dot.
    strip = 0.4 * (high - low)
    axes.set_xlim(low - strip * (below or partly_missing), high + strip * above)
    ticks = MaxNLocator(nbins=4, steps=[1, 2, 5, 10]).tick_values(low, high)
    axes.set_xticks([tick for tick in ticks if low <= tick <= high])
    # Folds keep their place in every row, so that dots can be followed from model to model.
    folds = sorted(by_fold[FOLD].unique())
    offsets = dict(zip(folds, np.linspace(-0.26, 0.26, len(folds)) if len(folds) > 1 else [0.0], strict=True))
    for row, model in zip(rows, models.itertuples(), strict=True):
        of_model = by_fold[by_fold[MODEL] == model.model]
        heights = row + of_model[FOLD].map(offsets).to_numpy(dtype=float)
        _, colour, marker = _KINDS[str(model.kind)]
        _draw_row(axes, of_model[metric].to_numpy(dtype=float), heights, (low, high), float(row), colour, marker)


def _draw_row(
    axes: Axes,
    values: np.ndarray,
    heights: np.ndarray,
    limits: tuple[float, float],
    row: float,
    colour: str,
    marker: str,
) -> None:
    """Draw the F folds of one model (values and heights), mean and deviation, and say what is not shown."""
    low, high = limits
    defined = values[np.isfinite(values)]
    if len(defined) == 0:
        _write_at_edge(axes, "left", row, _NOT_DEFINED)
        return
    inside = (values >= low) & (values <= high)
    alpha = 0.6 if len(values) > 1 else 1.0
    axes.plot(values[inside], heights[inside], marker, color=colour, markersize=2.8, alpha=alpha, markeredgewidth=0)
    if len(defined) > 1 and low <= defined.mean() <= high:
        mean, deviation = defined.mean(), defined.std(ddof=1)
        ends = np.clip([mean - deviation, mean + deviation], low, high)
        axes.plot(ends, [row, row], color="black", linewidth=0.8, zorder=3)
        axes.plot([mean, mean], [row - 0.32, row + 0.32], color="black", linewidth=1.0, zorder=3)

    for side, beyond in (("left", defined[defined < low]), ("right", defined[defined > high])):
        if len(beyond):
            edge = axes.get_xlim()[0 if side == "left" else 1]
            axes.plot([edge], [row], "<" if side == "left" else ">", color=colour, markersize=4, clip_on=False)
            _write_at_edge(axes, side, row, f"{len(beyond)} at {beyond.mean():.3g}".replace("-", "−"))
    n_missing = len(values) - len(defined)
    if n_missing:
        _write_at_edge(axes, "left", row, f"{n_missing} {_NOT_DEFINED}")


def _write_at_edge(axes: Axes, side: str, row: float, text: str) -> None:
    axes.annotate(
        text,
        xy=(0.0 if side == "left" else 1.0, row),
        xycoords=axes.get_yaxis_transform(),
        xytext=(4 if side == "left" else -4, 0),
        textcoords="offset points",
        ha=side,
        va="center",
        color=_GREY,
    )


def _limits(values: np.ndarray) -> tuple[float, float]:
    """Return axis limits that show all values, or the bulk of them where a few far ones would squash it.

    The bulk lies within three interquartile ranges of the quartiles (Tukey's outer fences).
    """
    values = values[np.isfinite(values)]
    if len(values) == 0:
        return 0.0, 1.0
    low, high = float(values.min()), float(values.max())
    lower, upper = np.quantile(values, [0.25, 0.75])
    reach = 3 * (upper - lower)
    bulk = values[(values >= lower - reach) & (values <= upper + reach)]
    if high - low > _SQUASHED * (bulk.max() - bulk.min()) > 0:
        low, high = float(bulk.min()), float(bulk.max())
    margin = 0.06 * (high - low) or 0.05 * abs(high) or 0.5
    return low - margin, high + margin


def _add_legend(figure: Figure, kinds: set[str], n_folds: int, top: float) -> None:
    handles = [
        Line2D([], [], color=colour, marker=marker, linestyle="", markersize=4, label=f"{name}, one fold")
        for kind, (name, colour, marker) in _KINDS.items()
        if kind in kinds
    ]
    if n_folds > 1:
        label = "Mean ± standard deviation over folds"
        handles.append(Line2D([], [], color="black", linewidth=0.8, marker="|", markersize=6, label=label))
    legend = figure.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=(0.01, top),
        ncols=3,
        frameon=False,
        borderpad=0,
        handletextpad=0.4,
    )
    legend.set_in_layout(False)


def _is_cut(values: np.ndarray) -> bool:
    """Whether some values lie beyond the axis."""
    low, high = _limits(values)
    return bool(((values < low) | (values > high)).any())


def _caption(by_fold: pd.DataFrame, cut: bool, notes: str) -> list[str]:
    """Return the lines below the panels: numbers of folds and test pairs, marks that are used, and ``notes``."""
    n_folds = by_fold[FOLD].nunique()
    fewest, most = int(by_fold["n_pairs"].min()), int(by_fold["n_pairs"].max())
    pairs = f"{fewest:,}" if fewest == most else f"{fewest:,} to {most:,}"
    sentences = [f"{n_folds} folds of {pairs} test pairs" if n_folds > 1 else f"One fold of {pairs} test pairs"]
    metrics = by_fold[[metric for metric, _, _ in _METRICS]].to_numpy(dtype=float)
    if not np.isfinite(metrics).all():
        sentences.append(f"{_NOT_DEFINED}: not defined (a constant prediction has no correlation)")
    if cut:
        sentences.append("Triangle: folds beyond the axis, their number and mean")
    if notes:
        sentences.append(notes.rstrip("."))
    return textwrap.wrap(". ".join(sentences) + ".", width=135)
