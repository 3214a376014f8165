"""One fold of one model as tensors: what training and prediction read."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from druggene.constants import AUC, CELL_LINE, DRUG, PAIR, ROLE, ROLES, TRAIN
from druggene.drugs import DescriptorScaler, drug_matrix, fit_descriptor_scaler, read_drug_features
from druggene.genotype import GenotypeEncoder, fuse, read_genotype
from druggene.hierarchy import Hierarchy
from druggene.splits import with_roles
from druggene.tables import read_table
from druggene.target_features import TargetEncoder

PathLike = str | os.PathLike[str]


@dataclass(frozen=True)
class Responses:
    """The responses of one role: N cell lines and drugs by position, N measured AUCs, and the source rows."""

    cell_line: Tensor
    drug: Tensor
    auc: Tensor
    table: pd.DataFrame

    def to(self, device: torch.device) -> "Responses":
        """Return the responses with their tensors on ``device``."""
        return Responses(self.cell_line.to(device), self.drug.to(device), self.auc.to(device), self.table)


@dataclass(frozen=True)
class FoldData:
    """Everything that a network of one fold is trained and tested on.

    Attributes
    ----------
    hierarchy
        With the genes in the genotype's order.
    genotype
        C x M x G, encoded and fused; C cell lines, M channels, G genes.
    drugs
        D x F features.
    roles
        The responses by role: train, validation, test.
    encoder, drug_scaler, target_encoder
        What was fitted on the training cell lines and drugs; the last two only where descriptors and targets are used.
    cell_lines, drug_names
        C and D names.
    """

    hierarchy: Hierarchy
    genotype: Tensor
    drugs: Tensor
    roles: dict[str, Responses]
    encoder: GenotypeEncoder
    drug_scaler: DescriptorScaler | None
    target_encoder: TargetEncoder | None = None
    cell_lines: tuple[str, ...] = ()
    drug_names: tuple[str, ...] = ()

    @property
    def sizes(self) -> tuple[int, int]:
        """C and D, the numbers of cell lines and drugs."""
        return len(self.genotype), len(self.drugs)

    def to(self, device: torch.device) -> Self:
        """Return the fold with its tensors on ``device``; what is there already is not copied."""
        roles = {role: responses.to(device) for role, responses in self.roles.items()}
        return replace(self, genotype=self.genotype.to(device), drugs=self.drugs.to(device), roles=roles)

    @classmethod
    def read(
        cls,
        paths: Mapping[str, Any],
        fold: int,
        omics: Sequence[str],
        fusion: str,
        drug_features: str,
        targets: bool = False,
    ) -> Self:
        """Read the artifacts of one fold.

        Parameters
        ----------
        paths
            Paths by name: responses, folds, genotype, terms, term_edges, term_genes, drug_features; drugs too where
            targets are used.
        fold
            Number of the fold.
        omics, fusion
            What the model reads of the genotype, and how the omics are put together.
        drug_features
            ``morgan``, ``descriptors`` or ``both``.
        targets
            Whether the drugs' targets and pathways are features, behind the others.

        Raises
        ------
        ValueError
            If a response names a cell line or drug without features, or a role has no pairs.
        """
        encoded, cell_lines, genes, encoder = read_genotype(paths["genotype"])
        hierarchy = read_hierarchy(paths, genes)
        features = read_drug_features(paths["drug_features"])
        responses = read_table(paths["responses"], columns=[PAIR, CELL_LINE, DRUG, AUC])
        rows = with_roles(responses, read_table(paths["folds"], filters=[("fold", "==", fold)]), fold)
        training_drugs = sorted(rows.loc[rows[ROLE] == TRAIN, DRUG].unique())
        scaler = None if drug_features == "morgan" else fit_descriptor_scaler(features, training_drugs)
        drugs = drug_matrix(features, drug_features, scaler)
        target_encoder = None
        if targets:
            known = read_table(paths["drugs"])
            target_encoder = TargetEncoder.fit(known, training_drugs)
            drugs = np.hstack([drugs, target_encoder.transform(known, list(features.index))])
        positions = {
            CELL_LINE: _positions(rows[CELL_LINE], cell_lines, "cell line", paths["genotype"]),
            DRUG: _positions(rows[DRUG], list(features.index), "drug", paths["drug_features"]),
        }
        roles = {}
        for role in ROLES:
            chosen = (rows[ROLE] == role).to_numpy()
            if not chosen.any():
                raise ValueError(f"{paths['folds']}: fold {fold} has no {role} pairs")
            roles[role] = Responses(
                torch.from_numpy(positions[CELL_LINE][chosen]),
                torch.from_numpy(positions[DRUG][chosen]),
                torch.from_numpy(rows[AUC].to_numpy(np.float32)[chosen]),
                rows.loc[chosen].reset_index(drop=True),
            )
        genotype = torch.from_numpy(fuse(encoded, omics, fusion))
        names = tuple(cell_lines), tuple(features.index)
        return cls(hierarchy, genotype, torch.from_numpy(drugs), roles, encoder, scaler, target_encoder, *names)


def read_hierarchy(paths: Mapping[str, Any], genes: list[str]) -> Hierarchy:
    """Read the three tables of a hierarchy over ``genes``, in the genotype's order."""
    return Hierarchy.from_tables(
        read_table(paths["terms"]), read_table(paths["term_edges"]), read_table(paths["term_genes"]), genes
    )


def _positions(names: pd.Series, known: list[str], what: str, path: PathLike) -> np.ndarray:
    positions = pd.Index(known).get_indexer(pd.Index(names))
    if (positions < 0).any():
        name = names[positions < 0].iloc[0]
        raise ValueError(f"{path}: {what} {name!r} has responses but no features; rerun the rule that makes the file")
    return positions.astype(np.int64)
