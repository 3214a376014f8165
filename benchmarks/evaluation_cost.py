"""What a whole evaluation costs: jobs, core hours, memory and storage, from the benchmarks of runs that are there.

`PYTHONPATH=workflow/scripts:. python -m benchmarks.evaluation_cost results/gdsc2_part results/gdsc2` reads what every
job of those runs took and scales it to the evaluation of the paper: all pairs, ten folds, four protocols, four
networks, four rivals, the interpretation of one network, ten seeds. `--help` names what can be changed. A training is
counted by its steps (`make benchmark-scale` measures them), every other rule by its law in `LAWS`: one that was
measured at two sizes follows the line through both, the others are taken to be in proportion. `--check` compares the
laws with another run.
"""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import yaml
from scipy.optimize import nnls

from druggene.tables import read_table

_CONFIG = Path(__file__).parents[1] / "config" / "config.yaml"
_SHORT, _LONG = 15.5, 30.0
"""Snakemake looks at a job every half second for so long, and then every so many seconds."""


@dataclass(frozen=True)
class Size:
    """What jobs grow with."""

    pairs: int
    cell_lines: int
    drugs: int
    pairs_per_tree: int = 20_000

    @property
    def lines_and_drugs(self) -> int:
        """Rows of the linear models, whose cost does not grow with the pairs: see `druggene.rivals.linear`."""
        return self.cell_lines + self.drugs

    @property
    def pairs_of_a_tree(self) -> int:
        """Rows that a tree of the random forest is grown from, of nine tenths of the pairs."""
        return min(self.pairs_per_tree, round(0.9 * self.pairs))

    @classmethod
    def of(cls, run: Path) -> "Size":
        """Read a run's responses."""
        table = read_table(run / "data/responses.parquet", columns=["pair", "cell_line", "drug"])
        return cls(*(int(table[column].nunique()) for column in ("pair", "cell_line", "drug")))


class Law(NamedTuple):
    """How often a rule runs, once for every one of `per`, and what its time grows with; None for a constant."""

    per: str
    grows_with: str | None


RUN, PROTOCOL, FOLD, NETWORK, GROUP = "run", "protocol", "fold", "network", "group of drugs"
PAIRS, LINES, DRUGS = "pairs", "cell_lines", "drugs"
TRAINING = "train_model"
LAWS = {
    "extract_annotations": Law(RUN, None),
    "tidy_gdsc_wheel": Law(RUN, PAIRS),
    "compute_drug_features": Law(RUN, DRUGS),
    "tabulate_data": Law(RUN, PAIRS),
    "assign_folds": Law(PROTOCOL, PAIRS),
    "predict_naive": Law(PROTOCOL, PAIRS),
    "select_genes": Law(FOLD, LINES),
    "build_hierarchy": Law(FOLD, None),
    "encode_genotype": Law(FOLD, LINES),
    TRAINING: Law(NETWORK, None),
    "train_rival/elastic_net": Law(FOLD, "lines_and_drugs"),
    "train_rival/lasso": Law(FOLD, "lines_and_drugs"),
    "train_rival/random_forest": Law(FOLD, "pairs_of_a_tree"),
    "train_rival/boosted_trees": Law(FOLD, PAIRS),
    "evaluate_models": Law(PROTOCOL, PAIRS),
    "plot_metrics": Law(PROTOCOL, PAIRS),
    # The interpretation of one network.
    "compute_states": Law(FOLD, LINES),
    "compute_importance": Law(FOLD, PAIRS),
    "score_rlipp": Law(GROUP, PAIRS),
    "collect_scores": Law(PROTOCOL, DRUGS),
    "compare_scores": Law(PROTOCOL, DRUGS),
    "score_embeddings": Law(PROTOCOL, LINES),
    "plot_embeddings": Law(PROTOCOL, LINES),
    "judge_interpretation": Law(PROTOCOL, DRUGS),
    "plot_best_terms": Law(PROTOCOL, DRUGS),
    "tabulate_interpretation": Law(PROTOCOL, None),
    "build_explorer": Law(PROTOCOL, LINES),
    "export_hierarchy_graph": Law(PROTOCOL, None),
}


@dataclass(frozen=True)
class Evaluation:
    """How much is to be evaluated, and how fast a step is."""

    size: Size
    folds: int
    protocols: int
    models: int
    seeds: int
    epochs: int
    batch_size: int
    step_seconds: float
    step_megabytes: float
    drug_groups: int = 1

    def jobs(self, rule: str) -> int:
        """Return the number of jobs of a rule."""
        per_protocol = {PROTOCOL: 1, FOLD: self.folds, NETWORK: self.folds * self.models, GROUP: self.drug_groups}
        per = LAWS[rule].per
        return self.seeds * (1 if per == RUN else self.protocols * per_protocol[per])

    @property
    def steps(self) -> float:
        """Steps of one training: nine tenths of what is left after the test fold, in batches, so many epochs."""
        return self.epochs * self.size.pairs * 0.9 * (1 - 1 / self.folds) / self.batch_size


