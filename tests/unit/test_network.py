"""The engine against the plain per-term, pair-wise network: outputs, gradients, running statistics."""

import pytest
import torch
from torch import Tensor

from druggene.hierarchy import Hierarchy
from druggene.hierarchy_function import HierarchyFunction, tanh_
from druggene.network import DrugGeneNetwork, Output, Pairs
from tests.reference.hierarchies import random_hierarchy, tricky_hierarchy
from tests.reference.plain_network import PlainNetwork, read_named

HIERARCHIES = {
    "tricky": tricky_hierarchy,
    "random": lambda: random_hierarchy(3),
    "wide": lambda: random_hierarchy(8, 150),
}


def make_case(
    hierarchy: Hierarchy, channels: int = 1, dtype: torch.dtype = torch.float64
) -> tuple[DrugGeneNetwork, PlainNetwork, Tensor, Tensor, Pairs]:
    """Two networks with the same weights, and a batch with repeated, uneven and absent cell lines and drugs."""
    sizes = {"drug_features": 16, "channels": channels, "drug_layers": (8, 5, 4), "term_neurons": 3, "final_neurons": 4}
    network = DrugGeneNetwork(hierarchy, **sizes)
    network.initialise("scaled_0.1", seed=5)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():  # larger weights than at the start, so that tanh bends and scales differ from 1
        for parameter in network.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.5)
    network.to(dtype)
    plain = PlainNetwork(hierarchy, **sizes).to(dtype)
    plain.copy_from(network, hierarchy)
    genotype = torch.rand(7, channels, len(hierarchy.genes), generator=generator).to(dtype)
    drugs = (torch.rand(5, 16, generator=generator) < 0.3).to(dtype)
    cell_line = torch.tensor([0, 0, 0, 0, 1, 2, 2, 3, 4, 6, 6, 6, 6, 6])  # 5 is absent
    drug = torch.tensor([0, 1, 0, 4, 4, 1, 1, 1, 2, 0, 1, 2, 4, 4])  # 3 is absent
    return network, plain, genotype, drugs, Pairs.of(cell_line, drug, 7, 5)


def objective(predicted: Tensor, terms: Tensor, drug_layers: Tensor, target: Tensor) -> Tensor:
    """A loss that reaches every output with a weight of its own."""
    term_weight = torch.linspace(0.1, 1, terms.shape[0], dtype=target.dtype)[:, None]
    layer_weight = torch.linspace(0.5, 1, drug_layers.shape[0], dtype=target.dtype)[:, None]
    return (
        (predicted - target).square().mean()
        + (term_weight * (terms - target).square()).sum()
        + (layer_weight * (drug_layers - target).square()).sum()
    )


def expand(output: Output, pairs: Pairs) -> tuple[Tensor, Tensor, Tensor]:
    """Repeat what is computed per cell line and drug for every pair."""
    return output.predicted, output.terms[:, pairs.cell_line], output.drug_layers[:, pairs.drug]


def run_plain(plain: PlainNetwork, genotype: Tensor, drugs: Tensor, pairs: Pairs) -> tuple[Tensor, Tensor, Tensor]:
    predicted, terms, drug_layers = plain(genotype[pairs.cell_line], drugs[pairs.drug])
    return predicted, torch.stack([terms[term] for term in plain.terms]), torch.stack(drug_layers)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", HIERARCHIES)
def test_training_step_equals_plain_network(name: str, channels: int) -> None:
    hierarchy = HIERARCHIES[name]()
    network, plain, genotype, drugs, pairs = make_case(hierarchy, channels)
    target = torch.linspace(0.2, 1.1, len(pairs), dtype=torch.float64)

    ours = expand(network(network.gather(genotype), drugs, pairs), pairs)
    theirs = run_plain(plain, genotype, drugs, pairs)
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-10)

    objective(*ours, target).backward()
    objective(*theirs, target).backward()
    gradients = read_named(network, hierarchy, {key: p.grad for key, p in network.named_parameters()})
    expected = {key: p.grad for key, p in plain.named_parameters()}
    assert gradients.keys() == expected.keys()
    for key, gradient in gradients.items():
        torch.testing.assert_close(gradient, expected[key], rtol=1e-7, atol=1e-9, msg=lambda m, key=key: f"{key}: {m}")

    statistics = read_named(network, hierarchy, network.state_dict())
    for key, value in plain.named_buffers():
        if "running" in key:
            torch.testing.assert_close(
                statistics[key], value, rtol=1e-9, atol=1e-10, msg=lambda m, key=key: f"{key}: {m}"
            )


@pytest.mark.parametrize("name", HIERARCHIES)
def test_single_precision_stays_within_1e5(name: str) -> None:
    network, plain, genotype, drugs, pairs = make_case(HIERARCHIES[name](), dtype=torch.float32)
    for a, b in zip(
        expand(network(network.gather(genotype), drugs, pairs), pairs),
        run_plain(plain, genotype, drugs, pairs),
        strict=True,
    ):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-5)


