"""Runs that are killed, interrupted, started twice or find read-only results: each ends as if nothing had been."""

import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.workflow.running import TINY, Run, copy_tree, plan, snakemake, succeed

CALL = ("--cores", "2", "--configfile", TINY)
TRAINING_LOG = "results/tiny/logs/train_model/random_pairs/druggene/fold_0.log"


def contents(folder: Path) -> dict[str, bytes]:
    """Everything that has to come out the same; a figure's PDF and PNG follow from its CSV."""
    kept = [path for path in (folder / "results").rglob("*") if path.suffix in (".parquet", ".csv", ".md", ".pt")]
    return {str(path.relative_to(folder)): path.read_bytes() for path in kept}


def assert_locked(folder: Path) -> None:
    """Require that a second run does nothing and says what to do."""
    second = snakemake(folder, *CALL, "--rerun-incomplete")
    assert second.returncode != 0
    assert "Directory cannot be locked" in second.text
    assert "--unlock" in second.text
    assert "Job stats" not in second.text


class Started:
    """Snakemake in the background, its words in a file."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.words = folder.with_name("words.txt")
        command = [sys.executable, "-m", "snakemake", *CALL, *arguments]
        with self.words.open("w") as stream:
            # What a shell starts in the background is deaf to Control-C, and so would be what it starts.
            self.process = subprocess.Popen(
                command,
                cwd=folder,
                stdout=stream,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            )

    def wait_until(self, condition: Callable[[str], bool], what: str) -> None:
        deadline = time.monotonic() + 300
        while not condition(self.words.read_text()):
            assert self.process.poll() is None, f"ended before {what}: {self.words.read_text()}"
            assert time.monotonic() < deadline, f"not within 300 s: {what}"
            time.sleep(0.02)

    def send(self, number: int) -> int:
        """Send a signal to Snakemake and all its jobs, as a terminal or a crash would; return the exit status."""
        os.killpg(self.process.pid, number)
        return self.process.wait(60)


def test_a_run_killed_again_and_again(pristine: Path, finished_run: tuple[Path, Run], tmp_path: Path) -> None:
    """At moments drawn with a fixed seed, from the first job to the last; a run that finds the lock says what to do."""
    folder = copy_tree(pristine, tmp_path / "druggene")
    all_steps = finished_run[1].jobs.total()
    generator = random.Random(11)
    for steps in sorted(generator.sample(range(1, all_steps - 1), 3)):
        run = Started(folder, "--rerun-incomplete")

        def reached(words: str, steps: int = steps) -> bool:
            """Count the jobs of all runs so far: those that are not to be done again are not in the table."""
            left = int(re.findall(r"^total +(\d+)$", words, re.MULTILINE)[-1]) if "\ntotal" in words else all_steps
            return all_steps - left + words.count("Finished jobid") >= steps

        run.wait_until(reached, f"step {steps}")
        time.sleep(generator.random())
        assert run.send(signal.SIGKILL) == -signal.SIGKILL
        assert_locked(folder)
        succeed(folder, *CALL, "--unlock")
    succeed(folder, *CALL, "--rerun-incomplete")
    made, expected = contents(folder), contents(finished_run[0])
    assert made.keys() == expected.keys()
    assert [name for name in made if made[name] != expected[name]] == []
    assert [path for path in (folder / "results").rglob(".*") if path.is_file()] == []


def slow(finished: Path, folder: Path) -> Path:
    """A copy whose trainings are to be done again, a second or more per epoch, and save their progress each time."""
    copy_tree(finished, folder)
    module = folder / "workflow/scripts/druggene/training.py"
    code, found = re.subn("_SECONDS_BETWEEN_SAVES = 5.0", "_SECONDS_BETWEEN_SAVES = 0.0", module.read_text())
    start_of_an_epoch = r"(?m)^( +)training = self\.data\.roles\[TRAIN\]$"
    code, waits = re.subn(start_of_an_epoch, r"\1time.sleep(1.5)\n\g<0>", code)
    assert (found, waits) == (1, 1)
    module.write_text(code)
    (folder / TRAINING_LOG).unlink()
    return folder


def test_an_interrupted_run_leaves_nothing_partial(finished: Path, tmp_path: Path) -> None:
    """Control-C in the midst of training, after a second run beside the running one was told of the lock."""
    folder = slow(finished, tmp_path / "druggene")
    log = folder / TRAINING_LOG
    run = Started(folder)
    progress = folder / "results/tiny/models/random_pairs/druggene/fold_0.resume.pt"
    run.wait_until(lambda _: progress.exists(), "an epoch is done and saved")
    os.killpg(run.process.pid, signal.SIGSTOP)  # so that it does not end while the second one looks
    assert_locked(folder)
    os.killpg(run.process.pid, signal.SIGCONT)
    assert run.process.poll() is None

    assert run.send(signal.SIGINT) != 0
    left = {path.name for path in (folder / "results/tiny/models/random_pairs/druggene").iterdir()}
    assert left & {"fold_0.pt", "fold_0.history.parquet"} == set()
    assert not (folder / "results/tiny/predictions/random_pairs/druggene/fold_0.parquet").exists()
    assert [path for path in (folder / "results").rglob(".*") if path.is_file()] == []
    succeed(folder, *CALL, "--rerun-incomplete")  # without --unlock
    assert "resumed after epoch" in log.read_text()
    made, expected = contents(folder), contents(finished)
    assert [name for name in expected if made.get(name) != expected[name]] == []


@pytest.fixture
def read_only(own: Path) -> Iterator[Path]:
    """A finished run whose results cannot be written."""
    results = own / "results"
    done = subprocess.run(["mount", "--bind", results, results], capture_output=True, check=False)
    if done.returncode:
        pytest.skip(f"a folder is made read-only, for root too, by root alone: {done.stderr.decode().strip()}")
    subprocess.run(["mount", "-o", "remount,bind,ro", results], check=True)
    yield own
    subprocess.run(["umount", "--lazy", results], check=True)


def test_read_only_results(read_only: Path) -> None:
    """There is nothing to do, which needs no writing; what has to be done ends with the reason."""
    assert "Nothing to be done" in succeed(read_only, *CALL).text
    before = contents(read_only)
    failed = snakemake(read_only, *CALL, "--forcerun", "plot_metrics")
    assert failed.returncode != 0
    assert "Write-protected output files for rule plot_metrics:\n" in failed.text
    assert "results/tiny/figures/random_pairs/metrics.pdf\n" in failed.text
    assert contents(read_only) == before


def test_files_from_the_future(own: Path) -> None:
    """A clock that was wrong leaves files of tomorrow. Up to a megabyte their content decides, not their time."""
    folds = own / "results/tiny/data/random_pairs/folds.parquet"
    by_time = ("--max-checksum-file-size", "0")
    tomorrow = time.time() + 86400
    os.utime(folds, (tomorrow, tomorrow))
    assert plan(own).jobs == {}
    assert "train_model" in plan(own, options=by_time).rules
    os.utime(folds)
    succeed(own, *CALL, *by_time, "--touch")
    assert plan(own, options=by_time).jobs == {}
