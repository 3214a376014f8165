"""Reading what the figures of interpretation need from artifacts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from druggene.checkpoint import Checkpoint
from druggene.constants import AUC, CELL_LINE
from druggene.interpretation.states import read_states
from druggene.interpretation.substitutes import name_of, nearest_drug
from druggene.interpretation.targets import Targets
from druggene.interpretation.views import ancestry, state_against_auc, waterfall
from druggene.metrics import spearman
from druggene.tables import read_table


def read_expression(path: str) -> pd.DataFrame:
    """Return expression, cell lines x genes."""
    table = read_table(path)
    return table if table.index.name == CELL_LINE else table.set_index(CELL_LINE)


@dataclass(frozen=True)
class BestTerms:
    """The drug that is shown, a note where it stands in for another, and the tables of the figure."""

    drug: str
    note: str
    best: pd.DataFrame
    nodes: pd.DataFrame
    edges: pd.DataFrame
    states: pd.DataFrame
    rho: float

    @property
    def title(self) -> str:
        """What the figure shows, in a few words."""
        return f"{self.drug}: best terms" + (f" ({self.note})" if self.note else "")


def best_terms_of(
    paths: Mapping[str, Any],
    figures: Mapping[str, Any],
    folds: Sequence[int],
    drugs: pd.DataFrame,
    known_targets: pd.DataFrame,
    marked: set[str],
) -> BestTerms:
    """Gather what the figure of a drug's best terms shows.

    Parameters
    ----------
    paths
        term_scores, states and checkpoints (one per fold), responses, folds.
    figures
        The section ``interpretation.figures`` of the configuration.
    folds
        Numbers of the folds.
    drugs, known_targets
        For a stand-in; see :func:`nearest_drug`.
    marked
        Terms to mark.
    """
    drug, note = nearest_drug(figures["drug"], drugs, known_targets)
    scores = read_table(paths["term_scores"])
    best = waterfall(scores, drug, figures["rank_by"], figures["top_fraction"], marked)
    best["value"] = best[figures["rank_by"]]
    nodes, edges = ancestry(Checkpoint.load(paths["checkpoints"][0]).hierarchy, best, figures["terms_in_hierarchy"])
    states = {fold: read_states(path) for fold, path in zip(folds, paths["states"], strict=True)}
    lines = next(iter(states.values())).cell_lines
    targets = Targets.build(read_table(paths["responses"]), read_table(paths["folds"]), lines, [drug])
    shown = state_against_auc(states, best["term"].iloc[0], drug, targets)
    rho = spearman(shown["component"].to_numpy(), shown[AUC].to_numpy())
    return BestTerms(name_of(drug, drugs), note, best, nodes, edges, shown, rho)
