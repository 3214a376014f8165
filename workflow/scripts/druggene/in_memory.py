"""Training and prediction from data frames in memory, by the same steps as the workflow's rules.

Letters: C cell lines, G genes, D drugs, F drug features, N pairs.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from druggene.checkpoint import Checkpoint, ModelOptions
from druggene.constants import (
    AUC,
    CELL_LINE,
    COPY_NUMBER,
    DRUG,
    EXPRESSION,
    GENE,
    MUTATION,
    PAIR,
    ROLE,
    TERM,
    TEST,
    TRAIN,
)
from druggene.dataset import FoldData
from druggene.drug_inputs import DrugInputs
from druggene.genotype import GenotypeEncoder, fuse, select_genes
from druggene.hierarchy import Hierarchy
from druggene.ontology import build_hierarchy
from druggene.training import predict

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Features:
    """What is known of cell lines and drugs.

    Attributes
    ----------
    omics
        Each of ``druggene.constants.OMICS`` to a table of C cell lines (the index) x genes, in the source's units, NaN
        where not measured; all have the same cell lines in the same order.
    drugs
        Fingerprints and descriptors of D drugs as :func:`druggene.drugs.compute_drug_features` gives them.
    known
        Columns drug, targets, pathway, for a model that reads them.
    """

    omics: Mapping[str, pd.DataFrame]
    drugs: pd.DataFrame
    known: pd.DataFrame | None = None

    @property
    def cell_lines(self) -> list[str]:
        """C names."""
        return list(next(iter(self.omics.values())).index)


@dataclass(frozen=True)
class GeneOntology:
    """The tables of :func:`druggene.gene_ontology.read_obo_gaf`: terms, term_edges, annotations."""

    terms: pd.DataFrame
    term_edges: pd.DataFrame
    annotations: pd.DataFrame

    def hierarchy(self, genes: Sequence[str], **selection: Any) -> Hierarchy:
        """Cut out the hierarchy of ``genes``; ``selection`` as :func:`druggene.ontology.build_hierarchy` takes it."""
        names = dict(zip(self.terms[TERM], self.terms["name"], strict=True))
        return build_hierarchy(self.term_edges, self.annotations, names, genes, **selection)


def assemble_fold(
    features: Features,
    rows: pd.DataFrame,
    ontology: GeneOntology,
    model: ModelOptions,
    top_mutated_fraction: float,
    selection: Mapping[str, int],
    genotype: Mapping[str, str],
) -> FoldData:
    """Choose the genes, build their hierarchy, and encode cell lines and drugs by what the training pairs teach.

    Parameters
    ----------
    features
        Of all cell lines and drugs that ``rows`` name, and of any others.
    rows
        Columns cell_line, drug, auc, role.
    ontology
        The source of the hierarchy.
    model
        Says which omics and drug features are read.
    top_mutated_fraction, selection, genotype
        The configuration's ``genes.top_mutated_fraction``, the thresholds of its section ``ontology``, and of its
        section ``genotype`` the keys mutation_encoding and impute.

    Raises
    ------
    ValueError
        If no gene is left, an omic or a feature is missing, or a row names a cell line or drug without features.
    """
    training = rows[rows[ROLE] == TRAIN]
    lines, drugs = sorted(training[CELL_LINE].unique()), sorted(training[DRUG].unique())
    measured = [list(features.omics[omic].columns) for omic in (EXPRESSION, COPY_NUMBER)]
    annotated = set(ontology.annotations[GENE])
    genes = select_genes(features.omics[MUTATION], lines, annotated, top_mutated_fraction, measured)[GENE].tolist()
    omics = {omic: features.omics[omic] for omic in model.omics}
    encoder = GenotypeEncoder.fit(omics, genes, lines, **genotype)
    known = features.known if model.targets else None
    inputs = DrugInputs.fit(features.drugs, known, drugs, model.drug_features)
    return FoldData.of(
        ontology.hierarchy(genes, **selection),
        encoder,
        fuse(encoder.transform(omics), model.omics, model.fusion),
        features.cell_lines,
        inputs,
        features.drugs,
        known,
        rows.assign(**{PAIR: rows.groupby([CELL_LINE, DRUG], sort=False).ngroup()}),
    )


def predict_pairs(checkpoint: Checkpoint, features: Features, pairs: pd.DataFrame) -> np.ndarray:
    """Return N predicted responses of the pairs of cell lines and drugs, known to the network or not.

    Parameters
    ----------
    checkpoint
        A trained network.
    features
        Of all cell lines and drugs that ``pairs`` name; with the genes of the checkpoint.
    pairs
        Columns cell_line, drug: N rows.

    Returns
    -------
    numpy.ndarray
        N values (float64); NaN where training diverged, so that there is no network.

    Raises
    ------
    ValueError
        If a gene, an omic, or the features of a cell line or drug are missing.
    """
    if checkpoint.provenance["diverged"]:
        logger.error("%s: no predictions, as %s", checkpoint.options.name, checkpoint.provenance["diverged"])
        return np.full(len(pairs), np.nan)
    model, lines, drugs = checkpoint.options, set(pairs[CELL_LINE]), set(pairs[DRUG])
    omics = {omic: table[table.index.isin(lines)] for omic, table in features.omics.items() if omic in model.omics}
    used = features.drugs[features.drugs.index.isin(drugs)]
    rows = pairs[[CELL_LINE, DRUG]].copy()
    rows[[PAIR, AUC, ROLE]] = 0, np.nan, TEST
    data = FoldData.of(
        checkpoint.hierarchy,
        checkpoint.encoder,
        fuse(checkpoint.encoder.transform(omics), model.omics, model.fusion),
        list(omics[model.omics[0]].index),
        checkpoint.drug_inputs,
        used,
        features.known,
        rows,
    )
    network = checkpoint.network(data.cell_lines, data.drug_names)
    return predict(network, network.gather(data.genotype), data, TEST).double().numpy()
