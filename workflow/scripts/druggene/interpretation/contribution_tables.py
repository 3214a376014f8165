"""The terms that contribute most to the predictions of each drug, for readers, beside the gene-permuted twin's."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from druggene.constants import DRUG, MODEL, TERM
from druggene.documents import MISSING, Document, Grid, Heading, Paragraph
from druggene.interpretation.contributions import CONTRIBUTIONS
from druggene.interpretation.stability import rank_correlation
from druggene.interpretation.substitutes import name_of

TOP: Final = 10
"""Terms of a drug in the table."""
NAMED: Final = 3
"""Terms of a drug that the table for readers names."""
_BY: Final = CONTRIBUTIONS[0]


def top_terms(own: pd.DataFrame, agreements: pd.DataFrame, twin: pd.DataFrame | None) -> pd.DataFrame:
    """Return the terms that contribute most to what tells the cell lines of each drug apart.

    Parameters
    ----------
    own, twin
        Pooled contributions of a network and of the one whose genes are permuted, where it was trained.
    agreements
        drug, score, folds_rho of the network.

    Returns
    -------
    pandas.DataFrame
        drug, rank, term, name, layer, size, n_pairs, the scores, twin_rank (of the term among the twin's), and of the
        drug, by the deviation of contributions: folds_rho, twin_rho, and twin_shared, how many of these terms are among
        as many of the twin's.
    """
    rho = agreements[agreements["score"] == _BY].set_index(DRUG)["folds_rho"]
    tables = []
    for drug, terms in own.groupby(DRUG):
        ordered = terms.sort_values([_BY, TERM], ascending=[False, True], ignore_index=True)
        best = ordered.head(TOP).assign(rank=np.arange(1, min(TOP, len(ordered)) + 1))
        best = best.assign(folds_rho=rho.get(drug, np.nan), twin_rank=np.nan, twin_rho=np.nan, twin_shared=np.nan)
        of_twin = None if twin is None else twin[twin[DRUG] == drug].set_index(TERM)[_BY]
        if of_twin is not None and len(of_twin):
            ranks = of_twin.rank(ascending=False, method="min")
            best["twin_rank"] = best[TERM].map(ranks)
            both = ordered[TERM].map(of_twin).to_numpy(float)
            best["twin_rho"] = rank_correlation(ordered[_BY].to_numpy(float), both)
            best["twin_shared"] = float((best["twin_rank"] <= len(best)).sum())
        tables.append(best)
    columns = [DRUG, "rank", TERM, "name", "layer", "size", "n_pairs", *CONTRIBUTIONS]
    return pd.concat(tables, ignore_index=True)[[*columns, "twin_rank", "folds_rho", "twin_rho", "twin_shared"]]


def tabulate(
    scores: Mapping[str, pd.DataFrame], agreements: Mapping[str, pd.DataFrame], twins: Mapping[str, str]
) -> pd.DataFrame:
    """Return :func:`top_terms` of all networks, with a column ``model``; ``twins`` names the twin of each that has one.

    A network that is another's twin has no rows of its own.
    """
    tables = [
        top_terms(own, agreements[model], scores.get(twins.get(model, ""))).assign(**{MODEL: model})
        for model, own in scores.items()
        if model not in twins.values()
    ]
    table = pd.concat(tables, ignore_index=True)
    return table[[MODEL, *(column for column in table if column != MODEL)]]


def contributions_document(
    table: pd.DataFrame,
    labels: Mapping[str, str],
    drugs: pd.DataFrame,
    protocol: str,
    source: str,
    simulated: bool,
) -> Document:
    """Return the best terms of each drug for readers; ``labels`` are the models' names, ``drugs`` has drug and name."""
    document = Document(f"What terms contribute to predictions, protocol {protocol}", simulated)
    document.blocks += [
        Paragraph(f"Data: {source}."),
        Paragraph(
            "A network that reads out all terms adds up what each says of a cell line, times its weight for the drug. "
            f"For every drug, the {NAMED} terms whose contributions differ most between cell lines (standard deviation "
            "over test pairs, in units of z), with the correlation of contribution and measured AUC: above 0 the term "
            "is right about who is resistant. Folds: mean rank correlation over all terms between two folds' networks. "
            "Twin: the same with the network whose genes are exchanged among each other, and how many of the drug's "
            f"{TOP} first terms are among the twin's; what the twin shares, it does not owe to the genes of the term. "
            "This explains the network; it is no evidence that a drug works by a term."
        ),
    ]
    for model, own in table.groupby(MODEL, sort=False):
        rows = []
        for drug, terms in own.groupby(DRUG, sort=True):
            first = terms.iloc[0]
            named = [
                f"{term['name']} ({term['contribution_sd']:.2g}; {_number(term['contribution_r'])})"
                for term in terms.head(NAMED).to_dict("records")
            ]
            shared = MISSING if np.isnan(first["twin_shared"]) else f"{first['twin_shared']:.0f}"
            rho = [_number(first["folds_rho"]), _number(first["twin_rho"])]
            rows.append([name_of(str(drug), drugs), "; ".join(named), f"{first['n_pairs']:,}", *rho, shared])
        rows.sort(key=lambda row: row[0].casefold())
        header = ["Drug", "Terms (deviation; correlation)", "Pairs", "Folds", "Twin", "Twin's"]
        grid = Grid(header, rows, [False, False, True, True, True, True])
        means = own.drop_duplicates(DRUG)[["folds_rho", "twin_rho"]].mean()
        said = f"Means over {own[DRUG].nunique()} drugs: folds {_number(means['folds_rho'])}, "
        document.blocks += [
            Heading(labels[str(model)]),
            Paragraph(said + f"twin {_number(means['twin_rho'])}."),
            grid,
        ]
    return document


def _number(value: Any) -> str:
    return MISSING if np.isnan(value) else f"{value:.2f}"
