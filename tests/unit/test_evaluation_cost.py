"""The model of what an evaluation costs: laws, jobs, and what Snakemake's benchmarks leave unseen."""

from pathlib import Path

import pandas as pd
import pytest

from benchmarks.evaluation_cost import (
    LAWS,
    Evaluation,
    Measured,
    Size,
    check,
    costs,
    cpu_seconds,
    gpu_hours,
    line,
    measured,
    memory,
)
from druggene.tables import write_table

SMALL, LARGE = Size(1000, 40, 10), Size(3000, 80, 30)
BENCHMARKS = {
    "tidy_gdsc_wheel": 6.0,
    "select_genes/random_pairs/fold_0": 2.0,
    "select_genes/random_pairs/fold_1": 4.0,
    "train_model/random_pairs/druggene/fold_0": 10.0,
    "train_rival/random_pairs/lasso/fold_0": 5.0,
    "train_rival/random_pairs/random_forest/fold_0": 8.0,
}


def write_benchmarks(run: Path) -> None:
    for rule, cpu in BENCHMARKS.items():
        path = run / "benchmarks" / f"{rule}.tsv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"s\tmax_rss\tcpu_time\n12.0\t400.0\t{cpu}\n")


def evaluation(size: Size = LARGE) -> Evaluation:
    return Evaluation(
        size,
        folds=5,
        protocols=2,
        models=3,
        seeds=4,
        epochs=10,
        batch_size=100,
        step_seconds=0.5,
        step_megabytes=900,
        drug_groups=6,
    )


def found(**seconds: float) -> pd.DataFrame:
    """Rules with their seconds, each measured in two jobs that held 400 MB."""
    return pd.DataFrame({"cpu": seconds, "mb": 400.0, "measured": 2})


def test_benchmarks_are_averaged_by_rule_and_rival(tmp_path: Path) -> None:
    write_benchmarks(tmp_path)
    read = measured(tmp_path)
    assert read["cpu"].to_dict() == {
        "select_genes": 3.0,
        "tidy_gdsc_wheel": 6.0,
        "train_model": 10.0,
        "train_rival/lasso": 5.0,
        "train_rival/random_forest": 8.0,
    }
    assert read.loc["select_genes", "measured"] == 2


def test_the_size_of_a_run_is_that_of_its_responses(tmp_path: Path) -> None:
    table = pd.DataFrame(
        {
            "pair": [0, 0, 1, 2],
            "cell_line": ["a", "a", "b", "b"],
            "drug": ["x", "x", "x", "y"],
            "auc": 0.5,
            "source": "s",
        }
    )
    write_table(table, tmp_path / "data/responses.parquet", description="Responses")
    assert Size.of(tmp_path) == Size(3, 2, 2)


@pytest.mark.parametrize(
    ("seconds", "seen", "expected"),
    [
        (2.0, 1.5, 1.5),  # seen to its end
        (0.3, float("nan"), 0.3),  # not seen at all
        (31.0, 15.5, 31.0),  # seen for a quarter of a minute: half of it
        (45.5, 15.5, 15.5),  # seen for 45.5 seconds
        (60.5, 45.5, 60.5),
    ],
)
def test_what_snakemake_has_not_seen_of_a_job_is_like_what_it_has(seconds: float, seen: float, expected: float) -> None:
    assert cpu_seconds(seconds, seen) == pytest.approx(expected)


def test_a_single_size_is_taken_in_proportion_and_two_give_a_line() -> None:
    assert line([100], [4.0])(250) == pytest.approx(10.0)
    assert line([100, 100], [4.0, 6.0])(200) == pytest.approx(10.0)
    assert line([100, 300], [4.0, 6.0])(500) == pytest.approx(8.0)
    # What falls is constant, and nothing costs less than nothing at the beginning.
    assert line([100, 300], [6.0, 4.0])(500) == pytest.approx(5.0)
    assert line([100, 200], [1.0, 3.0])(0) == 0.0


