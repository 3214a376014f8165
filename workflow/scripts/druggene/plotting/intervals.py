"""The figure of intervals: what each model reaches over all pairs, per drug and per cell line."""

from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from druggene.constants import MODEL
from druggene.plotting import GREY, KINDS, LETTERS, style
from druggene.plotting.metrics import axis_limits, note_absent
from druggene.plotting.rows import label_panel, label_rows, new_figure_of_rows
from druggene.tables import require_columns

# Level, metric, name, and whether more is better; in reading order.
_PANELS: Final = (
    ("pooled", "pearson", "Pearson correlation, all pairs", True),
    ("pooled", "normalised_pearson", "Pearson beyond effects, all pairs", True),
    ("pooled", "mse", "Mean squared error (AUC²), all pairs", False),
    ("drug", "pearson", "Pearson correlation per drug", True),
    ("drug", "normalised_pearson", "Pearson beyond effects per drug", True),
    ("cell_line", "pearson", "Pearson correlation per cell line", True),
)
_REFERENCE: Final = "effects"
_COLUMNS: Final = 3
"""Panels side by side."""


def plot_intervals(intervals: pd.DataFrame, *, title: str, confidence: float, simulated: bool = False) -> Figure:
    """Draw what every model reaches with its bootstrap interval, and where the drug + cell-line effects stand.

    Parameters
    ----------
    intervals
        Columns model, label, kind (network, rival or naive), level, metric, value, low, high, n, resampled; models in
        the order in which they are drawn.
    title
        Heading of the figure.
    confidence
        Coverage of the intervals, 0 to 1.
    simulated
        Whether to mark the figure as simulated.

    Raises
    ------
    ValueError
        If there is no row, or a column is missing.
    """
    columns = [MODEL, "label", "kind", "level", "metric", "value", "low", "high", "n", "resampled"]
    require_columns(intervals.columns, columns, "intervals")
    if intervals.empty:
        raise ValueError("intervals: no row; evaluate at least one model")
    models = intervals.drop_duplicates(MODEL)[[MODEL, "label", "kind"]]
    models = pd.concat([models[models["kind"] == kind] for kind in KINDS], ignore_index=True)
    # Drugs or cell lines of which none has enough test pairs have no panel.
    panels = [panel for panel in _PANELS if panel[0] in set(intervals["level"])]
    n_rows = -(-len(panels) // _COLUMNS)
    with style():
        caption, legend = _caption(intervals, confidence), _legend(set(models["kind"]))
        figure = new_figure_of_rows(title, legend, caption, len(models), n_rows, simulated)
        grid: np.ndarray = figure.subplots(n_rows, _COLUMNS, sharey=True, squeeze=False)
        for axes in grid.flat[len(panels) :]:
            axes.remove()
        drawn = zip(LETTERS, grid.flat, panels, strict=False)
        for letter, axes, (level, metric, name, more_is_better) in drawn:
            chosen = intervals[(intervals["level"] == level) & (intervals["metric"] == metric)]
            _draw(axes, models.merge(chosen[[MODEL, "value", "low", "high"]], on=MODEL, how="left"), more_is_better)
            label_panel(axes, letter, name, more_is_better)
    return figure


def _draw(axes: Axes, rows: pd.DataFrame, more_is_better: bool) -> None:
    """Draw one panel; ``rows`` has one row per model, NaN where it has no value."""
    low, high = axis_limits(rows, "value", more_is_better)
    ends = rows.loc[rows["value"].between(low, high), ["low", "high"]].to_numpy(dtype=float)
    if np.isfinite(ends).any():
        low, high = min(low, np.nanmin(ends)), max(high, np.nanmax(ends))
        low, high = low - 0.02 * (high - low), high + 0.02 * (high - low)
    columns = [rows[name].to_numpy(dtype=float) for name in ("value", "low", "high")]
    for place, (kind, value, *bar) in enumerate(zip(rows["kind"], *columns, strict=True)):
        _, colour, marker = KINDS[kind]
        note_absent(axes, place, np.array([value]), (low, high))
        if low <= value <= high:
            axes.plot(bar, [place, place], color=colour, linewidth=1.2, solid_capstyle="butt")
            axes.plot(value, place, marker=marker, color=colour, markersize=4, markeredgewidth=0)
    reference = rows.loc[rows[MODEL] == _REFERENCE, "value"]
    if len(reference) and reference.notna().all():
        axes.axvline(float(reference.iloc[0]), color=GREY, linewidth=0.6, linestyle=(0, (4, 3)), zorder=0)
    for place in np.flatnonzero((rows["kind"] != rows["kind"].shift()).to_numpy())[1:]:
        axes.axhline(place - 0.5, color="black", linewidth=0.5)
    label_rows(axes, rows["label"].tolist())
    axes.set_xlim(low, high)
    axes.locator_params(axis="x", nbins=5)


def _legend(kinds: set[str]) -> list[Line2D]:
    handles = [
        Line2D([], [], color=colour, marker=marker, markersize=4, linewidth=1.2, label=name)
        for kind, (name, colour, marker) in KINDS.items()
        if kind in kinds
    ]
    dashes = (0, (4, 3))
    return [*handles, Line2D([], [], color=GREY, linewidth=0.6, linestyle=dashes, label="Drug + cell-line effects")]


def _caption(intervals: pd.DataFrame, confidence: float) -> str:
    """Return the sentences below the panels: what the bars are, and how many rows, drugs and cell lines count."""
    counts = intervals[intervals["metric"] == "pearson"].groupby("level")["n"].max()
    cluster = str(intervals.loc[intervals["level"] == "pooled", "resampled"].iloc[0]).replace("_", " ")
    sentences = [
        f"Bars: {confidence:.0%} bootstrap intervals, resampling {cluster}s over all pairs "
        f"({counts['pooled']:,} responses)"
    ]
    sentences += [
        f"per {name}: mean over {counts[level]:,} {name}s with enough test pairs, which are resampled"
        for level, name in (("drug", "drug"), ("cell_line", "cell line"))
        if level in counts
    ]
    sentences.append("Beyond effects: after subtracting the drug + cell-line effects from both sides")
    return "; ".join(sentences[:-1]) + ". " + sentences[-1] + "."
