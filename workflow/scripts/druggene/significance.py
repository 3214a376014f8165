"""Significance of the differences between models: paired Wilcoxon tests over drugs, cell lines and folds."""

import itertools
from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.stats import false_discovery_control, rankdata, wilcoxon

from druggene.constants import MODEL

TESTED = {"pearson": 1, "mse": -1}
"""The metrics that are tested, and whether more (1) or less (-1) is better."""


def compare_pairs(tables: dict[str, pd.DataFrame], models: Sequence[str]) -> pd.DataFrame:
    """Test every pair of models on every unit.

    Parameters
    ----------
    tables
        Unit (drug, cell_line, fold) to a table with the columns model, the unit's own, pearson and mse.
    models
        Those compared; of each pair, the first comes earlier.

    Returns
    -------
    pandas.DataFrame
        Columns unit, metric, model, other, and the columns of :func:`paired_test`; q_value is p_value after Benjamini
        and Hochberg over all pairs of a unit and metric.
    """
    rows = []
    for unit, table in tables.items():
        for metric, sign in TESTED.items():
            wide = sign * table.pivot(index=unit, columns=MODEL, values=metric).astype(float)
            for one, other in itertools.combinations(models, 2):
                differences = (wide[one] - wide[other]).to_numpy() if len(wide) else np.empty(0)
                rows.append({"unit": unit, "metric": metric, MODEL: one, "other": other} | paired_test(differences))
    frame = pd.DataFrame(rows)
    frame["q_value"] = frame.groupby(["unit", "metric"])["p_value"].transform(adjust)
    return frame


def paired_test(differences: np.ndarray) -> dict[str, float]:
    """Return a paired Wilcoxon signed-rank test of differences, of which positive ones speak for the first model.

    Returns
    -------
    dict
        n, the number of differences; median_difference; share_better and share_worse, the parts that are positive and
        negative; rank_biserial, the
        matched-pairs rank-biserial correlation (rank sum of the positive minus that of the negative differences, by
        the sum of both: 1 where the first is always better, -1 where it never is); p_value, two-sided, exact for few
        differences. NaN where nothing differs or nothing is defined.
    """
    differences = differences[np.isfinite(differences)]
    undefined = float("nan")
    result = {
        "n": len(differences),
        "median_difference": float(np.median(differences)) if len(differences) else undefined,
        "share_better": float((differences > 0).mean()) if len(differences) else undefined,
        "share_worse": float((differences < 0).mean()) if len(differences) else undefined,
    }
    apart = differences[differences != 0]
    if not len(apart):
        return result | {"rank_biserial": undefined, "p_value": undefined}
    ranks = rankdata(np.abs(apart))
    biserial = float((ranks * np.sign(apart)).sum() / ranks.sum())
    return result | {"rank_biserial": biserial, "p_value": float(wilcoxon(apart).pvalue)}


def towards(tests: pd.DataFrame, reference: str) -> pd.DataFrame:
    """Return the tests of :func:`compare_pairs` that a model takes part in, as the first of each pair."""
    second = tests[tests["other"] == reference]
    exchanged = {MODEL: "other", "share_better": "share_worse"}
    turned = second.rename(columns=exchanged | {new: old for old, new in exchanged.items()})
    turned[["median_difference", "rank_biserial"]] *= -1
    return pd.concat([tests[tests[MODEL] == reference], turned])


def adjust(p_values: pd.Series) -> pd.Series:
    """Return p-values that control the false discovery rate (Benjamini and Hochberg); NaN stays and does not count."""
    defined = p_values.dropna()
    return pd.Series(false_discovery_control(defined) if len(defined) else [], defined.index).reindex(p_values.index)
