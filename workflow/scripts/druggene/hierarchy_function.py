"""The whole hierarchy as one differentiable function, on unique cell lines weighted by their pairs.

Letters: T terms in layout order, H neurons per term, C cell lines, G genes, M omics channels, A annotations,
E edges; B terms of a bucket, K inputs that each is padded to (see layout.py).

Each term computes ``O = BatchNorm(tanh(W V + b))`` (paper, formula 1) from the states of its children and its
genes. Batch normalisation weighs each cell line by its share of the batch's pairs, so that outputs, running
statistics and gradients are those of the network that computes every pair on its own.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from druggene.layout import Layer, Layout


@dataclass(frozen=True)
class Genotype:
    """The genotype of some cell lines, gathered once into the buckets of a layout.

    Attributes
    ----------
    layers
        The layout's layers, sized for these cell lines.
    inputs
        Per layer and bucket, B x (K M) x C: the padded inputs of its terms' genes.
    cell_lines
        C.
    """

    layers: tuple[Layer, ...]
    inputs: tuple[tuple[Tensor, ...], ...]
    cell_lines: int

    @classmethod
    def gather(cls, layout: Layout, genotype: Tensor, neurons: int) -> "Genotype":
        """Gather a C x M x G genotype on its device; costs about as much as a training step, so keep the result."""
        c, m, _ = genotype.shape
        rows = genotype.new_zeros(layout.n_genes + 1, m, c)
        rows[:-1] = genotype.permute(2, 1, 0)
        layers = tuple(layer.to(genotype.device) for layer in layout.layers(neurons * c))
        inputs = tuple(tuple(_rows(rows, bucket.genes) for bucket in layer.genes) for layer in layers)
        return cls(layers, inputs, c)


def _rows(values: Tensor, positions: Tensor) -> Tensor:
    """Return B x (K ...) x last from the rows of ``values`` at B x K positions."""
    return values.index_select(0, positions.flatten()).view(len(positions), -1, values.shape[-1])


def run_layers(
    genotype: Genotype,
    share: Tensor,
    gene_weight: Tensor,
    child_weight: Tensor,
    bias: Tensor,
    scale: Tensor,
    shift: Tensor,
    epsilon: float,
    statistics: tuple[Tensor, Tensor] | None,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Compute the states of all terms, bottom up.

    Parameters
    ----------
    genotype
        C gathered cell lines.
    share
        C, each cell line's share of the pairs; sums to 1.
    gene_weight
        A x M x H, from each gene to the neurons of each term that it is annotated to.
    child_weight
        E x H x H, the parent's neurons by the child's.
    bias, scale, shift
        T x H each: of the linear map and of batch normalisation.
    epsilon
        Added to the variance.
    statistics
        Mean and variance (T x H each) to normalise with; None takes those of the batch.

    Returns
    -------
    tuple
        Tanh outputs T x H x C, states (T+1) x H x C (the last row is zero), mean and variance T x H.
    """
    t, h = bias.shape
    c = genotype.cell_lines
    gene_weight = torch.cat([gene_weight, gene_weight.new_zeros(1, *gene_weight.shape[1:])])
    # Padding reads a row of zeros behind the last edge; each row is the child's by the parent's neurons.
    by_child = torch.cat([child_weight.transpose(1, 2), child_weight.new_zeros(1, h, h)])
    activation = bias.new_empty(t, h, c)
    states = bias.new_empty(t + 1, h, c)
    states[t] = 0
    mean, variance = (bias.new_empty(t, h), bias.new_empty(t, h)) if statistics is None else statistics
    for layer, inputs in zip(genotype.layers, genotype.inputs, strict=True):
        for edges in layer.children:
            below = _rows(states, edges.neighbours)
            activation.index_copy_(0, edges.terms, torch.bmm(_rows(by_child, edges.edges).transpose(1, 2), below))
        for genes, x in zip(layer.genes, inputs, strict=True):
            rows = genes.terms
            y = activation[rows]
            weight = _rows(gene_weight, genes.annotations).transpose(1, 2)
            if layer.children:
                y.baddbmm_(weight, x)
            else:
                torch.bmm(weight, x, out=y)
            y.add_(bias[rows, :, None]).tanh_()
            if statistics is None:
                torch.matmul(y, share, out=mean[rows])
            centred = y - mean[rows, :, None]
            if statistics is None:
                torch.matmul(centred.square(), share, out=variance[rows])
            factor = scale[rows] * torch.rsqrt(variance[rows] + epsilon)
            torch.addcmul(shift[rows, :, None], centred, factor[..., None], out=states[rows])
    return activation, states, mean, variance


