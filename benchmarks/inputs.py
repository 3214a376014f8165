"""What all networks are given: a hierarchy from a folder, random inputs and random batches.

Letters: N pairs, C cell lines, D drugs, G genes, F bits of a fingerprint. No network's cost depends on the
values, so genotypes, fingerprints and AUCs are random; cell lines and drugs are as many as the paper's.
"""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import torch
from torch import Tensor

from druggene.constants import GENE
from druggene.hierarchy import Hierarchy
from druggene.tables import read_table, write_table

CELL_LINES = 942
DRUGS = 684
DRUG_BITS = 2048
_ON_BITS = 0.03
_TABLES = ("terms", "term_edges", "term_genes")


def write_hierarchy(hierarchy: Hierarchy, folder: Path) -> None:
    """Write the tables that :func:`read_hierarchy` reads."""
    tables = dict(zip(_TABLES, hierarchy.to_tables(), strict=True))
    tables["genes"] = pd.DataFrame({GENE: hierarchy.genes})
    for name, table in tables.items():
        write_table(table, folder / f"{name}.parquet", description=f"{name} of the benchmark's hierarchy")


def read_hierarchy(folder: Path) -> Hierarchy:
    """Read the hierarchy of a fold's folder."""
    tables = (read_table(folder / f"{name}.parquet") for name in _TABLES)
    return Hierarchy.from_tables(*tables, genes=list(read_table(folder / "genes.parquet")[GENE]))


@dataclass(frozen=True)
class Batch:
    """N pairs: positions of their cell lines and drugs, and their AUCs."""

    cell_line: Tensor
    drug: Tensor
    target: Tensor

    @classmethod
    def draw(cls, pairs: int, device: torch.device) -> "Batch":
        """Draw ``pairs`` pairs; equal numbers give equal batches."""
        generator = torch.Generator().manual_seed(pairs)
        cell_line = torch.randint(0, CELL_LINES, (pairs,), generator=generator)
        drug = torch.randint(0, DRUGS, (pairs,), generator=generator)
        target = torch.rand(pairs, generator=generator)
        return cls(cell_line.to(device), drug.to(device), target.to(device))


@dataclass(frozen=True)
class Inputs:
    """C x 1 x G genotypes and D x F fingerprints."""

    genotype: Tensor
    drugs: Tensor

    @classmethod
    def draw(cls, genes: int, device: torch.device) -> "Inputs":
        """Draw the inputs of all cell lines and drugs."""
        generator = torch.Generator().manual_seed(0)
        genotype = torch.rand(CELL_LINES, 1, genes, generator=generator)
        drugs = (torch.rand(DRUGS, DRUG_BITS, generator=generator) < _ON_BITS).float()
        return cls(genotype.to(device), drugs.to(device))
