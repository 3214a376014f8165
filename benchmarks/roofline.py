"""What a training step has to do, what the machine can do, and where the time goes.

The floor of a step is the larger of two times: its matrix products and tanh at the rates that the machine reaches
on data in its cache, and the bytes that have to cross its memory at the rate at which it copies. Letters: T terms, H
neurons, C cell lines, M channels, E edges, P annotations with padding, I and O the edges in the buckets of children
and of parents with padding, D drugs.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.profiler import ProfilerActivity, profile

from benchmarks.networks import Engine
from druggene.hierarchy_function import Genotype, tanh_
from druggene.network import DrugBranch

_FLOAT = 4  # bytes


@dataclass(frozen=True)
class Work:
    """A part of a step: floating-point operations of matrix products, tanh evaluations, bytes across memory."""

    part: str
    operations: int = 0
    tanh: int = 0
    bytes: int = 0


def hierarchy_work(genotype: Genotype, terms: int, neurons: int, channels: int) -> list[Work]:
    """Count one forward and one backward pass over the hierarchy.

    A bucket's tensors are taken to stay in cache while it is worked on. So per pass and bucket, what comes from
    memory or goes there counts once: the genotype of each term, the states or gradients of each neighbour, and what
    is kept for later.
    """
    t, h, m, c = terms, neurons, channels, genotype.cell_lines
    p = sum(bucket.genes.numel() for layer in genotype.layers for bucket in layer.genes)
    i = sum(bucket.edges.numel() for layer in genotype.layers for bucket in layer.children)
    o = sum(bucket.edges.numel() for layer in genotype.layers for bucket in layer.parents)
    e = sum(len(layer.edge_child) for layer in genotype.layers)
    state, row = _FLOAT * h * c, _FLOAT * c
    return [
        Work("genes, forward", operations=2 * p * m * h * c, bytes=p * m * row),
        Work("genes, gradient", operations=2 * p * m * h * c, bytes=p * m * row),
        # Besides, the children's shifts go into the biases.
        Work("children, forward", operations=2 * i * h * h * c + 2 * e * h * h, bytes=i * state),
        Work("children, gradient", operations=2 * i * h * h * c, bytes=i * state),
        Work("parents, gradient", operations=2 * o * h * h * c, bytes=o * state),
        # The mean and variance forward; centred outputs are written.
        Work("terms, forward", operations=4 * t * h * c, tanh=t * h * c, bytes=t * state),
        # Centred outputs are read; gradients are written by parents, and read and written by the term's own bucket.
        Work("terms, gradient", bytes=4 * t * state),
        # Centred outputs are read again once all layers are done; predictions are written, their gradients read.
        Work("heads", operations=2 * t * h * c, bytes=t * state + 2 * t * row),
    ]


def other_work(engine: Engine, pairs: int) -> list[Work]:
    """Count the heads' loss, the drug branch, the joining layer and Adam."""
    network = engine.network
    c, d = engine.sizes
    t = len(network.hierarchy.order)
    parameters = sum(parameter.numel() for parameter in network.parameters())
    joined = network.final_linear.weight.numel()
    return [
        # tanh, scale and shift, the squared error, and the gradients of each: a pass reads one array and writes one.
        Work("heads' loss", tanh=t * c, bytes=6 * t * c * _FLOAT),
        drug_work(network.drug, d),
        Work("joining layer", tanh=pairs * (network.final_linear.out_features + 1), bytes=pairs * joined * _FLOAT),
        # Parameter, gradient and both moments are read; the parameter and the moments are written.
        Work("Adam", bytes=7 * parameters * _FLOAT),
    ]


def drug_work(branch: DrugBranch, drugs: int) -> Work:
    """Count the drug branch: one product forward and two backward, but none for the gradient of the fingerprints."""
    shapes = [tuple(linear.weight.shape) for linear in branch.linear]
    operations = sum(2 * drugs * a * b * (2 if layer == 0 else 3) for layer, (a, b) in enumerate(shapes))
    return Work(
        "drug branch",
        operations=operations,
        tanh=drugs * sum(outputs for outputs, _ in shapes),
        bytes=2 * drugs * shapes[0][1] * _FLOAT,
    )


@dataclass(frozen=True)
class Rates:
    """What the machine reached: copied bytes (read and written), operations and tanh evaluations per second."""

    copy: float
    matrix: float
    bucket: float
    tanh: float


def machine_rates(engine: Engine) -> Rates:
    """Measure a copy of 256 MB, a large matrix product, the products of a typical bucket, and tanh in cache."""
    source = torch.rand(64_000_000)
    target = torch.empty_like(source)
    copy = 2 * source.numel() * _FLOAT / _fastest(lambda: target.copy_(source))
    square = torch.rand(2000, 2000)
    matrix = 2 * 2000**3 / _fastest(lambda: torch.mm(square, square))
    inputs = _median_bucket(engine.genotype)
    b, k, c = inputs.shape
    weight = torch.rand(b, engine.network.hierarchy.neurons, k)
    bucket = 2 * weight.numel() * c / _fastest(lambda: torch.bmm(weight, inputs))
    values = torch.rand(100_000)
    tanh = values.numel() / _fastest(lambda: tanh_(values))
    return Rates(copy, matrix, bucket, tanh)


