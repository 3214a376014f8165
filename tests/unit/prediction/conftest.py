"""Checkpoints that the tests of predictions share."""

from dataclasses import replace

import pytest

from tests.reference.predicting import Trained, train_small_models
from tests.unit.test_training import OPTIONS


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Two models on two folds; not to be changed."""
    return train_small_models(
        tmp_path_factory.mktemp("predicting"), replace(OPTIONS, epochs=12, init="scaled_0.1", learning_rate=0.05)
    )
