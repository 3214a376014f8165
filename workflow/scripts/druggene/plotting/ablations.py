"""The figure of ablations: every seed of every variant beside the base."""

from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from druggene.plotting import BLUE, GREY, LETTERS, LIGHT_GREY, style
from druggene.plotting.rows import label_panel, label_rows, new_figure_of_rows
from druggene.tables import require_columns

# Column, name, and whether more is better.
_PANELS: Final = (
    ("pearson", "Pearson correlation", True),
    ("mse", "Mean squared error (AUC²)", False),
    ("normalised_pearson", "Pearson beyond effects", True),
)
_BASE: Final = "base"
_FAR: Final = 8.0
"""Interquartile ranges of the variants' means from their median, beyond which one is left out of a panel's range."""


def plot_ablations(seeds: pd.DataFrame, *, title: str, notes: str, simulated: bool = False) -> Figure:
    """Draw a dot per seed and a bar at the mean of every variant, over the spread of the base's seeds.

    A variant far from all others would leave them no room: an arrow and its mean stand at the edge of the panel.

    Parameters
    ----------
    seeds
        One row per variant and seed: variant, label, pearson, mse, normalised_pearson; the base is the variant "base".
    title, notes
        Heading, and a sentence below the panels.
    simulated
        Whether to mark the figure as simulated.

    Raises
    ------
    ValueError
        If a column is missing, or there is no base.
    """
    require_columns(seeds.columns, ["variant", "label", *(metric for metric, _, _ in _PANELS)], "ablations")
    variants = seeds.drop_duplicates("variant")
    if _BASE not in set(variants["variant"]):
        raise ValueError("ablations: the base is not among the variants; evaluate it with them")
    caption = (
        "Grey: range of the base's seeds, dashed its mean. Dots: one seed each, over all test pairs of the folds. "
        + "An arrow: the mean, outside the panel. " * any(_far(seeds, metric) for metric, _, _ in _PANELS)
        + notes
    )
    with style():
        figure = new_figure_of_rows(title, _legend(), caption, len(variants), simulated=simulated)
        grid: np.ndarray = np.atleast_1d(figure.subplots(1, 3, sharey=True))
        for letter, axes, (metric, name, more_is_better) in zip(LETTERS, grid, _PANELS, strict=False):
            _draw(axes, seeds, variants, metric)
            label_panel(axes, letter, name, more_is_better)
    return figure


def _far(seeds: pd.DataFrame, metric: str) -> set[str]:
    """Return the variants whose mean lies far from all others'."""
    means = seeds.groupby("variant")[metric].mean().dropna()
    if len(means) < 5:
        return set()
    low, middle, high = means.quantile([0.25, 0.5, 0.75])
    return set(means.index[(means - middle).abs() > _FAR * (high - low)]) - {_BASE}


def _draw(axes: Axes, seeds: pd.DataFrame, variants: pd.DataFrame, metric: str) -> None:
    base = seeds.loc[seeds["variant"] == _BASE, metric].to_numpy(dtype=float)
    far = _far(seeds, metric)
    if np.isfinite(base).all():
        axes.axvspan(float(base.min()), float(base.max()), color=LIGHT_GREY, linewidth=0, zorder=0)
        axes.axvline(float(base.mean()), color=GREY, linewidth=0.6, linestyle=(0, (4, 3)), zorder=0)
    for place, variant in enumerate(variants["variant"]):
        values = seeds.loc[seeds["variant"] == variant, metric].to_numpy(dtype=float)
        values = values[np.isfinite(values)]
        if not len(values):
            axes.annotate("n.d.", (0.02, place), xycoords=axes.get_yaxis_transform(), va="center", color=GREY)
        elif variant in far:
            left = values.mean() < base.mean()
            text = f"← {values.mean():.3g}" if left else f"{values.mean():.3g} →"
            where, side = ((0.02, place), "left") if left else ((0.98, place), "right")
            axes.annotate(text, where, xycoords=axes.get_yaxis_transform(), va="center", ha=side)
        else:
            axes.plot(
                values, np.full(len(values), place), "o", color=BLUE, markersize=2.8, markeredgewidth=0, alpha=0.6
            )
            axes.plot(values.mean(), place, "|", color="black", markersize=7, markeredgewidth=1.0)
    axes.axhline(0.5, color="black", linewidth=0.5)
    label_rows(axes, variants["label"].tolist())
    axes.locator_params(axis="x", nbins=3)


def _legend() -> list[Line2D]:
    return [
        Line2D([], [], color=BLUE, marker="o", linestyle="", markersize=4, label="One seed"),
        Line2D([], [], color="black", marker="|", linestyle="", markersize=6, label="Mean over seeds"),
    ]
