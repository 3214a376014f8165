"""Every row of cases.csv: one good set of inputs, one thing wrong with it, and how the job ends.

A row names the job, the file, its damage (in the words of damage.py), a part of the message, and the exit code. With
code 0 the job gets over it: without a message, its outputs are those of the good inputs; else it leaves something out
and says so in a warning or in its tables. In the rows of the job `config`, the damage is a file laid on top of the
default configuration; those of the job `snakemake` are run as a user would, by tests/workflow/test_bad_inputs.py.
"""

import contextlib
import csv
import resource
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
import yaml

from druggene import gene_ontology
from druggene.config import complete_config
from tests.bad_inputs.damage import apply
from tests.bad_inputs.jobs import JOBS
from tests.bad_inputs.running import Job, end_of
from tests.unit.test_config import ROOT, SCHEMA, merged

COLUMNS = ["id", "what is wrong", "job", "file", "damage", "message", "exit code"]
with Path(__file__).with_name("cases.csv").open(newline="", encoding="utf-8") as handle:
    CASES = list(csv.DictReader(handle))
IN_PROCESS = [case for case in CASES if case["job"] in JOBS]
CONFIG = [case for case in CASES if case["job"] == "config"]
OLD = b"what was there before"


@contextlib.contextmanager
def full_disk(job: Job) -> Iterator[None]:
    """Let no file grow beyond some bytes: the system refuses to write more, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextlib.contextmanager
def file_for_folder(job: Job) -> Iterator[None]:
    """Put a file where the folder of the outputs should be."""
    aside = job.output.with_name("aside")
    job.output.rename(aside)
    job.output.touch()
    try:
        yield
    finally:
        job.output.unlink()
        aside.rename(job.output)


SURROUNDINGS = {"full disk": full_disk, "a file stands in its place": file_for_folder}


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def tables(job: Job) -> dict[str, object]:
    """Return what a job has written, free of the names of its inputs."""
    found: dict[str, object] = {}
    for path in sorted(job.output.iterdir()):
        if path.suffix == ".parquet":
            found[path.name] = pd.read_parquet(path).to_dict("list")
        else:
            found[path.name] = path.read_text()
    return found


def test_the_table_is_whole() -> None:
    assert list(CASES[0]) == COLUMNS
    ids = [case["id"] for case in CASES]
    assert len(set(ids)) == len(ids) >= 60
    for case in CASES:
        assert case["job"] in {*JOBS, "config", "snakemake"}
        assert case["exit code"] in ("0", "1")
        assert case["message"] or case["exit code"] == "0", f"{case['id']}: says nothing"


@pytest.mark.parametrize("case", IN_PROCESS, ids=lambda case: case["id"])
def test_bad_input_ends_as_the_table_says(
    case: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gene_ontology, "MOST_UNPACKED_BYTES", 1 << 20)
    folder = tmp_path / "bad"
    folder.mkdir()
    job = JOBS[case["job"]](folder)
    path = folder / case["file"]
    around = SURROUNDINGS.get(case["damage"], contextlib.nullcontext)
    if case["damage"] not in SURROUNDINGS:
        apply(case["damage"], path)
    inputs = {other for other in tmp_path.rglob("*") if other.is_file()}
    if case["exit code"] == "1":
        (job.output / "old.parquet").write_bytes(OLD)
    with around(job):
        ending = end_of(job)
    assert ending.code == int(case["exit code"]), ending.message
    new = {other for other in tmp_path.rglob("*") if other.is_file()} - inputs
    if ending.code:
        assert case["message"] in ending.message
        made_here = path.suffix == ".parquet" or case["damage"] in SURROUNDINGS
        of_all_files = "no response is left" in ending.message
        assert made_here or of_all_files or case["file"] in ending.message, "the message does not name the file"
        assert "Traceback" not in ending.message
        assert contents(job.output) == {"old.parquet": OLD}
        assert {other.name for other in new} <= {"job.log", "old.parquet"}
    else:
        if case["message"]:
            assert case["message"] in str([ending.warnings, tables(job)])
            return
        good = tmp_path / "good"
        good.mkdir()
        reference = JOBS[case["job"]](good)
        assert end_of(reference).code == 0
        assert str(tables(job)) == str(tables(reference))
        assert {other.parent for other in new} <= {job.output, folder}


@pytest.mark.parametrize("case", CONFIG, ids=lambda case: case["id"])
def test_bad_configuration_ends_as_the_table_says(case: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="the configuration cannot be used") as raised:
        complete_config(merged(yaml.safe_load(case["damage"])), SCHEMA, ROOT)
    assert case["message"] in str(raised.value)


@pytest.mark.parametrize("name", sorted(set(JOBS) - {"published_weights"}))
def test_the_good_inputs_are_good(name: str, tmp_path: Path) -> None:
    job = JOBS[name](tmp_path)
    ending = end_of(job)
    assert ending.code == 0, ending.message
    assert list(job.output.iterdir()) or name == "data_versions"
