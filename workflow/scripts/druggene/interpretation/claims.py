"""The paper's statements of interpretation (its figures 5 to 7) beside what a run's networks give.

They stand in ``resources/paper_claims.csv`` with the stage ``interpret``; ``other`` names a drug and, behind a colon,
genes or terms. A finding that has a p-value counts only where that is at most :data:`LEVEL`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from scipy.stats import f, fisher_exact, hypergeom, spearmanr

from druggene.claims import COMPARISONS, INTERPRET, NOT_REPRODUCED, NOT_TESTED, REPRODUCED
from druggene.constants import AUC, CELL_LINE, DRUG, FOLD, PAIR, ROLE, TERM, TEST
from druggene.gene_ontology import read_terms_below
from druggene.interpretation.embedding import PCS
from druggene.interpretation.rlipp import rlipp
from druggene.interpretation.states import TermStates, read_states
from druggene.interpretation.substitutes import name_of, nearest_drug
from druggene.interpretation.targets import Targets
from druggene.interpretation.views import expression_views, state_against_auc, waterfall

LEVEL: Final = 0.05
"""Largest p-value with which a finding counts."""
TOP: Final = 0.1
"""Part of the terms that the paper looks at."""
EXTREME: Final = 0.25
"""Part of a drug's cell lines that count as its most sensitive, or its most resistant ones."""
FEWEST: Final = 10
"""Fewest cell lines or pairs that a statement is judged by."""


class Untestable(Exception):
    """The run lacks what a statement is about; the message says what."""


@dataclass(frozen=True)
class Finding:
    """A run's figure for a statement, its p-value where it has one, and what stood in or stands beside it."""

    value: float
    p_value: float = float("nan")
    note: str = ""


@dataclass(frozen=True)
class Interpreted:
    """What the statements are judged by: artifacts of one network of one protocol.

    Attributes
    ----------
    scores
        Scores of terms: drug, term, name, power, children_mean.
    cell_lines, fold
        Embedding of the cell lines by the network of a fold (cell_line, pc1, pc2).
    classes
        Silhouettes of classes of drugs: class, by, n_drugs, silhouette, p_value.
    states
        Fold to its file of states.
    responses, folds, drugs, expression
        Tables of the run.
    known_targets, annotations
        For stand-ins; see :mod:`druggene.interpretation.substitutes`.
    obo
        File of the Gene Ontology.
    """

    scores: pd.DataFrame
    cell_lines: pd.DataFrame
    fold: int
    classes: pd.DataFrame
    states: Mapping[int, str]
    responses: pd.DataFrame
    folds: pd.DataFrame
    drugs: pd.DataFrame
    expression: pd.DataFrame
    known_targets: pd.DataFrame
    annotations: pd.DataFrame
    obo: str

    def find_drug(self, wanted: str, among: pd.Series) -> tuple[str, str]:
        """Return the drug, or its stand-in among others, and a note."""
        try:
            return nearest_drug(wanted, self.drugs[self.drugs[DRUG].isin(among)], self.known_targets)
        except ValueError:
            raise Untestable(f"neither {wanted} nor a drug that shares a target with it is there") from None

    def view(self, drug: str, genes: Sequence[str]) -> pd.DataFrame:
        """Return expression and auc of the cell lines that have both, with a note."""
        name, note = self.find_drug(drug, self.responses[DRUG])
        views = [{DRUG: name, "genes": genes}]
        try:
            table = expression_views(
                *(views, self.cell_lines, self.responses, self.drugs),
                *(self.expression, self.known_targets, self.annotations),
            )
        except ValueError:
            raise Untestable(f"{', '.join(genes)}: neither measured nor annotated") from None
        table = table.dropna(subset=["expression", AUC])
        if len(table) < FEWEST:
            raise Untestable(f"{len(table)} cell lines with expression and AUC of {name_of(name, self.drugs)}")
        return table.assign(note=_join(note, table["note"].iloc[0], f"{len(table)} cell lines"))

    def ranked(self, wanted: str) -> tuple[pd.DataFrame, str]:
        """Return a drug's terms that have an RLIPP as the paper defines it, best first with their rank, and a note."""
        drug, note = self.find_drug(wanted, self.scores[DRUG])
        if "children_mean" not in self.scores:
            raise Untestable("interpretation.rlipp.children lacks mean, by which the paper scores")
        own = self.scores[self.scores[DRUG] == drug]
        own = own.assign(rlipp=rlipp(own["power"].to_numpy(), own["children_mean"].to_numpy(), "relative"))
        ranked = waterfall(own, drug, "rlipp", 1.0, set())
        if ranked.empty:
            raise Untestable(f"no term has an RLIPP for {drug}")
        return ranked, note

    def n_terms(self) -> int:
        """Number of terms of all folds together."""
        return int(self.scores[TERM].nunique())

    def require_term(self, term: str) -> None:
        """Raise where no fold's hierarchy has the term."""
        if term not in set(self.scores[TERM]):
            raise Untestable(f"the hierarchy lacks {term}")


