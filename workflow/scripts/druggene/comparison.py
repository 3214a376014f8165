"""Tables that hold all models of a protocol against each other, for people."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from druggene.constants import CELL_LINE, DRUG, FOLD, MODEL, PROTOCOL
from druggene.documents import MISSING, Document, Grid, Heading, Paragraph
from druggene.evaluation import COLUMNS
from druggene.intervals import POOLED
from druggene.metrics import METRICS
from druggene.predictions import REFERENCE
from druggene.significance import towards

TITLES = {"pearson": "Pearson", "spearman": "Spearman", "mse": "MSE", "rmse": "RMSE", "mae": "MAE", "r2": "R²"}
TABLE_S2 = ("pearson", "mse", "r2", "mae", "rmse")
"""The metrics of the paper's Table S2, in its order."""
_FOUR_DECIMALS = ("mse",)
_OVER_FOLDS = "Mean ± standard deviation (n - 1) over folds."


def comparison(by_fold: pd.DataFrame, intervals: pd.DataFrame, labels: Mapping[str, str]) -> pd.DataFrame:
    """Return one row per model, in the order of ``labels``.

    Parameters
    ----------
    by_fold
        What :func:`druggene.evaluation.metrics_by_fold` gave.
    intervals
        What :func:`druggene.intervals.intervals` gave.
    labels
        Model to the name that readers see.

    Returns
    -------
    pandas.DataFrame
        Columns model, label, protocol, n_folds, n_pairs, n_responses, n_diverged (folds of these without predictions,
        as training diverged); ``<metric>_mean`` and ``<metric>_sd`` (n - 1)
        over the folds in which the metric is defined; ``pooled_<metric>``; ``per_drug_<metric>`` and
        ``per_cell_line_<metric>``, means over those that count; ``n_drugs``, ``n_cell_lines`` with a correlation.

    Raises
    ------
    ValueError
        If a model has no predictions, or predictions no label.
    """
    differing = set(labels) ^ set(by_fold[MODEL])
    if differing:
        raise ValueError(f"evaluation: model(s) {', '.join(sorted(differing))} have predictions or a label, not both")
    groups = by_fold.groupby(MODEL)
    table = groups.agg(
        protocol=(PROTOCOL, "first"),
        n_folds=(FOLD, "size"),
        n_pairs=("n_pairs", "sum"),
        n_responses=("n_responses", "sum"),
        n_diverged=("mse", lambda mse: int(mse.isna().sum())),
    )
    for metric in METRICS:
        table[f"{metric}_mean"] = groups[metric].mean()
        table[f"{metric}_sd"] = groups[metric].std(ddof=1)
    for level, prefix in ((POOLED, "pooled"), (DRUG, "per_drug"), (CELL_LINE, "per_cell_line")):
        values = _wide(intervals, level, "value").reindex(table.index)
        table = table.join(values.reindex(columns=list(COLUMNS)).add_prefix(f"{prefix}_"))
    for level, name in ((DRUG, "n_drugs"), (CELL_LINE, "n_cell_lines")):
        counts = _wide(intervals, level, "n").reindex(table.index).reindex(columns=["pearson"])["pearson"]
        table[name] = counts.fillna(0).astype(int)
    table = table.loc[list(labels)].reset_index()
    table.insert(1, "label", [labels[name] for name in table[MODEL]])
    return table


def _wide(intervals: pd.DataFrame, level: str, column: str) -> pd.DataFrame:
    return intervals[intervals["level"] == level].pivot(index=MODEL, columns="metric", values=column)


