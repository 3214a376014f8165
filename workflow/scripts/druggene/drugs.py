"""Drug features: Morgan fingerprints and molecular descriptors.

Shapes: D drugs, B bits of a fingerprint, K descriptors, F features.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
from rdkit import Chem, rdBase
from rdkit.Chem import Descriptors, rdFingerprintGenerator

from druggene.constants import DRUG, SMILES
from druggene.tables import read_table, write_table

logger = logging.getLogger(__name__)

FINGERPRINT = "fingerprint"
FEATURES = ("morgan", "descriptors", "both")
_CLIP = 5.0


def _molecule(smiles: str, drug: str) -> Chem.Mol:
    """Parse a SMILES; an empty one would be a valid molecule without atoms to RDKit."""
    with_text = isinstance(smiles, str) and smiles.strip() != ""
    with rdBase.BlockLogs():
        molecule = Chem.MolFromSmiles(smiles) if with_text else None
    if molecule is None:
        raise ValueError(f"drug {drug}: cannot read SMILES {smiles!r}; correct it or leave the drug out")
    return molecule


def _molecules(smiles: Sequence[str], drugs: Sequence[str] | None) -> list[Chem.Mol]:
    names = list(drugs) if drugs is not None else [f"number {i}" for i in range(len(smiles))]
    return [_molecule(text, name) for text, name in zip(smiles, names, strict=True)]


def canonical_smiles(smiles: str, drug: str = "without a name") -> str:
    """Return RDKit's canonical SMILES, by which equal structures are recognised.

    Raises a ValueError that names drug and SMILES when the SMILES is empty or cannot be read.
    """
    text: str = Chem.MolToSmiles(_molecule(smiles, drug))
    return text


def morgan_fingerprints(
    smiles: Sequence[str], radius: int = 2, bits: int = 2048, drugs: Sequence[str] | None = None
) -> np.ndarray:
    """Return packed Morgan fingerprints (D x B/8, uint8; first bit highest), without chirality.

    Radius 2 reproduces the published fingerprints bit by bit; radius 3 has the paper's average of 81
    active bits.

    Parameters
    ----------
    smiles
        D structures.
    radius
        Bonds around each atom.
    bits
        B, a multiple of 8.
    drugs
        D names for error messages.

    Raises
    ------
    ValueError
        If a SMILES is empty or cannot be read, or ``bits`` is not a multiple of 8.
    """
    if bits <= 0 or bits % 8:
        raise ValueError(f"drugs.fingerprint.bits: {bits} is not a positive multiple of 8")
    generator = rdFingerprintGenerator.GetMorganGenerator(radius=radius, fpSize=bits, includeChirality=False)
    unpacked = [generator.GetFingerprintAsNumPy(molecule) for molecule in _molecules(smiles, drugs)]
    return np.packbits(np.array(unpacked, dtype=np.uint8).reshape(-1, bits), axis=1)


def descriptors(smiles: Sequence[str], drugs: Sequence[str] | None = None) -> pd.DataFrame:
    """Return RDKit's molecular descriptors (D x K, float64); what is undefined or infinite is NaN.

    Raises a ValueError that names drug and SMILES when a SMILES is empty or cannot be read.
    """
    rows = [Descriptors.CalcMolDescriptors(molecule, missingVal=np.nan) for molecule in _molecules(smiles, drugs)]
    return pd.DataFrame(rows, dtype=np.float64).replace([np.inf, -np.inf], np.nan)


@dataclass(frozen=True)
class DescriptorScaler:
    """Mean and standard deviation (K values each) of the descriptors of the training drugs."""

    names: tuple[str, ...]
    mean: np.ndarray
    deviation: np.ndarray

    @classmethod
    def fit(cls, frame: pd.DataFrame) -> Self:
        """Learn from D x K descriptors of the training drugs, NaN ignored."""
        values = frame.astype(np.float64)
        mean = values.mean().fillna(0.0).to_numpy()
        deviation = values.std(ddof=0).fillna(0.0).to_numpy()
        # Rounding leaves a constant column with a tiny deviation that would blow up any other value.
        deviation = np.where(deviation <= 1e-9 * np.abs(mean), 0.0, deviation)
        return cls(tuple(values.columns), mean, deviation)

    def transform(self, frame: pd.DataFrame) -> np.ndarray:
        """Return D x K standard scores within -5..5 (float32); NaN and constant columns become 0."""
        values = frame[list(self.names)].to_numpy(dtype=np.float64)
        constant = self.deviation == 0
        scores = (values - self.mean) / np.where(constant, 1.0, self.deviation)
        scores = np.where(np.isnan(scores) | constant, 0.0, np.clip(scores, -_CLIP, _CLIP))
        return scores.astype(np.float32)

    def to_dict(self) -> dict[str, Any]:
        """Return the scaler in terms of JSON; floating-point numbers survive exactly."""
        return {"names": list(self.names), "mean": self.mean.tolist(), "deviation": self.deviation.tolist()}

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> Self:
        """Rebuild what :meth:`to_dict` gave."""
        return cls(tuple(state["names"]), np.array(state["mean"], float), np.array(state["deviation"], float))


def compute_drug_features(drugs: pd.DataFrame, features: str, radius: int = 2, bits: int = 2048) -> pd.DataFrame:
    """Return the features of drugs, one row each, sorted by drug (the index).

    Parameters
    ----------
    drugs
        Columns drug and smiles.
    features
        "morgan", "descriptors" or "both"; the fingerprint is there in any case, since tables and
        figures compare structures by it.
    radius, bits
        Of the fingerprint, see :func:`morgan_fingerprints`.

    Returns
    -------
    pandas.DataFrame
        Column fingerprint (packed bits, bytes of length B/8) and, unless ``features`` is "morgan", one
        float column per descriptor, unscaled.

    Raises
    ------
    ValueError
        If a SMILES is empty or cannot be read, or ``features`` is unknown.
    """
    _require_features(features)
    ordered = drugs.sort_values(DRUG)
    names, smiles = ordered[DRUG].astype(str).tolist(), ordered[SMILES].tolist()
    index = pd.Index(names, name=DRUG)
    packed = morgan_fingerprints(smiles, radius, bits, names)
    frame = pd.DataFrame({FINGERPRINT: [row.tobytes() for row in packed]}, index=index)
    structures = {canonical_smiles(text, name) for text, name in zip(smiles, names, strict=True)}
    logger.info(
        "%d drugs, %d distinct structures; %.1f active bits on average",
        len(names),
        len(structures),
        np.bitwise_count(packed).sum() / max(1, len(names)),
    )
    if features == "morgan":
        return frame
    return pd.concat([frame, descriptors(smiles, names).set_index(index)], axis=1)


def write_drug_features(
    frame: pd.DataFrame, path: str | Path, features: str, radius: int, bits: int, **marks: Any
) -> None:
    """Write what :func:`compute_drug_features` gave, with the settings that made it."""
    write_table(
        frame,
        path,
        description="drug features: packed Morgan fingerprint, descriptors unscaled",
        features=features,
        fingerprint={"radius": radius, "bits": bits},
        **marks,
    )


def read_drug_features(path: str | Path) -> pd.DataFrame:
    """Read what :func:`write_drug_features` wrote; the index is drug."""
    return read_table(path)


def fingerprint_matrix(frame: pd.DataFrame) -> np.ndarray:
    """Return D x B bits (uint8, 0 or 1) of the column fingerprint."""
    packed = np.frombuffer(b"".join(frame[FINGERPRINT]), dtype=np.uint8).reshape(len(frame), -1)
    return np.unpackbits(packed, axis=1)


def fit_descriptor_scaler(frame: pd.DataFrame, training_drugs: Sequence[str]) -> DescriptorScaler:
    """Learn the scaling of descriptors from the training drugs' rows of the drug features alone."""
    return DescriptorScaler.fit(frame.loc[list(training_drugs)].drop(columns=FINGERPRINT))