@dataclass(frozen=True)
class Measured:
    """A run that is there: its size, and CPU seconds (mean), MB (most) and number of the jobs of every rule."""

    size: Size
    rules: pd.DataFrame

    def rivals(self, wanted: bool) -> "Measured":
        """Return the rivals alone, or all but them."""
        return Measured(self.size, self.rules[self.rules.index.str.startswith("train_rival/") == wanted])

    @classmethod
    def of(cls, run: Path) -> "Measured":
        """Read a run's responses and benchmarks."""
        return cls(Size.of(run), measured(run))


def measured(run: Path) -> pd.DataFrame:
    """Return CPU seconds (mean), MB (most) and the number of measured jobs of every rule of a run."""
    rows = []
    for path in (run / "benchmarks").rglob("*.tsv"):
        last = pd.read_csv(path, sep="\t", na_values="-").iloc[-1]
        rule, *wildcards = path.relative_to(run / "benchmarks").with_suffix("").parts
        name = f"{rule}/{wildcards[1]}" if rule == "train_rival" else rule
        rows.append({"rule": name, "cpu": cpu_seconds(last["s"], last["cpu_time"]), "mb": last["max_rss"]})
    return pd.DataFrame(rows).groupby("rule").agg(cpu=("cpu", "mean"), mb=("mb", "max"), measured=("cpu", "size"))


