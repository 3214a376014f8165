"""The figure of metrics over folds: a dot per fold, for all models."""

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from druggene.constants import FOLD, MODEL
from druggene.plotting import GREY, KINDS, LETTERS, style
from druggene.plotting.rows import label_panel, label_rows, new_figure_of_rows
from druggene.tables import require_columns

# Column, name, and whether more is better; in reading order.
_METRICS: Final = (
    ("pearson", "Pearson correlation", True),
    ("spearman", "Spearman correlation", True),
    ("r2", "Coefficient of determination R²", True),
    ("mse", "Mean squared error (AUC²)", False),
    ("rmse", "Root mean squared error (AUC)", False),
    ("mae", "Mean absolute error (AUC)", False),
)

# How far an axis reaches for a kind's values: see axis_limits.
_REACH: Final = {"network": 10.0, "rival": 3.0, "naive": 3.0}
_NOT_DEFINED: Final = "n.d."


def label_models(table: pd.DataFrame, labels: Mapping[str, str], kinds: Mapping[str, str]) -> pd.DataFrame:
    """Add ``label`` and ``kind`` to a table and put models in the order in which they are drawn.

    Parameters
    ----------
    table
        Column ``model`` and any others; folds are put in their order.
    labels
        Every model to the name that readers see, in the order in which they are drawn.
    kinds
        Every model to its kind, a key of ``KINDS``.

    Raises
    ------
    ValueError
        If a model of ``table`` has no label.
    """
    unknown = sorted(set(table[MODEL]) - set(labels))
    if unknown:
        raise ValueError(f"metrics by fold: model {unknown[0]!r} has no label; labelled are {', '.join(labels)}")
    place = {model: i for i, model in enumerate(labels)}
    ordered = table.sort_values(
        [MODEL, *({FOLD} & set(table.columns))],
        key=lambda column: column.map(place) if column.name == MODEL else column,
        kind="stable",
        ignore_index=True,
    )
    return ordered.assign(label=ordered[MODEL].map(dict(labels)), kind=ordered[MODEL].map(dict(kinds)))


def plot_metrics(by_fold: pd.DataFrame, *, title: str, notes: str = "", simulated: bool = False) -> Figure:
    """Draw six metrics of all models: a dot per fold, the mean and the standard deviation over folds.

    Parameters
    ----------
    by_fold
        One row per model and fold: model, label, kind (network, rival or naive), fold, n_pairs, pearson,
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
    unknown = sorted(set(by_fold["kind"]) - set(KINDS))
    if unknown:
        raise ValueError(f"metrics by fold: kind {unknown[0]!r} is unknown; it is one of {', '.join(KINDS)}")

    models = by_fold.drop_duplicates(MODEL)
    models = pd.concat([models[models["kind"] == kind] for kind in KINDS], ignore_index=True)
    limits = {metric: axis_limits(by_fold, metric, more_is_better) for metric, _, more_is_better in _METRICS}
    cut = any(((by_fold[metric] < low) | (by_fold[metric] > high)).any() for metric, (low, high) in limits.items())
    with style():
        caption, legend = _caption(by_fold, cut, notes), _legend(set(models["kind"]), by_fold[FOLD].nunique())
        figure = new_figure_of_rows(title, legend, caption, len(models), 2, simulated)
        grid: np.ndarray = figure.subplots(2, 3, sharey=True)
        for letter, axes, (metric, name, more_is_better) in zip(LETTERS, grid.flat, _METRICS, strict=False):
            _draw_metric(axes, by_fold, models, metric, limits[metric])
            label_panel(axes, letter, name, more_is_better)
    return figure


def _draw_metric(
    axes: Axes, by_fold: pd.DataFrame, models: pd.DataFrame, metric: str, limits: tuple[float, float]
) -> None:
    """Draw one panel: ``metric`` of every model and fold, within ``limits``."""
    low, high = limits
    values, model = by_fold[metric], by_fold[MODEL]
    below, above = values < low, values > high
    _draw_folds(axes, by_fold, metric, list(models[MODEL]), below | above)
    axes.set_ylabel("")
    label_rows(axes, models["label"].tolist())
    for row in np.flatnonzero((models["kind"] != models["kind"].shift()).to_numpy())[1:]:
        axes.axhline(row - 0.5, color="black", linewidth=0.5)
    # A note in a row that has dots gets a strip of its own, so that it covers none.
    strip = 0.4 * (high - low)
    left = _in_some_folds(below, model) or _in_some_folds(values.isna(), model)
    axes.set_xlim(low - strip * left, high + strip * _in_some_folds(above, model))
    ticks = MaxNLocator(nbins=5, steps=[1, 2, 5, 10]).tick_values(low, high)
    axes.set_xticks([tick for tick in ticks if low <= tick <= high])
    for row, name in enumerate(models[MODEL]):
        note_absent(axes, row, values[model == name].to_numpy(dtype=float), limits)


def _draw_folds(axes: Axes, by_fold: pd.DataFrame, metric: str, order: list[str], beyond: pd.Series) -> None:
    """Draw a dot per fold that is not ``beyond`` the axis, and mean and deviation where none of a model's is."""
    folds = sorted(by_fold[FOLD].unique())
    rows = {"x": metric, "y": MODEL, "order": order, "ax": axes}
    for kind, (_, colour, marker) in KINDS.items():
        # Folds keep their place in every row, so that dots can be followed from model to model.
        sns.stripplot(
            by_fold[(by_fold["kind"] == kind) & ~beyond],
            **rows,
            hue=FOLD,
            hue_order=folds,
            palette=dict.fromkeys(folds, colour),
            dodge=True,
            jitter=False,
            legend=False,
            marker=marker,
            size=2.8,
            linewidth=0,
            alpha=0.6 if len(folds) > 1 else 1.0,
        )
    if len(folds) > 1:
        # A mean and a deviation that a fold beyond the axis went into would run across the panel.
        whole = by_fold[~beyond.groupby(by_fold[MODEL]).transform("any")]
        bar = {"marker": "|", "markersize": 7, "markeredgewidth": 1.0, "err_kws": {"linewidth": 0.8}}
        sns.pointplot(whole, **rows, errorbar="sd", color="black", linestyle="none", **bar)


