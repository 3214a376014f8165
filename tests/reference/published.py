"""Weights as the authors' code has them, of a plain network whose values are random."""

from pathlib import Path

import networkx
import numpy as np
import torch
from torch import Tensor

from druggene.checkpoint import Checkpoint
from druggene.hierarchy import Hierarchy
from druggene.network import Pairs
from druggene.published_weights import import_state_dict
from tests.reference.plain_network import PlainNetwork

SIZES = {"drug_features": 16, "term_neurons": 3, "drug_layers": (8, 5, 4), "final_neurons": 7}


class Published:
    """A plain network of random weights whose children and genes stand in an order of their own.

    Edges are shuffled as the rows of an ontology file are; children follow the graph that DrugCell builds of them.
    """

    def __init__(self, hierarchy: Hierarchy, seed: int = 1, dtype: torch.dtype = torch.float32) -> None:
        self.hierarchy = hierarchy
        self.genes = list(hierarchy.genes)
        _, edges, annotations = hierarchy.to_tables()
        self.edges = edges.sample(frac=1, random_state=seed).reset_index(drop=True)
        self.annotations = annotations.sample(frac=1, random_state=seed).reset_index(drop=True)
        graph = networkx.DiGraph()
        for parent, child in self.edges.itertuples(index=False):
            graph.add_edge(parent, child)
        rng, generator = np.random.default_rng(seed), torch.Generator().manual_seed(seed)
        self.network = PlainNetwork(hierarchy, **SIZES).eval()
        with torch.no_grad():
            for term in hierarchy.terms:
                self.network.children_of[term] = list(graph.neighbors(term))
                if self.network.genes_of[term]:
                    order = rng.permutation(len(self.network.genes_of[term]))
                    self.network.genes_of[term] = [self.network.genes_of[term][i] for i in order]
                    mask = self.network._buffers[f"{term}_mask"][order]
                    self.network._buffers[f"{term}_mask"] = mask
            self.network.to(dtype)
            for name, value in self.network.state_dict().items():
                if name.endswith("num_batches_tracked"):
                    value.fill_(int(rng.integers(1, 1000)))
                elif name.endswith("running_var"):
                    value.uniform_(0.1, 1.0, generator=generator)
                else:
                    value.normal_(0, 0.5, generator=generator)
                if name == "final_linear_layer_output.weight":
                    value.fill_(1.0)  # else the last layers could flatten every difference
                if name.startswith("final_aux_linear_layer"):
                    value.mul_(0.2)
                if name.endswith("_direct_gene_layer.weight"):  # as the authors mask it: negative numbers become -0.0
                    value.mul_(self.network._buffers[name.replace("_direct_gene_layer.weight", "_mask")])

    def state(self) -> dict[str, Tensor]:
        return {name: value.clone() for name, value in self.network.state_dict().items()}

    def checkpoint(self, state: dict[str, Tensor] | None = None) -> Checkpoint:
        return import_state_dict(self.state() if state is None else state, self.edges, self.annotations, self.genes)

    def write(self, folder: Path) -> list[str]:
        """Write the three files that the authors' code reads and return them as arguments of the command line."""
        rows = [f"{parent}\t{child}\tdefault\n" for parent, child in self.edges.itertuples(index=False)]
        rows += [f"{term}\t{gene}\tgene\n" for term, gene in self.annotations.itertuples(index=False)]
        (folder / "ontology.txt").write_text("".join(rows))
        (folder / "genes.txt").write_text("".join(f"{i}\t{gene}\n" for i, gene in enumerate(self.genes)))
        torch.save(self.state(), folder / "weights.pt")
        names = [str(folder / name) for name in ("weights.pt", "ontology.txt", "genes.txt")]
        return [names[0], "--ontology", names[1], "--genes", names[2]]


def assert_identical(found: dict[str, Tensor], expected: dict[str, Tensor]) -> None:
    """Names, types, shapes and bits are the same; the sign of a zero counts."""
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert found[name].dtype == value.dtype, name
        assert found[name].shape == value.shape, name
        assert found[name].numpy().tobytes() == value.numpy().tobytes(), name


def assert_same_predictions(checkpoint: Checkpoint, published: Published, dtype: torch.dtype, tolerance: float) -> None:
    network = checkpoint.network().to(dtype)
    network.load_state_dict(checkpoint.state)
    generator = torch.Generator().manual_seed(4)
    genotype = torch.rand(6, 1, len(published.genes), generator=generator, dtype=dtype)
    drugs = (torch.rand(5, 16, generator=generator) < 0.3).to(dtype)
    pairs = Pairs.of(torch.tensor([0, 1, 1, 2, 4, 5, 5]), torch.tensor([0, 0, 1, 4, 2, 3, 2]), 6, 5)
    with torch.no_grad():
        output = network(network.gather(genotype), drugs, pairs)
        predicted, terms, layers = published.network(genotype[pairs.cell_line], drugs[pairs.drug])
    assert predicted.std() > 1e-3
    found = [output.predicted, output.terms[:, pairs.cell_line], output.drug_layers[:, pairs.drug]]
    expected = [predicted, torch.stack([terms[term] for term in checkpoint.hierarchy.terms]), torch.stack(layers)]
    for ours, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=tolerance, atol=tolerance)
