"""What a run was made with: commit, lock file, versions and configuration."""

import datetime
import functools
import hashlib
import importlib.metadata
import os
import platform
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from druggene import __version__

LOCK_FILES: Final = ("constraints.txt", "requirements.txt")
"""What pins the packages of an environment."""
_READ: Final = ("Snakefile", "workflow", "config", "resources", "envs", *LOCK_FILES)
"""What of the repository a run reads: changes elsewhere do not make it another one."""


@functools.cache
def git_state(repository: str | os.PathLike[str]) -> dict[str, Any]:
    """Return the commit of the code, its date and whether what a run reads was changed since.

    Returns
    -------
    dict
        commit (40 hexadecimal digits) and date (YYYY-MM-DD), None where ``repository`` is not the root of a git
        repository or there is no git; changed, the files that differ from the commit, new ones too.
    """
    unknown: dict[str, Any] = {"commit": None, "date": None, "changed": []}
    top = _git(repository, "rev-parse", "--show-toplevel")
    if top is None or Path(top.strip()).resolve() != Path(repository).resolve():
        return unknown
    head = _git(repository, "log", "-1", "--format=%H %cs")
    changes = _git(repository, "status", "--porcelain", "-z", "--no-renames", "--", *_READ)
    if head is None or changes is None:
        return unknown
    commit, date = head.split()
    return {"commit": commit, "date": date, "changed": sorted(entry[3:] for entry in changes.split("\0") if entry)}


def _git(repository: str | os.PathLike[str], *arguments: str) -> str | None:
    # GIT_DIR and the like, which a hook of git sets, name another repository than the folder does.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    command = ["git", "--no-optional-locks", "-C", os.fspath(repository), *arguments]
    try:
        return subprocess.run(command, capture_output=True, check=True, text=True, env=environment).stdout
    except (OSError, subprocess.CalledProcessError):
        return None


def file_sha256(path: str | os.PathLike[str]) -> str:
    """Return the SHA-256 of a file in hexadecimal digits."""
    with open(path, "rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def describe_environment(repository: str | os.PathLike[str], state: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a run was made with, for machines.

    Parameters
    ----------
    repository
        Folder with the lock files.
    state
        As :func:`git_state` gives it.

    Returns
    -------
    dict
        workflow (version), commit, changed, date (the commit's, or today's without one), lock (name to SHA-256),
        python, packages (required package to the version that is installed, None where it is not).
    """
    requirements = Path(repository, "requirements.txt").read_text(encoding="utf-8")
    names = re.findall(r"^([A-Za-z0-9._-]+)==", requirements, re.MULTILINE)
    return {
        "workflow": __version__,
        "commit": state["commit"],
        "changed": list(state["changed"]),
        "date": state["date"] or datetime.date.today().isoformat(),
        "lock": {name: file_sha256(Path(repository, name)) for name in LOCK_FILES},
        "python": platform.python_version(),
        "packages": {name: _installed(name) for name in names},
    }


def _installed(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
