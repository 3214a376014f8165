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

_FEW_INPUTS = 36
"""With fewer inputs, a product with few neurons is faster with the inputs first."""


@dataclass(frozen=True)
class Genotype:
    """The genotype of some cell lines, gathered once into the buckets of a layout.

    Attributes
    ----------
    layers
        The layout's layers, sized for these cell lines.
    inputs
        Per layer and bucket, B x (K M) x C: the padded inputs of its terms' genes.
    positions
        C: which of the cell lines that were gathered these are.
    """

    layers: tuple[Layer, ...]
    inputs: tuple[tuple[Tensor, ...], ...]
    positions: Tensor

    @property
    def cell_lines(self) -> int:
        """C, the number of cell lines."""
        return len(self.positions)

    @classmethod
    def gather(cls, layout: Layout, genotype: Tensor, neurons: int) -> "Genotype":
        """Gather a C x M x G genotype on its device; costs about as much as a training step, so keep the result."""
        c, m, _ = genotype.shape
        rows = genotype.new_zeros(layout.n_genes + 1, m, c)
        rows[:-1] = genotype.permute(2, 1, 0)
        layers = tuple(layer.to(genotype.device) for layer in layout.layers(neurons * c))
        inputs = tuple(tuple(_rows(rows, bucket.genes) for bucket in layer.genes) for layer in layers)
        return cls(layers, inputs, torch.arange(c, device=genotype.device))

    def select(self, positions: Tensor) -> "Genotype":
        """Return some of the cell lines; their layers stay sized for all of them."""
        inputs = tuple(tuple(x.index_select(-1, positions) for x in layer) for layer in self.inputs)
        return Genotype(self.layers, inputs, self.positions[positions])

    def weigh(self, weight: Tensor) -> "Genotype":
        """Return the genotype with the channels of every gene multiplied by ``weight`` (G x M)."""
        rows = torch.cat([weight, weight.new_zeros(1, weight.shape[1])])
        inputs = tuple(
            tuple(x * rows[bucket.genes].flatten(1)[..., None] for bucket, x in zip(layer.genes, of_layer, strict=True))
            for layer, of_layer in zip(self.layers, self.inputs, strict=True)
        )
        return Genotype(self.layers, inputs, self.positions)


def _rows(values: Tensor, positions: Tensor) -> Tensor:
    """Return B x (K ...) x last from the rows of ``values`` at B x K positions."""
    return values.index_select(0, positions.flatten()).view(len(positions), -1, values.shape[-1])


@dataclass(frozen=True)
class Outputs:
    """What the terms compute; a term's state is ``factor * centred + shift``.

    Batch normalisation is applied where a state is read, by the weights and biases that read it: that saves a second
    array of the size of ``centred``.

    Attributes
    ----------
    centred
        (T+1) x H x C: tanh outputs less their mean; the last row, which padding reads, is zero.
    mean, variance
        T x H, of the tanh outputs.
    factor
        T x H: the scale over the standard deviation.
    """

    centred: Tensor
    mean: Tensor
    variance: Tensor
    factor: Tensor


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
) -> Outputs:
    """Compute all terms, bottom up.

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
    """
    t, h = bias.shape
    gene_weight = torch.cat([gene_weight, gene_weight.new_zeros(1, *gene_weight.shape[1:])])
    # Padding reads a row of zeros behind the last edge; each row is the child's by the parent's neurons.
    by_child = child_weight.new_zeros(len(child_weight) + 1, h, h)
    bias = bias.clone()
    centred = bias.new_empty(t + 1, h, genotype.cell_lines)
    centred[t] = 0
    mean, variance = (torch.empty_like(bias), torch.empty_like(bias)) if statistics is None else statistics
    factor = torch.empty_like(bias)
    for layer, inputs in zip(genotype.layers, genotype.inputs, strict=True):
        if layer.children:
            weight, child = child_weight[layer.edges], layer.edge_child
            bias.index_add_(0, layer.edge_parent, torch.bmm(weight, shift[child][..., None])[..., 0])
            torch.mul(weight.transpose(1, 2), factor[child][..., None], out=by_child[layer.edges])
        for edges in layer.children:
            below = _rows(centred, edges.neighbours)
            centred.index_copy_(0, edges.terms, torch.bmm(_rows(by_child, edges.edges).transpose(1, 2), below))
        for genes, x in zip(layer.genes, inputs, strict=True):
            rows = genes.terms
            y = centred[rows]
            weight = _rows(gene_weight, genes.annotations).transpose(1, 2)
            if layer.children:
                y.baddbmm_(weight, x)
            else:
                torch.bmm(weight, x, out=y)
            tanh_(y.add_(bias[rows, :, None]))
            if statistics is None:
                torch.matmul(y, share, out=mean[rows])
            y.sub_(mean[rows, :, None])
            if statistics is None:
                torch.matmul(y.square(), share, out=variance[rows])
        factor[layer.terms] = scale[layer.terms] * torch.rsqrt(variance[layer.terms] + epsilon)
    return Outputs(centred, mean, variance, factor)


def tanh_(x: Tensor) -> Tensor:
    """Turn ``x`` into its hyperbolic tangent, e / (e + 2) with e = exp(2 x) - 1; twice as fast on a CPU as torch.tanh.

    It is as exact, near zero too, and 1 where x is so large that e would overflow.
    """
    torch.expm1(x.clamp_(max=20).mul_(2), out=x)
    return x.div_(x + 2)


def _summed_products(x: Tensor, gradient: Tensor) -> Tensor:
    """Return B x K x H: the products of B x K x C inputs and B x H x C gradients, summed over cell lines."""
    if x.shape[1] < _FEW_INPUTS:
        return torch.bmm(x, gradient.transpose(1, 2))
    return torch.bmm(gradient, x.transpose(1, 2)).transpose(1, 2)


