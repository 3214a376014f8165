"""Data of the paper's figures 5, 6 and 7, as tables that the figures are drawn from."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from druggene.constants import AUC, CELL_LINE, DRUG, TERM, TEST, TRAIN
from druggene.hierarchy import Hierarchy
from druggene.interpretation.embedding import principal_components
from druggene.interpretation.states import TermStates
from druggene.interpretation.substitutes import name_of, nearest_drug, resolve_genes
from druggene.interpretation.targets import Targets
from druggene.metrics import spearman


def expression_views(
    views: Sequence[Mapping[str, Any]],
    points: pd.DataFrame,
    responses: pd.DataFrame,
    drugs: pd.DataFrame,
    expression: pd.DataFrame,
    known_targets: pd.DataFrame,
    annotations: pd.DataFrame,
) -> pd.DataFrame:
    """Return the cell lines of every view (paper, Fig. 5) with the expression of its genes and the AUC of its drug.

    Parameters
    ----------
    views
        drug and genes each.
    points
        cell_line, pc1, pc2.
    responses
        cell_line, drug, auc.
    drugs, known_targets, annotations
        For stand-ins; see :mod:`druggene.interpretation.substitutes`.
    expression
        Cell lines x genes. Of several genes the highest counts, each standardised over the cell lines.

    Returns
    -------
    pandas.DataFrame
        view, drug, genes, note, cell_line, pc1, pc2, expression (standard deviations), auc (NaN where not measured),
        and rho: Spearman's correlation of expression and AUC over the cell lines with both.
    """
    parts = []
    for number, view in enumerate(views):
        drug, drug_note = nearest_drug(view[DRUG], drugs, known_targets)
        genes, gene_note = resolve_genes(view["genes"], set(expression.columns), annotations)
        values = expression[genes]
        highest = ((values - values.mean()) / values.std()).max(axis=1)
        auc = responses[responses[DRUG] == drug].groupby(CELL_LINE)[AUC].mean()
        table = points.assign(
            view=number,
            drug=name_of(drug, drugs),
            genes=" or ".join(genes),
            note="; ".join(note for note in (drug_note, gene_note) if note),
            expression=points[CELL_LINE].map(highest),
            auc=points[CELL_LINE].map(auc),
        )
        both = table[["expression", "auc"]].dropna()
        parts.append(table.assign(rho=spearman(both["expression"].to_numpy(), both["auc"].to_numpy())))
    return pd.concat(parts, ignore_index=True)


def waterfall(scores: pd.DataFrame, drug: str, by: str, fraction: float, marked: set[str]) -> pd.DataFrame:
    """Return the best ``fraction`` of a drug's terms by one score (paper, Fig. 7B), best first.

    Returns
    -------
    pandas.DataFrame
        rank, the columns of ``scores``, and whether the term is ``marked``.
    """
    ordered = scores[scores[DRUG] == drug].dropna(subset=by).sort_values([by, TERM], ascending=[False, True])
    best = ordered.head(max(1, round(fraction * len(ordered)))).reset_index(drop=True)
    best.insert(0, "rank", np.arange(1, len(best) + 1))
    return best.assign(marked=best[TERM].isin(marked))


def ancestry(hierarchy: Hierarchy, best: pd.DataFrame, number: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the ``number`` best terms with all terms between them and the root (paper, Fig. 7A), and their edges.

    Returns
    -------
    tuple
        term, name, layer, rank (NaN for those in between), marked, x (place within the layer, 0 to 1); parent, child.
    """
    terms, edges, _ = hierarchy.to_tables()
    chosen = best[best[TERM].isin(hierarchy.terms)].head(number)
    kept, waiting = set(), list(chosen[TERM])
    parents = edges.groupby("child")["parent"].agg(list)
    while waiting:
        term = waiting.pop()
        if term not in kept:
            kept.add(term)
            waiting += parents.get(term, [])
    nodes = terms[terms[TERM].isin(kept)].merge(chosen[[TERM, "rank", "marked"]], on=TERM, how="left")
    nodes["marked"] = nodes["marked"].fillna(False).astype(bool)
    edges = edges[edges["parent"].isin(kept) & edges["child"].isin(kept)].reset_index(drop=True)
    # From the root down, each layer in the order of its parents' places, so that few edges cross.
    place: dict[str, float] = {}
    for _, layer in sorted(nodes.groupby("layer"), reverse=True):
        above = {term: [place[p] for p in parents.get(term, []) if p in place] for term in layer[TERM]}
        order = sorted(layer[TERM], key=lambda term: (np.mean(above[term]) if above[term] else 0.5, term))
        place |= {term: (i + 0.5) / len(order) for i, term in enumerate(order)}
    return nodes.assign(x=nodes[TERM].map(place)), edges


def state_against_auc(states: Mapping[int, TermStates], term: str, drug: str, targets: Targets) -> pd.DataFrame:
    """Return the first principal component of a term's state and the AUC of a drug, out of fold (paper, Fig. 7C).

    Every test pair stands with the component of its fold's network, in standard deviations over cell lines and with
    the sign by which it rises with the AUC of the fold's training pairs.

    Returns
    -------
    pandas.DataFrame
        fold, cell_line, component, auc.
    """
    row = targets.drugs.index(drug)
    parts = []
    for fold, of_fold in states.items():
        if term not in of_fold.terms:
            continue
        values = of_fold.values[of_fold.terms.index(term)].T
        component = principal_components(values)[0][:, 0]
        component = (component - component.mean()) / max(component.std(), 1e-12)
        train, test = (targets.roles[fold][row] == role for role in (TRAIN, TEST))
        covariance = (component[train] - component[train].mean()) @ (
            targets.auc[row, train] - targets.auc[row, train].mean()
        )
        component *= -1 if covariance < 0 else 1
        names = np.array(of_fold.cell_lines, dtype=object)[test]
        parts.append(
            pd.DataFrame({"fold": fold, CELL_LINE: names, "component": component[test], AUC: targets.auc[row, test]})
        )
    return pd.concat(parts, ignore_index=True)
