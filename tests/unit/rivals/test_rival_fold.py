"""Every rival on one fold, from files to files."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from druggene.rivals.data import RivalData
from druggene.rivals.fold import fit_fold
from druggene.rivals.registry import rival_names
from druggene.tables import read_metadata, read_table, write_table
from tests.reference.artifacts import write_fold
from tests.reference.rivals import OPTIONS


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return write_fold(tmp_path_factory.mktemp("fold"))


@pytest.mark.parametrize("name", rival_names())
def test_predictions_cover_the_test_pairs(paths: dict[str, str], tmp_path: Path, name: str) -> None:
    output = tmp_path / "predictions.parquet"
    fit_fold(paths, str(output), "random_pairs", 1, name, OPTIONS[name], "morgan", 3)
    predictions = read_table(output)
    assert list(predictions) == ["pair", "cell_line", "drug", "auc", "predicted", "model", "protocol", "fold"]
    folds, responses = read_table(paths["folds"]), read_table(paths["responses"])
    tested = folds.loc[(folds["fold"] == 1) & (folds["role"] == "test"), "pair"]
    keys = ["pair", "auc"]
    pd.testing.assert_frame_equal(
        predictions[keys].sort_values(keys, ignore_index=True),
        responses.loc[responses["pair"].isin(tested), keys].sort_values(keys, ignore_index=True),
    )
    # The AUC of the fold depends on the drug alone, which the structure tells.
    assert np.mean((predictions["predicted"] - predictions["auc"]) ** 2) < 0.7 * predictions["auc"].var()
    metadata = read_metadata(output)
    assert metadata["simulated"] is True
    assert metadata["chosen"]["validation_mse"] > 0
    assert set(predictions["model"]) == {name}


def test_descriptors_are_scaled_by_training_drugs(tmp_path: Path) -> None:
    data = RivalData.read(write_fold(tmp_path, features="both"), "random_pairs", 0, "both")
    assert data.features.drugs.shape[1] > 128
    assert np.abs(data.features.drugs).max() <= 5.0


def test_a_drug_without_features_is_named(paths: dict[str, str], tmp_path: Path) -> None:
    kept = read_table(paths["drug_features"]).drop(index="drug3")
    lacking = paths | {"drug_features": str(tmp_path / "drug_features.parquet")}
    write_table(kept, lacking["drug_features"], description="test")
    with pytest.raises(ValueError, match="'drug3' has responses but no features"):
        RivalData.read(lacking, "random_pairs", 0, "morgan")
