"""The published state dict of DrugGene and DrugCell: how it is read, what its names and shapes are.

``<term>_direct_gene_layer`` holds the gene neurons of a term as a masked dense layer over all genes;
``<term>_linear_layer`` reads the states of the term's children, then its gene neurons. Both networks name their
parameters alike.
"""

import itertools
import os
import pickle
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import torch
from torch import Tensor

from druggene.hierarchy import Hierarchy

_STATE_KEYS = ("state_dict", "model_state_dict")
_PARALLEL_PREFIX = "module."
COUNTER: Final = ".num_batches_tracked"
# What each term has once: the published suffix, and the engine's parameter that holds it for all terms.
TERM_PARAMETERS: Final = {
    "_linear_layer.bias": "hierarchy.bias",
    "_batchnorm_layer.weight": "hierarchy.norm.weight",
    "_batchnorm_layer.bias": "hierarchy.norm.bias",
    "_batchnorm_layer.running_mean": "hierarchy.norm.running_mean",
    "_batchnorm_layer.running_var": "hierarchy.norm.running_var",
    "_aux_linear_layer1.weight": "hierarchy.head_weight",
    "_aux_linear_layer1.bias": "hierarchy.head_bias",
    "_aux_linear_layer2.weight": "hierarchy.head_scale",
    "_aux_linear_layer2.bias": "hierarchy.head_shift",
}
SAME_SOURCES: Final = "give the ontology and the gene list that the network was built from"


def read_state_dict(path: str | os.PathLike[str]) -> dict[str, Tensor]:
    """Read a state dict onto the CPU without executing anything that the file holds.

    It may stand under ``state_dict`` or ``model_state_dict``, and its names may begin with the ``module.`` of
    DataParallel, which is taken off.

    Raises
    ------
    ValueError
        If the file needs code to be read, is damaged or holds no state dict.
    """
    with open(path, "rb") as file:  # a missing file says so; PyTorch reports a cut one as an OSError too
        beginning = file.read(20)
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise ValueError(f"{path}: {_why_unreadable(beginning, error)}") from None
    if isinstance(content, dict):
        content = next((content[key] for key in _STATE_KEYS if isinstance(content.get(key), dict)), content)
    entries = content.items() if isinstance(content, dict) else ()
    if not entries or not all(isinstance(name, str) and isinstance(value, Tensor) for name, value in entries):
        found = ", ".join(map(str, list(content)[:5])) if isinstance(content, dict) else type(content).__name__
        raise ValueError(f"{path}: holds no state dict (found: {found}); save model.state_dict()")
    if all(name.startswith(_PARALLEL_PREFIX) for name, _ in entries):
        return {name.removeprefix(_PARALLEL_PREFIX): value for name, value in entries}
    return dict(entries)


def _why_unreadable(beginning: bytes, error: Exception) -> str:
    reason = str(error)
    _, named, rest = reason.partition("GLOBAL ")
    if (isinstance(error, pickle.UnpicklingError) and named) or "TorchScript" in reason:
        code = rest.split(" ")[0] if named else "TorchScript"
        return (
            f"holds pickled code ({code}), not only weights, and is not opened, for it could run anything. In the "
            "environment where it was made, with the authors' code, convert it: model = torch.load(<this file>, "
            "map_location='cpu', weights_only=False), then torch.save(model.state_dict(), 'weights.pt')"
        )
    if beginning == b"version https://git-":
        return "is a Git LFS pointer, not the file itself; fetch that with 'git lfs pull'"
    kind = type(error).__name__
    return f"not a readable PyTorch file ({kind}); it is cut, damaged or still packed: fetch or unpack it again"


def modules(drug_layers: int) -> dict[str, str]:
    """Return the published and the engine's names of what lies outside the hierarchy."""
    names = {}
    for i in range(drug_layers):
        names[f"drug_linear_layer_{i + 1}"] = f"drug.linear.{i}"
        names[f"drug_batchnorm_layer_{i + 1}"] = f"drug.norm.{i}"
        names[f"drug_aux_linear_layer1_{i + 1}"] = f"drug.head.{i}.first"
        names[f"drug_aux_linear_layer2_{i + 1}"] = f"drug.head.{i}.second"
    return names | {
        "final_linear_layer": "final_linear",
        "final_batchnorm_layer": "final_norm",
        "final_aux_linear_layer": "final_head.first",
        "final_linear_layer_output": "final_head.second",
    }


def counters(hierarchy: Hierarchy, drug_layers: int) -> list[str]:
    """Return the names under which the normalisation layers count the batches that they have seen."""
    norms = [f"{term}_batchnorm_layer" for term in hierarchy.terms]
    norms += [f"drug_batchnorm_layer_{i}" for i in range(1, drug_layers + 1)]
    return [norm + COUNTER for norm in (*norms, "final_batchnorm_layer")]


