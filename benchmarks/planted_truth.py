"""How well each score of terms finds the planted ones, over several simulated cohorts.

    PYTHONPATH=workflow/scripts python -m benchmarks.planted_truth --seeds 1 2 3 4 5

Every seed draws a cohort, folds and weights of its own and is a run of the workflow with config/simulated.yaml and
config/recovery.yaml; its results stay in results/recovery_<seed>/. The table goes to benchmarks/results/.
"""

import argparse
import subprocess
import sys
from pathlib import Path

import pandas as pd

from druggene.interpretation.recovery import LABELS
from druggene.tables import write_csv, write_text

CONFIGS = ("config/simulated.yaml", "config/recovery.yaml")
RESULTS = Path("benchmarks/results")


def run(seed: int, cores: int) -> pd.DataFrame:
    """Run the workflow for one seed and return its table of areas."""
    name = f"recovery_{seed}"
    command = [sys.executable, "-m", "snakemake", "--cores", str(cores), "--quiet", "all", "--rerun-triggers", "mtime"]
    settings = ["--configfile", *CONFIGS, "--config", f"seed={seed}", f"run={name}"]
    subprocess.run([*command, *settings, "--", "interpret"], check=True)
    folder = Path("results") / name / "interpretation" / "random_pairs" / "druggene" / "measured"
    return pd.read_csv(folder / "recovery.csv").assign(seed=seed)


def table(areas: pd.DataFrame) -> str:
    """Return mean and deviation over seeds as a table for readers, best score first."""
    grouped = areas.groupby(["score", "rule"])[["auroc", "auprc", "chance"]].agg(["mean", "std"]).unstack("rule")
    grouped = grouped.sort_values(("auprc", "mean", "exact"), ascending=False)
    chance = grouped["chance", "mean"].mean()
    lines = [
        f"{areas['seed'].nunique()} cohorts; precision-recall by chance {chance['exact']:.4f} (exact) and "
        f"{chance['relatives']:.4f} (relatives).",
        "",
        "| score | ROC, exact | PR, exact | ROC, relatives | PR, relatives |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for score, row in grouped.iterrows():
        cells = [
            f"{row[area, 'mean', rule]:.3f} ± {row[area, 'std', rule]:.3f}"
            for rule in ("exact", "relatives")
            for area in ("auroc", "auprc")
        ]
        lines.append(f"| {LABELS[str(score)]} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run all seeds and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    parser.add_argument("--cores", type=int, default=2)
    options = parser.parse_args()
    areas = pd.concat([run(seed, options.cores) for seed in options.seeds], ignore_index=True)
    write_csv(areas, RESULTS / "planted_truth.csv")
    text = table(areas)
    write_text(text, RESULTS / "planted_truth.md")
    print(text)


if __name__ == "__main__":
    main()
