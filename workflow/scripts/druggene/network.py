"""The DrugGene network: a visible branch over the hierarchy, a drug branch, and the layer that joins them.

Paper, "Model architecture". Letters: N pairs, C unique cell lines, D unique drugs, M omics channels, G genes,
F drug features, T terms, H neurons per term, A annotations, E edges, L drug layers.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from druggene.hierarchy import Hierarchy
from druggene.hierarchy_function import Genotype, HierarchyFunction, run_layers
from druggene.layout import Layout

Init = Literal["scaled_0.1", "uniform_0.01"]


@dataclass(frozen=True)
class Pairs:
    """Which cell line and drug each pair of a batch joins.

    Attributes
    ----------
    cell_line, drug
        N positions in the batch's unique cell lines (C) and drugs (D).
    cell_line_counts, drug_counts
        C and D numbers of pairs; zero for one that the batch does not use.
    """

    cell_line: Tensor
    drug: Tensor
    cell_line_counts: Tensor
    drug_counts: Tensor

    @classmethod
    def of(cls, cell_line: Tensor, drug: Tensor, cell_lines: int, drugs: int) -> "Pairs":
        """Count the pairs of each of ``cell_lines`` cell lines and ``drugs`` drugs."""
        return cls(
            cell_line,
            drug,
            _count(cell_line, cell_lines),
            _count(drug, drugs),
        )

    def __len__(self) -> int:
        return len(self.cell_line)


def _count(positions: Tensor, number: int) -> Tensor:
    """Return how often each of ``number`` positions occurs; torch.bincount would wait for a GPU to know the largest."""
    return positions.new_zeros(number).index_add_(0, positions, torch.ones_like(positions))


@dataclass(frozen=True)
class Output:
    """What the network computes of a batch.

    Attributes
    ----------
    predicted
        N predicted AUCs; B x N of an ensemble of B members in training.
    terms
        T x C predictions of each term's own head, from the cell line alone; (B T) x C of an ensemble in training.
    drug_layers
        L x D predictions of each drug layer's own head, from the drug alone.
    """

    predicted: Tensor
    terms: Tensor
    drug_layers: Tensor


class WeightedBatchNorm(nn.Module):
    """Batch normalisation of unique rows that stand for several pairs each.

    The mean and variance of a batch weigh every row by its number of pairs, so that outputs, gradients and
    running statistics (with the unbiased correction N / (N - 1)) equal those of the repeated rows.
    """

    running_mean: Tensor
    running_var: Tensor

    def __init__(self, shape: Sequence[int], epsilon: float = 1e-5, momentum: float = 0.1) -> None:
        super().__init__()
        self.epsilon = epsilon
        self.momentum = momentum
        self.weight = nn.Parameter(torch.ones(*shape))
        self.bias = nn.Parameter(torch.zeros(*shape))
        self.register_buffer("running_mean", torch.zeros(*shape))
        self.register_buffer("running_var", torch.ones(*shape))

    def forward(self, rows: Tensor, counts: Tensor) -> Tensor:
        """Normalise R x ... rows that stand for ``counts`` (R) pairs each."""
        if not self.training:
            return (rows - self.running_mean) * torch.rsqrt(self.running_var + self.epsilon) * self.weight + self.bias
        pairs = counts.sum()
        share = counts.to(rows.dtype) / pairs
        mean = share @ rows
        centred = rows - mean
        variance = share @ centred.square()
        self.update_statistics(mean, variance, pairs)
        return centred * torch.rsqrt(variance + self.epsilon) * self.weight + self.bias

    @torch.no_grad()
    def update_statistics(self, mean: Tensor, variance: Tensor, pairs: Tensor) -> None:
        """Move the running statistics towards those of a batch of ``pairs`` pairs."""
        self.running_mean.lerp_(mean, self.momentum)
        self.running_var.lerp_(variance * pairs / (pairs - 1), self.momentum)


class _Reorder(torch.autograd.Function):
    """Rows in another order. The gradient of indexing adds up rows, and takes ten times as long."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor, order: Tensor, inverse: Tensor) -> Tensor:
        ctx.save_for_backward(inverse)
        return rows.index_select(0, order)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        return gradients[0].index_select(0, *ctx.saved_tensors), None, None


