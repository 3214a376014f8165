"""Structures of drugs by name from PubChem, each answer kept so that a run can be repeated without asking again.

The answers are a table that may be put under version control: name, cid, smiles, inchikey, formula, status and the day
of the answer. PUG REST: ``<base>/compound/name/property/SMILES,InChIKey,MolecularFormula/JSON``, with the name in the
body of a POST, because a part of the address cannot hold a slash (GDSC screened VNLG/124).
"""

import datetime
import logging
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import pandas as pd
import requests
from rdkit import Chem, rdBase
from rdkit.Chem.rdMolDescriptors import CalcMolFormula
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from druggene.screen import normalise_name
from druggene.sources.drug_identity import StructureSource
from druggene.sources.reading import FilePath, read_fields
from druggene.tables import write_csv

logger = logging.getLogger(__name__)

COLUMNS: Final = ("name", "cid", "smiles", "inchikey", "formula", "status", "answered")
FOUND: Final = "found"
NOT_FOUND: Final = "not found"
SEVERAL: Final = "several structures"
IMPLAUSIBLE: Final = "implausible"

_PROPERTIES: Final = "SMILES,InChIKey,MolecularFormula"
_SECONDS_BETWEEN: Final = 0.25
"""PubChem admits five requests a second."""
_TIMEOUT_SECONDS: Final = (20, 60)
_SAVE_EVERY: Final = 50
_RETRY: Final = Retry(
    total=6,
    backoff_factor=2.0,
    backoff_max=60,
    status_forcelist=(429, 500, 502, 503, 504),
    allowed_methods=("POST",),
    retry_after_max=600,
)


def read_answers(path: FilePath) -> pd.DataFrame:
    """Return the answers that are there; none where the file is not."""
    if not Path(path).exists():
        return pd.DataFrame(columns=list(COLUMNS), dtype="str")
    return read_fields(path, {column: (column,) for column in COLUMNS})


def look_up(
    names: Iterable[str],
    answers_path: FilePath,
    base: str,
    pause: float = _SECONDS_BETWEEN,
    retry: Retry = _RETRY,
) -> pd.DataFrame:
    """Ask PubChem for the names that have no answer yet, and keep every answer in the table of answers.

    An answer is believed only if RDKit reads the SMILES, and formula and InChIKey that it has from there are those that
    PubChem gives beside it; a name that several skeletons go by has no answer.

    Parameters
    ----------
    names
        Names of drugs, in any spelling.
    answers_path
        The table of answers; written after every fifty, and in the end.
    base
        Address of PUG REST.
    pause
        Seconds between two requests.
    retry
        How often and when to try again.

    Returns
    -------
    pandas.DataFrame
        All answers, old and new.

    Raises
    ------
    ConnectionError
        If PubChem does not answer; the answers so far are kept.
    """
    answers = read_answers(answers_path)
    known = set(answers["name"].map(normalise_name))
    wanted = [name for name in dict.fromkeys(names) if normalise_name(name) not in known]
    rows: list[dict[Any, Any]] = [*answers.to_dict("records")]
    with requests.Session() as session:
        for scheme in ("https://", "http://"):
            session.mount(scheme, HTTPAdapter(max_retries=retry))
        try:
            for number, name in enumerate(wanted, start=1):
                rows.append(_ask(session, base, name))
                if number % _SAVE_EVERY == 0:
                    _save(rows, answers_path)
                time.sleep(pause)
        except requests.RequestException as error:
            raise ConnectionError(
                f"{base}: no answer for {name!r} ({error}); check the network, or set portals.pubchem.lookup to false"
            ) from error
        finally:
            _save(rows, answers_path)
    table = pd.DataFrame(rows, columns=list(COLUMNS)).astype("str")
    statuses = table["status"].value_counts().to_dict()
    logger.info("PubChem: %d names asked, %d answers in all: %s", len(wanted), len(table), statuses)
    return table


def structure_source(answers: pd.DataFrame) -> StructureSource:
    """Return the believed structures by name."""
    found = answers[answers["status"] == FOUND]
    return StructureSource("PubChem", dict(zip(found["name"].map(normalise_name), found["smiles"], strict=True)))


def _save(rows: list[dict[Any, Any]], path: FilePath) -> None:
    write_csv(pd.DataFrame(rows, columns=list(COLUMNS)), path)


def _ask(session: requests.Session, base: str, name: str) -> dict[str, Any]:
    url = f"{base.rstrip('/')}/compound/name/property/{_PROPERTIES}/JSON"
    response = session.post(url, data={"name": name}, timeout=_TIMEOUT_SECONDS)
    answer: dict[str, Any] = dict.fromkeys(COLUMNS) | {
        "name": name,
        "answered": datetime.datetime.now(datetime.UTC).date().isoformat(),
    }
    if response.status_code == requests.codes.not_found:
        return answer | {"status": NOT_FOUND}
    response.raise_for_status()
    try:
        compounds = response.json()["PropertyTable"]["Properties"]
        first = compounds[0]
        keys = {compound["InChIKey"].partition("-")[0] for compound in compounds}
        values = {
            "cid": str(first["CID"]),
            "smiles": first["SMILES"],
            "inchikey": first["InChIKey"],
            "formula": first["MolecularFormula"],
        }
    except (KeyError, IndexError, TypeError, AttributeError, requests.JSONDecodeError):
        logger.warning("PubChem: the answer for %r has not the form that is expected", name)
        return answer | {"status": IMPLAUSIBLE}
    if len(keys) > 1:
        return answer | {"status": SEVERAL}
    return answer | values | {"status": FOUND if _is_plausible(**values) else IMPLAUSIBLE}


def _is_plausible(smiles: str, inchikey: str, formula: str, cid: str) -> bool:
    """Return whether SMILES, InChIKey and formula are those of one molecule."""
    with rdBase.BlockLogs():
        molecule = Chem.MolFromSmiles(smiles)
        if molecule is None:
            logger.warning("PubChem: CID %s has the SMILES %r, which RDKit cannot read", cid, smiles)
            return False
        skeleton, own_formula = Chem.MolToInchiKey(molecule).partition("-")[0], CalcMolFormula(molecule)
    if (skeleton, own_formula) == (inchikey.partition("-")[0], formula):
        return True
    logger.warning(
        "PubChem: CID %s has a SMILES of %s, %s, but says %s, %s", cid, own_formula, skeleton, formula, inchikey
    )
    return False
