"""Time and memory of predicting 1,000 new cell lines x 1,000 new drugs from checkpoints of the published size.

    PYTHONPATH=workflow/scripts:. python -m benchmarks.predicting
    PYTHONPATH=workflow/scripts:. python -m benchmarks.predicting --quick
    PYTHONPATH=workflow/scripts:. python -m benchmarks.predicting --reference results/gdsc2_part fold_1

Checkpoints are untrained: no cost depends on the values. Their hierarchy is the published one (2,086 terms, 3,008
genes) where DRUGGENE_DATA names its folder, else one as large of the repository's Gene Ontology; their reference has
900 cell lines and 684 drugs. Each row is the command `druggene predict` in a process of its own, from reading tables
to written Parquet and CSV. Prints a table and writes predicting.csv to benchmarks/results/.

With ``--reference``, prints instead how well the sketches in the checkpoints of a run's fold tell cell lines apart.
"""

import argparse
import itertools
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.spatial.distance import cdist

from benchmarks.hierarchies import full_hierarchy, small_hierarchy
from benchmarks.training_step import describe_machine
from druggene.checkpoint import Checkpoint, ModelOptions
from druggene.constants import CELL_LINE, DRUG, OMICS, SMILES
from druggene.drugs import morgan_fingerprints
from druggene.genotype import GenotypeEncoder, fuse, read_genotype
from druggene.hierarchy import Hierarchy
from druggene.prediction.predictor import Limits
from druggene.reference import Reference, tanimoto
from druggene.tables import write_csv
from druggene.term_readout import ReadoutOptions

RESULTS = Path(__file__).parent / "results"
_SCRIPTS = Path(__file__).parents[1] / "workflow" / "scripts"
_TRAINING_LINES, _TRAINING_DRUGS = 900, 684
_JOINED = ModelOptions("joined", list(OMICS), "sum_rescaled", "morgan", 2, 2048, 6, [100, 50, 6], 6)
_DROPOUTS = dict.fromkeys(
    ("gene_dropout", "term_dropout", "drug_dropout", "drug_effect_dropout", "cell_line_effect_dropout"), 0.0
)
_PLUS = replace(
    _JOINED,
    name="terms",
    fusion="channels",
    drug_layers=[100],
    readout=ReadoutOptions(latent=24, members=4, omic_weights=(0.3, 1.0, 0.3), **_DROPOUTS),
)
_ROWS = [(model, *row) for model in ("joined", "terms") for row in ((1, 0), (10, 0), (1, 3), (5, 3))]
"""Model, number of checkpoints, terms to name; the last is what `snakemake predict` does with the default run."""


def made_up_drugs(number: int) -> pd.DataFrame:
    """Return ``number`` different molecules: a ring, a linker and a group at either end."""
    rings = ["c1ccc({})cc1", "c1cnc({})nc1", "c1cc({})sc1", "C1CCN({})CC1", "c1ccc2nc({})ccc2c1"]
    linkers = ["C(=O)N{}", "S(=O)(=O)N{}", "OC{}", "NC(=O)C{}", "CC{}"]
    ends = ["c3ccccc3{}", "C3CCC3{}", "C(C){}", "c3ccncc3{}", "C3CCOC3{}", "c3ccoc3{}", "CC{}", "C(F)(F){}"]
    groups = ["F", "Cl", "C", "OC", "N", "C#N", "C(=O)O", "S(C)(=O)=O", "C(F)(F)F", "N(C)C"]
    parts = itertools.islice(itertools.product(rings, linkers, ends, groups), number)
    smiles = [ring.format(linker.format(end.format(group))) for ring, linker, end, group in parts]
    return pd.DataFrame({DRUG: [f"drug{i}" for i in range(len(smiles))], SMILES: smiles})


def made_up_omics(lines: Sequence[str], genes: Sequence[str], seed: int) -> dict[str, pd.DataFrame]:
    """Return random mutations, expression and copy number."""
    rng = np.random.default_rng(seed)
    shape = len(lines), len(genes)
    values = [rng.random(shape) < 0.05, rng.gamma(2, 1.5, shape), rng.normal(1, 0.2, shape)]
    return {
        omic: pd.DataFrame(part.astype(np.float32), index=pd.Index(lines, name=CELL_LINE), columns=list(genes))
        for omic, part in zip(OMICS, values, strict=True)
    }


def write_checkpoints(hierarchy: Hierarchy, folder: Path, numbers: dict[str, int]) -> None:
    """Write so many checkpoints of each model below ``folder``/<model>/, which differ in their seed alone."""
    lines = [f"training line {i}" for i in range(_TRAINING_LINES)]
    omics = made_up_omics(lines, hierarchy.genes, 0)
    encoder = GenotypeEncoder.fit(omics, hierarchy.genes, lines)
    hierarchy = Hierarchy.from_tables(*hierarchy.to_tables(), genes=list(encoder.genes))
    encoded = encoder.transform(omics)
    drugs = made_up_drugs(_TRAINING_DRUGS)
    bits = morgan_fingerprints(drugs[SMILES].tolist())
    for options in (_JOINED, _PLUS):
        genotype = fuse(encoded, options.omics, options.fusion)
        reference = Reference.of(drugs[DRUG].tolist(), bits, bits, lines, genotype)
        for seed in range(numbers.get(options.name, 0)):
            network = options.build(hierarchy, 2048, (len(lines), len(drugs)))
            network.initialise("scaled_0.1", seed)
            names = tuple(lines), tuple(drugs[DRUG])
            state = network.state_dict()
            checkpoint = Checkpoint(options, hierarchy, encoder, None, state, {}, None, *names, reference)
            checkpoint.save(folder / options.name / f"fold_{seed}.pt")


