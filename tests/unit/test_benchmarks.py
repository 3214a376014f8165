"""The benchmark counts what the engine does, and its quick form runs from command to figure."""

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from benchmarks import inputs, measure, networks, parsers, roofline, scale, training_step
from benchmarks.hierarchies import part_of, small_hierarchy
from druggene.hierarchy import Hierarchy
from druggene.network import DrugBranch, DrugGeneNetwork
from tests.reference.hierarchies import random_hierarchy, tricky_hierarchy

ROOT = Path(__file__).parents[2]


class Counted(TorchDispatchMode):
    """Counts operations of matrix products, tanh evaluations, and bytes that operators read and write."""

    def __init__(self) -> None:
        super().__init__()
        self.operations = self.tanh = self.bytes = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        name = func.overloadpacket.__name__.strip("_")
        tensors = [value for value in args if isinstance(value, torch.Tensor)]
        if name in ("bmm", "baddbmm", "mm", "addmm", "mv", "addmv"):
            left, right = tensors[-2:]
            self.operations += 2 * left.numel() * (right.shape[-1] if right.dim() > 1 else 1)
        if name in ("tanh", "expm1"):
            self.tanh += tensors[0].numel()
        if not func.is_view:
            self.bytes += sum(tensor.numel() * tensor.element_size() for tensor in (*tensors, result))
        return result


@pytest.mark.parametrize(
    ("hierarchy", "channels"), [(tricky_hierarchy(), 1), (random_hierarchy(1), 1), (random_hierarchy(2), 3)]
)
def test_the_formula_counts_what_the_operators_do(hierarchy: Hierarchy, channels: int) -> None:
    network = DrugGeneNetwork(hierarchy, 16, channels=channels)
    network.initialise("scaled_0.1", 0)
    branch = network.hierarchy
    genotype = network.gather(torch.rand(7, channels, len(hierarchy.genes)))
    with Counted() as counted:
        root, heads = branch(genotype, torch.full((7,), 2))
        (root.sum() + heads.sum()).backward()
    work = roofline.hierarchy_work(genotype, len(hierarchy.terms), branch.neurons, channels)
    assert sum(part.operations for part in work) == counted.operations
    assert sum(part.tanh for part in work) == counted.tanh - heads.numel()
    assert 0 < sum(part.bytes for part in work) < counted.bytes


def test_the_drug_branch_counts_what_the_operators_do() -> None:
    branch = DrugBranch(32, (10, 5, 3))
    rows = torch.rand(9, 32)
    with Counted() as counted:
        for linear in branch.linear:
            rows = torch.tanh(linear(rows))
        rows.sum().backward()
    work = roofline.drug_work(branch, 9)
    assert (work.operations, work.tanh) == (counted.operations, counted.tanh)


@pytest.mark.parametrize(
    ("operator", "group"),
    [
        ("aten::bmm", "matrix products"),
        ("aten::baddbmm_", "matrix products"),
        ("aten::_index_put_impl_", "gathers and scatters"),
        ("aten::expm1", "tanh"),
        ("aten::_fused_adam_", "Adam"),
        ("aten::addcmul", "arithmetic (batch normalisation, losses)"),
        ("HierarchyFunctionBackward", "views, Python, autograd"),
    ],
)
def test_operators_are_grouped(operator: str, group: str) -> None:
    assert roofline.group_of(operator) == group


def test_ratios_are_those_to_the_engine_on_the_same_batch() -> None:
    place = {"hierarchy": "full", "device": "cpu"}
    rows = [
        {**place, "task": task, "network": network, "pairs": pairs, "seconds": seconds}
        for task, network, pairs, seconds in [
            ("training", "engine", 1000, 2.0),
            ("training", "engine", 5000, 4.0),
            ("training", "plain", 5000, 600.0),
            ("training", "plain", 7000, 600.0),
            ("prediction", "engine", 5000, 1.0),
        ]
    ]
    training_step.add_ratios(rows)
    assert [row["ratio"] for row in rows] == [1, 1, 150, None, 1]