def _in_some_folds(mask: pd.Series, model: pd.Series) -> bool:
    """Whether ``mask`` holds for some folds of a model but not for all."""
    return bool(mask.groupby(model).mean().between(0, 1, inclusive="neither").any())


def note_absent(axes: Axes, row: int, values: np.ndarray, limits: tuple[float, float]) -> None:
    """Note in a model's row which of its values (one per fold) lie beyond the axis or are not defined."""
    low, high = limits
    # As many decimals as the axis tells apart.
    decimals = max(0, int(np.ceil(-np.log10(high - low))) + 1)
    for side, absent in (("left", values < low), ("right", values > high), ("left", np.isnan(values))):
        number = int(absent.sum())
        if not number:
            continue
        if np.isnan(values[absent]).all():
            what = _NOT_DEFINED
        else:
            # Adding 0 takes the sign from a rounded -0.
            mean = f"{round(values[absent].mean(), decimals) + 0.0:.{decimals}f}".replace("-", "−")
            what = f"◂ {mean}" if side == "left" else f"{mean} ▸"
        text = what if number == len(values) else f"{number} of {len(values)}: {what}"
        axes.annotate(
            text,
            xy=(0.0 if side == "left" else 1.0, row),
            xycoords=axes.get_yaxis_transform(),
            xytext=(3 if side == "left" else -3, 0),
            textcoords="offset points",
            ha=side,
            va="center",
            color=GREY,
        )


def axis_limits(values_of: pd.DataFrame, metric: str, more_is_better: bool) -> tuple[float, float]:
    """Return the limits of a panel's axis, within which the networks and the best other models can be told apart.

    The unit is the way from the best value of all folds to the typical network or the best of the others (medians
    over folds), whichever is worst. From the best value on, the axis shows 3 units of other models, so that the worst
    do not squash it, and 10 of networks, which only a network that failed exceeds. Without networks all are shown.
    """
    defined = values_of[values_of[metric].notna()]
    if defined.empty:
        return 0.0, 1.0
    values, kind = defined[metric], defined["kind"]
    badness = -values if more_is_better else values
    medians = badness.groupby([kind, defined[MODEL]]).median()
    kinds = (("network", "median"), ("rival", "min"), ("naive", "min"))
    anchors = [medians[kind].agg(how) for kind, how in kinds if kind in medians]
    unit = max(anchors) - badness.min()
    within = badness - badness.min() <= kind.map(_REACH) * unit
    shown = values[within] if unit > 0 and "network" in medians else values
    low, high = float(shown.min()), float(shown.max())
    margin = 0.06 * (high - low) or 0.05 * abs(high) or 0.5
    return low - margin, high + margin


def _legend(kinds: set[str], n_folds: int) -> list[Line2D]:
    handles = [
        Line2D([], [], color=colour, marker=marker, linestyle="", markersize=4, label=f"{name}, one fold")
        for kind, (name, colour, marker) in KINDS.items()
        if kind in kinds
    ]
    if n_folds > 1:
        label = "Mean ± standard deviation over folds"
        handles.append(Line2D([], [], color="black", linewidth=0.8, marker="|", markersize=6, label=label))
    return handles


def _caption(by_fold: pd.DataFrame, cut: bool, notes: str) -> str:
    """Return the sentences below the panels: numbers of folds and test pairs, marks that are used, and ``notes``."""
    n_folds = by_fold[FOLD].nunique()
    fewest, most = int(by_fold["n_pairs"].min()), int(by_fold["n_pairs"].max())
    pairs = f"{fewest:,}" if fewest == most else f"{fewest:,} to {most:,}"
    sentences = [f"{n_folds} folds of {pairs} test pairs" if n_folds > 1 else f"One fold of {pairs} test pairs"]
    metrics = by_fold[[metric for metric, _, _ in _METRICS]].to_numpy(dtype=float)
    if not np.isfinite(metrics).all():
        sentences.append(f"{_NOT_DEFINED}: not defined (a constant prediction has no correlation)")
    if cut:
        sentences.append("Triangle: mean beyond the axis")
    if notes:
        sentences.append(notes.rstrip("."))
    return ". ".join(sentences) + "."
