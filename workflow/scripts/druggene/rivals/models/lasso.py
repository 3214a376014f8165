"""Lasso on the genotype and the drug features: an elastic net without its second penalty."""

from collections.abc import Sequence
from dataclasses import dataclass

from druggene.rivals.models import elastic_net


@dataclass(frozen=True)
class Rival(elastic_net.Rival):
    """Linear regression with an L1 penalty alone; the paper's lasso."""

    l1_ratio: Sequence[float] = (1.0,)