def measure(folder: Path, model: str, checkpoints: int, terms: int, threads: int) -> dict[str, object]:
    """Run the command once; return a row of the table."""
    files = [str(folder / model / f"fold_{i}.pt") for i in range(checkpoints)]
    command = [sys.executable, "-m", "druggene.command_line", "predict", "--checkpoints", *files]
    command += ["--cell-lines", str(folder / "omics"), "--drugs", str(folder / "drugs.csv")]
    command += ["--output", str(folder / "out"), "--top-terms", str(terms), "--threads", str(threads)]
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = os.environ | {"PYTHONPATH": str(_SCRIPTS)}
    environment |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), str(threads))
    # The peak of the child itself, as that of all children is the largest of those before it.
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)}: ended with {process.returncode}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {
        "model": model,
        "checkpoints": checkpoints,
        "terms": terms,
        "seconds": round(time.perf_counter() - began, 1),
        "cpu_seconds": round(cpu, 1),
        "peak_mb": usage.ru_maxrss // 1024,
        "checkpoint_mb": round(Path(files[0]).stat().st_size / 1e6, 1),
    }


def describe_references(run: Path, fold: str) -> pd.DataFrame:
    """Return one row per model of what its reference of the fold has of the genotypes of the training cell lines.

    variance
        Part of the variance along the principal components.
    nearest, nearest_two
        Parts of the cell lines whose nearest by sketch is their nearest, or one of their two nearest, by genotype.
    distance
        Median ratio of the sketch's distance to the nearest and the genotype's.
    similarity, unlike
        Median Tanimoto similarity of training drugs to their nearest other one, and part of them below 0.3.
    """
    encoded, names, _, _ = read_genotype(run / "data" / "random_pairs" / fold / "genotype.parquet")
    rows = []
    for path in sorted((run / "models" / "random_pairs").glob(f"*/{fold}.pt")):
        checkpoint = Checkpoint.load(path)
        reference, options = checkpoint.reference, checkpoint.options
        if reference is None:
            continue
        chosen = [names.index(line) for line in reference.cell_lines]
        genotype = fuse(encoded, options.omics, options.fusion)[chosen].reshape(len(chosen), -1).astype(np.float64)
        exact, sketched = (_to_others(values.astype(np.float64)) for values in (genotype, reference.sketches))
        row = np.arange(len(chosen))
        rank = (exact < exact[row, sketched.argmin(axis=1)][:, None]).sum(axis=1)
        centred = genotype - genotype.mean(axis=0)
        along = centred @ reference.directions[:64].astype(np.float64).T
        similar = tanimoto(reference.fingerprints, reference.fingerprints)
        np.fill_diagonal(similar, 0)
        rows.append(
            {
                "model": options.name,
                "variance": (along**2).sum() / (centred**2).sum(),
                "nearest": (rank == 0).mean(),
                "nearest_two": (rank <= 1).mean(),
                "distance": np.median(sketched.min(axis=1) / exact.min(axis=1)),
                "similarity": np.median(similar.max(axis=1)),
                "unlike": (similar.max(axis=1) < Limits().similarity).mean(),
            }
        )
    return pd.DataFrame(rows)


def _to_others(rows: np.ndarray) -> np.ndarray:
    """Return the distances between all rows, infinite from a row to itself."""
    distances = cdist(rows, rows)
    np.fill_diagonal(distances, np.inf)
    return distances


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description="Time and memory of predicting new pairs from checkpoints.")
    parser.add_argument("--quick", action="store_true", help="a small hierarchy, 30 cell lines and drugs")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rows", type=int, nargs="*", help="numbers of the rows to measure, from 0; all if left out")
    parser.add_argument("--reference", nargs=2, metavar=("RUN", "FOLD"), help="describe the checkpoints of a fold")
    options = parser.parse_args(arguments)
    if options.reference:
        print(describe_references(Path(options.reference[0]), options.reference[1]).round(3).to_string(index=False))
        return
    origin, hierarchy = ("random", small_hierarchy()) if options.quick else full_hierarchy(None)
    size, most = (30, 2) if options.quick else (1000, 10)
    print(f"{origin}: {len(hierarchy.terms)} terms, {len(hierarchy.genes)} genes; {size} cell lines x {size} drugs")
    print(describe_machine(options.threads))
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        chosen = [_ROWS[number] for number in options.rows or range(len(_ROWS))]
        needed = {model: min(most, max(k for name, k, _ in chosen if name == model)) for model, _, _ in chosen}
        write_checkpoints(hierarchy, folder, needed)
        (folder / "omics").mkdir()
        for omic, matrix in made_up_omics([f"line {i}" for i in range(size)], hierarchy.genes, 1).items():
            matrix.to_parquet(folder / "omics" / f"{omic}.parquet")
        write_csv(made_up_drugs(size), folder / "drugs.csv")
        for model, checkpoints, terms in chosen:
            rows.append(measure(folder, model, min(checkpoints, most), terms, options.threads))
            print(rows[-1], flush=True)
    table = pd.DataFrame(rows)
    print(table.to_string(index=False))
    if not options.quick:
        write_csv(table, RESULTS / "predicting.csv")


if __name__ == "__main__":
    main()
