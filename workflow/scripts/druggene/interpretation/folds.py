"""What the scores read of each fold, and the terms of all folds together."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from druggene.checkpoint import Checkpoint
from druggene.constants import TERM
from druggene.dataset import FoldData
from druggene.genotype import fuse, read_genotype
from druggene.hierarchy import Hierarchy
from druggene.interpretation.states import TermStates, read_states


@dataclass(frozen=True)
class FoldInputs:
    """What RLIPP reads of a fold: its number, states, hierarchy and C x M x G genotype as the network reads it."""

    fold: int
    states: TermStates
    hierarchy: Hierarchy
    genotype: np.ndarray


def read_folds(
    folds: Sequence[int],
    states: Sequence[str | os.PathLike[str]],
    checkpoints: Sequence[str | os.PathLike[str]],
    genotypes: Sequence[str | Path],
) -> Iterator[FoldInputs]:
    """Read one fold after the other, so that only one has to be held."""
    for fold, state, checkpoint, genotype in zip(folds, states, checkpoints, genotypes, strict=True):
        loaded = Checkpoint.load(checkpoint)
        fused = fuse(read_genotype(genotype)[0], loaded.options.omics, loaded.options.fusion)
        yield FoldInputs(fold, read_states(state), loaded.hierarchy, fused)


def read_fold(
    paths: Mapping[str, Any], fold: int, drugs: Sequence[str] | None
) -> tuple[Checkpoint, FoldData, list[str]]:
    """Return a fold's checkpoint, its data as the network reads them, and the drugs to look at; None takes all.

    ``paths`` are checkpoint and those of :meth:`FoldData.read`. Raises a ValueError if a drug is none of the run's.
    """
    checkpoint = Checkpoint.load(paths["checkpoint"])
    options, training = checkpoint.options, checkpoint.provenance.get("training") or {}
    features = options.drug_features, options.targets
    data = FoldData.read(paths, fold, options.omics, options.fusion, *features, training.get("stop_early", True))
    unknown = sorted(set(drugs or []) - set(data.drug_names))
    if unknown:
        raise ValueError(f"interpretation.drugs: {unknown[0]!r} is not a drug of this run; correct the name")
    return checkpoint, data, list(data.drug_names if drugs is None else drugs)


def describe_terms(hierarchies: Sequence[Hierarchy]) -> pd.DataFrame:
    """Return term, name, layer, size, n_children, n_parents (medians over the folds that have the term) and n_folds."""
    tables = []
    for hierarchy in hierarchies:
        terms = hierarchy.to_tables()[0]
        for column, side in (("n_children", 0), ("n_parents", 1)):
            terms[column] = np.bincount(hierarchy.edges[:, side], minlength=len(terms))
        tables.append(terms)
    stacked = pd.concat(tables, ignore_index=True)
    grouped = stacked.groupby(TERM, sort=True)
    medians = grouped[["layer", "size", "n_children", "n_parents"]].median()
    return pd.concat([grouped["name"].first(), medians, grouped.size().rename("n_folds")], axis=1).reset_index()
