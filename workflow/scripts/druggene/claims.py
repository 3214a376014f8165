"""The paper beside a run: its quantitative statements, this run's figures, and a verdict by rule.

The statements stand in ``resources/paper_claims.csv``: id, section, stage, statement in our words, paper_value, and how
it is judged: ``rule`` compares the run's figure, which ``measure`` takes from the run's tables for ``model`` (and
``other``), with the paper's, within ``tolerance`` (a part of the paper's value). Those of the stage ``interpret`` are
judged there, by :mod:`druggene.interpretation.claims`.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from druggene.constants import AUC, CELL_LINE, DRUG, GENE, MODEL, PAIR, ROLE, TRAIN
from druggene.documents import MISSING, Document, Grid, Paragraph
from druggene.drugs import fingerprint_matrix
from druggene.intervals import POOLED

REPRODUCED: Final = "reproduced"
NOT_REPRODUCED: Final = "not reproduced"
IMPOSSIBLE: Final = "cannot be true"
NOT_TESTED: Final = "not tested here"

PAPER_MODELS: Final = ("druggene", "drugcell", "expbox", "cnvbox", "elastic_net", "random_forest", "lasso")
"""The seven models of the paper."""
TABLES: Final = "tables"
INTERPRET: Final = "interpret"
"""Stages that judge claims."""
_COLUMNS: Final = [
    *("id", "section", "stage", "statement", "paper_value"),
    *("rule", "measure", "model", "other", "tolerance"),
]


@dataclass(frozen=True)
class RunTables:
    """What a run on the published data is measured by.

    Attributes
    ----------
    responses, folds, drugs, drug_features, genes, terms
        Tables of the run; those of fold 0 where there are several.
    counts
        What each step kept.
    intervals, by_drug, significance
        Of the protocol's comparison.
    """

    responses: pd.DataFrame
    folds: pd.DataFrame
    drugs: pd.DataFrame
    drug_features: pd.DataFrame
    genes: pd.DataFrame
    terms: pd.DataFrame
    counts: pd.DataFrame
    intervals: pd.DataFrame
    by_drug: pd.DataFrame
    significance: pd.DataFrame

    def pooled(self, metric: str) -> "pd.Series[float]":
        """Return a metric over all test pairs of every model."""
        chosen = (self.intervals["level"] == POOLED) & (self.intervals["metric"] == metric)
        return self.intervals[chosen].set_index(MODEL)["value"]


def _n_better(tables: RunTables, metric: str, model: str, sign: int) -> float | None:
    values = sign * tables.pooled(metric).reindex(list(PAPER_MODELS))
    if values.isna().any():
        return None
    return float((values > values[model]).sum())


def _n_better_r2_only(tables: RunTables, model: str, _: str) -> float | None:
    """Count the models with a higher R² but no lower MSE: on one test set there can be none."""
    r2, mse = (tables.pooled(metric).reindex(list(PAPER_MODELS)) for metric in ("r2", "mse"))
    if r2.isna().any():
        return None
    return float(((r2 > r2[model]) & (mse >= mse[model])).sum())


def _p_value(tables: RunTables, model: str, other: str) -> float | None:
    tests = tables.significance.query("unit == 'drug' and metric == 'pearson'")
    for one, two, sign in ((model, other, 1), (other, model, -1)):
        found = tests[(tests[MODEL] == one) & (tests["other"] == two)]
        if len(found):
            test = found.iloc[0]
            if np.isnan(test["p_value"]):
                return None
            # A difference in the other direction is no evidence for the model, however sure.
            return float(test["p_value"]) if sign * test["rank_biserial"] > 0 else 1.0
    return None


def _share_of_drugs(tables: RunTables, model: str, other: str) -> float | None:
    wide = tables.by_drug.pivot(index=DRUG, columns=MODEL, values="pearson")
    if not {model, other} <= set(wide):
        return None
    both = wide[[model, other]].dropna()
    return float((both[model] > both[other]).mean()) if len(both) else None


def _rank_of_drug(tables: RunTables, model: str, name: str) -> float | None:
    of_model = tables.by_drug[tables.by_drug[MODEL] == model].dropna(subset="pearson").set_index(DRUG)["pearson"]
    named = tables.drugs.loc[tables.drugs["name"].str.lower() == name, DRUG]
    ranks = of_model.rank(ascending=False).reindex(named).dropna()
    return float(ranks.iloc[0]) if len(ranks) else None


def _n_drugs_with_correlation(tables: RunTables, model: str, _: str) -> float | None:
    of_model = tables.by_drug.loc[tables.by_drug[MODEL] == model, "pearson"]
    return float(of_model.notna().sum()) if len(of_model) else None


def _n_closer(tables: RunTables, model: str, other: str) -> float | None:
    values = tables.pooled("pearson").reindex(list(PAPER_MODELS[:4]))
    if values.isna().any():
        return None
    distance = (values - values[model]).abs().drop(model)
    return float((distance < distance[other]).sum())


def _mse_reduction(tables: RunTables, model: str, other: str) -> float | None:
    mse = tables.pooled("mse").reindex([model, other])
    return None if mse.isna().any() else float(1 - mse[model] / mse[other])


def _mse(tables: RunTables, model: str, _: str) -> float | None:
    value = tables.pooled("mse").get(model, np.nan)
    return None if np.isnan(value) else float(value)


def _training_pairs(tables: RunTables, *_: str) -> float:
    return float(tables.folds.loc[tables.folds[ROLE] == TRAIN, PAIR].nunique())


MEASURES: Final[dict[str, Callable[[RunTables, str, str], float | None]]] = {
    "n_cell_lines": lambda tables, *_: float(tables.responses[CELL_LINE].nunique()),
    "n_drugs": lambda tables, *_: float(tables.responses[DRUG].nunique()),
    "n_pairs": lambda tables, *_: float(tables.responses[PAIR].nunique()),
    "n_training_pairs": _training_pairs,
    "n_genes": lambda tables, *_: float(tables.genes[GENE].nunique()),
    "n_terms": lambda tables, *_: float(len(tables.terms)),
    "n_layers": lambda tables, *_: float(tables.terms["layer"].nunique()),
    "active_bits": lambda tables, *_: float(fingerprint_matrix(tables.drug_features).sum(axis=1).mean()),
    "largest_auc": lambda tables, *_: float(tables.responses[AUC].max()),
    "mse": _mse,
    "mse_reduction": _mse_reduction,
    "n_better_mse": lambda tables, model, _: _n_better(tables, "mse", model, -1),
    "n_better_pearson": lambda tables, model, _: _n_better(tables, "pearson", model, 1),
    "n_better_mae": lambda tables, model, _: _n_better(tables, "mae", model, -1),
    "n_better_rmse": lambda tables, model, _: _n_better(tables, "rmse", model, -1),
    "n_better_r2_only": _n_better_r2_only,
    "share_of_drugs": _share_of_drugs,
    "p_value": _p_value,
    "n_closer": _n_closer,
    "n_drugs_with_correlation": _n_drugs_with_correlation,
    "rank_of_drug": _rank_of_drug,
}
"""Name to a function of the run's tables, ``model`` and ``other``; None where the run has no figure."""


