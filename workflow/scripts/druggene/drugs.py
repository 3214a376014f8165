"""Drug features: Morgan fingerprints and molecular descriptors.

Shapes: D drugs, B bits of a fingerprint, K descriptors, F features.
"""

import logging
import multiprocessing
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import pandas as pd
from rdkit import Chem, DataStructs
from rdkit.Chem import Descriptors, rdFingerprintGenerator

from druggene.constants import DRUG, SMILES
from druggene.molecules import read_molecule
from druggene.sources.structures import read_structure
from druggene.tables import read_table, write_table

logger = logging.getLogger(__name__)

FINGERPRINT = "fingerprint"
FEATURES = ("morgan", "descriptors", "both")
DESCRIPTORS: Final = tuple(name for name, _ in Descriptors.descList)
"""Names of the K descriptors, in RDKit's order."""
_CLIP = 5.0
_DRUGS_PER_PROCESS: Final = 200
"""Fewest drugs that are worth a process: starting one takes as long as the descriptors of so many."""
_SHOWN: Final = 10


def _molecules(smiles: Sequence[str], drugs: Sequence[str] | None) -> list[Chem.Mol]:
    """Parse D structures; a ValueError that lists the drugs whose structure cannot be read."""
    molecules = [read_molecule(text) for text in smiles]
    if bad := [position for position, molecule in enumerate(molecules) if molecule is None]:
        names = list(drugs) if drugs is not None else [f"number {i}" for i in range(len(smiles))]
        listed = "; ".join(f"drug {names[i]}: cannot read SMILES {smiles[i]!r}" for i in bad[:_SHOWN])
        more = f"; and {len(bad) - _SHOWN} more" if len(bad) > _SHOWN else ""
        raise ValueError(f"{listed}{more}; correct the structure or leave the drug out")
    return [molecule for molecule in molecules if molecule is not None]


def canonical_smiles(smiles: str, drug: str = "without a name") -> str:
    """Return RDKit's canonical SMILES, by which equal structures are recognised.

    Raises a ValueError that names drug and SMILES when the SMILES is empty or cannot be read.
    """
    text: str = Chem.MolToSmiles(_molecules([smiles], [drug])[0])
    return text


def parent_smiles(smiles: str, drug: str = "without a name") -> str:
    """Return the canonical SMILES of the active part, without counter-ions and the charges that they bring.

    So a drug and its hydrochloride have one parent (:attr:`druggene.sources.structures.Structure.parent`). Raises a
    ValueError as :func:`canonical_smiles` does.
    """
    structure = read_structure(smiles) if _molecules([smiles], [drug]) else None
    assert structure is not None, "a molecule that can be read has a structure"
    return structure.parent


def morgan_fingerprints(
    smiles: Sequence[str],
    radius: int = 2,
    bits: int = 2048,
    drugs: Sequence[str] | None = None,
    *,
    chirality: bool = False,
    threads: int = 1,
) -> np.ndarray:
    """Return packed Morgan fingerprints (D x B/8, uint8; first bit highest).

    Radius 2 without chirality reproduces the published fingerprints bit by bit; radius 3 has the paper's average of
    81 active bits.

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
    chirality
        Whether mirror images differ.
    threads
        Of the computation; 0 takes all cores.

    Raises
    ------
    ValueError
        If a SMILES is empty or cannot be read, or ``bits`` is not a multiple of 8.
    """
    return _fingerprints(_molecules(smiles, drugs), radius, bits, chirality, threads)


