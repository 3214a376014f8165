"""One finished run of the tiny configuration for all tests; who changes it takes a copy."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from tests.workflow.running import TINY, Run, copy_repository, copy_tree, digest, succeed


@pytest.fixture(scope="session")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh copy of the repository; not to be changed."""
    return copy_repository(tmp_path_factory.mktemp("pristine") / "druggene")


@pytest.fixture(scope="session")
def finished_run(
    pristine: Path, tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config
) -> tuple[Path, Run]:
    """The folder and the words of a finished run on two cores; not to be changed.

    It is made once for all workers, and kept among pytest's caches until a file of the repository changes.
    """
    folder = tmp_path_factory.mktemp("finished") / "druggene"
    cache = pytestconfig.cache.mkdir("finished_run")
    kept = cache / digest()
    with FileLock(cache.with_suffix(".lock")):
        if not kept.exists():
            copy_tree(pristine, folder)
            run = succeed(folder, "--verbose", "--cores", "2", "--configfile", TINY)
            shutil.rmtree(cache)
            copy_tree(folder, cache / "new" / "druggene")
            (cache / "new" / "said.txt").write_text(run.text)
            (cache / "new").rename(kept)
            return folder, run
        return copy_tree(kept / "druggene", folder), Run(0, (kept / "said.txt").read_text())


@pytest.fixture(scope="session")
def finished(finished_run: tuple[Path, Run]) -> Path:
    """The folder of the finished run; not to be changed."""
    return finished_run[0]


@pytest.fixture
def own(finished: Path, tmp_path: Path) -> Iterator[Path]:
    """A copy of the finished run that the test may change; gone after it, as pytest would keep them all."""
    yield copy_tree(finished, tmp_path / "druggene")
    shutil.rmtree(tmp_path / "druggene")