def cpu_seconds(seconds: float, seen: float) -> float:
    """Return what a job of so many seconds took of a processor, of which Snakemake saw what came before its last look.

    The rest of the job is taken to be like what was seen; a job that ended before the first look counts in full.
    """
    if np.isnan(seen):
        return seconds
    if seconds <= _SHORT:
        return seen
    return seen * seconds / (_SHORT + _LONG * ((seconds - _SHORT) // _LONG))


def line(sizes: Sequence[float], values: Sequence[float]) -> Callable[[float], float]:
    """Return the straight line through what was measured, neither falling nor beginning below 0.

    Of a single size it is what lies in proportion.
    """
    if len(set(sizes)) == 1:
        slope = float(np.mean(values)) / sizes[0]
        return lambda size: slope * size
    # In shares of the largest, for the sake of the numbers.
    largest = max(sizes)
    design = np.column_stack([np.ones(len(sizes)), np.array(sizes) / largest])
    (base, rise), _ = nnls(design, np.array(values, dtype=float))
    return lambda size: float(base + rise * size / largest)


def memory(sizes: Sequence[float], held: Sequence[float], size: float) -> float:
    """Return the MB at a size: by the line through what was measured, and no less than half of a growth in proportion.

    Of the several hundred MB that a small job holds, libraries take about half.
    """
    largest = max(range(len(sizes)), key=sizes.__getitem__)
    in_proportion = held[largest] * max(1.0, size / sizes[largest] / 2)
    return max(in_proportion, line(sizes, held)(size)) if len(set(sizes)) > 1 else in_proportion


def costs(runs: Sequence[Measured], evaluation: Evaluation, other: Sequence[Measured] = ()) -> pd.DataFrame:
    """Return jobs, core seconds a job and MB of every measured rule at the evaluation's size.

    Of `other` runs, with other settings, only the memory is read. `sizes` says at how many sizes a rule was measured,
    and `law` what it grows with.
    """
    rows = []
    for rule, law in LAWS.items():
        there = [(run.size, run.rules.loc[rule]) for run in runs if rule in run.rules.index]
        if not there:
            continue
        if rule == TRAINING:
            seconds, megabytes = evaluation.steps * evaluation.step_seconds, evaluation.step_megabytes
            grows_with, number = "steps", 1
        elif law.grows_with is None:
            seconds = float(np.mean([found["cpu"] for _, found in there]))
            megabytes = max(found["mb"] for _, found in there)
            grows_with, number = "constant", len(there)
        else:
            sizes = [getattr(size, law.grows_with) for size, _ in there]
            size, number = getattr(evaluation.size, law.grows_with), len(set(sizes))
            seconds = line(sizes, [found["cpu"] for _, found in there])(size)
            holding = [run for run in (*runs, *other) if rule in run.rules.index]
            held = [float(run.rules.loc[rule, "mb"]) for run in holding]
            megabytes = memory([getattr(run.size, law.grows_with) for run in holding], held, size)
            grows_with = law.grows_with.replace("_", " ")
        rows.append(
            {
                "rule": rule,
                "law": grows_with,
                "sizes": number,
                "jobs": evaluation.jobs(rule),
                "seconds": seconds,
                "mb": megabytes,
            }
        )
    table = pd.DataFrame(rows)
    table["core_hours"] = table["jobs"] * table["seconds"] / 3600
    return table


def check(table: pd.DataFrame, run: Measured) -> pd.DataFrame:
    """Return predicted and measured CPU seconds of all jobs of a run, rule by rule, and in total at the end.

    Trainings are left out: their steps are those of the evaluation's settings, not of the run's.
    """
    predicted = table[table["rule"] != TRAINING].set_index("rule")["seconds"]
    rules = run.rules.loc[[rule for rule in predicted.index if rule in run.rules.index]]
    found = pd.DataFrame(
        {"predicted": predicted[rules.index] * rules["measured"], "measured": rules["cpu"] * rules["measured"]}
    )
    found.loc["all"] = found.sum()
    return found


def gpu_hours(table: pd.DataFrame, evaluation: Evaluation, step_seconds: float | None) -> str:
    """Say how many hours of a GPU the trainings take, if a step on one was measured."""
    if step_seconds is None:
        return "GPU hours: none are given, for no step was measured on a GPU (--gpu-step-seconds)."
    jobs = int(table.set_index("rule").loc[TRAINING, "jobs"])
    return f"GPU hours: {jobs * evaluation.steps * step_seconds / 3600:,.1f}, all of training."


def megabytes_below(run: Path) -> dict[str, float]:
    """Return the MB of each folder of a run."""
    return {
        folder.name: sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6
        for folder in sorted(run.iterdir())
        if folder.is_dir()
    }


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", type=Path, nargs="+", help="results/<run> of finished runs with the same settings")
    parser.add_argument("--rivals", type=Path, nargs="+", help="runs with the rivals' settings, where those differ")
    parser.add_argument("--check", type=Path, help="a run that the laws are compared with, at its own size")
    training = yaml.safe_load(_CONFIG.read_text())["training"]
    defaults = {"pairs": 509_294, "cell_lines": 1225, "drugs": 684}
    defaults |= {"folds": 10, "protocols": 4, "models": 4, "seeds": 10, "drug_groups": 1}
    for name, value in (defaults | {key: training[key] for key in ("epochs", "batch_size")}).items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=int, default=value)
    parser.add_argument("--step-seconds", type=float, default=0.25, help="of one training step on one core")
    parser.add_argument("--step-megabytes", type=float, default=1450, help="that a training holds")
    parser.add_argument("--gpu-step-seconds", type=float, help="of one training step on a GPU, by make benchmark there")
    parser.add_argument("--cores", type=int, default=2, help="of one machine")
    parser.add_argument("--nodes-cores", type=int, default=200, help="that a cluster gives at a time")
    parser.add_argument(
        "--job-overhead", type=float, default=15.0, help="seconds that Slurm and Snakemake add to a job"
    )
    return parser.parse_args()


def main() -> None:
    """Print the table of costs and what follows from it."""
    given = parse()
    runs = [Measured.of(run) for run in given.runs]
    other: list[Measured] = []
    if given.rivals:
        other = [run.rivals(True) for run in runs]
        runs = [run.rivals(False) for run in runs] + [Measured.of(run).rivals(True) for run in given.rivals]
    compared = Measured.of(given.check) if given.check else None
    names = ("folds", "protocols", "models", "seeds", "epochs", "batch_size", "step_seconds", "step_megabytes")
    size = compared.size if compared else Size(given.pairs, given.cell_lines, given.drugs)
    evaluation = Evaluation(size, **{name: getattr(given, name) for name in (*names, "drug_groups")})
    table = costs(runs, evaluation, other)
    for path, run in zip([*given.runs, *(given.rivals or [])], runs, strict=True):
        print(f"Measured: {path}, {run.size.pairs:,} pairs, {int(run.rules['measured'].sum())} jobs")
    if compared:
        print("\n| rule | jobs' CPU seconds, predicted | measured |\n| --- | ---: | ---: |")
        for rule, row in check(table, compared).iterrows():
            print(f"| {rule} | {row['predicted']:.1f} | {row['measured']:.1f} |")
        return
    print("\n| rule | grows with | sizes | jobs | s a job | core hours | MB |\n| --- | --- |" + " ---: |" * 5)
    for row in table.itertuples():
        numbers = f"{row.sizes} | {row.jobs:,} | {row.seconds:.1f} | {row.core_hours:.1f} | {row.mb:.0f}"
        print(f"| {row.rule} | {row.law} | {numbers} |")
    hours, jobs, longest = table["core_hours"].sum(), int(table["jobs"].sum()), table["seconds"].max()
    waiting = jobs * given.job_overhead / 3600
    print(
        f"\nAll: {jobs:,} jobs, {hours:,.0f} core hours; {hours / given.cores / 24:,.1f} days on {given.cores} cores,"
    )
    on_cluster = (hours + waiting) / given.nodes_cores + longest / 3600
    print(f"{on_cluster:,.1f} hours on {given.nodes_cores} cores of a cluster.")
    print(gpu_hours(table, evaluation, given.gpu_step_seconds))
    for path in given.runs:
        print(f"MB of {path}: " + ", ".join(f"{name} {size:.1f}" for name, size in megabytes_below(path).items()))


if __name__ == "__main__":
    main()