def _fingerprints(molecules: list[Chem.Mol], radius: int, bits: int, chirality: bool, threads: int) -> np.ndarray:
    if bits <= 0 or bits % 8:
        raise ValueError(f"drugs.fingerprint.bits: {bits} is not a positive multiple of 8")
    generator = rdFingerprintGenerator.GetMorganGenerator(radius=radius, fpSize=bits, includeChirality=chirality)
    vectors = generator.GetFingerprints(molecules, numThreads=threads)
    # RDKit's bytes hold their first bit lowest.
    packed = np.frombuffer(b"".join(map(DataStructs.BitVectToBinaryText, vectors)), dtype=np.uint8)
    unpacked = np.unpackbits(packed.reshape(-1, bits // 8), axis=1, bitorder="little")
    return np.packbits(unpacked, axis=1)


def descriptors(smiles: Sequence[str], drugs: Sequence[str] | None = None, *, threads: int = 1) -> pd.DataFrame:
    """Return RDKit's molecular descriptors (D x K, float64); what is undefined or infinite is NaN.

    ``threads`` is the number of processes among which the drugs are divided: RDKit computes a descriptor in Python.
    Raises a ValueError that names drug and SMILES when a SMILES is empty or cannot be read.
    """
    _molecules(smiles, drugs)
    processes = min(threads, len(smiles) // _DRUGS_PER_PROCESS)
    if processes < 2:
        values = _descriptor_rows(list(smiles))
    else:
        parts = [list(smiles[start::processes]) for start in range(processes)]
        values = np.empty((len(smiles), len(DESCRIPTORS)))
        # A fork would copy the locks of pyarrow's threads.
        with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:
            for start, part in enumerate(pool.map(_descriptor_rows, parts)):
                values[start::processes] = part
    return pd.DataFrame(values, columns=list(DESCRIPTORS)).replace([np.inf, -np.inf], np.nan)


def _descriptor_rows(smiles: list[str]) -> np.ndarray:
    """Return D x K descriptors of structures that can be read."""
    rows = [
        list(Descriptors.CalcMolDescriptors(read_molecule(text), missingVal=np.nan, silent=True).values())
        for text in smiles
    ]
    return np.array(rows, dtype=np.float64).reshape(len(smiles), len(DESCRIPTORS))


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
        # The square of a descriptor that counts in powers (Ipc) may exceed what a number can hold.
        unusable = ~np.isfinite(deviation) | (deviation <= 1e-9 * np.abs(mean))
        deviation = np.where(unusable, 0.0, deviation)
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


def compute_drug_features(
    drugs: pd.DataFrame,
    features: str,
    radius: int = 2,
    bits: int = 2048,
    *,
    chirality: bool = False,
    desalt: bool = False,
    threads: int = 1,
) -> pd.DataFrame:
    """Return the features of drugs, one row each, sorted by drug (the index).

    Parameters
    ----------
    drugs
        Columns drug and smiles.
    features
        "morgan", "descriptors" or "both"; the fingerprint is there in any case, since tables and
        figures compare structures by it.
    radius, bits, chirality
        Of the fingerprint, see :func:`morgan_fingerprints`.
    desalt
        Describe the active part alone, see :func:`parent_smiles`; else the structure as it stands, counter-ions
        included, as the published fingerprints do.
    threads
        Cores to use.

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
    molecules = _molecules(smiles, names)
    if desalt:
        smiles = [parent_smiles(text) for text in smiles]
        molecules = _molecules(smiles, names)
    packed = _fingerprints(molecules, radius, bits, chirality, threads)
    frame = pd.DataFrame({FINGERPRINT: [row.tobytes() for row in packed]}, index=index)
    logger.info(
        "%d drugs; %.1f active bits on average", len(names), np.bitwise_count(packed).sum() / max(1, len(names))
    )
    if features == "morgan":
        return frame
    return pd.concat([frame, descriptors(smiles, names, threads=threads).set_index(index)], axis=1)


def describe_structures(drugs: pd.DataFrame) -> pd.DataFrame:
    """Return what is peculiar about each structure, so that what the features cannot tell apart is seen.

    Parameters
    ----------
    drugs
        Columns drug and smiles.

    Returns
    -------
    pandas.DataFrame
        One row per drug, sorted: drug, smiles, canonical (RDKit's SMILES), parent (see :func:`parent_smiles`),
        fragments (1, or more in a salt or a mixture), stereocentres (those that the SMILES specifies) and
        same_parent (the other drugs with that parent, joined by ";"; missing where there is none).

    Raises
    ------
    ValueError
        If a SMILES is empty or cannot be read.
    """
    table = drugs[[DRUG, SMILES]].sort_values(DRUG, ignore_index=True)
    names = table[DRUG].astype(str).tolist()
    molecules = _molecules(table[SMILES].tolist(), names)
    table["canonical"] = [Chem.MolToSmiles(molecule) for molecule in molecules]
    table["parent"] = [parent_smiles(text) for text in table[SMILES]]
    table["fragments"] = [len(Chem.GetMolFrags(molecule)) for molecule in molecules]
    table["stereocentres"] = [
        len(Chem.FindMolChiralCenters(molecule, useLegacyImplementation=False)) for molecule in molecules
    ]
    sharing = pd.Series(names).groupby(table["parent"]).agg(list)
    others = [
        ";".join(other for other in sharing[parent] if other != name)
        for name, parent in zip(names, table["parent"], strict=True)
    ]
    table["same_parent"] = pd.Series([text or None for text in others], dtype="str")
    logger.info(
        "%d drugs, %d distinct structures, %d without counter-ions and charges; %d of several fragments, %d chiral",
        *(len(table), table["canonical"].nunique(), table["parent"].nunique()),
        *((table["fragments"] > 1).sum(), (table["stereocentres"] > 0).sum()),
    )
    return table


def write_drug_features(
    frame: pd.DataFrame,
    path: str | Path,
    features: str,
    radius: int,
    bits: int,
    *,
    chirality: bool = False,
    desalt: bool = False,
    **marks: Any,
) -> None:
    """Write what :func:`compute_drug_features` gave, with the settings that made it."""
    write_table(
        frame,
        path,
        description="drug features: packed Morgan fingerprint, descriptors unscaled",
        features=features,
        fingerprint={"radius": radius, "bits": bits, "chirality": chirality},
        desalt=desalt,
        **marks,
    )


def read_drug_features(path: str | Path) -> pd.DataFrame:
    """Read what :func:`write_drug_features` wrote; the index is drug."""
    return read_table(path)


def fingerprint_matrix(frame: pd.DataFrame) -> np.ndarray:
    """Return D x B bits (uint8, 0 or 1) of the column fingerprint."""
    return np.unpackbits(packed_fingerprints(frame), axis=1)


def packed_fingerprints(frame: pd.DataFrame) -> np.ndarray:
    """Return D x B/8 packed bits (uint8, first bit highest) of the column fingerprint."""
    return np.frombuffer(b"".join(frame[FINGERPRINT]), dtype=np.uint8).reshape(len(frame), -1)


def parent_fingerprints(smiles: pd.Series, radius: int, bits: int, chirality: bool = False) -> np.ndarray:
    """Return D x B/8 packed fingerprints of the active parts (:func:`parent_smiles`) of D SMILES, indexed by drug.

    Raises a ValueError that names drug and SMILES when a SMILES is empty or cannot be read.
    """
    names = [str(name) for name in smiles.index]
    parents = [parent_smiles(text, name) for name, text in zip(names, smiles, strict=True)]
    return morgan_fingerprints(parents, radius, bits, names, chirality=chirality)


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
