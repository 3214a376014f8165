"""Time and memory of a training step and of a prediction: the engine, the plain network and SparseGO, in one run.

Prints a table and writes JSON and figures to benchmarks/results/. The engine takes batches of up to 100,000 pairs,
the others, which need half a minute for a step, of 1,000 and 5,000; all on the full hierarchy and on those of a
quarter and a sixteenth of its genes. Takes up to ten minutes on 2 cores.

    make benchmark
    make benchmark ARGS="--quick"
    make benchmark ARGS="--networks engine --fold results/gdsc2_part/data/random_pairs/fold_0"
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from benchmarks import hierarchies, inputs, sparsego
from benchmarks.measure import Job
from benchmarks.networks import NAMES
from benchmarks.roofline import report
from druggene.hierarchy import Hierarchy
from druggene.plotting import new_figure, save_figure, style
from druggene.tables import atomic_path

_ENGINE_PAIRS = (1_000, 5_000, 10_000, 50_000, 100_000)
_OTHER_PAIRS = (1_000, 5_000)
_QUICK_PAIRS = (100, 1_000)
_DIVISORS = {"full": 1, "1/4 of the genes": 4, "1/16 of the genes": 16}
_TASKS = ("training", "prediction")
_REFERENCE_PAIRS = 5_000
_LABELS = {
    "engine": ("Engine", "#0072B2", "o"),
    "plain": ("Plain per-term network", "#D55E00", "s"),
    "sparsego": (f"SparseGO ({sparsego.RELEASE.replace('==', ' ')})", "#009E73", "^"),
}


def hierarchies_by_name(options: argparse.Namespace) -> dict[str, Hierarchy]:
    """Return the hierarchies to measure by name, the largest first."""
    if options.quick:
        return {"small": hierarchies.small_hierarchy()}
    source, full = hierarchies.full_hierarchy(options.fold)
    print(f"hierarchy: {source}", flush=True)
    return {name: hierarchies.part_of(full, divisor) for name, divisor in _DIVISORS.items()}


def run(job: Job) -> list[dict[str, Any]]:
    """Measure in a process of its own; SparseGO's has its own environment. What fails is said and has no rows."""
    python = sparsego.environment() if job.network == "sparsego" else Path(sys.executable)
    command = [str(python), "-m", "benchmarks.measure", json.dumps(asdict(job))]
    load = os.getloadavg()[0]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode:
        reason = (result.stderr.strip().splitlines() or [""])[-1]
        print(f"{job.network}, {job.task}, {job.hierarchy}, {job.device}: failed ({result.returncode}): {reason}")
        return []
    rows: list[dict[str, Any]] = json.loads(result.stdout.splitlines()[-1])
    return [row | {"load_before": load} for row in rows]


def add_ratios(rows: list[dict[str, Any]]) -> None:
    """Say of each row how many times longer it took than the engine on the same batch."""
    place = ("hierarchy", "task", "device", "pairs")
    engine = {tuple(row[key] for key in place): row["seconds"] for row in rows if row["network"] == "engine"}
    for row in rows:
        reference = engine.get(tuple(row[key] for key in place))
        row["ratio"] = row["seconds"] / reference if reference else None


def heading() -> str:
    """Return the columns of :func:`table_row`."""
    return (
        f"{'hierarchy':18}{'task':11}{'network':9}{'device':7}{'pairs':>8}{'median s':>10}{'fastest s':>10}"
        f"{'steps':>6}{'x engine':>9}{'peak GB':>8}{'GPU GB':>7}{'load':>6}"
    )


def table_row(row: dict[str, Any]) -> str:
    """Return a row of the table."""
    ratio = "" if row["ratio"] is None else f"{row['ratio']:.1f}"
    gpu = f"{row['peak_device_gb']:.2f}" if "peak_device_gb" in row else "-"
    return (
        f"{row['hierarchy']:18}{row['task']:11}{row['network']:9}{row['device']:7}{row['pairs']:8,}"
        f"{row['seconds']:10.4f}{row['fastest']:10.4f}{row['steps']:6}{ratio:>9}{row['peak_gb']:8.2f}{gpu:>7}{row['load_before']:6.1f}"
    )


def draw(rows: pd.DataFrame, sizes: dict[str, int]) -> Figure:
    """Draw seconds and memory against batch size on the largest hierarchy, and seconds against its size."""
    largest = rows[rows["hierarchy"] == max(sizes, key=lambda name: sizes[name])]
    training, prediction = (largest[largest["task"] == task] for task in _TASKS)
    pairs = _REFERENCE_PAIRS if (rows["pairs"] == _REFERENCE_PAIRS).any() else rows["pairs"].max()
    by_size = rows[(rows["task"] == "training") & (rows["pairs"] == pairs)]
    by_size = by_size.assign(annotations=by_size["hierarchy"].map(sizes))
    panels = (
        ("Training step (s)", "seconds", "Pairs in a batch", "pairs", training),
        ("Prediction (s)", "seconds", "Pairs in a batch", "pairs", prediction),
        ("Peak memory, training (GB)", "peak_gb", "Pairs in a batch", "pairs", training),
        (f"Training step of {pairs:,} pairs (s)", "seconds", "Annotations", "annotations", by_size),
    )
    figure = new_figure(120)
    with style():
        for letter, axes, (title, y, label, x, shown) in zip("abcd", figure.subplots(2, 2).flat, panels, strict=True):
            _draw_lines(axes, shown, x, y)
            axes.set(xscale="log", xlabel=label, ylabel=title)
            axes.xaxis.set_major_formatter("{x:,.0f}")
            if y == "seconds":
                axes.set_yscale("log")
                axes.yaxis.set_major_formatter("{x:g}")
            else:
                axes.set_ylim(bottom=0)
            for axis in (axes.xaxis, axes.yaxis):
                axis.set_minor_formatter(NullFormatter())
            axes.set_title(letter, loc="left", fontweight="bold")
            axes.grid(color="#dddddd", linewidth=0.4)
        handles, names = figure.axes[0].get_legend_handles_labels()
        figure.legend(handles, names, loc="outside upper center", ncols=len(names), frameon=False)
    return figure


