"""The figure of ablations: every seed of every variant beside the base."""

import textwrap
from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from druggene.plotting import GREY, mark_simulated, new_figure, style
from druggene.tables import require_columns

# Column, name, and whether more is better.
_PANELS: Final = (
    ("pearson", "Pearson correlation", True),
    ("mse", "Mean squared error (AUC²)", False),
    ("normalised_pearson", "Pearson beyond effects", True),
)
_BASE: Final = "base"
_BLUE: Final = "#0072B2"


def plot_ablations(seeds: pd.DataFrame, *, title: str, notes: str, simulated: bool = False) -> Figure:
    """Draw a dot per seed and a bar at the mean of every variant, over the spread of the base's seeds.

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
    caption = textwrap.wrap(
        "Grey: range of the base's seeds, dashed its mean. Dots: one seed each, over all test pairs of the folds. "
        + notes,
        width=135,
    )
    top, row, axis, bottom = 12.0, 4.2, 17.0, 5.0 + 3.5 * len(caption)
    height = top + row * len(variants) + axis + bottom
    figure = new_figure(height)
    with style():
        figure.set_layout_engine(
            "constrained", rect=(0.0, bottom / height, 1.0, 1 - (top + bottom) / height), w_pad=0.06
        )
        figure.text(0.01, 1 - 2 / height, title, va="top", fontsize=9, fontweight="bold")
        _add_legend(figure, 1 - 6.5 / height)
        grid: np.ndarray = np.atleast_1d(figure.subplots(1, 3, sharey=True))
        for letter, axes, (metric, name, more_is_better) in zip("abc", grid, _PANELS, strict=True):
            _draw(axes, seeds, variants, metric)
            axes.set_title(letter, loc="left", fontweight="bold", pad=4)
            axes.set_xlabel(name + ("\nhigher is better →" if more_is_better else "\n← lower is better"))
        figure.text(0.01, (bottom - 2) / height, "\n".join(caption), va="top", color=GREY, linespacing=1.4)
        if simulated:
            mark_simulated(figure)
    return figure


def _draw(axes: Axes, seeds: pd.DataFrame, variants: pd.DataFrame, metric: str) -> None:
    base = seeds.loc[seeds["variant"] == _BASE, metric].to_numpy(dtype=float)
    if np.isfinite(base).all():
        axes.axvspan(float(base.min()), float(base.max()), color="#E5E5E5", linewidth=0, zorder=0)
        axes.axvline(float(base.mean()), color=GREY, linewidth=0.6, linestyle=(0, (4, 3)), zorder=0)
    for place, variant in enumerate(variants["variant"]):
        values = seeds.loc[seeds["variant"] == variant, metric].to_numpy(dtype=float)
        values = values[np.isfinite(values)]
        if len(values):
            axes.plot(
                values, np.full(len(values), place), "o", color=_BLUE, markersize=2.8, markeredgewidth=0, alpha=0.6
            )
            axes.plot(values.mean(), place, "|", color="black", markersize=7, markeredgewidth=1.0)
        else:
            axes.annotate("n.d.", (0.02, place), xycoords=axes.get_yaxis_transform(), va="center", color=GREY)
    axes.axhline(0.5, color="black", linewidth=0.5)
    axes.set_yticks(range(len(variants)), variants["label"])
    axes.set_ylim(len(variants) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color="#E5E5E5", linewidth=0.5)
    axes.locator_params(axis="x", nbins=5)


def _add_legend(figure: Figure, top: float) -> None:
    handles = [
        Line2D([], [], color=_BLUE, marker="o", linestyle="", markersize=4, label="One seed"),
        Line2D([], [], color="black", marker="|", linestyle="", markersize=6, label="Mean over seeds"),
    ]
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
