"""The training objective (paper, formula 2), exact on unique cell lines and drugs.

Letters: N pairs, R cell lines or drugs, K predictions of each.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from druggene.network import Output, Pairs
from druggene.term_readout import Network


@dataclass(frozen=True)
class Losses:
    """The parts of the objective; ``total`` is what is minimised.

    Attributes
    ----------
    root
        Mean squared error of the predicted AUC.
    terms
        Sum over the terms of the mean squared error of each one's own head.
    drug_layers
        The same over the layers of the drug branch.
    norm
        L2 norm of the terms' weights.
    """

    root: Tensor
    terms: Tensor
    drug_layers: Tensor
    norm: Tensor
    total: Tensor


def grouped_squared_error(predicted: Tensor, target: Tensor, group: Tensor, counts: Tensor) -> Tensor:
    """Return the sum over K predictions of their mean squared error over N pairs.

    The prediction is the same for all pairs of a group (a cell line or a drug), so its squared error is that to
    the group's mean target times the group's size, plus the spread within the groups.

    Parameters
    ----------
    predicted
        K x R.
    target, group
        N targets and the group that each belongs to.
    counts
        R numbers of pairs; groups without pairs do not count.
    """
    weight = counts.to(target.dtype)
    mean = torch.zeros_like(weight).index_add_(0, group, target) / weight.clamp(min=1)
    within = (target - mean[group]).square().sum()
    between = _WeightedSquares.apply(predicted - mean, weight)
    return (between + len(predicted) * within) / len(target)


class _WeightedSquares(torch.autograd.Function):
    """The sum over K x R differences of their squares times R weights; half the passes of its parts by autograd."""

    @staticmethod
    def forward(ctx: Any, difference: Tensor, weight: Tensor) -> Tensor:
        weighted = difference * weight
        ctx.save_for_backward(weighted)
        return (weighted * difference).sum()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        (weighted,) = ctx.saved_tensors
        return weighted * (2 * gradients[0]), None


def norm_of(weights: Iterable[Tensor]) -> Tensor:
    """Return the L2 norm of all weights together; its gradient at zero is zero."""
    squares = torch.stack([weight.square().sum() for weight in weights]).sum()
    return torch.where(squares > 0, squares.clamp(min=torch.finfo(squares.dtype).tiny).sqrt(), squares)


def losses(
    output: Output,
    pairs: Pairs,
    target: Tensor,
    network: Network,
    alpha: float,
    drug_alpha: float,
    norm_weight: float,
) -> Losses:
    """Return the objective of a batch.

    ``root + alpha * terms + drug_alpha * drug_layers + norm_weight * norm``; a part whose weight is zero is not
    computed and given as zero. The root's place is taken by the output of the joined network, and all terms
    count under ``alpha``.

    Parameters
    ----------
    output, pairs, network
        What ``network`` made of the batch ``pairs``.
    target
        N measured AUCs.
    alpha, drug_alpha, norm_weight
        Weights of the parts; ``norm_weight`` is the paper's lambda.
    """
    zero = target.new_zeros(())
    root = (output.predicted - target).square().mean()
    terms = grouped_squared_error(output.terms, target, pairs.cell_line, pairs.cell_line_counts) if alpha else zero
    drug_layers = (
        grouped_squared_error(output.drug_layers, target, pairs.drug, pairs.drug_counts) if drug_alpha else zero
    )
    norm = norm_of(network.term_weights()) if norm_weight else zero
    total = root + alpha * terms + drug_alpha * drug_layers + norm_weight * norm
    return Losses(root, terms, drug_layers, norm, total)
