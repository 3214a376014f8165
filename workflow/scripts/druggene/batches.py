"""Batches: which training pairs a step takes together, and which cell lines it is computed on."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Batch:
    """Pairs that are taken together.

    Attributes
    ----------
    rows
        N positions among the training pairs.
    cell_lines, position
        The cell lines that the batch is computed on, and where among them each pair's is (N); None for all of the fold.
    """

    rows: Tensor
    cell_lines: Tensor | None = None
    position: Tensor | None = None

    def __len__(self) -> int:
        return len(self.rows)


def deal_batches(
    n: int, size: int, seed: int, epoch: int, device: torch.device, group: Tensor | None = None
) -> list[Batch]:
    """Deal N pairs at random, alike on every device.

    With a ``group`` (N cell lines, on the CPU), these are dealt, to batches of about ``size`` pairs: the pairs of one
    stay together. A last batch of a single pair, which has no variance, joins the one before.
    """
    generator = torch.Generator().manual_seed(seed * 100_000 + epoch)
    if group is not None:
        labels, of_pair = torch.unique(group, return_inverse=True)
        number = min(max(1, round(n / size)), max(1, len(labels) // 2))
        batch_of_group = torch.randperm(len(labels), generator=generator) % number
        batch_of_pair = batch_of_group[of_pair]
        batches = []
        for batch in range(number):
            rows = torch.nonzero(batch_of_pair == batch)[:, 0]
            cell_lines, position = torch.unique(group[rows], return_inverse=True)
            batches.append(Batch(rows.to(device), cell_lines.to(device), position.to(device)))
        return batches
    parts = list(torch.randperm(n, generator=generator).to(device).split(size))
    if len(parts) > 1 and len(parts[-1]) == 1:
        parts[-2:] = [torch.cat(parts[-2:])]
    return [Batch(rows) for rows in parts]


def steps(batches: list[Batch], size: int) -> Iterator[list[Batch]]:
    """Yield the batches whose gradients make one step.

    Their mean, weighted by pairs, is the gradient of one batch of all of them but for batch normalisation, which
    takes the mean and variance of each batch on its own.
    """
    for start in range(0, len(batches), size):
        yield batches[start : start + size]
