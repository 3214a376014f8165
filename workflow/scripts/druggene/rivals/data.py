"""One fold as rivals see it: features of cell lines and drugs, and the rows of each role.

Letters: C cell lines, G genes, D drugs, F drug features, N rows.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd

from druggene.constants import AUC, CELL_LINE, DRUG, PAIR, ROLE, ROLES, TRAIN
from druggene.drugs import drug_matrix, fit_descriptor_scaler, read_drug_features
from druggene.genotype import read_genotype
from druggene.responses import SOURCE
from druggene.splits import groups_of, with_roles
from druggene.tables import read_table


@dataclass(frozen=True)
class Features:
    """What is known of cell lines and drugs besides responses.

    Attributes
    ----------
    omics
        Omic to C x G encoded values, the same that the networks read.
    drugs
        D x F.
    """

    omics: dict[str, np.ndarray]
    drugs: np.ndarray


@dataclass(frozen=True)
class Rows:
    """N responses: positions of cell line and drug, measured AUC, and the group that the protocol holds out."""

    cell_line: np.ndarray
    drug: np.ndarray
    auc: np.ndarray
    group: np.ndarray

    def __len__(self) -> int:
        return len(self.auc)

    def __getitem__(self, chosen: np.ndarray) -> "Rows":
        return Rows(self.cell_line[chosen], self.drug[chosen], self.auc[chosen], self.group[chosen])

    def __add__(self, other: "Rows") -> "Rows":
        return Rows(
            np.concatenate([self.cell_line, other.cell_line]),
            np.concatenate([self.drug, other.drug]),
            np.concatenate([self.auc, other.auc]),
            np.concatenate([self.group, other.group]),
        )


@dataclass(frozen=True)
class RivalData:
    """One fold: features, rows by role, and the source rows by role (pair, cell_line, drug, auc)."""

    features: Features
    rows: dict[str, Rows]
    tables: dict[str, pd.DataFrame]

    @classmethod
    def read(cls, paths: Mapping[str, Any], protocol: str, fold: int, drug_features: str) -> Self:
        """Read the artifacts of one fold.

        Parameters
        ----------
        paths
            Paths by name: responses, cell_lines, folds, genotype, drug_features.
        protocol, fold
            Which fold of which protocol.
        drug_features
            ``morgan``, ``descriptors`` or ``both``.

        Raises
        ------
        ValueError
            If a response names a cell line or drug without features, or a role has no rows.
        """
        omics, cell_lines, _, _ = read_genotype(paths["genotype"])
        responses = read_table(paths["responses"], columns=[PAIR, CELL_LINE, DRUG, AUC, SOURCE])
        table = with_roles(responses, read_table(paths["folds"], filters=[("fold", "==", fold)]), fold)
        features = read_drug_features(paths["drug_features"])
        training_drugs = sorted(table.loc[table[ROLE] == TRAIN, DRUG].unique())
        scaler = None if drug_features == "morgan" else fit_descriptor_scaler(features, training_drugs)
        rows = Rows(
            _positions(table[CELL_LINE], cell_lines, paths["genotype"]),
            _positions(table[DRUG], list(features.index), paths["drug_features"]),
            table[AUC].to_numpy(np.float64),
            pd.factorize(groups_of(table, protocol, read_table(paths["cell_lines"])))[0],
        )
        roles, tables = {}, {}
        for role in ROLES:
            chosen = (table[ROLE] == role).to_numpy()
            if not chosen.any():
                raise ValueError(f"{paths['folds']}: fold {fold} has no {role} pairs")
            roles[role] = rows[chosen]
            tables[role] = table.loc[chosen, [PAIR, CELL_LINE, DRUG, AUC]].reset_index(drop=True)
        return cls(Features(omics, drug_matrix(features, drug_features, scaler)), roles, tables)


def _positions(names: pd.Series, known: list[str], path: object) -> np.ndarray:
    positions = pd.Index(known).get_indexer(pd.Index(names))
    if (positions < 0).any():
        name = names[positions < 0].iloc[0]
        raise ValueError(f"{path}: {name!r} has responses but no features; rerun the rule that makes the file")
    return positions
