"""A trained network in evaluation mode as plain matrix operations, for what asks more of it than a prediction.

The engine gives gradients to parameters; knock-outs and attributions need single terms changed, and gradients to
states and genotype. Letters: T terms, H neurons per term, C cell lines, M channels, G genes, D drugs, N pairs,
J neurons of the joining layer.

A term's state is ``s = scale * tanh(z) + shift``, batch normalisation with the running statistics, where
``z = b + gene part + sum over children of W s``. The gene part is linear in the genotype.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
import torch
from scipy import sparse

from druggene.checkpoint import Checkpoint
from druggene.hierarchy import Hierarchy
from druggene.network import DrugGeneNetwork


@dataclass(frozen=True)
class EvaluatedHierarchy:
    """The visible branch.

    Attributes
    ----------
    hierarchy
        Its terms, in the order of all arrays.
    gene_matrix, child_matrix
        (T H) x (M G) and (T H) x (T H).
    bias, scale, shift
        T H each.
    """

    hierarchy: Hierarchy
    gene_matrix: sparse.csr_array
    child_matrix: sparse.csr_array
    bias: np.ndarray
    scale: np.ndarray
    shift: np.ndarray

    @property
    def neurons(self) -> int:
        """H."""
        return len(self.bias) // len(self.hierarchy.terms)

    @cached_property
    def layers(self) -> list[tuple[slice, sparse.csr_array]]:
        """Rows of each layer, bottom up, with their part of the child matrix; terms are ordered by layer."""
        ends = np.cumsum(self.hierarchy.layer_sizes) * self.neurons
        rows = [slice(int(start), int(end)) for start, end in zip([0, *ends[:-1]], ends, strict=True)]
        return [(part, self.child_matrix[part]) for part in rows]

    @cached_property
    def child_blocks(self) -> dict[tuple[int, int], np.ndarray]:
        """The H x H weights of every edge, by the positions of parent and child."""
        h = self.neurons
        return {
            (parent, child): self.child_matrix[parent * h : (parent + 1) * h, child * h : (child + 1) * h].toarray()
            for parent, child in self.hierarchy.edges.tolist()
        }

    def gene_part(self, genotype: np.ndarray) -> np.ndarray:
        """Return (T H) x C of b and what a C x M x G genotype adds to it."""
        return self.gene_matrix @ genotype.reshape(len(genotype), -1).T + self.bias[:, None]

    def forward(self, gene_part: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return tanh outputs and states, (T H) x C each."""
        activation, states = np.empty_like(gene_part), np.empty_like(gene_part)
        for rows, children in self.layers:
            activation[rows] = np.tanh(gene_part[rows] + children @ states)
            states[rows] = self.scale[rows, None] * activation[rows] + self.shift[rows, None]
        return activation, states

    def backward(self, activation: np.ndarray, root_gradient: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return gradients at all states and at all z, (T H) x C, of a value with H x C gradients at the root."""
        at_states = np.zeros_like(activation)
        at_states[-self.neurons :] = root_gradient
        at_input = np.empty_like(activation)
        for rows, children in reversed(self.layers):
            at_input[rows] = at_states[rows] * self.scale[rows, None] * (1 - activation[rows] ** 2)
            at_states += children.T @ at_input[rows]
        return at_states, at_input


@dataclass(frozen=True)
class EvaluatedJoint:
    """The joining layer: of the root (J x H), of the drugs (D x J, bias included), batch normalisation and head."""

    of_root: np.ndarray
    of_drug: np.ndarray
    scale: np.ndarray
    shift: np.ndarray
    first: np.ndarray
    first_bias: float
    second: float
    second_bias: float

    def predict(self, root: np.ndarray, drug: np.ndarray) -> np.ndarray:
        """Return N predictions for N x H root states and N positions of drugs."""
        joined = np.tanh(root @ self.of_root.T + self.of_drug[drug])
        inner = np.tanh((joined * self.scale + self.shift) @ self.first + self.first_bias)
        return self.second * inner + self.second_bias

    def root_gradient(self, root: np.ndarray, drug: np.ndarray) -> np.ndarray:
        """Return N x H gradients of the predictions at the root's states."""
        joined = np.tanh(root @ self.of_root.T + self.of_drug[drug])
        inner = np.tanh((joined * self.scale + self.shift) @ self.first + self.first_bias)
        outer = self.second * (1 - inner**2)
        return (outer[:, None] * (1 - joined**2) * self.scale * self.first) @ self.of_root


@dataclass(frozen=True)
class EvaluatedNetwork:
    """Both parts of a trained network, for the drugs that it is asked about."""

    branch: EvaluatedHierarchy
    joint: EvaluatedJoint

    @classmethod
    def of(cls, checkpoint: Checkpoint, drugs: np.ndarray, dtype: type[np.floating] = np.float32) -> Self:
        """Take the parameters out of a checkpoint, for D x F drug features."""
        network = checkpoint.joined_network()
        return cls(_branch(network, checkpoint.hierarchy, dtype), _joint(network, drugs, dtype))


def _branch(network: DrugGeneNetwork, hierarchy: Hierarchy, dtype: type[np.floating]) -> EvaluatedHierarchy:
    parameters = {name: value.detach().numpy().astype(dtype) for name, value in network.hierarchy.state_dict().items()}
    t, h = parameters["bias"].shape
    term, gene = hierarchy.annotations.T
    parent, child = hierarchy.edges.T
    own = np.arange(h)
    weight = parameters["gene_weight"][:, :, None] * parameters["annotation_weight"][:, None, :]  # A x M x H
    a, m = weight.shape[:2]
    rows = np.broadcast_to(term[:, None, None] * h + own, (a, m, h))
    columns = np.broadcast_to((np.arange(m) * len(hierarchy.genes) + gene[:, None])[:, :, None], (a, m, h))
    gene_matrix = sparse.csr_array(
        (weight.ravel(), (rows.ravel(), columns.ravel())), shape=(t * h, m * len(hierarchy.genes))
    )
    rows = np.broadcast_to((parent[:, None] * h + own)[:, :, None], (len(parent), h, h))
    columns = np.broadcast_to((child[:, None] * h + own)[:, None, :], (len(parent), h, h))
    child_matrix = sparse.csr_array(
        (parameters["edge_weight"].ravel(), (rows.ravel(), columns.ravel())), shape=(t * h, t * h)
    )
    bias = parameters["bias"].copy()
    np.add.at(bias, term, parameters["annotation_weight"] * parameters["gene_bias"][:, None])
    scale = parameters["norm.weight"] / np.sqrt(parameters["norm.running_var"] + network.hierarchy.norm.epsilon)
    shift = parameters["norm.bias"] - parameters["norm.running_mean"] * scale
    vectors = (vector.reshape(-1).astype(dtype) for vector in (bias, scale, shift))
    return EvaluatedHierarchy(hierarchy, gene_matrix, child_matrix, *vectors)


def _joint(network: DrugGeneNetwork, drugs: np.ndarray, dtype: type[np.floating]) -> EvaluatedJoint:
    with torch.no_grad():
        features = torch.from_numpy(drugs)
        embedding = network.drug(features, torch.zeros(len(features), dtype=torch.int64))[0].numpy()
    state = {name: value.detach().numpy().astype(dtype) for name, value in network.state_dict().items()}
    weight = state["final_linear.weight"]
    of_root, of_drug = weight[:, : -embedding.shape[1]], weight[:, -embedding.shape[1] :]
    scale = state["final_norm.weight"] / np.sqrt(state["final_norm.running_var"] + network.final_norm.eps)
    return EvaluatedJoint(
        of_root=of_root,
        of_drug=(embedding @ of_drug.T + state["final_linear.bias"]).astype(dtype),
        scale=scale.astype(dtype),
        shift=(state["final_norm.bias"] - state["final_norm.running_mean"] * scale).astype(dtype),
        first=state["final_head.first.weight"][0],
        first_bias=state["final_head.first.bias"].item(),
        second=state["final_head.second.weight"].item(),
        second_bias=state["final_head.second.bias"].item(),
    )
