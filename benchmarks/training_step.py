"""Time and memory of one training step: the engine beside the plain per-term network, in one run.

Takes the published hierarchy (2,086 terms, 3,008 genes) when DRUGGENE_DATA names the folder that holds
druggene_release/, and the hierarchy of a finished run otherwise. Inputs are random: neither network's cost
depends on their values.

    make benchmark ARGS="--pairs 5000 --json step.json"
    make benchmark ARGS="--fold results/gdsc2_part/data/random_pairs/fold_0"
"""

import argparse
import json
import multiprocessing
import os
import platform
import resource
import statistics
import sys
import time
from pathlib import Path

import torch

from druggene.genotype import read_gene_list
from druggene.hierarchy import Hierarchy
from druggene.network import DrugGeneNetwork, Pairs
from druggene.objective import losses
from druggene.ontology import read_published_ontology
from druggene.tables import read_table
from tests.reference.plain_network import PlainNetwork

DRUG_BITS = 2048
ALPHA = 0.2


def read_hierarchy(fold: Path | None) -> Hierarchy:
    """Return the hierarchy of a fold, or the published one."""
    if fold is not None:
        tables = (read_table(fold / f"{name}.parquet") for name in ("terms", "term_edges", "term_genes"))
        return Hierarchy.from_tables(*tables, genes=list(read_table(fold / "genes.parquet")["gene"]))
    release = Path(os.environ["DRUGGENE_DATA"]) / "druggene_release"
    edges, annotations = read_published_ontology(release / "drugGene_ont.txt")
    return Hierarchy.build(edges, annotations, read_gene_list(release / "gene_item.txt"))


def measure(network: str, options: argparse.Namespace, queue: "multiprocessing.Queue[dict]") -> None:
    """Time ``steps`` training steps of one network in a process of its own, so that peaks do not mix."""
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    hierarchy = read_hierarchy(options.fold)
    genotype = torch.rand(options.cell_lines, 1, len(hierarchy.genes))
    drugs = (torch.rand(options.drugs, DRUG_BITS) < 0.03).float()
    cell_line = torch.randint(0, options.cell_lines, (options.pairs,))
    drug = torch.randint(0, options.drugs, (options.pairs,))
    pairs = Pairs.of(cell_line, drug, options.cell_lines, options.drugs)
    target = torch.rand(options.pairs)
    ours = DrugGeneNetwork(hierarchy, DRUG_BITS)
    ours.initialise("scaled_0.1", 0)
    if network == "engine":
        model: torch.nn.Module = ours
        gathered = ours.gather(genotype)

        def objective() -> torch.Tensor:
            return losses(ours(gathered, drugs, pairs), pairs, target, ours, ALPHA, ALPHA, 0.0).total

    else:
        model = plain = PlainNetwork(hierarchy, DRUG_BITS)

        def objective() -> torch.Tensor:
            predicted, terms, layers = plain(genotype[cell_line], drugs[drug])
            heads = sum((head - target).square().mean() for head in [*terms.values(), *layers])
            return (predicted - target).square().mean() + ALPHA * heads

    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)
    seconds = []
    for step in range(options.steps[network] + 1):
        started = time.perf_counter()
        optimizer.zero_grad()
        objective().backward()
        optimizer.step()
        if step or options.steps[network] == 1:  # the first step also reserves memory
            seconds.append(time.perf_counter() - started)
        if options.steps[network] == 1:
            break
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    queue.put({"network": network, "seconds": statistics.median(seconds), "steps": len(seconds), "peak_gb": peak})


def main() -> None:
    """Measure both networks and print a table; ``--json`` also writes it to a file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=5000)
    parser.add_argument("--cell-lines", type=int, default=942)
    parser.add_argument("--drugs", type=int, default=684)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--fold", type=Path, help="folder of a fold whose hierarchy is taken")
    parser.add_argument("--engine-only", action="store_true")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if options.fold is None and not os.environ.get("DRUGGENE_DATA"):
        parser.error("set DRUGGENE_DATA to the folder that holds druggene_release/, or give --fold")
    options.steps = {"engine": 20, "plain": 1}
    rows = []
    context = multiprocessing.get_context("spawn")
    for network in ("engine",) if options.engine_only else ("engine", "plain"):
        queue = context.Queue()
        process = context.Process(target=measure, args=(network, options, queue))
        process.start()
        process.join()
        if process.exitcode:
            sys.exit(f"{network}: stopped with exit code {process.exitcode}")
        rows.append(queue.get())
    hierarchy = read_hierarchy(options.fold)
    print(
        f"{len(hierarchy.terms)} terms, {len(hierarchy.genes)} genes, {len(hierarchy.annotations)} annotations; "
        f"{options.pairs} pairs of {options.cell_lines} cell lines and {options.drugs} drugs; "
        f"{options.threads} threads, torch {torch.__version__}, {platform.machine()}"
    )
    print(f"{'network':10} {'seconds':>8} {'peak GB':>8} {'ratio':>7}")
    for row in rows:
        row["ratio"] = row["seconds"] / rows[0]["seconds"]
        print(f"{row['network']:10} {row['seconds']:8.3f} {row['peak_gb']:8.2f} {row['ratio']:7.1f}")
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
