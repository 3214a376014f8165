"""Stages and files as targets, and the ways into the workflow."""

import textwrap
from pathlib import Path

import pandas as pd
import pytest

from tests.workflow.running import TINY, Run, plan, succeed

DATA = {
    "extract_annotations": 1,
    "simulate_cohort": 1,
    "tidy_portals": 1,
    "compute_drug_features": 1,
    "assign_folds": 1,
    "select_genes": 2,
    "build_hierarchy": 2,
    "encode_genotype": 2,
}
MODELS = DATA | {"train_model": 4}
COMPARED = MODELS | {"predict_naive": 1, "train_rival": 2, "evaluate_models": 1}
TABLES = COMPARED | {"tabulate_data": 1}
METRICS = COMPARED | {"plot_metrics": 1}
FIGURES = METRICS | {"plot_figure4": 1}
ABLATIONS = DATA | {
    "encode_genotype_of_model": 10,  # binary mutations: five seeds on two folds
    "build_control_hierarchy": 30,  # genes permuted, edges permuted, dense
    "train_model": 150,  # the base and fourteen variants
    "predict_naive": 1,
    "tabulate_ablations": 1,
    "plot_ablations": 1,
}
DESCRIBED = FIGURES | {"tabulate_data": 1, "describe_run": 1}
ALL = DESCRIBED | {"all": 1}
NAIVE_FILE = "results/tiny/predictions/random_pairs/naive.parquet"
NAIVE = {"extract_annotations", "simulate_cohort", "tidy_portals", "assign_folds", "predict_naive"}


@pytest.mark.parametrize(
    ("target", "jobs"),
    [
        ("data", DATA | {"data": 1}),
        ("models", MODELS | {"models": 1}),
        ("tables", TABLES | {"tables": 1}),
        ("figures", FIGURES | {"figures": 1}),
        ("results/tiny/figures/random_pairs/metrics.png", METRICS),
        ("report", DESCRIBED | {"make_report": 1, "report": 1}),
        ("publish", DESCRIBED | {"publish_run": 1, "publish": 1}),
        ("ablations", ABLATIONS | {"ablations": 1}),
        (NAIVE_FILE, dict.fromkeys(NAIVE, 1)),
    ],
)
def test_a_target_takes_the_jobs_it_needs(pristine: Path, target: str, jobs: dict[str, int]) -> None:
    assert plan(pristine, target).jobs == jobs


@pytest.fixture(scope="module")
def whole_plan(pristine: Path) -> Run:
    run = plan(pristine)
    assert run.jobs == ALL
    return run


def test_both_snakefiles_plan_the_same(pristine: Path, whole_plan: Run) -> None:
    assert plan(pristine, options=("-s", "workflow/Snakefile")).files("output") == whole_plan.files("output")


OWN_RULE = """
rule mine:
    input:
        "results/tiny/figures/random_pairs/metrics.png",
"""


def import_workflow(folder: Path, pristine: Path, use: str, before: str = "") -> None:
    """Make a workflow in ``folder`` that imports this one; what this one ships is found where it lies."""
    folder.mkdir()
    (folder / "tests").symlink_to(pristine / "tests")
    text = f"""
    configfile: "{pristine}/config/config.yaml"

    {textwrap.indent(before, "    ").lstrip()}
    module druggene:
        snakefile: "{pristine}/workflow/Snakefile"
        config: config

    {use}
    """
    (folder / "Snakefile").write_text(textwrap.dedent(text))


def test_a_module_plans_the_same(pristine: Path, whole_plan: Run, tmp_path: Path) -> None:
    import_workflow(tmp_path / "importing", pristine, "use rule * from druggene")
    assert plan(tmp_path / "importing").files("output") == whole_plan.files("output")


def test_a_module_with_a_prefix_plans_the_same(pristine: Path, whole_plan: Run, tmp_path: Path) -> None:
    import_workflow(tmp_path / "importing", pristine, "use rule * from druggene as imported_*")
    assert plan(tmp_path / "importing").files("output") == {
        (f"imported_{rule}", files) for rule, files in whole_plan.files("output")
    }


def test_a_module_leaves_the_default_target_of_the_importing_workflow(pristine: Path, tmp_path: Path) -> None:
    use = "use rule * from druggene as imported_*"
    import_workflow(tmp_path / "importing", pristine, use, before=OWN_RULE)
    assert plan(tmp_path / "importing").jobs == {f"imported_{rule}": n for rule, n in METRICS.items()} | {"mine": 1}


def test_some_rules_of_a_module_can_be_taken(pristine: Path, tmp_path: Path) -> None:
    use = f"use rule {', '.join(sorted(NAIVE))} from druggene"
    import_workflow(tmp_path / "importing", pristine, use)
    assert plan(tmp_path / "importing", NAIVE_FILE).rules == NAIVE


def test_a_module_runs(pristine: Path, finished: Path, tmp_path: Path) -> None:
    """Under other names and from another folder, it brings the same from the first file on."""
    importing = tmp_path / "importing"
    import_workflow(importing, pristine, "use rule * from druggene as imported_*")
    run = succeed(importing, "--cores", "2", "--configfile", TINY, "--", NAIVE_FILE)
    assert run.jobs == {f"imported_{rule}": 1 for rule in NAIVE}
    for name in (NAIVE_FILE, "results/tiny/data/responses.parquet", "results/tiny/data/random_pairs/folds.parquet"):
        assert pd.read_parquet(importing / name).equals(pd.read_parquet(finished / name))
    assert not (pristine / "results").exists()


def test_another_working_directory_plans_the_same(pristine: Path, whole_plan: Run, tmp_path: Path) -> None:
    (tmp_path / "tests").symlink_to(pristine / "tests")
    run = plan(tmp_path, options=("-s", str(pristine / "Snakefile")))
    assert run.files("output") == whole_plan.files("output")


def test_lint_is_clean(pristine: Path) -> None:
    assert "Congratulations" in succeed(pristine, "--lint").text
