"""What a fold's artifacts become as tensors."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from druggene.constants import AUC, CELL_LINE, DRUG, OMICS, PAIR, ROLE, ROLES, TEST, TRAIN, VALIDATION
from druggene.dataset import FoldData
from druggene.genotype import read_genotype
from druggene.tables import read_table, write_table
from tests.reference.artifacts import write_fold


def test_every_response_of_the_fold_is_there_once_with_its_role(tmp_path: Path) -> None:
    paths = write_fold(tmp_path)
    data = FoldData.read(paths, 1, OMICS, "sum", "morgan")
    responses, folds = read_table(paths["responses"]), read_table(paths["folds"])
    role_of = folds[folds["fold"] == 1].set_index(PAIR)[ROLE]
    rows = pd.concat([data.roles[role].table.assign(found=role) for role in ROLES])
    assert len(rows) == len(responses) == 157  # replicates are kept
    assert (rows["found"] == rows[PAIR].map(role_of)).all()
    _, cell_lines, _, _ = read_genotype(paths["genotype"])
    drugs = list(read_table(paths["drug_features"]).index)
    for part in data.roles.values():
        assert [cell_lines[i] for i in part.cell_line] == list(part.table[CELL_LINE])
        assert [drugs[i] for i in part.drug] == list(part.table[DRUG])
        np.testing.assert_array_equal(part.auc.numpy(), part.table[AUC].to_numpy(np.float32))


def test_validation_pairs_are_learned_from_where_nothing_stops_early(tmp_path: Path) -> None:
    paths = write_fold(tmp_path, features="both")
    held, learned = (FoldData.read(paths, 0, OMICS, "sum", "both", stop_early=stop) for stop in (True, False))
    assert learned.count(VALIDATION) == 0
    assert learned.count(TRAIN) == held.count(TRAIN) + held.count(VALIDATION)
    expected = pd.concat([held.roles[role].table[PAIR] for role in (TRAIN, VALIDATION)])
    assert sorted(learned.roles[TRAIN].table[PAIR]) == sorted(expected)
    pd.testing.assert_frame_equal(held.roles[TEST].table, learned.roles[TEST].table)
    # A fold that never had validation pairs can do without them.
    folds = read_table(paths["folds"])
    write_table(folds.replace({ROLE: {VALIDATION: TRAIN}}), paths["folds"], description="test")
    assert FoldData.read(paths, 0, OMICS, "sum", "both", stop_early=False).count(TRAIN) == learned.count(TRAIN)
    with pytest.raises(ValueError, match="has no validation pairs"):
        FoldData.read(paths, 0, OMICS, "sum", "both")


def test_a_model_reads_its_omics_alone(tmp_path: Path) -> None:
    paths = write_fold(tmp_path)
    encoded, _, _, _ = read_genotype(paths["genotype"])
    for omics, fusion in ((["expression"], "sum"), (list(OMICS), "channels"), (["mutation", "copy_number"], "sum")):
        genotype = FoldData.read(paths, 0, omics, fusion, "morgan").genotype.numpy()
        parts = np.stack([encoded[omic] for omic in omics], axis=1)
        expected = parts if fusion == "channels" else parts.sum(axis=1, keepdims=True)
        np.testing.assert_allclose(genotype, expected, rtol=1e-6)


def test_descriptors_are_scaled_by_training_drugs(tmp_path: Path) -> None:
    paths = write_fold(tmp_path, features="both")
    data = FoldData.read(paths, 0, OMICS, "sum", "both")
    assert data.drug_scaler is not None
    assert data.drugs.shape[1] == 128 + len(data.drug_scaler.names)
    assert torch.isfinite(data.drugs).all()
    training = data.roles[TRAIN].drug.unique()
    assert data.drugs[training][:, 128:].mean(dim=0).abs().max() < 1e-4


def test_response_without_features_is_named(tmp_path: Path) -> None:
    paths = write_fold(tmp_path)
    features = read_table(paths["drug_features"])
    write_table(features.drop(index="drug3"), paths["drug_features"], description="test")
    with pytest.raises(ValueError, match=r"drug_features\.parquet: drug 'drug3' has responses but no features"):
        FoldData.read(paths, 0, OMICS, "sum", "morgan")


def test_fold_without_a_role_is_named(tmp_path: Path) -> None:
    paths = write_fold(tmp_path)
    folds = read_table(paths["folds"])
    write_table(folds.replace({ROLE: {TEST: TRAIN}}), paths["folds"], description="test")
    with pytest.raises(ValueError, match=r"folds\.parquet: fold 0 has no test pairs"):
        FoldData.read(paths, 0, OMICS, "sum", "morgan")
