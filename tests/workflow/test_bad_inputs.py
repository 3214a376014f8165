"""The rows of tests/bad_inputs/cases.csv that are run as a user would: message and exit code, before long work."""

import csv
import shutil
from pathlib import Path

import pytest
import yaml

from tests.bad_inputs.damage import apply
from tests.bad_inputs.jobs import extract_annotations
from tests.bad_inputs.source_jobs import tidy_own
from tests.workflow.running import ROOT, copy_tree, snakemake

with (ROOT / "tests/bad_inputs/cases.csv").open(newline="", encoding="utf-8") as handle:
    CASES = [case for case in csv.DictReader(handle) if case["job"] == "snakemake"]
TARGETS = ("results/bad/data/responses.parquet", "results/bad/data/ontology/terms.parquet")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_snakemake_ends_as_the_table_says(case: dict[str, str], pristine: Path, tmp_path: Path) -> None:
    folder = copy_tree(pristine, tmp_path / "druggene")
    tables, ontology = folder / "own tables", folder / "go"
    for made, job in ((tables, tidy_own), (ontology, extract_annotations)):
        made.mkdir()
        job(made)
    for omic in ("mutation", "copy_number"):  # which the default models ask for
        shutil.copy(tables / "expression.csv", tables / f"{omic}.csv")
    apply(case["damage"], next(path for path in (tables / case["file"], ontology / case["file"]) if path.exists()))
    (folder / "bad.yaml").write_text(
        yaml.safe_dump(
            {
                "run": "bad",
                "input": "own",
                "own": {"folder": "own tables"},
                "ontology": {"obo": "go/go.obo", "gaf": "go/genes.gaf"},
            }
        )
    )
    run = snakemake(folder, "--cores", "1", "--configfile", "bad.yaml", "--", *TARGETS)
    assert run.returncode == int(case["exit code"])
    assert case["message"] in run.text
    made_of_it = TARGETS[case["file"] == "go.obo"]
    assert not (folder / made_of_it).exists()
    assert not list(folder.glob("results/bad/**/.*partial*"))
