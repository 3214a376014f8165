"""New cell lines and drugs as inputs of one checkpoint, and how far they are from its training set.

Letters: C cell lines, M channels, G genes, D drugs, F features, T targets and pathways.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from druggene.checkpoint import Checkpoint, ModelOptions
from druggene.constants import DRUG, MUTATION, SMILES
from druggene.drugs import compute_drug_features, drug_matrix, packed_fingerprints, parent_fingerprints
from druggene.genotype import fuse
from druggene.prediction.genes import FoundGenes, find_genes
from druggene.prediction.inputs import NewCellLines
from druggene.sources.gene_identity import GeneTable

_IS_THE_SAME = 0.5
"""A cell line of a training cell line's name is that one if its distance to it is below this part of what training
cell lines usually have to their nearest: the same omics up to rounding or another release, and no other cell line."""


@dataclass(frozen=True)
class CellLineEncoder:
    """Turns rows of the user's omics into the genotype of a checkpoint.

    Attributes
    ----------
    checkpoint
        With the encoder, and the omics that the network reads.
    cell_lines
        All new cell lines.
    found
        Omic to where the checkpoint's genes stand in its table.
    """

    checkpoint: Checkpoint
    cell_lines: NewCellLines
    found: Mapping[str, FoundGenes]

    @classmethod
    def of(cls, checkpoint: Checkpoint, cell_lines: NewCellLines, genes: GeneTable | None) -> "CellLineEncoder":
        """Find the genes of every omic that the network reads.

        Raises
        ------
        ValueError
            If no omic is there that the network reads, or the checkpoint cannot impute what is missing.
        """
        options, encoder = checkpoint.options, checkpoint.encoder
        read = [omic for omic in options.omics if omic in cell_lines.omics]
        if not read:
            raise ValueError(
                f"{options.name}: reads {', '.join(options.omics)}, given are {', '.join(cell_lines.omics)}; give at "
                "least one omic that it reads"
            )
        found = {
            omic: find_genes(list(cell_lines.omics[omic].columns), encoder.genes, genes, cell_lines.where[omic])
            for omic in read
        }
        imports = [omic for omic in options.omics if np.isnan(encoder.means[omic]).any()]
        for omic in imports:
            empty = omic not in read or bool(cls(checkpoint, cell_lines, found)._raw(omic).isna().all(axis=1).any())
            if empty:
                raise ValueError(
                    f"{options.name}: holds imported weights, which know no training means; every cell line needs "
                    f"values of {omic}"
                )
        return cls(checkpoint, cell_lines, found)

    def _raw(self, omic: str, rows: slice = slice(None)) -> pd.DataFrame:
        """Return rows x G of an omic, NaN where the gene, the cell line or the omic is missing."""
        genes = list(self.checkpoint.encoder.genes)
        names = list(self.cell_lines.names[rows])
        values = np.full((len(names), len(genes)), np.nan, dtype=np.float32)
        if omic in self.found:
            positions = self.found[omic].positions
            there = positions >= 0
            values[:, there] = self.cell_lines.omics[omic].iloc[rows, positions[there]].to_numpy()
        return pd.DataFrame(values, index=names, columns=genes)

    def genotype(self, rows: slice) -> tuple[np.ndarray, pd.DataFrame]:
        """Return the genotype, rows x M x G, and per row the shares of its values that are imputed and clipped.

        An imputed value was not measured; a clipped one lies beyond the range of the training cell lines.
        """
        options, encoder = self.checkpoint.options, self.checkpoint.encoder
        raw = {omic: self._raw(omic, rows) for omic in options.omics}
        missing = {omic: frame.isna().to_numpy() for omic, frame in raw.items()}
        shares = {f"imputed_{omic}": values.mean(axis=1) for omic, values in missing.items()}
        shares["imputed"] = np.mean([values.mean(axis=1) for values in missing.values()], axis=0)
        clipped, measured = np.zeros(len(shares["imputed"])), np.zeros(len(shares["imputed"]))
        for omic, frame in raw.items():
            if omic == MUTATION:
                continue
            values = frame.to_numpy(dtype=np.float64)
            # Ranges were learned from float64 values, some of which float32 rounds out of them.
            slack = 1e-6 * np.maximum(np.abs(encoder.minima[omic]), np.abs(encoder.maxima[omic]))
            beyond = (values < encoder.minima[omic] - slack) | (values > encoder.maxima[omic] + slack)
            clipped += beyond.sum(axis=1)
            measured += (~missing[omic]).sum(axis=1)
        shares["clipped"] = clipped / np.maximum(measured, 1)
        fused = fuse(encoder.transform(raw, level=logging.DEBUG), options.omics, options.fusion)
        return fused, pd.DataFrame(shares)


@dataclass(frozen=True)
class DrugEncoder:
    """The features of the new drugs, computed once for all checkpoints with the same settings."""

    drugs: pd.DataFrame
    _features: dict[tuple[object, ...], pd.DataFrame]
    _parents: dict[tuple[object, ...], np.ndarray]

    @classmethod
    def of(cls, drugs: pd.DataFrame) -> "DrugEncoder":
        """Take drugs as :func:`druggene.prediction.inputs.read_new_drugs` gives them."""
        return cls(drugs, {}, {})

    def matrix(self, checkpoint: Checkpoint) -> np.ndarray:
        """Return the network's D x F features."""
        frame = self._frame(checkpoint.options)
        matrix = drug_matrix(frame, checkpoint.options.drug_features, checkpoint.drug_scaler)
        if checkpoint.target_encoder is None:
            return matrix
        return np.hstack([matrix, checkpoint.target_encoder.transform(self.drugs, list(self.drugs[DRUG]))])

    def fingerprints(self, options: ModelOptions) -> tuple[np.ndarray, np.ndarray]:
        """Return the packed fingerprints (D x B/8) of the structures as the network reads them and of active parts."""
        settings = (options.fingerprint_radius, options.fingerprint_bits, options.fingerprint_chirality)
        if settings not in self._parents:
            self._parents[settings] = parent_fingerprints(self.drugs.set_index(DRUG)[SMILES], *settings)
        return packed_fingerprints(self._frame(options)), self._parents[settings]

    def has_targets(self, checkpoint: Checkpoint) -> np.ndarray | None:
        """Return for D drugs whether the network knows a target or pathway of theirs; None where it reads none."""
        if checkpoint.target_encoder is None:
            return None
        known: np.ndarray = checkpoint.target_encoder.transform(self.drugs, list(self.drugs[DRUG])) > 0
        return np.logical_or.reduce(known, axis=1)

    def _frame(self, options: ModelOptions) -> pd.DataFrame:
        settings = (
            *(options.drug_features, options.fingerprint_radius, options.fingerprint_bits),
            *(options.fingerprint_chirality, options.desalt),
        )
        if settings not in self._features:
            features, radius, bits, chirality, desalt = settings
            frame = compute_drug_features(
                self.drugs[[DRUG, SMILES]], features, radius, bits, chirality=chirality, desalt=desalt
            )
            self._features[settings] = frame.loc[list(self.drugs[DRUG])]
        return self._features[settings]


