"""One fold of one model as tensors: what training and prediction read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from druggene.constants import AUC, CELL_LINE, DRUG, PAIR, ROLE, ROLES, TRAIN, VALIDATION
from druggene.drug_inputs import DrugInputs
from druggene.drugs import DescriptorScaler, read_drug_features
from druggene.genotype import GenotypeEncoder, fuse, read_genotype
from druggene.hierarchy import Hierarchy
from druggene.responses import SOURCE
from druggene.splits import with_roles
from druggene.tables import read_table
from druggene.target_features import TargetEncoder


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
        The responses by role: train, validation, test. Without validation, training is not stopped early.
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

    def count(self, role: str) -> int:
        """Return the number of responses of a role."""
        return len(self.roles[role].auc) if role in self.roles else 0

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
        stop_early: bool = True,
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
        stop_early
            False makes training pairs of the validation pairs.

        Raises
        ------
        ValueError
            If a response names a cell line or drug without features, or a role has no pairs.
        """
        encoded, cell_lines, genes, encoder = read_genotype(paths["genotype"])
        responses = read_table(paths["responses"], columns=[PAIR, CELL_LINE, DRUG, AUC, SOURCE])
        rows = with_roles(responses, read_table(paths["folds"], filters=[("fold", "==", fold)]), fold)
        if not stop_early:
            rows[ROLE] = rows[ROLE].replace(VALIDATION, TRAIN)
        for role in ROLES:
            if not (rows[ROLE] == role).any() and (stop_early or role != VALIDATION):
                raise ValueError(f"{paths['folds']}: fold {fold} has no {role} pairs")
        features = read_drug_features(paths["drug_features"])
        known = read_table(paths["drugs"]) if targets else None
        training_drugs = sorted(rows.loc[rows[ROLE] == TRAIN, DRUG].unique())
        inputs = DrugInputs.fit(features, known, training_drugs, drug_features)
        genotype = fuse(encoded, omics, fusion)
        hierarchy = read_hierarchy(paths, genes)
        places = paths["genotype"], paths["drug_features"]
        return cls.of(hierarchy, encoder, genotype, cell_lines, inputs, features, known, rows, places)

    @classmethod
    def of(
        cls,
        hierarchy: Hierarchy,
        encoder: GenotypeEncoder,
        genotype: np.ndarray,
        cell_lines: Sequence[str],
        inputs: DrugInputs,
        features: pd.DataFrame,
        known: pd.DataFrame | None,
        rows: pd.DataFrame,
        places: tuple[object, object] = ("omics", "drug features"),
    ) -> Self:
        """Put together what was read or computed of one fold.

        Parameters
        ----------
        hierarchy, encoder, genotype, cell_lines
            As the attributes; the genotype as an array.
        inputs, features, known
            What makes the D drugs' inputs, of their features, indexed by drug, and of what is known of their targets.
        rows
            Columns pair, cell_line, drug, auc, role. A role without rows is absent.
        places
            Where the features of cell lines and of drugs come from, for messages.

        Raises
        ------
        ValueError
            If a row names a cell line or drug without features.
        """
        positions = {
            CELL_LINE: _positions(rows[CELL_LINE], list(cell_lines), "cell line", places[0]),
            DRUG: _positions(rows[DRUG], list(features.index), "drug", places[1]),
        }
        roles = {}
        for role in rows[ROLE].unique():
            chosen = (rows[ROLE] == role).to_numpy()
            roles[role] = Responses(
                torch.from_numpy(positions[CELL_LINE][chosen]),
                torch.from_numpy(positions[DRUG][chosen]),
                torch.from_numpy(rows[AUC].to_numpy(np.float32)[chosen]),
                rows.loc[chosen].reset_index(drop=True),
            )
        drugs = torch.from_numpy(inputs.matrix(features, known))
        names = tuple(cell_lines), tuple(features.index)
        fitted = inputs.scaler, inputs.target_encoder
        return cls(hierarchy, torch.from_numpy(genotype), drugs, roles, encoder, *fitted, *names)


def read_hierarchy(paths: Mapping[str, Any], genes: list[str]) -> Hierarchy:
    """Read the three tables of a hierarchy over ``genes``, in the genotype's order."""
    return Hierarchy.from_tables(
        read_table(paths["terms"]), read_table(paths["term_edges"]), read_table(paths["term_genes"]), genes
    )


def _positions(names: pd.Series, known: list[str], what: str, place: object) -> np.ndarray:
    positions = pd.Index(known).get_indexer(pd.Index(names))
    if (positions < 0).any():
        name = names[positions < 0].iloc[0]
        raise ValueError(f"{place}: {what} {name!r} has responses but no features; make the features of all anew")
    return positions.astype(np.int64)
