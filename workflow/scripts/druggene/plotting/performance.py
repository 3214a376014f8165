"""The figure of predictive performance (paper, Fig. 4): a function per panel, and all panels on one page."""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure, SubFigure
from matplotlib.ticker import MaxNLocator, NullFormatter, StrMethodFormatter

from druggene.constants import MODEL, PREDICTED
from druggene.plotting import (
    BLUE,
    COLUMN_WIDTH,
    FULL_WIDTH,
    GREY,
    HEADING,
    KINDS,
    VERMILION,
    letter_panel,
    mark_simulated,
    new_figure,
    style,
    with_minus,
)
from druggene.plotting.rows import ROW, Caption, label_rows
from druggene.tables import require_columns

NAMED_DRUGS: Final = 10
"""Drugs whose names stand in panel H."""
_LONGEST_NAME: Final = 18
_COLOURS: Final = "viridis_r"
# In mm: heading; a row of squares; what panels E and F need besides their rows; panel H.
_HEADING: Final = 8.0
_SQUARES: Final = 60.0
_AROUND_ROWS: Final = 20.0
_BOTTOM: Final = 52.0
_PAIRED: Final = "ABCD"
_SCATTERS: Final = 3
_PLACES: Final = {"A": "A–D"}
_NO_DRUG: Final = "no drug has\nenough test pairs"
_DASHES: Final = (0, (4, 3))
# Columns of numbers right of the axes of E and F, in points from them.
_BESIDE: Final = (4.0, 30.0)
# How far panel E reaches, in multiples of the typical value, so that a model that failed does not squash the others.
_REACH: Final = 4.0

_COLUMNS: Final[Mapping[str, list[str]]] = {
    **{letter: ["pearson", "pearson_other"] for letter in "ABCD"},
    "E": ["label", "kind", "value", "low", "high"],
    "F": [MODEL, "label", "kind", "pearson"],
    "G": [MODEL, "observed", PREDICTED, "n"],
    "H": ["rank", "name", "pearson", "pearson_effects"],
}


def plot_performance(
    panels: Mapping[str, pd.DataFrame],
    summary: pd.DataFrame,
    *,
    title: str,
    confidence: float,
    min_pairs: int,
    simulated: bool = False,
) -> Figure:
    """Draw panels A to H on one page.

    Parameters
    ----------
    panels, summary
        What ``performance_panels`` gave.
    title
        Heading of the figure.
    confidence
        Coverage of the intervals of panel E, 0 to 1.
    min_pairs
        Test pairs that a drug needs to have a correlation.
    simulated
        Whether to mark the figure as simulated.

    Raises
    ------
    ValueError
        If a column is missing.
    """
    _check(panels, summary)
    notes = _notes(panels, summary, confidence, min_pairs)
    said = {letter: text for letter, text in notes.items() if letter not in _PAIRED[1:]}
    caption = Caption.of(" ".join(f"{_PLACES.get(letter, letter)}: {text}" for letter, text in said.items()))
    rows = _AROUND_ROWS + ROW * len(panels["E"])
    heights = [_SQUARES, rows, _BOTTOM]
    height = _HEADING + sum(heights) + caption.height
    figure = new_figure(height)
    with style():
        figure.set_layout_engine("constrained", rect=(0, caption.height / height, 1, sum(heights) / height))
        figure.text(0.01, 1 - 2 / height, title, va="top", fontsize=HEADING, fontweight="bold")
        bands: Any = figure.subfigures(3, 1, height_ratios=heights)
        top, middle, bottom = bands
        limits = _correlation_limits([panels[letter] for letter in _PAIRED])
        for letter, axes in zip(_PAIRED, top.subplots(1, len(_PAIRED), sharey=True), strict=True):
            _draw_paired(axes, panels[letter], _rows(summary, letter), limits)
            letter_panel(axes, letter)
            axes.label_outer(remove_inner_ticks=False)
        errors, boxes = middle.subplots(1, 2, sharey=True)
        _draw_errors(errors, panels["E"])
        _draw_boxes(boxes, panels["F"], _rows(summary, "F"), panels["E"])
        left, right = bottom.subfigures(1, 2, width_ratios=[1.65, 1])
        scatter = _draw_densities(left, panels["G"], _rows(summary, "G"), bar_height=0.55)
        waterfall = right.subplots()
        _draw_waterfall(waterfall, panels["H"])
        for letter, axes in zip("EFGH", (errors, boxes, scatter, waterfall), strict=True):
            letter_panel(axes, letter)
        caption.write(figure)
        if simulated:
            mark_simulated(figure)
    return figure


