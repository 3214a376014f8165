"""Figures of interpretation, from data frames alone: embeddings of cell lines and drugs, the best terms of a drug."""

import textwrap
from typing import Any, Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import StrMethodFormatter

from druggene.plotting import (
    BLUE,
    COLUMN_WIDTH,
    GREEN,
    GREY,
    HEADING,
    LETTERS,
    LIGHT_GREY,
    ORANGE,
    PURPLE,
    VERMILION,
    letter_panel,
    mark_simulated,
    new_figure,
    style,
    with_minus,
)
from druggene.tables import require_columns

# Every class has a shape of its own besides its colour.
_CLASSES: Final = ((VERMILION, "s"), (BLUE, "^"), (GREEN, "D"), (PURPLE, "v"), (ORANGE, "P"))
_MARKED: Final = VERMILION
_OTHER: Final = "#999999"
_BETWEEN: Final = "#BBBBBB"
_NAMES: Final = 20
"""Most terms whose names stand beside the hierarchy, and lines of names; the others are in its table."""
_LETTERS_OF_A_NAME: Final = 44


def _minus(value: float, form: str) -> str:
    return "n.d." if np.isnan(value) else with_minus(form.format(value))


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
        figure.suptitle(title, x=0.01, ha="left", fontsize=HEADING, fontweight="bold")
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
                letter_panel(axes, LETTERS[2 * row + column])
            n = int(part[["expression", "auc"]].notna().all(axis=1).sum())
            grid[row, 1].set_title(f"ρ (expression, AUC) = {_minus(rho, '{:.2f}')}, n = {n}", loc="right")
            if note:
                grid[row, 0].set_title("\n".join(textwrap.wrap(note, 40)), loc="right")
        if simulated:
            mark_simulated(figure)
    return figure


def _scatter_values(figure: Figure, axes: Axes, part: pd.DataFrame, name: str, label: str, colours: str) -> None:
    """Draw cell lines coloured by a value, those without one in grey behind the others."""
    known = part[name].notna()
    axes.scatter(part.loc[~known, "pc1"], part.loc[~known, "pc2"], s=5, color=LIGHT_GREY, linewidths=0)
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
    figure = new_figure(92 + 14 * scores["class"].nunique(), COLUMN_WIDTH)
    with style():
        figure.suptitle(title, x=0.01, ha="left", fontsize=HEADING, fontweight="bold")
        axes = figure.subplots()
        rest = points[points["class"].isna()]
        axes.scatter(rest["pc1"], rest["pc2"], s=8, color=_BETWEEN, linewidths=0, label=f"other drugs ({len(rest)})")
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
        figure.legend(loc="outside lower left", frameon=False, labelspacing=0.8)
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
    figure = new_figure(160)
    with style():
        figure.suptitle(title, x=0.01, ha="left", fontsize=HEADING, fontweight="bold")
        halves: Any = figure.subfigures(2, 1)
        above, below = halves
        tree, names = above.subplots(1, 2, width_ratios=[1.75, 1])
        waterfall, scatter = below.subplots(1, 2)
        _draw_tree(tree, nodes, edges)
        _write_names(names, nodes, marked)
        _draw_waterfall(waterfall, best, score, marked)
        scatter.scatter(states["component"], states["auc"], s=6, color=BLUE, alpha=0.6, linewidths=0)
        state = f"State of {best['name'].iloc[0]} (first component, standard deviations)"
        scatter.set_xlabel("\n".join(textwrap.wrap(state, 48)))
        scatter.set_ylabel("AUC")
        scatter.set_title(f"ρ = {_minus(rho, '{:.2f}')}, n = {len(states)} test pairs", loc="right")
        for letter, axes in zip(LETTERS, (tree, waterfall, scatter), strict=False):
            letter_panel(axes, letter)
        if simulated:
            mark_simulated(figure)
    return figure


def _draw_tree(axes: Axes, nodes: pd.DataFrame, edges: pd.DataFrame) -> None:
    """Draw the terms by their layer, the best ones larger and with their rank."""
    place = nodes.set_index("term")[["x", "layer"]]
    for parent, child in edges[["parent", "child"]].itertuples(index=False):
        axes.plot(*place.loc[[parent, child]].to_numpy().T, color="#CCCCCC", linewidth=0.6, zorder=1)
    between = nodes[nodes["rank"].isna()]
    axes.scatter(between["x"], between["layer"], s=8, color=_BETWEEN, zorder=2, linewidths=0)
    for node in nodes[nodes["rank"].notna()].to_dict("records"):
        colour, shape = (_MARKED, "s") if node["marked"] else ("black", "o")
        axes.scatter(node["x"], node["layer"], s=22, color=colour, marker=shape, zorder=2, linewidths=0)
        # Edges run behind the number, not through it.
        box = {"facecolor": "white", "edgecolor": "none", "pad": 0.6, "alpha": 0.85}
        axes.annotate(
            str(int(node["rank"])),
            (node["x"], node["layer"]),
            xytext=(0, -4.5),
            textcoords="offset points",
            ha="center",
            va="top",
            color=colour,
            bbox=box,
        )
    layers = sorted(nodes["layer"].unique())
    axes.set_yticks(layers)
    axes.set_ylim(layers[0] - 0.6, layers[-1] + 0.3)
    axes.set_ylabel("Layer of the network")
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)


def _write_names(axes: Axes, nodes: pd.DataFrame, marked: str) -> None:
    """Write what the numbers in the hierarchy mean."""
    axes.set_axis_off()
    ranked = nodes[nodes["rank"].notna()].sort_values("rank")
    named = list(ranked[["rank", "name", "marked"]].head(_NAMES).itertuples(index=False))
    whole = [textwrap.wrap(name, _LETTERS_OF_A_NAME) for _, name, _ in named]
    if sum(map(len, whole)) > _NAMES:  # no room for all names in full
        whole = [[textwrap.shorten(name, _LETTERS_OF_A_NAME, placeholder="…")] for _, name, _ in named]
    lines = [
        (f"{rank:.0f} {part}" if number == 0 else f"     {part}", _MARKED if flag else "black")
        for (rank, _, flag), parts in zip(named, whole, strict=True)
        for number, part in enumerate(parts)
    ]
    lines.append((f"■ {marked}", _MARKED))
    if len(ranked) > _NAMES:
        lines.append((f"and {len(ranked) - _NAMES} more in the table", GREY))
    for row, (text, colour) in enumerate(lines):
        axes.annotate(
            text,
            (0, 1),
            xycoords="axes fraction",
            xytext=(0, -9.8 * row),
            textcoords="offset points",
            va="top",
            color=colour,
            annotation_clip=False,
        )


def _draw_waterfall(axes: Axes, best: pd.DataFrame, score: str, marked: str) -> None:
    """Draw the scores of the best terms, the marked ones in their colour."""
    colours = np.where(best["marked"], _MARKED, _OTHER)
    axes.bar(best["rank"], best["value"], color=colours, width=1.0, linewidth=0)
    if (best["value"] > 0).all() and best["value"].max() > 100 * best["value"].min():
        axes.set_yscale("log")
        # Numbers as they are: with parse_math off, powers of ten would be printed as their formula.
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,g}"))
    axes.set_xlabel(f"Rank among terms\nin colour: {int(best['marked'].sum())} of {len(best)}, {marked}")
    axes.set_ylabel(with_minus(score))
