"""The responses as matrices: what scores of terms and genes are judged by, fold by fold."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd

from druggene.constants import AUC, CELL_LINE, DRUG, FOLD, PAIR, ROLE


@dataclass(frozen=True)
class Targets:
    """Responses of D drugs in C cell lines.

    Attributes
    ----------
    drugs, cell_lines
        D and C names.
    auc
        D x C, the mean over the replicates of a pair; NaN where the pair was not measured.
    roles
        Fold to D x C texts, the role of each pair in it; empty where it has none.
    """

    drugs: tuple[str, ...]
    cell_lines: tuple[str, ...]
    auc: np.ndarray
    roles: dict[int, np.ndarray]

    @classmethod
    def build(
        cls, responses: pd.DataFrame, folds: pd.DataFrame, cell_lines: tuple[str, ...], drugs: list[str] | None = None
    ) -> Self:
        """Arrange responses (pair, cell_line, drug, auc) and folds (pair, fold, role) by drug and cell line.

        Raises
        ------
        ValueError
            If one of ``drugs`` has no response, or a response names another cell line.
        """
        chosen = sorted(responses[DRUG].unique()) if drugs is None else list(drugs)
        unknown = sorted(set(chosen) - set(responses[DRUG]))
        if unknown:
            raise ValueError(f"interpretation.drugs: {unknown[0]!r} has no response in this run; correct the name")
        rows = responses[responses[DRUG].isin(chosen)]
        pairs = rows.groupby(PAIR).agg({DRUG: "first", CELL_LINE: "first", AUC: "mean"})
        line = pd.Index(cell_lines).get_indexer(pd.Index(pairs[CELL_LINE]))
        if (line < 0).any():
            name = pairs[CELL_LINE].iloc[int((line < 0).argmax())]
            raise ValueError(f"responses: cell line {name!r} has no states; rerun compute_states")
        drug = pd.Index(chosen).get_indexer(pd.Index(pairs[DRUG]))
        auc = np.full((len(chosen), len(cell_lines)), np.nan)
        auc[drug, line] = pairs[AUC]
        place = pd.DataFrame({"drug": drug, "line": line}, index=pairs.index)
        roles = {}
        for fold, part in folds[folds[PAIR].isin(pairs.index)].groupby(FOLD):
            role = np.full(auc.shape, "", dtype="<U10")
            at = place.loc[part[PAIR]]
            role[at["drug"], at["line"]] = part[ROLE]
            roles[int(str(fold))] = role
        return cls(tuple(chosen), tuple(cell_lines), auc, roles)

    def permuted(self, drug: int, permutations: int, rng: np.random.Generator) -> np.ndarray:
        """Return (1 + B) x C: the AUCs of a drug as they are, then B times dealt anew among its cell lines."""
        auc = self.auc[drug]
        measured = np.flatnonzero(~np.isnan(auc))
        rows = np.tile(auc, (1 + permutations, 1))
        rows[1:, measured] = rng.permuted(rows[1:, measured], axis=1)
        return rows


def drug_group(responses: pd.DataFrame, drugs: Sequence[str] | None, group: int, groups: int) -> list[str]:
    """Return every ``groups``-th drug from position ``group`` on, of those asked for or of all that have a response."""
    return sorted(responses[DRUG].unique() if drugs is None else drugs)[group::groups]