class HierarchyFunction(torch.autograd.Function):
    """States of the root and linear heads of all terms, with a hand-written gradient.

    ``apply`` takes the arguments of :func:`run_layers` with ``head`` (T x H, each term's linear read-out)
    before ``epsilon``; it returns root states H x C, head outputs T x C, and the mean and variance that were
    used (T x H, without gradient). The gradient reaches all parameters, not the genotype.
    """

    @staticmethod
    def forward(
        ctx: Any,
        genotype: Genotype,
        root: int,
        share: Tensor,
        gene_weight: Tensor,
        child_weight: Tensor,
        bias: Tensor,
        scale: Tensor,
        shift: Tensor,
        head: Tensor,
        epsilon: float,
        statistics: tuple[Tensor, Tensor] | None,
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        activation, states, mean, variance = run_layers(
            genotype, share, gene_weight, child_weight, bias, scale, shift, epsilon, statistics
        )
        head_output = torch.bmm(head[:, None], states[:-1])[:, 0]
        ctx.genotype, ctx.root, ctx.epsilon, ctx.batch_statistics = genotype, root, epsilon, statistics is None
        ctx.save_for_backward(activation, states, mean, variance, share, gene_weight, child_weight, scale, shift, head)
        ctx.mark_non_differentiable(mean, variance)
        return states[root].clone(), head_output, mean, variance

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        root_gradient, head_gradient = gradients[:2]
        activation, states, mean, variance, share, gene_weight, child_weight, scale, shift, head = ctx.saved_tensors
        t, h = scale.shape
        c = ctx.genotype.cell_lines
        child_weight = torch.cat([child_weight, child_weight.new_zeros(1, h, h)])
        gene_weight_gradient = gene_weight.new_empty(len(gene_weight) + 1, *gene_weight.shape[1:])
        by_child_gradient = torch.empty_like(child_weight)
        bias_gradient, scale_gradient, shift_gradient, head_weight_gradient = (
            torch.empty_like(scale) for _ in range(4)
        )
        inverse_deviation = torch.rsqrt(variance + ctx.epsilon)
        # Gradients at the input of tanh; the row behind the last term is what padding reads.
        above = scale.new_empty(t + 1, h, c)
        above[t] = 0
        above[ctx.root] = root_gradient
        for layer, inputs in zip(reversed(ctx.genotype.layers), reversed(ctx.genotype.inputs), strict=True):
            for edges in layer.parents:
                weight = _rows(child_weight, edges.edges).transpose(1, 2)
                above.index_copy_(0, edges.terms, torch.bmm(weight, _rows(above, edges.neighbours)))
            for genes, x in zip(layer.genes, inputs, strict=True):
                rows = genes.terms
                gradient, y, heads = above[rows], activation[rows], head_gradient[rows]
                gradient.addcmul_(head[rows, :, None], heads[:, None])
                deviation = inverse_deviation[rows]
                normalised = (y - mean[rows, :, None]).mul_(deviation[..., None])
                shift_sum = gradient.sum(-1)
                scale_sum = (gradient * normalised).sum(-1)
                shift_gradient[rows], scale_gradient[rows] = shift_sum, scale_sum
                head_weight_gradient[rows] = scale[rows] * torch.bmm(normalised, heads[..., None])[..., 0] + shift[
                    rows
                ] * heads.sum(-1, keepdim=True)
                if ctx.batch_statistics:
                    normalised.mul_(scale_sum[..., None]).add_(shift_sum[..., None]).mul_(share)
                    gradient.sub_(normalised)
                gradient.mul_((scale[rows] * deviation)[..., None])
                gradient.addcmul_(gradient, y.square(), value=-1)
                bias_gradient[rows] = gradient.sum(-1)
                products = torch.bmm(x, gradient.transpose(1, 2))
                gene_weight_gradient.index_copy_(
                    0, genes.annotations.flatten(), products.view(-1, *gene_weight.shape[1:])
                )
            for edges in layer.children:
                below = _rows(states, edges.neighbours)
                products = torch.bmm(below, above.index_select(0, edges.terms).transpose(1, 2))
                by_child_gradient.index_copy_(0, edges.edges.flatten(), products.view(-1, h, h))
        return (
            None,
            None,
            None,
            gene_weight_gradient[:-1],
            by_child_gradient[:-1].transpose(1, 2),
            bias_gradient,
            scale_gradient,
            shift_gradient,
            head_weight_gradient,
            None,
            None,
        )