def test_a_part_of_a_hierarchy_has_that_part_of_the_genes() -> None:
    hierarchy = random_hierarchy(3, terms=100, genes=80)
    part = part_of(hierarchy, 4)
    assert 10 <= len(part.genes) <= 20
    assert set(part.terms) <= set(hierarchy.terms)
    assert part_of(hierarchy, 1) is hierarchy


def test_both_networks_step_and_predict_on_the_same_batch() -> None:
    hierarchy = random_hierarchy(4, terms=10, genes=12)
    cpu = torch.device("cpu")
    batch = inputs.Batch.draw(30, cpu)
    assert torch.equal(batch.drug, inputs.Batch.draw(30, cpu).drug)
    given = inputs.Inputs.draw(len(hierarchy.genes), cpu)
    for name in ("engine", "plain"):
        network: Any = networks.make(name, hierarchy, given)
        before = [parameter.clone() for parameter in network.network.parameters()]
        network.take(batch)
        network.predict()
        network.train()
        assert any(not torch.equal(a, b) for a, b in zip(before, network.network.parameters(), strict=True))


def test_the_peak_is_that_of_this_process() -> None:
    before = measure.peak_memory()
    held = torch.ones(math.ceil(before / 4))
    assert held.numel() * 4 <= measure.peak_memory() < 3 * before


def test_the_steps_at_scale_lead_from_tidy_tables_to_the_comparison(tmp_path: Path) -> None:
    inputs.write_hierarchy(small_hierarchy(), tmp_path)
    threads = torch.get_num_threads()
    size = scale.Size(1_500, 50, 40)
    for step in scale.STEPS:
        row = scale.run_step(step.__name__, tmp_path, size, threads)
        assert row["seconds"] > 0
        assert 0.05 < row["peak_gb"] < 10
    table = pd.read_csv(tmp_path / "comparison.csv").set_index("model")
    assert list(table.index) == ["druggene", "global_mean", "drug_mean", "cell_line_mean", "effects"]
    assert set(table["n_pairs"]) == {size.pairs}
    assert set(table["n_folds"]) == {10}
    assert 0 < table["n_drugs"].max() <= size.drugs


def test_the_quick_suite_runs_from_command_to_figure(tmp_path: Path) -> None:
    options = ["--quick", "--threads", "1", "--steps", "1", "--output", str(tmp_path)]
    command = [sys.executable, "-m", "benchmarks.training_step", *options]
    environment = {"PYTHONPATH": "workflow/scripts:.", "PATH": "", "MPLCONFIGDIR": str(tmp_path / "matplotlib")}
    result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert not result.returncode, result.stderr
    assert "times the floor" in result.stdout
    found = json.loads((tmp_path / "training_step.json").read_text())
    assert {row["network"] for row in found["rows"]} == {"engine", "plain"}
    assert {row["task"] for row in found["rows"]} == {"training", "prediction"}
    assert all(row["seconds"] > 0 and 0.05 < row["peak_gb"] < 10 for row in found["rows"])
    assert found["annotations"] == {"small": len(small_hierarchy().annotations)}
    for suffix in ("png", "pdf", "csv"):
        assert (tmp_path / f"training_step.{suffix}").stat().st_size


def test_the_parsers_read_what_their_benchmark_makes(tmp_path: Path) -> None:
    sizes = {"models": 30, "genes": 40, "variants": 500, "gdsc_curves": 50, "ctrp_curves": 60}
    parsers.make_files(tmp_path, sizes)
    read = {file: reader(tmp_path / parsers.FILES[file]) for (file, _), reader in parsers.PARSERS.items()}
    assert read["expression"].shape == (30, 40)
    assert len(read["mutations"]) == 30
    assert len(read["GDSC, xlsx"]) == len(read["GDSC, csv"]) == 50
    assert len(read["CTRP, zip"][0]) == 60
    assert {file for file, _ in parsers.BASELINES} <= set(parsers.FILES)
