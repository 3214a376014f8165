"""RLIPP beside the calculator of cellmaps_vnn, on one small case, and what makes the two differ.

    PYTHONPATH=workflow/scripts:. python -m benchmarks.cellmaps_rlipp

The calculator runs in an environment of its own (benchmarks/.venv-cellmaps) on states of a small random network. Then
its definition is turned into that of this workflow, one choice at a time; the table tells how far each step's scores
rank the terms as the calculator does, and the last step is what the workflow computes.
"""

import subprocess
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from scipy.stats import pearsonr, spearmanr
from sklearn.decomposition import PCA
from sklearn.linear_model import Ridge, RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks import environments
from benchmarks.hierarchies import small_hierarchy
from druggene.checkpoint import ModelOptions
from druggene.hierarchy import Hierarchy
from druggene.interpretation.folds import FoldInputs
from druggene.interpretation.rlipp import Family, RlippOptions, score_rlipp
from druggene.interpretation.states import TermStates
from druggene.interpretation.targets import Targets

RELEASE = "cellmaps-vnn==0.3.0"
_FOLDER = Path(__file__).parent / ".venv-cellmaps"
_CELL_LINES, _NEURONS, _FOLDS, _RIDGE = 300, 4, 5, 0.1

_CALCULATOR = """
import json, sys
from cellmaps_vnn.rlipp_calculator import RLIPPCalculator

folder, neurons = sys.argv[1], int(sys.argv[2])
with open(folder + "/hierarchy.json") as stream:
    content = json.load(stream)

class Hierarchy:
    def get_nodes(self):
        return dict.fromkeys(content["terms"])

    def get_edges(self):
        return {i: {"s": parent, "t": child} for i, (parent, child) in enumerate(content["edges"])}

names = ("test", "predicted", "genes", "cells")
RLIPPCalculator(folder, Hierarchy(), *(f"{folder}/{name}.txt" for name in names), folder, 1, neurons, 0).calc_scores()
"""


@dataclass(frozen=True)
class Case:
    """States T x H x C of a hierarchy's terms, measured and predicted AUCs (C), and the fold of each cell line."""

    hierarchy: Hierarchy
    states: np.ndarray
    auc: np.ndarray
    predicted: np.ndarray
    fold: np.ndarray


@dataclass(frozen=True)
class Definition:
    """One way to compute a power: what is predicted, on which pairs, from which features, by which regression."""

    target: str = "predicted"
    out_of_fold: bool = False
    components: bool = True
    penalty_by_cross_validation: bool = True
    correlation: str = "Spearman"


