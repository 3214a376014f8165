"""A run as a folder that stands on its own, and the same as an archive: byte by byte equal for equal results.

``SHA256SUMS`` has a line for every other file, as ``sha256sum`` writes it; ``manifest.csv`` says of every file what it
is, what it rests on, and of every file that is left out why.
"""

import csv
import io
import json
import os
import shutil
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final

import yaml

from druggene.config import PATHS
from druggene.constants import AUC, CELL_LINE, PAIR, SMILES
from druggene.crate import METADATA_FILE, describe_crate
from druggene.data_terms import Terms, datasets_of, describe_terms, withheld
from druggene.provenance import file_sha256
from druggene.tables import atomic_path, read_metadata, read_table, write_table, write_text

SUMS: Final = "SHA256SUMS"
MANIFEST: Final = "manifest.csv"
MEASURED: Final = (AUC, SMILES)
"""Columns with what was measured, or with structures; they stay out where their source does not let them pass."""
_OBSERVED: Final = "observed"
"""Another name of the AUC, in data of figures; counts of squares, without cell lines, are no measurements."""

_CODE: Final = (
    "Snakefile",
    "CITATION.cff",
    "LICENSE",
    "constraints.txt",
    "pyproject.toml",
    "requirements.txt",
    "config/*.csv",
    "config/README.md",
    "config/config.yaml",
    "envs/*.yaml",
    "workflow/Snakefile",
    "workflow/report/*.rst",
    "workflow/rules/*.smk",
    "workflow/schemas/*.yaml",
    "workflow/scripts/**/*.py",
)
_OMICS: Final = ("mutation", "expression", "copy_number")
_DATA: Final = {"responses": "responses", "drugs": "drugs", "cell_lines": "omics", **dict.fromkeys(_OMICS, "omics")}
"""Tables of the data and which of the data's sources they come from."""
_MOMENT: Final = (1980, 1, 1, 0, 0, 0)
_HEADER: Final = ("file", "status", "bytes", "sha256", "data", "terms", "why")
_INCLUDED: Final = "included"
_REDUCED: Final = "without columns"
_LEFT_OUT: Final = "left out"


@dataclass(frozen=True)
class Entry:
    """A row of the manifest: a file of the folder, or one that is left out.

    ``data`` names the datasets whose values stand in it, ``terms`` on which terms these may be used, ``why`` what was
    taken away and for what reason.
    """

    file: str
    status: str
    data: str = ""
    terms: str = ""
    why: str = ""


def code_files(repository: str | os.PathLike[str]) -> list[str]:
    """Return the files of the workflow itself that go with its results, relative to the repository."""
    root = Path(repository)
    return sorted({path.relative_to(root).as_posix() for pattern in _CODE for path in root.glob(pattern)})


def build_bundle(
    folder: str | os.PathLike[str],
    results: str | os.PathLike[str],
    files: Sequence[str],
    repository: str | os.PathLike[str],
    config: Mapping[str, Any],
    terms: Mapping[str, Terms],
) -> None:
    """Write the folder of a finished run.

    Parameters
    ----------
    folder
        What to write; emptied first.
    results
        Folder of the run, with README.md, config.yaml, provenance.json and tables/data_files.csv.
    files
        Figures, tables, predictions and checkpoints to take, and data to take where their sources allow it; below
        ``results``.
    repository
        Folder of the workflow.
    config
        The completed configuration.
    terms
        On which terms each dataset may be passed on.
    """
    folder, results = Path(folder), Path(results)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    sources = datasets_of(config)
    entries = [
        _take(results, name, folder, sources, terms)
        for name in sorted({Path(file).relative_to(results).as_posix() for file in files})
    ]
    code = code_files(repository)
    for name in code:
        _copy(Path(repository, name), folder / name)
    default = yaml.safe_load((folder / "config/config.yaml").read_text(encoding="utf-8"))
    if _portable(default):
        write_text(yaml.safe_dump(default, sort_keys=False, allow_unicode=True), folder / "config/config.yaml")
    entries += [Entry(name, _INCLUDED, terms="Apache-2.0") for name in code]

    resolved = yaml.safe_load((results / "config.yaml").read_text(encoding="utf-8"))
    _portable(resolved)
    header = "# Every key of the run. A name below /path/to/ stands for one on the machine of the run.\n"
    write_text(header + yaml.safe_dump(resolved, sort_keys=False, allow_unicode=True), folder / "config.yaml")
    _copy(results / "provenance.json", folder / "provenance.json")
    environment = json.loads((results / "provenance.json").read_text(encoding="utf-8"))
    page = (
        (results / "README.md")
        .read_text(encoding="utf-8")
        .replace(f"results/{config['run']}/config.yaml", "config.yaml")
    )
    write_text(page + _about(entries, config), folder / "README.md")
    entries += [Entry(name, _INCLUDED) for name in ("README.md", "config.yaml", "provenance.json")]

    with open(results / "tables" / "data_files.csv", newline="", encoding="utf-8") as handle:
        retrieved = list(csv.DictReader(handle))
    outputs = [entry.file for entry in entries if entry.status != _LEFT_OUT and entry.file not in code]
    write_text(describe_crate(folder, config, environment, code, outputs, retrieved, terms), folder / METADATA_FILE)
    entries.append(Entry(METADATA_FILE, _INCLUDED))
    write_text(_manifest(folder, entries), folder / MANIFEST)
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    write_text("".join(f"{file_sha256(folder / name)}  {name}\n" for name in names), folder / SUMS)


