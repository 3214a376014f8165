"""One table of scores per model from those of its folds and drug groups."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from druggene.constants import DRUG, GENE, TERM
from druggene.hierarchy import Hierarchy
from druggene.interpretation.controls import specific
from druggene.interpretation.importance import GENE_SCORES, OMIC, TERM_SCORES
from druggene.interpretation.stability import agreement


def over_folds(tables: Sequence[pd.DataFrame], keys: Sequence[str], scores: Sequence[str]) -> pd.DataFrame:
    """Return the means of scores over folds, weighted by the pairs that they rest on: keys, n_pairs, scores."""
    stacked = pd.concat(tables, ignore_index=True)
    weighted = stacked[list(scores)].mul(stacked["n_pairs"], axis=0)
    sums = pd.concat([stacked[[*keys, "n_pairs"]], weighted], axis=1).groupby(list(keys), sort=True).sum()
    means = sums[list(scores)].div(sums["n_pairs"], axis=0).astype(np.float32)
    return pd.concat([sums["n_pairs"], means], axis=1).reset_index()


def collect_terms(
    rlipp: Sequence[pd.DataFrame], importance: Sequence[pd.DataFrame], described: pd.DataFrame
) -> pd.DataFrame:
    """Return all scores of terms: a row per drug and term, with the term's name, layer, size and neighbours.

    ``attribution_specific`` is the attribution relative to the drug's others and to the term's mean over drugs.
    """
    means = over_folds(importance, [DRUG, TERM], TERM_SCORES).drop(columns="n_pairs")
    table = pd.concat(rlipp, ignore_index=True).merge(means, on=[DRUG, TERM], how="left")
    table["attribution_specific"] = specific(table["attribution"], table[DRUG], table[TERM])
    table = described.merge(table, on=TERM)
    return table[[DRUG, *(column for column in table if column != DRUG)]].sort_values([DRUG, TERM], ignore_index=True)


def collect_genes(
    importance: Sequence[pd.DataFrame], terms: pd.DataFrame, hierarchies: Sequence[Hierarchy]
) -> pd.DataFrame:
    """Return a row per drug, gene and omic: attribution and attribution_signed, and the gene's score for the drug."""
    genes = over_folds(importance, [DRUG, GENE, OMIC], GENE_SCORES)
    annotations = pd.concat([hierarchy.to_tables()[2] for hierarchy in hierarchies]).drop_duplicates()
    combined = combine_genes(genes, terms, annotations)
    return genes.merge(combined[[DRUG, GENE, "knockout", "score"]], on=[DRUG, GENE], how="left")


def combine_genes(genes: pd.DataFrame, terms: pd.DataFrame, annotations: pd.DataFrame) -> pd.DataFrame:
    """Return one score per drug and gene from the gene's attribution and the knock-outs of its terms.

    Both are ranked among the genes of a drug, from just above 0 to 1: the attributions of all omics added up, and the
    largest knock-out among the terms that the gene is directly annotated to. The score is their geometric mean, so
    that it is high only where the input and the way through a term both count.

    Parameters
    ----------
    genes
        drug, omic, gene, attribution.
    terms
        drug, term, knockout.
    annotations
        term, gene.

    Returns
    -------
    pandas.DataFrame
        drug, gene, attribution, knockout, score; highest score first within a drug.
    """
    attribution = genes.groupby([DRUG, GENE])["attribution"].sum()
    through = terms[[DRUG, TERM, "knockout"]].merge(annotations, on=TERM).groupby([DRUG, GENE])["knockout"].max()
    table = pd.concat([attribution, through], axis=1, join="inner").reset_index()
    ranks = table.groupby(DRUG)[["attribution", "knockout"]].rank(pct=True)
    table["score"] = np.sqrt(ranks["attribution"] * ranks["knockout"])
    return table.sort_values([DRUG, "score", GENE], ascending=[True, False, True], ignore_index=True)


def fold_agreement(rlipp: Sequence[pd.DataFrame], importance: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return drug, score, folds_rho: the mean rank correlation over terms between any two folds."""
    rows = []
    for score in TERM_SCORES:
        wide = pd.concat({fold: table.set_index([DRUG, TERM])[score] for fold, table in enumerate(importance)}, axis=1)
        rows += [(drug, score, agreement(part.to_numpy().T)) for drug, part in wide.groupby(level=DRUG)]
    return pd.concat([*rlipp, pd.DataFrame(rows, columns=[DRUG, "score", "folds_rho"])], ignore_index=True)