def _draw_lines(axes: Axes, shown: pd.DataFrame, x: str, y: str) -> None:
    """Draw a line per network and device; the GPU's are dashed."""
    for network, (name, colour, marker) in _LABELS.items():
        for device, line, suffix in (("cpu", "-", ""), ("cuda", "--", ", GPU")):
            part = shown[(shown["network"] == network) & (shown["device"] == device)].sort_values(x)
            if len(part):
                look = {"color": colour, "marker": marker, "linestyle": line, "markersize": 4, "linewidth": 1.2}
                axes.plot(part[x], part[y], label=name + suffix, **look)


def processor() -> str:
    """Return the processor's name, as the kernel gives it where it does."""
    information = Path("/proc/cpuinfo")
    lines = information.read_text().splitlines() if information.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def parse() -> argparse.Namespace:
    """Return the command line's options."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="engine and plain network on a small hierarchy, seconds")
    parser.add_argument("--networks", nargs="+", choices=NAMES, help="only these (default: all)")
    parser.add_argument("--fold", type=Path, help="folder of a fold whose hierarchy is taken")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, default=20, help="steps of which the median is taken, at most")
    parser.add_argument("--seconds", type=float, default=4.0, help="no further step begins after so much time")
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / "results", help="folder of the results")
    options = parser.parse_args()
    chosen = options.networks or (("engine", "plain") if options.quick else NAMES)
    options.networks = [name for name in NAMES if name in chosen]  # the engine first: the others are compared with it
    return options


def describe_machine(threads: int) -> dict[str, Any]:
    """Return what the figures depend on: processor, threads, GPU, PyTorch and the load by others at the start."""
    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "threads": threads,
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "torch": torch.__version__,
        "load": os.getloadavg()[0],
    }


def measure_all(options: argparse.Namespace, devices: Sequence[str], folder: Path) -> dict[str, Any]:
    """Measure everything, printing the table row by row; ``folder`` passes hierarchies to the processes."""
    found = hierarchies_by_name(options)
    folders = {name: folder / str(number) for number, name in enumerate(found)}
    for name, hierarchy in found.items():
        inputs.write_hierarchy(hierarchy, folders[name])
        shape = len(hierarchy.terms), len(hierarchy.genes), len(hierarchy.annotations)
        print("{}: {:,} terms, {:,} genes, {:,} annotations".format(name, *shape))
    print(heading(), flush=True)

    def job(network: str, task: str, name: str, device: str, pairs: Sequence[int]) -> Job:
        limits = (options.threads, options.steps, options.seconds)
        return Job(network, task, name, str(folders[name]), device, list(pairs), *limits)

    rows: list[dict[str, Any]] = []
    failed = 0
    for name, task, device, network in product(found, _TASKS, devices, options.networks):
        pairs = _QUICK_PAIRS if options.quick else _ENGINE_PAIRS if network == "engine" else _OTHER_PAIRS
        measured = run(job(network, task, name, device, pairs))
        failed += not measured
        rows += measured
        add_ratios(rows)
        for row in measured:
            print(table_row(row), flush=True)
    profiles = run(job("engine", "profile", next(iter(found)), "cpu", [_REFERENCE_PAIRS]))
    annotations = {name: len(hierarchy.annotations) for name, hierarchy in found.items()}
    return {"annotations": annotations, "rows": rows, "profile": profiles, "failed": failed + (not profiles)}


def main() -> None:
    """Measure, print, and write training_step.json, .png, .pdf and .csv; exit with 1 if anything failed."""
    options = parse()
    machine = describe_machine(options.threads)
    print(
        f"{machine['processor']}, {machine['cores']} cores, load {machine['load']:.1f}; {options.threads} threads; "
        f"torch {machine['torch']}; {machine['gpu'] or 'no GPU'}; {inputs.CELL_LINES} cell lines, {inputs.DRUGS} drugs"
    )
    with tempfile.TemporaryDirectory() as temporary:
        found = measure_all(options, ["cpu", "cuda"] if machine["gpu"] else ["cpu"], Path(temporary))
    for profile in found["profile"]:
        print(f"\n{report(profile)}\n")
    stem = options.output / "training_step"
    with atomic_path(stem.with_suffix(".json")) as path:
        path.write_text(json.dumps({"machine": machine, **found}, indent=1) + "\n")
    if found["rows"]:
        frame = pd.DataFrame(found["rows"])
        save_figure(draw(frame, found["annotations"]), frame, stem)
    print(f"written: {stem}.json and its figure")
    sys.exit(1 if found["failed"] else 0)


if __name__ == "__main__":
    main()