def _median_bucket(genotype: Genotype) -> Tensor:
    buckets = sorted((x for layer in genotype.inputs for x in layer), key=Tensor.numel)
    return buckets[len(buckets) // 2]


def _fastest(run: Callable[[], object], repeats: int = 10) -> float:
    run()
    seconds = []
    for _ in range(repeats):
        started = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - started)
    return min(seconds)


_GROUPS = {
    "matrix products": ("bmm", "baddbmm", "mm", "addmm", "addmv", "mv"),
    "gathers and scatters": ("index_select", "index_copy", "index", "index_put", "index_add", "embedding", "cat"),
    "tanh": ("tanh", "tanh_backward", "expm1"),
    "Adam": ("fused_adam",),
    "arithmetic (batch normalisation, losses)": (
        *("add", "sub", "mul", "div", "addcmul", "pow", "sum", "rsqrt", "square", "lerp", "mean", "neg", "where"),
        *("copy", "fill", "clamp", "bincount", "dot"),
    ),
}


def group_of(operator: str) -> str:
    """Return the group of an operator as the profiler names it; what is none of torch's counts as Python."""
    name = operator.removeprefix("aten::").removesuffix("_impl_").strip("_")
    return next((group for group, names in _GROUPS.items() if name in names), "views, Python, autograd")


def profile_step(engine: Engine, steps: int = 5) -> dict[str, float]:
    """Return the seconds of a step by group of operators; the profiler's own cost makes the last group larger."""
    with profile(activities=[ProfilerActivity.CPU]) as profiler:
        for _ in range(steps):
            engine.train()
    seconds: dict[str, float] = defaultdict(float)
    for event in profiler.key_averages():
        seconds[group_of(event.key)] += event.self_cpu_time_total / 1e6 / steps
    return dict(sorted(seconds.items(), key=lambda item: -item[1]))


def examine(engine: Engine, pairs: int) -> dict[str, Any]:
    """Count the work of a step of the engine's batch of ``pairs``, measure the machine, and profile."""
    branch = engine.network.hierarchy
    channels = branch.gene_weight.shape[1]
    work = hierarchy_work(engine.genotype, len(branch.order), branch.neurons, channels)
    work += other_work(engine, pairs)
    rates = machine_rates(engine)
    floor = {
        "matrix products": sum(part.operations for part in work) / rates.bucket,
        "tanh": sum(part.tanh for part in work) / rates.tanh,
        "memory": sum(part.bytes for part in work) / rates.copy,
    }
    floor["floor"] = max(floor["matrix products"] + floor["tanh"], floor["memory"])
    return {
        "work": [vars(part) for part in work],
        "rates": vars(rates),
        "floor": floor,
        "profile": profile_step(engine),
    }


def report(found: dict[str, Any]) -> str:
    """Return a row of a profile as text."""
    rates, floor = found["rates"], found["floor"]
    lines = [f"{'part of a training step':26}{'GFLOP':>8}{'M tanh':>8}{'MB':>8}"]
    total = {key: sum(part[key] for part in found["work"]) for key in ("operations", "tanh", "bytes")}
    parts: Sequence[dict[str, Any]] = [*found["work"], {"part": "all", **total}]
    for part in parts:
        sizes = part["operations"] / 1e9, part["tanh"] / 1e6, part["bytes"] / 1e6
        lines.append(f"{part['part']:26}{sizes[0]:8.3f}{sizes[1]:8.2f}{sizes[2]:8.1f}")
    lines += [
        "",
        f"machine: copies {rates['copy'] / 1e9:.1f} GB/s (read + written), multiplies {rates['matrix'] / 1e9:.0f} "
        f"GFLOP/s (2000 x 2000) and {rates['bucket'] / 1e9:.0f} GFLOP/s (a bucket), {rates['tanh'] / 1e9:.2f} G tanh/s",
        f"floor: matrix products {floor['matrix products']:.4f} s + tanh {floor['tanh']:.4f} s, or memory "
        f"{floor['memory']:.4f} s, whichever is longer: {floor['floor']:.4f} s",
        f"measured: {found['seconds']:.4f} s (median), {found['seconds'] / floor['floor']:.1f} times the floor; "
        f"fastest {found['fastest']:.4f} s, {found['fastest'] / floor['floor']:.1f} times",
        "",
        f"{'operators (profiled)':44}{'ms a step':>10}{'share':>7}",
    ]
    profiled = sum(found["profile"].values())
    lines += [
        f"{group:44}{1e3 * seconds:10.1f}{seconds / profiled:7.0%}" for group, seconds in found["profile"].items()
    ]
    return "\n".join(lines)