def read_claims(path: str | Path) -> pd.DataFrame:
    """Read the file of claims.

    Raises
    ------
    ValueError
        Naming the row whose stage, rule or measure is unknown, or whose id stands twice.
    """
    claims = pd.read_csv(path, dtype={"model": "str", "other": "str", "measure": "str"})
    if list(claims) != _COLUMNS:
        raise ValueError(f"{path}: columns are {', '.join(map(str, claims))}; they must be {', '.join(_COLUMNS)}")
    for row in claims.to_dict("records"):
        if row["stage"] not in (TABLES, INTERPRET):
            raise ValueError(f"{path}: stage {row['stage']!r} of {row['id']} is not {TABLES} or {INTERPRET}")
        rules: Iterable[str] = _RULES if row["stage"] == TABLES else COMPARISONS
        if row["rule"] not in rules:
            raise ValueError(f"{path}: rule {row['rule']!r} of {row['id']} is not one of {', '.join(rules)}")
        if row["stage"] == TABLES and row["measure"] not in MEASURES:
            raise ValueError(f"{path}: measure {row['measure']!r} of {row['id']} is not one of {', '.join(MEASURES)}")
    twice = claims.loc[claims["id"].duplicated(), "id"]
    if len(twice):
        raise ValueError(f"{path}: the id {twice.iloc[0]!r} stands twice; keep one")
    return claims


def judge_claims(claims: pd.DataFrame, tables: RunTables) -> pd.DataFrame:
    """Return the claims with ``our_value`` (NaN without one) and ``verdict``; those of `interpret` are not tested."""
    values, verdicts = [], []
    for claim in claims.to_dict("records"):
        if claim["stage"] == INTERPRET:
            values.append(np.nan)
            verdicts.append(NOT_TESTED)
            continue
        model, other = (str(claim[key]) if isinstance(claim[key], str) else "" for key in ("model", "other"))
        value = MEASURES[str(claim["measure"])](tables, model, other)
        values.append(np.nan if value is None else value)
        verdicts.append(_RULES[str(claim["rule"])](claim, value, tables))
    columns = ["id", "section", "statement", "paper_value"]
    return claims[columns].assign(our_value=values, verdict=verdicts, rule=claims["rule"])


