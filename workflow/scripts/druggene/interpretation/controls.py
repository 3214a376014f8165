"""Controls of scores: permuted labels, other folds and models, and the shape of the hierarchy."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from druggene.constants import AUC, DRUG, MODEL, TERM
from druggene.interpretation.stability import rank_correlation

SCORES = (
    "power",
    "rlipp",
    "knockout",
    "knockout_loss",
    "conductance",
    "attribution",
    "attribution_specific",
)
"""Scores of terms, in the order in which tables show them."""
SHAPE = {"size": "term size", "layer": "layer", "n_children": "number of children", "n_parents": "number of parents"}
"""What a score may merely follow: column and name."""


def permute_responses(responses: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return the responses with the AUCs of every drug dealt anew among its rows.

    What is left is which drugs are strong; which cell lines are sensitive, and to what, is gone.
    """
    rng = np.random.default_rng(seed)
    permuted = responses.copy()
    permuted[AUC] = responses.groupby(DRUG, sort=True)[AUC].transform(lambda auc: rng.permutation(auc.to_numpy()))
    return permuted


def specific(values: pd.Series, drugs: pd.Series, terms: pd.Series) -> pd.Series:
    """Return scores relative to their sum over a drug's terms, and then to the term's mean over drugs.

    A term that counts as much for every drug has 1, whatever its size.
    """
    share = values / values.groupby(drugs).transform("sum").replace(0, np.nan)
    return share / share.groupby(terms).transform("mean").replace(0, np.nan)


def score_stability(
    scores: Mapping[tuple[str, str], pd.DataFrame],
    agreements: Mapping[tuple[str, str], pd.DataFrame],
    names: Sequence[str] = SCORES,
    seeds: Iterable[tuple[str, str, str]] = (),
) -> pd.DataFrame:
    """Return what each score agrees with.

    Parameters
    ----------
    scores
        Model and labels (measured or permuted) to the scores of terms.
    agreements
        The same to drug, score, folds_rho.
    names
        The scores to look at, in the order of the table.
    seeds
        Model, another that differs in its seed, and what the table calls the other.

    Returns
    -------
    pandas.DataFrame
        model, labels, score, compared_with, rho and rho_sd (mean and deviation over drugs of Spearman's correlation
        over terms), n_drugs. Compared with: folds (any two), the shape of the hierarchy, permuted labels, and the
        same score of another model, such as one that differs in its seed.
    """
    called = {(model, other): name for model, other, name in seeds}
    rows = []
    for (model, labels), table in scores.items():
        present = [score for score in names if score in table]
        own = agreements[model, labels].rename(columns={"folds_rho": "rho"}).assign(compared_with="other folds")
        parts = [own[own["score"].isin(present)]]
        others = {
            ("permuted labels" if other == model else called.get((model, other), other)): scores[other, of]
            for other, of in scores
            if (other, of) != (model, labels) and (of == labels or other == model)
        }
        for score in present:
            parts += [
                _per_drug(table, table.assign(**{score: table[column]}), score, name) for column, name in SHAPE.items()
            ]
            parts += [_per_drug(table, other, score, name) for name, other in others.items() if score in other]
        rows.append(pd.concat(parts).assign(**{MODEL: model, "labels": labels}))
    stacked = pd.concat(rows, ignore_index=True)
    keys = [MODEL, "labels", "score", "compared_with"]
    return stacked.groupby(keys, sort=False)["rho"].agg(rho="mean", rho_sd="std", n_drugs="count").reset_index()


def _per_drug(first: pd.DataFrame, second: pd.DataFrame, score: str, name: str) -> pd.DataFrame:
    """Return score, compared_with and the rank correlation over terms of one score of two tables, per drug."""
    both = first[[DRUG, TERM, score]].merge(second[[DRUG, TERM, score]], on=[DRUG, TERM], suffixes=("", "_other"))
    rho = [
        rank_correlation(part[score].to_numpy(float), part[f"{score}_other"].to_numpy(float))
        for _, part in both.groupby(DRUG)
    ]
    return pd.DataFrame({"score": score, "compared_with": name, "rho": rho})