class HierarchyBranch(nn.Module):
    """The visible branch: a set of neurons per term, wired as the hierarchy (paper, formula 1).

    Parameters hold terms, edges and annotations in the order of :class:`Hierarchy`.
    """

    def __init__(self, hierarchy: Hierarchy, neurons: int, channels: int) -> None:
        super().__init__()
        t, e, a = len(hierarchy.terms), len(hierarchy.edges), len(hierarchy.annotations)
        self.layout = Layout(hierarchy)
        self.neurons = neurons
        self.register_buffer("order", self.layout.order, persistent=False)
        self.register_buffer("canonical", torch.argsort(self.layout.order), persistent=False)
        self.gene_weight = nn.Parameter(torch.empty(a, channels))  # a gene neuron per annotation ...
        self.gene_bias = nn.Parameter(torch.empty(a))
        self.annotation_weight = nn.Parameter(torch.empty(a, neurons))  # ... and its way into the term
        self.edge_weight = nn.Parameter(torch.empty(e, neurons, neurons))  # parent's by child's neurons
        self.bias = nn.Parameter(torch.empty(t, neurons))
        self.norm = WeightedBatchNorm((t, neurons))
        self.head_weight = nn.Parameter(torch.empty(t, neurons))
        self.head_bias = nn.Parameter(torch.empty(t))
        self.head_scale = nn.Parameter(torch.empty(t))
        self.head_shift = nn.Parameter(torch.empty(t))
        self.register_buffer("annotated_term", torch.from_numpy(hierarchy.annotations[:, 0].copy()), persistent=False)
        fan_in = torch.bincount(torch.from_numpy(hierarchy.annotations[:, 0]), minlength=t)
        fan_in += neurons * torch.bincount(torch.from_numpy(hierarchy.edges[:, 0]), minlength=t)
        self._fan_in = fan_in
        self._edge_parent = torch.from_numpy(hierarchy.edges[:, 0].copy())

    order: Tensor
    canonical: Tensor
    annotated_term: Tensor

    def gather(self, genotype: Tensor) -> Genotype:
        """Gather a C x M x G genotype for any number of calls with the same cell lines."""
        return Genotype.gather(self.layout, genotype, self.neurons)

    def _arguments(self) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """Fold the gene neurons into the terms' weights; terms in layout order."""
        gene_weight = self.gene_weight[:, :, None] * self.annotation_weight[:, None, :]
        from_gene_bias = self.annotation_weight * self.gene_bias[:, None]
        bias = self.bias.index_add(0, self.annotated_term, from_gene_bias)
        order = self.order
        return gene_weight, self.edge_weight, bias[order], self.norm.weight[order], self.norm.bias[order]

    def forward(self, genotype: Genotype, counts: Tensor) -> tuple[Tensor, Tensor]:
        """Return the root's states, C x H, and every term's own prediction, T x C."""
        order = self.order
        pairs = counts.sum()
        statistics = None if self.training else (self.norm.running_mean[order], self.norm.running_var[order])
        heads = (self.head_weight, self.head_bias, self.head_scale, self.head_shift)
        root, predictions, mean, variance = HierarchyFunction.apply(
            genotype,
            self.layout.root,
            counts.to(self.bias.dtype) / pairs,
            *self._arguments(),
            *(parameter[order] for parameter in heads),
            self.norm.epsilon,
            statistics,
        )
        if self.training:
            self.norm.update_statistics(mean[self.canonical], variance[self.canonical], pairs)
        return root.T, _Reorder.apply(predictions, self.canonical, order)

    def term_weights(self) -> list[Tensor]:
        """Return the weights W of all terms, which the L2 term of the objective penalises."""
        return [self.gene_weight, self.annotation_weight, self.edge_weight]

    @torch.no_grad()
    def states(self, genotype: Genotype) -> Tensor:
        """Return the states of all terms with the running statistics, T x H x C."""
        statistics = self.norm.running_mean[self.order], self.norm.running_var[self.order]
        share = self.bias.new_zeros(genotype.cell_lines)
        run = run_layers(genotype, share, *self._arguments(), self.norm.epsilon, statistics)
        states = run.centred[self.canonical] * run.factor[self.canonical, :, None]
        return states.add_(self.norm.bias[..., None])

    @torch.no_grad()
    def initialise(self, scale: float, generator: torch.Generator) -> None:
        """Draw every parameter as ``torch.nn.Linear`` would, times ``scale``.

        The authors' gene neurons are rows of a dense layer over all G genes, so their fan-in is G.
        """
        into_term = self._fan_in.clamp(min=1).rsqrt()
        genes = 1 / math.sqrt(self.layout.n_genes)
        heads = 1 / math.sqrt(self.neurons)
        for parameter, bound in (
            (self.gene_weight, genes),
            (self.gene_bias, genes),
            (self.annotation_weight, into_term[self.annotated_term.cpu(), None]),
            (self.edge_weight, into_term[self._edge_parent, None, None]),
            (self.bias, into_term[:, None]),
            (self.head_weight, heads),
            (self.head_bias, heads),
            (self.head_scale, 1.0),
            (self.head_shift, 1.0),
        ):
            draw = torch.rand(parameter.shape, generator=generator, dtype=torch.float64) * 2 - 1
            parameter.copy_(draw * bound * scale)


