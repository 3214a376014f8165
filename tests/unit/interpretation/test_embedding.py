"""Embeddings, classes of drugs, stand-ins and the data of the figures."""

import numpy as np
import pandas as pd
import pytest

from druggene.interpretation.embedding import (
    classes_of,
    compare_classes,
    embed_cell_lines,
    principal_components,
    score_classes,
)
from druggene.interpretation.states import TermStates
from druggene.interpretation.substitutes import name_of, nearest_drug, nearest_gene, resolve_genes
from druggene.interpretation.targets import Targets, drug_group
from druggene.interpretation.views import ancestry, expression_views, state_against_auc, waterfall
from druggene.plotting.interpretation import plot_best_terms, plot_drug_embedding, plot_genotype_embedding
from tests.reference.hierarchies import tricky_hierarchy


def test_components_are_those_of_largest_variance_with_a_fixed_sign() -> None:
    rng = np.random.default_rng(0)
    wide = rng.normal(size=(40, 1)) * [[0, -5, 0]] + rng.normal(size=(40, 3)) * [0.1, 0.1, 1]
    points, shares = principal_components(wide)
    assert np.corrcoef(points[:, 0], wide[:, 1])[0, 1] > 0.99
    assert shares[0] > shares[1] > 0
    np.testing.assert_allclose(principal_components(-wide)[0], -points, atol=1e-9)


def test_cell_lines_are_placed_by_the_root() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=(3, 4, 20)).astype(np.float32)
    states = TermStates(("a", "b", "root"), tuple(f"l{i}" for i in range(20)), values, np.ones(20, bool))
    table, _ = embed_cell_lines(states)
    np.testing.assert_allclose(table[["pc1", "pc2"]], principal_components(values[2].T)[0])


DRUGS = pd.DataFrame(
    {
        "drug": ["d1", "d2", "d3", "d4"],
        "name": ["One", "Two", "Three", "Four"],
        "targets": ["BRAF;RAF1", "PARP1", None, "PARP2;BRAF"],
    }
)


def test_classes_are_those_of_the_first_target_that_is_named() -> None:
    classes = classes_of(DRUGS, {"BRAF": ["BRAF"], "PARP": ["PARP1", "PARP2"]})
    assert classes["d1"] == classes["d4"] == "BRAF"
    assert classes["d2"] == "PARP"
    assert pd.isna(classes["d3"])


def test_a_class_that_lies_together_is_told_from_one_that_does_not() -> None:
    rng = np.random.default_rng(0)
    embedding = pd.DataFrame(rng.normal(size=(40, 3)), index=[f"d{i}" for i in range(40)])
    embedding.iloc[:5] = 8 + rng.normal(0, 0.1, (5, 3))
    classes = pd.Series(["close"] * 5 + ["apart"] * 5 + ["single"] + [None] * 29, index=embedding.index, dtype=object)
    table = compare_classes(embedding, rng.random((40, 64)) < 0.2, classes, 99, 1).set_index(["class", "by"])
    assert table.loc[("close", "embedding"), "silhouette"] > 0.8
    assert table.loc[("close", "embedding"), "p_value"] == 0.01
    assert table.loc[("close", "fingerprint"), "p_value"] > 0.02
    assert table.loc[("apart", "embedding"), "p_value"] > 0.05
    assert np.isnan(table.loc[("single", "embedding"), "silhouette"])
    assert table.loc[("single", "embedding"), "n_drugs"] == 1


def test_silhouettes_by_hand() -> None:
    distances = np.array([[0, 1, 4, 4], [1, 0, 4, 4], [4, 4, 0, 1], [4, 4, 1, 0]], float)
    table = score_classes(distances, ["x", "x", None, None], 10, 0)
    assert table["silhouette"].tolist() == [0.75]


KNOWN = pd.DataFrame({"drug": ["Gone", "Lost"], "targets": ["PARP1;PARP2", "EGFR"]})


def test_stand_ins_of_drugs() -> None:
    assert nearest_drug("ONE", DRUGS, KNOWN) == ("d1", "")
    drug, note = nearest_drug("gone", DRUGS, KNOWN)
    assert drug == "d2"
    assert note == "Two in place of gone: most shared targets"
    with pytest.raises(ValueError, match="neither 'Lost' nor a drug that shares a target is in the data"):
        nearest_drug("Lost", DRUGS, KNOWN)


def test_figures_call_drugs_by_their_names() -> None:
    assert name_of("d3", DRUGS) == "Three"
    assert name_of("d3", DRUGS.assign(name=None)) == "d3"


def test_stand_ins_of_genes() -> None:
    annotations = pd.DataFrame(
        {"term": ["t1", "t2", "t1", "t2", "t1", "t3"], "gene": ["BRAF", "BRAF", "KSR1", "KSR1", "EGFR", "EGFR"]}
    )
    assert nearest_gene("EGFR", {"EGFR", "KSR1"}, annotations) == ("EGFR", "")
    assert nearest_gene("BRAF", {"EGFR", "KSR1"}, annotations)[0] == "KSR1"
    genes, note = resolve_genes(["EGFR", "BRAF"], {"EGFR"}, annotations)
    assert genes == ["EGFR"]
    assert note == "EGFR in place of BRAF: most shared annotations"
    with pytest.raises(ValueError, match="gene 'NONE' is neither measured nor annotated"):
        nearest_gene("NONE", {"EGFR"}, annotations)