def write_archive(folder: str | os.PathLike[str], path: str | os.PathLike[str]) -> None:
    """Write a folder as a ZIP archive: members sorted, stored, with one moment and one mode for all."""
    root = Path(folder)
    with atomic_path(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive:
        for source in sorted((path for path in root.rglob("*") if path.is_file()), key=lambda path: path.as_posix()):
            member = zipfile.ZipInfo(source.relative_to(root).as_posix(), _MOMENT)
            member.create_system = 3  # Unix, whatever wrote it
            member.external_attr = 0o100644 << 16
            member.file_size = source.stat().st_size
            with source.open("rb") as handle, archive.open(member, "w") as target:
                shutil.copyfileobj(handle, target, 1 << 20)


def _take(
    results: Path, name: str, folder: Path, sources: Mapping[str, tuple[str, ...]], terms: Mapping[str, Terms]
) -> Entry:
    """Copy a file of the results, less what may not be passed on."""
    path = PurePosixPath(name)
    if path.parent == PurePosixPath("data") and path.stem in _DATA:
        origin = sources[_DATA[path.stem]]
        kept_back = withheld(origin, terms)
        named, on_terms = ", ".join(origin), describe_terms(origin, terms)
        if kept_back:
            return Entry(name, _LEFT_OUT, named, on_terms, f"may not be passed on: {', '.join(kept_back)}")
        _copy(results / name, folder / name)
        return Entry(name, _INCLUDED, named, on_terms)
    measured = _measured(results / name)
    origin = tuple(dict.fromkeys(source for column in measured for source in sources[_origin(column)]))
    dropped = [column for column in measured if withheld(sources[_origin(column)], terms)]
    named, on_terms = ", ".join(origin), describe_terms(origin, terms)
    if dropped:
        _copy_without(results / name, folder / name, dropped)
        return Entry(name, _REDUCED, named, on_terms, f"may not be passed on: column {', '.join(dropped)}")
    _copy(results / name, folder / name)
    return Entry(name, _INCLUDED, named, on_terms)


def _origin(column: str) -> str:
    return "drugs" if column == SMILES else "responses"


def _measured(path: Path) -> list[str]:
    """Return the columns of a table that hold measurements or structures; none of what is no table."""
    if path.suffix == ".parquet":
        there = set(read_table(path).columns)
    elif path.suffix == ".csv":
        with path.open(newline="", encoding="utf-8") as handle:
            there = set(next(csv.reader(handle), []))
    else:
        return []
    named = (_OBSERVED,) if there & {CELL_LINE, PAIR} else ()
    return [column for column in (*MEASURED, *named) if column in there]


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _copy_without(source: Path, target: Path, columns: Sequence[str]) -> None:
    if source.suffix == ".parquet":
        metadata = read_metadata(source)
        del metadata["format_version"]
        metadata["units"] = {column: unit for column, unit in metadata["units"].items() if column not in columns}
        write_table(read_table(source).drop(columns=list(columns)), target, **metadata, left_out=list(columns))
        return
    with source.open(newline="", encoding="utf-8") as handle:
        rows = list(csv.reader(handle))
    kept = [i for i, column in enumerate(rows[0]) if column not in columns]
    write_text(_csv_text([row[i] for i in kept] for row in rows), target)


def _csv_text(rows: Iterable[Sequence[Any]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _portable(config: dict[str, Any]) -> bool:
    """Replace names of one machine's files and folders, in place, and tell whether there were any."""
    places = [(config.get(section, {}), key) for section, key in PATHS]
    places.append((config.get("portals", {}).get("pubchem", {}), "answers"))
    found = [(part, key) for part, key in places if part.get(key) and Path(part[key]).is_absolute()]
    for part, key in found:
        part[key] = f"/path/to/{Path(part[key]).name}"
    return bool(found)


def _about(entries: Sequence[Entry], config: Mapping[str, Any]) -> str:
    missing = [entry for entry in entries if entry.status == _LEFT_OUT]
    reduced = [entry for entry in entries if entry.status == _REDUCED]
    licence = config["publish"]["licence"] or "none is granted"
    lines = [
        "\n## This folder\n",
        "`figures/`, `tables/`, `predictions/` (out of fold), `models/` (the best epoch of every fold), `data/` (folds "
        "and what may be passed on), `config.yaml` (every key), `provenance.json` (commit, lock file, versions), the "
        "workflow itself, `manifest.csv` (every file, what is left out and why), `ro-crate-metadata.json` (for "
        "machines).\n",
        f"Licence of the results: {licence}. Of the workflow: Apache-2.0.\n",
    ]
    if missing:
        names = ", ".join(f"`{entry.file}`" for entry in missing)
        on_terms = "; ".join(dict.fromkeys(entry.terms for entry in missing))
        lines.append(f"Left out, as their sources do not let them pass: {names}. Terms: {on_terms}.\n")
    if reduced:
        why = "; ".join(sorted({entry.why for entry in reduced}))
        lines.append(
            f"{len(reduced)} tables stand without what was measured ({why}); a run brings it from the source.\n"
        )
    lines.append(
        f"To check every byte: `PYTHONPATH=workflow/scripts python -m druggene.verify .`, or `sha256sum -c {SUMS}`.\n"
    )
    return "\n".join(lines)


def _manifest(folder: Path, entries: Sequence[Entry]) -> str:
    rows: list[Sequence[Any]] = [_HEADER]
    for entry in sorted(entries, key=lambda entry: entry.file):
        path = folder / entry.file
        there = entry.status != _LEFT_OUT
        size, digest = (path.stat().st_size, file_sha256(path)) if there else ("", "")
        rows.append((entry.file, entry.status, size, digest, entry.data, entry.terms, entry.why))
    return _csv_text(rows)
