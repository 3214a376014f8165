"""States: what the network reads, on disk and back."""

from pathlib import Path

import numpy as np
import pytest

from druggene.checkpoint import Checkpoint, ModelOptions
from druggene.dataset import FoldData
from druggene.interpretation.states import TermStates, compute_states, read_states, states_of_fold, write_states
from druggene.splits import training_cell_lines
from druggene.tables import read_metadata, read_table, write_table
from tests.reference.artifacts import write_fold
from tests.reference.interpreted import plain_network, small_checkpoint


def test_states_are_those_of_the_plain_network() -> None:
    checkpoint, data = small_checkpoint()
    found = compute_states(checkpoint, data.genotype.numpy())
    plain = plain_network(checkpoint)
    seen = {}
    for term in checkpoint.hierarchy.terms:
        norm = plain._modules[f"{term}_batchnorm_layer"]
        norm.register_forward_hook(lambda _, __, output, term=term: seen.update({term: output.detach().numpy()}))
    plain(data.genotype.double(), data.drugs.double()[:1].expand(len(data.genotype), -1))
    expected = np.stack([seen[term].T for term in checkpoint.hierarchy.terms])
    np.testing.assert_allclose(found, expected, atol=1e-4)


def some_states() -> TermStates:
    rng = np.random.default_rng(0)
    return TermStates(
        ("GO:1", "GO:2"), ("a", "b", "c"), rng.random((2, 4, 3)).astype(np.float32), np.array([1, 0, 1], bool)
    )


def test_come_back_bit_by_bit(tmp_path: Path) -> None:
    states, path = some_states(), tmp_path / "states.parquet"
    write_states(states, path, source="test", simulated=True)
    again = read_states(path)
    assert (again.terms, again.cell_lines) == (states.terms, states.cell_lines)
    np.testing.assert_array_equal(again.values, states.values)
    np.testing.assert_array_equal(again.trained, states.trained)
    assert read_metadata(path)["neurons"] == 4
    first = path.read_bytes()
    write_states(states, path, source="test", simulated=True)
    assert path.read_bytes() == first


def test_another_table_is_refused(tmp_path: Path) -> None:
    path = write_fold(tmp_path)["terms"]
    with pytest.raises(ValueError, match=r"terms\.parquet: not a table of states; .* rerun compute_states"):
        read_states(path)


def saved_checkpoint(paths: dict[str, str], folder: Path) -> Path:
    """Save an untrained network of the fold on disk."""
    data = FoldData.read(paths, 0, ["mutation", "expression", "copy_number"], "sum_rescaled", "morgan")
    options = ModelOptions(
        "test", ["mutation", "expression", "copy_number"], "sum_rescaled", "morgan", 2, 128, 3, [8, 4], 5
    )
    network = options.build(data.hierarchy, data.drugs.shape[1])
    network.initialise("scaled_0.1", 1)
    Checkpoint(options, data.hierarchy, data.encoder, None, network.state_dict(), {}).save(folder / "fold_0.pt")
    return folder / "fold_0.pt"


def test_cell_lines_without_training_pairs_are_told(tmp_path: Path) -> None:
    paths = write_fold(tmp_path)
    checkpoint = saved_checkpoint(paths, tmp_path)
    responses, folds = read_table(paths["responses"]), read_table(paths["folds"])
    held_out = responses["cell_line"].unique()[:3]
    pairs = responses.loc[responses["cell_line"].isin(held_out), "pair"]
    folds.loc[folds["pair"].isin(pairs) & (folds["fold"] == 0), "role"] = "test"
    write_table(folds, paths["folds"], description="test")
    states = states_of_fold(checkpoint, paths["genotype"], paths["responses"], paths["folds"], 0)
    trained = training_cell_lines(responses, folds, 0)
    assert [line for line, seen in zip(states.cell_lines, states.trained, strict=True) if seen] == trained
    assert not set(held_out) & set(trained)


def test_a_genotype_with_other_genes_is_refused(tmp_path: Path) -> None:
    paths = write_fold(tmp_path / "one")
    checkpoint = saved_checkpoint(paths, tmp_path)
    loaded = Checkpoint.load(checkpoint)
    object.__setattr__(loaded.hierarchy, "genes", ("other", *loaded.hierarchy.genes[1:]))
    object.__setattr__(loaded.encoder, "genes", loaded.hierarchy.genes)
    loaded.save(checkpoint)
    with pytest.raises(ValueError, match=r"fold_0\.pt: its genes are not those of .*; rerun train_model"):
        states_of_fold(checkpoint, paths["genotype"], paths["responses"], paths["folds"], 0)
