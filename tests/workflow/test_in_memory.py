"""Training from data frames is the workflow's training: the same genes, hierarchy, inputs and weights."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
import yaml

from benchmarks.drevalpy_comparison import write_data_set
from druggene.checkpoint import Checkpoint, ModelOptions
from druggene.constants import CELL_LINE, DRUG, OMICS, PAIR, PREDICTED
from druggene.drugs import read_drug_features
from druggene.fold import fit
from druggene.in_memory import Features, GeneOntology, assemble_fold, predict_pairs
from druggene.ontology import read_published_ontology
from druggene.splits import with_roles
from druggene.tables import read_table
from druggene.training import TrainingOptions
from druggene.variants import model_settings
from tests.unit.test_config import ROOT, merged
from tests.workflow.running import TINY


@pytest.mark.parametrize("name", ["druggene", "drugcell"])
def test_frames_give_the_checkpoint_and_the_predictions_of_the_files(finished: Path, name: str) -> None:
    results = finished / "results" / "tiny"
    config = merged(yaml.safe_load((ROOT / TINY).read_text()))
    settings = model_settings(config, config["models"][name])
    data = results / "data"
    folds = read_table(data / "random_pairs" / "folds.parquet")
    rows = with_roles(read_table(data / "responses.parquet"), folds, 0)
    features = Features(
        {omic: read_table(data / f"{omic}.parquet") for omic in OMICS},
        read_drug_features(data / "drug_features.parquet"),
    )
    ontology = GeneOntology(
        *(read_table(data / "ontology" / f"{table}.parquet") for table in ("terms", "term_edges", "annotations"))
    )
    model = ModelOptions.from_config(
        name, settings["omics"], settings["genotype"]["fusion"], settings["drugs"], settings["network"]
    )
    selection = {key: config["ontology"][key] for key in ("min_genes", "min_genes_over_child", "max_layers")}
    encoding = {key: settings["genotype"][key] for key in ("mutation_encoding", "impute")}
    fraction = config["genes"]["top_mutated_fraction"]
    fold = assemble_fold(features, rows, ontology, model, fraction, selection, encoding)
    options = TrainingOptions.from_config(settings["training"], settings["network"], settings["seed"])
    checkpoint, _, _ = fit(fold, model, options, "random_pairs", 0)

    expected = Checkpoint.load(results / "models" / "random_pairs" / name / "fold_0.pt")
    assert checkpoint.hierarchy.terms == expected.hierarchy.terms
    assert checkpoint.encoder.genes == expected.encoder.genes
    assert checkpoint.state.keys() == expected.state.keys()
    assert all(torch.equal(value, expected.state[key]) for key, value in checkpoint.state.items())
    written = read_table(results / "predictions" / "random_pairs" / name / "fold_0.parquet")
    pairs = written[[CELL_LINE, DRUG]]
    # Only the asked cell lines are computed, so that sums may be taken in another order.
    np.testing.assert_allclose(predict_pairs(checkpoint, features, pairs), written[PREDICTED], atol=1e-5)
    assert written[PAIR].nunique() > 100


def test_a_run_becomes_a_data_set_of_drevalpy(finished: Path, tmp_path: Path) -> None:
    write_data_set(finished / "results" / "tiny" / "data", tmp_path, drugs=6, seed=1)
    folder = tmp_path / "GDSC2_part"
    pairs = pd.read_csv(folder / "GDSC2_part.csv")
    assert pairs["pubchem_id"].nunique() == 6
    assert not pairs.duplicated(["cell_line_name", "pubchem_id"]).any()
    for name in ("drug_smiles", "drug_targets", "drug_names"):
        assert set(pd.read_csv(folder / f"{name}.csv")["pubchem_id"]) == set(pairs["pubchem_id"])
    bits = pd.read_csv(folder / "drug_fingerprints" / "pubchem_id_to_demorgan_128_map.csv")
    assert bits.shape == (128, 6)
    assert bits.isin([0, 1]).all(axis=None)
    genes = set(pd.read_csv(folder / "gene2ind.txt", sep="\t", header=None)[1])
    assert genes <= set(pd.read_csv(folder / "gene_expression.csv", nrows=0).columns)
    assert set(read_published_ontology(folder / "sparseGO_ont.txt")[1]["gene"]) <= genes
