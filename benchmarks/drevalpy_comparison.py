"""DrugGene and DrugGene+ in drevalpy's own runner, beside its naive models, its random forest and its SparseGO.

Writes a part of a finished run's data in the layout of drevalpy's custom data sets, lets `drug_response_experiment`
train and test all models on the same splits (leave-pair-out, leave-cell-line-out, leave-drug-out), and tabulates what
it wrote. Needs no network but the package registry, once, for an environment of drevalpy on top of this one.

    snakemake --cores 2 data
    PYTHONPATH=workflow/scripts:. python -m benchmarks.drevalpy_comparison --data results/gdsc2_part/data

Results land in benchmarks/results/drevalpy/; a run that was killed goes on with the splits that are there.
docs/drevalpy.md has the outcome.
"""

import argparse
import logging
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks import environments
from druggene.constants import AUC, CELL_LINE, COPY_NUMBER, DRUG, EXPRESSION, GENE, MUTATION, PREDICTED, SMILES
from druggene.drugs import compute_drug_features, fingerprint_matrix
from druggene.genotype import select_genes
from druggene.in_memory import GeneOntology
from druggene.metrics import pearson
from druggene.ontology import write_gene_list, write_published_ontology
from druggene.tables import markdown_row, read_table, write_csv, write_text

RELEASE = "drevalpy==1.6.0"
# What its models and its runner import. Not curve-curator, which fits dose-response curves and wants an older pandas.
_BESIDES = (
    *("plotly", "pytorch-lightning", "scikit-posthocs", "subword-nmt", "toml", "torch-geometric", "typer<0.27"),
    *("importlib-resources", "wandb"),
)
_ROOT = Path(__file__).parents[1]
_RESULTS = Path(__file__).parent / "results" / "drevalpy"
_ENVIRONMENT = Path(__file__).parent / ".venv-drevalpy"
_NAME = "GDSC2_part"
_GENE_LIST = "network_genes"
_MODES = {"LPO": "leave pair out", "LCO": "leave cell line out", "LDO": "leave drug out"}
_NAIVE = ("NaivePredictor", "NaiveDrugMeanPredictor", "NaiveCellLineMeanPredictor", "NaiveMeanEffectsPredictor")
_REFERENCE = "NaiveMeanEffectsPredictor"
_SMALLER_BATCHES = {"DrugGene": 3_000, "DrugGenePlus": 2_500}
"""Responses per step that are the same part of these data as the configurations' batches are of theirs. The runner
chooses between both by its validation pairs."""
_FEWEST_PAIRS = 10
"""A drug with fewer test pairs of a split has no correlation of its own."""


def write_data_set(source: Path, folder: Path, drugs: int, seed: int) -> None:
    """Write a part of a run's data as drevalpy reads custom data sets; all cell lines, ``drugs`` drugs at random."""
    known = read_table(source / "drugs.parquet")
    known = known.sample(min(drugs, len(known)), random_state=seed).sort_values(DRUG)
    responses = read_table(source / "responses.parquet")
    # drevalpy deals pairs, of which replicates would have to stay together in the validation pairs too.
    pairs = responses[responses[DRUG].isin(known[DRUG])].groupby([CELL_LINE, DRUG], as_index=False)[AUC].mean()
    into = folder / _NAME
    ids = {CELL_LINE: "cell_line_name", DRUG: "pubchem_id"}
    write_csv(pairs.rename(columns=ids | {AUC: "AUC"}), into / f"{_NAME}.csv")
    omics = {omic: read_table(source / f"{omic}.parquet") for omic in (MUTATION, EXPRESSION, COPY_NUMBER)}
    files = {MUTATION: "mutations", EXPRESSION: "gene_expression", COPY_NUMBER: "copy_number_variation_gistic"}
    for omic, table in omics.items():
        write_csv(table.rename_axis("cell_line_name").reset_index(), into / f"{files[omic]}.csv")
    write_csv(pd.DataFrame({"cell_line_name": omics[MUTATION].index}), into / "cell_line_names.csv")
    named = known.rename(columns={DRUG: "pubchem_id", "name": "drug_name", SMILES: "canonical_smiles"})
    write_csv(named[["pubchem_id", "drug_name"]], into / "drug_names.csv")
    write_csv(named[["pubchem_id", "canonical_smiles"]], into / "drug_smiles.csv")
    write_csv(named[["pubchem_id", "targets", "pathway"]], into / "drug_targets.csv")
    bits = compute_drug_features(known[[DRUG, SMILES]], "morgan", radius=2, bits=128)
    columns = pd.DataFrame(fingerprint_matrix(bits).T, columns=bits.index)
    write_csv(columns, into / "drug_fingerprints" / "pubchem_id_to_demorgan_128_map.csv")

    # drevalpy would ask MyGene.info for SparseGO's annotations, and Zenodo for the forest's list of genes.
    ontology = GeneOntology(
        *(read_table(source / "ontology" / f"{name}.parquet") for name in ("terms", "term_edges", "annotations"))
    )
    measured = [list(table.columns) for table in omics.values()]
    lines = list(omics[MUTATION].index)
    genes = select_genes(omics[MUTATION], lines, set(ontology.annotations[GENE]), 0.15, measured)[GENE].tolist()
    write_published_ontology(ontology.hierarchy(genes), into / "sparseGO_ont.txt")
    write_gene_list(genes, into / "gene2ind.txt")
    write_csv(pd.DataFrame({"Symbol": genes}), folder / "meta" / "gene_lists" / f"{_GENE_LIST}.csv")
    (into / "complete").touch()
    print(f"{len(pairs)} pairs of {pairs[CELL_LINE].nunique()} cell lines and {len(known)} drugs; {len(genes)} genes")


