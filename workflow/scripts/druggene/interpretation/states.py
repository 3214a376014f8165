"""States of all terms in all cell lines, as the network of one fold computes them.

Letters: T terms, H neurons per term, C cell lines.

A state depends on the cell line alone, so every fold gives one for every cell line. Where a protocol holds cell lines
out, the states of the fold's test cell lines are out of fold. Under random pairs nearly every cell line has training
pairs in every fold; what is out of fold there are the AUCs of the test pairs, and a score built from states may look
at no other AUC to judge them. The column ``trained`` tells the two apart.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import torch

from druggene.checkpoint import Checkpoint
from druggene.constants import CELL_LINE
from druggene.genotype import fuse, read_genotype
from druggene.splits import training_cell_lines
from druggene.tables import read_arrow, read_table, write_table

TRAINED = "trained"


@dataclass(frozen=True)
class TermStates:
    """States of one fold.

    Attributes
    ----------
    terms, cell_lines
        T ids and C names.
    values
        T x H x C, float32: what the parent terms read, after batch normalisation with the running statistics; no unit.
    trained
        C booleans: whether the network was trained on pairs of the cell line.
    """

    terms: tuple[str, ...]
    cell_lines: tuple[str, ...]
    values: np.ndarray
    trained: np.ndarray


def compute_states(checkpoint: Checkpoint, genotype: np.ndarray) -> np.ndarray:
    """Return T x H x C states for a C x M x G genotype, terms in the order of the checkpoint's hierarchy."""
    network = checkpoint.joined_network()
    return network.hierarchy.states(network.gather(torch.from_numpy(genotype))).numpy()


def states_of_fold(
    checkpoint: str | os.PathLike[str],
    genotype: str | Path,
    responses: str | os.PathLike[str],
    folds: str | os.PathLike[str],
    fold: int,
) -> TermStates:
    """Return the states of all cell lines of one fold from its artifacts.

    Raises
    ------
    ValueError
        If the genotype's genes are not those of the checkpoint.
    """
    loaded = Checkpoint.load(checkpoint)
    encoded, cell_lines, genes, _ = read_genotype(genotype)
    if tuple(genes) != loaded.hierarchy.genes:
        raise ValueError(f"{checkpoint}: its genes are not those of {genotype}; rerun train_model")
    values = compute_states(loaded, fuse(encoded, loaded.options.omics, loaded.options.fusion))
    trained = training_cell_lines(read_table(responses), read_table(folds), fold)
    return TermStates(loaded.hierarchy.terms, tuple(cell_lines), values, np.isin(cell_lines, trained))


def write_states(states: TermStates, path: str | os.PathLike[str], **marks: Any) -> None:
    """Write one row per cell line: cell_line, trained, and a column per term with its H neurons (float32)."""
    h = states.values.shape[1]
    columns: dict[str, pa.Array] = {
        CELL_LINE: pa.array(states.cell_lines, pa.string()),
        TRAINED: pa.array(states.trained, pa.bool_()),
    }
    rows = np.ascontiguousarray(states.values.transpose(0, 2, 1), dtype=np.float32)
    for term, of_term in zip(states.terms, rows, strict=True):
        columns[term] = pa.FixedSizeListArray.from_arrays(pa.array(of_term.ravel()), h)
    write_table(
        pa.table(columns),
        path,
        description="states of all terms: a row per cell line, a column per term with the values of its neurons; "
        "trained tells whether the network was trained on pairs of the cell line",
        units={"columns of terms": "1 (batch-normalised tanh)"},
        neurons=h,
        **marks,
    )


def read_states(path: str | os.PathLike[str]) -> TermStates:
    """Read what :func:`write_states` wrote.

    Raises
    ------
    ValueError
        If the file is no table of states.
    """
    table = read_arrow(path)
    if table.column_names[:2] != [CELL_LINE, TRAINED]:
        raise ValueError(f"{path}: not a table of states; delete it and rerun compute_states")
    terms = tuple(table.column_names[2:])
    values = np.stack(
        [table.column(term).combine_chunks().flatten().to_numpy().reshape(table.num_rows, -1).T for term in terms]
    )
    return TermStates(terms, tuple(table.column(CELL_LINE).to_pylist()), values, table.column(TRAINED).to_numpy())
