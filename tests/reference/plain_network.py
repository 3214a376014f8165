"""The network written as plainly as possible: the oracle that the engine is held against.

One module per term, one row per pair, dense gene layers with a mask, batch normalisation of PyTorch. Nothing
of the engine is used; parameters carry the names of the published DrugCell and DrugGene networks.
"""

import torch
from torch import Tensor, nn

from druggene.hierarchy import Hierarchy
from druggene.network import DrugGeneNetwork


class PlainNetwork(nn.Module):
    """DrugGene on N x M x G genotypes and N x F drug features, every pair computed on its own."""

    def __init__(
        self,
        hierarchy: Hierarchy,
        drug_features: int,
        channels: int = 1,
        term_neurons: int = 6,
        drug_layers: tuple[int, ...] = (100, 50, 6),
        final_neurons: int = 6,
    ) -> None:
        super().__init__()
        self.layers_of_drug = len(drug_layers)
        self.terms = hierarchy.terms
        self.root = hierarchy.root
        self.genes_of: dict[str, list[int]] = {term: [] for term in self.terms}
        for term, gene in hierarchy.annotations.tolist():
            self.genes_of[self.terms[term]].append(gene)
        self.children_of: dict[str, list[str]] = {term: [] for term in self.terms}
        for parent, child in hierarchy.edges.tolist():
            self.children_of[self.terms[parent]].append(self.terms[child])

        g = len(hierarchy.genes)
        for term in self.terms:
            n_genes, n_children = len(self.genes_of[term]), len(self.children_of[term])
            if n_genes:
                layer = nn.Linear(channels * g, n_genes)
                mask = torch.zeros(n_genes, channels, g)
                mask[torch.arange(n_genes), :, self.genes_of[term]] = 1
                self.register_buffer(f"{term}_mask", mask.reshape(n_genes, -1), persistent=False)
                self.add_module(f"{term}_direct_gene_layer", layer)
            self.add_module(f"{term}_linear_layer", nn.Linear(term_neurons * n_children + n_genes, term_neurons))
            self.add_module(f"{term}_batchnorm_layer", nn.BatchNorm1d(term_neurons))
            self.add_module(f"{term}_aux_linear_layer1", nn.Linear(term_neurons, 1))
            self.add_module(f"{term}_aux_linear_layer2", nn.Linear(1, 1))
        inputs = drug_features
        for i, outputs in enumerate(drug_layers, start=1):
            self.add_module(f"drug_linear_layer_{i}", nn.Linear(inputs, outputs))
            self.add_module(f"drug_batchnorm_layer_{i}", nn.BatchNorm1d(outputs))
            self.add_module(f"drug_aux_linear_layer1_{i}", nn.Linear(outputs, 1))
            self.add_module(f"drug_aux_linear_layer2_{i}", nn.Linear(1, 1))
            inputs = outputs
        self.final_linear_layer = nn.Linear(term_neurons + inputs, final_neurons)
        self.final_batchnorm_layer = nn.BatchNorm1d(final_neurons)
        self.final_aux_linear_layer = nn.Linear(final_neurons, 1)
        self.final_linear_layer_output = nn.Linear(1, 1)

    def forward(self, genotype: Tensor, drugs: Tensor) -> tuple[Tensor, dict[str, Tensor], list[Tensor]]:
        """Return N predictions, each term's own N predictions, and those of each drug layer."""
        genotype = genotype.flatten(1)
        states: dict[str, Tensor] = {}
        term_predictions: dict[str, Tensor] = {}
        for term in self.terms:  # children before parents
            inputs = [states[child] for child in self.children_of[term]]
            if self.genes_of[term]:
                gene_layer = self._modules[f"{term}_direct_gene_layer"]
                weight = gene_layer.weight * self._buffers[f"{term}_mask"]
                inputs.append(nn.functional.linear(genotype, weight, gene_layer.bias))
            activation = torch.tanh(self._modules[f"{term}_linear_layer"](torch.cat(inputs, dim=1)))
            states[term] = self._modules[f"{term}_batchnorm_layer"](activation)
            hidden = torch.tanh(self._modules[f"{term}_aux_linear_layer1"](states[term]))
            term_predictions[term] = self._modules[f"{term}_aux_linear_layer2"](hidden)[:, 0]
        drug_predictions = []
        for i in range(1, self.layers_of_drug + 1):
            activation = torch.tanh(self._modules[f"drug_linear_layer_{i}"](drugs))
            drugs = self._modules[f"drug_batchnorm_layer_{i}"](activation)
            hidden = torch.tanh(self._modules[f"drug_aux_linear_layer1_{i}"](drugs))
            drug_predictions.append(self._modules[f"drug_aux_linear_layer2_{i}"](hidden)[:, 0])
        joined = torch.tanh(self.final_linear_layer(torch.cat([states[self.root], drugs], dim=1)))
        hidden = torch.tanh(self.final_aux_linear_layer(self.final_batchnorm_layer(joined)))
        return self.final_linear_layer_output(hidden)[:, 0], term_predictions, drug_predictions

    @torch.no_grad()
    def copy_from(self, network: DrugGeneNetwork, hierarchy: Hierarchy) -> None:
        """Take over the parameters and running statistics of the engine's network."""
        ours = read_named(network, hierarchy, {name: p for name, p in network.state_dict().items()})
        for name, value in ours.items():
            target = dict(self.named_parameters()) | dict(self.named_buffers())
            target[name].copy_(value)


