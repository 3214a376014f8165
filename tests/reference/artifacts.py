"""The artifacts of one small fold on disk, as the rules before training leave them."""

from pathlib import Path

import numpy as np
import pandas as pd

from druggene.constants import AUC, CELL_LINE, DRUG, OMICS, PAIR, TISSUE
from druggene.drugs import compute_drug_features, write_drug_features
from druggene.genotype import GenotypeEncoder, write_genotype
from druggene.screen import number_pairs
from druggene.splits import assign_folds, training_cell_lines
from druggene.tables import write_table
from tests.reference.hierarchies import random_hierarchy

SMILES = ["CCO", "c1ccccc1O", "CC(=O)Nc1ccc(O)cc1", "CN1C=NC2=C1C(=O)N(C(=O)N2C)C", "CC(C)Cc1ccc(cc1)C(C)C(=O)O"]


def write_fold(folder: Path, features: str = "morgan", seed: int = 0, protocol: str = "random_pairs") -> dict[str, str]:
    """Write fold 0 of thirty cell lines of six tissues and five drugs below ``folder``; return the paths by name.

    The omics as they were before encoding lie in the folder ``omics`` beside.
    """
    rng = np.random.default_rng(seed)
    hierarchy = random_hierarchy(1)
    lines = [f"line{i:02d}" for i in range(30)]
    drugs = pd.DataFrame({DRUG: [f"drug{i}" for i in range(5)], "smiles": SMILES})
    drugs = drugs.assign(targets=["EGFR;BRAF", "EGFR", "BRAF", None, "TP53"], pathway=["a", "a", "b", "b", None])
    omics = {
        omic: pd.DataFrame(rng.random((30, len(hierarchy.genes))), index=lines, columns=list(hierarchy.genes))
        for omic in OMICS
    }
    omics["mutation"] = omics["mutation"].round()
    table = pd.DataFrame([(line, drug) for line in lines for drug in drugs[DRUG]], columns=[CELL_LINE, DRUG])
    table[AUC] = 0.5 + 0.1 * table[DRUG].str[-1].astype(int) + rng.normal(0, 0.05, len(table))
    measured = pd.concat([table, table[:7].assign(**{AUC: 0.6})], ignore_index=True)
    # Two screens with pairs in common: the replicates are of the second.
    measured["source"] = np.where(measured.index % 3 == 0, "second", "first")
    measured.loc[len(table) :, "source"] = "second"
    responses = number_pairs(measured)
    cell_lines = pd.DataFrame({CELL_LINE: lines, TISSUE: [f"tissue{i % 6}" for i in range(30)]})
    folds = assign_folds(responses, protocol, 3, 0.2, seed, cell_lines, ("first", "second"))
    encoder = GenotypeEncoder.fit(omics, list(hierarchy.genes), training_cell_lines(responses, folds, 0))
    names = (
        "responses",
        "cell_lines",
        "folds",
        "genotype",
        "terms",
        "term_edges",
        "term_genes",
        "drug_features",
        "drugs",
    )
    paths = {name: str(folder / f"{name}.parquet") for name in names}
    marks = {"description": "test", "source": "test", "simulated": True}
    write_table(responses, paths["responses"], units={AUC: "AUC"}, **marks)
    write_table(cell_lines, paths["cell_lines"], **marks)
    write_table(folds, paths["folds"], **marks)
    write_genotype(paths["genotype"], encoder.transform(omics), lines, encoder)
    for omic, values in omics.items():
        write_table(values.rename_axis(CELL_LINE), folder / "omics" / f"{omic}.parquet", **marks)
    for name, part in zip(("terms", "term_edges", "term_genes"), hierarchy.to_tables(), strict=True):
        write_table(part, paths[name], **marks)
    write_table(drugs, paths["drugs"], **marks)
    computed = compute_drug_features(drugs, features, bits=128)
    write_drug_features(computed, paths["drug_features"], features, 2, 128)
    assert responses[PAIR].nunique() == len(table)
    return paths