def run(
    folder: Path, names: Sequence[str], modes: Sequence[str], splits: int, trees: int, epochs: int, batch: int
) -> None:
    """Train and test the models of some names with drevalpy's runner; called in its environment."""
    os.environ["WANDB_MODE"] = "disabled"
    from drevalpy.datasets.loader import load_dataset
    from drevalpy.experiment import drug_response_experiment
    from drevalpy.models import MODEL_FACTORY, MULTI_DRUG_MODEL_FACTORY

    from druggene.drevalpy_model import register

    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(message)s")
    register()
    changes = {
        # Its list of genes comes from Zenodo. drevalpy's own number of trees is 100; of its depths, 5, 10 and 30.
        "RandomForest": [{"gene_list": _GENE_LIST, "n_estimators": trees, "max_depth": 10, "n_jobs": 1}],
        # Of its batches of 20,000 pairs, one is an epoch here: as many steps as in its 400 epochs, in smaller ones.
        "SparseGO": [{"epochs": epochs, "batch_size": batch}],
        **{name: [{}, {"training": {"batch_size": size}}] for name, size in _SMALLER_BATCHES.items()},
    }
    for name, changed in changes.items():
        own = with_hyperparameters(MODEL_FACTORY[name], changed)
        MODEL_FACTORY[name] = MULTI_DRUG_MODEL_FACTORY[name] = own
    data = folder / "data"
    for name in names:
        for mode in modes:
            started = time.monotonic()
            with (folder / f"{mode}.log").open("a") as log, redirect_stdout(log):
                drug_response_experiment(
                    models=[MODEL_FACTORY[name]],
                    baselines=[],
                    response_data=load_dataset(_NAME, str(data), measure="AUC"),
                    test_mode=mode,
                    n_cv_splits=splits,
                    path_data=str(data),
                    path_out=str(folder / "runs"),
                    hyperparameter_tuning=len(MODEL_FACTORY[name].get_hyperparameter_set()) > 1,
                )
            print(f"{mode} {name}: {time.monotonic() - started:.0f} s", flush=True)


def with_hyperparameters(model: type, changes: Sequence[Mapping[str, Any]]) -> type:
    """Return a class of drevalpy with one set of hyper-parameters per change, the first one but for what is changed."""
    first = model.get_hyperparameter_set()[0]  # type: ignore[attr-defined]
    sets = [first | {key: _laid_over(first.get(key), value) for key, value in one.items()} for one in changes]
    return type(model.__name__, (model,), {"get_hyperparameter_set": classmethod(lambda cls: deepcopy(sets))})


def _laid_over(below: Any, above: Any) -> Any:
    return below | above if isinstance(below, Mapping) and isinstance(above, Mapping) else above


def tabulate(folder: Path, splits: Sequence[int] | None = None) -> pd.DataFrame:
    """Return a row per mode and model: means over the splits that drevalpy tested, or over some of them.

    Pearson and RMSE over all test pairs of a split; Pearson within drugs, the mean over those with enough test pairs;
    Pearson after both sides have lost what the naive mean effects predict, drevalpy's normalised Pearson.
    """
    rows = []
    for mode in _MODES:
        place = folder / "runs" / _NAME / mode
        for model in sorted(path.parent.name for path in place.glob("*/predictions")):
            parts = []
            for path in sorted((place / model / "predictions").glob("predictions_split_*.csv")):
                if splits is not None and int(path.stem.rpartition("_")[2]) not in splits:
                    continue
                test, naive = _read(path), _read(place / _REFERENCE / "predictions" / path.name)
                if not test.index.equals(naive.index):
                    raise ValueError(f"{path}: other pairs than those of {_REFERENCE}; delete the folder runs")
                parts.append(_metrics(test[AUC], test[PREDICTED], naive[PREDICTED]))
            if not parts:
                continue
            means = {name: float(np.mean([part[name] for part in parts])) for name in parts[0]}
            rows.append({"mode": mode, "model": model, "splits": len(parts), **means})
    # The order of the modes is that of the rows.
    return pd.concat(part.sort_values("rmse") for _, part in pd.DataFrame(rows).groupby("mode", sort=False))


