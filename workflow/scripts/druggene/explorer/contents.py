"""What the explorer shows, gathered from the artifacts of an interpretation.

Letters: T terms, D drugs, C cell lines, S scores.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from druggene.checkpoint import Checkpoint
from druggene.constants import DRUG, GENE, TERM
from druggene.explorer.components import FoldComponents, components_of
from druggene.hierarchy import Hierarchy
from druggene.interpretation.states import read_states
from druggene.interpretation.substitutes import name_of
from druggene.interpretation.targets import Targets
from druggene.tables import read_metadata, read_table

DESCRIPTION = [TERM, "name", "layer", "size"]
"""Columns of the scores' table that describe the term."""


@dataclass(frozen=True)
class Graph:
    """The hierarchy of all folds: what any of them has.

    Attributes
    ----------
    terms
        T rows: term, name, layer, size, the latter two medians over folds; parents after their children.
    edges
        parent, child (term ids).
    annotations
        term, gene: direct annotations.
    """

    terms: pd.DataFrame
    edges: pd.DataFrame
    annotations: pd.DataFrame

    @classmethod
    def of(cls, described: pd.DataFrame, hierarchies: Sequence[Hierarchy]) -> "Graph":
        """Put the hierarchies of the folds together; ``described`` has a row per drug and term."""
        terms = described[DESCRIPTION].drop_duplicates(TERM).sort_values(["layer", "size", TERM], ignore_index=True)
        tables = [hierarchy.to_tables() for hierarchy in hierarchies]
        edges, annotations = (
            pd.concat([table[i] for table in tables]).drop_duplicates().sort_values(columns, ignore_index=True)
            for i, columns in ((1, ["parent", "child"]), (2, [TERM, GENE]))
        )
        return cls(terms, edges, annotations)


@dataclass(frozen=True)
class Contents:
    """What the explorer shows but the states.

    Attributes
    ----------
    graph
        The hierarchy.
    scores
        Name of a score to D x T numbers, NaN where it is not defined.
    targets
        AUCs of the D drugs in C cell lines, and the roles of the pairs.
    drug_names
        D texts that tell the drugs apart: names, with the id behind those that several drugs share.
    known_targets
        D texts: genes that the drug is known to target, joined by ``;``.
    simulated
        Whether the data are made up.
    """

    graph: Graph
    scores: dict[str, np.ndarray]
    targets: Targets
    drug_names: list[str]
    known_targets: list[str]
    simulated: bool

    @classmethod
    def of(
        cls,
        scores: pd.DataFrame,
        names: Sequence[str],
        hierarchies: Sequence[Hierarchy],
        targets: Targets,
        drugs: pd.DataFrame,
        simulated: bool,
    ) -> "Contents":
        """Arrange a table of scores (drug, term and more) by drug and term.

        A score that the run did not compute is left out, as is said in the log.

        Raises
        ------
        ValueError
            If the table has none of the scores ``names``.
        """
        graph = Graph.of(scores, hierarchies)
        present = [name for name in names if name in scores]
        for name in sorted(set(names) - set(present)):
            logging.getLogger(__name__).info(
                "score %s was not computed (interpretation.rlipp.children): left out", name
            )
        if not present:
            raise ValueError(
                f"interpretation.explorer.scores: none of {', '.join(names)} was computed; name power among them"
            )
        rows, columns = list(targets.drugs), list(graph.terms[TERM])
        wide = {name: scores.pivot(index=DRUG, columns=TERM, values=name) for name in present}
        matrices = {name: each.reindex(index=rows, columns=columns).to_numpy(float) for name, each in wide.items()}
        known: pd.Series[str] = drugs.set_index(DRUG)["targets"].reindex(list(targets.drugs)).fillna("")
        called = [name_of(drug, drugs) for drug in rows]
        names_apart = [
            f"{name} ({drug})" if called.count(name) > 1 else name for name, drug in zip(called, rows, strict=True)
        ]
        return cls(graph, matrices, targets, names_apart, list(known), simulated)


def gather(paths: Mapping[str, Any], names: Sequence[str]) -> Contents:
    """Read the contents from artifacts.

    Parameters
    ----------
    paths
        term_scores, states and checkpoints (one per fold), responses, folds, drugs.
    names
        Scores to show.
    """
    scores = read_table(paths["term_scores"])
    hierarchies = [Checkpoint.load(path).hierarchy for path in paths["checkpoints"]]
    drugs = read_table(paths["drugs"])
    chosen = sorted(scores[DRUG].unique(), key=lambda drug: (name_of(drug, drugs).casefold(), drug))
    targets = Targets.build(
        read_table(paths["responses"]),
        read_table(paths["folds"]),
        tuple(read_table(paths["states"][0], ["cell_line"])["cell_line"]),
        chosen,
    )
    simulated = bool(read_metadata(paths["term_scores"])["simulated"])
    return Contents.of(scores, names, hierarchies, targets, drugs, simulated)


def read_components(contents: Contents, paths: Sequence[str], folds: Sequence[int]) -> Iterator[FoldComponents]:
    """Read the states of one fold after the other and yield their components."""
    reference: dict[str, np.ndarray] = {}
    terms = list(contents.graph.terms[TERM])
    for fold, path in zip(folds, paths, strict=True):
        states = read_states(path)
        assert states.cell_lines == contents.targets.cell_lines, f"{path}: cell lines are those of the first fold"
        yield components_of(states, terms, contents.targets, fold, reference)