COMPARISONS: Final[dict[str, Callable[[float, float, float], bool]]] = {
    "equal": lambda paper, ours, tolerance: abs(ours - paper) <= tolerance * abs(paper),
    "at_most": lambda paper, ours, tolerance: ours <= paper * (1 + tolerance),
    "at_least": lambda paper, ours, tolerance: ours >= paper * (1 - tolerance),
    "below": lambda paper, ours, tolerance: ours < paper,
    "above": lambda paper, ours, tolerance: ours > paper,
}
"""Rule to whether it holds, by the paper's value, ours and the tolerance."""

Rule = Callable[[Mapping[Any, Any], float | None, RunTables], str]


def _verdict(holds: Callable[[float, float, float], bool]) -> Rule:
    """Return a rule that holds by the paper's value, ours and the tolerance; without ours nothing is tested."""

    def judge(claim: Mapping[Any, Any], value: float | None, tables: RunTables) -> str:
        if value is None or np.isnan(value):
            return NOT_TESTED
        return REPRODUCED if holds(claim["paper_value"], value, claim["tolerance"]) else NOT_REPRODUCED

    return judge


def _whole(claim: Mapping[Any, Any], value: float | None, tables: RunTables) -> str:
    """Judge a size of the published data, which a run on a part of them cannot tell."""
    lost = (tables.counts["n_out"] < tables.counts["n_in"]).any()
    return NOT_TESTED if lost else _RULES["equal"](claim, value, tables)


def _attainable(claim: Mapping[Any, Any], value: float | None, tables: RunTables) -> str:
    """Judge an MSE: above that of the constant predictor, it is not that of a model that correlates with the AUC."""
    constant = _mse(tables, str(claim["other"]), "")
    if constant is not None and claim["paper_value"] > constant:
        return IMPOSSIBLE
    return _verdict(lambda paper, ours, tolerance: abs(ours - paper) <= tolerance * paper)(claim, value, tables)


def _consistent(claim: Mapping[Any, Any], value: float | None, tables: RunTables) -> str:
    """Judge a number of models that have a higher R² without a lower MSE: R² is 1 - MSE / variance of the test set."""
    if value is None or np.isnan(value):
        return NOT_TESTED
    return IMPOSSIBLE if claim["paper_value"] > value else REPRODUCED


_RULES: Final[dict[str, Rule]] = {
    **{rule: _verdict(holds) for rule, holds in COMPARISONS.items()},
    "whole": _whole,
    "attainable": _attainable,
    "consistent": _consistent,
}


def claims_document(judged: pd.DataFrame, protocol: str, source: str, simulated: bool) -> Document:
    """Return the judged claims for readers, with what each rule means."""
    counts = judged["verdict"].value_counts()
    order = (REPRODUCED, NOT_REPRODUCED, IMPOSSIBLE, NOT_TESTED)
    shown = {"section": "Section", "statement": "Statement", "paper_value": "Paper", "our_value": "Here"}
    rows = [
        [
            str(row["section"]),
            row["statement"],
            f"{row['paper_value']:.6g}",
            MISSING if np.isnan(row["our_value"]) else f"{row['our_value']:.6g}",
            row["rule"].replace("_", " "),
            row["verdict"],
        ]
        for row in judged.to_dict("records")
    ]
    document = Document(f"The paper beside this run, protocol {protocol.replace('_', ' ')}", simulated)
    document.blocks += [
        Paragraph(f"Data: {source}. Verdicts: " + ", ".join(f"{counts.get(name, 0)} {name}" for name in order) + "."),
        Paragraph(
            "Equal: within a stated part of the paper's value. Whole: the same, of a run on all published data; one on "
            "a part of them does not tell. At most, at least: as the paper says or better. Attainable: an MSE above "
            "that of predicting the training mean for every pair cannot be that of a model whose predictions correlate "
            "with the AUC, on the same pairs and the same scale. Consistent: on one test set, R² orders models as the "
            "MSE does. Statements of figures 5 to 7 are judged by the stage `interpret`, in a table of its own."
        ),
        Grid([*shown.values(), "Rule", "Verdict"], rows, [False, False, True, True, False, False]),
    ]
    return document