def make_case(seed: int = 0) -> Case:
    """Return the states of an untrained network, and an AUC that follows one of its terms."""
    rng = np.random.default_rng(seed)
    hierarchy = small_hierarchy()
    options = ModelOptions("case", ["expression"], "sum", "morgan", 2, 64, _NEURONS, [6], 6)
    network = options.build(hierarchy, 64)
    network.initialise("scaled_0.1", seed)
    genotype = rng.normal(size=(_CELL_LINES, 1, len(hierarchy.genes))).astype(np.float32)
    with torch.no_grad():
        for _ in range(50):  # running statistics of batch normalisation
            gathered = network.gather(torch.from_numpy(genotype))
            network.hierarchy(gathered, torch.ones(_CELL_LINES, dtype=torch.int64))
    states = network.hierarchy.states(gathered).numpy()
    states = states / np.maximum(states.std(axis=2, keepdims=True), 1e-6)
    auc = 0.7 + 0.1 * states[len(states) // 2, 0] + rng.normal(0, 0.1, _CELL_LINES)
    return Case(hierarchy, states, auc, auc + rng.normal(0, 0.05, _CELL_LINES), rng.integers(_FOLDS, size=_CELL_LINES))


def run_calculator(case: Case) -> pd.DataFrame:
    """Return the calculator's P_rho, C_rho and RLIPP, indexed by term."""
    python = environments.environment(_FOLDER, RELEASE)
    terms, edges, _ = case.hierarchy.to_tables()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        content = {"terms": terms["term"].tolist(), "edges": edges.to_numpy().tolist()}
        pd.Series(content).to_json(folder / "hierarchy.json")
        lines = [f"line{i}" for i in range(_CELL_LINES)]
        test = pd.DataFrame({"C": lines, "D": "drug", "AUC": case.auc, "DS": "case"})
        test.to_csv(folder / "test.txt", sep="\t", header=False, index=False)
        np.savetxt(folder / "predicted.txt", case.predicted)
        (folder / "genes.txt").write_text("0\tgene\n")
        pd.Series(lines).to_csv(folder / "cells.txt", sep="\t", header=False)
        np.savetxt(folder / "gene.hidden", case.auc)
        for term, values in zip(terms["term"], case.states, strict=True):
            np.savetxt(folder / f"{term}.hidden", values.T)
        subprocess.run([python, "-c", _CALCULATOR, name, str(_NEURONS)], check=True, stdout=subprocess.DEVNULL)
        return pd.read_csv(folder / "rlipp.out", sep="\t", index_col="Term")


def power(case: Case, features: np.ndarray, definition: Definition) -> float:
    """Return the power of C x K features by one definition."""
    target = getattr(case, definition.target)
    if definition.components:
        features = PCA(n_components=_NEURONS).fit_transform(features)
    folds = range(_FOLDS) if definition.out_of_fold else [-1]
    observed, predicted = [], []
    for fold in folds:
        test = case.fold == fold if definition.out_of_fold else np.ones(_CELL_LINES, bool)
        train = ~test if definition.out_of_fold else test
        model = (
            RidgeCV(cv=5)
            if definition.penalty_by_cross_validation
            else make_pipeline(StandardScaler(), Ridge(alpha=_RIDGE * train.sum()))
        )
        of_test = model.fit(features[train], target[train]).predict(features[test])
        observed.append(target[test] - target[test].mean())
        predicted.append(of_test - of_test.mean())
    both = np.concatenate(predicted), np.concatenate(observed)
    return float((spearmanr if definition.correlation == "Spearman" else pearsonr)(*both).statistic)


def by_definition(case: Case, definition: Definition) -> pd.DataFrame:
    """Return P, C (children's states together) and P / C of every term with children."""
    rows = {}
    edges = case.hierarchy.edges
    for term in np.unique(edges[:, 0]):
        children = case.states[edges[edges[:, 0] == term, 1]].reshape(-1, _CELL_LINES).T
        p = power(case, case.states[term].T, definition)
        rows[case.hierarchy.terms[term]] = (p, c := power(case, children, definition), p / c)
    return pd.DataFrame.from_dict(rows, orient="index", columns=["P", "C", "RLIPP"])


def by_workflow(case: Case) -> pd.DataFrame:
    """Return the same from the workflow's own code."""
    lines = tuple(f"line{i}" for i in range(_CELL_LINES))
    states = TermStates(case.hierarchy.terms, lines, case.states.astype(np.float32), np.ones(_CELL_LINES, bool))
    genotype = np.zeros((_CELL_LINES, 1, len(case.hierarchy.genes)), np.float32)
    roles = {fold: np.where(case.fold == fold, "test", "train")[None] for fold in range(_FOLDS)}
    targets = Targets(("drug",), lines, case.auc[None], roles)
    options = RlippOptions(("joint",), "ratio", "none", _RIDGE, 10_000, 0, 1)
    folds = (FoldInputs(fold, states, case.hierarchy, genotype) for fold in range(_FOLDS))
    scores = score_rlipp(folds, Family.of([case.hierarchy] * _FOLDS, "none"), targets, options)[0]
    scores = scores.set_index("term").rename(columns={"power": "P", "children_joint": "C", "rlipp": "RLIPP"})
    return scores[["P", "C", "RLIPP"]]


def compare(case: Case) -> pd.DataFrame:
    """Return, per step, rank correlations of P, C and RLIPP with the calculator's, and the largest change of P."""
    theirs = run_calculator(case).rename(columns={"P_rho": "P", "C_rho": "C"})[["P", "C", "RLIPP"]]
    definition = Definition()
    steps = {"its definition, written anew": by_definition(case, definition)}
    for name, change in (
        ("measured in place of predicted AUC", {"target": "auc"}),
        ("test pairs in place of those that were fitted", {"out_of_fold": True}),
        ("all states of the children in place of their components", {"components": False}),
        ("one penalty for standardised states in place of a choice", {"penalty_by_cross_validation": False}),
        ("Pearson in place of Spearman", {"correlation": "Pearson"}),
    ):
        definition = replace(definition, **change)
        steps[name] = by_definition(case, definition)
    steps["the workflow"] = by_workflow(case).loc[theirs.index]
    rows = []
    for name, scores in steps.items():
        scores = scores.loc[theirs.index]
        defined = scores["C"] > 0
        rho = [spearmanr(scores.loc[defined, column], theirs.loc[defined, column]).statistic for column in theirs]
        rows.append((name, *rho, (scores["P"] - theirs["P"]).abs().max(), scores["P"].mean(), scores["C"].mean()))
    columns = ["step", "rho P", "rho C", "rho RLIPP", "largest change of P", "mean P", "mean C"]
    return pd.DataFrame(rows, columns=columns)


if __name__ == "__main__":
    print(compare(make_case()).to_string(index=False, float_format="{:.3f}".format))
