"""A full disk and a read-only one, at every kind of write: the old file stays, and nothing is left beside it."""

import errno
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from druggene.plotting import new_figure, save_figure
from druggene.progress import Progress, save_progress
from druggene.simulation import raw_files
from druggene.sources.retrieval import retrieve
from druggene.sources.versions import VersionEntry, checksum
from druggene.tables import write_csv, write_table, write_text
from tests.unit.test_checkpoint import make_checkpoint

FRAME = pd.DataFrame({"auc": np.random.default_rng(0).random(5000)})


def retrieved(path: Path, tmp_path: Path) -> None:
    source = tmp_path / path.name
    source.write_bytes(os.urandom(50_000))
    entry = VersionEntry("made_up", "1", path.name, "", "sha256", checksum(source, "sha256"), None, "none", "")
    retrieve(entry, path, "local", tmp_path)


def figure(path: Path, _: Path) -> None:
    drawn = new_figure(60)
    drawn.add_subplot().plot(FRAME["auc"])
    save_figure(drawn, FRAME, path.with_suffix(""))


WRITERS: dict[str, tuple[str, Callable[[Path, Path], Any]]] = {
    "Parquet": ("auc.parquet", lambda path, _: write_table(FRAME, path, description="full")),
    "CSV": ("auc.csv", lambda path, _: write_csv(FRAME, path)),
    "Markdown": ("auc.md", lambda path, _: write_text(FRAME.to_string(), path)),
    "checkpoint": ("fold_0.pt", lambda path, _: make_checkpoint().save(path)),
    "progress": ("fold_0.resume.pt", lambda path, _: save_progress(progress(), path, "full")),
    "figure": ("metrics.pdf", figure),
    "simulated raw file": ("Model.csv", lambda path, _: raw_files._write(FRAME, path)),
    "retrieved file": ("pairs.txt", retrieved),
}


def progress() -> Progress:
    state = make_checkpoint().state
    return Progress(best_state=state, epoch=1, network=state)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    folder = tmp_path / "disk"
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], capture_output=True, check=False)
    if done.returncode:
        pytest.skip(f"a file system can be mounted by root alone: {done.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def fill(folder: Path) -> Path:
    """Leave one page free."""
    filler = folder / "filler"
    free = os.statvfs(folder).f_bavail * os.statvfs(folder).f_bsize
    filler.write_bytes(bytes(free - 4096))
    return filler


@pytest.mark.parametrize("kind", WRITERS)
def test_a_full_disk_leaves_the_old_file(disk: Path, tmp_path: Path, kind: str) -> None:
    name, write = WRITERS[kind]
    path = disk / name
    path.write_text("old")
    filler = fill(disk)
    with pytest.raises(OSError, match="No space left on device") as raised:
        write(path, tmp_path)
    assert raised.value.errno == errno.ENOSPC
    assert raised.value.__notes__ == [f"{path}: not written, and what was there before is as it was"]
    assert path.read_text() == "old"
    assert {file.name for file in disk.iterdir()} == {name, "filler"}

    filler.unlink()
    write(path, tmp_path)
    assert path.stat().st_size > 4096


@pytest.mark.parametrize("kind", WRITERS)
def test_a_read_only_disk_is_named(disk: Path, tmp_path: Path, kind: str) -> None:
    name, write = WRITERS[kind]
    path = disk / name
    path.write_text("old")
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    with pytest.raises(OSError, match="Read-only file system") as raised:
        write(path, tmp_path)
    assert raised.value.errno == errno.EROFS
    assert raised.value.__notes__ == [f"{path}: not written, and what was there before is as it was"]
    assert [file.name for file in disk.iterdir()] == [name]
    assert path.read_text() == "old"
