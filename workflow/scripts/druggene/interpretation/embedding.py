"""Embeddings: where the network of one fold places cell lines and drugs, and whether classes of drugs lie together.

The genotype embedding of a cell line is the root's state, all that the joining layer learns of it; that of a drug is
the last layer of the drug branch. Both are shown by their first two principal components. Letters: C cell lines,
D drugs, L dimensions.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import torch
from sklearn.decomposition import PCA
from sklearn.metrics import pairwise_distances, silhouette_samples

from druggene.checkpoint import Checkpoint
from druggene.constants import CELL_LINE, DRUG
from druggene.drugs import read_drug_features
from druggene.interpretation.states import TRAINED, TermStates

PCS = ["pc1", "pc2"]


def principal_components(embedding: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the first two principal components (rows x 2) and the shares of variance that they explain."""
    fitted = PCA(n_components=2).fit(embedding.astype(np.float64))
    # The largest weight of a component is positive, so that its sign does not depend on the library.
    signs = np.sign(fitted.components_[np.arange(2), np.abs(fitted.components_).argmax(axis=1)])
    return fitted.transform(embedding.astype(np.float64)) * signs, fitted.explained_variance_ratio_


def embed_cell_lines(states: TermStates) -> tuple[pd.DataFrame, np.ndarray]:
    """Return cell_line, trained, pc1, pc2 of the root's states, and the shares of variance they explain."""
    points, shares = principal_components(states.values[-1].T)
    table = pd.DataFrame({CELL_LINE: states.cell_lines, TRAINED: states.trained})
    table[PCS] = points
    return table, shares


def drug_embedding(checkpoint: Checkpoint, path: str, drugs: pd.DataFrame) -> pd.DataFrame:
    """Return D x L, the last layer of the drug branch for all drugs of a table of features, indexed by drug.

    ``drugs`` gives the targets of a network that reads them.
    """
    features = read_drug_features(path)
    network = checkpoint.joined_network()
    inputs = torch.from_numpy(checkpoint.drug_inputs.matrix(features, drugs))
    with torch.no_grad():
        embedding = network.drug(inputs, torch.zeros(len(inputs), dtype=torch.int64))[0].numpy()
    return pd.DataFrame(embedding, index=pd.Index(features.index, name=DRUG))


def classes_of(drugs: pd.DataFrame, targets: Mapping[str, Sequence[str]]) -> pd.Series:
    """Return the class of each drug, indexed by drug: the first whose genes are among its targets, else missing.

    Parameters
    ----------
    drugs
        drug, targets (symbols joined by ``;``).
    targets
        Class to its target genes.
    """
    of_drug = drugs.set_index(DRUG)["targets"].fillna("").str.split(";").map(set)
    found = pd.Series(None, index=of_drug.index, dtype=object)
    for name, genes in reversed(list(targets.items())):
        found[of_drug.map(lambda own, genes=genes: bool(own & set(genes)))] = name
    return found


def score_classes(distances: np.ndarray, classes: Sequence[str | None], permutations: int, seed: int) -> pd.DataFrame:
    """Return how closely the drugs of each class lie together among all drugs.

    The silhouette of a drug compares its mean distance to the others of its class with that to all other drugs; the
    score is the mean over the class, from -1 to 1. The p-value is the share of random sets of as many drugs that score
    as high, the set itself counted.

    Parameters
    ----------
    distances
        D x D.
    classes
        The class of each drug; None for most.
    permutations
        Number of random sets.
    seed
        Of the sets.

    Returns
    -------
    pandas.DataFrame
        class, n_drugs, silhouette, p_value; both NaN for a class of a single drug.
    """
    rng = np.random.default_rng(seed)
    own = np.asarray(classes, dtype=object)

    def silhouette(members: np.ndarray) -> float:
        labels = np.zeros(len(own), dtype=int)
        labels[members] = 1
        return float(silhouette_samples(distances, labels, metric="precomputed")[members].mean())

    rows = []
    for name in sorted({each for each in own if each is not None and each == each}):
        members = np.flatnonzero(own == name)
        if not 2 <= len(members) < len(own):
            rows.append((name, len(members), np.nan, np.nan))
            continue
        observed = silhouette(members)
        random = [silhouette(rng.choice(len(own), len(members), replace=False)) for _ in range(permutations)]
        p = (1 + sum(value >= observed for value in random)) / (1 + permutations)
        rows.append((name, len(members), observed, p))
    return pd.DataFrame(rows, columns=["class", "n_drugs", "silhouette", "p_value"])


def compare_classes(
    embedding: pd.DataFrame, fingerprints: np.ndarray, classes: pd.Series, permutations: int, seed: int
) -> pd.DataFrame:
    """Return :func:`score_classes` by the embedding and, beside it, by the fingerprints that it is computed from.

    Distances are Euclidean between embeddings, and Jaccard's between fingerprints (D x bits). A class that lies
    together in the fingerprints too owes it to its structures, not to what the network learned of them.
    """
    own = classes.reindex(embedding.index).tolist()
    by = {
        "embedding": pairwise_distances(embedding.to_numpy(np.float64)),
        "fingerprint": pairwise_distances(fingerprints.astype(bool), metric="jaccard"),
    }
    tables = [score_classes(distances, own, permutations, seed).assign(by=name) for name, distances in by.items()]
    return pd.concat(tables, ignore_index=True)