def plot_panel(
    letter: str,
    panels: Mapping[str, pd.DataFrame],
    summary: pd.DataFrame,
    *,
    confidence: float,
    min_pairs: int,
    simulated: bool = False,
) -> Figure:
    """Draw one panel on a page of its own: in one column, G over both; parameters as :func:`plot_performance` takes."""
    _check(panels, summary)
    width = FULL_WIDTH if letter == "G" else COLUMN_WIDTH
    note = _notes(panels, summary, confidence, min_pairs)[letter]
    caption = Caption.of(note[0].upper() + note[1:], width)
    rows = _AROUND_ROWS + ROW * len(panels["E"])
    inner = {"E": rows, "F": rows, "G": 62.0, "H": 60.0}
    # Room for the mark of simulated data above the panel.
    head = 7.0 if simulated else 1.0
    drawn = inner.get(letter, COLUMN_WIDTH)
    height = head + drawn + caption.height
    figure = new_figure(height, width)
    with style():
        figure.set_layout_engine("constrained", rect=(0, caption.height / height, 1, drawn / height))
        data, numbers = panels[letter], _rows(summary, letter)
        if letter == "G":
            _draw_densities(figure, data, numbers)
        elif letter == "E":
            _draw_errors(figure.subplots(), data)
        elif letter == "F":
            _draw_boxes(figure.subplots(), data, numbers, panels["E"])
        elif letter == "H":
            _draw_waterfall(figure.subplots(), data)
        else:
            _draw_paired(figure.subplots(), data, numbers, _correlation_limits([data]))
        caption.write(figure)
        if simulated:
            mark_simulated(figure)
    return figure


def _check(panels: Mapping[str, pd.DataFrame], summary: pd.DataFrame) -> None:
    for letter, columns in _COLUMNS.items():
        require_columns(panels[letter].columns, columns, f"panel {letter}")
    numbers = ["panel", MODEL, "label", "other", "other_label", "note", "n", "share_better", "rank_biserial", "q_value"]
    require_columns(summary.columns, [*numbers, "pearson", "n_outside"], "numbers of the panels")


def _rows(summary: pd.DataFrame, letter: str) -> pd.DataFrame:
    return summary[summary["panel"] == letter]


def _notes(
    panels: Mapping[str, pd.DataFrame], summary: pd.DataFrame, confidence: float, min_pairs: int
) -> dict[str, str]:
    """Return what is said below each panel."""
    main = str(_rows(summary, "H")["label"].iloc[0])
    drugs = f"drugs with at least {min_pairs} test pairs, Pearson correlation within folds"
    paired = f"{drugs}; dashed: equal; in bold: drugs that {main} predicts better, and the number of drugs."
    outside = [
        f"{label}: {n:,} beyond the axis"
        for label, n in _rows(summary, "G")[["label", "n_outside"]].itertuples(index=False)
        if n
    ]
    return {
        **dict.fromkeys(_PAIRED, paired),
        "E": f"all {int(panels['E']['n'].max()):,} test responses, with {confidence:.0%} bootstrap intervals.",
        "F": f"{drugs}; box: quartiles, whiskers: 1.5 interquartile ranges. Effect: matched-pairs rank-biserial "
        f"correlation, positive where {main} is better; q: two-sided paired Wilcoxon test over drugs, after Benjamini "
        "and Hochberg.",
        "G": "; ".join(["test responses; line: identity; r: Pearson correlation", *outside]) + ".",
        "H": f"{drugs}; dots: drug + cell-line effects; named: the best {NAMED_DRUGS}.",
    }


def _correlation_limits(tables: Sequence[pd.DataFrame]) -> tuple[float, float]:
    """Return the limits of both axes within which all correlations and zero lie."""
    values = np.concatenate([table[["pearson", "pearson_other"]].to_numpy(dtype=float).ravel() for table in tables])
    low, high = values.min(initial=0.0), values.max(initial=0.0)
    margin = 0.05 * (high - low) or 0.5
    return float(low - margin), float(high + margin)


def _say(axes: Axes, text: str) -> None:
    """Say in the middle of an empty panel why it is empty."""
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", color=GREY, linespacing=1.4)


