"""Devices: nothing is read back within an epoch, files can be read without a GPU, and a GPU computes the same."""

import ctypes
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from druggene import training
from druggene.batches import deal_batches
from druggene.constants import TEST, TRAIN
from druggene.dataset import FoldData
from druggene.devices import prepare_device
from druggene.network import DrugGeneNetwork
from druggene.training import Trained, Trainer, TrainingOptions, predict
from tests.reference.folds import small_fold
from tests.unit.test_training import OPTIONS

META = torch.device("meta")
# What makes the processor wait for a GPU: their results, or the sizes of these, depend on values.
WAITS = {"_local_scalar_dense", "item", "is_nonzero", "equal", "bincount", "nonzero", "masked_select", "_unique2"}


class Watched(TorchDispatchMode):
    """Counts copies from one device to another; fails on operators that wait for ``device`` or mix two."""

    def __init__(self, device: torch.device) -> None:
        super().__init__()
        self.device = device
        self.copies: Counter[str] = Counter()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = func.overloadpacket.__name__
        given = [value for value in tree_leaves((args, kwargs)) if isinstance(value, Tensor)]
        if any(value.device == self.device for value in given):
            assert name not in WAITS, f"{name} waits for the device"
        result = func(*args, **(kwargs or {}))
        if name == "index":
            assert all(value.dtype != torch.bool for value in given), "indexing by a mask waits for the device"
        there = {value.device for value in (*given, *tree_leaves(result)) if isinstance(value, Tensor) and value.dim()}
        if len(there) > 1:
            assert name == "_to_copy", f"{name} mixes {there}"
            self.copies[name] += 1
        return result


def start(options: TrainingOptions, device: torch.device) -> Trainer:
    data = small_fold(dtype=torch.float64)
    network = DrugGeneNetwork(data.hierarchy, data.drugs.shape[1]).double()
    network.initialise(options.init, 3)
    return Trainer(network, data, options, 3, device)


def phases(options: TrainingOptions = OPTIONS) -> TrainingOptions:
    """All phases, all parts of the objective, several batches and several of them to a step."""
    return replace(
        options, epochs=2, pretrain_epochs=1, sgd_epochs=1, batch_size=50, accumulate_steps=2, norm_weight=0.01
    )


@pytest.mark.parametrize("batch_by", ["pairs", "cell_lines"])
@pytest.mark.parametrize("phase", [0, 1, 2])
def test_an_epoch_moves_the_order_of_the_pairs_and_reads_nothing_back(phase: int, batch_by: str) -> None:
    """Tensors without values stand in for a GPU's: what needs a value fails, and so does what stayed on the CPU."""
    trainer = start(replace(phases(), batch_by=batch_by), META)
    batches = deal_batches(len(trainer.data.roles[TRAIN].auc), 50, 3, 1, META, trainer._group)
    assert len(batches) > 2
    # PyTorch has no fused step for such tensors; the next test does the real one.
    optimizer = torch.optim.SGD(trainer.network.parameters(), lr=0.1)
    with Watched(META) as watched:
        means = trainer._take_steps(trainer.phases[phase], optimizer, 1)
        error = trainer._validation_error()
    # Of pairs, their order as a whole; of cell lines, three lists a batch, all before the first step.
    assert watched.copies == {"_to_copy": 1 if batch_by == "pairs" else 3 * len(batches)}
    assert (means.shape, error.shape, means.device, error.device) == ((5,), (1,), META, META)


@pytest.mark.parametrize("phase", [0, 1, 2])
def test_steps_wait_for_nothing(phase: int) -> None:
    trainer = start(phases(), torch.device("cpu"))
    optimizer, _ = trainer._optimizer(trainer.phases[phase])
    with Watched(torch.device("cpu")):
        trainer._take_steps(trainer.phases[phase], optimizer, 1)
        trainer._validation_error()


def test_the_watch_sees_what_waits_and_what_mixes() -> None:
    values, positions = torch.rand(4), torch.tensor([0, 1])
    for wait in (
        lambda: values.sum().item(),
        lambda: bool(values.sum() > 0),
        lambda: values[values > 0.5],
        lambda: torch.bincount(positions),
        lambda: positions.unique(),
    ):
        with pytest.raises(AssertionError, match="waits"), Watched(torch.device("cpu")):
            wait()
    with pytest.raises(AssertionError, match="mixes"), Watched(META):
        torch.empty(4, device=META)[positions]


