"""What goes wrong on a cluster; the run ends with the tables of an undisturbed one, and nothing is done twice."""

import subprocess
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.workflow.cluster.conftest import PROFILES, Submission, differing, slow_training
from tests.workflow.cluster.lab import Job, Lab
from tests.workflow.running import TINY, succeed

TRAINING = "rule_train_model_wildcards_random_pairs_{}"
OUTAGE_SECONDS = 61
JOBS = [(model, fold) for model in ("druggene", "drugcell") for fold in (0, 1)]


def log_of(folder: Path, model: str, fold: int) -> str:
    path = folder / f"results/tiny/logs/train_model/random_pairs/{model}/fold_{fold}.log"
    return path.read_text() if path.exists() else ""


@dataclass
class Troubled:
    """A run to which everything happens, and what was seen while it did."""

    folder: Path
    text: str
    jobs: list[Job]
    waiting_for_the_node: list[Job]

    def of(self, name: str) -> list[Job]:
        return [job for job in self.jobs if job.comment == TRAINING.format(name)]


@pytest.fixture(scope="module")
def troubled(lab: Lab, finished: Path, tmp_path_factory: pytest.TempPathFactory) -> Troubled:
    """Four trainings: one has too little memory at first, one is cancelled, their node goes and then the controller."""
    folder = slow_training(finished, tmp_path_factory.mktemp("troubled") / "druggene", seconds=6)
    memory = "300 * attempt**2 if wildcards.model == 'druggene' and wildcards.fold == '0' else 1500"
    asked = ["train_model:slurm_partition=gpu", "train_model:gpu=1", f"train_model:mem_mb={memory}"]
    with Submission(folder, "--set-resources", *asked) as run:
        waiting = _trouble(lab, folder)
        return Troubled(folder, run.succeed(), lab.jobs(folder), waiting)


def _trouble(lab: Lab, folder: Path) -> list[Job]:
    """Do to a run what is to be done; return the trainings that waited for their node."""
    lab.wait_until(lambda: "INFO epoch 1 " in log_of(folder, "drugcell", 1), "drugcell trains on fold 1", 300)
    (cancelled,) = [job for job in lab.jobs(folder) if job.comment == TRAINING.format("drugcell_1")]
    lab.run("scancel", str(cancelled.number))
    lab.run("scontrol", "update", "NodeName=gpu", "State=DRAIN", "Reason=maintenance")

    def of_state(state: str) -> list[Job]:
        return [job for job in lab.jobs(folder) if job.state == state and job.comment.startswith("rule_train")]

    def training(job: Job) -> bool:
        """Tell whether a running job has got so far that it needs the controller for nothing but its end."""
        model, fold = job.comment.split("_")[-2:]
        log = log_of(folder, model, int(fold))
        return "resumed" in log if (model, fold) == ("drugcell", "1") else "training" in log

    lab.wait_until(lambda: lab.node_states()["gpu"] == "drained", "the node has no jobs left", 300)
    lab.wait_until(lambda: of_state("PENDING"), "a training waits for the node", 300)
    waiting = of_state("PENDING")
    lab.run("scontrol", "update", "NodeName=gpu", "State=RESUME")
    lab.wait_until(lambda: (now := of_state("RUNNING")) and all(map(training, now)), "the node is used again", 300)
    lab.stop_controller()
    time.sleep(OUTAGE_SECONDS)
    lab.start_controller()
    return waiting


def test_a_run_with_every_fault_ends_with_the_same_artifacts(troubled: Troubled, finished: Path) -> None:
    assert differing(troubled.folder, finished) == []


def test_a_cancelled_job_is_submitted_again_and_goes_on(troubled: Troubled) -> None:
    first, second = troubled.of("drugcell_1")
    assert (first.state, second.state) == ("CANCELLED", "COMPLETED")
    assert "resumed after epoch 1" in log_of(troubled.folder, "drugcell", 1)


def test_a_job_over_its_memory_gets_more(troubled: Troubled) -> None:
    first, second = troubled.of("druggene_0")
    assert (first.memory, second.memory) == (300, 1200)
    assert (first.state, second.state) == ("FAILED", "COMPLETED")


def test_a_drained_node_is_waited_for(troubled: Troubled) -> None:
    waited = {job.comment for job in troubled.waiting_for_the_node}
    assert waited
    assert waited <= {job.comment for job in troubled.jobs if job.state == "COMPLETED"}


def test_the_controller_may_be_away(troubled: Troubled) -> None:
    """What ended meanwhile is known, what waited still waits, and nothing is done twice."""
    done = Counter(job.comment for job in troubled.jobs if job.state == "COMPLETED")
    assert set(done.values()) == {1}
    assert len(troubled.jobs) == len(done) + 2  # the cancelled one, and the one that was short of memory


@pytest.mark.usefixtures("started")
def test_a_killed_snakemake_starts_again(lab: Lab, finished: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Its jobs run on without it; they are found and cancelled, and what was finished is not done again."""
    folder = slow_training(finished, tmp_path_factory.mktemp("killed") / "druggene", seconds=15)

    def begun() -> list[tuple[str, int]]:
        return [job for job in JOBS if log_of(folder, *job)]

    def running() -> set[int]:
        return {job.number for job in lab.jobs(folder) if job.state == "RUNNING"}

    with Submission(folder) as run:
        lab.wait_until(
            lambda: run.text.count("Finished jobid") >= 2 and len(begun()) > 2 and running(),
            "two trainings are finished and others have begun",
            600,
        )
        run.kill()
    finished_before = [job for job in lab.jobs(folder) if job.state == "COMPLETED"]
    orphans = running()
    assert orphans, "the jobs of a killed Snakemake run on"

    cancel = [folder / "slurm/bin/cancel_orphans"]
    refused = subprocess.run(cancel, capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    assert "snakemake --unlock" in refused.stderr
    succeed(folder, *PROFILES, "--configfile", TINY, "--unlock")
    said = subprocess.run(cancel, capture_output=True, text=True, check=True).stdout
    assert {int(line.removeprefix("cancelled: ")) for line in said.splitlines()} == orphans

    with Submission(folder) as run:
        run.succeed()
    assert differing(folder, finished) == []
    jobs = lab.jobs(folder)
    assert {job.state for job in jobs if job.number in orphans} == {"CANCELLED"}
    done = Counter(job.comment for job in jobs if job.state == "COMPLETED")
    assert {done[job.comment] for job in finished_before} == {1}
    assert set(done.values()) == {1}
