"""Flipped bits and other versions: what is read is what was written, or it is refused with what to do."""

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from druggene import tables
from druggene.checkpoint import Checkpoint
from druggene.progress import Progress, load_progress, save_progress
from druggene.tables import read_table, write_table
from tests.unit.test_checkpoint import make_checkpoint

FLIPS = 60


def refusal(read: Callable[[], object]) -> str:
    """Return what the ValueError of a reader says; nothing if it read the file."""
    try:
        read()
    except ValueError as error:
        return str(error)
    return ""


def flipped(path: Path, seed: int, start: int = 0, end: int | None = None) -> Iterator[int]:
    """Flip one bit of a file at a time, at places drawn with the seed; yield where."""
    good = path.read_bytes()
    generator = random.Random(seed)
    for _ in range(FLIPS):
        place = generator.randrange(start, len(good) if end is None else end)
        bad = bytearray(good)
        bad[place] ^= 1 << generator.randrange(8)
        path.write_bytes(bad)
        yield place
    path.write_bytes(good)


def test_a_flipped_bit_of_a_checkpoint_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "fold_0.pt"
    make_checkpoint().save(path)
    good = Checkpoint.load(path)
    refused = 0
    for place in flipped(path, seed=1):
        if message := refusal(lambda: Checkpoint.load(path)):
            assert "fold_0.pt: not a readable checkpoint" in message
            assert "delete it and rerun train_model" in message
            refused += 1
            continue
        # Between the parts of the archive there are bytes that mean nothing.
        read = Checkpoint.load(path)
        assert read.state.keys() == good.state.keys(), place
        assert all(torch.equal(read.state[name], value) for name, value in good.state.items()), place
        assert read.hierarchy.terms == good.hierarchy.terms, place
        assert (read.options, read.provenance) == (good.options, good.provenance), place
        assert read.encoder.to_dict() == good.encoder.to_dict(), place
    assert refused > FLIPS / 2


def test_training_starts_afresh_from_damaged_progress(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "fold_0.resume.pt"
    state = make_checkpoint().state
    save_progress(Progress(best_state=state, epoch=3, network=state), path, "mine")
    passed_over = 0
    for place in flipped(path, seed=2):
        read = load_progress(path, "mine")
        if read is None:
            passed_over += 1
        else:
            assert read.epoch == 3
            assert all(torch.equal(read.network[name], value) for name, value in state.items()), place
    assert passed_over > FLIPS / 2
    assert caplog.text.count("damaged, training starts from the beginning") == passed_over


def test_a_flipped_bit_of_a_table_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "responses.parquet"
    generator = np.random.default_rng(0)
    frame = pd.DataFrame({"drug": [f"drug {i % 37}" for i in range(3000)], "auc": generator.random(3000)})
    write_table(frame, path, description="responses", units={"auc": "fraction"})
    size = path.stat().st_size
    footer = size - 8 - int.from_bytes(path.read_bytes()[-8:-4], "little")
    refused = 0
    for place in flipped(path, seed=3, end=footer):
        message = refusal(lambda: read_table(path))
        if message:
            assert "responses.parquet: not a readable Parquet file" in message
            assert f"rerun the rule that makes it, `snakemake --cores 1 {path}`" in message
            refused += 1
        else:
            assert read_table(path).equals(frame), place
    assert refused > 0.9 * FLIPS
    # The footer has no checksum of its own: a flipped bit there may change a name, and then the column is missing.
    for place in flipped(path, seed=4, start=footer):
        message = refusal(lambda: read_table(path, columns=["drug", "auc"]))
        if message:
            assert message.startswith(f"{path}: "), place
        else:
            assert read_table(path, columns=["drug", "auc"]).equals(frame), place


def test_a_table_of_another_version_says_what_to_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "genes.parquet"
    monkeypatch.setattr(tables, "FORMAT_VERSION", tables.FORMAT_VERSION - 1)
    write_table(pd.DataFrame({"gene": ["TP53"]}), path, description="genes")
    monkeypatch.undo()
    with pytest.raises(ValueError, match="written with table layout 0, this version reads 1; delete it and") as raised:
        read_table(path)
    assert f"`snakemake --cores 1 {path}`" in str(raised.value)
