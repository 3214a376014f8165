"""How well each score of terms finds the planted ones, over several simulated cohorts.

    PYTHONPATH=workflow/scripts python -m benchmarks.planted_truth --seeds 1 2 3 4 5

Every seed draws a cohort, folds and weights of its own and is a run of the workflow with config/simulated.yaml and
config/recovery.yaml; its results stay in results/recovery_<seed>/. The tables go to benchmarks/results/: how well the
networks of the cohorts predict, and how well each score finds what was planted.
"""

import argparse
import subprocess
import sys
from pathlib import Path

import pandas as pd

from druggene.interpretation.recovery import LABELS
from druggene.tables import markdown_row, write_csv, write_text

CONFIGS = ("config/simulated.yaml", "config/recovery.yaml")
RESULTS = Path("benchmarks/results")
SCORES = {
    ("druggene", "recovery.csv"): "",
    ("druggene_plus", "contribution_recovery.csv"): " (DrugGene+)",
    ("druggene_plus_permuted", "contribution_recovery.csv"): " (DrugGene+, genes permuted)",
}
"""Model and file of its interpretation to what readers see behind a score's name."""
UNTAUGHT = ("large", "small")
"""Scores that know no network: they are the same for all."""


def run(seed: int, cores: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Run the workflow for one seed and return its areas, by model and score, and its comparison of models."""
    name = f"recovery_{seed}"
    command = [sys.executable, "-m", "snakemake", "--cores", str(cores), "--quiet", "all", "--rerun-triggers", "mtime"]
    settings = ["--configfile", *CONFIGS, "--config", f"seed={seed}", f"run={name}"]
    compared = Path("results") / name / "tables" / "random_pairs" / "comparison.csv"
    subprocess.run([*command, *settings, "--", "interpret", str(compared)], check=True)
    interpreted = Path("results") / name / "interpretation" / "random_pairs"
    areas = []
    for model, file in SCORES:
        table = pd.read_csv(interpreted / model / "measured" / file).assign(model=model, file=file, seed=seed)
        areas.append(table if model == "druggene" else table[~table["score"].isin(UNTAUGHT)])
    return pd.concat(areas, ignore_index=True), pd.read_csv(compared).assign(seed=seed)


def recovery_table(areas: pd.DataFrame) -> str:
    """Return mean and deviation over seeds as a table for readers, best score first."""
    keys = ["model", "file", "score"]
    grouped = areas.groupby([*keys, "rule"])[["auroc", "auprc", "chance"]].agg(["mean", "std"]).unstack("rule")
    grouped = grouped.sort_values(("auprc", "mean", "exact"), ascending=False)
    chance = grouped["chance", "mean"].mean()
    lines = [
        f"{areas['seed'].nunique()} cohorts; precision-recall by chance {chance['exact']:.4f} (exact) and "
        f"{chance['relatives']:.4f} (relatives).",
        "",
        "| score | ROC, exact | PR, exact | ROC, relatives | PR, relatives |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for (model, file, score), row in grouped.iterrows():
        cells = [
            f"{row[area, 'mean', rule]:.3f} ± {row[area, 'std', rule]:.3f}"
            for rule in ("exact", "relatives")
            for area in ("auroc", "auprc")
        ]
        lines.append(markdown_row([LABELS[str(score)] + SCORES[model, file], *cells]))
    return "\n".join(lines) + "\n"


def comparison_table(compared: pd.DataFrame) -> str:
    """Return how well the models of the cohorts predict, a column per seed, best first."""
    pearson = compared.pivot(index="label", columns="seed", values="pooled_pearson")
    lines = [
        "Pearson's correlation over all test pairs, by cohort:",
        "",
        markdown_row(["model", *(str(seed) for seed in pearson.columns)]),
        "| --- |" + " ---: |" * pearson.shape[1],
    ]
    for label, row in pearson.loc[pearson.mean(axis=1).sort_values(ascending=False).index].iterrows():
        lines.append(markdown_row([str(label), *("–" if pd.isna(value) else f"{value:.3f}" for value in row)]))
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run all seeds and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    parser.add_argument("--cores", type=int, default=2)
    options = parser.parse_args()
    runs = [run(seed, options.cores) for seed in options.seeds]
    areas, compared = (pd.concat(tables, ignore_index=True) for tables in zip(*runs, strict=True))
    write_csv(areas, RESULTS / "planted_truth.csv")
    text = comparison_table(compared) + "\n" + recovery_table(areas)
    write_text(text, RESULTS / "planted_truth.md")
    print(text)


if __name__ == "__main__":
    main()