def drug_matrix(frame: pd.DataFrame, features: str, scaler: DescriptorScaler | None = None) -> np.ndarray:
    """Return the network's drug input (D x F, float32): bits, then scaled descriptors.

    Parameters
    ----------
    frame
        As :func:`compute_drug_features` gives it, in the wanted order of drugs.
    features
        "morgan" (F = B), "descriptors" (F = K) or "both" (F = B + K).
    scaler
        Fitted on the training drugs; needed for descriptors.

    Raises
    ------
    ValueError
        If ``features`` is unknown, or the descriptors are asked for but absent from ``frame``.
    """
    _require_features(features)
    if features == "morgan":
        return fingerprint_matrix(frame).astype(np.float32)
    assert scaler is not None, "descriptors need a scaler fitted on the training drugs"
    if not set(scaler.names) <= set(frame.columns) or not scaler.names:
        raise ValueError(f"drug features: no descriptors in the table; compute it with drugs.features: {features}")
    scaled = scaler.transform(frame)
    return scaled if features == "descriptors" else np.hstack([fingerprint_matrix(frame).astype(np.float32), scaled])


def _require_features(features: str) -> None:
    if features not in FEATURES:
        raise ValueError(f"drugs.features: {features!r} is not one of {', '.join(FEATURES)}")