def _read(path: Path) -> pd.DataFrame:
    table = pd.read_csv(path, dtype={"pubchem_id": str, "cell_line_name": str})
    names = {"pubchem_id": DRUG, "cell_line_name": CELL_LINE, "response": AUC, "predictions": PREDICTED}
    return table.rename(columns=names).set_index([CELL_LINE, DRUG]).sort_index()


def _metrics(observed: pd.Series, predicted: pd.Series, naive: pd.Series) -> dict[str, float]:
    sizes = observed.groupby(level=DRUG).size()
    within = [
        pearson(observed.xs(drug, level=DRUG).to_numpy(), predicted.xs(drug, level=DRUG).to_numpy())
        for drug in sizes.index[sizes >= _FEWEST_PAIRS]
    ]
    return {
        "rmse": float(np.sqrt(np.mean((observed - predicted) ** 2))),
        "pearson": pearson(observed.to_numpy(), predicted.to_numpy()),
        "pearson_within_drugs": float(np.nanmean(within)) if np.isfinite(within).any() else float("nan"),
        "pearson_beyond_effects": pearson((observed - naive).to_numpy(), (predicted - naive).to_numpy()),
    }


def markdown(table: pd.DataFrame) -> str:
    """Return one Markdown table per mode, the smallest error first; a dash where a correlation is undefined.

    A model that was tested on fewer splits than others says so.
    """
    heads = ["Model", "RMSE", "Pearson", "Pearson within drugs", "Pearson beyond mean effects"]
    parts = []
    for mode, rows in table.groupby("mode", sort=False):
        most = rows["splits"].max()
        lines = [f"## {_MODES[str(mode)].capitalize()} (splits: {most})", "", markdown_row(heads)]
        lines.append("| --- |" + " ---: |" * (len(heads) - 1))
        for row in rows.itertuples(index=False):
            values = [row.rmse, row.pearson, row.pearson_within_drugs, row.pearson_beyond_effects]
            name = row.model if row.splits == most else f"{row.model} (splits: {row.splits})"
            lines.append(markdown_row([name, *("–" if np.isnan(x) else f"{x:.3f}" for x in values)]))
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def main(arguments: Sequence[str] | None = None) -> None:
    """Make the data set, run all models in drevalpy's environment, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder data/ of a finished run")
    parser.add_argument("--folder", type=Path, default=_RESULTS, help="where to write (%(default)s)")
    parser.add_argument("--drugs", type=int, default=80, help="drugs drawn at random (%(default)s)")
    parser.add_argument("--splits", type=int, default=3, help="splits of each mode (%(default)s)")
    parser.add_argument("--trees", type=int, default=30, help="of the random forest (%(default)s)")
    parser.add_argument("--sparsego-epochs", type=int, default=40, help="drevalpy's own number is 400 (%(default)s)")
    parser.add_argument("--sparsego-batch", type=int, default=2_000, help="drevalpy's own is 20000 (%(default)s)")
    parser.add_argument("--modes", nargs="+", choices=list(_MODES), default=list(_MODES))
    parser.add_argument("--tabulated", nargs="+", type=int, help="splits that the tables are of, from 0 on; else all")
    parser.add_argument(
        "--models",
        nargs="*",
        default=[*_NAIVE, "DrugGene", "DrugGenePlus", "RandomForest", "SparseGO"],
        help="by drevalpy's names; none: tabulate what is there (%(default)s)",
    )
    parser.add_argument("--python", type=Path, help="interpreter that has drevalpy; by default one is made")
    parser.add_argument("--in-environment", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.in_environment:
        effort = options.trees, options.sparsego_epochs, options.sparsego_batch
        run(options.folder, options.models, options.modes, options.splits, *effort)
        return
    if options.models:
        if not (options.folder / "data" / _NAME / "complete").exists():
            write_data_set(options.data, options.folder / "data", options.drugs, seed=1)
        _run_in_environment(options.python, list(sys.argv[1:] if arguments is None else arguments))
    table = tabulate(options.folder, options.tabulated)
    write_csv(table, options.folder / "comparison.csv")
    write_text(markdown(table), options.folder / "comparison.md")
    print(markdown(table), end="")


def _run_in_environment(python: Path | None, arguments: Sequence[str]) -> None:
    """Call :func:`run` by an interpreter that has drevalpy."""
    python = python or environments.environment(_ENVIRONMENT, RELEASE, _BESIDES)
    paths = [str(_ROOT), str(_ROOT / "workflow" / "scripts")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
    command = [str(python), "-m", "benchmarks.drevalpy_comparison", "--in-environment", *arguments]
    subprocess.run(command, env=environment, check=True)


if __name__ == "__main__":
    main()
