"""What a whole evaluation costs: jobs, core hours, memory and storage, from the benchmarks of a run that is there.

`PYTHONPATH=workflow/scripts:. python -m benchmarks.evaluation_cost results/gdsc2_part` reads what every job of that run
took and scales it to the evaluation of the paper: all pairs, ten folds, four protocols, four networks, ten seeds.
`--help` names what can be changed. A training is counted by its steps (`make benchmark-scale` measures them), all
others by their pairs.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import yaml

from druggene.tables import read_table

_CONFIG = Path(__file__).parents[1] / "config" / "config.yaml"
# How often a rule runs: once, or for every one of these.
PER_RUN = ("extract_annotations", "tidy_gdsc_wheel", "compute_drug_features", "tabulate_data")
PER_PROTOCOL = ("assign_folds", "predict_naive", "evaluate_models", "plot_metrics")
PER_FOLD = ("select_genes", "build_hierarchy", "encode_genotype")
TRAINING = "train_model"


@dataclass(frozen=True)
class Evaluation:
    """How much is to be evaluated, and how fast a step is."""

    pairs: int
    folds: int
    protocols: int
    models: int
    seeds: int
    epochs: int
    batch_size: int
    step_seconds: float
    step_megabytes: float

    def jobs(self, rule: str) -> int:
        """Return the number of jobs of a rule."""
        per_seed = 1
        if rule not in PER_RUN:
            per_seed *= self.protocols
        if rule in (*PER_FOLD, TRAINING):
            per_seed *= self.folds
        if rule == TRAINING:
            per_seed *= self.models
        return per_seed * self.seeds

    @property
    def steps(self) -> float:
        """Steps of one training: nine tenths of what is left after the test fold, in batches, so many epochs."""
        return self.epochs * self.pairs * 0.9 * (1 - 1 / self.folds) / self.batch_size


def measured(run: Path) -> pd.DataFrame:
    """Return CPU seconds (mean), MB (most) and the number of measured jobs of every rule of a run."""
    rows = []
    for path in (run / "benchmarks").rglob("*.tsv"):
        last = pd.read_csv(path, sep="\t", na_values="-").iloc[-1]
        rule = path.relative_to(run / "benchmarks").with_suffix("").parts[0]
        rows.append({"rule": rule, "cpu": last["cpu_time"], "mb": last["max_rss"]})
    return pd.DataFrame(rows).groupby("rule").agg(cpu=("cpu", "mean"), mb=("mb", "max"), measured=("cpu", "size"))


def costs(found: pd.DataFrame, evaluation: Evaluation, pairs: int) -> pd.DataFrame:
    """Return jobs, core seconds a job and MB of every rule at the evaluation's size."""
    growth = evaluation.pairs / pairs
    rows = []
    for rule in (*PER_RUN, *PER_PROTOCOL, *PER_FOLD, TRAINING):
        if rule not in found.index:
            continue
        seconds, megabytes = found.loc[rule, "cpu"], found.loc[rule, "mb"]
        if rule == TRAINING:
            seconds, megabytes = evaluation.steps * evaluation.step_seconds, evaluation.step_megabytes
        elif rule not in (*PER_FOLD, "compute_drug_features", "extract_annotations"):
            seconds, megabytes = seconds * growth, megabytes * max(1.0, growth / 2)
        rows.append({"rule": rule, "jobs": evaluation.jobs(rule), "seconds": seconds, "mb": megabytes})
    table = pd.DataFrame(rows)
    table["core_hours"] = table["jobs"] * table["seconds"] / 3600
    return table


def megabytes_below(run: Path) -> dict[str, float]:
    """Return the MB of each folder of a run."""
    return {
        folder.name: sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6
        for folder in sorted(run.iterdir())
        if folder.is_dir()
    }


def main() -> None:
    """Print the table of costs and what follows from it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="results/<run> of a finished run")
    training = yaml.safe_load(_CONFIG.read_text())["training"]
    defaults = {"pairs": 509_294, "folds": 10, "protocols": 4, "models": 4, "seeds": 10}
    for name, value in (defaults | {key: training[key] for key in ("epochs", "batch_size")}).items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=int, default=value)
    parser.add_argument("--step-seconds", type=float, default=0.25, help="of one training step on one core")
    parser.add_argument("--step-megabytes", type=float, default=1450, help="that a training holds")
    parser.add_argument("--cores", type=int, default=2, help="of one machine")
    parser.add_argument("--nodes-cores", type=int, default=200, help="that a cluster gives at a time")
    parser.add_argument(
        "--job-overhead", type=float, default=15.0, help="seconds that Slurm and Snakemake add to a job"
    )
    given = vars(parser.parse_args())
    run, cores, cluster, overhead = (given.pop(name) for name in ("run", "cores", "nodes_cores", "job_overhead"))
    evaluation = Evaluation(**given)
    pairs = read_table(run / "data/responses.parquet", columns=["pair"])["pair"].nunique()
    found = measured(run)
    table = costs(found, evaluation, pairs)

    print(f"Measured: {run}, {pairs:,} pairs, {int(found['measured'].sum())} jobs\n")
    print("| rule | measured, s | MB | jobs | s a job | core hours | MB |\n|" + " --- |" + " ---: |" * 6)
    for row in table.itertuples():
        mine = found.loc[row.rule]
        print(
            f"| {row.rule} | {mine['cpu']:.1f} | {mine['mb']:.0f} | {row.jobs:,} | {row.seconds:.1f} | "
            f"{row.core_hours:.1f} | {row.mb:.0f} |"
        )
    hours, jobs = table["core_hours"].sum(), int(table["jobs"].sum())
    longest = table["seconds"].max()
    waves = table["jobs"].sum() * overhead / 3600
    print(f"\nAll: {jobs:,} jobs, {hours:,.0f} core hours; {hours / cores / 24:,.1f} days on {cores} cores,")
    print(f"{(hours + waves) / cluster + longest / 3600:,.1f} hours on {cluster} cores of a cluster.")
    folders = megabytes_below(run)
    print("Measured MB: " + ", ".join(f"{name} {size:.1f}" for name, size in folders.items()))


if __name__ == "__main__":
    main()
