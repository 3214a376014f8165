"""Forest and boosted trees: what they see, and that no row tells them its own response."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from druggene.rivals.components import components
from druggene.rivals.data import Features, Rows
from druggene.rivals.models.boosted_trees import Rival as BoostedTrees
from druggene.rivals.models.boosted_trees import _Encoder
from druggene.rivals.models.random_forest import Rival as RandomForest
from tests.reference.rivals import OPTIONS

NUMBERS = {"expression": 3, "drugs": 2}


def planted(seed: int = 0, rows: int = 2000) -> tuple[Features, Rows]:
    """An AUC of effects and one product of a cell line's and a drug's feature."""
    rng = np.random.default_rng(seed)
    features = Features({"expression": rng.normal(size=(60, 3))}, rng.normal(size=(25, 2)))
    line, drug = rng.integers(0, 60, rows), rng.integers(0, 25, rows)
    auc = 0.1 * rng.normal(size=60)[line] + 0.1 * rng.normal(size=25)[drug]
    auc += 0.3 * features.omics["expression"][line, 0] * features.drugs[drug, 0] + rng.normal(0, 0.02, rows)
    return features, Rows(line, drug, auc, np.arange(rows))


@pytest.mark.parametrize(
    ("kind", "options", "least"),
    [
        (BoostedTrees, {"components": NUMBERS, "max_trees": 150}, 0.9),
        (RandomForest, {"components": NUMBERS, "trees": 30, "pairs_per_tree": 1500}, 0.7),
    ],
)
def test_interplay_is_learned(kind: Any, options: dict[str, Any], least: float) -> None:
    features, rows = planted()
    part = np.arange(len(rows)) % 5
    rival = kind(**{**OPTIONS["boosted_trees" if kind is BoostedTrees else "random_forest"], **options})
    chosen = rival.choose(features, rows[part > 1], rows[part == 1], 1)
    model = rival.fit(features, rows[part > 0], chosen, 1)
    test = rows[part == 0]
    predicted = model(test.cell_line, test.drug)
    assert np.corrcoef(predicted, test.auc)[0, 1] > least
    np.testing.assert_array_equal(predicted, rival.fit(features, rows[part > 0], chosen, 1)(test.cell_line, test.drug))


def test_components_are_learned_from_the_rows_in_use() -> None:
    features, rows = planted()
    few = rows[(rows.cell_line < 30) & (rows.drug < 12)]
    lines, drugs = components(features, few, NUMBERS)
    changed = Features(
        {"expression": np.where(np.arange(60)[:, None] < 30, features.omics["expression"], 9.0)},
        np.where(np.arange(25)[:, None] < 12, features.drugs, 9.0),
    )
    lines_again, drugs_again = components(changed, few, NUMBERS)
    np.testing.assert_array_equal(lines[:30], lines_again[:30])
    np.testing.assert_array_equal(drugs[:12], drugs_again[:12])
    assert lines.shape == (60, 3)
    assert components(features, few, {"expression": 0, "drugs": 99})[0].shape == (60, 0)


@pytest.mark.parametrize("column", ["cell_line", "drug", "pair"])
def test_a_training_row_is_encoded_without_its_own_group(column: str) -> None:
    features, rows = planted(rows=300)
    group = np.unique(rows.cell_line * 100 + rows.drug, return_inverse=True)[1]
    rows = replace(rows, group=group if column == "pair" else getattr(rows, column))
    encoded = _Encoder.of(features, rows, NUMBERS).of_training_rows(rows, 1)
    mine = rows.group == rows.group[0]
    changed = replace(rows, auc=rows.auc + 5.0 * mine)
    again = _Encoder.of(features, changed, NUMBERS).of_training_rows(changed, 1)
    np.testing.assert_array_equal(encoded[mine], again[mine])
    assert not np.array_equal(encoded, again)
    held_out = {"cell_line": 0, "drug": 1}.get(column)
    for effect in (0, 1):
        assert (encoded[:, effect] == 0).all() == (effect == held_out)