def read_named(network: DrugGeneNetwork, hierarchy: Hierarchy, values: dict[str, Tensor]) -> dict[str, Tensor]:
    """Rename the engine's parameters, gradients or statistics as the plain network names them."""
    g = len(hierarchy.genes)
    named: dict[str, Tensor] = {}
    for t, term in enumerate(hierarchy.terms):
        rows = [a for a, (owner, _) in enumerate(hierarchy.annotations.tolist()) if owner == t]
        edges = [e for e, (parent, _) in enumerate(hierarchy.edges.tolist()) if parent == t]
        if rows:
            columns = hierarchy.annotations[rows, 1]
            channel_weights = values["hierarchy.gene_weight"][rows]
            dense = channel_weights.new_zeros(len(rows), channel_weights.shape[1], g)
            dense[torch.arange(len(rows)), :, columns] = channel_weights
            named[f"{term}_direct_gene_layer.weight"] = dense.flatten(1)
            named[f"{term}_direct_gene_layer.bias"] = values["hierarchy.gene_bias"][rows]
        into_term = [values["hierarchy.edge_weight"][e] for e in edges]
        if rows:
            into_term.append(values["hierarchy.annotation_weight"][rows].T)
        named[f"{term}_linear_layer.weight"] = torch.cat(into_term, dim=1)
        named[f"{term}_linear_layer.bias"] = values["hierarchy.bias"][t]
        for theirs, ours in (("weight", "weight"), ("bias", "bias")):
            named[f"{term}_batchnorm_layer.{theirs}"] = values[f"hierarchy.norm.{ours}"][t]
        for statistic in ("running_mean", "running_var"):
            if f"hierarchy.norm.{statistic}" in values:
                named[f"{term}_batchnorm_layer.{statistic}"] = values[f"hierarchy.norm.{statistic}"][t]
        named[f"{term}_aux_linear_layer1.weight"] = values["hierarchy.head_weight"][t][None]
        named[f"{term}_aux_linear_layer1.bias"] = values["hierarchy.head_bias"][t][None]
        named[f"{term}_aux_linear_layer2.weight"] = values["hierarchy.head_scale"][t][None, None]
        named[f"{term}_aux_linear_layer2.bias"] = values["hierarchy.head_shift"][t][None]
    pieces = {"final_linear": "final_linear_layer", "final_norm": "final_batchnorm_layer"}
    pieces |= {"final_head.first": "final_aux_linear_layer", "final_head.second": "final_linear_layer_output"}
    for i in range(len(network.drug.linear)):
        pieces |= {
            f"drug.linear.{i}": f"drug_linear_layer_{i + 1}",
            f"drug.norm.{i}": f"drug_batchnorm_layer_{i + 1}",
            f"drug.head.{i}.first": f"drug_aux_linear_layer1_{i + 1}",
            f"drug.head.{i}.second": f"drug_aux_linear_layer2_{i + 1}",
        }
    for ours, theirs in pieces.items():
        for name, value in values.items():
            if name.startswith(f"{ours}.") and not name.endswith("num_batches_tracked"):
                named[theirs + name.removeprefix(ours)] = value
    return named