class HierarchyFunction(torch.autograd.Function):
    """States of the root and predictions of all terms, with a hand-written gradient.

    ``apply`` takes the arguments of :func:`run_layers`, with the position of the root and the head of every term
    before ``epsilon``: its weights (T x H), bias, scale and shift (T each). It returns root states H x C, predictions
    ``head_scale * tanh(head_weight state + head_bias) + head_shift``, T x C, and the mean and variance that were used
    (T x H, without gradient). The gradient reaches all parameters, not the genotype.
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
        head_weight: Tensor,
        head_bias: Tensor,
        head_scale: Tensor,
        head_shift: Tensor,
        epsilon: float,
        statistics: tuple[Tensor, Tensor] | None,
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        run = run_layers(genotype, share, gene_weight, child_weight, bias, scale, shift, epsilon, statistics)
        heads = torch.bmm((head_weight * run.factor)[:, None], run.centred[:-1])[:, 0]
        tanh_(heads.add_(((head_weight * shift).sum(-1) + head_bias)[:, None]))
        ctx.genotype, ctx.root, ctx.epsilon, ctx.batch_statistics = genotype, root, epsilon, statistics is None
        ctx.save_for_backward(
            *(run.centred, run.mean, run.variance, run.factor, heads, share),
            *(gene_weight, child_weight, shift, head_weight, head_scale),
        )
        ctx.mark_non_differentiable(run.mean, run.variance)
        root_states = run.centred[root] * run.factor[root, :, None] + shift[root, :, None]
        predictions = (heads * head_scale[:, None]).add_(head_shift[:, None])
        return root_states, predictions, run.mean, run.variance

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        root_gradient, prediction_gradient = gradients[:2]
        centred, mean, variance, factor, heads, share = ctx.saved_tensors[:6]
        gene_weight, child_weight, shift, head_weight, head_scale = ctx.saved_tensors[6:]
        t, h = factor.shape
        c = ctx.genotype.cell_lines

        head_scale_gradient = (prediction_gradient * heads).sum(-1)
        head_shift_gradient = prediction_gradient.sum(-1)
        # From here on, the gradients at the input of the heads' tanh.
        slope = torch.addcmul(head_scale[:, None], heads * head_scale[:, None], heads, value=-1)
        head_gradient = slope.mul_(prediction_gradient)
        head_bias_gradient = head_gradient.sum(-1)

        padded_weight = torch.cat([child_weight, child_weight.new_zeros(1, h, h)])
        gene_weight_gradient = gene_weight.new_empty(len(gene_weight) + 1, *gene_weight.shape[1:])
        by_child_gradient = torch.empty_like(padded_weight)
        bias_gradient, scale_gradient, shift_gradient, head_weight_gradient = (
            torch.empty_like(factor) for _ in range(4)
        )
        deviation = torch.rsqrt(variance + ctx.epsilon)
        # The slope of normalisation and tanh, factor * (1 - y²), in centred outputs z: peak - z * (twist + factor z).
        peak, twist = factor * (1 - mean.square()), 2 * factor * mean
        # Gradients at the states, then at the input of tanh; the row behind the last term is what padding reads.
        above = factor.new_empty(t + 1, h, c)
        above[t] = 0
        above[ctx.root] = root_gradient
        for layer, inputs in zip(reversed(ctx.genotype.layers), reversed(ctx.genotype.inputs), strict=True):
            for edges in layer.parents:
                weight = _rows(padded_weight, edges.edges).transpose(1, 2)
                above.index_copy_(0, edges.terms, torch.bmm(weight, _rows(above, edges.neighbours)))
            for genes, x in zip(layer.genes, inputs, strict=True):
                rows = genes.terms
                gradient, z, of_heads = above[rows], centred[rows], head_gradient[rows, None]
                torch.sum(z * of_heads, -1, out=head_weight_gradient[rows])
                gradient.addcmul_(head_weight[rows, :, None], of_heads)
                torch.sum(gradient, -1, out=shift_gradient[rows])
                products = gradient * z
                scale_sum = torch.sum(products, -1, out=scale_gradient[rows]).mul_(deviation[rows])
                if ctx.batch_statistics:
                    torch.mul(z, (scale_sum * deviation[rows])[..., None], out=products)
                    gradient.addcmul_(products.add_(shift_gradient[rows, :, None]), share, value=-1)
                torch.mul(z, factor[rows, :, None], out=products).add_(twist[rows, :, None])
                gradient.mul_(torch.addcmul(peak[rows, :, None], products, z, value=-1))
                torch.sum(gradient, -1, out=bias_gradient[rows])
                products = _summed_products(x, gradient).reshape(-1, *gene_weight.shape[1:])
                gene_weight_gradient.index_copy_(0, genes.annotations.flatten(), products)
            for edges in layer.children:
                below = _rows(centred, edges.neighbours)
                products = _summed_products(below, above.index_select(0, edges.terms))
                by_child_gradient.index_copy_(0, edges.edges.flatten(), products.reshape(-1, h, h))
            if layer.children:
                # Of what the parent reads, the state, not the centred output.
                part, child = by_child_gradient[layer.edges], layer.edge_child
                part.mul_(factor[child][..., None])
                part.addcmul_(shift[child][..., None], bias_gradient[layer.edge_parent][:, None])
        head_weight_gradient.mul_(factor).addcmul_(shift, head_bias_gradient[:, None])
        return (
            *(None, None, None),
            gene_weight_gradient[:-1],
            by_child_gradient[:-1].transpose(1, 2),
            *(bias_gradient, scale_gradient, shift_gradient),
            *(head_weight_gradient, head_bias_gradient, head_scale_gradient, head_shift_gradient),
            *(None, None),
        )
