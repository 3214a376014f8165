"""The three networks behind one face: a training step on a batch, and a prediction of it."""

from typing import Protocol

import torch
from torch import Tensor, nn

from benchmarks import sparsego
from benchmarks.inputs import DRUG_BITS, Batch, Inputs
from druggene.hierarchy import Hierarchy
from druggene.network import DrugGeneNetwork, Pairs
from druggene.objective import losses
from tests.reference.plain_network import PlainNetwork

ALPHA = 0.2
"""Weight of the heads of terms and drug layers in the objective."""
NAMES = ("engine", "plain", "sparsego")


class Network(Protocol):
    """What is timed. ``take`` chooses the batch; what it prepares is not timed."""

    def take(self, batch: Batch) -> None: ...
    def train(self) -> None: ...
    def predict(self) -> None: ...


def make(name: str, hierarchy: Hierarchy, inputs: Inputs) -> Network:
    """Return the network called ``name``."""
    return {"engine": Engine, "plain": Plain, "sparsego": SparseGO}[name](hierarchy, inputs)


class Engine:
    """This repository's network, stepped as :mod:`druggene.training` does."""

    def __init__(self, hierarchy: Hierarchy, inputs: Inputs) -> None:
        self.network = DrugGeneNetwork(hierarchy, DRUG_BITS)
        self.network.initialise("scaled_0.1", 0)
        self.network.to(inputs.drugs.device)
        self.drugs = inputs.drugs
        self.sizes = len(inputs.genotype), len(inputs.drugs)
        self.genotype = self.network.gather(inputs.genotype)
        self.optimizer = torch.optim.Adam(self.network.parameters(), lr=1e-3, fused=True)

    def take(self, batch: Batch) -> None:
        self.batch = batch

    def train(self) -> None:
        self.network.train()
        pairs = Pairs.of(self.batch.cell_line, self.batch.drug, *self.sizes)
        self.optimizer.zero_grad()
        output = self.network(self.genotype, self.drugs, pairs)
        losses(output, pairs, self.batch.target, self.network, ALPHA, ALPHA, 0.0).total.backward()
        self.optimizer.step()

    @torch.no_grad()
    def predict(self) -> None:
        self.network.eval()
        pairs = Pairs.of(self.batch.cell_line, self.batch.drug, *self.sizes)
        self.network(self.genotype, self.drugs, pairs)


class Plain:
    """The authors' design: a module per term, dense gene layers under a mask, a row per pair."""

    def __init__(self, hierarchy: Hierarchy, inputs: Inputs) -> None:
        self.network = PlainNetwork(hierarchy, DRUG_BITS).to(inputs.drugs.device)
        self.inputs = inputs
        self.optimizer = torch.optim.Adam(self.network.parameters(), lr=1e-3, fused=True)

    def take(self, batch: Batch) -> None:
        self.genotype = self.inputs.genotype[batch.cell_line]
        self.drugs = self.inputs.drugs[batch.drug]
        self.target = batch.target

    def train(self) -> None:
        self.network.train()
        self.optimizer.zero_grad()
        predicted, terms, layers = self.network(self.genotype, self.drugs)
        heads = torch.stack([(head - self.target).square().mean() for head in [*terms.values(), *layers]])
        ((predicted - self.target).square().mean() + ALPHA * heads.sum()).backward()
        self.optimizer.step()

    @torch.no_grad()
    def predict(self) -> None:
        self.network.eval()
        self.network(self.genotype, self.drugs)


class SparseGO:
    """The network of SparseGO, with the optimiser and the loss that drevalpy trains it with."""

    features: Tensor
    target: Tensor

    def __init__(self, hierarchy: Hierarchy, inputs: Inputs) -> None:
        network, settings = sparsego.build(hierarchy, DRUG_BITS)
        self.network = network.to(inputs.drugs.device)
        self.inputs = inputs
        self.loss = nn.MSELoss()
        self.optimizer = torch.optim.SGD(
            self.network.parameters(), lr=settings["learning_rate"], momentum=settings["momentum"]
        )

    def take(self, batch: Batch) -> None:
        self.features = torch.cat([self.inputs.genotype[batch.cell_line, 0], self.inputs.drugs[batch.drug]], dim=1)
        self.target = batch.target[:, None]

    def train(self) -> None:
        self.network.train()
        self.optimizer.zero_grad()
        self.loss(self.network(self.features), self.target).backward()
        self.optimizer.step()

    @torch.no_grad()
    def predict(self) -> None:
        self.network.eval()
        self.network(self.features)
