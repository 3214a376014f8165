"""Predictions side by side, and what is refused."""

from pathlib import Path

import numpy as np
import pytest

from druggene.predictions import Predictions, read_predictions
from druggene.tables import write_table
from tests.reference.predictions import predictions_table


def test_models_stand_side_by_side_whatever_the_order_of_rows() -> None:
    table = predictions_table()
    plain, shuffled = (
        Predictions.of([table]),
        Predictions.of([table.groupby("model", sort=False).sample(frac=1, random_state=1)]),
    )
    assert plain.models == ("global_mean", "effects", "net")
    assert plain.protocol == "random_pairs"
    np.testing.assert_array_equal(plain.predicted, shuffled.predicted)
    net = table[table["model"] == "net"].set_index("pair")["predicted"]
    np.testing.assert_array_equal(plain.predicted[:, 2], net[plain.rows["pair"]])
    np.testing.assert_array_equal(plain.effects, plain.predicted[:, 1])
    assert plain.only(plain.rows["fold"].to_numpy() == 1).rows["fold"].unique().tolist() == [1]


def test_missing_row_and_other_auc_are_counted() -> None:
    table = predictions_table()
    changed = table.drop(index=table.index[table["model"] == "net"][0])
    with pytest.raises(ValueError, match=r"net and global_mean .* 1 rows"):
        Predictions.of([changed])
    changed = table.copy()
    changed.loc[changed.index[-1], "auc"] += 1e-9
    with pytest.raises(ValueError, match=r"net and global_mean .* 2 rows"):
        Predictions.of([changed])


def test_other_fold_is_noticed() -> None:
    table = predictions_table()
    table.loc[table.index[-1], "fold"] = 99
    with pytest.raises(ValueError, match="2 rows"):
        Predictions.of([table])


def test_a_prediction_that_is_no_number_is_refused() -> None:
    table = predictions_table()
    table.loc[table.index[-1], "predicted"] = np.inf
    with pytest.raises(ValueError, match="1 of 37 of net are missing or infinite"):
        Predictions.of([table])


def test_a_model_may_come_in_a_file_per_fold(tmp_path: Path) -> None:
    table, paths = predictions_table(), []
    for (model, fold), part in table.groupby(["model", "fold"], sort=False):
        paths.append(str(tmp_path / f"{model}_{fold}.parquet"))
        write_table(part.reset_index(drop=True), paths[-1], description="part")
    read = read_predictions(paths)
    np.testing.assert_array_equal(read.predicted, Predictions.of([table]).predicted)
    with pytest.raises(ValueError, match="net and global_mean"):
        read_predictions(paths[:-1])