def shapes(
    hierarchy: Hierarchy, neurons: int, features: int, drug_layers: Sequence[int], final: int
) -> dict[str, tuple[int, ...]]:
    """Return the published name and shape of every parameter and running statistic."""
    found: dict[str, tuple[int, ...]] = {}

    def linear(name: str, inputs: int, outputs: int) -> None:
        found.update({f"{name}.weight": (outputs, inputs), f"{name}.bias": (outputs,)})

    def norm(name: str, width: int) -> None:
        found.update({f"{name}.{part}": (width,) for part in ("weight", "bias", "running_mean", "running_var")})

    children, genes = (
        np.bincount(pairs[:, 0], minlength=len(hierarchy.terms)).tolist()
        for pairs in (hierarchy.edges, hierarchy.annotations)
    )
    for term, n_children, n_genes in zip(hierarchy.terms, children, genes, strict=True):
        if n_genes:
            linear(f"{term}_direct_gene_layer", len(hierarchy.genes), n_genes)
        linear(f"{term}_linear_layer", neurons * n_children + n_genes, neurons)
        norm(f"{term}_batchnorm_layer", neurons)
        linear(f"{term}_aux_linear_layer1", neurons, 1)
        linear(f"{term}_aux_linear_layer2", 1, 1)
    for i, (inputs, outputs) in enumerate(itertools.pairwise([features, *drug_layers]), start=1):
        linear(f"drug_linear_layer_{i}", inputs, outputs)
        norm(f"drug_batchnorm_layer_{i}", outputs)
        linear(f"drug_aux_linear_layer1_{i}", outputs, 1)
        linear(f"drug_aux_linear_layer2_{i}", 1, 1)
    linear("final_linear_layer", neurons + drug_layers[-1], final)
    norm("final_batchnorm_layer", final)
    linear("final_aux_linear_layer", final, 1)
    linear("final_linear_layer_output", 1, 1)
    return found


def sizes(state: Mapping[str, Tensor], hierarchy: Hierarchy) -> tuple[int, int, list[int], int]:
    """Return the neurons per term, drug features, sizes of the drug layers and final neurons of a state."""

    def shape(name: str) -> tuple[int, ...]:
        if name not in state:
            raise ValueError(f"{name} is missing: not the state dict of a DrugGene or DrugCell network")
        if state[name].ndim != 2:
            raise ValueError(f"{name}: expected a matrix, found shape {tuple(state[name].shape)}")
        return tuple(state[name].shape)

    layers = itertools.takewhile(
        lambda name: name in state, (f"drug_linear_layer_{i}.weight" for i in itertools.count(1))
    )
    features, final = shape("drug_linear_layer_1.weight")[1], shape("final_linear_layer.weight")[0]
    linear = [name for term in hierarchy.terms if (name := f"{term}_linear_layer.weight") in state]
    if not linear:
        raise ValueError(f"{hierarchy.root}_linear_layer.weight is missing, as every other term is; {SAME_SOURCES}")
    neurons = shape(linear[0])[0]
    for name in linear:
        if shape(name)[0] != neurons:
            raise ValueError(
                f"{name}: {shape(name)[0]} neurons, but {linear[0]} has {neurons}; "
                "only networks whose terms all have the same number of neurons can be imported"
            )
    return neurons, features, [shape(name)[0] for name in layers], final


def check(state: Mapping[str, Tensor], shape_of: Mapping[str, tuple[int, ...]], norms: Sequence[str]) -> None:
    """Raise a ValueError unless the state has exactly these parameters, of one floating type, all finite."""
    counted = norms if any(name in state for name in norms) else ()
    expected = {**shape_of, **dict.fromkeys(counted, ())}
    missing = [name for name in expected if name not in state]
    extra = [name for name in state if name not in expected]
    if missing:
        raise ValueError(
            f"{missing[0]} is missing ({len(missing)} of {len(expected)} parameters are), but the hierarchy asks for "
            f"it; {SAME_SOURCES}"
        )
    if extra:
        raise ValueError(
            f"{extra[0]} ({len(extra)} in all) belongs to no term or layer of the hierarchy; {SAME_SOURCES}"
        )
    dtype = state["final_linear_layer.weight"].dtype
    for name, shape in expected.items():
        value = state[name]
        if tuple(value.shape) != shape:
            raise ValueError(f"{name}: expected shape {shape}, found {tuple(value.shape)}; {SAME_SOURCES}")
        wanted = dtype if name in shape_of else torch.int64
        if value.dtype != wanted or not (value.is_floating_point() or name not in shape_of):
            raise ValueError(
                f"{name}: expected type {wanted}, found {value.dtype}; save all weights in one floating type"
            )
        if not torch.isfinite(value).all():
            raise ValueError(f"{name}: holds NaN or infinite numbers; take weights from before training diverged")


def genes_of_rows(name: str, weight: Tensor, genes: set[int], hierarchy: Hierarchy) -> list[int]:
    """Return the gene of each row of a term's N x G gene layer, where ``genes`` are the term's N."""
    filled = weight != 0
    for row, number in enumerate(filled.sum(1).tolist()):
        if number > 1:
            raise ValueError(
                f"{name}: row {row} has {number} weights other than 0, but a gene neuron reads one gene; "
                "multiply the layer by its mask before it is saved"
            )
    at: dict[int, int] = {}
    row_of: dict[int, int] = {}
    for row, gene in filled.nonzero().tolist():
        symbol = hierarchy.genes[gene]
        if gene not in genes:
            raise ValueError(f"{name}: row {row} reads {symbol}, which the term is not annotated with; {SAME_SOURCES}")
        if gene in row_of:
            raise ValueError(f"{name}: rows {row_of[gene]} and {row} both read {symbol}; each gene has one gene neuron")
        at[row], row_of[gene] = gene, row
    left = sorted(genes - set(row_of))
    if len(left) > 1:
        rows = [row for row in range(len(weight)) if row not in at]
        raise ValueError(
            f"{name}: rows {rows[0]} and {rows[1]} ({len(rows)} in all) have no weight other than 0, so which of "
            f"{', '.join(hierarchy.genes[gene] for gene in left[:5])} they read is unknown; "
            "set each row's weight at its gene to a tiny number before the layer is saved"
        )
    return [at[row] if row in at else left[0] for row in range(len(weight))]
