"""What the page is made of: numbers in bytes, components, trees and sizes."""

import logging

import numpy as np
import pandas as pd
import pytest

from druggene.constants import TEST, TRAIN
from druggene.explorer.components import FoldComponents, components_of, first_components, mean_response
from druggene.explorer.packing import MISSING, pack, quantise, restore, unpack
from druggene.explorer.page import (
    NO_TERM,
    RANKED,
    Heading,
    fitting,
    pack_contents,
    pack_fold,
    ranking,
    render,
    tree_parents,
)
from druggene.explorer.scores import SCORES, described
from druggene.interpretation.embedding import principal_components
from tests.reference.explored import DRUGS, HOSTILE, explored

HEADING = Heading(f"Model {HOSTILE}", f"run {HOSTILE}", "random_pairs", "permuted", 2)


def test_numbers_come_back_to_half_a_step() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(0, 0.2, (3, 500))
    values[1, :2] = np.nan, 1e6  # a quotient that explodes
    values[2, 0] = np.inf
    quantised = quantise(values)
    found = restore(quantised)
    np.testing.assert_allclose(found[0], values[0], atol=0.5 / 254 * 3 * np.ptp(values[0]))
    assert np.isnan(found[1, 0])
    np.testing.assert_allclose(found[1, 1], 1e6, rtol=1e-2)
    np.testing.assert_allclose(found[1, 2:], values[1, 2:], atol=0.04)
    assert found[2, 0] == pytest.approx(values[2, 1:].max(), rel=1e-3)
    assert (np.diff(found[0][np.argsort(values[0])]) >= 0).all()


def test_rows_without_numbers_or_without_spread() -> None:
    quantised = quantise(np.array([[np.nan, np.nan], [0.0, 0.0], [0.3, 0.3]]))
    assert (quantised.codes[0] == MISSING).all()
    np.testing.assert_allclose(restore(quantised)[1:], [[0, 0], [0.3, 0.3]], atol=1e-6)


def test_a_block_comes_back() -> None:
    arrays = {
        "a": np.arange(5, dtype=np.uint8),
        "b": np.linspace(0, 1, 6, dtype=np.float32).reshape(2, 3),
        "c": np.array([7], np.uint16),
    }
    texts, found = unpack(pack({"name": HOSTILE}, arrays))
    assert texts == {"name": HOSTILE}
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array)
        assert found[name].dtype == array.dtype
    assert pack({"name": "x"}, arrays) == pack({"name": "x"}, arrays)


def test_the_first_component_is_that_of_scikit_learn() -> None:
    values = np.random.default_rng(0).standard_normal((4, 6, 30)) * np.arange(1, 7)[:, None]
    found = first_components(values)
    for term in range(4):
        expected = principal_components(values[term].T)[0][:, 0]
        assert abs(np.corrcoef(found[term], expected)[0, 1]) == pytest.approx(1)
    np.testing.assert_allclose(found.std(axis=1), 1)


def test_components_are_turned_by_training_pairs_alone() -> None:
    hierarchy, _, targets, states, _ = explored()
    reference: dict[str, np.ndarray] = {}
    terms = list(hierarchy.terms)
    first = components_of(states[0], [*terms, "GO:none"], targets, 0, reference)
    assert np.isnan(first.values[-1]).all()
    np.testing.assert_array_equal(first.test, (targets.roles[0] == TEST)[:, first.lines])
    # By hand, of the AUCs that the fold's network was trained on.
    auc = pd.DataFrame(np.where(targets.roles[0] == TRAIN, targets.auc, np.nan))
    response = auc.sub(auc.mean(axis=1), axis=0).mean(axis=0).fillna(0).to_numpy()
    np.testing.assert_allclose(mean_response(targets, 0), response, atol=1e-12)
    for term in terms:
        assert reference[term] @ response >= 0
    again = components_of(states[0], terms, targets, 1, {term: -each for term, each in reference.items()})
    shared = np.intersect1d(first.lines, again.lines)
    np.testing.assert_allclose(
        again.values[:, np.searchsorted(again.lines, shared)],
        -first.values[:-1, np.searchsorted(first.lines, shared)],
        atol=1e-6,
    )


def test_a_term_stands_below_its_smallest_parent() -> None:
    contents = explored()[-1]
    terms = list(contents.graph.terms["term"])
    parents = {
        term: terms[at] if at >= 0 else None for term, at in zip(terms, tree_parents(contents.graph), strict=True)
    }
    assert parents["GO:3"] == "GO:7"  # of 4 genes, while GO:6 has 11
    assert parents["GO:8"] is None
    assert parents["GO:1"] == parents["GO:5"] == "GO:6"


