"""Which drug of one portal is which of another: by name, by synonym, by structure."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

import pandas as pd

from druggene.constants import DRUG, SMILES
from druggene.screen import normalise_name
from druggene.sources.reading import split_list
from druggene.sources.structures import Structure, read_structure

logger = logging.getLogger(__name__)

NAME: Final = "name"
SYNONYM: Final = "synonym"
STRUCTURE: Final = "structure"


@dataclass
class _Known:
    """A drug that stands for one or several of the portals'."""

    drug: str
    structure: Structure | None
    sources: set[str]
    rows: list[pd.Series] = field(default_factory=list)


def unify_drugs(described: dict[str, pd.DataFrame]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give the drugs of all sources one id each.

    A drug is the same as one that is already known if it has its name (in capitals, without punctuation); else if one
    of the two names the other as a synonym, no other drug fits as well, and their structures do not differ; else if
    it comes from another source and their structures are the same (see
    :meth:`druggene.sources.structures.Structure.is_same`). The first source's name becomes the id.

    Parameters
    ----------
    described
        Source to its drugs: name, synonyms (joined by commas, may be missing), smiles (missing where unknown) and
        further columns.

    Returns
    -------
    tuple of pandas.DataFrame
        Drugs: drug, then the columns of ``described``, each from the first source that has a value. Matches: source,
        name, drug and by, one of "name", "synonym", "structure", missing for a drug that is new with its source.
    """
    known: dict[str, _Known] = {}
    by_name: dict[str, str] = {}
    by_synonym: dict[str, set[str]] = {}
    matches: list[tuple[str, str, str, str | None]] = []
    for source, table in described.items():
        for _, row in table.iterrows():
            key = normalise_name(row["name"])
            synonyms = {normalise_name(each) for each in split_list(_text(row["synonyms"]))} - {"", key}
            structure = read_structure(row[SMILES]) if _text(row[SMILES]) else None
            drug, by = _find(key, synonyms, structure, source, known, by_name, by_synonym)
            if drug is None:
                drug = row["name"]
                known[drug] = _Known(drug, structure, set())
            matches.append((source, row["name"], drug, by))
            entry = known[drug]
            entry.structure = entry.structure or structure
            entry.sources.add(source)
            entry.rows.append(row)
            by_name.setdefault(key, drug)
            for synonym in synonyms:
                by_synonym.setdefault(synonym, set()).add(drug)
    drugs = pd.DataFrame([_merge(entry) for entry in known.values()])
    return drugs, pd.DataFrame(matches, columns=["source", "name", DRUG, "by"])


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _find(
    key: str,
    synonyms: Iterable[str],
    structure: Structure | None,
    source: str,
    known: dict[str, _Known],
    by_name: dict[str, str],
    by_synonym: dict[str, set[str]],
) -> tuple[str | None, str | None]:
    """Return the known drug and what it was found by."""
    if key in by_name:
        drug = by_name[key]
        if _differ(structure, known[drug].structure):
            logger.warning("%s of %s: is drawn differently elsewhere, and taken for the same by its name", drug, source)
        return drug, NAME
    candidates = set(by_synonym.get(key, ())) | {by_name[each] for each in synonyms if each in by_name}
    if len(candidates) == 1:
        drug = candidates.pop()
        if not _differ(structure, known[drug].structure):
            return drug, SYNONYM
        logger.warning("%s: a synonym of %s has another structure (%s), so both are kept apart", drug, source, key)
    elif candidates:
        logger.warning("%s of %s: its synonyms fit several drugs: %s", key, source, ", ".join(sorted(candidates)))
    if structure is not None:
        same = [entry.drug for entry in known.values() if source not in entry.sources and _agree(structure, entry)]
        if len(same) == 1:
            return same[0], STRUCTURE
    return None, None


def _agree(structure: Structure, entry: _Known) -> bool:
    return entry.structure is not None and structure.is_same(entry.structure)


def _differ(first: Structure | None, second: Structure | None) -> bool:
    return first is not None and second is not None and first.skeleton != second.skeleton


def _merge(entry: _Known) -> pd.Series:
    """Describe a drug by what the first source with a value says."""
    first = pd.concat(entry.rows, axis=1).T.bfill().iloc[0]
    return pd.concat([pd.Series({DRUG: entry.drug}), first])


@dataclass(frozen=True)
class StructureSource:
    """Where SMILES come from.

    Attributes
    ----------
    origin
        What it is called in the table of structures.
    smiles
        Normalised name to SMILES.
    """

    origin: str
    smiles: dict[str, str]


def resolve_structures(
    described: pd.DataFrame, further: Sequence[StructureSource]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give every drug the first SMILES that RDKit can read: the portal's own, then those of ``further`` in turn.

    Further sources are asked by name, then by each synonym.

    Parameters
    ----------
    described
        Columns name, synonyms and smiles (the portal's own, may be missing).
    further
        In order of trust.

    Returns
    -------
    tuple of pandas.DataFrame
        ``described`` with smiles that can be read, or none; and one row per SMILES that was looked at and per drug
        without any: name, origin, smiles, problem (missing where it was taken).
    """
    chosen: list[str | None] = []
    report: list[tuple[str, str | None, str | None, str | None]] = []
    for name, synonyms, own in described[["name", "synonyms", SMILES]].itertuples(index=False):
        taken = None
        keys = [normalise_name(each) for each in (name, *split_list(_text(synonyms)))]
        candidates = [("portal", _text(own))] + [
            (source.origin, next((source.smiles[key] for key in keys if key in source.smiles), ""))
            for source in further
        ]
        for origin, smiles in candidates:
            if not smiles or taken:
                continue
            readable = read_structure(smiles) is not None
            report.append((name, origin, smiles, None if readable else "RDKit cannot read it"))
            taken = smiles if readable else None
        if taken is None:
            report.append((name, None, None, "no structure is known"))
        chosen.append(taken)
    resolved = described.assign(**{SMILES: pd.Series(chosen, index=described.index, dtype="str")})
    return resolved, pd.DataFrame(report, columns=["name", "origin", SMILES, "problem"])
