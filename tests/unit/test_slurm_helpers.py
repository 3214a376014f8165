"""The helpers in slurm/bin, with stand-ins for Slurm's commands; tests/workflow/cluster has them on a real one."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.bad_inputs.running import ROOT

HELPERS = ROOT / "slurm" / "bin"
SQUEUE = """#!/bin/sh
[ -e scancel_was_called ] || printf '%s\\n' "11|druggene_abc|{here}" "12|druggene_abc|/elsewhere" "13|mine_abc|{here}"
"""


def command(folder: Path, name: str, text: str) -> None:
    """Write a stand-in for a command."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text)
    (folder / name).chmod(0o755)


def call(*program: str, path: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PATH": f"{path}:/usr/bin:/bin"}
    return subprocess.run(program, env=environment, cwd=cwd, capture_output=True, text=True, timeout=20, check=False)


@pytest.fixture
def working(tmp_path: Path) -> Path:
    """A folder in which Snakemake has worked, and on whose PATH Slurm has jobs of it and of others."""
    (tmp_path / ".snakemake" / "locks").mkdir(parents=True)
    here = tmp_path.resolve()
    command(tmp_path / "bin", "squeue", SQUEUE.format(here=here))
    command(tmp_path / "bin", "scancel", '#!/bin/sh\necho "$@" >scancel_was_called\n')
    return tmp_path


def cancel(working: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return call(str(HELPERS / "cancel_orphans"), *arguments, path=str(working / "bin"), cwd=working)


@pytest.mark.parametrize("spelt", ["slurm/bin", "./slurm/bin/", "{root}/slurm/bin", "{root}/slurm/../slurm/bin/"])
def test_the_wrapper_of_sbatch_finds_the_other_one(spelt: str, tmp_path: Path) -> None:
    command(tmp_path / "slurm_s", "sbatch", '#!/bin/sh\necho "asked: $*"\n')
    path = f"{spelt.format(root=ROOT)}:{tmp_path}/slurm_s"
    done = call("sh", "-c", "sbatch --parsable 'a b'", path=path, cwd=ROOT)
    assert (done.returncode, done.stdout) == (0, "asked: --parsable a b\n")


def test_jobs_of_this_folder_and_prefix_alone_are_cancelled(working: Path) -> None:
    done = cancel(working)
    assert (done.returncode, done.stdout) == (0, "cancelled: 11\n")
    assert (working / "scancel_was_called").read_text() == "11\n"
    assert cancel(working).stdout == f"no job of {working.resolve()} whose name begins with druggene_\n"


def test_another_profile_may_have_another_prefix(working: Path) -> None:
    assert cancel(working, "--prefix", "mine").stdout == "cancelled: 13\n"


def test_no_answer_is_not_taken_for_no_jobs(working: Path) -> None:
    command(working / "bin", "squeue", "#!/bin/sh\nexit 1\n")
    done = cancel(working)
    assert done.returncode == 1
    assert "squeue gives no answer" in done.stderr
    assert done.stdout == ""
    (working / "run.log").write_text("SLURM run ID: 0a-b\n")
    assert cancel(working, "run.log").returncode == 1


@pytest.mark.parametrize("arguments", [("--prefix",), ("--help",), ("--prefix", "a", "b"), ("a", "b"), ("absent.log",)])
def test_a_mistaken_call_is_not_taken_for_no_jobs(working: Path, arguments: tuple[str, ...]) -> None:
    done = cancel(working, *arguments)
    assert done.returncode == 1
    assert done.stderr.startswith("cancel_orphans: ")
    assert not (working / "scancel_was_called").exists()


def test_with_a_log_the_jobs_of_that_run_are_cancelled(working: Path) -> None:
    command(working / "bin", "squeue", '#!/bin/sh\n[ -e scancel_was_called ] || echo "$*"\n')
    (working / "run.log").write_text("Building DAG\nSLURM run ID: druggene_7-e\n")
    assert cancel(working, "run.log").stdout.endswith("--name druggene_7-e\n")
    (working / "scancel_was_called").unlink()
    (working / "local.log").write_text("no cluster\n")
    assert cancel(working, "local.log").stdout == ""
    assert not (working / "scancel_was_called").exists()


def test_a_folder_without_a_run_or_with_a_running_one_is_refused(working: Path, tmp_path: Path) -> None:
    (working / ".snakemake" / "locks" / "0.input.lock").touch()
    assert "snakemake --unlock" in cancel(working).stderr
    (tmp_path / "other").mkdir()
    done = call(str(HELPERS / "cancel_orphans"), path=str(working / "bin"), cwd=tmp_path / "other")
    assert done.returncode == 1
    assert "no Snakemake has worked in" in done.stderr
    assert not (working / "scancel_was_called").exists()
