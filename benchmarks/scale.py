"""Time and memory of every step from tidy tables to the comparison, at the size of DrugCell's training data.

Random data of 500,000 pairs of 1,225 cell lines and 684 drugs on the full hierarchy, through the functions and
artifacts that the workflow's jobs use, each step in a process of its own. Prints a table and writes scale.json to
benchmarks/results/; fails if a step needs more memory than ``--limit``. Takes about a minute.

    make benchmark-scale
    make benchmark-scale ARGS="--quick"
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
import yaml

from benchmarks.hierarchies import full_hierarchy, small_hierarchy
from benchmarks.inputs import DRUG_BITS, read_hierarchy, write_hierarchy
from benchmarks.measure import peak_memory
from benchmarks.training_step import describe_machine
from druggene.checkpoint import Checkpoint, ModelOptions
from druggene.comparison_tables import write_comparison
from druggene.constants import AUC, CELL_LINE, DRUG, FOLD, MODEL, OMICS, PAIR, PREDICTED, PROTOCOL, ROLE, TEST, TISSUE
from druggene.dataset import FoldData
from druggene.devices import prepare_device
from druggene.drugs import FINGERPRINT, write_drug_features
from druggene.fold import train_fold
from druggene.genotype import GenotypeEncoder, read_omic, write_genotype
from druggene.labels import model_labels
from druggene.rivals.naive import predict_naive
from druggene.screen import Screen, write_screen
from druggene.splits import RANDOM_PAIRS, assign_folds, training_cell_lines
from druggene.tables import atomic_path, read_table, write_table
from druggene.training import TrainingOptions, predict

_CONFIG = Path(__file__).parents[1] / "config" / "config.yaml"
_MARKS = {"source": "random", "simulated": True}
_FOLDS = 10
_NETWORK = "druggene"
_TABLES = ("by_fold", "by_drug", "by_cell_line", "intervals", "comparison", "significance")
_LIMIT = 4.0


@dataclass(frozen=True)
class Size:
    """Numbers of pairs, cell lines and drugs."""

    pairs: int
    cell_lines: int
    drugs: int


_FULL = Size(500_000, 1_225, 684)
_QUICK = Size(2_000, 60, 50)


class Steps:
    """The steps, in the order in which the workflow takes them; each reads what those before it wrote to a folder."""

    def __init__(self, folder: Path, size: Size) -> None:
        self.folder = folder
        self.size = size
        names = (
            *("responses", "cell_lines", "drugs", "drug_features", "folds"),
            *("genotype", "terms", "term_edges", "term_genes"),
        )
        self.paths = {name: str(folder / f"{name}.parquet") for name in names}
        self.checkpoint = str(folder / "fold_0.pt")
        self.network_predictions = [str(folder / f"predictions_{fold}.parquet") for fold in range(_FOLDS)]
        self.naive_predictions = str(folder / "naive.parquet")

    @cached_property
    def genes(self) -> list[str]:
        return list(read_hierarchy(self.folder).genes)

    def tables(self) -> None:
        """Number the pairs and write the tidy tables of a screen."""
        size, rng = self.size, np.random.default_rng(0)
        lines = np.array([f"LINE{i:04d}_TISSUE" for i in range(size.cell_lines)])
        drugs = np.array([f"drug{i:04d}" for i in range(size.drugs)])
        line, drug = np.divmod(rng.choice(size.cell_lines * size.drugs, size.pairs, replace=False), size.drugs)
        responses = pd.DataFrame({CELL_LINE: lines[line], DRUG: drugs[drug], AUC: rng.random(size.pairs)})
        omics = {
            omic: pd.DataFrame(rng.random((len(lines), len(self.genes)), dtype=np.float32), lines, self.genes)
            for omic in OMICS
        }
        omics["mutation"] = omics["mutation"].round()
        screen = Screen(
            responses.assign(source="random"),
            pd.DataFrame({CELL_LINE: lines, "name": lines, TISSUE: None}),
            pd.DataFrame({DRUG: drugs, "name": drugs, "smiles": "C", "targets": "", "pathway": ""}),
            omics,
            dict.fromkeys(OMICS, "1"),
            **_MARKS,
        )
        write_screen(screen, self.folder)
        bits = rng.random((len(drugs), DRUG_BITS)) < 0.03
        packed = [row.tobytes() for row in np.packbits(bits, axis=1)]
        features = pd.DataFrame({FINGERPRINT: packed}, index=pd.Index(drugs, name=DRUG))
        write_drug_features(features, self.paths["drug_features"], "morgan", 2, DRUG_BITS)

    def folds(self) -> None:
        """Give every pair its role in ten folds."""
        responses, cell_lines = read_table(self.paths["responses"]), read_table(self.paths["cell_lines"])
        folds = assign_folds(responses, RANDOM_PAIRS, _FOLDS, 0.1, 1, cell_lines)
        write_table(folds, self.paths["folds"], description="role of every pair in every fold", seed=1)

    def genotype(self) -> None:
        """Encode the omics with what the training cell lines of a fold teach."""
        responses = read_table(self.paths["responses"], columns=[PAIR, CELL_LINE])
        lines = training_cell_lines(responses, read_table(self.paths["folds"]), 0)
        omics = {omic: read_omic(self.folder / f"{omic}.parquet", self.genes) for omic in OMICS}
        encoder = GenotypeEncoder.fit(omics, self.genes, lines)
        names = list(omics["mutation"].index)
        write_genotype(self.paths["genotype"], encoder.transform(omics), names, encoder, **_MARKS)

    def reading(self) -> None:
        """Read a fold as training does."""
        FoldData.read(self.paths, 0, OMICS, "sum_rescaled", "morgan")

    def training(self) -> None:
        """Read a fold, train for one epoch, validate, predict the test pairs, write the checkpoint."""
        config = _config()
        training = config["training"] | {"epochs": 1}
        options = TrainingOptions.from_config(training, config["network"], 1)
        model = ModelOptions.from_config(_NETWORK, OMICS, "sum_rescaled", config["drugs"], config["network"])
        outputs = {"checkpoint": self.checkpoint, "predictions": str(self.folder / "test.parquet")}
        outputs["history"] = str(self.folder / "history.parquet")
        train_fold(self.paths, outputs, RANDOM_PAIRS, 0, model, options, str(self.folder / "fold_0.resume.pt"))

    def prediction(self) -> None:
        """Read a fold and a checkpoint, predict every pair, write them as the folds' test pairs."""
        data = FoldData.read(self.paths, 0, OMICS, "sum_rescaled", "morgan")
        network = Checkpoint.load(self.checkpoint).network()
        genotype = network.gather(data.genotype)
        parts = [
            rows.table[[PAIR, CELL_LINE, DRUG, AUC]].assign(
                **{PREDICTED: predict(network, genotype, data, role).double().numpy()}
            )
            for role, rows in data.roles.items()
        ]
        table = pd.concat(parts).assign(**{MODEL: _NETWORK, PROTOCOL: RANDOM_PAIRS})
        folds = read_table(self.paths["folds"], columns=[PAIR, FOLD], filters=[(ROLE, "==", TEST)])
        for fold, of_fold in table.merge(folds, on=PAIR).groupby(FOLD):
            write_table(of_fold, self.network_predictions[int(str(fold))], description="predictions", **_MARKS)

    def naive(self) -> None:
        """Predict all folds by the naive predictors."""
        tables = [read_table(self.paths[name]) for name in ("responses", "folds", "cell_lines")]
        predictions = predict_naive(tables[0], tables[1], _config()["naive"], tables[2])
        write_table(predictions, self.naive_predictions, description="naive predictions", **_MARKS)

    def evaluation(self) -> None:
        """Write all tables of the comparison: metrics by fold, drug and cell line, intervals, tests."""
        config = _config()
        config["models"] = {_NETWORK: config["models"][_NETWORK]}
        config["rivals"]["names"] = []
        outputs = {name: self.folder / f"{name}.parquet" for name in _TABLES}
        outputs["table_s2_csv"] = self.folder / "table_s2.csv"
        paths = self.paths | {"predictions": [*self.network_predictions, self.naive_predictions]}
        write_comparison(paths, outputs, model_labels(config), _NETWORK, config["evaluation"], 1)


