"""One cluster for all tests, and runs of Snakemake on it."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import pytest

from tests.workflow.cluster.lab import Lab, reason_to_skip
from tests.workflow.running import TINY, copy_tree

PROFILES = ("--profile", "slurm", "--workflow-profile", "tests/workflow/cluster/site")


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """A started cluster; gone with all its jobs at the end."""
    reason = reason_to_skip()
    if reason:
        pytest.skip(reason)
    # Not below pytest's folders: munge wants its socket where everybody may look.
    with tempfile.TemporaryDirectory(prefix="slurm_") as folder:
        cluster = Lab(Path(folder))
        try:
            cluster.start()
            yield cluster
        finally:
            cluster.stop()


class Submission:
    """Snakemake on the cluster, started as from a shell and left to run; its words are in ``<folder>.<n>.txt``."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.folder = folder
        self.words = next(path for n in range(9) if not (path := folder.with_name(f"{folder.name}.{n}.txt")).exists())
        # Whoever runs the tests in the background has Control-C ignored in all that they start.
        command = ["env", "--default-signal=INT", sys.executable, "-m", "snakemake", *PROFILES]
        command += ["--configfile", TINY, *arguments]
        variables = os.environ | {"PATH": f"{folder}/slurm/bin{os.pathsep}{os.environ['PATH']}"}
        with self.words.open("w") as stream:
            self.process = subprocess.Popen(
                command, cwd=folder, env=variables, stdout=stream, stderr=subprocess.STDOUT, start_new_session=True
            )

    @property
    def text(self) -> str:
        return self.words.read_text()

    def succeed(self, seconds: float = 900) -> str:
        """Wait for the end, require success, and return what was said."""
        assert self.process.wait(seconds) == 0, self.text
        return self.text

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """A test that fails leaves no Snakemake behind."""
        if self.process.poll() is None:
            self.kill()

    def kill(self) -> None:
        """End it as a crash of the machine would."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@pytest.fixture(scope="session")
def started(lab: Lab, pristine: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Submission]:
    """A run from the first job to the last; it goes on while other tests have runs of their own."""
    folder = copy_tree(pristine, tmp_path_factory.mktemp("submitted") / "druggene")
    with Submission(folder) as run:
        yield run


def slow_training(finished: Path, target: Path, seconds: int) -> Path:
    """Copy a finished run and take its trainings and what follows away; each epoch now takes so much longer.

    The results stay those of the finished run, and there is time for something to happen to a training job.
    """
    return _untrained(finished, target, f"time.sleep({seconds})")


def held_training(finished: Path, target: Path, held: list[str]) -> Path:
    """Copy a finished run as :func:`slow_training` does; ``held`` trainings (``<model>_<fold>``) stop after an epoch.

    They save their progress, log that they are held, and go on when their file in ``hold/`` is taken away.
    """
    folder = _untrained(finished, target, "_hold(epoch)")
    module = folder / "workflow/scripts/druggene/training.py"
    code, found = re.subn(r"(?m)^(_SECONDS_BETWEEN_SAVES) = .*$", r"\1 = 0.0", module.read_text())
    assert found == 1
    module.write_text(code + HOLD)
    (folder / "hold").mkdir()
    for name in held:
        (folder / "hold" / name).touch()
    return folder


HOLD = """

def _hold(epoch: int) -> None:
    import __main__

    wildcards = __main__.snakemake.wildcards
    file = f"hold/{wildcards.model}_{wildcards.fold}"
    if epoch > 1 and os.path.exists(file):
        logger.info("held before epoch %d", epoch)
        while os.path.exists(file):
            time.sleep(0.1)
"""


def _untrained(finished: Path, target: Path, statement: str) -> Path:
    """Copy a finished run without its trainings; each epoch begins with a statement."""
    folder = copy_tree(finished, target)
    module = folder / "workflow/scripts/druggene/training.py"
    code, found = re.subn(
        r"(?m)^( +)training = self\.data\.roles\[TRAIN\]$", rf"\1{statement}\n\g<0>", module.read_text()
    )
    assert found == 1
    module.write_text(code)
    networks = (f"predictions/random_pairs/{model}" for model in ("druggene", "drugcell"))
    for name in ("models", "tables", "figures", "logs/train_model", *networks):
        shutil.rmtree(folder / "results/tiny" / name)
    return folder


def artifacts(folder: Path) -> dict[str, bytes]:
    """Everything that has to come out the same wherever it runs."""
    kept = [path for path in (folder / "results").rglob("*") if path.suffix in (".parquet", ".csv", ".md", ".pt")]
    return {str(path.relative_to(folder)): path.read_bytes() for path in kept}


def differing(folder: Path, finished: Path) -> list[str]:
    """The artifacts of two runs that are not the same, byte for byte, or missing in one."""
    here, there = artifacts(folder), artifacts(finished)
    return sorted(name for name in here.keys() | there.keys() if here.get(name) != there.get(name))