def test_the_order_of_the_pairs_is_the_seeds_on_every_device() -> None:
    batches = deal_batches(25, 8, seed=2, epoch=3, device=torch.device("cpu"))
    assert torch.equal(
        torch.cat([batch.rows for batch in batches]),
        torch.randperm(25, generator=torch.Generator().manual_seed(200_003)),
    )
    assert [len(batch) for batch in deal_batches(25, 8, 2, 3, META)] == [8, 8, 9]


def test_the_device_is_chosen_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    threads = torch.get_num_threads()
    try:
        monkeypatch.setattr("torch.cuda.is_available", lambda: False)
        assert prepare_device("auto", 2) == prepare_device("cpu", 2) == torch.device("cpu")
        assert torch.get_num_threads() == 2
        with pytest.raises(ValueError, match=r"^device: cuda is asked for, but .* set device to auto or cpu"):
            prepare_device("cuda", 1)
        monkeypatch.setattr("torch.cuda.is_available", lambda: True)
        monkeypatch.setattr("torch.cuda.get_device_name", lambda: "a GPU")
        assert prepare_device("cpu", 1) == torch.device("cpu")
        assert not torch.are_deterministic_algorithms_enabled()
        for name in ("auto", "cuda"):
            assert prepare_device(name, 1) == torch.device("cuda")
        assert torch.are_deterministic_algorithms_enabled()
    finally:
        torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(False)


FAULTS = """
import resource
import torch
from druggene.devices import prepare_device
prepare_device("cpu", 1)
faults = []
for _ in range(10):
    blocks = [torch.empty(12_000_000).zero_() for _ in range(3)]
    for _ in range(6):
        torch.empty(2_000_000).zero_()
    del blocks
    faults.append(resource.getrusage(resource.RUSAGE_SELF).ru_minflt)
print(faults[-1] - faults[-6])
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="needs the GNU C library")
def test_freed_memory_is_used_again() -> None:
    """Five rounds of three large arrays and some smaller ones, as training steps take them: 175,000 pages if fresh."""
    package = Path(__file__).parents[2] / "workflow" / "scripts"
    command = [sys.executable, "-c", FAULTS]
    done = subprocess.run(command, env={"PYTHONPATH": str(package)}, capture_output=True, text=True, check=True)
    assert int(done.stdout) < 20_000


def trained_on(device: torch.device, options: TrainingOptions) -> tuple[Trained, Tensor]:
    trainer = start(options, device)
    trained = trainer.run()
    return trained, predict(trainer.network, trainer.genotype, trainer.data, TEST).cpu()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_computes_what_the_cpu_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        device = prepare_device("cuda", 1)
        (here, predicted), (there, again) = (trained_on(torch.device(name), phases()) for name in ("cpu", "cuda"))
        torch.testing.assert_close(again, predicted, rtol=1e-6, atol=1e-8)
        for name, value in there.state.items():
            assert value.device.type == "cpu"
            torch.testing.assert_close(value, here.state[name], rtol=1e-6, atol=1e-8)
        # The same bits each time, and after a stop between two epochs.
        monkeypatch.setattr(training, "_SECONDS_BETWEEN_SAVES", 0.0)
        resume = tmp_path / "fold_0.resume.pt"
        start(replace(phases(), sgd_epochs=0), device).run(resume)
        content = torch.load(resume, weights_only=True)
        assert all(value.device.type == "cpu" for value in tree_leaves(content) if isinstance(value, Tensor))
        resumed = start(phases(), device).run(resume)
        for name, value in there.state.items():
            assert torch.equal(value, resumed.state[name]), name
        # No wait within the epoch, as CUDA itself sees it.
        trainer = start(phases(), device)
        optimizer, _ = trainer._optimizer(trainer.phases[1])
        trainer._take_steps(trainer.phases[1], optimizer, 1)
        batches = deal_batches(len(trainer.data.roles[TRAIN].auc), 50, 3, 1, device)
        monkeypatch.setattr(training, "deal_batches", lambda *_: batches)
        torch.cuda.set_sync_debug_mode("error")
        trainer._take_steps(trainer.phases[1], optimizer, 1)
    finally:
        torch.use_deterministic_algorithms(False)
        if torch.cuda.is_available():
            torch.cuda.set_sync_debug_mode("default")


def test_a_fold_moves_with_all_its_tensors() -> None:
    data = small_fold().to(META)
    tensors = [data.genotype, data.drugs]
    for part in data.roles.values():
        tensors += [part.cell_line, part.drug, part.auc]
    assert {tensor.device for tensor in tensors} == {META}
    assert isinstance(data, FoldData)
