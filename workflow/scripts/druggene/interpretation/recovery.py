"""How well scores find the terms that a simulated cohort was planted with.

For every drug, all terms of the hierarchy are ranked by a score; hits are the planted terms of the drug (``exact``), or
these with their parents and children in the hierarchy, the root left out (``relatives``): the activity of a planted
term passes through its parents, so that they carry it too. Two numbers tell how far up the hits are: the area under
the ROC curve (0.5 by chance), and the area under the precision-recall curve as average precision (by chance the hits'
share of all terms). A term without a score is ranked last.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import average_precision_score, roc_auc_score

from druggene.constants import DRUG, TERM
from druggene.hierarchy import Hierarchy
from druggene.interpretation.rlipp import rlipp

RULES = ("exact", "relatives")
LABELS = {
    "power": "Power of the term's states",
    "rlipp_mean": "RLIPP, mean of children (paper)",
    "difference_mean": "P - C, mean of children",
    "rlipp_joint": "RLIPP, children together",
    "difference_joint": "P - C, children together",
    "children_mean": "Power of the children, mean",
    "children_joint": "Power of the children together",
    "knockout": "Knock-out, change of prediction",
    "knockout_loss": "Knock-out, loss of accuracy",
    "conductance": "Conductance of the term",
    "attribution": "Attribution of its genes",
    "attribution_specific": "Attribution of its genes, drug-specific",
    "contribution_sd": "Contribution to z, deviation over cell lines",
    "contribution": "Contribution to z, mean absolute value",
    "contribution_r": "Contribution to z, correlation with the AUC",
    "weight": "Weight of the term",
    "large": "Term size, largest first",
    "small": "Term size, smallest first",
}
"""Score to the name that readers see; the last two know nothing of the network or the drug."""


def hits(planted: Sequence[str], terms: Sequence[str], edges: pd.DataFrame, rule: str) -> np.ndarray:
    """Return which of ``terms`` are hits by a rule.

    Parameters
    ----------
    planted
        The drug's planted terms.
    terms
        All that are ranked.
    edges
        parent, child of the hierarchy.
    rule
        "exact" or "relatives".
    """
    wanted = set(planted)
    if rule == "relatives":
        roots = set(edges["parent"]) - set(edges["child"])
        related = set(edges.loc[edges["child"].isin(wanted), "parent"])
        related |= set(edges.loc[edges["parent"].isin(wanted), "child"])
        wanted |= related - roots
    return np.isin(np.asarray(terms), sorted(wanted))


def judge(scores: pd.DataFrame, truth: pd.DataFrame, hierarchies: Sequence[Hierarchy]) -> pd.DataFrame:
    """Return :func:`recovery_by_drug` of all forms of all scores that ``scores`` (drug, term, size, ...) has."""
    derived: dict[str, Any] = {"large": scores["size"], "small": -scores["size"]}
    for form in ("mean", "joint"):
        if f"children_{form}" in scores:
            parent, children = scores["power"].to_numpy(), scores[f"children_{form}"].to_numpy()
            derived[f"rlipp_{form}"] = rlipp(parent, children, "relative")
            derived[f"difference_{form}"] = rlipp(parent, children, "difference")
    table = scores.assign(**derived)
    edges = pd.concat([hierarchy.to_tables()[1] for hierarchy in hierarchies]).drop_duplicates()
    return recovery_by_drug(table, [name for name in LABELS if name in table], truth, edges)


def recovery_by_drug(
    scores: pd.DataFrame, names: Sequence[str], truth: pd.DataFrame, edges: pd.DataFrame
) -> pd.DataFrame:
    """Return the areas of every score, drug and rule.

    Parameters
    ----------
    scores
        drug, term and the columns ``names``; larger is taken for more important.
    names
        Scores to judge.
    truth
        drug, class, term: what was planted.
    edges
        parent, child of the hierarchy.

    Returns
    -------
    pandas.DataFrame
        drug, class, score, rule, auroc, auprc, chance (the hits' share), n_hits. Drugs none of whose planted terms
        is in the hierarchy have no row.
    """
    rows = []
    for drug, of_drug in scores.groupby(DRUG):
        planted = truth.loc[truth[DRUG] == drug]
        for rule in RULES:
            hit = hits(list(planted[TERM]), list(of_drug[TERM]), edges, rule)
            if not hit.any() or hit.all():
                continue
            for name in names:
                values = of_drug[name].to_numpy(float)
                # Behind every term that has a score; infinities keep their side.
                values = np.nan_to_num(values, nan=-np.inf)
                ranked = np.unique(values, return_inverse=True)[1]
                area = (roc_auc_score(hit, ranked), average_precision_score(hit, ranked))
                rows.append((drug, planted["class"].iloc[0], name, rule, *area, hit.mean(), int(hit.sum())))
    columns = [DRUG, "class", "score", "rule", "auroc", "auprc", "chance", "n_hits"]
    return pd.DataFrame(rows, columns=columns)


def summarise(by_drug: pd.DataFrame) -> pd.DataFrame:
    """Return score, rule and means over drug classes (each the mean of its drugs): auroc, auprc, chance, n_classes."""
    keys = ["score", "rule"]
    if by_drug.empty:
        return pd.DataFrame(columns=[*keys, "auroc", "auprc", "chance", "n_classes"])
    classes = by_drug.groupby([*keys, "class"], sort=False)[["auroc", "auprc", "chance"]].mean()
    summary = classes.groupby(level=keys, sort=False).mean()
    summary["n_classes"] = classes.groupby(level=keys, sort=False).size()
    return summary.reset_index()


def recovery_markdown(summary: pd.DataFrame) -> str:
    """Return the summary as a table for readers, best precision-recall area by the exact rule first."""
    if summary.empty:
        return "# Simulated data: no planted term is in the hierarchy, so that no score can find one\n"
    wide = summary.pivot(index="score", columns="rule", values=["auroc", "auprc", "chance"])
    wide = wide.sort_values(("auprc", "exact"), ascending=False)
    lines = [
        "# How well scores of terms find the planted ones, simulated data",
        "",
        f"Means over {summary['n_classes'].max()} drug classes. Hits: the planted terms of the drug (exact), or these "
        "with their parents and children in the hierarchy, the root left out (relatives). ROC: area under the curve, "
        "0.5 by chance. PR: average precision; by chance the hits' share, "
        f"{wide['chance', 'exact'].mean():.4f} (exact) and {wide['chance', 'relatives'].mean():.4f} (relatives).",
        "",
        "| Score | ROC, exact | PR, exact | ROC, relatives | PR, relatives |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for score, row in wide.iterrows():
        cells = [row["auroc", "exact"], row["auprc", "exact"], row["auroc", "relatives"], row["auprc", "relatives"]]
        lines.append(f"| {LABELS[str(score)]} | " + " | ".join(f"{cell:.3f}" for cell in cells) + " |")
    return "\n".join(lines) + "\n"