def test_the_cost_of_an_evaluation_follows_from_its_jobs() -> None:
    """Trainings by their steps, the others by their laws; jobs for all folds, protocols, models and seeds."""
    small = Measured(SMALL, found(**{"tidy_gdsc_wheel": 6.0, "select_genes": 2.0, "build_hierarchy": 3.0}))
    trained = Measured(SMALL, found(**{"train_model": 30.0, "train_rival/lasso": 5.0, "score_rlipp": 1.0}))
    table = costs([small, trained], evaluation()).set_index("rule")
    assert table["jobs"].to_dict() == {
        "tidy_gdsc_wheel": 4,
        "select_genes": 40,
        "build_hierarchy": 40,
        "train_model": 120,
        "train_rival/lasso": 40,
        "score_rlipp": 48,
    }
    steps = 10 * 3000 * 0.9 * 0.8 / 100
    assert table.loc["train_model", "seconds"] == pytest.approx(steps * 0.5)
    assert table.loc["tidy_gdsc_wheel", "seconds"] == pytest.approx(18.0)  # three times the pairs
    assert table.loc["select_genes", "seconds"] == pytest.approx(4.0)  # twice the cell lines
    assert table.loc["build_hierarchy", "seconds"] == pytest.approx(3.0)
    assert table.loc["train_rival/lasso", "seconds"] == pytest.approx(5.0 * 110 / 50)  # cell lines and drugs
    assert table.loc["select_genes", "core_hours"] == pytest.approx(40 * 4 / 3600)
    assert table.loc["tidy_gdsc_wheel", "mb"] == pytest.approx(600.0)


def test_two_runs_give_the_line_of_a_rule() -> None:
    runs = [Measured(SMALL, found(predict_naive=2.0)), Measured(LARGE, found(predict_naive=3.0))]
    (row,) = costs(runs, evaluation(Size(5000, 40, 10))).itertuples()
    assert (row.sizes, row.law) == (2, "pairs")
    assert row.seconds == pytest.approx(4.0)
    assert row.mb == pytest.approx(400.0)


def test_memory_follows_the_line_or_half_of_the_growth() -> None:
    assert memory([100], [400.0], 150) == pytest.approx(400.0)
    assert memory([100], [400.0], 300) == pytest.approx(600.0)
    assert memory([100, 200], [400.0, 600.0], 300) == pytest.approx(800.0)
    assert memory([100, 200], [400.0, 410.0], 600) == pytest.approx(615.0)
    # Runs with other settings say how much is held, not how long it takes.
    run, other = Measured(SMALL, found(predict_naive=2.0)), Measured(LARGE, found(predict_naive=9.0))
    other.rules["mb"] = 1000.0
    (row,) = costs([run], evaluation(Size(3000, 80, 30)), [other]).itertuples()
    assert (row.seconds, row.mb) == (pytest.approx(6.0), pytest.approx(1000.0))


def test_a_forest_grows_until_its_trees_are_full() -> None:
    runs = [Measured(SMALL, found(**{"train_rival/random_forest": 9.0}))]
    seconds = [costs(runs, evaluation(Size(pairs, 40, 10)))["seconds"].item() for pairs in (10_000, 100_000, 500_000)]
    assert seconds == pytest.approx([90.0, 200.0, 200.0])


def test_rivals_may_come_from_other_runs() -> None:
    run = Measured(SMALL, found(**{"train_rival/lasso": 1.0, "train_model": 2.0}))
    assert list(run.rivals(True).rules.index) == ["train_rival/lasso"]
    assert list(run.rivals(False).rules.index) == ["train_model"]


def test_laws_are_compared_with_the_totals_of_another_run() -> None:
    table = costs([Measured(SMALL, found(predict_naive=2.0, train_model=1.0))], evaluation())
    compared = check(table, Measured(LARGE, found(predict_naive=5.0, select_genes=9.0, train_model=4.0)))
    assert compared.to_dict("index") == {
        "predict_naive": {"predicted": pytest.approx(12.0), "measured": 10.0},
        "all": {"predicted": pytest.approx(12.0), "measured": 10.0},
    }


def test_hours_of_a_gpu_are_given_only_where_a_step_was_measured() -> None:
    table = costs([Measured(SMALL, found(train_model=1.0))], evaluation())
    assert "no step was measured" in gpu_hours(table, evaluation(), None)
    # 120 trainings of 216 steps.
    assert gpu_hours(table, evaluation(), 0.5) == "GPU hours: 3.6, all of training."


def test_every_law_is_that_of_a_rule_of_the_workflow() -> None:
    rules = "".join(path.read_text() for path in Path(__file__).parents[2].glob("workflow/rules/*.smk"))
    for rule in LAWS:
        assert f"rule {rule.split('/')[0]}:" in rules, rule
