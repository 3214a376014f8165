"""Training killed at twenty moments drawn with fixed seeds, whatever it was doing, ends with the same bytes."""

import os
import random
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from druggene.checkpoint import Checkpoint
from druggene.fold import train_fold
from druggene.tables import read_table
from tests.reference.artifacts import write_fold
from tests.unit.test_fold import MODEL_OPTIONS, TRAINING, outputs_in

MOMENTS = 20


def in_a_child(work: Callable[[], object], calls: int | None = None, count: Path | None = None) -> int:
    """Do ``work`` in a forked process that is killed at its ``calls``-th call of a function; return how it ended.

    Moments are counted in calls, of Python's and C's functions alike, so that they are the same on every machine and
    fall into reading, training, saving and renaming as often as these call something.
    """
    child = os.fork()
    if child == 0:
        number = 0

        def watch(frame: object, event: str, argument: object) -> None:
            nonlocal number
            if event in ("call", "c_call"):
                number += 1
                if number == calls:
                    os.kill(os.getpid(), signal.SIGKILL)

        try:
            sys.setprofile(watch)
            work()
            sys.setprofile(None)
            if count is not None:
                count.write_text(str(number))
            os._exit(0)
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.fixture(scope="module")
def fold(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return write_fold(tmp_path_factory.mktemp("fold"))


def training(fold: dict[str, str], folder: Path) -> Callable[[], None]:
    options = replace(TRAINING, epochs=6, patience=6)
    resume = str(folder / "fold_0.resume.pt")
    return lambda: train_fold(fold, outputs_in(folder), "random_pairs", 0, MODEL_OPTIONS, options, resume)


@pytest.fixture(scope="module")
def undisturbed(fold: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, bytes], int]:
    """The bytes of every output, and the number of calls that it took to make them."""
    folder = tmp_path_factory.mktemp("undisturbed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("druggene.training._SECONDS_BETWEEN_SAVES", 0.0)
        assert in_a_child(training(fold, folder), count=folder / "calls") == 0
    outputs = {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "calls"}
    assert set(outputs) == {"fold_2.pt", "history.parquet", "predictions.parquet"}
    return outputs, int((folder / "calls").read_text())


@pytest.mark.parametrize("seed", range(MOMENTS))
def test_killed_training_ends_with_the_same_bytes(
    fold: dict[str, str],
    undisturbed: tuple[dict[str, bytes], int],
    seed: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("druggene.training._SECONDS_BETWEEN_SAVES", 0.0)
    outputs, calls = undisturbed
    moment = random.Random(seed).randrange(1, calls)
    assert in_a_child(training(fold, tmp_path), moment) == -signal.SIGKILL
    for path in tmp_path.glob("[!.]*"):  # what stands at its place is whole
        if path.name in outputs:
            assert path.read_bytes() == outputs[path.name]
    assert in_a_child(training(fold, tmp_path)) == 0
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == outputs
    Checkpoint.load(tmp_path / "fold_2.pt")
    assert len(read_table(tmp_path / "history.parquet")) == 6
