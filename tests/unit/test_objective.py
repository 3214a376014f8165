"""The objective against its definition, pair by pair."""

import torch

from druggene.network import Pairs
from druggene.objective import grouped_squared_error, losses, norm_of
from tests.reference.hierarchies import random_hierarchy
from tests.unit.test_network import expand, make_case


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