def _draw_paired(axes: Axes, drugs: pd.DataFrame, numbers: pd.DataFrame, limits: tuple[float, float]) -> None:
    """Draw the correlation of every drug by two models, the diagonal, and the share of drugs above it."""
    row = numbers.iloc[0]
    name, note = (row["other_label"], row["note"]) if row["other"] else ("–", "")
    axes.set_aspect("equal")
    axes.set(xlim=limits, ylim=limits)
    axes.locator_params(nbins=4)
    if len(drugs):
        axes.axline((0, 0), slope=1, color=GREY, linewidth=0.6, linestyle=_DASHES)
        x, y = drugs["pearson_other"], drugs["pearson"]
        axes.plot(x, y, "o", color=BLUE, markersize=2.4, markeredgewidth=0, alpha=0.5)
        above = f"{round(row['share_better'] * row['n'])} of {row['n']}"
        axes.text(0.04, 0.97, above, transform=axes.transAxes, va="top", fontweight="bold")
    else:
        _say(axes, _NO_DRUG if row["other"] else row["note"].replace(" to ", "\nto "))
    axes.set_xlabel("\n".join([*textwrap.wrap(f"{name}, Pearson r", 26), *([f"({note})"] if note else [])]))
    axes.set_ylabel(f"{row['label']}, Pearson r per drug")


def _draw_errors(axes: Axes, models: pd.DataFrame) -> None:
    """Draw the mean squared error of every model with its interval, and write it out."""
    values, low, high = (models[name].to_numpy(dtype=float) for name in ("value", "low", "high"))
    finite = values[np.isfinite(values)]
    limit = 1.0
    if len(finite):
        reach = _REACH * float(np.median(finite))
        within = np.isfinite(values) & (values <= reach)
        limit = 1.05 * float(np.nanmax(np.where(np.isfinite(high[within]), high[within], values[within])))
    for place, (kind, value, *ends) in enumerate(zip(models["kind"], values, low, high, strict=True)):
        if np.isnan(value):
            axes.text(0.01 * limit, place, "n.d.", va="center", color=GREY)
            continue
        cut = value > limit
        axes.barh(place, min(value, limit), height=0.62, color=KINDS[kind][1], linewidth=0)
        if np.isfinite(ends).all() and not cut:
            axes.plot(ends, [place, place], color="black", linewidth=0.8, solid_capstyle="butt")
        _beside(axes, place, f"{value:.4f}" + (" ▸" if cut else ""), _BESIDE[0])
    axes.set_xlim(0, limit)
    label_rows(axes, models["label"].tolist())
    axes.locator_params(axis="x", nbins=5)
    axes.set_xlabel("Mean squared error (AUC²)\n← lower is better")
    _kinds_apart(axes, models["kind"])


def _draw_boxes(axes: Axes, drugs: pd.DataFrame, numbers: pd.DataFrame, models: pd.DataFrame) -> None:
    """Draw a box per model over drugs, and write how the first model stands to it."""
    tested = numbers.set_index("other")[["rank_biserial", "q_value"]]
    label_rows(axes, models["label"].tolist())
    axes.set_xlabel("Pearson correlation per drug\nhigher is better →")
    if not drugs["pearson"].notna().any():
        _say(axes, _NO_DRUG)
        return
    for place, (model, kind) in enumerate(models[[MODEL, "kind"]].itertuples(index=False)):
        values = drugs.loc[drugs[MODEL] == model, "pearson"].dropna().to_numpy(dtype=float)
        if len(values):
            _draw_box(axes, values, place, KINDS[kind][1])
        else:
            axes.annotate("n.d.", (0.02, place), xycoords=axes.get_yaxis_transform(), va="center", color=GREY)
        effect, q = tested.loc[model] if model in tested.index else (np.nan, np.nan)
        if np.isfinite(q):
            _beside(axes, place, with_minus(f"{effect:+.2f}"), _BESIDE[0])
            _beside(axes, place, with_minus(f"{q:.0e}" if q < 0.001 else f"{q:.3f}"), _BESIDE[1])
    for left, heading in zip(_BESIDE, ("effect", "q"), strict=True):
        _beside(axes, -0.9, heading, left)
    _kinds_apart(axes, models["kind"])
    axes.locator_params(axis="x", nbins=5)


def _draw_box(axes: Axes, values: np.ndarray, place: int, colour: str) -> None:
    axes.boxplot(
        [values],
        positions=[place],
        orientation="horizontal",
        widths=0.62,
        patch_artist=True,
        manage_ticks=False,
        boxprops={"facecolor": colour, "edgecolor": "black", "linewidth": 0.5, "alpha": 0.75},
        medianprops={"color": "black", "linewidth": 1.0},
        whiskerprops={"linewidth": 0.5},
        capprops={"linewidth": 0.5},
        flierprops={"marker": "o", "markersize": 1.6, "markerfacecolor": GREY, "markeredgewidth": 0, "alpha": 0.6},
    )