def test_evaluation_equals_plain_network() -> None:
    hierarchy = random_hierarchy(4)
    network, plain, genotype, drugs, pairs = make_case(hierarchy)
    gathered = network.gather(genotype)
    for _ in range(3):  # running statistics that differ from their start
        network(gathered, drugs, pairs)
        run_plain(plain, genotype, drugs, pairs)
    network.eval()
    plain.eval()
    with torch.no_grad():
        for a, b in zip(
            expand(network(gathered, drugs, pairs), pairs), run_plain(plain, genotype, drugs, pairs), strict=True
        ):
            torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-10)
    before = {key: value.clone() for key, value in network.state_dict().items()}
    network(gathered, drugs, pairs)
    for key, value in network.state_dict().items():
        torch.testing.assert_close(value, before[key], rtol=0, atol=0)


def test_evaluation_gradients_equal_plain_network() -> None:
    hierarchy = tricky_hierarchy()
    network, plain, genotype, drugs, pairs = make_case(hierarchy)
    target = torch.linspace(0.2, 1.1, len(pairs), dtype=torch.float64)
    network.eval()
    plain.eval()
    objective(*expand(network(network.gather(genotype), drugs, pairs), pairs), target).backward()
    objective(*run_plain(plain, genotype, drugs, pairs), target).backward()
    gradients = read_named(network, hierarchy, {key: p.grad for key, p in network.named_parameters()})
    for key, parameter in plain.named_parameters():
        torch.testing.assert_close(gradients[key], parameter.grad, rtol=1e-7, atol=1e-9)


def test_states_are_what_the_root_reads() -> None:
    hierarchy = tricky_hierarchy()
    network, _, genotype, drugs, pairs = make_case(hierarchy)
    gathered = network.gather(genotype)
    network(gathered, drugs, pairs)
    network.eval()
    states = network.hierarchy.states(gathered)
    root, _ = network.hierarchy(gathered, pairs.cell_line_counts)
    assert states.shape == (len(hierarchy.terms), 3, 7)
    torch.testing.assert_close(states[-1].T, root)


def test_absent_cell_lines_and_drugs_change_nothing() -> None:
    network, _, genotype, drugs, pairs = make_case(random_hierarchy(3))
    with_absent = network(network.gather(genotype), drugs, pairs).predicted
    present = torch.tensor([0, 1, 2, 3, 4, 6])
    cell_line = torch.where(pairs.cell_line == 6, 5, pairs.cell_line)
    without = network(network.gather(genotype[present]), drugs, Pairs.of(cell_line, pairs.drug, 6, 5)).predicted
    torch.testing.assert_close(with_absent, without)


def test_gradcheck_of_the_hierarchy() -> None:
    hierarchy = tricky_hierarchy()
    network, _, genotype, _, pairs = make_case(hierarchy, channels=2)
    branch = network.hierarchy
    gathered = branch.gather(genotype)
    share = pairs.cell_line_counts.double() / len(pairs)
    heads = (branch.head_weight, branch.head_bias, branch.head_scale, branch.head_shift)
    inputs = [p.detach().clone().requires_grad_() for p in (*branch._arguments(), *heads)]

    def run(*parameters: Tensor) -> tuple[Tensor, Tensor]:
        return HierarchyFunction.apply(gathered, branch.layout.root, share, *parameters, 1e-5, None)[:2]

    assert torch.autograd.gradcheck(run, inputs)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_tanh_is_exact_near_zero_and_far_from_it(dtype: torch.dtype) -> None:
    sizes = torch.logspace(-30, 30, 2001, dtype=torch.float64)
    values = torch.cat([sizes, -sizes, torch.tensor([0.0, torch.inf, -torch.inf])]).to(dtype)
    torch.testing.assert_close(tanh_(values.clone()), values.tanh(), rtol=4 * torch.finfo(dtype).eps, atol=0)
    assert tanh_(torch.tensor([torch.nan])).isnan()


def test_initial_weights() -> None:
    hierarchy = random_hierarchy(1)
    network = DrugGeneNetwork(hierarchy, drug_features=32)
    network.initialise("uniform_0.01", seed=1)
    weights = torch.cat([p.flatten() for name, p in network.named_parameters() if "norm" not in name])
    assert 0.0098 < weights.abs().max() <= 0.01
    assert abs(weights.mean()) < 0.001
    assert torch.equal(network.hierarchy.norm.weight, torch.ones_like(network.hierarchy.norm.weight))

    network = DrugGeneNetwork(hierarchy, drug_features=32)
    network.initialise("scaled_0.1", seed=1)
    assert network.drug.linear[0].weight.abs().max() <= 0.1 / 32**0.5
    assert torch.allclose(network.hierarchy.norm.weight, torch.tensor(0.1))
    first = network.hierarchy.edge_weight.clone()
    network.initialise("scaled_0.1", seed=1)
    assert torch.allclose(network.hierarchy.norm.weight, torch.tensor(0.1))
    assert torch.equal(first, network.hierarchy.edge_weight)
    network.initialise("scaled_0.1", seed=2)
    assert not torch.equal(first, network.hierarchy.edge_weight)
