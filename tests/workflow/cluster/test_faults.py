"""What goes wrong on a cluster; the run ends with the tables of an undisturbed one, and nothing is done twice."""

import signal
import subprocess
import time
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.workflow.cluster.conftest import PROFILES, Submission, differing, held_training, slow_training
from tests.workflow.cluster.lab import Job, Lab
from tests.workflow.running import TINY, succeed

TRAINING = "rule_train_model_wildcards_random_pairs_{}"
OUTAGE_SECONDS = 61
SETTLED_SECONDS = 21
"""BatchStartTimeout and MessageTimeout: sooner, a job that a node does not know may only just be starting."""
TRAININGS = ("druggene_0", "druggene_1", "drugcell_0", "drugcell_1")
HELD = ["druggene_1", "drugcell_0", "drugcell_1"]


def log_of(folder: Path, name: str) -> Path:
    """The log of a training, by model and fold."""
    model, fold = name.split("_")
    return folder / f"results/tiny/logs/train_model/random_pairs/{model}/fold_{fold}.log"


@dataclass
class Interrupted:
    """A run that was interrupted while its jobs were being submitted, and what it left behind."""

    status: int
    jobs: list[Job]
    locks: list[Path]


@dataclass
class Seen:
    """What was seen while things happened to a run."""

    minutes_at_first: int
    waiting_for_the_node: list[Job]
    after_drain: dict[str, str]
    """Logs of the two trainings that began again, by model and fold."""
    after_crash: dict[str, str]
    crashed: list[Job]


@dataclass
class Troubled:
    """A run to which everything happens, and what was seen while it did."""

    folder: Path
    jobs: list[Job]
    interrupted: Interrupted
    seen: Seen

    def of(self, name: str) -> list[Job]:
        return [job for job in self.jobs if job.comment == TRAINING.format(name)]


@pytest.fixture(scope="module")
def troubled(lab: Lab, finished: Path, tmp_path_factory: pytest.TempPathFactory) -> Troubled:
    """Four trainings, all on one node: the run is interrupted and started again, and then see :class:`Trouble`."""
    folder = held_training(finished, tmp_path_factory.mktemp("troubled") / "druggene", HELD)
    memory = "300 * attempt**2 if wildcards.model == 'druggene' and wildcards.fold == '0' else 1500"
    resources = ["slurm_partition=gpu", "gpu=0", f"mem_mb={memory}"]
    asked = ["--set-resources", *(f"train_model:{resource}" for resource in resources)]
    interrupted = interrupt(lab, folder, asked)
    with Submission(folder, *asked) as run:
        seen = Trouble(lab, folder).happen()
        run.succeed()
    before = {job.number for job in interrupted.jobs}
    return Troubled(folder, [job for job in lab.jobs(folder) if job.number not in before], interrupted, seen)


def interrupt(lab: Lab, folder: Path, asked: list[str]) -> Interrupted:
    """Interrupt Snakemake when it knows of two jobs and is about to submit two others."""
    wrapper = folder / "slurm/bin/sbatch"
    quick = wrapper.read_text()
    wrapper.write_text(quick.replace("\nhere=", "\nsleep 2\nhere=", 1))
    assert wrapper.read_text() != quick
    with Submission(folder, *asked) as run:
        lab.wait_until(lambda: "has been submitted" in run.text, "a job is submitted", 300)
        run.process.send_signal(signal.SIGINT)
        status = run.process.wait(300)
    wrapper.write_text(quick)
    return Interrupted(status, lab.jobs(folder), list((folder / ".snakemake/locks").glob("*")))


