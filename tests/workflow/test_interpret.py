"""The stage `interpret` on top of a finished run."""

import json
from pathlib import Path

import networkx as nx
import numpy as np
import pandas as pd

from druggene.interpretation.states import read_states
from druggene.tables import read_metadata, read_table
from tests.reference.plain_scores import plain_power
from tests.workflow.running import TINY, plan, succeed

CONFIG = """
interpretation:
  drugs: [Selumetinib, JQ1, Paclitaxel, Olaparib]
  drug_groups: 2
  permuted_control: true
  attribution_steps: 2
  rlipp: { permutations: 5, score: difference }
  figures: { permutations: 9 }
"""


def test_interprets_measured_and_permuted_labels(own: Path) -> None:
    (own / "interpret.yaml").write_text(CONFIG)
    configs = (TINY, "interpret.yaml")
    jobs = plan(own, "interpret", configs=configs).jobs
    assert jobs["train_permuted"] == 2
    assert jobs["compute_states"] == jobs["compute_importance"] == jobs["score_rlipp"] == 4
    assert "train_model" not in jobs
    succeed(own, "--cores", "2", "--configfile", *configs, "--", "interpret")
    results = own / "results/tiny"
    folder = results / "interpretation/random_pairs/druggene"

    scores = read_table(folder / "measured/term_scores.parquet")
    assert read_metadata(folder / "measured/term_scores.parquet")["simulated"] is True
    assert sorted(scores["drug"].unique()) == ["JQ1", "Olaparib", "Paclitaxel", "Selumetinib"]
    assert not scores.duplicated(["drug", "term"]).any()
    assert (scores["knockout"] >= 0).all()

    # The power of a term for a drug, from the states on disk and the responses.
    responses = read_table(results / "data/responses.parquet")
    folds = read_table(results / "data/random_pairs/folds.parquet")
    states = {fold: read_states(folder / f"measured/states/fold_{fold}.parquet") for fold in range(2)}
    lines = list(states[0].cell_lines)
    own_pairs = responses[responses["drug"] == "JQ1"].groupby("pair").agg({"cell_line": "first", "auc": "mean"})
    auc = own_pairs.set_index("cell_line")["auc"].reindex(lines).to_numpy()[None]
    roles = {}
    for fold in range(2):
        role = folds[folds["fold"] == fold].set_index("pair")["role"].reindex(own_pairs.index)
        roles[fold] = role.set_axis(own_pairs["cell_line"]).reindex(lines).fillna("").to_numpy()[None]
    shared = sorted(set(states[0].terms) & set(states[1].terms))
    for term in shared[:5]:
        features = {fold: each.values[each.terms.index(term)].T for fold, each in states.items()}
        row = scores[(scores["drug"] == "JQ1") & (scores["term"] == term)].iloc[0]
        np.testing.assert_allclose(row["power"], plain_power(features, auc, roles, 0, 0.1), atol=1e-3)
        np.testing.assert_allclose(row["rlipp"], row["power"] - row["children_mean"], atol=1e-6)

    claims = pd.read_csv(results / "tables/random_pairs/interpretation_claims.csv").set_index("id")
    assert set(claims["verdict"]) <= {"reproduced", "not reproduced", "not tested here"}
    assert claims.loc["rlipp_terms", "note"].endswith("terms in the network, 2,086 in the paper's")
    assert claims["permuted_value"].notna().any()

    stability = pd.read_csv(results / "tables/random_pairs/score_stability.csv")
    assert {"other folds", "term size", "permuted labels"} <= set(stability["compared_with"])
    genes = read_table(folder / "measured/gene_scores.parquet")
    assert set(genes["omic"]) == {"mutation", "expression", "copy_number"}
    assert genes["score"].between(0, 1).all()
    for name in ("genotype_embedding", "drug_embedding", "best_terms"):
        for suffix in ("pdf", "png", "csv"):
            assert (results / f"figures/random_pairs/druggene/measured/{name}.{suffix}").stat().st_size > 0
    for labels in ("measured", "permuted"):
        page = (folder / labels / "explorer.html").read_text()
        assert "Simulated data" in page
        assert ("Control: the network was trained" in page) == (labels == "permuted")
        assert page.count('id="fold-') == 2
    graph = nx.read_graphml(folder / "measured/hierarchy.graphml")
    assert set(graph) == set(scores["term"])
    root = scores[(scores["drug"] == "Paclitaxel") & (scores["term"] == "GO:0008150")].iloc[0]
    assert graph.nodes["GO:0008150"]["Paclitaxel::power"] == root["power"]
    aspects = {name for entry in json.loads((folder / "measured/hierarchy.cx2").read_text()) for name in entry}
    assert {"nodes", "edges", "visualProperties"} <= aspects
    assert (folder / "measured/recovery.md").read_text().startswith("# ")
    assert not plan(own, "interpret", configs=configs).jobs


def test_terms_read_out_and_seeds_are_planned(pristine: Path, tmp_path: Path) -> None:
    omics = "omics: [mutation, expression, copy_number]"
    plus = f"{omics}, genotype: {{ mutation_encoding: binary, fusion: channels }}, network: {{ readout: terms }}"
    (tmp_path / "models.yaml").write_text(
        f"""
models:
  plus: {{ label: Plus, {plus} }}
  twin: {{ label: Twin, hierarchy: gene_permuted, {plus} }}
  again: {{ label: Again, {omics}, seed: 2 }}
interpretation: {{ models: [druggene, again, plus] }}
"""
    )
    jobs = plan(pristine, "interpret", configs=(TINY, str(tmp_path / "models.yaml"))).jobs
    assert jobs["compute_contributions"] == 4  # two folds of a network and of its twin, which comes with it
    assert jobs["tabulate_contributions"] == jobs["tabulate_interpretation"] == 1
    assert jobs["judge_interpretation"] == jobs["collect_scores"] == 2
