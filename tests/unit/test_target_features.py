"""Targets and pathways as drug features: learned from training drugs, and zero where nothing is known."""

import numpy as np
import pandas as pd
import pytest

from druggene.target_features import TargetEncoder

DRUGS = pd.DataFrame(
    {
        "drug": ["a", "b", "c", "d", "e"],
        "targets": ["EGFR;ERBB2", "EGFR", None, "BRAF", "BRAF"],
        "pathway": ["EGFR signaling", "EGFR signaling", "Other", None, "MAPK"],
    }
)


def test_what_two_training_drugs_share_is_a_feature() -> None:
    encoder = TargetEncoder.fit(DRUGS, ["a", "b", "c", "d"])
    assert encoder.targets == ("EGFR",)  # BRAF has one training drug, ERBB2 one drug at all
    assert encoder.pathways == ("EGFR signaling",)
    assert TargetEncoder.from_dict(encoder.to_dict()) == encoder


def test_targets_have_length_one_and_the_unknown_is_zero() -> None:
    both = pd.concat([DRUGS, DRUGS.assign(drug=DRUGS["drug"] + "2")], ignore_index=True)
    encoder = TargetEncoder.fit(both, both["drug"].tolist())
    features = encoder.transform(both, ["d", "a", "nowhere"])
    assert features.dtype == np.float32
    targets = features[:, : len(encoder.targets)]
    assert encoder.targets == ("BRAF", "EGFR", "ERBB2")
    np.testing.assert_allclose(targets, [[1, 0, 0], [0, 0.5**0.5, 0.5**0.5], [0, 0, 0]], rtol=1e-6)
    pathways = features[:, len(encoder.targets) :]
    assert pathways.sum(axis=1).tolist() == [0, 1, 0]


def test_nothing_known_names_the_key() -> None:
    with pytest.raises(ValueError, match=r"drugs\.targets: no target or pathway .* set drugs\.targets to false"):
        TargetEncoder.fit(DRUGS.assign(targets=None, pathway=None), list("abcde"))
