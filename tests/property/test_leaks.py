"""No label of a test pair reaches any model: permuted test labels change no prediction."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from druggene.checkpoint import ModelOptions
from druggene.fold import train_fold
from druggene.rivals.fold import fit_fold
from druggene.rivals.naive import NAIVE, predict_naive
from druggene.rivals.registry import rival_names
from druggene.splits import PUBLISHED, assign_folds, with_roles
from druggene.tables import read_metadata, read_table, write_table
from druggene.term_readout import ReadoutOptions
from tests.reference.artifacts import write_fold
from tests.reference.rivals import OPTIONS
from tests.unit.test_fold import MODEL_OPTIONS, TRAINING, outputs_in

PROTOCOLS = ("random_pairs", "leave_cell_line_out", "leave_drug_out", "leave_tissue_out", "transfer_first_to_second")
Paths = dict[str, str]


def rival(name: str) -> Callable[[Paths, Path, str], pd.DataFrame]:
    def predict(paths: Paths, folder: Path, protocol: str) -> pd.DataFrame:
        output = folder / f"{name}.parquet"
        fit_fold(paths, str(output), protocol, 0, name, OPTIONS[name], "morgan", 1)
        return read_table(output)

    return predict


READ_OUT = replace(
    MODEL_OPTIONS,
    fusion="channels",
    drug_layers=[8],
    readout=ReadoutOptions(2, 2, (1.0,), *[0.1] * 5, residual_effects=True),
)


def network(paths: Paths, folder: Path, protocol: str, model: ModelOptions = MODEL_OPTIONS) -> pd.DataFrame:
    outputs = outputs_in(folder)
    train_fold(paths, outputs, protocol, 0, model, replace(TRAINING, epochs=2))
    return read_table(outputs["predictions"])


def naive(paths: Paths, folder: Path, protocol: str) -> pd.DataFrame:
    tables = [read_table(paths[name]) for name in ("responses", "folds", "cell_lines")]
    predictions = predict_naive(tables[0], tables[1], list(NAIVE), tables[2])
    return predictions[predictions["fold"] == 0]


MODELS = {"network": network, "read-out": partial(network, model=READ_OUT), "naive": naive} | {
    name: rival(name) for name in rival_names()
}


def with_labels(paths: Paths, folder: Path, role: str) -> Paths:
    """Copy the responses with the labels of fold 0's pairs of one role permuted and shifted."""
    responses, folds = read_table(paths["responses"]), read_table(paths["folds"])
    rows = with_roles(responses, folds, 0)
    keys = ["pair", "source"]
    of_role = pd.MultiIndex.from_frame(rows.loc[rows["role"] == role, keys])
    chosen = pd.MultiIndex.from_frame(responses[keys]).isin(of_role)
    labels = np.random.default_rng(5).permutation(responses.loc[chosen, "auc"]) - 0.3
    responses.loc[chosen, "auc"] = labels
    changed = str(folder / f"responses_{role}.parquet")
    marks = {key: read_metadata(paths["responses"])[key] for key in ("units", "source", "simulated")}
    write_table(responses, changed, description="test", **marks)
    return paths | {"responses": changed}


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("model", MODELS)
def test_test_labels_change_no_prediction(model: str, protocol: str, tmp_path: Path) -> None:
    paths = write_fold(tmp_path, protocol=protocol)
    keys = ["model", "pair", "cell_line", "drug", "predicted"]
    (tmp_path / "out").mkdir()
    expected = MODELS[model](paths, tmp_path / "out", protocol)
    blind = MODELS[model](with_labels(paths, tmp_path, "test"), tmp_path / "out", protocol)
    pd.testing.assert_frame_equal(blind[keys], expected[keys], check_exact=True)
    assert not np.allclose(blind["auc"], expected["auc"])
    # Labels of training pairs do change them, or the comparison above would see nothing.
    seen = MODELS[model](with_labels(paths, tmp_path, "train"), tmp_path / "out", protocol)
    assert not np.allclose(seen["predicted"], expected["predicted"], atol=1e-3)


def test_roles_and_folds_are_assigned_without_labels(tmp_path: Path) -> None:
    """Of all protocols; of the published one, which takes the roles of its files, too."""
    paths = write_fold(tmp_path)
    responses, cell_lines = read_table(paths["responses"]), read_table(paths["cell_lines"])
    responses["published_role"] = np.array(["train", "validation", "test"])[responses["pair"] % 3]
    for protocol in (*PROTOCOLS, PUBLISHED):
        one, other = (
            assign_folds(rows, protocol, 3, 0.2, 1, cell_lines, ("first", "second"))
            for rows in (responses, responses.assign(auc=np.nan))
        )
        pd.testing.assert_frame_equal(one, other)
