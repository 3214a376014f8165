"""Figures of interpretation, from data frames alone: embeddings of cell lines and drugs, the best terms of a drug."""

import textwrap
from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from druggene.plotting import mark_simulated, new_figure, style
from druggene.tables import require_columns

# Okabe and Ito's colours; every class has a shape of its own besides.
_CLASSES: Final = (("#D55E00", "s"), ("#0072B2", "^"), ("#009E73", "D"), ("#CC79A7", "v"), ("#E69F00", "P"))
_MARKED: Final = "#D55E00"
_OTHER: Final = "#999999"
_LABELLED: Final = 12
"""Most terms whose names are written out; more would not be legible."""


def _minus(value: float, form: str) -> str:
    return "n.d." if np.isnan(value) else form.format(value).replace("-", "−")


def plot_genotype_embedding(views: pd.DataFrame, *, title: str, simulated: bool = False) -> Figure:
    """Draw cell lines by the genotype embedding, coloured by expression and by AUC: one row per view (paper, Fig. 5).

    Parameters
    ----------
    views
        view, drug, genes, note, pc1, pc2, expression, auc, rho; see ``expression_views``.
    title
        Heading of the figure.
    simulated
        Whether to mark the figure as simulated.

    Raises
    ------
    ValueError
        If a column is missing or there is no row.
    """
    columns = ["view", "drug", "genes", "note", "pc1", "pc2", "expression", "auc", "rho"]
    require_columns(views.columns, columns, "genotype embedding")
    if views.empty:
        raise ValueError("genotype embedding: no row; name a view in interpretation.figures.views")
    numbers = list(views["view"].unique())
    figure = new_figure(20 + 68 * len(numbers))
    with style():
        figure.suptitle(title, x=0.01, ha="left", fontsize=9, fontweight="bold")
        grid = figure.subplots(len(numbers), 2, squeeze=False)
        for row, number in enumerate(numbers):
            part = views[views["view"] == number]
            drug, genes, note, rho = part[["drug", "genes", "note", "rho"]].iloc[0]
            labels = (f"Expression of {genes} (standard deviations)", f"AUC of {drug}")
            for column, (name, label, colours) in enumerate(
                zip(("expression", "auc"), labels, ("cividis", "viridis"), strict=True)
            ):
                axes = grid[row, column]
                _scatter_values(figure, axes, part, name, label, colours)
                axes.set_title("ABCDEFGH"[2 * row + column], loc="left", fontweight="bold")
            grid[row, 1].set_title(f"ρ of expression and AUC {_minus(rho, '{:.2f}')}", loc="right", fontsize=7)
            if note:
                grid[row, 0].set_title(note, loc="right", fontsize=6)
        if simulated:
            mark_simulated(figure)
    return figure


def _scatter_values(figure: Figure, axes: Axes, part: pd.DataFrame, name: str, label: str, colours: str) -> None:
    """Draw cell lines coloured by a value, those without one in grey behind the others."""
    known = part[name].notna()
    axes.scatter(part.loc[~known, "pc1"], part.loc[~known, "pc2"], s=5, color="#DDDDDD", linewidths=0)
    shown = part[known].sort_values(name)
    if len(shown):
        low, high = np.quantile(shown[name], [0.02, 0.98])
        drawn = axes.scatter(
            shown["pc1"], shown["pc2"], s=9, c=shown[name], cmap=colours, vmin=low, vmax=high, linewidths=0
        )
        figure.colorbar(drawn, ax=axes, label=label, extend="both")
    axes.set_xlabel("Principal component 1 of the root's state")
    axes.set_ylabel("Principal component 2")


def plot_drug_embedding(points: pd.DataFrame, scores: pd.DataFrame, *, title: str, simulated: bool = False) -> Figure:
    """Draw drugs by the drug embedding with the classes of target marked (paper, Fig. 6).

    Parameters
    ----------
    points
        drug, class (missing for most), pc1, pc2.
    scores
        class, n_drugs, by (embedding or fingerprint), silhouette, p_value.
    title
        Heading of the figure.
    simulated
        Whether to mark the figure as simulated.

    Raises
    ------
    ValueError
        If a column is missing.
    """
    require_columns(points.columns, ["drug", "class", "pc1", "pc2"], "drug embedding")
    require_columns(scores.columns, ["class", "n_drugs", "by", "silhouette", "p_value"], "classes of drugs")
    figure = new_figure(90, 130)
    with style():
        figure.suptitle(title, x=0.01, ha="left", fontsize=9, fontweight="bold")
        axes = figure.subplots()
        rest = points[points["class"].isna()]
        axes.scatter(rest["pc1"], rest["pc2"], s=8, color="#CCCCCC", linewidths=0, label=f"other drugs ({len(rest)})")
        by = {(row["class"], row["by"]): (row["silhouette"], row["p_value"]) for _, row in scores.iterrows()}
        for (colour, marker), name in zip(_CLASSES, scores["class"].unique(), strict=False):
            own = points[points["class"] == name]
            text = [f"{name} ({len(own)} drugs)"]
            for source in ("embedding", "fingerprint"):
                silhouette, p = by[name, source]
                text.append(f"{source}: silhouette {_minus(silhouette, '{:.2f}')}, p {_minus(p, '{:.2g}')}")
            axes.scatter(own["pc1"], own["pc2"], s=26, color=colour, marker=marker, linewidths=0, label="\n".join(text))
        axes.set_xlabel("Principal component 1 of the last drug layer")
        axes.set_ylabel("Principal component 2")
        figure.legend(loc="outside right center", frameon=False, labelspacing=1.0)
        if simulated:
            mark_simulated(figure)
    return figure


