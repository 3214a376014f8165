"""The evaluation-mode network: equal to the plain network in predictions and gradients."""

import numpy as np
import pytest
import torch

from druggene.genotype import fuse
from druggene.interpretation.evaluated import EvaluatedNetwork
from druggene.interpretation.importance import by_omic
from druggene.training import predict
from tests.reference.interpreted import plain_network, small_checkpoint


@pytest.mark.parametrize("fusion", ["sum_rescaled", "channels"])
def test_predictions_and_gradients_are_those_of_the_plain_network(fusion: str) -> None:
    checkpoint, data = small_checkpoint(fusion=fusion)
    rng = np.random.default_rng(0)
    channels = 3 if fusion == "channels" else 1
    genotype = rng.random((len(data.genotype), channels, len(data.hierarchy.genes)))
    cell_line, drug = rng.integers(len(genotype), size=30), rng.integers(len(data.drugs), size=30)
    network = EvaluatedNetwork.of(checkpoint, data.drugs.numpy(), np.float64)
    branch = network.branch
    activation, states = branch.forward(branch.gene_part(genotype))
    root = states[-branch.neurons :].T
    predicted = network.joint.predict(root[cell_line], drug)

    inputs = torch.from_numpy(genotype[cell_line]).requires_grad_()
    expected, _, _ = plain_network(checkpoint)(inputs, data.drugs.double()[drug])
    np.testing.assert_allclose(predicted, expected.detach().numpy(), atol=1e-6)
    assert np.ptp(predicted) > 0.05

    expected.sum().backward()
    at_root = network.joint.root_gradient(root[cell_line], drug)
    at_input = branch.backward(activation[:, cell_line], at_root.T)[1]
    found = (branch.gene_matrix.T @ at_input).T.reshape(inputs.shape)
    np.testing.assert_allclose(found, inputs.grad.numpy(), atol=1e-6)
    assert np.abs(found).max() > 1e-2


def test_single_precision_predicts_what_the_engine_predicts() -> None:
    checkpoint, data = small_checkpoint()
    network = checkpoint.network()
    expected = predict(network, network.gather(data.genotype), data).numpy()
    evaluated = EvaluatedNetwork.of(checkpoint, data.drugs.numpy())
    root = evaluated.branch.forward(evaluated.branch.gene_part(data.genotype.numpy()))[1][-3:].T
    test = data.roles["test"]
    found = evaluated.joint.predict(root[test.cell_line.numpy()], test.drug.numpy())
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=2e-6)


def test_omics_are_those_that_are_fused() -> None:
    """What each omic adds up to is the genotype that the network reads."""
    rng = np.random.default_rng(0)
    encoded = {omic: rng.random((5, 7)).astype(np.float32) for omic in ("mutation", "expression", "copy_number")}
    for fusion in ("sum", "sum_rescaled"):
        apart = by_omic(encoded, ["expression", "mutation"], fusion)
        np.testing.assert_allclose(
            apart.sum(axis=1), fuse(encoded, ["expression", "mutation"], fusion)[:, 0], atol=1e-6
        )
