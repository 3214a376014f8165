"""The pages' commands can be run, their files be read, and their list of artifacts is that of a run."""

import ast
import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
import yaml

from druggene.constants import OMICS
from druggene.rivals.data import Features, Rows
from druggene.rivals.registry import with_added_rivals
from tests.workflow.documented import Command, blocks, commands, named_files, plan_all, undocumented
from tests.workflow.running import ROOT, TINY, copy_tree, snakemake, succeed

ONLY_PARSED = {"--help", "--lint", "--report", "--touch", "--unlock"}
"""Options of Snakemake that plan nothing."""
NEAREST = "workflow/scripts/druggene/rivals/models/nearest.py"
"""The rival that docs/howto/add_rival.md has the reader write."""
SCHEMA = yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text())


@pytest.fixture(scope="module")
def variables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Folders where the pages suppose that the reader's data lie, with empty files."""
    home = tmp_path_factory.mktemp("home")
    omics = [f"data/omics/{omic}.parquet" for omic in OMICS]
    nest = ("gene2ind", "cell2ind", "cell2mutation", "cell2cnamplification", "cell2cndeletion", "ontology")
    folder = [f"data/nest/{part}.txt" for part in (*nest, "training_data", "test_data")]
    release = ("data/druggene_release/drug.txt", "data/drugcell_release/compound_names.txt")
    for name in (*release, *omics, *folder):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).touch()
    return {
        "HOME": str(home),
        "DRUGGENE_DATA": str(home / "data"),
        "PATH": os.environ["PATH"],
        "models": "results/gdsc2_part/models/random_pairs/druggene",
    }


@pytest.fixture(scope="module")
def told(variables: dict[str, str]) -> list[Command]:
    found = commands(variables)
    assert {command.program for command in found} >= {"snakemake", "make", "python"}
    return found


def of(told: list[Command], program: str) -> Iterator[Command]:
    return (command for command in told if command.program == program)


def as_plan(*arguments: str) -> tuple[str, ...]:
    """Return the arguments of a dry run, whatever the number of cores."""
    text = re.sub(r"--cores\0\d+\0|--dry-run\0", "", "".join(f"{argument}\0" for argument in arguments))
    return ("--dry-run", "--cores", "2", *text.split("\0")[:-1])


def test_every_call_of_snakemake_can_be_planned(
    pristine: Path, told: list[Command], variables: dict[str, str], tmp_path: Path
) -> None:
    folder = copy_tree(pristine, tmp_path / "druggene")
    mine = tmp_path / "mine"
    for own in (mine, folder / "two_screens"):
        own.mkdir()
        for table in ("responses", "drugs", *OMICS):
            (own / f"{table}.csv").touch()
    # New cell lines and drugs, and what predicts them.
    new = ["my_drugs.csv", "new_drugs.csv", *(f"my_lines/{omic}.csv" for omic in OMICS)]
    finished = [
        *(f"data/{omic}.parquet" for omic in OMICS),
        *(f"models/random_pairs/druggene/fold_{k}.pt" for k in (1, 2)),
    ]
    for name in (*new, *(f"results/gdsc2_part/{name}" for name in finished)):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    for name, text in named_files().items():
        path = Path(name.replace("~", variables["HOME"], 1)) if name.startswith("~") else folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("/where/my/tables/lie", str(mine)))
    calls: dict[tuple[str, ...], str] = {}
    for command in of(told, "snakemake"):
        if not ONLY_PARSED & set(command.arguments):
            calls.setdefault(as_plan(*command.arguments), f"{command.page}: {command.text}")
    for command in of(told, "make"):
        options = dict(word.split("=", 1) for word in command.arguments if "=" in word)
        if "results" in command.arguments and "CONFIG" in options:
            calls.setdefault(as_plan("--configfile", options["CONFIG"]), command.text)
    for command in of(told, "python"):
        for path in re.findall(r"results/gdsc2_part/[\w./]+\.\w+", " ".join(command.arguments)):
            calls.setdefault(as_plan(path), f"{command.page}: {path}")
    assert len(calls) > 20
    outcomes = plan_all(folder, [list(call) for call in calls], variables)
    failed = []
    for (went, said), call, where in zip(outcomes, calls, calls.values(), strict=True):
        if "/where/they/lie" in " ".join(call):
            assert "/where/they/lie is not a folder" in said, f"{where}\n{said}"
        elif not went:
            failed.append(f"{where}\n{said}")
    assert not failed, "\n".join(failed)


def test_every_call_of_make_names_a_target(told: list[Command]) -> None:
    for command in of(told, "make"):
        done = subprocess.run(["make", "-n", *command.arguments], cwd=ROOT, capture_output=True, text=True)
        assert not done.returncode, f"{command.page}: {command.text}\n{done.stderr}"


def test_every_program_has_the_options_that_it_is_given(told: list[Command]) -> None:
    package = {path: strings(path) for path in (ROOT / "workflow/scripts/druggene").rglob("*.py")}
    programs = set().union(*(found for found in package.values() if "__main__" in found))
    for command in of(told, "python"):
        if command.arguments[0] == "-c":
            ast.parse(command.arguments[1])
            continue
        assert command.arguments[0] == "-m", command.text
        module = importlib.util.find_spec(command.arguments[1])
        assert module is not None, f"{command.page}: no module {command.arguments[1]}"
        check_options(command, strings(Path(str(module.origin))))
    for command in of(told, "druggene"):
        assert command.arguments[0] in programs, f"{command.page}: {command.text}: no command {command.arguments[0]}"
        check_options(command, programs)


