"""Which fingerprint predicts better: radius 2 or 3, with or without chirality, counter-ions kept or left out.

    snakemake --cores 2 --configfile benchmarks/fingerprints.yaml -- data
    PYTHONPATH=workflow/scripts:. python -m benchmarks.fingerprints --configfile benchmarks/fingerprints.yaml

DrugGene is trained with each fingerprint on the inner folds of fold 0, which deal its training and validation pairs
anew; no test pair of the fold is looked at. All start from the same weights and see the same pairs in the same order.
Prints the held-out MSE and Pearson correlation as mean over the inner folds, with the difference to radius 2 without
chirality and its standard error, the naive predictors beside; every trial goes to benchmarks/results/fingerprints.csv.
"""

import argparse
import logging
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import torch
import yaml
from sklearn.metrics import mean_squared_error

from druggene.checkpoint import ModelOptions
from druggene.config import complete_config
from druggene.constants import AUC, FOLD, PREDICTED
from druggene.drugs import compute_drug_features, write_drug_features
from druggene.labels import model_labels
from druggene.metrics import pearson
from druggene.rivals.naive import predict_naive
from druggene.search import assign_inner_folds, run_trials
from druggene.tables import read_table, write_csv, write_table
from druggene.training import TrainingOptions

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
MODEL = "druggene"
REFERENCE = "radius 2"
FINGERPRINTS: dict[str, dict[str, Any]] = {
    REFERENCE: {"radius": 2},
    "radius 3": {"radius": 3},
    "radius 2, chirality": {"radius": 2, "chirality": True},
    "radius 2, without counter-ions": {"radius": 2, "desalt": True},
}


def read_config(overlays: Sequence[Path]) -> dict[str, Any]:
    """Return the default configuration with files laid on top, as Snakemake does."""

    def lay(base: dict[str, Any], top: Mapping[str, Any]) -> None:
        for key, value in top.items():
            if isinstance(value, dict) and isinstance(base.get(key), dict):
                lay(base[key], value)
            else:
                base[key] = value

    config: dict[str, Any] = yaml.safe_load((ROOT / "config" / "config.yaml").read_text())
    for path in overlays:
        lay(config, yaml.safe_load(path.read_text()))
    complete_config(config, yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text()), ROOT)
    return config


def try_fingerprints(config: Mapping[str, Any], protocol: str, names: Sequence[str], folder: Path) -> pd.DataFrame:
    """Return one row per fingerprint or naive predictor and inner fold: protocol, predictor, inner fold, mse, pearson.

    Parameters
    ----------
    config
        Completed configuration of the run whose data stage is finished.
    protocol
        One of the run's.
    names
        Keys of ``FINGERPRINTS``.
    folder
        For files between the steps.
    """
    data = ROOT / "results" / config["run"] / "data"
    responses, cell_lines = read_table(data / "responses.parquet"), read_table(data / "cell_lines.parquet")
    folds = read_table(data / protocol / "folds.parquet")
    search, splits = config["search"], config["splits"]
    inner = assign_inner_folds(
        *(responses, folds, protocol, 0, search["folds"], splits["validation_fraction"], config["seed"], cell_lines)
    )
    fold = data / protocol / "fold_0"
    paths = {name: fold / f"{name}.parquet" for name in ("genotype", "terms", "term_edges", "term_genes")}
    paths |= {"responses": data / "responses.parquet", "folds": folder / "inner_folds.parquet"}
    paths["drug_features"] = folder / "drug_features.parquet"
    write_table(inner, paths["folds"], description="inner folds of fold 0")

    rows = []
    labels = model_labels(config)
    naive = predict_naive(responses, inner, config["naive"], cell_lines)
    for (name, number), part in naive.groupby(["model", FOLD], sort=False):
        mse = float(mean_squared_error(part[AUC], part[PREDICTED]))
        rows.append((protocol, labels[str(name)], number, mse, pearson(part[AUC], part[PREDICTED])))
    options = TrainingOptions.from_config(config["training"], config["network"], config["seed"])
    for name in names:
        settings = {"bits": config["drugs"]["fingerprint"]["bits"], "chirality": False, "desalt": False}
        settings |= FINGERPRINTS[name]
        frame = compute_drug_features(read_table(data / "drugs.parquet"), "morgan", **settings)
        write_drug_features(frame, paths["drug_features"], "morgan", **settings)
        fingerprint = {key: settings[key] for key in ("radius", "bits", "chirality")}
        own = {"features": "morgan", "fingerprint": fingerprint, "desalt": settings["desalt"]}
        drugs = config["drugs"] | own
        omics = config["models"][MODEL]["omics"]
        model = ModelOptions.from_config(MODEL, omics, config["genotype"]["fusion"], drugs, config["network"])
        trials = run_trials(paths, protocol, 0, model, options)
        print(f"{protocol}, {name}:\n{trials[['inner_fold', 'mse', 'pearson']].to_string(index=False)}", flush=True)
        rows += [(protocol, name, row.inner_fold, row.mse, row.pearson) for row in trials.itertuples()]
    return pd.DataFrame(rows, columns=["protocol", "predictor", "inner_fold", "mse", "pearson"])


def summarise(trials: pd.DataFrame) -> pd.DataFrame:
    """Return per protocol and predictor the mean scores, and the difference of the MSE to the reference.

    The difference is the mean over the inner folds, its standard error that of paired differences.
    """
    keys = ["protocol", "predictor"]
    table = trials.groupby(keys, sort=False)[["mse", "pearson"]].mean()
    by_fold = trials.pivot(index=["protocol", "inner_fold"], columns="predictor", values="mse")
    difference = by_fold.sub(by_fold[REFERENCE], axis=0).groupby("protocol")
    table["difference"] = difference.mean().stack().reindex(table.index)
    table["standard_error"] = difference.sem().stack().reindex(table.index)
    return table.reset_index()


def main() -> None:
    """Try the fingerprints on every protocol of a run and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fingerprints", description=__doc__.partition("\n")[0])
    parser.add_argument("--configfile", type=Path, nargs="*", default=[], help="as given to Snakemake")
    parser.add_argument("--fingerprints", nargs="+", choices=FINGERPRINTS, default=list(FINGERPRINTS))
    parser.add_argument("--protocols", nargs="+", help="some of the run's; all by default")
    parser.add_argument("--folds", type=int, help="inner folds (search.folds of the configuration)")
    parser.add_argument("--output", type=Path, default=RESULTS / "fingerprints.csv")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    torch.set_num_threads(1)
    config = read_config(arguments.configfile)
    config["search"]["folds"] = arguments.folds or config["search"]["folds"]
    names = [REFERENCE, *(name for name in arguments.fingerprints if name != REFERENCE)]
    parts = []
    for protocol in arguments.protocols or config["splits"]["protocols"]:
        with tempfile.TemporaryDirectory() as folder:
            parts.append(try_fingerprints(config, protocol, names, Path(folder)))
    trials = pd.concat(parts, ignore_index=True)
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    write_csv(trials, arguments.output)
    print(summarise(trials).to_string(index=False, float_format="%.5f"))


if __name__ == "__main__":
    main()
