"""A small fold in memory, with a response that depends on genotype and drug."""

import numpy as np
import pandas as pd
import torch

from druggene.constants import AUC, CELL_LINE, DRUG, OMICS, PAIR, TEST, TRAIN, VALIDATION
from druggene.dataset import FoldData, Responses
from druggene.genotype import GenotypeEncoder, fuse
from tests.reference.hierarchies import random_hierarchy


def small_fold(
    seed: int = 0, cell_lines: int = 40, drugs: int = 12, bits: int = 64, dtype: torch.dtype = torch.float32
) -> FoldData:
    """Forty cell lines and twelve drugs; the AUC follows two genes, the drug, and one interaction of both."""
    rng = np.random.default_rng(seed)
    hierarchy = random_hierarchy(1)
    names = [f"line{i:02d}" for i in range(cell_lines)]
    genes = list(hierarchy.genes)
    omics = {
        omic: pd.DataFrame(rng.random((cell_lines, len(genes))), index=names, columns=genes).round(
            0 if omic == "mutation" else 6
        )
        for omic in OMICS
    }
    encoder = GenotypeEncoder.fit(omics, genes, names, "binary", "cell_line_mean")
    genotype = torch.from_numpy(fuse(encoder.transform(omics), OMICS, "sum_rescaled"))
    features = (rng.random((drugs, bits)) < 0.2).astype(np.float32)
    line, drug = (index.ravel() for index in np.meshgrid(np.arange(cell_lines), np.arange(drugs), indexing="ij"))
    signal = omics["expression"].to_numpy()
    effect = np.linspace(-1, 1, drugs)
    auc = 0.7 + 0.2 * effect[drug] + 0.2 * signal[line, 0] + 0.3 * effect[drug] * signal[line, 1]
    auc += rng.normal(0, 0.02, len(auc))
    table = pd.DataFrame(
        {PAIR: np.arange(len(auc)), CELL_LINE: np.array(names)[line], DRUG: [f"drug{d:02d}" for d in drug], AUC: auc}
    )
    part = rng.choice([TRAIN, VALIDATION, TEST], size=len(auc), p=[0.7, 0.1, 0.2])
    roles = {
        role: Responses(
            torch.from_numpy(line[part == role]),
            torch.from_numpy(drug[part == role]),
            torch.from_numpy(auc[part == role]).to(dtype),
            table[part == role].reset_index(drop=True),
        )
        for role in (TRAIN, VALIDATION, TEST)
    }
    return FoldData(hierarchy, genotype.to(dtype), torch.from_numpy(features).to(dtype), roles, encoder, None)