def strings(path: Path) -> set[str]:
    """Return the literal texts of a module, among which are the options of its parser."""
    nodes = ast.walk(ast.parse(path.read_text()))
    return {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def check_options(command: Command, known: set[str]) -> None:
    options = {word.partition("=")[0] for word in command.arguments if word.startswith("--")}
    assert options <= known, f"{command.page}: {command.text}: unknown {sorted(options - known)}"


def test_files_that_commands_name_are_there(told: list[Command]) -> None:
    for command in told:
        if command.program.startswith("slurm/"):
            assert (ROOT / command.program).is_file(), command.text
        if command.program == "pip":
            files = [word for word in command.arguments if word.endswith(".txt")]
            assert files or command.arguments in (("install", "."), ("install", ".[drevalpy]")), command.text
            assert all((ROOT / name).is_file() for name in files), command.text


def test_configurations_of_the_pages_are_valid(tmp_path: Path) -> None:
    (tmp_path / "nearest.py").write_text(named_files()[NEAREST])
    schema = with_added_rivals(SCHEMA, tmp_path)
    tried = 0
    for block in blocks():
        if block.language != "yaml":
            continue
        config: Any = yaml.safe_load(block.text)
        if set(config) <= set(SCHEMA["properties"]):
            whole = yaml.safe_load((ROOT / "config/config.yaml").read_text())
            lay(whole, config)
            problems = list(jsonschema.Draft202012Validator(schema).iter_errors(whole))
            assert not problems, f"{block.page}: {problems[0].message}"
            tried += 1
    assert tried >= 5


def lay(base: dict[str, Any], top: dict[str, Any]) -> None:
    """Lay a configuration over another, as Snakemake does."""
    for key, value in top.items():
        if isinstance(value, dict) and isinstance(base.get(key), dict):
            lay(base[key], value)
        else:
            base[key] = value


def test_keys_among_the_decisions_exist() -> None:
    text = (ROOT / "docs/explanation/decisions.md").read_text()
    keys = set(re.findall(r"`([a-z_]+\.[a-z_.]+)`", text)) - {"config/druggene.yaml"}
    assert len(keys) > 30
    for key in keys:
        part: Any = SCHEMA
        for step in key.split("."):
            assert step in part.get("properties", {}), f"decisions.md: no key {key}"
            part = part["properties"][step]


def test_the_rival_of_the_guide_learns() -> None:
    """The module that docs/howto/add_rival.md has the reader write, on pairs with a planted interplay."""
    names: dict[str, Any] = {"__name__": "nearest"}
    exec(compile(named_files()[NEAREST], NEAREST, "exec"), names)
    rng = np.random.default_rng(0)
    features = Features({"expression": rng.normal(size=(60, 3))}, rng.normal(size=(25, 2)))
    line, drug = rng.integers(0, 60, 2000), rng.integers(0, 25, 2000)
    rows = Rows(line, drug, features.omics["expression"][line, 0] * features.drugs[drug, 0], np.arange(2000))
    part = np.arange(2000) % 5
    rival = names["Rival"]([1, 5, 500], 3)
    chosen = rival.choose(features, rows[part > 1], rows[part == 1], 1)
    assert chosen["neighbours"] == 5
    predict = rival.fit(features, rows[part > 0], chosen, 1)
    test = rows[part == 0]
    assert np.corrcoef(predict(test.cell_line, test.drug), test.auc)[0, 1] > 0.8


def test_a_rival_is_one_module_and_one_entry_of_the_configuration(pristine: Path, tmp_path: Path) -> None:
    """The module of docs/howto/add_rival.md, in a copy of the repository, is planned, tested, and checked."""
    folder = copy_tree(pristine, tmp_path / "druggene")
    for name in (NEAREST, "nearest.yaml"):
        (folder / name).write_text(named_files()[name])
    configs = ("--configfile", TINY, "nearest.yaml", "--config", "rivals={names: [boosted_trees, nearest]}")
    run = succeed(folder, "--dry-run", "--cores", "2", *configs)
    assert run.jobs["train_rival"] == 2 * 2
    made = {name for rule, name in run.files("output") if rule == "train_rival"}
    assert "results/tiny/predictions/random_pairs/nearest/fold_1.parquet" in made
    # The tests of every rival try it: on one fold, for leaks, and for its imports.
    files = ("unit/rivals/test_rival_fold.py", "property/test_leaks.py", "unit/test_architecture.py")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", *(f"tests/{file}" for file in files)]
    tried = subprocess.run([*command, "-k", "nearest"], cwd=folder, capture_output=True, text=True)
    assert tried.returncode == 0, tried.stdout
    assert int(re.findall(r"^(\d+) passed", tried.stdout, re.MULTILINE)[0]) > 6
    (folder / "bad.yaml").write_text("rivals: { names: [nearest], nearest: { neighbors: [5] } }")
    refused = snakemake(folder, "--cores", "2", "--configfile", TINY, "bad.yaml")
    assert refused.returncode != 0
    assert "rivals.nearest.neighbors: unknown key; did you mean neighbours?" in refused.text
    assert "Traceback" not in refused.text
    assert "Job stats" not in refused.text


def test_artifacts_of_a_run_are_listed(finished: Path) -> None:
    assert not undocumented(finished / "results" / "tiny")