@dataclass(frozen=True)
class Nearness:
    """How near R new drugs or cell lines are to a training set.

    Attributes
    ----------
    nearest
        R names of the nearest of the training set; empty where the checkpoint keeps none.
    value
        R: Tanimoto similarity to it, or distance as a multiple of the usual one between training cell lines.
    known
        R: whether it is one of the training set, by name and by structure or genotype.
    """

    nearest: np.ndarray
    value: np.ndarray
    known: np.ndarray


def drug_nearness(checkpoint: Checkpoint, drugs: DrugEncoder) -> tuple[Nearness, Nearness]:
    """Return the nearness of D drugs by their structures as the network reads them, and by their active parts."""
    names = drugs.drugs[DRUG].to_numpy(dtype=object)
    reference = checkpoint.reference
    if reference is None:
        unsure = _unsure(names, checkpoint.drugs)
        return unsure, unsure
    packed = drugs.fingerprints(checkpoint.options)
    own = pd.Index(reference.drugs, dtype="object").get_indexer(pd.Index(names))
    same = (own >= 0) & (packed[0] == reference.fingerprints[own]).all(axis=1)
    found = []
    for fingerprints, parents in zip(packed, (False, True), strict=True):
        best, similarity = reference.nearest_drugs(fingerprints, parents)
        best = np.where(same, own, best)  # of several with one fingerprint, itself
        found.append(Nearness(np.array(reference.drugs, dtype=object)[best], similarity.astype(np.float64), same))
    return found[0], found[1]


def cell_line_nearness(checkpoint: Checkpoint, names: Sequence[str], genotype: np.ndarray) -> Nearness:
    """Return the nearness of cell lines by their genotype, rows x M x G."""
    reference, rows = checkpoint.reference, np.array(names, dtype=object)
    if reference is None:
        return _unsure(rows, checkpoint.cell_lines)
    best, distance = reference.nearest_cell_lines(genotype, names)
    nearest = np.array(reference.cell_lines, dtype=object)[best]
    relative = distance / usual_distance(checkpoint)
    return Nearness(nearest, relative, (nearest == rows) & (relative < _IS_THE_SAME))


def usual_distance(checkpoint: Checkpoint, percentile: float = 50) -> float:
    """Return a percentile of the training cell lines' distances to their nearest; NaN without a reference."""
    if checkpoint.reference is None:
        return float("nan")
    others = checkpoint.reference.own_distances()
    others = others[~np.isnan(others)]
    return float(np.percentile(others, percentile)) if len(others) else float("nan")


def _unsure(names: np.ndarray, known: Sequence[str]) -> Nearness:
    """Return what a checkpoint without a reference can tell: which names it knows."""
    return Nearness(np.full(len(names), "", object), np.full(len(names), np.nan), np.isin(names, list(known)))