def comparison_document(
    table: pd.DataFrame, intervals: pd.DataFrame, min_pairs: Mapping[str, int], confidence: float, simulated: bool
) -> Document:
    """Return the comparison for readers: over all pairs, per drug and cell line, and over folds."""
    first = table.iloc[0]
    cells = intervals.set_index(["level", MODEL, "metric"]).sort_index()
    cluster = intervals.loc[intervals["level"] == POOLED, "resampled"].iloc[0].replace("_", " ")
    document = Document(f"Models compared, protocol {first[PROTOCOL].replace('_', ' ')}", simulated)
    document.blocks += [
        Paragraph(
            f"{first['n_responses']:,} test responses ({first['n_pairs']:,} pairs) in {first['n_folds']} fold(s). In "
            f"brackets: {confidence:.0%} bootstrap interval. *Beyond effects*: after subtracting the prediction by "
            "drug + cell-line effects from observed and predicted AUC. A dash: undefined, as the correlation of a "
            "constant is."
        ),
        *_holes(table),
        Heading("Over all pairs"),
        Paragraph(
            f"Out-of-fold predictions of all folds together; {cluster}s are resampled. *To effects*: difference to "
            "drug + cell-line effects, on the same resamples."
        ),
    ]
    metrics = [("Pearson", "pearson", True), ("MSE", "mse", True), ("Spearman", "spearman", False), ("R²", "r2", False)]
    metrics += [("RMSE", "rmse", False), ("MAE", "mae", False), ("Pearson beyond effects", "normalised_pearson", True)]
    rows = []
    for model, label in zip(table[MODEL], table["label"], strict=True):
        values = [_cell(cells, (POOLED, model, metric), bounds) for _, metric, bounds in metrics]
        rows.append([label, *values, _cell(cells, (POOLED, model, "mse"), True, "minus_effects")])
    document.blocks.append(Grid.of_models(["Model", *(title for title, _, _ in metrics), "MSE, to effects"], rows))
    for level, title, count in ((DRUG, "drug", "n_drugs"), (CELL_LINE, "cell line", "n_cell_lines")):
        document.blocks.append(Heading(f"Per {title}"))
        if level not in set(intervals["level"]):
            text = f"No {title} has {min_pairs[level]} test pairs that share their fold with another pair of it."
            document.blocks.append(Paragraph(text))
            continue
        text = (
            f"Means over {title}s of the metric within folds; these are resampled. Those count that have at least "
            f"{min_pairs[level]} test pairs that share their fold with another pair of the {title}; the number is that "
            "of defined correlations."
        )
        rows = [
            [
                row["label"],
                *(_cell(cells, (level, row[MODEL], metric), bounds) for _, metric, bounds in metrics),
                str(row[count]),
            ]
            for _, row in table.iterrows()
        ]
        header = ["Model", *(name for name, _, _ in metrics), f"{title.capitalize()}s"]
        document.blocks += [Paragraph(text), Grid.of_models(header, rows)]
    document.blocks += [Heading("Over folds"), Paragraph(_OVER_FOLDS), _over_folds(table, list(METRICS))]
    return document


def fold_metrics(table: pd.DataFrame) -> pd.DataFrame:
    """Return the five metrics of the paper's Table S2: label, n_folds, n_diverged, and mean and deviation of each."""
    columns = [f"{metric}_{what}" for metric in TABLE_S2 for what in ("mean", "sd")]
    return table[[MODEL, "label", "n_folds", "n_diverged", *columns]]


def fold_metrics_document(table: pd.DataFrame, simulated: bool) -> Document:
    """Return the paper's Table S2 for readers: five metrics of all models, over folds."""
    first = table.iloc[0]
    text = f"{_OVER_FOLDS} {first['n_folds']} fold(s) with {first['n_pairs']:,} test pairs together."
    document = Document(f"Five metrics of all models, protocol {first[PROTOCOL].replace('_', ' ')}", simulated)
    document.blocks += [Paragraph(text), *_holes(table), _over_folds(table, TABLE_S2)]
    return document


def _over_folds(table: pd.DataFrame, metrics: Sequence[str]) -> Grid:
    rows = [
        [row["label"], *(_mean_and_deviation(row[f"{metric}_mean"], row[f"{metric}_sd"], metric) for metric in metrics)]
        for _, row in table.iterrows()
    ]
    return Grid.of_models(["Model", *(TITLES[metric] for metric in metrics)], rows)


