"""Snakemake and its jobs killed in the midst of training: the next run goes on and ends with the same bytes."""

import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.workflow.running import TINY, copy_tree, succeed

FOLD = "results/tiny/{}/random_pairs/druggene/fold_0"
PREDICTIONS = f"{FOLD.format('predictions')}.parquet"
MADE = [PREDICTIONS, f"{FOLD.format('models')}.pt", f"{FOLD.format('models')}.history.parquet"]
EPOCHS = 40
MOMENTS = [random.Random(7).randrange(2, EPOCHS - 5) for _ in range(2)]


def call(folder: Path) -> list[str]:
    return ["--cores", "2", "--configfile", TINY, str(folder / "longer.yaml"), "--", PREDICTIONS]


@pytest.fixture(scope="module")
def ready(finished: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy with the data made, a longer training ahead, and progress saved after every epoch."""
    folder = copy_tree(finished, tmp_path_factory.mktemp("ready") / "druggene")
    (folder / "longer.yaml").write_text(f"training: {{epochs: {EPOCHS}, patience: {EPOCHS}}}\n")
    module = folder / "workflow" / "scripts" / "druggene" / "training.py"
    code, found = re.subn("_SECONDS_BETWEEN_SAVES = 5.0", "_SECONDS_BETWEEN_SAVES = 0.0", module.read_text())
    assert found == 1
    module.write_text(code)
    return folder


@pytest.fixture(scope="module")
def uninterrupted(ready: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = copy_tree(ready, tmp_path_factory.mktemp("uninterrupted") / "druggene")
    succeed(folder, *call(folder))
    return {name: (folder / name).read_bytes() for name in MADE}


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_training_goes_on(ready: Path, uninterrupted: dict[str, bytes], moment: int, tmp_path: Path) -> None:
    folder = copy_tree(ready, tmp_path / "druggene")
    log = folder / f"{FOLD.format('logs/train_model')}.log"
    log.unlink()
    command = [sys.executable, "-m", "snakemake", *call(folder)]
    process = subprocess.Popen(
        command, cwd=folder, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 120
    while not (log.exists() and f"INFO epoch {moment} " in log.read_text()):
        assert process.poll() is None, "the run ended before it was killed"
        assert time.monotonic() < deadline, "training did not get that far"
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()

    assert not (folder / PREDICTIONS).exists()
    succeed(folder, "--unlock", *call(folder))
    succeed(folder, "--rerun-incomplete", *call(folder))
    resumed = re.search(r"resumed after epoch (\d+)", log.read_text())
    assert resumed, log.read_text()
    assert int(resumed[1]) >= moment - 1
    assert {name: (folder / name).read_bytes() for name in MADE} == uninterrupted
    assert not list((folder / "results").rglob("*.resume.pt"))
    assert not list((folder / "results").rglob(".*.pt")), "a temporary file was left behind"
