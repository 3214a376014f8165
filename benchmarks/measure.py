"""Time one network in a process of its own, so that peaks of memory do not mix.

    python -m benchmarks.measure '{"network": "engine", "task": "training", "folder": ..., ...}'

The last line printed is a JSON list with a row per batch size.
"""

import json
import resource
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from benchmarks.inputs import Batch, Inputs, read_hierarchy
from benchmarks.networks import Engine, make
from benchmarks.roofline import examine
from druggene.devices import prepare_device

_SLOW = 5.0
"""A first step that took this many seconds counts; a quicker one only warms up."""


@dataclass(frozen=True)
class Job:
    """What to measure: a task of a network (training, prediction, or profile) on the hierarchy of a folder.

    Attributes
    ----------
    pairs
        Batch sizes, ascending, so that the peak of each includes none larger.
    steps, seconds
        No more than so many steps of each are timed, and none begins after so much time.
    """

    network: str
    task: str
    hierarchy: str
    folder: str
    device: str
    pairs: list[int]
    threads: int
    steps: int
    seconds: float


def measure(job: Job) -> list[dict[str, Any]]:
    """Return a row per batch size: seconds (median and fastest), steps and the peak of memory in GB so far.

    A profile's rows also hold what :func:`benchmarks.roofline.examine` finds.
    """
    # The same settings for all networks, and those of the jobs that train.
    device = prepare_device(job.device, job.threads)
    torch.manual_seed(0)
    hierarchy = read_hierarchy(Path(job.folder))
    network = make(job.network, hierarchy, Inputs.draw(len(hierarchy.genes), device))
    run = network.predict if job.task == "prediction" else network.train
    rows = []
    for pairs in job.pairs:
        network.take(Batch.draw(pairs, device))
        seconds = _time(run, job, device)
        row = {name: getattr(job, name) for name in ("hierarchy", "task", "network", "device")} | {"pairs": pairs}
        row |= {"seconds": statistics.median(seconds), "fastest": min(seconds), "steps": len(seconds)}
        row["peak_gb"] = peak_memory() / 1e9
        if device.type == "cuda":
            row["peak_device_gb"] = torch.cuda.max_memory_allocated() / 1e9
        if job.task == "profile":
            assert isinstance(network, Engine)
            row |= examine(network, pairs)
        rows.append(row)
    return rows


def _time(run: Callable[[], None], job: Job, device: torch.device) -> list[float]:
    def once() -> float:
        started = time.perf_counter()
        run()
        if device.type == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter() - started

    first = once()
    if first >= _SLOW:
        return [first]
    seconds: list[float] = []
    while not seconds or (len(seconds) < job.steps and sum(seconds) < job.seconds):
        seconds.append(once())
    return seconds


def peak_memory() -> int:
    """Return the most memory that this process has held, in bytes.

    Linux keeps an account of this program alone; elsewhere getrusage also counts what the parent held at the start.
    """
    status = Path("/proc/self/status")
    if status.exists():
        (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


if __name__ == "__main__":
    print(json.dumps(measure(Job(**json.loads(sys.argv[1])))))
