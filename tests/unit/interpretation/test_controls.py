"""Controls, collection and recovery of scores."""

import numpy as np
import pandas as pd
import pytest

from druggene.interpretation.collect import collect_terms, combine_genes, fold_agreement, over_folds
from druggene.interpretation.controls import permute_responses, score_stability, specific
from druggene.interpretation.folds import describe_terms
from druggene.interpretation.importance import TERM_SCORES, genes_of_terms
from druggene.interpretation.recovery import hits, judge, recovery_markdown, summarise
from druggene.interpretation.stability import agreement, rank_correlation
from tests.reference.hierarchies import tricky_hierarchy


def test_permuted_responses_keep_each_drugs_aucs() -> None:
    responses = pd.DataFrame(
        {"pair": range(60), "drug": ["a", "b", "c"] * 20, "cell_line": np.repeat(range(20), 3), "auc": range(60)}
    )
    permuted = permute_responses(responses, 1)
    assert (permuted["auc"] != responses["auc"]).mean() > 0.8
    pd.testing.assert_frame_equal(permuted.drop(columns="auc"), responses.drop(columns="auc"))
    for drug, part in permuted.groupby("drug"):
        assert sorted(part["auc"]) == sorted(responses.loc[responses["drug"] == drug, "auc"])
    pd.testing.assert_frame_equal(permute_responses(responses, 1), permuted)


def test_a_term_that_counts_alike_for_every_drug_is_not_specific() -> None:
    table = pd.DataFrame({"drug": list("aabb"), "term": list("xyxy"), "value": [1.0, 3.0, 2.0, 6.0]})
    np.testing.assert_allclose(specific(table["value"], table["drug"], table["term"]), 1)
    table.loc[0, "value"] = 3.0
    assert specific(table["value"], table["drug"], table["term"]).tolist() == pytest.approx(
        [4 / 3, 4 / 5, 2 / 3, 6 / 5]
    )


def test_rank_correlations_need_enough_items() -> None:
    ranking = np.arange(8.0)
    assert rank_correlation(ranking, ranking**3) == pytest.approx(1)
    assert np.isnan(rank_correlation(ranking[:4], ranking[:4]))
    with_gap = np.where(ranking == 7, np.nan, ranking)
    assert rank_correlation(with_gap, -ranking) == pytest.approx(-1)
    assert agreement(np.stack([ranking, ranking, -ranking])) == pytest.approx(-1 / 3)
    assert np.isnan(agreement(ranking[None]))


def scores_table(seed: int, noise: float) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    size = np.arange(10, 40)
    parts = [
        pd.DataFrame(
            {
                "drug": drug,
                "term": [f"T{i}" for i in range(30)],
                "size": size,
                "layer": rng.permutation(30),
                "n_children": rng.permutation(30),
                "n_parents": rng.permutation(30),
                "power": size + rng.normal(0, noise, 30),
            }
        )
        for drug in ("a", "b")
    ]
    return pd.concat(parts, ignore_index=True)


def test_stability_tells_what_a_score_follows() -> None:
    scores = {
        ("one", "measured"): scores_table(0, 0.0),
        ("one", "permuted"): scores_table(1, 1e6),
        ("two", "measured"): scores_table(2, 1.0),
    }
    agreements = {run: pd.DataFrame({"drug": ["a"], "score": ["power"], "folds_rho": [0.5]}) for run in scores}
    table = score_stability(scores, agreements).set_index(["model", "labels", "compared_with"])["rho"]
    assert table["one", "measured", "other folds"] == 0.5
    assert table["one", "measured", "term size"] == pytest.approx(1)
    assert table["one", "measured", "two"] > 0.9
    assert abs(table["one", "measured", "permuted labels"]) < 0.5
    assert abs(table["one", "measured", "layer"]) < 0.5
    assert ("one", "permuted", "two") not in table.index


def test_means_over_folds_weigh_pairs() -> None:
    first = pd.DataFrame({"drug": ["a", "a"], "term": ["x", "y"], "n_pairs": [1, 1], "value": [1.0, 2.0]})
    second = pd.DataFrame({"drug": ["a"], "term": ["x"], "n_pairs": [3], "value": [5.0]})
    table = over_folds([first, second], ["drug", "term"], ["value"])
    assert table["value"].tolist() == [4.0, 2.0]
    assert table["n_pairs"].tolist() == [4, 1]


