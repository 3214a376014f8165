"""Copies of the repository, runs of Snakemake in them, and what a run says it does."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
TINY = "tests/workflow/tiny.yaml"
NOT_COPIED = {".venv", ".git", ".snakemake", ".pytest_cache", "results", "retrieved", "__pycache__"}


def copy_repository(target: Path) -> Path:
    """Copy the repository's files, committed or not, and nothing that was made from them."""
    for name in _listed():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target / name)
    return target


def digest() -> str:
    """Return what tells the repository's files, and the interpreter that runs them, from any others."""
    found = hashlib.sha256(sys.version.encode())
    for name in _listed():
        found.update(f"{name}\0{(ROOT / name).stat().st_size}\0".encode())
        found.update((ROOT / name).read_bytes())
    return found.hexdigest()


def _listed() -> list[str]:
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    except (FileNotFoundError, subprocess.CalledProcessError):
        names = []
    if "Snakefile" in names:
        return sorted(name for name in names if (ROOT / name).is_file())
    # No git, or an unpacked archive inside another repository.
    paths = (path.relative_to(ROOT) for path in ROOT.rglob("*"))
    return sorted(str(path) for path in paths if not NOT_COPIED.intersection(path.parts) and (ROOT / path).is_file())


def copy_tree(source: Path, target: Path) -> Path:
    """Copy a folder with its modification times, by which Snakemake decides."""
    return shutil.copytree(source, target, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))


@dataclass(frozen=True)
class Run:
    """What became of one call of Snakemake."""

    returncode: int
    text: str

    @property
    def jobs(self) -> Counter[str]:
        """Number of jobs per rule, as the table of jobs gives it; empty when there is nothing to be done."""
        table = re.search(r"^Job stats:\njob +count\n[- ]+\n((?:\w+ +\d+\n)*?)total +(\d+)$", self.text, re.MULTILINE)
        if table is None:
            assert "Nothing to be done" in self.text, self.text
            return Counter()
        counts = Counter({name: int(count) for name, count in (line.split() for line in table[1].splitlines())})
        assert counts.total() == int(table[2])
        return counts

    @property
    def rules(self) -> set[str]:
        """The rules that have jobs."""
        return set(self.jobs)

    def files(self, kind: str) -> set[tuple[str, str]]:
        """Return every job's rule with its files of one kind: input, output, log or benchmark."""
        found = set()
        for block in re.split(r"(?m)^(?=(?:local)?rule \w+:$)", self.text):
            head = re.match(r"(?:local)?rule (\w+):\n((?:    .*\n)*)", block)
            line = head and re.search(rf"(?m)^    {kind}: (.+)$", head[2])
            if head and line:
                found.add((head[1], line[1]))
        return found


def snakemake(folder: Path, *arguments: str, variables: dict[str, str] | None = None) -> Run:
    """Run Snakemake in ``folder`` as from a shell."""
    environment = {name: value for name, value in os.environ.items() if name != "DRUGGENE_DATA"} | (variables or {})
    command = [sys.executable, "-m", "snakemake", *arguments]
    done = subprocess.run(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600
    )
    return Run(done.returncode, done.stdout)


def succeed(folder: Path, *arguments: str, variables: dict[str, str] | None = None) -> Run:
    """Run Snakemake and require that it succeeds."""
    run = snakemake(folder, *arguments, variables=variables)
    assert run.returncode == 0, run.text
    return run


def plan(folder: Path, *targets: str, options: tuple[str, ...] = (), configs: tuple[str, ...] = (TINY,)) -> Run:
    """Return what Snakemake would do; no configuration on top of the default where ``configs`` is empty."""
    on_top = ("--configfile", *configs) if configs else ()
    return succeed(folder, "--dry-run", "--cores", "2", *options, *on_top, "--", *targets)
