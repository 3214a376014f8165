"""What runs again after a change, and what does not."""

import os
import time
from pathlib import Path

import pytest

from tests.workflow.running import TINY, plan, succeed

PACKAGE = Path("workflow/scripts/druggene")
AFTER_PREDICTION = {"evaluate_models": 1, "plot_metrics": 1, "plot_figure4": 1, "describe_run": 1, "all": 1}
AFTER_TRAINING = {"train_model": 4} | AFTER_PREDICTION
# Snakemake runs a script's jobs again when the script itself, not a module, is newer than the output.
BY_CONTENT = ("--rerun-triggers", "mtime", "params", "input", "software-env")


def append(path: Path, text: str) -> None:
    """Add to a file, which is then newer than everything that was made from it."""
    with path.open("a") as file:
        file.write(text)
    os.utime(path, (time.time() + 5, time.time() + 5))


def test_a_second_run_has_nothing_to_do(own: Path) -> None:
    run = succeed(own, "--cores", "2", "--configfile", TINY)
    assert "Nothing to be done" in run.text
    assert not run.files("output")


def test_touched_and_commented_modules_change_nothing(own: Path) -> None:
    modules = sorted((own / PACKAGE).rglob("*.py"))
    assert len(modules) > 20
    for module in modules:
        append(module, "\n# Why this is so.\n")
    assert plan(own).jobs == {}


def test_touched_and_commented_scripts_change_nothing_by_content(own: Path) -> None:
    scripts = sorted((own / "workflow/scripts").glob("*.py"))
    assert len(scripts) > 10
    for script in scripts:
        append(script, "\n# Why this is so.\n")
    assert plan(own, options=BY_CONTENT).jobs == {}


def test_a_statement_in_a_script_reruns_its_rule_by_content(own: Path) -> None:
    append(own / "workflow/scripts/evaluate_models.py", "\nADDED = 1\n")
    assert plan(own, options=BY_CONTENT).jobs == AFTER_PREDICTION


@pytest.mark.parametrize(
    ("module", "jobs"),
    [
        ("plotting/metrics.py", {"plot_metrics": 1, "all": 1}),
        ("plotting/performance.py", {"plot_figure4": 1, "all": 1}),
        ("rivals/naive.py", {"predict_naive": 1} | AFTER_PREDICTION),
        ("rivals/components.py", {"train_rival": 2} | AFTER_PREDICTION),
        ("rivals/models/boosted_trees.py", {"train_rival": 2} | AFTER_PREDICTION),
        ("rivals/models/random_forest.py", {}),  # a rival that this run does without
        ("training.py", AFTER_TRAINING),
    ],
)
def test_changed_code_reruns_what_uses_it(own: Path, module: str, jobs: dict[str, int]) -> None:
    append(own / PACKAGE / module, "\nADDED = 1\n")
    assert plan(own).jobs == jobs


@pytest.mark.parametrize(
    ("setting", "jobs"),
    [
        ("training: {learning_rate: 0.03}", AFTER_TRAINING),
        ("models: {druggene: {label: Renamed}}", AFTER_PREDICTION),
        ("evaluation: {min_pairs_per_drug: 5}", AFTER_PREDICTION),
        ("models: {druggene: {omics: [mutation, expression]}}", AFTER_TRAINING | {"train_model": 2}),
        ("ontology: {max_layers: 3}", AFTER_TRAINING | {"build_hierarchy": 2, "tabulate_data": 1}),
    ],
    ids=["training", "label", "evaluation", "one model's omics", "hierarchy"],
)
def test_changed_settings_rerun_what_reads_them(own: Path, setting: str, jobs: dict[str, int]) -> None:
    (own / "changed.yaml").write_text(setting)
    assert plan(own, configs=(TINY, "changed.yaml")).jobs == jobs


def test_a_lost_output_is_made_again_with_what_follows(own: Path) -> None:
    (own / "results/tiny/models/random_pairs/drugcell/fold_1.pt").unlink()
    assert plan(own).jobs == AFTER_TRAINING | {"train_model": 1}


def test_another_run_name_starts_afresh(own: Path) -> None:
    run = plan(own, options=("--config", "run=other"))
    assert run.jobs["train_model"] == 4
    assert all(name.startswith("results/other/") for _, files in run.files("output") for name in files.split(", "))