def test_views_take_the_highest_expression_and_the_mean_auc() -> None:
    points = pd.DataFrame({"cell_line": list("abcd"), "pc1": range(4), "pc2": range(4)})
    responses = pd.DataFrame({"cell_line": ["a", "a", "b", "c"], "drug": "d1", "auc": [0.2, 0.4, 0.5, 0.9]})
    expression = pd.DataFrame({"U": [1.0, 2, 3, 4], "V": [9.0, 1, 1, 1]}, index=list("abcd"))
    view = [{"drug": "One", "genes": ["U", "V"]}]
    annotations = pd.DataFrame({"term": [], "gene": []})
    table = expression_views(view, points, responses, DRUGS, expression, KNOWN, annotations).set_index("cell_line")
    standardised = (expression - expression.mean()) / expression.std()
    np.testing.assert_allclose(table["expression"], standardised.max(axis=1))
    assert table["auc"].tolist()[:3] == pytest.approx([0.3, 0.5, 0.9])
    assert set(table["drug"]) == {"One"}
    assert np.isnan(table.loc["d", "auc"])
    assert table["rho"].iloc[0] == pytest.approx(-0.5)
    figure = plot_genotype_embedding(table.reset_index(), title="t", simulated=True)
    assert [text.get_text() for text in figure.texts if "Simulated" in text.get_text()]
    with pytest.raises(ValueError, match="genotype embedding: no row"):
        plot_genotype_embedding(table.iloc[:0].reset_index(), title="t")


def test_the_figure_of_drugs_names_every_class() -> None:
    points = pd.DataFrame({"drug": list("abc"), "class": ["x", "x", None], "pc1": range(3), "pc2": range(3)})
    scores = pd.DataFrame(
        {"class": "x", "n_drugs": 2, "by": ["embedding", "fingerprint"], "silhouette": [0.5, np.nan], "p_value": 0.1}
    )
    figure = plot_drug_embedding(points, scores, title="t")
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    assert texts == [
        "other drugs (1)",
        "x (2 drugs)\nembedding: silhouette 0.50, p 0.1\nfingerprint: silhouette n.d., p 0.1",
    ]


def test_best_terms_and_what_lies_above_them() -> None:
    hierarchy = tricky_hierarchy()
    scores = pd.DataFrame({"drug": "d", "term": hierarchy.terms, "name": hierarchy.names})
    value = {"A": 3.0, "F": 2.0, "B": 1.0, "C": np.nan, "D": 0.5, "E": 0.1, "R": 0.0}
    scores["rlipp"] = scores["term"].map(value)
    best = waterfall(scores, "d", "rlipp", 0.5, {"F"})
    assert best["term"].tolist() == ["A", "F", "B"]
    assert best["marked"].tolist() == [False, True, False]
    nodes, edges = ancestry(hierarchy, best, 2)
    assert set(nodes["term"]) == {"A", "F", "E", "C", "D", "R"}
    assert set(map(tuple, edges.to_numpy())) >= {("R", "A"), ("C", "A"), ("E", "F")}
    assert nodes.set_index("term")["rank"].dropna().to_dict() == {"A": 1, "F": 2}
    states = pd.DataFrame({"component": [0.0, 1.0], "auc": [0.1, 0.9]})
    figure = plot_best_terms(
        best.assign(value=best["rlipp"]), nodes, edges, states, title="t", score="s", marked="m", rho=0.5
    )
    tree, names = figure.axes[:2]
    assert sorted(text.get_text() for text in tree.texts) == ["1", "2"]
    written = hierarchy.to_tables()[0].set_index("term")["name"]
    assert [text.get_text() for text in names.texts] == [f"1 {written['A']}", f"2 {written['F']}", "■ m"]


def test_states_stand_against_test_pairs_alone() -> None:
    rng = np.random.default_rng(0)
    auc = rng.random((1, 30))
    lines = tuple(f"l{i}" for i in range(30))
    roles = {fold: np.where(np.arange(30)[None] % 2 == fold, "test", "train") for fold in range(2)}
    states = {}
    for fold in range(2):
        noise = rng.normal(0, 0.01, (1, 3, 30))
        states[fold] = TermStates(("t",), lines, (noise - (1 - 2 * fold) * auc).astype(np.float32), np.ones(30, bool))
    table = state_against_auc(states, "t", "d", Targets(("d",), lines, auc, roles))
    assert len(table) == 30
    assert table.groupby("fold").size().tolist() == [15, 15]
    # Each fold's sign is that of its training pairs, so both rise with the AUC.
    assert np.corrcoef(table["component"], table["auc"])[0, 1] > 0.95


def test_drugs_are_dealt_out_to_jobs() -> None:
    responses = pd.DataFrame({"drug": ["c", "a", "b", "a"]})
    assert [drug_group(responses, None, group, 2) for group in range(2)] == [["a", "c"], ["b"]]
    assert drug_group(responses, ["b", "a"], 0, 1) == ["a", "b"]
    with pytest.raises(ValueError, match=r"interpretation\.drugs: 'z' has no response"):
        Targets.build(
            pd.DataFrame({"pair": [0], "drug": ["a"], "cell_line": ["l"], "auc": [0.1]}),
            pd.DataFrame({"pair": [0], "fold": [0], "role": ["test"]}),
            ("l",),
            ["z"],
        )
