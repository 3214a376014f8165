"""Commit and changes of the code that a run was made with."""

import hashlib
import subprocess
from pathlib import Path

import pytest

from druggene.provenance import describe_environment, git_state


def git(folder: Path, *arguments: str) -> str:
    options = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    command = ["git", "-C", str(folder), *options, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    root = tmp_path / "code"
    (root / "workflow").mkdir(parents=True)
    (root / "workflow" / "a.py").write_text("1\n")
    (root / "notes.txt").write_text("1\n")
    (root / "requirements.txt").write_text("# For tables.\npandas==1\nno-such-package-here==2\n")
    (root / "constraints.txt").write_text("pandas==1\n")
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "first")
    return root


def state(root: Path) -> dict[str, object]:
    git_state.cache_clear()
    return git_state(root)


def test_a_clean_tree_and_its_changes(repository: Path) -> None:
    clean = state(repository)
    assert clean["commit"] == git(repository, "rev-parse", "HEAD").strip()
    assert clean["changed"] == []
    (repository / "notes.txt").write_text("2\n")
    assert state(repository) == clean, "no run reads the notes"
    (repository / "workflow" / "a.py").write_text("2\n")
    (repository / "workflow" / "new name.py").touch()
    assert state(repository) == clean | {"changed": ["workflow/a.py", "workflow/new name.py"]}


def test_a_folder_inside_of_another_repository_has_no_commit(repository: Path) -> None:
    assert state(repository / "workflow") == {"commit": None, "date": None, "changed": []}


def test_what_is_installed_is_named(repository: Path) -> None:
    described = describe_environment(repository, state(repository))
    assert described["packages"]["no-such-package-here"] is None
    assert described["packages"]["pandas"] not in (None, "1")
    digest = hashlib.sha256(b"pandas==1\n").hexdigest()
    assert described["lock"]["constraints.txt"] == digest
    assert described["date"] == git(repository, "log", "-1", "--format=%cs").strip()
