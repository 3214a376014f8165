"""What the terms of a read-out network contribute to its predictions: see :mod:`druggene.term_readout`.

The prediction's z is a sum over terms, so each pair has a contribution of every term: what the term says of the cell
line times its weight for the drug, the mean over the ensemble. It explains the network; whether the drug works by that
term is another question. Letters: T terms, C cell lines, D drugs, N pairs, B members.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
import torch

from druggene.constants import DRUG, TERM, TEST
from druggene.dataset import FoldData
from druggene.interpretation.folds import read_fold
from druggene.interpretation.stability import agreement
from druggene.network import Pairs
from druggene.term_readout import TermReadoutNetwork

CONTRIBUTIONS: Final = ("contribution_sd", "contribution", "contribution_r", "weight")
"""Scores of a term for a drug; the first, what tells the drug's cell lines apart, ranks terms."""


def contributions_of_fold(paths: Mapping[str, Any], fold: int, drugs: Sequence[str] | None) -> pd.DataFrame:
    """Return what every term contributes to the predictions of each drug in the fold's test pairs.

    Parameters
    ----------
    paths
        Paths by name: checkpoint, and those that :meth:`FoldData.read` takes.
    fold
        Number of the fold.
    drugs
        Those to look at; None takes all.

    Returns
    -------
    pandas.DataFrame
        As :func:`aggregate` gives it.

    Raises
    ------
    ValueError
        If one of ``drugs`` has no features, or the network reads out no terms.
    """
    checkpoint, data, chosen = read_fold(paths, fold, drugs)
    network = checkpoint.network()
    if not isinstance(network, TermReadoutNetwork):
        name = checkpoint.options.name
        raise ValueError(f"{name}: contributions are those of a network with readout: terms; leave it out")
    return aggregate(network, data, chosen)


def aggregate(network: TermReadoutNetwork, data: FoldData, drugs: Sequence[str]) -> pd.DataFrame:
    """Return contributions to z over the test pairs of each of ``drugs``, names of ``data.drug_names``.

    Returns
    -------
    pandas.DataFrame
        drug, term, n_pairs, contribution (mean absolute value), contribution_sd (standard deviation over the pairs),
        auc_sd (of the measured AUC), contribution_r (Pearson's correlation with the measured AUC; NaN where one of the
        two does not vary), weight (mean over the members of its absolute value: a member's terms have signs of their
        own). Contributions and weights have z's scale, without a unit.
    """
    test = data.roles[TEST]
    pairs = Pairs.of(test.cell_line, test.drug, *data.sizes)
    said, weights = network.contribution_parts(network.gather(data.genotype), data.drugs, pairs)
    tables = []
    for name in drugs:
        number = data.drug_names.index(name)
        rows = torch.nonzero(test.drug == number)[:, 0]
        if not len(rows):
            continue
        contributions = (said[:, :, test.cell_line[rows]] * weights[:, :, number, None]).mean(0)
        own, measured = contributions.numpy().astype(np.float64), test.auc[rows].numpy().astype(np.float64)
        deviation, spread = measured.std(), own.std(axis=1)
        covariance = (own - own.mean(axis=1, keepdims=True)) @ (measured - measured.mean()) / len(measured)
        scale = spread * deviation
        values = {
            DRUG: name,
            TERM: np.array(data.hierarchy.terms, dtype=object),
            "n_pairs": len(measured),
            "contribution": np.abs(own).mean(axis=1),
            "contribution_sd": spread,
            "auc_sd": deviation,
            "contribution_r": np.divide(covariance, scale, out=np.full(len(own), np.nan), where=scale > 1e-12),
            "weight": weights[:, :, number].abs().mean(0).numpy(),
        }
        tables.append(pd.DataFrame(values))
    columns = [DRUG, TERM, "n_pairs", "contribution", "contribution_sd", "auc_sd", "contribution_r", "weight"]
    return pd.concat(tables, ignore_index=True)[columns] if tables else pd.DataFrame(columns=columns)


def pool(folds: Sequence[pd.DataFrame], described: pd.DataFrame) -> pd.DataFrame:
    """Return one row per drug and term from those of the folds, with the term's name, layer and size.

    Means are weighted by pairs; the deviation and the correlation are those of all test pairs together after
    contribution and AUC are centred within their fold.

    Parameters
    ----------
    folds
        Of :func:`aggregate`.
    described
        Of :func:`druggene.interpretation.folds.describe_terms`.
    """
    rows = pd.concat(folds, ignore_index=True)
    n = rows["n_pairs"]
    sums = pd.DataFrame(
        {
            DRUG: rows[DRUG],
            TERM: rows[TERM],
            "n_pairs": n,
            "contribution": n * rows["contribution"],
            "weight": n * rows["weight"],
            "square": n * rows["contribution_sd"] ** 2,
            "auc_square": n * rows["auc_sd"] ** 2,
            "product": (n * rows["contribution_r"] * rows["contribution_sd"] * rows["auc_sd"]).fillna(0.0),
        }
    )
    total = sums.groupby([DRUG, TERM], sort=True).sum().reset_index()
    scale = (total["square"] * total["auc_square"]) ** 0.5
    pooled = pd.DataFrame(
        {
            DRUG: total[DRUG],
            TERM: total[TERM],
            "n_pairs": total["n_pairs"],
            "contribution_sd": np.sqrt(total["square"] / total["n_pairs"]),
            "contribution": total["contribution"] / total["n_pairs"],
            "contribution_r": total["product"] / scale.where(scale > 1e-12),
            "weight": total["weight"] / total["n_pairs"],
        }
    )
    pooled[list(CONTRIBUTIONS)] = pooled[list(CONTRIBUTIONS)].astype(np.float32)
    table = described.merge(pooled, on=TERM)
    return table[[DRUG, *(column for column in table if column != DRUG)]].sort_values([DRUG, TERM], ignore_index=True)


def agreement_of_folds(folds: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return drug, score, folds_rho: the mean rank correlation over terms between any two folds."""
    rows = []
    for score in CONTRIBUTIONS:
        wide = pd.concat({fold: table.set_index([DRUG, TERM])[score] for fold, table in enumerate(folds)}, axis=1)
        rows += [(drug, score, agreement(part.to_numpy(float).T)) for drug, part in wide.groupby(level=DRUG)]
    return pd.DataFrame(rows, columns=[DRUG, "score", "folds_rho"])