def _config() -> dict[str, Any]:
    """Return the default configuration."""
    config: dict[str, Any] = yaml.safe_load(_CONFIG.read_text())
    return config


STEPS: tuple[Callable[[Steps], None], ...] = (
    *(Steps.tables, Steps.folds, Steps.genotype, Steps.reading, Steps.training),
    *(Steps.prediction, Steps.naive, Steps.evaluation),
)


def run_step(name: str, folder: Path, size: Size, threads: int) -> dict[str, float]:
    """Take one step in this process; return its seconds, the processor's seconds, and the peak of memory in GB."""
    prepare_device("cpu", threads)
    steps = Steps(folder, size)
    imports, started, processor = peak_memory() / 1e9, time.perf_counter(), time.process_time()
    getattr(steps, name)()
    return {
        "seconds": time.perf_counter() - started,
        "processor_seconds": time.process_time() - processor,
        "peak_gb": peak_memory() / 1e9,
        "imports_gb": imports,
    }


def parse() -> argparse.Namespace:
    """Return the command line's options."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="2,000 pairs on a small hierarchy, seconds")
    parser.add_argument("--threads", type=int, default=1, help="of each step (default: 1, as the workflow's jobs)")
    parser.add_argument("--limit", type=float, default=_LIMIT, help="GB of memory that no step may exceed")
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / "results", help="folder of the results")
    parser.add_argument("--step", nargs=2, metavar=("NAME", "FOLDER"), help="take one step only, in this process")
    return parser.parse_args()


def main() -> None:
    """Take all steps, print, and write scale.json; exit with 1 if one failed or exceeded the limit."""
    options = parse()
    size = _QUICK if options.quick else _FULL
    if options.step:
        print(json.dumps(run_step(options.step[0], Path(options.step[1]), size, options.threads)))
        return
    machine = describe_machine(options.threads)
    source, hierarchy = ("small", small_hierarchy()) if options.quick else full_hierarchy(None)
    print(
        f"{machine['processor']}, {machine['cores']} cores, load {machine['load']:.1f}; {options.threads} thread(s); "
        f"torch {torch.__version__}; hierarchy: {source}, {len(hierarchy.terms):,} terms, {len(hierarchy.genes):,} "
        f"genes; {size.pairs:,} pairs, {size.cell_lines:,} cell lines, {size.drugs:,} drugs"
    )
    print(f"{'step':12}{'seconds':>9}{'processor':>11}{'peak GB':>9}  what", flush=True)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        write_hierarchy(hierarchy, Path(folder))
        for step in STEPS:
            name = step.__name__
            given = ["--step", name, folder, "--threads", str(options.threads), *["--quick"] * options.quick]
            command = [sys.executable, "-m", "benchmarks.scale", *given]
            result = subprocess.run(command, capture_output=True, text=True)
            if result.returncode:
                sys.exit(f"{name}: failed ({result.returncode}):\n{result.stderr}")
            row = {"step": name, **json.loads(result.stdout.splitlines()[-1])}
            rows.append(row)
            what = str(step.__doc__).removesuffix(".")
            print(
                f"{name:12}{row['seconds']:9.1f}{row['processor_seconds']:11.1f}{row['peak_gb']:9.2f}  {what}",
                flush=True,
            )
    with atomic_path(options.output / "scale.json") as path:
        path.write_text(json.dumps({"machine": machine, "size": asdict(size), "steps": rows}, indent=1) + "\n")
    largest = max(rows, key=lambda row: row["peak_gb"])
    print(f"most memory: {largest['peak_gb']:.2f} GB ({largest['step']}), of {options.limit:g} GB")
    sys.exit(largest["peak_gb"] > options.limit)


if __name__ == "__main__":
    main()
