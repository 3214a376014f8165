"""Evaluation: metrics per fold, their comparison across models, and the tables that show it."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from druggene.constants import AUC, DRUG, FOLD, MODEL, PAIR, PREDICTED, PROTOCOL
from druggene.metrics import FLOAT32_STEP, METRICS, is_constant, pearson, regression_metrics
from druggene.tables import read_table

REFERENCE = "effects"
"""The naive predictor that every model is held against."""

_COLUMNS = [PAIR, DRUG, AUC, PREDICTED, MODEL, PROTOCOL, FOLD]
_CORRELATIONS = ("pearson", "spearman")
_TITLES = {"pearson": "Pearson", "spearman": "Spearman", "mse": "MSE", "rmse": "RMSE", "mae": "MAE", "r2": "R²"}


def read_predictions(paths: Sequence[str]) -> pd.DataFrame:
    """Read prediction tables and check that all models predicted the same rows."""
    predictions = pd.concat([read_table(path, columns=_COLUMNS) for path in paths], ignore_index=True)
    check_same_rows(predictions)
    return predictions


def check_same_rows(predictions: pd.DataFrame) -> None:
    """Raise a ValueError naming the model whose test rows (fold, pair, AUC) differ from the first model's.

    Figures of models that were judged on different rows must not stand in one table.
    """
    keys = [FOLD, PAIR, AUC]
    reference_name, reference = None, pd.DataFrame()
    for name in predictions[MODEL].unique():
        ordered = predictions.loc[predictions[MODEL] == name, keys].sort_values(keys, ignore_index=True)
        if reference_name is None:
            reference_name, reference = name, ordered
        elif not ordered.equals(reference):
            surplus = ordered.groupby(keys).size().sub(reference.groupby(keys).size(), fill_value=0)
            raise ValueError(
                f"predictions: {name} and {reference_name} do not cover the same test rows: {int(surplus.abs().sum())} "
                f"rows (fold, pair, AUC) differ; delete the older predictions so that they are made again"
            )


def metrics_by_fold(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return one row per model, protocol and fold: n_pairs, n_responses and the metrics of the test rows.

    Models keep the order in which they first appear. A metric that is undefined is NaN, as all are of a fold on which
    training diverged.
    """
    rows = [
        {MODEL: model, PROTOCOL: protocol, FOLD: fold, "n_pairs": part[PAIR].nunique(), "n_responses": len(part)}
        | _metrics(part)
        for (model, protocol, fold), part in predictions.groupby([MODEL, PROTOCOL, FOLD], sort=False)
    ]
    order = {name: i for i, name in enumerate(predictions[MODEL].unique())}
    frame = pd.DataFrame(rows)
    return frame.sort_values([MODEL, FOLD], key=lambda c: c.map(order) if c.name == MODEL else c, ignore_index=True)


def _metrics(rows: pd.DataFrame) -> dict[str, float]:
    """Return the metrics of the rows; all NaN where training diverged and nothing is predicted."""
    predicted = rows[rows[PREDICTED].notna()] if rows[PREDICTED].isna().all() else rows
    return regression_metrics(predicted[AUC].to_numpy(), predicted[PREDICTED].to_numpy())


def _diverged(predictions: pd.DataFrame) -> pd.Series:
    """Return the number of folds per model on which training diverged."""
    absent = predictions[PREDICTED].isna().groupby([predictions[MODEL], predictions[FOLD]]).all()
    return absent.groupby(MODEL).sum()


