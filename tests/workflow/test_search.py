"""The search of hyper-parameters: what it plans, what training takes from it, and that cores change nothing."""

import re
from pathlib import Path

import pandas as pd

from druggene.checkpoint import Checkpoint
from tests.workflow.running import TINY, copy_tree, plan, succeed
from tests.workflow.test_targets import DATA

GRID = "search: {enabled: true, scope: SCOPE, learning_rate: [0.05, 0.001], lambda: [0], folds: 2, epochs: 1}\n"
TABLE = "results/tiny/tables/random_pairs/search.csv"


def overlay(folder: Path, scope: str = "fold") -> str:
    """Write a small grid on top of the tiny configuration; return the file's path."""
    path = folder / "search.yaml"
    path.write_text(GRID.replace("SCOPE", scope))
    return str(path)


def test_the_stage_runs_the_whole_grid_whether_or_not_training_takes_its_choice(pristine: Path) -> None:
    jobs = {"assign_inner_folds": 2, "run_trials": 64, "choose_options": 4, "tabulate_search": 1, "search": 1}
    assert plan(pristine, "search").jobs == DATA | jobs


def test_every_fold_is_trained_with_its_own_choice_or_all_with_one(pristine: Path, tmp_path: Path) -> None:
    for scope, folds in (("fold", {"0", "1"}), ("run", {"0"})):
        run = plan(pristine, configs=(TINY, overlay(tmp_path, scope)))
        inputs = [files for rule, files in run.files("input") if rule == "train_model"]
        assert len(inputs) == 4
        chosen = [re.search(r"search/random_pairs/\w+/fold_(\d)/choice\.parquet", files) for files in inputs]
        assert {match[1] for match in chosen if match} == folds
        assert all(chosen)


def test_training_takes_the_choice_and_cores_change_nothing(finished: Path, tmp_path: Path) -> None:
    tables = []
    for cores in ("1", "2"):
        folder = copy_tree(finished, tmp_path / cores / "druggene")
        target = "results/tiny/models/random_pairs/druggene/fold_1.pt"
        configs = ("--configfile", TINY, overlay(folder))
        succeed(folder, "--cores", cores, *configs, "--", TABLE, target)
        tables.append((folder / TABLE).read_bytes())
        trials = pd.read_csv(folder / TABLE)
        mine = trials[(trials["model"] == "druggene") & (trials["fold"] == 1)]
        best = mine.groupby("learning_rate")["mse"].mean().idxmin()
        assert set(mine.loc[mine["chosen"], "learning_rate"]) == {best}
        provenance = Checkpoint.load(folder / target).provenance
        assert provenance["training"]["learning_rate"] == best
    assert tables[0] == tables[1]