def _join(*notes: str) -> str:
    return "; ".join(note for note in notes if note)


def _expression_and_auc(run: Interpreted, drug: str, genes: Sequence[str]) -> Finding:
    view = run.view(drug, genes)
    found = spearmanr(view["expression"], view[AUC])
    return Finding(float(found.statistic), float(found.pvalue), view["note"].iloc[0])


def _high_among(run: Interpreted, drug: str, genes: Sequence[str], sensitive: bool) -> Finding:
    """Return the part with expression above the median, and Fisher's p-value that it is as large by chance."""
    view = run.view(drug, genes)
    auc = view[AUC]
    chosen = auc <= auc.quantile(EXTREME) if sensitive else auc >= auc.quantile(1 - EXTREME)
    high = view["expression"] > view["expression"].median()
    table = [[(a & b).sum() for b in (high, ~high)] for a in (chosen, ~chosen)]
    p = float(fisher_exact(table, alternative="greater").pvalue)
    return Finding(float(high[chosen].mean()), p, _join(view["note"].iloc[0], f"{chosen.sum()} of them"))


def _embedding_and_auc(run: Interpreted, wanted: str, _: Sequence[str]) -> Finding:
    """Return the multiple correlation of the AUC with both components, and the p-value of its F test.

    Test pairs alone: where cell lines stand that the network was fitted to with this drug says nothing.
    """
    drug, note = run.find_drug(wanted, run.responses[DRUG])
    test = run.folds[(run.folds[FOLD] == run.fold) & (run.folds[ROLE] == TEST)]
    rows = run.responses[(run.responses[DRUG] == drug) & run.responses[PAIR].isin(test[PAIR])]
    table = rows.groupby(CELL_LINE)[AUC].mean().reset_index().merge(run.cell_lines, on=CELL_LINE)
    n = len(table)
    if n < FEWEST or table[AUC].nunique() < 2:
        raise Untestable(f"{n} test pairs of {name_of(drug, run.drugs)} in fold {run.fold}")
    auc = table[AUC].to_numpy() - table[AUC].mean()
    points = table[PCS].to_numpy() - table[PCS].to_numpy().mean(axis=0)
    fitted = points @ np.linalg.lstsq(points, auc, rcond=None)[0]
    explained = min(float(fitted @ fitted / (auc @ auc)), 1.0)
    p = float(f.sf(explained / 2 * (n - 3) / max(1 - explained, 1e-12), 2, n - 3))
    return Finding(explained**0.5, p, _join(note, f"{n} test pairs of fold {run.fold}"))


def _silhouette(run: Interpreted, name: str, _: Sequence[str]) -> Finding:
    own = run.classes[run.classes["class"] == name].set_index("by")
    if own.empty:
        raise Untestable("no drug of the class is there, or interpretation.figures.target_classes lacks it")
    learned, alone = (own.loc[by].to_dict() for by in ("embedding", "fingerprint"))
    if np.isnan(learned["silhouette"]):
        raise Untestable(f"{learned['n_drugs']} drug of the class")
    beside = f"by their fingerprints alone {alone['silhouette']:.3g} (p = {alone['p_value']:.2g})"
    return Finding(learned["silhouette"], learned["p_value"], f"{learned['n_drugs']} drugs; {beside}")


def _n_top(n: int) -> int:
    return max(1, round(TOP * n))


def _n_best_terms(run: Interpreted, drug: str, of: Sequence[str]) -> Finding:
    if run.n_terms() != int(of[0]):
        raise Untestable(f"{run.n_terms():,} terms in the network, {int(of[0]):,} in the paper's")
    ranked, note = run.ranked(drug)
    return Finding(float(_n_top(len(ranked))), note=_join(note, f"{len(ranked):,} terms have a score"))


def _share_scored(run: Interpreted, drug: str, _: Sequence[str]) -> Finding:
    ranked, note = run.ranked(drug)
    missing = f"{len(ranked):,} of {run.n_terms():,} terms; the others' children do not predict, or they do not"
    return Finding(len(ranked) / run.n_terms(), note=_join(note, missing))


def _rank_of_term(run: Interpreted, drug: str, terms: Sequence[str], share: bool = False) -> Finding:
    run.require_term(terms[0])
    ranked, note = run.ranked(drug)
    own = ranked[ranked[TERM] == terms[0]]
    # A term without a score is behind all that have one.
    rank = float(own["rank"].iloc[0]) if len(own) else len(ranked) + 1.0
    best = ranked.iloc[0]
    first = f"first is {best['name']} ({best[TERM]}), power {best['power']:.2g}, children's {best['children_mean']:.2g}"
    note = _join(note, f"of {len(ranked):,} terms", first) if not share else _join(note, f"rank {rank:,.0f}")
    return Finding(rank / len(ranked) if share else rank, note=note if len(own) else _join(note, "it has no score"))


