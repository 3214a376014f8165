"""A small made-up interpretation for the explorer, whose names are those of an attacker."""

import numpy as np
import pandas as pd

from druggene.constants import AUC, CELL_LINE, DRUG, FOLD, GENE, PAIR, ROLE, TERM, TEST, TRAIN
from druggene.explorer.contents import Contents
from druggene.hierarchy import Hierarchy
from druggene.interpretation.states import TermStates
from druggene.interpretation.targets import Targets

HOSTILE = '</script><img src=x onerror="window.hit=1"><b>'
DRUGS = ("aspirin", f"drug {HOSTILE}", "zeta")
FOLDS = 2
SCORES = ["power", "children_joint", "rlipp", "knockout"]


def explored_hierarchy() -> Hierarchy:
    """Nine terms in three layers; GO:3 has two parents, the smaller of which is GO:7."""
    edges = pd.DataFrame(
        [(8, 6), (8, 7), (8, 0), (6, 1), (6, 2), (6, 3), (6, 5), (7, 3), (7, 4)], columns=["parent", "child"]
    ).map(lambda i: f"GO:{i}")
    genes = [f"GENE{i}" for i in range(12)] + [f"G{HOSTILE}"]
    direct = {0: [0, 1], 1: [1, 2], 2: [2, 3, 4], 3: [5, 12], 4: [6, 7], 5: [8, 9, 10], 8: [11]}
    annotations = pd.DataFrame(
        [(f"GO:{term}", genes[gene]) for term, of_term in direct.items() for gene in of_term], columns=[TERM, GENE]
    )
    names = {f"GO:{i}": f"process number {i}" for i in range(9)} | {"GO:2": f"process {HOSTILE}"}
    return Hierarchy.build(edges, annotations, genes, names)


def explored() -> tuple[Hierarchy, pd.DataFrame, Targets, list[TermStates], Contents]:
    """Return the hierarchy, scores, targets, states of two folds, and what the page shows of them."""
    rng = np.random.default_rng(0)
    hierarchy = explored_hierarchy()
    described = hierarchy.to_tables()[0]
    scores = pd.concat(
        [
            described.assign(drug=drug, **{name: rng.normal(0, 0.2, len(described)) for name in SCORES})
            for drug in DRUGS
        ],
        ignore_index=True,
    )
    scores.loc[4, "rlipp"] = np.nan
    scores.loc[5, "rlipp"] = 1e6
    lines = (*(f"LINE {i}" for i in range(29)), f"line {HOSTILE}")
    pairs = pd.MultiIndex.from_product([DRUGS, lines], names=[DRUG, CELL_LINE]).to_frame(index=False)
    responses = pairs.assign(**{PAIR: np.arange(len(pairs)), AUC: rng.beta(8, 3, len(pairs))})[5:]
    test = rng.integers(FOLDS, size=len(responses))
    folds = pd.concat(
        [
            pd.DataFrame({PAIR: responses[PAIR], FOLD: fold, ROLE: np.where(test == fold, TEST, TRAIN)})
            for fold in range(FOLDS)
        ]
    )
    targets = Targets.build(responses, folds, lines)
    states = [
        TermStates(hierarchy.terms, lines, rng.standard_normal((9, 6, 30)).astype(np.float32), np.ones(30, bool))
        for _ in range(FOLDS)
    ]
    drugs = pd.DataFrame({DRUG: DRUGS, "name": None, "targets": ["GENE1;GENE2", None, HOSTILE]})
    contents = Contents.of(scores, [*SCORES, "conductance"], [hierarchy], targets, drugs, simulated=True)
    return hierarchy, scores, targets, states, contents
