"""The objective against its definition, pair by pair."""

import pytest
import torch
from torch import Tensor

from druggene.network import Pairs
from druggene.objective import grouped_squared_error, losses, norm_of
from tests.reference.hierarchies import random_hierarchy, tricky_hierarchy
from tests.reference.plain_network import PlainNetwork, read_named
from tests.unit.test_network import expand, make_case, run_plain


def test_grouped_squared_error_equals_the_pairwise_sum() -> None:
    generator = torch.Generator().manual_seed(0)
    predicted = torch.randn(4, 6, generator=generator, dtype=torch.float64, requires_grad=True)
    group = torch.tensor([0, 0, 0, 1, 3, 3, 5])  # 2 and 4 are empty
    target = torch.randn(7, generator=generator, dtype=torch.float64)
    expected = (predicted[:, group] - target).square().mean(dim=1).sum()
    actual = grouped_squared_error(predicted, target, group, torch.bincount(group, minlength=6))
    torch.testing.assert_close(actual, expected)
    (want,) = torch.autograd.grad(expected, predicted, retain_graph=True)
    (got,) = torch.autograd.grad(actual, predicted)
    torch.testing.assert_close(got, want)


def test_grouped_squared_error_keeps_small_losses_in_single_precision() -> None:
    target = torch.full((1000,), 0.9) + torch.linspace(-1e-4, 1e-4, 1000)
    group = torch.arange(1000) % 7
    predicted = torch.full((1, 7), 0.9)
    expected = (target.double() - 0.9).square().mean()
    actual = grouped_squared_error(predicted, target, group, torch.bincount(group))
    torch.testing.assert_close(actual.double(), expected, rtol=1e-2, atol=0)


def test_norm_is_the_root_of_all_squares_and_flat_at_zero() -> None:
    assert norm_of([torch.tensor([3.0]), torch.tensor([[4.0]])]) == 5
    weight = torch.zeros(3, requires_grad=True)
    norm_of([weight]).backward()
    assert weight.grad is not None
    assert torch.equal(weight.grad, torch.zeros(3))


def test_objective_is_the_weighted_sum_of_its_parts() -> None:
    network, _, genotype, drugs, pairs = make_case(random_hierarchy(2))
    target = torch.linspace(0.1, 1.2, len(pairs), dtype=torch.float64)
    output = network(network.gather(genotype), drugs, pairs)
    predicted, terms, drug_layers = expand(output, pairs)
    weights = [
        p
        for name, p in network.named_parameters()
        if name.split(".")[-1] in ("gene_weight", "annotation_weight", "edge_weight")
    ]
    expected = (
        (predicted - target).square().mean()
        + 0.3 * (terms - target).square().mean(dim=1).sum()
        + 0.7 * (drug_layers - target).square().mean(dim=1).sum()
        + 0.05 * torch.cat([w.flatten() for w in weights]).norm()
    )
    torch.testing.assert_close(losses(output, pairs, target, network, 0.3, 0.7, 0.05).total, expected)


def plain_objective(
    plain: PlainNetwork, outputs: tuple[Tensor, Tensor, Tensor], target: Tensor, weights: tuple[float, float, float]
) -> Tensor:
    """The paper's formula 2, term by term and pair by pair; the norm is that of all weights into terms."""
    predicted, terms, drug_layers = outputs
    alpha, drug_alpha, norm_weight = weights
    total = (predicted - target).square().mean()
    for part, weight in ((terms, alpha), (drug_layers, drug_alpha)):
        for prediction in part:
            total = total + weight * (prediction - target).square().mean()
    squares = target.new_zeros(())
    for name, parameter in plain.named_parameters():
        term, _, layer = name.partition("_")
        if term in plain.terms and layer in ("linear_layer.weight", "direct_gene_layer.weight"):
            mask = getattr(plain, f"{term}_mask") if layer.startswith("direct") else 1.0
            squares = squares + (parameter * mask).square().sum()
    return total + norm_weight * squares.sqrt()


@pytest.mark.parametrize(
    "weights", [(0, 0, 0), (0.3, 0, 0), (0, 0.7, 0), (0, 0, 0.05), (0.3, 0.7, 0.05)], ids=lambda weights: str(weights)
)
def test_every_switch_has_the_value_and_the_gradients_of_the_plain_network(weights: tuple[float, float, float]) -> None:
    hierarchy = tricky_hierarchy()
    network, plain, genotype, drugs, pairs = make_case(hierarchy, channels=2)
    target = torch.linspace(0.1, 1.2, len(pairs), dtype=torch.float64)
    ours = losses(network(network.gather(genotype), drugs, pairs), pairs, target, network, *weights).total
    theirs = plain_objective(plain, run_plain(plain, genotype, drugs, pairs), target, weights)
    torch.testing.assert_close(ours, theirs)
    ours.backward()
    theirs.backward()
    found = {name: torch.zeros_like(p) if p.grad is None else p.grad for name, p in network.named_parameters()}
    gradients = read_named(network, hierarchy, found)
    for name, parameter in plain.named_parameters():
        expected = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
        torch.testing.assert_close(
            gradients[name], expected, rtol=1e-7, atol=1e-9, msg=lambda m, name=name: f"{name}: {m}"
        )


def test_each_part_can_be_switched_off() -> None:
    network, _, genotype, drugs, pairs = make_case(random_hierarchy(2))
    target = torch.linspace(0.1, 1.2, len(pairs), dtype=torch.float64)
    output = network(network.gather(genotype), drugs, pairs)
    only_root = losses(output, pairs, target, network, 0, 0, 0)
    assert only_root.total == only_root.root > 0
    for weights, part in (((1, 0, 0), "terms"), ((0, 1, 0), "drug_layers"), ((0, 0, 1), "norm")):
        chosen = losses(output, pairs, target, network, *weights)
        assert getattr(chosen, part) > 0
        torch.testing.assert_close(chosen.total, chosen.root + getattr(chosen, part))


def test_pairs_count_cell_lines_and_drugs() -> None:
    pairs = Pairs.of(torch.tensor([2, 2, 0]), torch.tensor([1, 1, 1]), 4, 3)
    assert pairs.cell_line_counts.tolist() == [1, 0, 2, 0]
    assert pairs.drug_counts.tolist() == [0, 3, 0]
    assert len(pairs) == 3
