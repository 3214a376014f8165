"""Data at the edge of having nothing to learn from: all numbers stay numbers, or are dashes that the table explains."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from druggene.checkpoint import Checkpoint
from druggene.comparison_tables import write_comparison
from druggene.constants import AUC, CELL_LINE, DRUG, FOLD, OMICS, PAIR, PREDICTED, TISSUE
from druggene.drugs import compute_drug_features, write_drug_features
from druggene.evaluation import metrics_by, metrics_by_fold
from druggene.fold import train_fold
from druggene.genotype import GenotypeEncoder, read_genotype, write_genotype
from druggene.plotting import save_figure
from druggene.plotting.metrics import label_models, plot_metrics
from druggene.predictions import Predictions
from druggene.rivals.naive import predict_naive
from druggene.screen import number_pairs
from druggene.splits import assign_folds, training_cell_lines
from druggene.tables import read_table, write_table
from tests.reference.artifacts import SMILES
from tests.reference.hierarchies import random_hierarchy
from tests.unit.test_fold import MODEL_OPTIONS, TRAINING, outputs_in

HIERARCHY = random_hierarchy(1)
GENES = list(HIERARCHY.genes)
LINES = [f"line{i:02d}" for i in range(24)]
RARE = "drug4"
NAIVE_SHOWN = {name: name for name in ("global_mean", "drug_mean", "cell_line_mean", "effects")}
MARKS = {"description": "test", "source": "test", "simulated": True}


def odd_omics() -> dict[str, pd.DataFrame]:
    """A constant gene, one that nobody measured, a cell line without any omic, one with a single value."""
    generator = np.random.default_rng(0)
    omics = {
        omic: pd.DataFrame(generator.random((len(LINES), len(GENES))), index=LINES, columns=GENES) for omic in OMICS
    }
    omics["mutation"] = omics["mutation"].round()
    omics["mutation"][GENES[0]] = 0.0
    omics["expression"][GENES[1]] = 3.25
    omics["copy_number"][GENES[2]] = np.nan
    for omic in OMICS:
        omics[omic].loc["line00"] = np.nan
    omics["expression"].loc["line01", GENES[1:]] = np.nan
    return omics


def odd_responses() -> pd.DataFrame:
    """Five drugs, the last with a single pair."""
    generator = np.random.default_rng(1)
    table = pd.DataFrame([(line, f"drug{i}") for line in LINES for i in range(4)], columns=[CELL_LINE, DRUG])
    table = pd.concat([table, pd.DataFrame({CELL_LINE: ["line07"], DRUG: [RARE]})], ignore_index=True)
    table[AUC] = 0.5 + 0.1 * table[DRUG].str[-1].astype(int) + generator.normal(0, 0.05, len(table))
    return number_pairs(table.assign(source="test"))


def write_odd_folds(folder: Path, protocol: str, folds: int) -> list[dict[str, str]]:
    """Write all folds of a protocol; return the paths of each by name."""
    responses = odd_responses()
    dealt = assign_folds(responses, protocol, folds, 0.2, 0)
    shared = {name: str(folder / f"{name}.parquet") for name in ("responses", "folds", "drugs", "drug_features")}
    write_table(responses, shared["responses"], **MARKS)
    write_table(dealt, shared["folds"], **MARKS)
    drugs = pd.DataFrame({DRUG: [f"drug{i}" for i in range(5)], "smiles": SMILES})
    write_table(drugs, shared["drugs"], **MARKS)
    write_drug_features(compute_drug_features(drugs, "morgan", bits=128), shared["drug_features"], "morgan", 2, 128)
    paths = []
    for fold in range(folds):
        own = {name: str(folder / f"{fold}_{name}.parquet") for name in ("terms", "term_edges", "term_genes")}
        for name, part in zip(own, HIERARCHY.to_tables(), strict=True):
            write_table(part, own[name], **MARKS)
        omics = odd_omics()
        encoder = GenotypeEncoder.fit(omics, GENES, training_cell_lines(responses, dealt, fold))
        own["genotype"] = str(folder / f"{fold}_genotype.parquet")
        write_genotype(own["genotype"], encoder.transform(omics), LINES, encoder)
        paths.append(shared | own)
    return paths


def test_the_hierarchy_has_terms_with_a_single_gene() -> None:
    terms, _, annotations = HIERARCHY.to_tables()
    assert (annotations.groupby("term").size() == 1).any()
    assert len(terms) > 20


def test_odd_genotypes_are_encoded_as_documented(tmp_path: Path) -> None:
    paths = write_odd_folds(tmp_path, "random_pairs", 3)[0]
    encoded, lines, genes, _ = read_genotype(paths["genotype"])
    position = {name: lines.index(name) for name in ("line00", "line01", "line02")}
    for values in encoded.values():
        assert np.isfinite(values).all()
        assert values.min() >= 0
        assert values.max() <= 1
    # A constant gene is 0, for cell lines that have it; so is one that nobody measured.
    assert (encoded["expression"][position["line02"], genes.index(GENES[1])] == 0).all()
    assert np.ptp(encoded["copy_number"][1:, genes.index(GENES[2])]) == 0
    # A cell line without any omic is like the mean of the training cell lines; one value is no more than its own mean.
    without = encoded["expression"][position["line00"]]
    assert 0.2 < without[without > 0].mean() < 0.8


@pytest.mark.parametrize(("protocol", "folds"), [("random_pairs", 3), ("leave_drug_out", 5)])
def test_odd_folds_give_numbers_or_dashes(tmp_path: Path, protocol: str, folds: int) -> None:
    """Folds whose test pairs are of one drug, the last of these with a single pair."""
    paths = write_odd_folds(tmp_path, protocol, folds)
    lines = pd.DataFrame({CELL_LINE: LINES, TISSUE: "lung"})
    predictions = [predict_naive(odd_responses(), read_table(paths[0]["folds"]), list(NAIVE_SHOWN), lines)]
    for fold in range(folds):
        outputs = outputs_in(tmp_path / str(fold))
        train_fold(paths[fold], outputs, protocol, fold, MODEL_OPTIONS, replace(TRAINING, epochs=2))
        predictions.insert(fold, read_table(outputs["predictions"]))
        assert Checkpoint.load(outputs["checkpoint"]).provenance["diverged"] is None
    together = pd.concat(predictions, ignore_index=True)
    assert np.isfinite(together[PREDICTED]).all()
    assert together[together["model"] == "expbox"][PAIR].nunique() == 4 * len(LINES) + 1

    by_fold = metrics_by_fold(Predictions.of(predictions))
    assert np.isfinite(by_fold[["mse", "rmse", "mae"]]).all(axis=None)
    lonely = by_fold[(by_fold["model"] == "expbox") & (by_fold["n_pairs"] == 1)]
    assert len(lonely) == (protocol == "leave_drug_out")
    assert lonely[["pearson", "spearman", "r2"]].isna().all(axis=None)
    if protocol == "leave_drug_out":
        drugs = together[together["model"] == "expbox"].groupby(FOLD)[DRUG].unique()
        assert all(len(found) == 1 for found in drugs)
        # Nothing tells two pairs of one drug apart but the cell line: drug means are constant, and have no correlation.
        assert by_fold[by_fold["model"] == "drug_mean"]["pearson"].isna().all()
    by_drug = metrics_by(Predictions.of(predictions), DRUG, 10)
    assert set(by_drug[DRUG]) == {f"drug{i}" for i in range(4)}  # the one with a single pair has nothing of its own

    text = compare(tmp_path, predictions, lines)
    assert "nan" not in text
    labels, kinds = {"expbox": "expBox"} | NAIVE_SHOWN, {"expbox": "network"} | dict.fromkeys(NAIVE_SHOWN, "naive")
    labelled = label_models(by_fold, labels, kinds)
    save_figure(plot_metrics(labelled, title="odd"), labelled, tmp_path / "metrics")
    assert (tmp_path / "metrics.png").stat().st_size > 10_000


def compare(folder: Path, predictions: list[pd.DataFrame], lines: pd.DataFrame) -> str:
    """Write all tables of the comparison; return the one for people."""
    paths = {"responses": str(folder / "responses.parquet"), "cell_lines": str(folder / "cell_lines.parquet")}
    write_table(lines, paths["cell_lines"], **MARKS)
    files = [str(folder / f"predictions_{number}.parquet") for number in range(len(predictions))]
    for table, file in zip(predictions, files, strict=True):
        write_table(table, file, **MARKS)
    names = ("by_fold", "by_drug", "by_cell_line", "intervals", "comparison", "significance")
    outputs = {name: str(folder / f"{name}.parquet") for name in names}
    outputs["table_s2_csv"] = str(folder / "table_s2.csv")
    options = {"min_pairs_per_drug": 10, "min_pairs_per_cell_line": 3, "resamples": 20, "confidence": 0.95}
    labels = {"expbox": "expBox"} | NAIVE_SHOWN
    write_comparison(paths | {"predictions": files}, outputs, labels, "expbox", options, 1)
    return Path(outputs["comparison"]).with_suffix(".md").read_text()