def _share_of_class(run: Interpreted, drug: str, roots: Sequence[str]) -> Finding:
    """Return the part of the top terms below ``roots``, and the p-value of a draw from all terms with a score."""
    ranked, note = run.ranked(drug)
    marked = ranked[TERM].isin(read_terms_below(run.obo, roots))
    n, top = len(ranked), _n_top(len(ranked))
    p = float(hypergeom.sf(marked[:top].sum() - 1, n, marked.sum(), top))
    return Finding(float(marked[:top].mean()), p, _join(note, f"{marked.mean():.3g} of all terms with a score"))


def _state_and_auc(run: Interpreted, wanted: str, terms: Sequence[str]) -> Finding:
    ranked, note = run.ranked(wanted)
    drug = str(ranked[DRUG].iloc[0])
    term, best = (terms[0], "") if terms else (str(ranked[TERM].iloc[0]), "chosen by the same test pairs")
    run.require_term(term)
    states: dict[int, TermStates] = {}
    for fold, path in run.states.items():
        of_fold = read_states(path)
        kept = np.isin(of_fold.terms, [term])
        if kept.any():
            # One fold after the other, as all terms of all folds are large.
            states[fold] = TermStates((term,), of_fold.cell_lines, of_fold.values[kept], of_fold.trained)
    lines = next(iter(states.values())).cell_lines
    shown = state_against_auc(states, term, drug, Targets.build(run.responses, run.folds, lines, [drug]))
    if len(shown) < FEWEST:
        raise Untestable(f"{len(shown)} test pairs of {name_of(drug, run.drugs)}")
    found = spearmanr(shown["component"], shown[AUC])
    name = run.scores.loc[run.scores[TERM] == term, "name"].iloc[0]
    named = "" if terms else f"{name} ({term})"
    return Finding(float(found.statistic), float(found.pvalue), _join(note, named, best, f"{len(shown):,} test pairs"))


Measure = Callable[[Interpreted, str, Sequence[str]], Finding]

MEASURES: Final[dict[str, Measure]] = {
    "expression_and_auc": _expression_and_auc,
    "high_among_sensitive": lambda run, drug, genes: _high_among(run, drug, genes, sensitive=True),
    "high_among_resistant": lambda run, drug, genes: _high_among(run, drug, genes, sensitive=False),
    "embedding_and_auc": _embedding_and_auc,
    "silhouette": _silhouette,
    "n_best_terms": _n_best_terms,
    "share_scored": _share_scored,
    "rank_of_term": _rank_of_term,
    "rank_share_of_term": lambda run, drug, terms: _rank_of_term(run, drug, terms, share=True),
    "share_of_class": _share_of_class,
    "state_and_auc": _state_and_auc,
}
"""Name to a function of the run, the drug (or class) that ``other`` names, and what stands behind its colon."""


def judge_interpretation(claims: pd.DataFrame, run: Interpreted) -> pd.DataFrame:
    """Return the claims of interpretation with what the run gives.

    Returns
    -------
    pandas.DataFrame
        id, section, statement, paper_value, our_value and p_value (NaN without one), verdict, rule, note.

    Raises
    ------
    ValueError
        If a claim names a measure that there is not.
    """
    own = claims[claims["stage"] == INTERPRET]
    rows = []
    for claim in own.to_dict("records"):
        if claim["measure"] not in MEASURES:
            raise ValueError(f"measure {claim['measure']!r} of {claim['id']} is not one of {', '.join(MEASURES)}")
        subject, _, items = str(claim["other"]).partition(":")
        try:
            found = MEASURES[claim["measure"]](run, subject, [item.strip() for item in items.split(",") if item])
            rows.append((found.value, found.p_value, _verdict(claim, found), claim["rule"], found.note))
        except Untestable as reason:
            rows.append((np.nan, np.nan, NOT_TESTED, claim["rule"], str(reason)))
    judged = pd.DataFrame(rows, columns=["our_value", "p_value", "verdict", "rule", "note"], index=own.index)
    return own[["id", "section", "statement", "paper_value"]].join(judged).reset_index(drop=True)


def _verdict(claim: Mapping[Any, Any], found: Finding) -> str:
    if np.isnan(found.value):
        return NOT_TESTED
    holds = COMPARISONS[claim["rule"]](claim["paper_value"], found.value, claim["tolerance"])
    return REPRODUCED if holds and not found.p_value > LEVEL else NOT_REPRODUCED