def plot_best_terms(
    best: pd.DataFrame,
    nodes: pd.DataFrame,
    edges: pd.DataFrame,
    states: pd.DataFrame,
    *,
    title: str,
    score: str,
    marked: str,
    rho: float,
    simulated: bool = False,
) -> Figure:
    """Draw a drug's best terms in the hierarchy, their scores, and the best one's state against the AUC (Fig. 7).

    Parameters
    ----------
    best
        rank, term, name, value (the score), marked; best first.
    nodes, edges
        term, name, layer, rank, marked, x; parent, child: the best terms and what lies between them and the root.
    states
        component, auc of the out-of-fold pairs of the best term.
    title, score, marked
        Heading, name of the score, and what the marked terms are.
    rho
        Spearman's correlation of component and AUC.
    simulated
        Whether to mark the figure as simulated.

    Raises
    ------
    ValueError
        If a column is missing or no term has a score.
    """
    require_columns(best.columns, ["rank", "term", "name", "value", "marked"], "best terms")
    if best.empty:
        raise ValueError("best terms: no term of the drug has a score")
    figure = new_figure(185)
    with style():
        figure.suptitle(title, x=0.01, ha="left", fontsize=9, fontweight="bold")
        tree, waterfall, scatter = figure.subplot_mosaic([["A", "A"], ["B", "C"]], height_ratios=[1.2, 1]).values()
        _draw_tree(tree, nodes, edges)
        _draw_waterfall(waterfall, best, score, marked)
        scatter.scatter(states["component"], states["auc"], s=6, color="#0072B2", alpha=0.6, linewidths=0)
        scatter.set_xlabel("\n".join(textwrap.wrap(f"State of {best['name'].iloc[0]} (first component)", 48)))
        scatter.set_ylabel("AUC")
        scatter.set_title(f"test pairs, ρ {_minus(rho, '{:.2f}')}", loc="right", fontsize=7)
        for letter, axes in zip("ABC", (tree, waterfall, scatter), strict=True):
            axes.set_title(letter, loc="left", fontweight="bold")
        if simulated:
            mark_simulated(figure)
    return figure


def _draw_tree(axes: Axes, nodes: pd.DataFrame, edges: pd.DataFrame) -> None:
    place = nodes.set_index("term")[["x", "layer"]]
    for parent, child in edges[["parent", "child"]].itertuples(index=False):
        axes.plot(*place.loc[[parent, child]].to_numpy().T, color="#CCCCCC", linewidth=0.6, zorder=1)
    lines_below = 0
    lowest = nodes["layer"].min()
    for height, layer in nodes.sort_values("x").groupby("layer"):
        for i, (_, node) in enumerate(layer[layer["rank"].notna()].iterrows()):
            colour = _MARKED if node["marked"] else "black"
            axes.scatter(node["x"], node["layer"], s=24, color=colour, zorder=2, linewidths=0)
            text = textwrap.wrap(f"{int(node['rank'])} {node['name']}", 20)
            # In the lowest layer, which is the fullest, names stand on two levels and do not run into each other.
            level = 4 * (i % 2) if height == lowest else 0
            if height == lowest:
                lines_below = max(lines_below, len(text) + level)
            axes.annotate(
                "\n" * level + "\n".join(text),
                (node["x"], node["layer"]),
                (0, -4),
                textcoords="offset points",
                ha="center",
                va="top",
                fontsize=4.5,
                color=colour,
            )
        between = layer[layer["rank"].isna()]
        axes.scatter(between["x"], between["layer"], s=8, color="#BBBBBB", zorder=2, linewidths=0)
    layers = sorted(nodes["layer"].unique())
    axes.set_yticks(layers)
    axes.set_ylim(layers[0] - 0.14 * (lines_below + 1), layers[-1] + 0.3)
    axes.set_ylabel("Layer of the network")
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)


def _draw_waterfall(axes: Axes, best: pd.DataFrame, score: str, marked: str) -> None:
    colours = np.where(best["marked"], _MARKED, _OTHER)
    axes.bar(best["rank"], best["value"], color=colours, width=1.0, linewidth=0)
    if (best["value"] > 0).all() and best["value"].max() > 100 * best["value"].min():
        axes.set_yscale("log")
    axes.set_xlabel(f"Rank among terms; {int(best['marked'].sum())} of {len(best)} are {marked} (orange)")
    axes.set_ylabel(score)
    lines = [
        ("*" if flag else " ") + f"{rank} {textwrap.shorten(name, 46, placeholder='…')}"
        for rank, name, flag in best[["rank", "name", "marked"]].head(_LABELLED).itertuples(index=False)
    ]
    axes.text(0.98, 0.98, "\n".join(lines), transform=axes.transAxes, ha="right", va="top", fontsize=5, linespacing=1.3)
