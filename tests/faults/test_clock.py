"""The clock of the machine is set while training runs: progress is saved and the outcome is the same."""

import itertools
import time
from dataclasses import replace
from pathlib import Path

import pytest

from druggene import training
from druggene.fold import train_fold
from druggene.progress import save_progress
from tests.reference.artifacts import write_fold
from tests.unit.test_fold import MODEL_OPTIONS, TRAINING, outputs_in


def test_a_clock_that_jumps_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A day forward, then two back, again and again; seconds are counted by a clock that is never set."""
    paths = write_fold(tmp_path)
    options = replace(TRAINING, epochs=4, patience=4)
    steady, jumping = outputs_in(tmp_path / "steady"), outputs_in(tmp_path / "jumping")
    train_fold(paths, steady, "random_pairs", 0, MODEL_OPTIONS, options)

    jumps = itertools.cycle((86400.0, -172800.0))
    monkeypatch.setattr(time, "time", lambda: 1.8e9 + next(jumps))
    ticks = itertools.count(step=training._SECONDS_BETWEEN_SAVES)
    monkeypatch.setattr(time, "monotonic", lambda: next(ticks))
    saves = []
    monkeypatch.setattr(training, "save_progress", lambda *rest: saves.append(rest) or save_progress(*rest))
    train_fold(paths, jumping, "random_pairs", 0, MODEL_OPTIONS, options, str(tmp_path / "fold_0.resume.pt"))
    assert len(saves) == 4
    for name, path in steady.items():
        assert Path(jumping[name]).read_bytes() == Path(path).read_bytes(), name
