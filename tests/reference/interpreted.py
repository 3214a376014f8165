"""A checkpoint of a small network with parameters and statistics at random, far from its start and from any limit."""

import numpy as np
import torch

from druggene.checkpoint import Checkpoint, ModelOptions
from druggene.dataset import FoldData
from tests.reference.folds import small_fold
from tests.reference.plain_network import PlainNetwork


def small_checkpoint(seed: int = 0, fusion: str = "sum_rescaled") -> tuple[Checkpoint, FoldData]:
    """Return a checkpoint and the fold that it belongs to."""
    data = small_fold(seed)
    options = ModelOptions("test", ["mutation", "expression", "copy_number"], fusion, "morgan", 2, 64, 3, [8, 4], 5)
    network = options.build(data.hierarchy, data.drugs.shape[1])
    generator = torch.Generator().manual_seed(seed)
    state = {name: value.clone() for name, value in network.state_dict().items()}
    for name, value in state.items():
        if name.endswith("running_var"):
            value.copy_(0.5 + torch.rand(value.shape, generator=generator))
        elif not name.endswith("num_batches_tracked"):
            value.copy_(torch.randn(value.shape, generator=generator) * 0.5)
    state["hierarchy.norm.weight"].fill_(1.0)  # so that what a term changes reaches the root
    state["hierarchy.gene_weight"] *= 3
    state["final_head.second.weight"].fill_(2.0)
    return Checkpoint(options, data.hierarchy, data.encoder, None, state, {}), data


def plain_network(checkpoint: Checkpoint) -> PlainNetwork:
    """Return the same network without any trick, in evaluation mode and double precision."""
    options = checkpoint.options
    plain = PlainNetwork(
        checkpoint.hierarchy,
        checkpoint.state["drug.linear.0.weight"].shape[1],
        3 if options.fusion == "channels" else 1,
        options.term_neurons,
        tuple(options.drug_layers),
        options.final_neurons,
    )
    plain.copy_from(checkpoint.network(), checkpoint.hierarchy)
    return plain.double().eval()


def trained_lines(data: FoldData) -> np.ndarray:
    """Which cell lines the fold trains on."""
    return np.isin(np.arange(len(data.genotype)), data.roles["train"].cell_line.numpy())
