"""Integrated gradients: complete, and equal to what automatic differentiation of the plain network gives."""

import numpy as np
import pytest
import torch

from druggene.interpretation import attribution
from druggene.interpretation.attribution import Attributions, attribute
from druggene.interpretation.evaluated import EvaluatedNetwork
from tests.reference.interpreted import plain_network, small_checkpoint, trained_lines


def attributions(fusion: str = "channels", steps: int = 32) -> tuple:
    checkpoint, data = small_checkpoint(fusion=fusion)
    rng = np.random.default_rng(0)
    omics = rng.random((len(data.genotype), 3, len(data.hierarchy.genes)))
    genotype = omics if fusion == "channels" else omics.sum(axis=1, keepdims=True)
    network = EvaluatedNetwork.of(checkpoint, data.drugs.numpy(), np.float64)
    trained = trained_lines(data)
    trained[:4] = False
    test = data.roles["test"]
    cell_line, drug = test.cell_line.numpy(), test.drug.numpy()
    found = attribute(network, genotype, omics, trained, cell_line, drug, steps)
    return checkpoint, data, genotype, omics, network, trained, cell_line, drug, found


def differences(network: EvaluatedNetwork, genotype: np.ndarray, trained: np.ndarray, line, drug) -> np.ndarray:
    """Sum over each drug's pairs of the prediction minus that of the mean genotype."""
    branch = network.branch
    both = np.concatenate([genotype, genotype[trained].mean(axis=0, keepdims=True)])
    root = branch.forward(branch.gene_part(both))[1][-branch.neurons :].T
    whole = network.joint.predict(root[line], drug) - network.joint.predict(root[np.full(len(line), -1)], drug)
    return np.bincount(drug, whole, minlength=len(network.joint.of_drug))


@pytest.mark.parametrize("fusion", ["channels", "sum"])
def test_attributions_add_up_to_the_difference(fusion: str) -> None:
    _, _, genotype, _, network, trained, line, drug, found = attributions(fusion)
    expected = differences(network, genotype, trained, line, drug)
    assert np.abs(expected).max() > 0.05
    error = 5e-3 * np.abs(expected).max()
    np.testing.assert_allclose(found.genes.sum(axis=(1, 2)), expected, atol=error)
    np.testing.assert_allclose(found.terms[:, -1], expected, atol=error)


def test_equals_automatic_differentiation() -> None:
    """Of the plain network: gradients at inputs and at the states of every term, along the way of each pair."""
    steps = 4
    checkpoint, data, genotype, omics, network, trained, line, drug, _ = attributions(steps=1)
    line, drug = line[:12], drug[:12]
    found = attribute(network, genotype, omics, trained, line, drug, steps)
    plain, terms = plain_network(checkpoint), checkpoint.hierarchy.terms
    states: dict[str, torch.Tensor] = {}
    for term in terms:

        def keep(_: object, __: object, output: torch.Tensor, term: str = term) -> None:
            output.retain_grad()
            states[term] = output

        plain._modules[f"{term}_batchnorm_layer"].register_forward_hook(keep)
    expected = Attributions.zeros(len(data.drugs), len(terms), 3, genotype.shape[2])
    start = torch.from_numpy(genotype[trained].mean(axis=0))
    for c, d in zip(line, drug, strict=True):
        difference = torch.from_numpy(genotype[c]) - start
        drugs = data.drugs.double()[d][None]

        def along(shares: torch.Tensor, start=start, difference=difference) -> torch.Tensor:
            return start + shares[:, None, None] * difference

        ends = along(torch.arange(steps + 1) / steps).requires_grad_()
        plain(ends, drugs.expand(len(ends), -1))
        changes = {term: state.detach().diff(dim=0) for term, state in states.items()}
        middles = along((torch.arange(steps) + 0.5) / steps).requires_grad_()
        plain(middles, drugs.expand(steps, -1))[0].sum().backward()
        of_genes = (middles.grad.mean(dim=0) * difference).numpy()
        of_terms = np.array([float((states[term].grad * changes[term]).sum()) for term in terms])
        expected.genes[d] += of_genes
        expected.genes_absolute[d] += np.abs(of_genes)
        expected.terms[d] += of_terms
        expected.terms_absolute[d] += np.abs(of_terms)
    for name in ("genes", "genes_absolute", "terms", "terms_absolute"):
        scale = np.abs(getattr(expected, name)).max()
        np.testing.assert_allclose(getattr(found, name), getattr(expected, name), atol=1e-5 * scale, err_msg=name)


def test_pieces_of_cell_lines_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = attributions(steps=2)[-1]
    monkeypatch.setattr(attribution, "_CELL_LINES_AT_ONCE", 3)
    pieces = attributions(steps=2)[-1]
    np.testing.assert_allclose(pieces.genes, whole.genes, atol=1e-6)
    np.testing.assert_allclose(pieces.terms_absolute, whole.terms_absolute, atol=1e-6)
