"""Data of the figure of predictive performance (paper, Fig. 4), as the tables that its panels are drawn from."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from druggene.constants import DRUG, MODEL, PREDICTED
from druggene.intervals import POOLED
from druggene.predictions import REFERENCE, Predictions
from druggene.significance import towards

NAMED: Final = {"drugcell": "DrugCell", "expbox": "expBox", "cnvbox": "cnvBox", "elastic_net": "elastic net"}
"""The models that the paper holds DrugGene against in panels A to D, and their names for where they are missing."""
PAIRED_PANELS: Final = "ABCD"
PANELS: Final = "ABCDEFGH"
SQUARES: Final = 50
"""Squares along the range of the observed values, in which panel G counts."""
_MARGIN: Final = 0.1
"""How far panel G reaches beyond the observed values, as a part of their range."""
_OUTCOME: Final = ["n", "share_better", "median_difference", "rank_biserial", "p_value", "q_value"]


def performance_panels(
    by_drug: pd.DataFrame,
    intervals: pd.DataFrame,
    significance: pd.DataFrame,
    predictions: Predictions,
    drugs: pd.DataFrame,
    labels: Mapping[str, str],
    kinds: Mapping[str, str],
) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """Return what every panel shows, and the numbers that are written in them.

    The first model of ``labels`` is the one that all others are held against.

    Parameters
    ----------
    by_drug, intervals, significance
        Tables of the protocol's comparison.
    predictions
        Of the models that :func:`scatter_models` names, at least.
    drugs
        drug, name.
    labels, kinds
        Every model to its name and its kind, in reading order.

    Returns
    -------
    tuple
        Panel to its table. A to D: drug, name, model, other, pearson, pearson_other. E: model, label, kind, value,
        low, high, n. F: model, label, kind, drug, name, pearson. G: model, observed, predicted (middles of squares),
        n. H: rank, drug, name, pearson, pearson_effects.
        Then one row per comparison or model that has numbers: panel, model, label, other, other_label, note, n (drugs,
        or responses in E and G), share_better, median_difference, rank_biserial, p_value and q_value (paired Wilcoxon
        test over drugs, positive where the first model is better), pearson, and n_outside of panel G.
    """
    main = next(iter(labels))
    wide = by_drug.pivot(index=DRUG, columns=MODEL, values="pearson").reindex(columns=list(labels)).astype(float)
    name_of = drugs.set_index(DRUG)["name"]
    names = pd.Series(wide.index, wide.index).map(name_of).fillna(pd.Series(wide.index, wide.index))
    tests = significance[(significance["unit"] == DRUG) & (significance["metric"] == "pearson")]
    outcome = towards(tests, main).set_index("other")
    panels: dict[str, pd.DataFrame] = {}
    written: list[dict[str, Any]] = []
    for panel, (other, note) in zip(PAIRED_PANELS, compared_models(wide, labels), strict=True):
        panels[panel] = _paired(wide, names, main, other)
        written.append(_comparison(panel, main, other, outcome) | {"note": note})
    panels["E"] = _errors(intervals, labels, kinds)
    written += [{"panel": "E", MODEL: model, "n": n} for model, n in panels["E"][[MODEL, "n"]].itertuples(index=False)]
    panels["F"] = _boxes(wide, names, labels, kinds)
    written += [_comparison("F", main, other, outcome) for other in list(labels)[1:]]
    correlations = intervals[(intervals["level"] == POOLED) & (intervals["metric"] == "pearson")]
    correlation = correlations.set_index(MODEL)["value"].to_dict()
    shown = scatter_models(by_drug, labels)
    panels["G"], outside = density(predictions, shown)
    n = len(predictions.rows)
    written += [
        {"panel": "G", MODEL: model, "n": n, "pearson": correlation.get(model, np.nan), "n_outside": outside[model]}
        for model in shown
    ]
    panels["H"] = _waterfall(wide, names, main)
    written.append({"panel": "H", MODEL: main, "n": len(panels["H"]), "pearson": panels["H"]["pearson"].median()})
    columns = ["panel", MODEL, "label", "other", "other_label", "note", *_OUTCOME, "pearson", "n_outside"]
    summary = pd.DataFrame(written)
    summary["label"] = summary[MODEL].map(dict(labels))
    summary["other_label"] = summary["other"].map(dict(labels))
    summary = summary.reindex(columns=columns).astype({"n": "Int64", "n_outside": "Int64"})
    return panels, summary


def compared_models(wide: pd.DataFrame, labels: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the model of each panel A to D, empty where there is none, and a note where it is not the paper's.

    For a model that the run lacks stands the next one, in the order of ``labels``, that has a correlation for some drug
    and is in no other panel.

    Parameters
    ----------
    wide
        Per-drug correlations, drugs x models.
    labels
        Model to the name that readers see, in reading order; the first is held against the others.
    """
    # Where no drug counts, none can be told from the others.
    defined = [model for model in list(labels)[1:] if wide.empty or wide[model].notna().any()]
    spare = iter([model for model in defined if model not in NAMED])
    chosen = []
    for named, name in NAMED.items():
        if named in defined:
            chosen.append((named, ""))
            continue
        other = next(spare, "")
        chosen.append((other, f"in place of {name}" if other else f"no {name} to compare with"))
    return chosen


