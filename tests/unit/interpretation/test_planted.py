"""From a planted mechanism through training, states and scores: the planted terms are found."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
import yaml

from druggene.checkpoint import ModelOptions
from druggene.constants import AUC, CELL_LINE, DRUG, PAIR, TEST, TRAIN, VALIDATION
from druggene.dataset import FoldData, Responses
from druggene.interpretation.folds import FoldInputs, describe_terms
from druggene.interpretation.recovery import judge, summarise
from druggene.interpretation.rlipp import Family, RlippOptions, score_rlipp
from druggene.interpretation.states import TermStates
from druggene.interpretation.targets import Targets
from druggene.training import Trainer, TrainingOptions
from tests.reference.folds import small_fold
from tests.reference.hierarchies import random_hierarchy

CELL_LINES, DRUGS, CLASSES = 120, 12, 4
CONFIG = yaml.safe_load((Path(__file__).parents[3] / "config" / "config.yaml").read_text())
OPTIONS = TrainingOptions.from_config(
    CONFIG["training"] | {"epochs": 15, "batch_size": 400, "learning_rate": 0.02, "alpha": 0.1, "drug_alpha": 0.1},
    CONFIG["network"],
    seed=1,
)


@pytest.fixture(scope="module")
def areas() -> pd.DataFrame:
    """Areas of all scores, one fold of a network that was trained on four classes of drugs with a term each."""
    rng = np.random.default_rng(3)
    hierarchy = random_hierarchy(4, terms=80, genes=120)
    leaves = np.flatnonzero((hierarchy.layers == 0) & (hierarchy.sizes >= 6))
    planted = rng.choice(leaves, CLASSES, replace=False)
    activity = rng.normal(size=(CELL_LINES, CLASSES))
    genotype = rng.normal(size=(CELL_LINES, 1, 120))
    for i, term in enumerate(planted):
        genes = hierarchy.annotations[hierarchy.annotations[:, 0] == term, 1]
        genotype[:, 0, genes] += 2 * activity[:, [i]]
    class_of = np.arange(DRUGS) % CLASSES
    line, drug = (index.ravel() for index in np.meshgrid(np.arange(CELL_LINES), np.arange(DRUGS), indexing="ij"))
    auc = 0.6 + 0.15 * activity[line, class_of[drug]] + rng.normal(0, 0.05, len(line))
    names = np.array([f"line{i}" for i in range(CELL_LINES)])
    table = pd.DataFrame({PAIR: range(len(auc)), CELL_LINE: names[line], DRUG: [f"drug{d:02}" for d in drug], AUC: auc})
    role = rng.choice([TRAIN, VALIDATION, TEST], size=len(auc), p=[0.6, 0.1, 0.3])
    roles = {
        name: Responses(
            torch.from_numpy(line[role == name]), torch.from_numpy(drug[role == name]),
            torch.from_numpy(auc[role == name].astype(np.float32)), table[role == name].reset_index(drop=True),
        )
        for name in (TRAIN, VALIDATION, TEST)
    }  # fmt: skip
    features = (rng.random((DRUGS, 64)) < 0.2).astype(np.float32)
    inputs = torch.from_numpy(genotype.astype(np.float32))
    data = FoldData(hierarchy, inputs, torch.from_numpy(features), roles, small_fold().encoder, None)
    network = ModelOptions("test", ["expression"], "sum", "morgan", 2, 64, 6, [12, 6], 6).build(hierarchy, 64)
    network.initialise("uniform_0.01", 1)
    network.start_at(float(auc.mean()))
    Trainer(network, data, OPTIONS, 1).run()
    states = network.eval().hierarchy.states(network.gather(inputs)).numpy()

    folds = pd.DataFrame({PAIR: table[PAIR], "fold": 0, "role": role})
    targets = Targets.build(table, folds, tuple(names))
    term_states = TermStates(hierarchy.terms, tuple(names), states, np.ones(CELL_LINES, bool))
    options = RlippOptions(("mean", "joint"), "relative", "genes", 0.1, 24, 0, 1)
    fold = FoldInputs(0, term_states, hierarchy, genotype.astype(np.float32))
    scores, _ = score_rlipp([fold], Family.of([hierarchy], "genes"), targets, options)
    scores = describe_terms([hierarchy]).merge(scores, on="term")
    truth = pd.DataFrame({DRUG: targets.drugs, "class": class_of})
    truth["term"] = [hierarchy.terms[planted[i]] for i in class_of]
    return summarise(judge(scores, truth, [hierarchy])).set_index(["rule", "score"])


def test_power_finds_the_planted_terms(areas: pd.DataFrame) -> None:
    """The bar of the best score of the network: twenty times the precision-recall area of chance."""
    best = areas.loc[("exact", "power")]
    assert best["chance"] == pytest.approx(1 / 80)
    assert best["auprc"] > 20 * best["chance"]
    assert best["auroc"] > 0.9


def test_so_does_a_regression_on_the_genes_of_each_term(areas: pd.DataFrame) -> None:
    assert areas.loc[("exact", "children_joint"), "auprc"] > 0.5


def test_power_beats_the_size_of_terms(areas: pd.DataFrame) -> None:
    exact = areas.loc["exact", "auprc"]
    assert exact["power"] > 5 * max(exact["large"], exact["small"])
