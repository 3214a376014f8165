"""Fingerprints and descriptors of drugs."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from druggene import drugs as drugs_module
from druggene.drugs import (
    DescriptorScaler,
    canonical_smiles,
    compute_drug_features,
    describe_structures,
    descriptors,
    drug_matrix,
    fingerprint_matrix,
    fit_descriptor_scaler,
    morgan_fingerprints,
    parent_smiles,
    read_drug_features,
    write_drug_features,
)

ASPIRIN, CAFFEINE, ETHANOL = "CC(=O)Oc1ccccc1C(=O)O", "Cn1cnc2c1c(=O)n(C)c(=O)n2C", "CCO"
DRUGS = pd.DataFrame({"drug": ["b", "a", "c"], "smiles": [ASPIRIN, CAFFEINE, ETHANOL]})


@pytest.fixture(scope="module")
def published(shared_data: Path) -> tuple[list[str], np.ndarray]:
    folder = shared_data / "druggene_release"
    smiles = [line.split("\t")[1] for line in (folder / "drug_item.txt").read_text().splitlines()]
    bits = np.loadtxt(folder / "drug_print.txt", delimiter=",", dtype=np.uint8)
    return smiles, bits


def test_published_fingerprints_are_reproduced_bit_by_bit(published: tuple[list[str], np.ndarray]) -> None:
    smiles, expected = published
    bits = np.unpackbits(morgan_fingerprints(smiles), axis=1)
    assert bits.shape == (684, 2048)
    np.testing.assert_array_equal(bits, expected)
    assert bits.sum(axis=1).mean() == pytest.approx(58.8, abs=0.05)


def test_radius_3_has_the_average_of_the_paper(published: tuple[list[str], np.ndarray]) -> None:
    bits = np.unpackbits(morgan_fingerprints(published[0], radius=3), axis=1)
    assert bits.sum(axis=1).mean() == pytest.approx(81.4, abs=0.05)


def test_fingerprints_tell_mirror_images_apart_where_asked_for() -> None:
    both = ["C[C@H](N)C(=O)O", "C[C@@H](N)C(=O)O"]
    left, right = morgan_fingerprints(both)
    np.testing.assert_array_equal(left, right)
    left, right = morgan_fingerprints(both, chirality=True)
    assert (left != right).any()


def test_threads_and_processes_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drugs_module, "_DRUGS_PER_PROCESS", 50)
    smiles = [f"{'C' * i}O" for i in range(1, 104)]
    np.testing.assert_array_equal(morgan_fingerprints(smiles, threads=3), morgan_fingerprints(smiles))
    pd.testing.assert_frame_equal(descriptors(smiles, threads=2), descriptors(smiles))


@pytest.mark.parametrize("salt", ["CC(=O)Oc1ccccc1C(=O)[O-].[Na+]", "CC(=O)Oc1ccccc1C(=O)O.O", ASPIRIN])
def test_a_salt_has_the_parent_of_its_drug(salt: str) -> None:
    assert parent_smiles(salt) == canonical_smiles(ASPIRIN)


def test_desalting_leaves_counter_ions_out() -> None:
    drugs = pd.DataFrame({"drug": ["acid", "salt"], "smiles": [ASPIRIN, "CC(=O)Oc1ccccc1C(=O)[O-].[Na+]"]})
    plain = fingerprint_matrix(compute_drug_features(drugs, "morgan"))
    assert (plain[0] != plain[1]).any()
    both = compute_drug_features(drugs, "both", desalt=True)
    np.testing.assert_array_equal(*fingerprint_matrix(both))
    assert both.loc["salt", "MolWt"] == pytest.approx(180.16, abs=0.01)


def test_structures_are_described() -> None:
    smiles = ["C[C@H](N)C(=O)O", "C[C@@H](N)C(=O)O", "OCC", "CCO.Cl", "CCN"]
    table = describe_structures(pd.DataFrame({"drug": list("edcba"), "smiles": smiles})).set_index("drug")
    assert list(table.index) == list("abcde")
    assert table["canonical"].to_dict() == {"a": "CCN", "b": "CCO.Cl", "c": "CCO", "d": smiles[1], "e": smiles[0]}
    assert table["fragments"].tolist() == [1, 2, 1, 1, 1]
    assert table["stereocentres"].tolist() == [0, 0, 0, 1, 1]
    assert table["same_parent"].fillna("").tolist() == ["", "c", "b", "", ""]


def test_all_unreadable_structures_are_listed_at_once() -> None:
    drugs = pd.DataFrame({"drug": [f"d{i:02}" for i in range(14)], "smiles": [ETHANOL, *["C1CC"] * 13]})
    with pytest.raises(ValueError, match=r"drug d01: .*; drug d10: .*'C1CC'; and 3 more; correct"):
        compute_drug_features(drugs, "morgan")


@pytest.mark.parametrize("bad", ["", "  ", "C1CC", "not a smiles"])
def test_bad_smiles_names_drug_and_smiles(bad: str) -> None:
    table = pd.DataFrame({"drug": ["good", "odd"], "smiles": [ETHANOL, bad]})
    with pytest.raises(ValueError, match=f"drug odd: cannot read SMILES {bad!r}"):
        compute_drug_features(table, "morgan")
    with pytest.raises(ValueError, match="drug odd"):
        canonical_smiles(bad, "odd")


def test_missing_smiles_names_the_drug() -> None:
    with pytest.raises(ValueError, match="drug odd: cannot read SMILES nan"):
        compute_drug_features(pd.DataFrame({"drug": ["good", "odd"], "smiles": [ETHANOL, None]}), "morgan")


def test_unpackable_width_is_refused() -> None:
    with pytest.raises(ValueError, match=r"drugs\.fingerprint\.bits: 1001"):
        morgan_fingerprints([ETHANOL], bits=1001)


def test_canonical_smiles_recognises_a_structure() -> None:
    assert canonical_smiles("OCC") == canonical_smiles(ETHANOL) == "CCO"


def test_features_are_sorted_by_drug_and_come_back_from_disk(tmp_path: Path) -> None:
    frame = compute_drug_features(DRUGS, "both", bits=512)
    write_drug_features(frame, tmp_path / "f.parquet", "both", 2, 512)
    again = read_drug_features(tmp_path / "f.parquet")
    pd.testing.assert_frame_equal(frame, again)
    assert list(again.index) == ["a", "b", "c"]
    np.testing.assert_array_equal(fingerprint_matrix(again)[1], np.unpackbits(morgan_fingerprints([ASPIRIN], bits=512)))


def test_descriptors_have_known_values_and_no_infinity() -> None:
    table = descriptors([ASPIRIN, "[Na+].[Cl-]"])
    assert table.loc[0, "MolWt"] == pytest.approx(180.16, abs=0.01)
    assert not np.isinf(table.to_numpy()).any()
    assert table.loc[1].isna().any()


class TestMatrix:
    frame = compute_drug_features(DRUGS, "both")
    scaler = fit_descriptor_scaler(frame, ["a", "b"])

    def test_widths(self) -> None:
        n_descriptors = len(self.frame.columns) - 1
        assert drug_matrix(self.frame, "morgan").shape == (3, 2048)
        assert drug_matrix(self.frame, "descriptors", self.scaler).shape == (3, n_descriptors)
        both = drug_matrix(self.frame, "both", self.scaler)
        assert both.shape == (3, 2048 + n_descriptors)
        assert both.dtype == np.float32
        np.testing.assert_array_equal(both[:, :2048], fingerprint_matrix(self.frame))

    def test_scaling_belongs_to_the_training_drugs(self) -> None:
        changed = self.frame.copy()
        changed.loc["c", "MolWt"] = 1e9
        assert fit_descriptor_scaler(changed, ["a", "b"]).to_dict() == self.scaler.to_dict()
        column = self.scaler.names.index("MolWt")
        assert self.scaler.transform(changed)[:, column] == pytest.approx([1, -1, 5])

    def test_descriptors_that_are_not_there(self) -> None:
        with pytest.raises(ValueError, match="no descriptors in the table"):
            drug_matrix(self.frame[["fingerprint"]], "both", self.scaler)

    def test_unknown_features(self) -> None:
        with pytest.raises(ValueError, match=r"drugs\.features: 'maccs'"):
            drug_matrix(self.frame, "maccs")


def test_a_descriptor_beyond_all_bounds_is_left_out() -> None:
    table = pd.DataFrame({"Ipc": [1e200, 3e200, 1.0], "MolWt": [1.0, 2.0, 3.0]})
    scores = DescriptorScaler.fit(table).transform(table)
    assert scores[:, 0].tolist() == [0, 0, 0]
    assert np.isfinite(scores).all()


def test_scaler_is_robust_and_survives_json() -> None:
    constant = 0.1 + np.zeros(7)
    table = pd.DataFrame({"x": [1, 2, 3, 4, 5, 6, np.nan], "same": constant, "void": np.full(7, np.nan)})
    scaler = DescriptorScaler.from_dict(json.loads(json.dumps(DescriptorScaler.fit(table).to_dict())))
    probe = pd.DataFrame({"x": [3.5, 1e6, -1e6, np.nan], "same": [0.1, 7, 0.1, 0.1], "void": [1.0, 2, 3, np.nan]})
    assert scaler.transform(probe).tolist() == [[0, 0, 0], [5, 0, 0], [-5, 0, 0], [0, 0, 0]]
