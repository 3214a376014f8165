"""The simulated configuration from its first job to its last figure, every job through sbatch."""

from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from benchmarks.cluster import submit
from tests.workflow.cluster.conftest import PROFILES, Submission, differing
from tests.workflow.cluster.lab import Job, Lab
from tests.workflow.running import TINY, Run, copy_tree, snakemake

FOLDS = "rule_fold_build_hierarchy_encode_genotype_select_genes"


@pytest.fixture(scope="module")
def submitted(started: Submission) -> tuple[Path, Run]:
    return started.folder, Run(0, started.succeed())


@pytest.fixture(scope="module")
def jobs(lab: Lab, submitted: tuple[Path, Run]) -> list[Job]:
    return lab.jobs(submitted[0])


def trainings(jobs: list[Job]) -> list[Job]:
    return [job for job in jobs if job.comment.startswith("rule_train_model_wildcards_random_pairs_")]


def test_all_artifacts_are_those_of_a_local_run(submitted: tuple[Path, Run], finished: Path) -> None:
    assert differing(submitted[0], finished) == []


def test_short_jobs_go_together(submitted: tuple[Path, Run], jobs: list[Job]) -> None:
    """All jobs of a group's rules are a single one of Slurm, here both folds' three rules; the others are their own."""
    folder, run = submitted
    groups = yaml.safe_load((folder / "slurm/config.yaml").read_text())["groups"]
    grouped = sum(run.jobs[rule] for rule in groups)
    used = {groups[rule] for rule in groups if run.jobs[rule]}
    assert len(jobs) == run.jobs.total() - 2 - grouped + len(used)
    comments = Counter(job.comment for job in jobs)
    assert comments[FOLDS] == comments["rule_cohort_extract_annotations_simulate_cohort_tidy_portals"] == 1
    assert len(trainings(jobs)) == 4
    assert {job.state for job in jobs} == {"COMPLETED"}


def test_jobs_carry_their_resources(jobs: list[Job]) -> None:
    by_name = {job.comment: job for job in jobs}
    for job in trainings(jobs):
        assert (job.partition, job.node, job.gpus, job.cpus) == ("gpu", "gpu", 1, 1)
        # 1,500 MB and 30 minutes, and 100 MB and 10 minutes for every MB of inputs, of which there are some 0.3.
        assert 1501 <= job.memory <= 1600
        assert "00:31:00" <= job.limit <= "00:40:00"
    for job in (job for job in jobs if job not in trainings(jobs)):
        assert (job.partition, job.node, job.gpus) == ("cpu", "cpu", 0)
    # Two folds side by side, each building its hierarchy and encoding its genotype at once; one level after the other.
    group = by_name[FOLDS]
    assert (group.cpus, group.limit) == (4, "00:20:00")
    assert group.memory > 4 * 1500
    assert by_name["rule_compute_drug_features"].limit == "00:10:00"


def test_folds_run_side_by_side(jobs: list[Job]) -> None:
    in_order = sorted(trainings(jobs), key=lambda job: job.start)
    assert any(later.start < earlier.end for earlier, later in pairwise(in_order))


def test_a_name_that_a_shell_would_carry_out_is_refused(lab: Lab, pristine: Path, tmp_path: Path) -> None:
    folder = copy_tree(pristine, tmp_path / "$(touch pwned)" / "druggene")
    run = snakemake(folder, *PROFILES, "--configfile", TINY, "--", "results/tiny/data/ontology/terms.parquet")
    assert run.returncode != 0
    assert "on Slurm, a shell would carry out or change" in run.text
    assert lab.jobs(folder) == []
    assert not list(tmp_path.rglob("pwned"))


def test_a_flood_of_jobs_is_measured(lab: Lab) -> None:
    flood = submit(lab, 5)
    assert 0 < flood.submitted < flood.ended
    assert flood.controller_mb > 1
    assert min(flood.controller_log, flood.node_logs) > 100
    assert flood.table().splitlines()[2].startswith("| 5 | ")
    with pytest.raises(ValueError, match="MaxJobCount=20000"):
        submit(lab, 20_000)