class Trouble:
    """What happens to a run's trainings.

    ``druggene_0`` has too little memory at first, ``drugcell_1`` is cancelled and ``drugcell_0`` goes over its time,
    while their node is drained. When it is used again, it fails, and then the controller goes away. What ends meanwhile
    is told to the controller when it comes back, but for ``drugcell_0``.
    """

    def __init__(self, lab: Lab, folder: Path) -> None:
        self.lab = lab
        self.folder = folder

    def happen(self) -> Seen:
        self.wait_until_held("drugcell_0", "drugcell_1", "druggene_1")
        self.lab.run("scancel", str(self.job("drugcell_1").number))
        late = self.job("drugcell_0")
        self.expire(late)
        waiting = self.drain()
        after_drain = self.said()
        crashed = self.crash()
        after_crash = self.said()
        self.lose_the_controller()
        return Seen(minutes(late), waiting, after_drain, after_crash, crashed)

    def expire(self, job: Job) -> None:
        """Let a job's time be over in seconds: limits are whole minutes, but not the time when a job ends."""
        for seconds in (2, 10, 60):
            end = datetime.now() + timedelta(seconds=seconds)
            try:
                self.lab.run("scontrol", "update", f"JobId={job.number}", f"EndTime={end:%Y-%m-%dT%H:%M:%S}")
                return
            except RuntimeError as error:  # that time was over before the controller was told of it
                if "Invalid time" not in str(error):
                    raise
        raise AssertionError("the controller was told in vain when a job is to end")

    def drain(self) -> list[Job]:
        """Take the node away until its jobs have ended and two wait; return these."""
        self.lab.run("scontrol", "update", "NodeName=gpu", "State=DRAIN", "Reason=maintenance")
        self.release("druggene_1")
        self.lab.wait_until(lambda: self.lab.node_states()["gpu"] == "drained", "the node has no jobs left", 300)
        again = {TRAINING.format(name) for name in ("drugcell_0", "drugcell_1")}
        self.lab.wait_until(lambda: again <= {job.comment for job in self.of_state("PENDING")}, "both wait", 300)
        waiting = self.of_state("PENDING")
        self.forget()
        self.lab.run("scontrol", "update", "NodeName=gpu", "State=RESUME")
        self.wait_until_held("drugcell_0", "drugcell_1")
        return waiting

    def crash(self) -> list[Job]:
        """Let the node fail, and come back; return the jobs that went back into the queue and have begun again."""
        self.forget()
        self.lab.crash_node("gpu")
        self.lab.start_node("gpu")
        for name in ("drugcell_0", "drugcell_1"):
            self.start_again(name, restarts=1)
        self.wait_until_held("drugcell_0", "drugcell_1")
        return [self.job(name) for name in ("drugcell_0", "drugcell_1")]

    def lose_the_controller(self) -> None:
        """Let the controller be away while two jobs end, one of which gives up telling it."""
        lost = self.job("drugcell_0")
        self.lab.stop_controller()
        away_since = time.monotonic()
        self.release("drugcell_0", "drugcell_1")
        self.lab.lose_outcome("gpu", lost.number)
        time.sleep(max(0.0, OUTAGE_SECONDS - (time.monotonic() - away_since)))
        self.lab.start_controller()
        self.lab.wait_until(self.lab.node_states, "the controller answers", 60)
        time.sleep(SETTLED_SECONDS)
        # As happens by itself every now and then: nodes say which jobs they have.
        self.lab.run("scontrol", "reconfigure")
        self.start_again("drugcell_0", restarts=2)

    def start_again(self, name: str, restarts: int) -> None:
        """Wait until a job went back into the queue and has left it again."""
        self.lab.wait_until(lambda: self.job(name).restarts == restarts, f"{name} is requeued", 120)
        self.lab.wait_until(lambda: self.job(name).state != "PENDING", f"{name} starts again", 120)

    def logs(self) -> dict[str, Path]:
        """The logs of the two trainings that begin again and again."""
        return {name: log_of(self.folder, name) for name in ("drugcell_0", "drugcell_1")}

    def said(self) -> dict[str, str]:
        return {name: log.read_text() for name, log in self.logs().items()}

    def forget(self) -> None:
        """Take the logs away, so that what stands there next is of the next attempt."""
        for log in self.logs().values():
            log.unlink()

    def release(self, *names: str) -> None:
        for name in names:
            (self.folder / "hold" / name).unlink()

    def wait_until_held(self, *names: str) -> None:
        logs = [log_of(self.folder, name) for name in names]
        self.lab.wait_until(
            lambda: all(log.exists() and "held before epoch 2" in log.read_text() for log in logs),
            f"{', '.join(names)} have done an epoch",
            300,
        )

    def job(self, name: str) -> Job:
        return [job for job in self.lab.jobs(self.folder) if job.comment == TRAINING.format(name)][-1]

    def of_state(self, state: str) -> list[Job]:
        return [
            job for job in self.lab.jobs(self.folder) if job.state == state and job.comment.startswith("rule_train")
        ]


