"""RLIPP: scores, families of terms, p-values."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import false_discovery_control, kstest

from druggene.hierarchy import Hierarchy
from druggene.interpretation.folds import FoldInputs
from druggene.interpretation.rlipp import (
    Family,
    RlippOptions,
    adjust,
    join,
    permutation_p_values,
    rlipp,
    score_rlipp,
)
from druggene.interpretation.states import TermStates
from druggene.interpretation.targets import Targets
from tests.reference.hierarchies import tricky_hierarchy
from tests.reference.plain_scores import plain_power

C, D = 50, 2
OPTIONS = RlippOptions(("mean", "joint"), "relative", "genes", 0.1, 100, 0, 1)


def test_scores_by_their_definitions() -> None:
    parent, children = np.array([0.6, 0.5, 0.5, -0.2]), np.array([0.4, 0.5, -0.1, 0.2])
    np.testing.assert_allclose(rlipp(parent, children, "relative"), [0.5, 0, np.nan, -2])
    np.testing.assert_allclose(rlipp(parent, children, "ratio"), [1.5, 1, np.nan, -1])
    np.testing.assert_allclose(rlipp(parent, children, "difference"), [0.2, 0, 0.6, -0.4])


def without_term(hierarchy: Hierarchy, term: str) -> Hierarchy:
    """Drop a term and its edges."""
    _, edges, annotations = hierarchy.to_tables()
    kept = edges[(edges["parent"] != term) & (edges["child"] != term)]
    return Hierarchy.build(kept, annotations[annotations["term"] != term], list(hierarchy.genes))


@pytest.fixture
def folds() -> list[FoldInputs]:
    """Two folds, the second without the term E, so that its child F is a child of C alone there."""
    rng = np.random.default_rng(0)
    whole = tricky_hierarchy()
    inputs = []
    for fold, hierarchy in enumerate([whole, without_term(whole, "E")]):
        values = rng.normal(size=(len(hierarchy.terms), 3, C)).astype(np.float32)
        states = TermStates(hierarchy.terms, tuple(f"line{i}" for i in range(C)), values, np.ones(C, bool))
        inputs.append(FoldInputs(fold, states, hierarchy, rng.random((C, 1, 9)).astype(np.float32)))
    return inputs


@pytest.fixture
def targets(folds: list[FoldInputs]) -> Targets:
    rng = np.random.default_rng(1)
    auc = rng.random((D, C)) + 0.3 * folds[0].states.values[:D, 0]
    dealt = rng.integers(2, size=auc.shape)
    roles = {fold: np.where(dealt == fold, "test", "train") for fold in range(2)}
    return Targets(("drug0", "drug1"), folds[0].states.cell_lines, auc, roles)


def test_against_a_plain_implementation(folds: list[FoldInputs], targets: Targets) -> None:
    family = Family.of([inputs.hierarchy for inputs in folds], "genes")
    table, _ = score_rlipp(folds, family, targets, OPTIONS)
    table = table.set_index(["drug", "term"])
    for drug, name in enumerate(targets.drugs):

        def power(feature: dict[int, np.ndarray], drug: int = drug) -> float:
            return plain_power(feature, targets.auc, targets.roles, drug, 0.1)

        def states(term: str) -> dict[int, np.ndarray]:
            return {f.fold: f.states.values[f.states.terms.index(term)].T for f in folds if term in f.states.terms}

        powers = {term: power(states(term)) for term in family.terms}
        genes = {gene: power({f.fold: f.genotype[:, :, int(gene[1:])] for f in folds}) for gene in ("g4", "g0")}
        for term, expected in powers.items():
            assert table.loc[(name, term), "power"] == pytest.approx(expected, abs=1e-5)
        # B is a child of C and D in both folds; F of E only in the first; A has genes alone.
        of_d = (2 * powers["B"] + powers["E"]) / 3
        assert table.loc[(name, "D"), "children_mean"] == pytest.approx(of_d, abs=1e-5)
        assert table.loc[(name, "E"), "children_mean"] == pytest.approx(powers["F"], abs=1e-5)
        together = {f.fold: np.hstack([states(child)[f.fold] for child in ("A", "B", "F")]) for f in folds}
        assert table.loc[(name, "C"), "children_joint"] == pytest.approx(power(together), abs=1e-5)
        of_f = {f.fold: f.genotype[:, 0][:, [0, 4, 5, 6]] for f in folds}
        assert table.loc[(name, "F"), "children_joint"] == pytest.approx(power(of_f), abs=1e-5)
        assert set(genes) <= set(family.genes)
        mean = table.loc[(name, "C"), "children_mean"]
        score = table.loc[(name, "C"), "rlipp"]
        assert score == pytest.approx(powers["C"] / mean - 1, rel=1e-3) if mean > 0 else np.isnan(score)


def test_leaves_without_genes_have_no_score(folds: list[FoldInputs], targets: Targets) -> None:
    options = RlippOptions(("mean",), "difference", "none", 0.1, 100, 0, 1)
    family = Family.of([inputs.hierarchy for inputs in folds], "none")
    table = score_rlipp(folds, family, targets, options)[0].set_index(["drug", "term"])
    assert table.loc[("drug0", "A"), ["children_mean", "rlipp"]].isna().all()
    assert np.isfinite(table.loc[("drug0", "C"), "rlipp"])
    assert "children_joint" not in table


def test_large_families_are_given_by_principal_components() -> None:
    rng = np.random.default_rng(0)
    latent = rng.normal(size=(30, 2))
    wide = (latent @ rng.normal(size=(2, 80))).astype(np.float32)
    narrow = rng.normal(size=(30, 3)).astype(np.float32)
    trained = np.arange(30) < 25
    joined = join([wide, narrow], trained, 4)
    assert joined.shape == (30, 2, 4)
    np.testing.assert_array_equal(joined[:, 1], np.pad(narrow, ((0, 0), (0, 1))))
    # Two components carry all of it, for cell lines that were not trained on too.
    centred = wide - wide[trained].mean(axis=0)
    np.testing.assert_allclose(np.square(joined[:, 0, :2]).sum(axis=1), np.square(centred).sum(axis=1), rtol=1e-4)
    tall = join([wide[:, :9]], trained, 4)
    centred = centred[:, :9]
    np.testing.assert_allclose(np.square(tall[:, 0]).sum(axis=1), np.square(centred).sum(axis=1), rtol=1e-4)


def test_p_values_are_uniform_without_signal_and_small_with_it() -> None:
    rng = np.random.default_rng(0)
    scale, shift = rng.uniform(0.05, 0.3, 400), rng.normal(0, 0.1, 400)
    permuted = rng.normal(size=(60, 400)) * scale + shift
    null = permutation_p_values(rng.normal(size=400) * scale + shift, permuted)
    assert kstest(null, "uniform").pvalue > 0.01
    strong = permutation_p_values(8 * scale + shift, permuted)
    assert strong.max() < 1e-3
    observed = np.array([np.nan, *(8 * scale + shift)[1:]])
    assert np.isnan(permutation_p_values(observed, permuted)[0])


def test_adjustment_leaves_undefined_ones_out() -> None:
    p = np.array([0.01, np.nan, 0.04, 0.5])
    q = adjust(p)
    np.testing.assert_allclose(q[[0, 2, 3]], false_discovery_control([0.01, 0.04, 0.5]))
    assert np.isnan(q[1])


def test_permuted_aucs_show_no_power(folds: list[FoldInputs], targets: Targets) -> None:
    """P-values of a term that the AUC follows are small, of the others they are not."""
    options = RlippOptions(("mean",), "difference", "genes", 0.1, 100, 50, 1)
    family = Family.of([inputs.hierarchy for inputs in folds], "genes")
    auc = 0.5 + 0.2 * np.stack([folds[0].states.values[0, 0]] * 2) + 0 * targets.auc
    for inputs in folds:
        inputs.states.values[0, 0] = folds[0].states.values[0, 0]
    table = score_rlipp(folds, family, Targets(targets.drugs, targets.cell_lines, auc, targets.roles), options)[0]
    first = folds[0].states.terms[0]
    p = table.set_index(["drug", "term"])["power_p"]
    assert (p.xs(first, level="term") < 0.01).all()
    assert (p.drop(first, level="term") > 0.01).mean() > 0.8
    assert isinstance(table, pd.DataFrame)