def _beside(axes: Axes, row: float, text: str, points: float) -> None:
    """Write right of the axes, so many points from them, at a row."""
    axes.annotate(
        text,
        (1.0, row),
        xycoords=axes.get_yaxis_transform(),
        xytext=(points, 0),
        textcoords="offset points",
        va="center",
        annotation_clip=False,
    )


def _kinds_apart(axes: Axes, kinds: pd.Series) -> None:
    for place in np.flatnonzero((kinds != kinds.shift()).to_numpy())[1:]:
        axes.axhline(place - 0.5, color="black", linewidth=0.5)


def _draw_densities(
    figure: Figure | SubFigure, squares: pd.DataFrame, numbers: pd.DataFrame, bar_height: float = 1.0
) -> Axes:
    """Draw predicted against observed values of each model as counts per square; return the first axes."""
    # Room for three, whatever their number: two would be drawn larger than the row is high.
    every = figure.subplots(1, _SCATTERS, sharex=True, sharey=True)
    for axes in every[len(numbers) :]:
        axes.remove()
    grid = every[: len(numbers)]
    steps = np.unique(np.concatenate([squares["observed"], squares[PREDICTED]]))
    gaps = np.diff(steps)
    width = float(gaps[gaps > 1e-9].min()) if len(gaps) else 1.0
    most = int(squares["n"].max())
    scale = LogNorm(1, most) if most > 10 else Normalize(0, most)
    low, high = float(squares["observed"].min()) - 2 * width, float(squares["observed"].max()) + 2 * width
    for axes, row in zip(grid, numbers.to_dict("records"), strict=True):
        own = squares[squares[MODEL] == row[MODEL]]
        first, size = steps[0], round((steps[-1] - steps[0]) / width) + 1
        counts = np.zeros((size, size))
        places = [((own[name] - first) / width).round().astype(int) for name in (PREDICTED, "observed")]
        counts[tuple(places)] = own["n"]
        edges = first - width / 2 + width * np.arange(size + 1)
        shown = np.ma.masked_equal(counts, 0)
        axes.pcolormesh(edges, edges, shown, cmap=_COLOURS, norm=scale, edgecolors="face", linewidth=0.05)
        axes.axline((low, low), slope=1, color=VERMILION, linewidth=0.8)
        axes.set_aspect("equal")
        axes.set(xlim=(low, high), ylim=(low, high))
        correlation = "n.d." if np.isnan(row["pearson"]) else with_minus(f"{row['pearson']:.3f}")
        axes.set_title("\n".join([*textwrap.wrap(row["label"], 17), f"r = {correlation}"]), pad=3)
        axes.locator_params(nbins=4)
        axes.set_xlabel("Observed AUC")
    grid[0].set_ylabel("Predicted AUC")
    bar = figure.colorbar(
        ScalarMappable(scale, _COLOURS), ax=list(grid), label="Responses per square", shrink=bar_height
    )
    # Numbers as they are: with parse_math off, powers of ten would be printed as their formula.
    bar.ax.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    bar.ax.yaxis.set_minor_formatter(NullFormatter())
    if most <= 10:
        bar.ax.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    first_axes: Axes = grid[0]
    return first_axes


def _draw_waterfall(axes: Axes, drugs: pd.DataFrame) -> None:
    """Draw the correlation of every drug, best first, and name the best."""
    if drugs.empty:
        _say(axes, _NO_DRUG)
        axes.set(xticks=[], yticks=[])
        return
    best = drugs["rank"] <= NAMED_DRUGS
    for chosen, colour in ((~best, BLUE), (best, VERMILION)):
        axes.bar(drugs.loc[chosen, "rank"], drugs.loc[chosen, "pearson"], width=1.0, color=colour, linewidth=0)
    axes.plot(drugs["rank"], drugs["pearson_effects"], ".", color="black", markersize=1.6, markeredgewidth=0)
    axes.axhline(0, color="black", linewidth=0.5)
    axes.set_xlim(0, len(drugs) + 1)
    names = [
        f"{rank} {name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + '…'}"
        for rank, name in drugs.loc[best, ["rank", "name"]].itertuples(index=False)
    ]
    axes.text(1.03, 1.0, "\n".join(names), transform=axes.transAxes, va="top", color=VERMILION, linespacing=1.25)
    axes.set_xlabel(f"Drugs, best first (n = {len(drugs)})")
    axes.set_ylabel("Pearson r per drug")