def pooled_metrics(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return the metrics over the out-of-fold predictions of all folds together, indexed by model.

    A predictor that is constant within every fold has no correlation: what pooling would show is how the
    folds' means differ, which is negative by construction. It is NaN. So is all of a model whose training diverged on
    some fold: it would be judged on other rows than its rivals.
    """
    rows = {}
    for model, part in predictions.groupby(MODEL, sort=False):
        if part[PREDICTED].isna().any():
            rows[model] = dict.fromkeys(METRICS, float("nan"))
            continue
        metrics = regression_metrics(part[AUC].to_numpy(), part[PREDICTED].to_numpy())
        if not _varies_within_folds(part):
            metrics |= dict.fromkeys(_CORRELATIONS, float("nan"))
        rows[model] = metrics
    return pd.DataFrame.from_dict(rows, orient="index", columns=list(METRICS)).rename_axis(MODEL)


def pearson_per_drug(predictions: pd.DataFrame, min_pairs: int) -> pd.DataFrame:
    """Return each drug's Pearson correlation over cell lines, within folds.

    Responses and predictions are centred on their mean per drug and fold, then correlated over all folds.
    Pooled as they are, they would punish every model that knows a drug's mean: the mean of the other
    folds is high where a fold's own responses are low.

    Parameters
    ----------
    predictions
        Columns pair, drug, auc, predicted, model, fold.
    min_pairs
        A drug counts with at least so many test pairs that share their fold with another pair of the drug;
        a pair alone in its fold has nothing to be compared with.

    Returns
    -------
    pandas.DataFrame
        Columns model, drug, n_pairs, pearson; NaN where responses or predictions do not vary within folds.
    """
    keys = [MODEL, DRUG, FOLD]
    rows = predictions.loc[predictions.groupby(keys)[PAIR].transform("nunique") > 1, [*keys, PAIR, AUC, PREDICTED]]
    values = rows[[AUC, PREDICTED]]
    centred = values - rows.groupby(keys)[[AUC, PREDICTED]].transform("mean")
    # What is left of equal values after subtracting their mean is rounding, not variation.
    rounding = FLOAT32_STEP * values.abs().groupby([rows[MODEL], rows[DRUG]]).transform("max")
    rows[[AUC, PREDICTED]] = centred.where(centred.abs() > rounding, 0.0)
    table = pd.DataFrame(
        [
            (model, drug, part[PAIR].nunique(), pearson(part[AUC].to_numpy(), part[PREDICTED].to_numpy()))
            for (model, drug), part in rows.groupby([MODEL, DRUG])
        ],
        columns=[MODEL, DRUG, "n_pairs", "pearson"],
    )
    return table[table["n_pairs"] >= min_pairs].reset_index(drop=True)


def _varies_within_folds(predictions: pd.DataFrame) -> bool:
    return any(not is_constant(part.to_numpy()) for _, part in predictions.groupby(FOLD)[PREDICTED])


def comparison(
    predictions: pd.DataFrame, by_fold: pd.DataFrame, labels: Mapping[str, str], min_pairs_per_drug: int
) -> pd.DataFrame:
    """Return one row per model, in the order of ``labels``.

    Parameters
    ----------
    predictions
        Out-of-fold predictions of one protocol.
    by_fold
        What :func:`metrics_by_fold` gave for them.
    labels
        Model to the name that readers see.
    min_pairs_per_drug
        See :func:`pearson_per_drug`.

    Returns
    -------
    pandas.DataFrame
        Columns model, label, protocol, n_folds, n_diverged (folds of these without predictions, as training diverged),
        n_pairs, n_responses; ``<metric>_mean`` and ``<metric>_sd`` (n - 1)
        over the folds in which the metric is defined; ``pooled_<metric>``;
        ``pooled_pearson_minus_effects`` (the difference to drug + cell-line effects, NaN where that
        predictor is absent); ``per_drug_pearson`` (mean over drugs, within folds) and
        ``n_drugs`` that count in it.

    Raises
    ------
    ValueError
        If a model has no predictions, or predictions no label.
    """
    differing = set(labels) ^ set(predictions[MODEL].unique())
    if differing:
        raise ValueError(f"evaluation: model(s) {', '.join(sorted(differing))} have predictions or a label, not both")
    groups = by_fold.groupby(MODEL)
    table = groups.agg(
        protocol=(PROTOCOL, "first"),
        n_folds=(FOLD, "size"),
        n_pairs=("n_pairs", "sum"),
        n_responses=("n_responses", "sum"),
    )
    table.insert(2, "n_diverged", _diverged(predictions))
    for metric in METRICS:
        table[f"{metric}_mean"] = groups[metric].mean()
        table[f"{metric}_sd"] = groups[metric].std(ddof=1)
    pooled = pooled_metrics(predictions).add_prefix("pooled_")
    table = table.join(pooled)
    reference = pooled["pooled_pearson"].get(REFERENCE, np.nan)
    table["pooled_pearson_minus_effects"] = table["pooled_pearson"] - reference
    whole = predictions[~predictions[MODEL].isin(table.index[table["n_diverged"] > 0])]
    per_drug = pearson_per_drug(whole, min_pairs_per_drug).groupby(MODEL)["pearson"]
    table["per_drug_pearson"] = per_drug.mean()
    table["n_drugs"] = per_drug.count().reindex(table.index, fill_value=0)
    table = table.loc[list(labels)].reset_index()
    table.insert(1, "label", [labels[name] for name in table[MODEL]])
    return table


def comparison_markdown(table: pd.DataFrame, min_pairs_per_drug: int, simulated: bool) -> str:
    """Return the comparison as a Markdown table with a heading and the meaning of its columns."""
    first = table.iloc[0]
    header = [
        "Model",
        *(_TITLES[metric] for metric in METRICS),
        "Pearson, pooled",
        "Pooled, to effects",
        "Pearson per drug",
        "Drugs",
    ]
    lines = [
        f"# Models compared, protocol {first[PROTOCOL]}{', simulated data' if simulated else ''}",
        "",
        f"{first['n_responses']:,} test responses ({first['n_pairs']:,} pairs) in {first['n_folds']} fold(s). "
        "Metrics: mean ± standard deviation over folds. Pooled: over the out-of-fold predictions of all folds "
        "together. To effects: difference in pooled Pearson to the drug + cell-line effects. Per drug: mean over drugs "
        "of the correlation within folds, and how many drugs count, those with at least "
        f"{min_pairs_per_drug} test pairs that share their fold. A dash: undefined, as the correlation of a constant "
        "is.",
        "",
        *_holes(table),
        "| " + " | ".join(header) + " |",
        "| --- |" + " ---: |" * (len(header) - 1),
    ]
    for _, row in table.iterrows():
        cells = [
            str(row["label"]),
            *(_mean_and_deviation(row[f"{metric}_mean"], row[f"{metric}_sd"], metric) for metric in METRICS),
            _number(row["pooled_pearson"], "{:.3f}"),
            _number(round(row["pooled_pearson_minus_effects"], 3) + 0.0, "{:+.3f}"),
            _number(row["per_drug_pearson"], "{:.3f}"),
            str(row["n_drugs"]),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _holes(table: pd.DataFrame) -> list[str]:
    """Say which models are missing on some folds."""
    missing = table[table["n_diverged"] > 0]
    if missing.empty:
        return []
    models = ", ".join(
        f"{row['label']} on {row['n_diverged']} of {row['n_folds']} folds" for _, row in missing.iterrows()
    )
    return [
        f"**Training diverged: {models}.** Mean and deviation are of the other folds; nothing is pooled or taken per "
        "drug.",
        "",
    ]


def _number(value: float, form: str) -> str:
    return "–" if np.isnan(value) else form.format(value)


def _mean_and_deviation(mean: float, deviation: float, metric: str) -> str:
    form = "{:.4f}" if metric == "mse" else "{:.3f}"
    return _number(mean, form) + ("" if np.isnan(deviation) else " ± " + form.format(deviation))
