"""Checkpoints hold all that prediction needs, no code, and say so when they are damaged."""

import pickle
from pathlib import Path

import pytest
import torch

from druggene.checkpoint import Checkpoint, ModelOptions
from druggene.constants import TEST
from druggene.training import predict
from tests.reference.folds import small_fold

OPTIONS = ModelOptions(
    name="druggene",
    omics=["mutation", "expression", "copy_number"],
    fusion="sum_rescaled",
    drug_features="morgan",
    fingerprint_radius=2,
    fingerprint_bits=64,
    term_neurons=4,
    drug_layers=[8, 4],
    final_neurons=5,
)


def make_checkpoint() -> Checkpoint:
    data = small_fold()
    network = OPTIONS.build(data.hierarchy, data.drugs.shape[1])
    network.initialise("uniform_0.01", 1)
    return Checkpoint(OPTIONS, data.hierarchy, data.encoder, None, network.state_dict(), {"fold": 2})


def test_round_trip_predicts_the_same(tmp_path: Path) -> None:
    data, checkpoint = small_fold(), make_checkpoint()
    checkpoint.save(tmp_path / "fold_2.pt")
    loaded = Checkpoint.load(tmp_path / "fold_2.pt")
    assert loaded.options == OPTIONS
    assert loaded.provenance == {"fold": 2}
    assert loaded.hierarchy.terms == checkpoint.hierarchy.terms
    assert loaded.hierarchy.genes == data.hierarchy.genes
    before, after = checkpoint.network(), loaded.network()
    assert torch.equal(
        predict(before, before.gather(data.genotype), data, TEST),
        predict(after, after.gather(data.genotype), data, TEST),
    )
    assert loaded.encoder.to_dict() == data.encoder.to_dict()


@pytest.mark.parametrize("cut", [0, 100, -10])
def test_cut_file_is_refused(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "fold_0.pt"
    make_checkpoint().save(path)
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(ValueError, match=r"fold_0\.pt: not a readable checkpoint .* rerun train_model"):
        Checkpoint.load(path)


def test_pickled_code_is_refused(tmp_path: Path) -> None:
    class Harmful:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return eval, ("open('/dev/null')",)

    path = tmp_path / "fold_0.pt"
    path.write_bytes(pickle.dumps(Harmful()))
    with pytest.raises(ValueError, match="not a readable checkpoint"):
        Checkpoint.load(path)
    torch.save({"format_version": 1, "state": Harmful()}, path)
    with pytest.raises(ValueError, match="not a readable checkpoint"):
        Checkpoint.load(path)


def test_other_layout_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "fold_0.pt"
    torch.save({"format_version": 99}, path)
    with pytest.raises(ValueError, match="checkpoint layout 99, this version reads 1 and 2; rerun train_model"):
        Checkpoint.load(path)