def test_ranking_puts_terms_without_a_score_nowhere() -> None:
    scores = np.array([[0.1, np.nan, 0.3, -np.inf, 0.3]])
    assert ranking(scores).tolist() == [[2, 4, 0, 3, NO_TERM]]
    assert ranking(np.zeros((1, 100))).shape == (1, RANKED)


def test_contents_are_arranged_by_drug_and_term(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        _, scores, targets, _, contents = explored()
    assert "conductance was not computed" in caplog.text
    texts, arrays = unpack(pack_contents(contents, "ratio"))
    assert texts["drugs"] == list(DRUGS)
    assert [score["label"] for score in texts["scores"]][:3] == [
        "Power",
        "Power of the children together",
        "RLIPP (P / C)",
    ]
    row = scores[(scores["drug"] == "zeta") & (scores["term"] == texts["terms"][3])].iloc[0]
    ranges = arrays["range_power"]
    scale, low, high = ranges[2].astype(float)
    code = float(arrays["score_power"].reshape(3, -1)[2, 3])
    assert scale * np.sinh(low + code * (high - low) / 254) == pytest.approx(row["power"], abs=0.01)
    assert (arrays["auc"] == MISSING).sum() == np.isnan(targets.auc).sum() == 5
    assert texts["known_targets"] == ["GENE1;GENE2", "", HOSTILE]


def test_drugs_are_called_by_their_names_and_told_apart() -> None:
    hierarchy, scores, targets, _, contents = explored()
    names = pd.DataFrame({"drug": DRUGS, "name": ["Aspirin", "Zeta", "Zeta"], "targets": None})
    named = type(contents).of(scores, ["power"], [hierarchy], targets, names, False)
    assert named.drug_names == ["Aspirin", f"Zeta ({DRUGS[1]})", f"Zeta ({DRUGS[2]})"]
    assert unpack(pack_contents(named, "ratio"))[0]["drugs"] == named.drug_names


def test_no_computed_score_is_refused() -> None:
    hierarchy, scores, targets, _, contents = explored()
    with pytest.raises(ValueError, match=r"explorer\.scores: none of conductance was computed; name power"):
        type(contents).of(
            scores, ["conductance"], [hierarchy], targets, pd.DataFrame({"drug": [], "name": [], "targets": []}), False
        )


def test_every_score_says_how_far_to_trust_it() -> None:
    assert all(score["meaning"] and score["trust"] for score in described(list(SCORES), "relative"))


def test_as_many_folds_as_fit() -> None:
    assert list(fitting(["aaaa", "bb", "cc"], 6)) == ["aaaa", "bb"]
    assert list(fitting(["aaaa", "bb"], 1)) == ["aaaa"]


def test_the_page_escapes_and_is_the_same_again() -> None:
    _, _, targets, states, contents = explored()

    def page() -> str:
        reference: dict[str, np.ndarray] = {}
        terms = list(contents.graph.terms["term"])
        folds = [components_of(each, terms, targets, i, reference) for i, each in enumerate(states)]
        return render(contents, folds, HEADING, "relative", 15)

    text = page()
    assert text == page()
    assert "<img" not in text
    assert text.count('id="fold-') == 2
    assert "Simulated data" in text
    assert "Control: the network was trained on AUCs that are permuted" in text


def test_the_published_size_stays_below_15_megabytes() -> None:
    """Some drugs stand for all 684: the bytes of a drug and of a fold, times their number."""
    rng = np.random.default_rng(0)
    terms, drugs, lines, scores = 2086, 20, 942, 5
    quantised = quantise(rng.standard_normal((drugs, terms)))
    of_scores = scores * (
        len(pack({}, {"codes": quantised.codes})) + len(pack({}, {"order": ranking(rng.random((drugs, terms)))}))
    )
    of_auc = len(pack({}, {"auc": quantise(rng.beta(8, 3, (1, drugs * lines))).codes}))
    of_fold = len(
        pack_fold(
            FoldComponents(0, np.arange(lines), rng.standard_normal((terms, lines)), rng.random((drugs, lines)) < 0.1)
        )
    )
    _, _, _, _, contents = explored()
    of_page = len(render(contents, [], HEADING, "relative", 15))
    assert of_page + (of_scores + of_auc) * 684 / drugs + of_fold + 400_000 < 15e6
