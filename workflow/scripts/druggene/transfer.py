"""A transfer from one screen to another, told apart by what the training screen had measured of a test curve.

Letters: N test rows, K models.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd

from druggene.constants import AUC, CELL_LINE, DRUG, PAIR, ROLE, TEST
from druggene.metrics import Groups, grouped_metrics
from druggene.predictions import Predictions
from druggene.splits import with_roles
from druggene.tables import markdown_row

GROUP: Final = "group"
ALL: Final = "all"
SAME_PAIR: Final = "same_pair"
"""The naive predictor of a pair that both screens have measured: the mean of its training curves."""
SAME_PAIR_LABEL: Final = "The pair's own AUC in the training screen"

KNOWN_PAIR: Final = "pair measured"
GROUPS: Final = {
    ALL: "all curves of the test screen",
    KNOWN_PAIR: "the pair itself was measured in the training screen",
    "pair new": "cell line and drug were measured there, not the two together",
    "cell line new": "the drug was measured there, the cell line was not",
    "drug new": "the cell line was measured there, the drug was not",
    "both new": "neither was measured there",
}
_COLUMNS: Final = {
    "pearson": "Pearson",
    "pearson_within_drugs": "Pearson within drugs",
    "mse": "MSE",
    "r2": "R²",
    "bias": "mean of predicted - observed",
}
_COUNTED: Final = {"cell_lines": "cell lines", "drugs": "drugs", "pairs": "pairs", "responses": "curves"}


def group_of_rows(rows: pd.DataFrame, training: pd.DataFrame) -> np.ndarray:
    """Return the group in ``GROUPS`` of every test row, by the pairs of the training screen.

    Parameters
    ----------
    rows
        N test rows: pair, cell_line, drug.
    training
        Training and validation rows: pair, cell_line, drug.
    """
    known_pair = rows[PAIR].isin(training[PAIR])
    known_line, known_drug = (rows[column].isin(training[column]) for column in (CELL_LINE, DRUG))
    conditions = [known_pair, known_line & known_drug, known_drug, known_line]
    return np.select(conditions, list(GROUPS)[1:5], default="both new")


def transfer_metrics(predictions: Predictions, responses: pd.DataFrame, folds: pd.DataFrame) -> pd.DataFrame:
    """Return the metrics of every model in every group of test curves.

    Of pairs that both screens have measured, the training screen's own mean stands as a further predictor
    (``same_pair``): it is what two screens agree by, and no model that learned from one can be expected to beat it.

    Parameters
    ----------
    predictions
        Of one transfer, all models.
    responses
        pair, cell_line, drug, auc, source.
    folds
        The transfer's folds: pair, source, fold, role.

    Returns
    -------
    pandas.DataFrame
        group, model, n_cell_lines, n_drugs, n_pairs, n_responses; pearson, mse and r2 over all of the group's curves;
        pearson_within_drugs, of values centred on their mean per drug; bias, the mean of predicted - observed AUC.
    """
    roles = with_roles(responses, folds, 0)
    training = roles[roles[ROLE] != TEST]
    groups = group_of_rows(predictions.rows, training)
    own = predictions.rows[PAIR].map(training.groupby(PAIR)[AUC].mean()).to_numpy(np.float64)
    tables = []
    for name in GROUPS:
        chosen = np.full(len(groups), True) if name == ALL else groups == name
        if not chosen.any():
            continue
        part = predictions.only(chosen)
        models, predicted = list(part.models), part.predicted
        if name == KNOWN_PAIR:
            models, predicted = [*models, SAME_PAIR], np.column_stack([predicted, own[chosen]])
        tables.append(_metrics(part.rows, predicted, models, name))
    return pd.concat(tables, ignore_index=True)


def _metrics(rows: pd.DataFrame, predicted: np.ndarray, models: Sequence[str], name: str) -> pd.DataFrame:
    observed = rows[AUC].to_numpy(np.float64)
    everything = Groups(np.zeros(len(rows), dtype=np.int64))
    drugs = Groups(rows.groupby(DRUG, sort=True).ngroup().to_numpy())
    over_all = grouped_metrics(observed, predicted, everything)
    within = grouped_metrics(observed, predicted, everything, drugs)
    return pd.DataFrame(
        {
            GROUP: name,
            "model": models,
            "n_cell_lines": rows[CELL_LINE].nunique(),
            "n_drugs": rows[DRUG].nunique(),
            "n_pairs": rows[PAIR].nunique(),
            "n_responses": len(rows),
            "pearson": over_all["pearson"][0],
            "pearson_within_drugs": within["pearson"][0],
            "mse": over_all["mse"][0],
            "r2": over_all["r2"][0],
            "bias": (predicted - observed[:, None]).mean(axis=0),
        }
    )


def transfer_markdown(
    table: pd.DataFrame, labels: Mapping[str, str], screens: tuple[str, str], simulated: bool = False
) -> str:
    """Return the table of :func:`transfer_metrics` for people, a section for every group.

    Parameters
    ----------
    table
        Of one transfer.
    labels
        Every model to the name that readers see, in reading order.
    screens
        Trained and tested on.
    simulated
        Whether the responses are made up.
    """
    names = {**labels, SAME_PAIR: SAME_PAIR_LABEL}
    lines = [f"# From {screens[0]} to {screens[1]}{', simulated data' if simulated else ''}", ""]
    for group, meaning in GROUPS.items():
        part = table[table[GROUP] == group].set_index("model")
        if part.empty:
            lines += [f"## {meaning[0].upper()}{meaning[1:]}", "", "None.", ""]
            continue
        first = part.iloc[0]
        numbers = [(first[f"n_{what}"], label) for what, label in _COUNTED.items()]
        counts = [f"{number:,} {label.removesuffix('s') if number == 1 else label}" for number, label in numbers]
        lines += [f"## {meaning[0].upper()}{meaning[1:]}", "", ", ".join(counts) + ".", ""]
        lines += [markdown_row(["model", *_COLUMNS.values()]), markdown_row(["---", *["---:"] * len(_COLUMNS)])]
        for model in (name for name in names if name in part.index):
            values = part.loc[model, list(_COLUMNS)].to_numpy(np.float64)
            lines.append(
                markdown_row([names[model], *("–" if np.isnan(value) else f"{value:.4f}" for value in values)])
            )
        lines.append("")
    return "\n".join(lines)