def test_terms_are_collected_with_their_description() -> None:
    hierarchy = tricky_hierarchy()
    described = describe_terms([hierarchy, hierarchy]).set_index("term")
    assert described.loc["C", ["n_children", "n_parents", "n_folds"]].tolist() == [3, 1, 2]
    assert described.loc["A", "size"] == 3
    rng = np.random.default_rng(0)
    importance = [
        pd.DataFrame({"drug": drug, "term": hierarchy.terms, "n_pairs": 4} | {s: rng.random(7) for s in TERM_SCORES})
        for drug in ("a", "b")
    ]
    folds = [pd.concat(importance), pd.concat(importance)]
    rlipp = pd.DataFrame({"drug": np.repeat(["a", "b"], 7), "term": [*hierarchy.terms] * 2, "power": rng.random(14)})
    table = collect_terms([rlipp.iloc[:7], rlipp.iloc[7:]], folds, described.reset_index())
    assert len(table) == 14
    np.testing.assert_allclose(
        table.set_index(["drug", "term"])["knockout"], folds[0].set_index(["drug", "term"])["knockout"].sort_index()
    )
    assert {"name", "layer", "size", "power", "attribution_specific"} <= set(table)
    agreed = fold_agreement([pd.DataFrame({"drug": ["a"], "score": ["power"], "folds_rho": [0.3]})], folds)
    assert agreed.loc[agreed["score"] == "knockout", "folds_rho"].tolist() == pytest.approx([1, 1])


def test_genes_of_a_term_include_those_of_its_descendants() -> None:
    hierarchy = tricky_hierarchy()
    members = genes_of_terms(hierarchy)
    np.testing.assert_array_equal(members.sum(axis=1), hierarchy.sizes)
    assert members[-1].sum() == 8


def test_a_gene_scores_only_where_input_and_way_count() -> None:
    genes = pd.DataFrame({"drug": "a", "omic": "expression", "gene": list("uvw"), "attribution": [3.0, 2.0, 1.0]})
    terms = pd.DataFrame({"drug": "a", "term": ["x", "y"], "knockout": [1.0, 2.0]})
    annotations = pd.DataFrame({"term": ["x", "y", "x", "y"], "gene": ["u", "v", "w", "w"]})
    table = combine_genes(genes, terms, annotations).set_index("gene")
    assert table["knockout"].to_dict() == {"u": 1, "v": 2, "w": 2}
    assert table.index[0] == "v"
    assert table.loc["u", "score"] == pytest.approx((1 / 3) ** 0.5)


EDGES = pd.DataFrame({"parent": ["R", "R", "P", "P", "H"], "child": ["P", "Q", "H", "S", "L"]})


def test_relatives_are_parents_and_children_but_not_the_root() -> None:
    terms = ["R", "P", "Q", "H", "S", "L"]
    assert [t for t, hit in zip(terms, hits(["H"], terms, EDGES, "exact"), strict=True) if hit] == ["H"]
    assert [t for t, hit in zip(terms, hits(["H"], terms, EDGES, "relatives"), strict=True) if hit] == ["P", "H", "L"]
    assert [t for t, hit in zip(terms, hits(["Q"], terms, EDGES, "relatives"), strict=True) if hit] == ["Q"]


def test_recovery_ranks_by_score_and_undefined_ones_last() -> None:
    hierarchy = tricky_hierarchy()
    n = len(hierarchy.terms)
    scores = pd.DataFrame({"drug": "a", "term": hierarchy.terms, "size": hierarchy.sizes})
    planted = hierarchy.terms[2]
    scores["power"] = np.where(scores["term"] == planted, 0.9, np.linspace(0, 0.5, n))
    scores["children_mean"] = 0.3
    scores["knockout"] = np.where(scores["term"] == planted, np.nan, 1.0)
    truth = pd.DataFrame({"drug": ["a", "b"], "class": ["k", "k"], "term": [planted, planted]})
    table = judge(scores, truth, [hierarchy])
    exact = table[table["rule"] == "exact"].set_index("score")
    assert exact.loc["power", ["auroc", "auprc"]].tolist() == [1, 1]
    assert exact.loc["difference_mean", "auroc"] == 1
    assert exact.loc["knockout", "auroc"] == 0
    assert exact.loc["power", "chance"] == pytest.approx(1 / n)
    assert exact.loc["large", "auroc"] == pytest.approx(1 - exact.loc["small", "auroc"])
    summary = summarise(table)
    assert set(summary["n_classes"]) == {1}
    lines = recovery_markdown(summary).splitlines()
    assert lines[-len(exact)].startswith(("| Power of the term's states | 1.000", "| P - C", "| RLIPP"))
