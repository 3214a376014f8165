"""The authors' published files with real omics: the data stage and a short training."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from druggene.tables import read_metadata, read_table
from tests.workflow.running import copy_tree, succeed

FOLD = "data/published/fold_0"
PREDICTIONS = "results/published/predictions/published/druggene/fold_0.parquet"
SHORT = {
    "run": "published",
    "splits": {"protocols": ["published"]},
    "network": {"drug_layers": [20, 6]},
    "training": {"epochs": 2},
}


@pytest.fixture(scope="module")
def results(pristine: Path, shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results of the data stage and one network on the published split."""
    folder = copy_tree(pristine, tmp_path_factory.mktemp("release") / "druggene")
    (folder / "short.yaml").write_text(yaml.safe_dump(SHORT))
    configs = ("config/druggene.yaml", "config/druggene_omics.yaml", "short.yaml")
    arguments = ("--cores", "2", "--configfile", *configs, "--", "data", PREDICTIONS)
    run = succeed(folder, *arguments, variables={"DRUGGENE_DATA": str(shared_data)})
    assert run.jobs["train_model"] == 1
    return folder / "results/published"


def published(shared_data: Path) -> pd.DataFrame:
    """Read the three published files as they are."""
    files = {"train": "train", "validation": "val", "test": "test"}
    parts = [
        pd.read_csv(shared_data / f"druggene_release/drugGene_{name}_data.txt", sep="\t", header=None).assign(role=role)
        for role, name in files.items()
    ]
    return pd.concat(parts, ignore_index=True).set_axis(["cell_line", "smiles", "auc", "role"], axis=1)


def test_the_published_pairs_with_real_omics_are_all_there(results: Path, shared_data: Path) -> None:
    responses = read_table(results / "data/responses.parquet")
    assert len(responses) == 8096
    assert responses["published_role"].value_counts().to_dict() == {"train": 6746, "validation": 675, "test": 675}
    lines = read_table(results / "data/mutation.parquet").index
    assert set(responses["cell_line"]) == set(lines)
    source = published(shared_data)
    source = source[source["cell_line"].isin(lines)]
    keys = ["cell_line", "auc", "published_role"]
    expected = source.rename(columns={"role": "published_role"})[keys].sort_values(keys, ignore_index=True)
    found = responses[keys].sort_values(keys, ignore_index=True)
    assert (found[["cell_line", "published_role"]] == expected[["cell_line", "published_role"]]).all(axis=None)
    np.testing.assert_allclose(found["auc"], expected["auc"])


def test_drugs_are_called_by_the_names_of_another_folder(results: Path) -> None:
    drugs = read_table(results / "data/drugs.parquet").set_index("name")
    assert len(drugs) == 678
    assert drugs.loc["JQ1", "targets"]
    assert {"paclitaxel", "Selumetinib"} <= set(drugs.index)
    assert not set(drugs.index) & set(drugs["smiles"])


def test_a_pair_in_two_files_takes_the_stricter_role(results: Path) -> None:
    responses = read_table(results / "data/responses.parquet")
    order = ["train", "validation", "test"]
    strictest = responses["published_role"].map(order.index).groupby(responses["pair"]).max()
    folds = read_table(results / "data/published/folds.parquet").set_index("pair")
    assert folds["role"].map(order.index).sort_index().tolist() == strictest.tolist()
    assert folds["role"].value_counts().to_dict() == {"train": 6728, "validation": 674, "test": 675}


def test_the_hierarchy_is_the_published_one(results: Path) -> None:
    genes = read_table(results / FOLD / "genes.parquet")["gene"]
    terms, edges, annotations = (
        read_table(results / FOLD / f"{name}.parquet") for name in ("terms", "term_edges", "term_genes")
    )
    # The published file has 2086 terms and 3008 genes; four terms have none of the 1307 genes of the genotype.
    assert (len(genes), len(terms), len(edges), len(annotations)) == (1307, 2082, 3162, 30398)
    assert set(annotations["gene"]) == set(genes)
    assert set(terms["term"]) - set(edges["child"]) == {"GO:0008150"}


def test_a_short_training_beats_the_mean(results: Path) -> None:
    predictions = read_table(results / "predictions/published/druggene/fold_0.parquet")
    responses = read_table(results / "data/responses.parquet")
    folds = read_table(results / "data/published/folds.parquet").set_index("pair")["role"]
    role = responses["pair"].map(folds)
    assert sorted(predictions["pair"]) == sorted(responses.loc[role == "test", "pair"])
    mean = responses.loc[role == "train", "auc"].mean()
    error = np.mean((predictions["auc"] - predictions["predicted"]) ** 2)
    assert error < np.mean((predictions["auc"] - mean) ** 2)
    assert np.corrcoef(predictions["auc"], predictions["predicted"])[0, 1] > 0.4
    assert read_metadata(results / "predictions/published/druggene/fold_0.parquet")["simulated"] is False