def minutes(job: Job) -> int:
    """A job's time limit."""
    hours, rest, _ = job.limit.split(":")
    return 60 * int(hours) + int(rest)


def test_a_run_with_every_fault_ends_with_the_same_artifacts(troubled: Troubled, finished: Path) -> None:
    assert differing(troubled.folder, finished) == []


def test_an_interrupted_run_leaves_no_jobs_and_no_lock(troubled: Troubled) -> None:
    """Nor those that it was about to submit."""
    interrupted = troubled.interrupted
    assert interrupted.status == 1
    assert len(interrupted.jobs) == 4
    assert {job.state for job in interrupted.jobs} <= {"CANCELLED", "FAILED"}
    assert interrupted.locks == []


def test_a_cancelled_job_is_submitted_again_and_goes_on(troubled: Troubled) -> None:
    first, second = troubled.of("drugcell_1")
    assert (first.state, second.state) == ("CANCELLED", "COMPLETED")
    assert "resumed after epoch 1" in troubled.seen.after_drain["drugcell_1"]


def test_a_job_over_its_memory_gets_more(troubled: Troubled) -> None:
    first, second = troubled.of("druggene_0")
    assert (first.memory, second.memory) == (300, 1200)
    assert (first.state, second.state) == ("FAILED", "COMPLETED")


def test_a_job_over_its_time_gets_more(troubled: Troubled) -> None:
    first, second = troubled.of("drugcell_0")
    assert (first.state, second.state) == ("TIMEOUT", "COMPLETED")
    assert minutes(second) == 2 * troubled.seen.minutes_at_first
    assert "resumed after epoch 1" in troubled.seen.after_drain["drugcell_0"]


def test_a_drained_node_is_waited_for(troubled: Troubled) -> None:
    waited = {job.comment for job in troubled.seen.waiting_for_the_node}
    assert len(waited) >= 2
    assert waited <= {job.comment for job in troubled.jobs if job.state == "COMPLETED"}


def test_jobs_of_a_failed_node_go_back_into_the_queue(troubled: Troubled) -> None:
    """They are the same jobs, go on from their last epoch, and count as no attempt."""
    assert [(job.state, job.restarts) for job in troubled.seen.crashed] == [("RUNNING", 1)] * 2
    done = {job.number for job in troubled.jobs if job.state == "COMPLETED"}
    assert {job.number for job in troubled.seen.crashed} <= done
    assert all("resumed after epoch 1" in log for log in troubled.seen.after_crash.values())


def test_the_controller_may_be_away(troubled: Troubled) -> None:
    """What ended meanwhile is known, what waited still waits, and nothing is submitted twice."""
    done = Counter(job.comment for job in troubled.jobs if job.state == "COMPLETED")
    assert set(done.values()) == {1}
    # One was cancelled, one was short of memory, one of time.
    assert len(troubled.jobs) == len(done) + 3
    assert troubled.of("drugcell_1")[-1].restarts == 1


def test_a_job_whose_end_nobody_was_told_runs_again(troubled: Troubled) -> None:
    """So it goes to what ended more than an hour before the controller came back."""
    assert troubled.of("drugcell_0")[-1].restarts == 2


@pytest.mark.usefixtures("started")
def test_a_killed_snakemake_starts_again(lab: Lab, finished: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Its jobs run on without it; they are found and cancelled, and what was finished is not done again."""
    folder = slow_training(finished, tmp_path_factory.mktemp("killed") / "druggene", seconds=15)

    def begun() -> list[str]:
        return [name for name in TRAININGS if (log := log_of(folder, name)).exists() and log.read_text()]

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
    refused = subprocess.run(cancel, cwd=folder, capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    assert "snakemake --unlock" in refused.stderr
    succeed(folder, *PROFILES, "--configfile", TINY, "--unlock")
    said = subprocess.run(cancel, cwd=folder, capture_output=True, text=True, check=True).stdout
    assert {int(line.removeprefix("cancelled: ")) for line in said.splitlines()} == orphans

    with Submission(folder) as run:
        run.succeed()
    assert differing(folder, finished) == []
    jobs = lab.jobs(folder)
    assert {job.state for job in jobs if job.number in orphans} == {"CANCELLED"}
    done = Counter(job.comment for job in jobs if job.state == "COMPLETED")
    assert {done[job.comment] for job in finished_before} == {1}
    assert set(done.values()) == {1}
