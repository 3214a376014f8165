"""Importance of terms and genes to the predictions of one fold."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from druggene.constants import DRUG, GENE, TERM, TEST, TRAIN
from druggene.genotype import fuse, read_genotype
from druggene.hierarchy import Hierarchy
from druggene.interpretation.attribution import attribute
from druggene.interpretation.evaluated import EvaluatedNetwork
from druggene.interpretation.folds import read_fold
from druggene.interpretation.knockout import knock_out

OMIC = "omic"
TERM_SCORES = ("knockout", "knockout_loss", "conductance", "attribution")
GENE_SCORES = ("attribution", "attribution_signed")


def importance_of_fold(
    paths: Mapping[str, Any], fold: int, drugs: Sequence[str] | None, steps: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the importance of terms and of genes for each drug, means over the fold's test pairs.

    Parameters
    ----------
    paths
        Paths by name: checkpoint, and those that :meth:`FoldData.read` takes.
    fold
        Number of the fold.
    drugs
        Those to look at; None takes all.
    steps
        Of integrated gradients.

    Returns
    -------
    tuple
        drug, term, n_pairs, knockout (mean absolute change of the predicted AUC), knockout_loss (mean increase of the
        squared error, AUC squared), conductance (mean absolute value, AUC), attribution (of all omics together,
        the mean over the term's and its descendants' genes, AUC). drug, omic, gene, n_pairs, attribution (mean absolute
        value, AUC), attribution_signed (mean, AUC).

    Raises
    ------
    ValueError
        If one of ``drugs`` has no features.
    """
    checkpoint, data, chosen = read_fold(paths, fold, drugs)
    options, names = checkpoint.options, list(data.drug_names)
    test = data.roles[TEST]
    asked = np.isin(test.drug.numpy(), pd.Index(names).get_indexer(pd.Index(chosen)))
    cell_line, drug = test.cell_line.numpy()[asked], test.drug.numpy()[asked]
    network = EvaluatedNetwork.of(checkpoint, data.drugs.numpy())
    genotype = data.genotype.numpy()
    trained = np.isin(np.arange(len(genotype)), data.roles[TRAIN].cell_line.numpy())

    terms = knock_out(network, genotype, trained, cell_line, drug, test.auc.numpy()[asked])
    encoded = read_genotype(paths["genotype"])[0]
    attributions = attribute(
        network, genotype, by_omic(encoded, options.omics, options.fusion), trained, cell_line, drug, steps
    )
    number = np.bincount(drug, minlength=len(names))
    with_pairs = np.flatnonzero(number)
    members = genes_of_terms(data.hierarchy)
    of_term = attributions.genes_absolute.sum(axis=1) @ members.T / members.sum(axis=1)
    sums_of_terms = (terms["effect"], terms["loss"], attributions.terms_absolute, of_term)
    sums_of_genes = (attributions.genes_absolute, attributions.genes)

    def mean(sums: np.ndarray) -> np.ndarray:
        return (sums.reshape(len(names), -1)[with_pairs] / number[with_pairs, None]).ravel()

    drug_names = np.array(names, dtype=object)[with_pairs]
    t, genes = len(data.hierarchy.terms), data.hierarchy.genes
    of_terms = pd.DataFrame(
        {
            DRUG: np.repeat(drug_names, t),
            TERM: np.tile(np.array(data.hierarchy.terms, dtype=object), len(drug_names)),
            "n_pairs": np.repeat(number[with_pairs], t),
        }
        | {name: mean(sums) for name, sums in zip(TERM_SCORES, sums_of_terms, strict=True)}
    )
    of_genes = pd.DataFrame(
        {
            DRUG: np.repeat(drug_names, len(genes) * len(options.omics)),
            OMIC: np.tile(np.repeat(np.array(options.omics, dtype=object), len(genes)), len(drug_names)),
            GENE: np.tile(np.array(genes, dtype=object), len(drug_names) * len(options.omics)),
            "n_pairs": np.repeat(number[with_pairs], len(genes) * len(options.omics)),
        }
        | {name: mean(sums) for name, sums in zip(GENE_SCORES, sums_of_genes, strict=True)}
    )
    return of_terms, of_genes


def genes_of_terms(hierarchy: Hierarchy) -> np.ndarray:
    """Return T x G, 1 where the gene is annotated to the term or to one of its descendants."""
    members = np.zeros((len(hierarchy.terms), len(hierarchy.genes)), np.float32)
    members[tuple(hierarchy.annotations.T)] = 1
    # Children stand before their parents, and edges are sorted by parent.
    for parent, child in hierarchy.edges:
        np.maximum(members[parent], members[child], out=members[parent])
    return members


def by_omic(encoded: Mapping[str, np.ndarray], omics: Sequence[str], fusion: str) -> np.ndarray:
    """Return C x O x G, what each omic adds to the input that ``fuse`` makes of them."""
    apart = fuse(encoded, omics, "channels")
    return apart / np.float32(len(omics)) if fusion == "sum_rescaled" else apart
