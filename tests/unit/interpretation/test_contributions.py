"""Contributions of terms: against sums of the network itself, over folds, and beside the twin."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from druggene.checkpoint import ModelOptions
from druggene.constants import OMICS, TEST
from druggene.dataset import FoldData
from druggene.genotype import fuse
from druggene.interpretation.contribution_tables import contributions_document, tabulate, top_terms
from druggene.interpretation.contributions import CONTRIBUTIONS, aggregate, agreement_of_folds, pool
from druggene.interpretation.controls import score_stability
from druggene.interpretation.folds import describe_terms
from druggene.network import Pairs
from druggene.term_readout import ReadoutOptions, TermReadoutNetwork
from druggene.variants import permuted_twins, seed_names, with_twins
from tests.reference.folds import small_fold

READOUT = ReadoutOptions(3, 2, (0.5, 1.0, 0.5), 0.1, 0.1, 0.1, 0.2, 0.2)


def network_of_fold(seed: int) -> tuple[TermReadoutNetwork, FoldData]:
    """A network with parameters at random, and a fold with one input per omic."""
    data = small_fold(0)
    rng = np.random.default_rng(seed)
    encoded = {omic: rng.random(data.genotype.shape[::2]).astype(np.float32) for omic in OMICS}
    names = tuple(f"line{i:02d}" for i in range(40)), tuple(f"drug{i:02d}" for i in range(12))
    genotype = torch.from_numpy(fuse(encoded, OMICS, "channels"))
    data = replace(data, genotype=genotype, cell_lines=names[0], drug_names=names[1])
    options = ModelOptions("plus", list(OMICS), "channels", "morgan", 2, 64, 3, [8], 6, readout=READOUT)
    network = options.build(data.hierarchy, data.drugs.shape[1], data.sizes)
    assert isinstance(network, TermReadoutNetwork)
    network.fit_inputs(genotype)
    network.initialise("uniform_0.01", seed)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for member in network.members:
            member.seen_drug_latent.copy_(torch.randn(member.seen_drug_latent.shape, generator=generator))
    return network.eval(), data


@pytest.fixture(scope="module")
def fold() -> tuple[TermReadoutNetwork, FoldData]:
    return network_of_fold(1)


def test_aggregates_are_those_of_the_networks_contributions(fold: tuple[TermReadoutNetwork, FoldData]) -> None:
    network, data = fold
    table = aggregate(network, data, ["drug03", "drug00", "drug07"]).set_index(["drug", "term"])
    assert sorted({drug for drug, _ in table.index}) == ["drug00", "drug03", "drug07"]
    test = data.roles[TEST]
    pairs = Pairs.of(test.cell_line, test.drug, *data.sizes)
    expected = network.contributions(network.gather(data.genotype), data.drugs, pairs).numpy()
    own = (test.drug == 3).numpy()
    for t, term in enumerate(data.hierarchy.terms):
        row, values, auc = table.loc[("drug03", term)], expected[t, own], test.auc.numpy()[own]
        assert row["n_pairs"] == own.sum()
        np.testing.assert_allclose(row["contribution"], np.abs(values).mean(), rtol=1e-5)
        np.testing.assert_allclose(row["contribution_sd"], values.std(), rtol=1e-5, atol=1e-8)
        np.testing.assert_allclose(row["contribution_r"], np.corrcoef(values, auc)[0, 1], atol=1e-4)
    assert not table["contribution_r"].isna().any()


def test_the_weight_is_the_mean_size_over_members(fold: tuple[TermReadoutNetwork, FoldData]) -> None:
    network, data = fold
    table = aggregate(network, data, ["drug05"]).set_index("term")["weight"]
    features = torch.nn.functional.normalize(data.drugs)
    expected = sum(member.weights_of(features)[:, 5].abs() for member in network.members) / 2
    np.testing.assert_allclose(table[list(data.hierarchy.terms)], expected.detach().numpy(), rtol=1e-5)


def test_folds_are_pooled_about_their_own_means() -> None:
    rng = np.random.default_rng(0)
    values = {0: rng.normal(3, 1, 30), 1: rng.normal(-5, 2, 12)}
    auc = {k: 0.1 * v + rng.normal(0.5 * k, 0.05, len(v)) for k, v in values.items()}
    folds = [
        pd.DataFrame(
            {
                "drug": "d",
                "term": ["t", "flat"],
                "n_pairs": len(values[k]),
                "contribution": [np.abs(values[k]).mean(), 1.0],
                "contribution_sd": [values[k].std(), 0.0],
                "auc_sd": auc[k].std(),
                "contribution_r": [np.corrcoef(values[k], auc[k])[0, 1], np.nan],
                "weight": [1.0, 2.0],
            }
        )
        for k in values
    ]
    described = pd.DataFrame({"term": ["flat", "t"], "name": ["flat", "a term"], "layer": 0.0, "size": 9.0})
    pooled = pool(folds, described).set_index("term")
    centred = np.concatenate([v - v.mean() for v in values.values()])
    measured = np.concatenate([a - a.mean() for a in auc.values()])
    row = pooled.loc["t"]
    np.testing.assert_allclose(row["contribution_sd"], centred.std(), rtol=1e-5)
    np.testing.assert_allclose(row["contribution_r"], np.corrcoef(centred, measured)[0, 1], rtol=1e-5)
    np.testing.assert_allclose(row["contribution"], np.abs(np.concatenate(list(values.values()))).mean(), rtol=1e-5)
    assert row["n_pairs"] == 42
    assert np.isnan(pooled.loc["flat", "contribution_r"])
    assert pooled.loc["flat", "weight"] == 2


def test_top_terms_stand_beside_the_twins(fold: tuple[TermReadoutNetwork, FoldData]) -> None:
    network, data = fold
    tables = [aggregate(network, data, data.drug_names) for _ in range(2)]
    other = aggregate(*network_of_fold(2), data.drug_names)
    described = describe_terms([data.hierarchy])
    own, twin = pool(tables, described), pool([other], described)
    agreed = agreement_of_folds(tables)
    assert (agreed["folds_rho"].round(6) == 1).all()  # the same fold twice
    same, different = top_terms(own, agreed, own), top_terms(own, agreed, twin)
    assert (same["twin_rank"] == same["rank"]).all()
    assert (same["twin_rho"].round(6) == 1).all()
    assert (same["twin_shared"] == same.groupby("drug")["rank"].transform("max")).all()
    assert different["twin_rho"].max() < 0.9
    for drug, best in different.groupby("drug"):
        assert best["contribution_sd"].is_monotonic_decreasing
        assert best["contribution_sd"].iloc[0] == own.loc[own["drug"] == drug, "contribution_sd"].max()

    runs = {("plus", "measured"): own, ("twin", "measured"): twin}
    agreements = dict.fromkeys(runs, agreed)
    stability = score_stability(runs, agreements, CONTRIBUTIONS)
    assert {"other folds", "term size", "twin"} <= set(stability.loc[stability["model"] == "plus", "compared_with"])

    table = tabulate({"plus": own, "twin": twin}, {"plus": agreed, "twin": agreed}, {"plus": "twin"})
    assert set(table["model"]) == {"plus"}
    ids = sorted(own["drug"].unique())
    drugs = pd.DataFrame({"drug": ids, "name": [f"Called {i}" for i in range(len(ids) - 1)] + [None]})
    text = contributions_document(table, {"plus": "Plus"}, drugs, "random_pairs", "made up", simulated=True).markdown()
    assert text.count("\n| Called ") == 11
    assert text.count(f"\n| {ids[-1]} |") == 1
    assert "nan" not in text
    alone = tabulate({"plus": own}, {"plus": agreed}, {})
    assert alone["twin_rho"].isna().all()
    assert "nan" not in contributions_document(alone, {"plus": "Plus"}, drugs, "p", "made up", False).markdown()


def test_a_twin_differs_in_its_genes_alone() -> None:
    settings = {
        "plus": {"label": "a", "hierarchy": "real", "seed": 1, "training": {"epochs": 3}},
        "other": {"label": "b", "hierarchy": "gene_permuted", "seed": 1, "training": {"epochs": 4}},
        "twin": {"label": "c", "hierarchy": "gene_permuted", "seed": 1, "training": {"epochs": 3}},
        "dense": {"label": "d", "hierarchy": "dense", "seed": 1, "training": {"epochs": 3}},
    }
    assert permuted_twins(settings) == {"plus": "twin"}
    assert with_twins(["plus", "dense"], settings) == ["plus", "twin", "dense"]
    assert with_twins(["twin", "plus"], settings) == ["twin", "plus"]


def test_models_that_differ_in_their_seed_alone_are_named_by_it() -> None:
    one = {"label": "a", "hierarchy": "real", "seed": 1, "training": {"epochs": 3}}
    settings = {"one": one, "two": one | {"label": "b", "seed": 7}, "longer": one | {"seed": 8, "training": {}}}
    assert seed_names(settings) == [("one", "two", "seed 7 (two)"), ("two", "one", "seed 1 (one)")]
    scores = pd.DataFrame({"drug": "d", "term": list("abcdef"), "power": [1.0, 2, 3, 4, 5, 6]})
    scores[["size", "layer", "n_children", "n_parents"]] = 1.0
    runs = {("one", "measured"): scores, ("two", "measured"): scores, ("longer", "measured"): scores}
    agreed = pd.DataFrame({"drug": ["d"], "score": ["power"], "folds_rho": [0.5]})
    table = score_stability(runs, dict.fromkeys(runs, agreed), seeds=seed_names(settings))
    own = table[table["model"] == "one"].set_index("compared_with")["rho"]
    assert own["seed 7 (two)"] == 1
    assert "longer" in own.index
    assert "two" not in own.index