def scatter_models(by_drug: pd.DataFrame, labels: Mapping[str, str]) -> list[str]:
    """Return the models of panel G: the first, that of panel A, and the drug + cell-line effects."""
    wide = by_drug.pivot(index=DRUG, columns=MODEL, values="pearson").reindex(columns=list(labels)).astype(float)
    other = compared_models(wide, labels)[0][0]
    return [model for model in dict.fromkeys([next(iter(labels)), other, REFERENCE]) if model in labels]


def density(predictions: Predictions, models: Sequence[str]) -> tuple[pd.DataFrame, dict[str, int]]:
    """Count the test responses of each model in squares of observed and predicted value.

    Returns
    -------
    tuple
        model, observed, predicted, n: one row per square with a response, by its middle; and model to the number of
        predictions that lie beyond the squares, which reach a tenth of the observed range to either side.
    """
    low, high = float(predictions.observed.min()), float(predictions.observed.max())
    width = (high - low) / SQUARES or 1.0
    beyond = round(_MARGIN * SQUARES)
    edges = low + width * np.arange(-beyond, SQUARES + beyond + 1)
    middles = (edges[:-1] + edges[1:]) / 2
    # Rounding must not put the largest observed value outside of its square.
    last = len(middles) - 1
    row = np.clip(np.floor((predictions.observed - edges[0]) / width).astype(int), beyond, last - beyond)
    parts, outside = [], {}
    for model in models:
        values = predictions.predicted[:, predictions.models.index(model)]
        inside = (values >= edges[0]) & (values < edges[-1])
        column = np.clip(np.floor((values[inside] - edges[0]) / width).astype(int), 0, last)
        counts = np.zeros((len(middles), len(middles)), dtype=np.int64)
        np.add.at(counts, (row[inside], column), 1)
        i, j = np.nonzero(counts)
        parts.append(pd.DataFrame({MODEL: model, "observed": middles[i], PREDICTED: middles[j], "n": counts[i, j]}))
        outside[model] = int((np.isfinite(values) & ~inside).sum())
    return pd.concat(parts, ignore_index=True), outside


def _paired(wide: pd.DataFrame, names: pd.Series, main: str, other: str) -> pd.DataFrame:
    """Return the drugs that have a correlation by both models."""
    columns = [DRUG, "name", MODEL, "other", "pearson", "pearson_other"]
    if not other:
        return pd.DataFrame(columns=columns)
    both = wide[[main, other]].dropna()
    table = pd.DataFrame({"name": names[both.index], "pearson": both[main], "pearson_other": both[other]})
    return table.assign(**{MODEL: main, "other": other}).rename_axis(DRUG).reset_index()[columns]


def _comparison(panel: str, main: str, other: str, outcome: pd.DataFrame) -> dict[str, Any]:
    row: dict[str, Any] = {"panel": panel, MODEL: main, "other": other}
    if other not in outcome.index:
        return row | {"n": 0}
    return row | {column: outcome.loc[other, column] for column in _OUTCOME}


def _errors(intervals: pd.DataFrame, labels: Mapping[str, str], kinds: Mapping[str, str]) -> pd.DataFrame:
    chosen = intervals[(intervals["level"] == POOLED) & (intervals["metric"] == "mse")].set_index(MODEL)
    table = chosen.reindex(list(labels))[["value", "low", "high", "n"]].reset_index()
    table.insert(1, "label", list(labels.values()))
    table.insert(2, "kind", [kinds[model] for model in labels])
    return table


def _boxes(wide: pd.DataFrame, names: pd.Series, labels: Mapping[str, str], kinds: Mapping[str, str]) -> pd.DataFrame:
    """Return the correlation of every model and drug, NaN where it is not defined."""
    parts = [
        pd.DataFrame({MODEL: model, "label": label, "kind": kinds[model], "name": names, "pearson": wide[model]})
        for model, label in labels.items()
    ]
    table = pd.concat(parts).rename_axis(DRUG).reset_index()
    return table[[MODEL, "label", "kind", DRUG, "name", "pearson"]]


def _waterfall(wide: pd.DataFrame, names: pd.Series, main: str) -> pd.DataFrame:
    effects = wide[REFERENCE] if REFERENCE in wide else pd.Series(np.nan, wide.index)
    table = pd.DataFrame({"name": names, "pearson": wide[main], "pearson_effects": effects}).rename_axis(DRUG)
    table = table.dropna(subset="pearson").reset_index()
    table = table.sort_values(["pearson", DRUG], ascending=[False, True], ignore_index=True)
    table.insert(0, "rank", np.arange(1, len(table) + 1))
    return table