class Head(nn.Module):
    """A layer's own prediction of the AUC: linear to one neuron, tanh, linear."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.first = nn.Linear(inputs, 1)
        self.second = nn.Linear(1, 1)

    def forward(self, rows: Tensor) -> Tensor:
        """Return one prediction per row."""
        return self.second(torch.tanh(self.first(rows)))[:, 0]


class DrugBranch(nn.Module):
    """The drug branch: fully connected layers on the drug's features (paper, "Description of ANN")."""

    def __init__(self, features: int, layers: Sequence[int]) -> None:
        super().__init__()
        sizes = [features, *layers]
        self.linear = nn.ModuleList(nn.Linear(i, o) for i, o in itertools.pairwise(sizes))
        self.norm = nn.ModuleList(WeightedBatchNorm((o,)) for o in layers)
        self.head = nn.ModuleList(Head(o) for o in layers)

    def forward(self, drugs: Tensor, counts: Tensor) -> tuple[Tensor, Tensor]:
        """Return the embedding of D x F drugs, D x last layer, and the layers' predictions, L x D."""
        predictions = []
        for linear, norm, head in zip(self.linear, self.norm, self.head, strict=True):
            drugs = norm(torch.tanh(linear(drugs)), counts)
            predictions.append(head(drugs))
        return drugs, torch.stack(predictions)


class DrugGeneNetwork(nn.Module):
    """Predict the AUC of pairs from the genotype of their cell lines and the features of their drugs.

    Every cell line and every drug of a batch is computed once; only the joining layer sees pairs.

    Parameters
    ----------
    hierarchy
        Gives the visible branch its terms, edges and annotations.
    drug_features
        F.
    channels
        M: inputs per gene (1 unless the omics are kept apart).
    term_neurons, drug_layers, final_neurons
        Sizes of the three parts; 6, (100, 50, 6) and 6 in the paper.
    """

    def __init__(
        self,
        hierarchy: Hierarchy,
        drug_features: int,
        channels: int = 1,
        term_neurons: int = 6,
        drug_layers: Sequence[int] = (100, 50, 6),
        final_neurons: int = 6,
    ) -> None:
        super().__init__()
        self.hierarchy = HierarchyBranch(hierarchy, term_neurons, channels)
        self.drug = DrugBranch(drug_features, drug_layers)
        self.final_linear = nn.Linear(term_neurons + drug_layers[-1], final_neurons)
        self.final_norm = nn.BatchNorm1d(final_neurons)
        self.final_head = Head(final_neurons)

    def gather(self, genotype: Tensor) -> Genotype:
        """Prepare a C x M x G genotype for :meth:`forward`; keep it for as long as the cell lines stay."""
        return self.hierarchy.gather(genotype)

    def forward(self, genotype: Genotype, drugs: Tensor, pairs: Pairs) -> Output:
        """Predict ``pairs`` of C gathered cell lines and D x F drugs."""
        root, terms = self.hierarchy(genotype, pairs.cell_line_counts)
        embedding, drug_layers = self.drug(drugs, pairs.drug_counts)
        of_cell_line, of_drug = self.final_linear.weight.split([root.shape[1], embedding.shape[1]], dim=1)
        joined = (root @ of_cell_line.T)[pairs.cell_line] + (embedding @ of_drug.T)[pairs.drug]
        final = self.final_norm(torch.tanh(joined + self.final_linear.bias))
        return Output(self.final_head(final), terms, drug_layers)

    @torch.no_grad()
    def initialise(self, init: Init, seed: int) -> None:
        """Draw all parameters from ``seed``.

        ``scaled_0.1`` is the authors' code: PyTorch's default times 0.1, the scale of batch normalisation
        included. ``uniform_0.01`` is the paper's text: all weights and biases uniform in -0.01..0.01, batch
        normalisation left at 1 and 0.
        """
        generator = torch.Generator().manual_seed(seed)
        for module in self.modules():
            if isinstance(module, _NORMS):
                module.weight.fill_(1)
                module.bias.zero_()
        linears = [module for module in self.modules() if isinstance(module, nn.Linear)]
        if init == "uniform_0.01":
            norms = {id(p) for m in self.modules() if isinstance(m, _NORMS) for p in m.parameters()}
            for parameter in self.parameters():
                if id(parameter) not in norms:
                    parameter.copy_(torch.rand(parameter.shape, generator=generator) * 0.02 - 0.01)
            return
        self.hierarchy.initialise(0.1, generator)
        for linear in linears:
            bound = 0.1 / math.sqrt(linear.in_features)
            for parameter in linear.parameters():
                parameter.copy_((torch.rand(parameter.shape, generator=generator) * 2 - 1) * bound)
        for module in self.modules():
            if isinstance(module, _NORMS):
                module.weight.fill_(0.1)

    @torch.no_grad()
    def start_at(self, auc: float) -> None:
        """Let every prediction start near ``auc`` (the training mean) instead of near zero."""
        self.final_head.second.bias.fill_(auc)
        self.hierarchy.head_shift.fill_(auc)
        for head in self.drug.head:
            assert isinstance(head, Head)
            head.second.bias.fill_(auc)

    def term_weights(self) -> list[Tensor]:
        """Return the weights W of all terms; see :meth:`HierarchyBranch.term_weights`."""
        return self.hierarchy.term_weights()


_NORMS = (WeightedBatchNorm, nn.BatchNorm1d)