def _holes(table: pd.DataFrame) -> list[Paragraph]:
    """Say which models are missing on some folds."""
    missing = table[table["n_diverged"] > 0]
    if missing.empty:
        return []
    models = ", ".join(
        f"{row['label']} on {row['n_diverged']} of {row['n_folds']} folds" for _, row in missing.iterrows()
    )
    return [
        Paragraph(
            f"**Training diverged: {models}.** Mean and deviation over folds are of the others; nothing is pooled, and "
            "no drug or cell line counts that has a pair in a missing fold."
        )
    ]


def significance_document(
    tests: pd.DataFrame, labels: Mapping[str, str], main: str, protocol: str, simulated: bool
) -> Document:
    """Return the tests of the main model and of the effects against every other model, for readers."""
    document = Document(f"Significance, protocol {protocol.replace('_', ' ')}", simulated)
    document.blocks.append(
        Paragraph(
            "Paired Wilcoxon signed-rank tests, two-sided. Difference: median over drugs (cell lines, folds), positive "
            "where the first model is better (higher Pearson, lower MSE). Better: in how many of them it is. Effect: "
            "matched-pairs rank-biserial correlation, from -1 to 1. q: p after Benjamini and Hochberg over all pairs "
            "of models. Every pair stands in significance.csv. Folds share training data, so that tests over them are "
            "too sure of themselves."
        )
    )
    units = {"drug": "drugs", "cell_line": "cell lines", "fold": "folds"}
    for reference in [name for name in dict.fromkeys([main, REFERENCE]) if name in labels]:
        document.blocks.append(Heading(f"{labels[reference]} against the others"))
        for unit, named in units.items():
            part = towards(tests[tests["unit"] == unit], reference)
            if not part["n"].any():
                document.blocks.append(Paragraph(f"Over {named}: none has enough test pairs."))
                continue
            rows = []
            for other in (name for name in labels if name != reference):
                of_pair = part[part["other"] == other].set_index("metric")
                values = [text for metric in ("pearson", "mse") for text in _outcome(of_pair, metric)]
                rows.append([labels[other], str(of_pair.loc["mse", "n"]), *values])
            each = [
                f"{title}: {name}" for title in ("Pearson", "MSE") for name in ("difference", "better", "effect", "q")
            ]
            document.blocks.append(Grid.of_models([f"Against, over {named}", "n", *each], rows))
    return document


def _outcome(tests: pd.DataFrame, metric: str) -> list[str]:
    """Return median difference, share of pairs that are better, effect size and q of one test."""
    forms = {"median_difference": "{:+.5f}" if metric in _FOUR_DECIMALS else "{:+.3f}", "share_better": "{:.0%}"}
    forms |= {"rank_biserial": "{:+.2f}", "q_value": "{:.1e}"}
    return [_number(tests[column].to_dict()[metric], form) for column, form in forms.items()]


def _cell(cells: pd.DataFrame, key: tuple[str, str, str], bounds: bool, column: str = "value") -> str:
    """Return a value, with its interval where asked for; a dash where there is none."""
    if key not in cells.index:
        return MISSING
    row, metric = cells.loc[[key]].iloc[0], key[2]
    decimals = 4 if metric in _FOUR_DECIMALS else 3
    form = f"{{:{'+' if column != 'value' else ''}.{decimals}f}}"
    text = _number(round(row[column], decimals) + 0.0, form)
    low, high = ("low", "high") if column == "value" else (f"{column}_low", f"{column}_high")
    if not bounds or np.isnan(row[low]):
        return text
    return f"{text} [{form.format(round(row[low], decimals) + 0.0)}, {form.format(round(row[high], decimals) + 0.0)}]"


def _number(value: float, form: str) -> str:
    return MISSING if np.isnan(value) else form.format(value)


def _mean_and_deviation(mean: float, deviation: float, metric: str) -> str:
    # z: no minus sign before a zero.
    form = "{:z.4f}" if metric in _FOUR_DECIMALS else "{:z.3f}"
    return _number(mean, form) + ("" if np.isnan(deviation) else " ± " + form.format(deviation))
