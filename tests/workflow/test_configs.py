"""Shipped configurations plan what they say; mistakes end before any job."""

import copy
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.workflow.running import TINY, copy_tree, snakemake, succeed

MISTAKES = {
    "unknown key": ("trainning={}", "trainning: unknown key; did you mean training?"),
    "wrong type": ("training={epochs: many}", "training.epochs: 'many' is not of type 'integer'"),
    "missing file": ("ontology={obo: gone.obo}", "ontology.obo: file gone.obo does not exist"),
    "unknown rival": (
        "rivals={names: [laso]}",
        "rivals.names.0: 'laso' is not one of elastic_net, lasso, random_forest",
    ),
    "impossible combination": ("splits={protocols: [published]}", "splits.protocols: published needs input: release"),
    "wrong name of a model": ("models={My-Model: {label: Mine, omics: [mutation]}}", "'My-Model' does not match"),
}


@pytest.mark.parametrize(("setting", "message"), MISTAKES.values(), ids=list(MISTAKES))
def test_a_mistake_ends_before_any_job(pristine: Path, tmp_path: Path, setting: str, message: str) -> None:
    folder = copy_tree(pristine, tmp_path / "druggene")
    run = snakemake(folder, "--cores", "2", "--configfile", TINY, "--config", setting)
    assert run.returncode != 0
    problems = re.search(r"the configuration cannot be used:\n((?:  (?!File).+\n)+)", run.text)
    assert problems is not None, run.text
    assert problems[1].count("\n") == 1
    assert message in problems[1]
    assert "Traceback" not in run.text
    assert "config.py" not in run.text  # nor the lines of the package that found it
    assert "Job stats" not in run.text
    assert not (folder / "results").exists()


def test_a_mistake_leaves_finished_results_alone(own: Path) -> None:
    def state() -> dict[Path, int]:
        return {path: path.stat().st_mtime_ns for path in (own / "results").rglob("*")}

    before = state()
    assert snakemake(own, "--cores", "2", "--configfile", TINY, "--config", "training={epochs: 0}").returncode != 0
    assert state() == before


def load(repository: Path, *names: str) -> dict[str, Any]:
    """Lay configurations over the default."""

    def lay(base: dict[str, Any], top: dict[str, Any]) -> dict[str, Any]:
        for key, value in top.items():
            both = isinstance(value, dict) and isinstance(base.get(key), dict)
            base[key] = lay(base[key], value) if both else copy.deepcopy(value)
        return base

    config: dict[str, Any] = {}
    for name in ("config.yaml", *names):
        lay(config, yaml.safe_load((repository / "config" / name).read_text()))
    return config


def check_plan(repository: Path, names: tuple[str, ...], special: dict[str, int], **variables: str) -> None:
    """Require the jobs that the configuration's protocols, folds and models call for."""
    config = load(repository, *names)
    protocols = config["splits"]["protocols"]
    folds = sum(1 if protocol == "published" else config["splits"]["folds"] for protocol in protocols)
    expected = {
        **special,
        "compute_drug_features": 1,
        **dict.fromkeys(
            ["assign_folds", "predict_naive", "evaluate_models", "plot_metrics", "plot_figure4"], len(protocols)
        ),
        **dict.fromkeys(["select_genes", "build_hierarchy", "encode_genotype"], folds),
        "train_model": folds * sum(model is not None for model in config["models"].values()),
        "train_rival": folds * len(config["rivals"]["names"]),
        "tabulate_data": 1,
        "describe_run": 1,
        "all": 1,
    }
    if config["input"] == "release":
        expected["compare_with_paper"] = len(protocols)
    on_top = ("--configfile", *(f"config/{name}" for name in names)) if names else ()
    run = succeed(repository, "--dry-run", "--cores", "2", *on_top, variables=variables)
    assert run.jobs == expected
    assert all(
        name.startswith((f"results/{config['run']}/", "resources/retrieved/"))
        for _, files in run.files("output")
        for name in files.split(", ")
    )


WHEEL = {"retrieve_wheel": 1, "tidy_gdsc_wheel": 1, "extract_annotations": 1}
SIMULATED = {"extract_annotations": 1, "simulate_cohort": 1, "tidy_portals": 1}
SHIPPED = {
    (): WHEEL,
    ("gdsc.yaml",): WHEEL,
    ("gdsc.yaml", "plus.yaml"): WHEEL | {"encode_genotype_of_model": 40, "build_control_hierarchy": 20},
    ("simulated.yaml",): SIMULATED,
    ("simulated.yaml", "recovery.yaml"): SIMULATED | {"build_control_hierarchy": 2},
    ("druggene.yaml",): {"retrieve_file": 10, "tidy_release": 1},
    ("druggene.yaml", "plus_released.yaml"): {
        "retrieve_file": 10,
        "tidy_release": 1,
        "encode_genotype_of_model": 22,
        "build_control_hierarchy": 11,
    },
    ("portals.yaml",): {
        "retrieve_file": 11,
        "look_up_structures": 1,
        "tidy_portals": 1,
        "extract_annotations": 1,
    },
}


@pytest.mark.parametrize("names", SHIPPED, ids=lambda names: "+".join(names) or "config.yaml")
def test_shipped_configs_plan_their_models(pristine: Path, names: tuple[str, ...]) -> None:
    check_plan(pristine, names, SHIPPED[names])


def test_every_shipped_config_is_tried(pristine: Path) -> None:
    tried = {"config.yaml", "druggene_omics.yaml", "nest.yaml"}.union(*SHIPPED)
    assert {path.name for path in (pristine / "config").glob("*.yaml")} == tried


def test_real_omics_take_the_place_of_the_published_matrices(pristine: Path, shared_data: Path) -> None:
    special = {"retrieve_file": 7, "tidy_release": 1}
    check_plan(pristine, ("druggene.yaml", "druggene_omics.yaml"), special, DRUGGENE_DATA=str(shared_data))


def test_the_variable_that_real_omics_need_is_asked_for(pristine: Path) -> None:
    configs = ("config/druggene.yaml", "config/druggene_omics.yaml")
    run = snakemake(pristine, "--dry-run", "--cores", "2", "--configfile", *configs)
    assert run.returncode != 0
    assert "release.folder: $DRUGGENE_DATA/druggene_release is not a folder (an environment variable" in run.text
    assert "Traceback" not in run.text
