"""Check a published folder or archive against its list of checksums, byte by byte: ``python -m druggene.verify PATH``.

Nothing is unpacked and nothing of what is checked is run.
"""

import argparse
import hashlib
import re
import stat
import sys
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import IO, Final

from druggene.logs import run_command

SUMS: Final = "SHA256SUMS"
_LINE: Final = re.compile(r"([0-9a-f]{64})  (.+)")
_LONGEST_LIST: Final = 64 << 20
_CHUNK: Final = 1 << 20
_SHOWN: Final = 10


def verify_bundle(path: str | Path) -> int:
    """Check a published folder or ZIP archive and return how many files it has besides the list.

    Raises
    ------
    ValueError
        If there is no list or it is malformed; if a file is changed, missing or not in the list; if an archive is
        damaged, or has a member that stands twice, is no plain file or would land outside of its folder. All that is
        wrong is named, up to ten files.
    """
    path = Path(path)
    if path.is_dir():
        problems, count = _problems(path, _FolderFiles(path))
    elif path.is_file():
        if not zipfile.is_zipfile(path):
            raise ValueError(f"{path}: neither a folder nor a ZIP archive")
        try:
            with zipfile.ZipFile(path) as archive:
                problems, count = _problems(path, _ArchiveFiles(archive))
        except (zipfile.BadZipFile, NotImplementedError, EOFError, RuntimeError) as error:
            raise ValueError(f"{path}: a damaged archive: {error}; get it again") from error
    else:
        raise ValueError(f"{path}: does not exist")
    if problems:
        more = f"\n  and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
        raise ValueError(f"{path}: not what was published:\n" + "\n".join(f"  {p}" for p in problems[:_SHOWN]) + more)
    return count


class _FolderFiles:
    """Names and contents of a folder's files."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.names: list[str] = []
        self.problems: list[str] = []
        for path in sorted(root.rglob("*")):
            name = path.relative_to(root).as_posix()
            mode = path.lstat().st_mode
            if stat.S_ISREG(mode):
                self.names.append(name)
            elif not stat.S_ISDIR(mode):
                self.problems.append(f"{name}: no plain file")

    def open(self, name: str) -> IO[bytes]:
        return (self._root / name).open("rb")


class _ArchiveFiles:
    """Names and contents of an archive's members, those that could do harm apart."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self.names: list[str] = []
        self.problems: list[str] = []
        for member in archive.infolist():
            # `filename` has been cut at a zero byte, and on some systems slashes were turned.
            name, kind = member.orig_filename, stat.S_IFMT(member.external_attr >> 16)
            if not _is_safe(name.removesuffix("/")):
                self.problems.append(f"{name!r}: would land outside of the folder")
            elif member.is_dir():
                continue
            elif kind not in (0, stat.S_IFREG):
                self.problems.append(f"{name}: no plain file")
            elif member.flag_bits & 1:
                self.problems.append(f"{name}: encrypted")
            elif name in self.names:
                self.problems.append(f"{name}: stands twice")
            else:
                self.names.append(name)

    def open(self, name: str) -> IO[bytes]:
        return self._archive.open(name)


def _is_safe(name: str) -> bool:
    """Tell whether a name stays inside its folder on every system."""
    parts = name.split("/")
    odd = any(part in ("", ".", "..") or part != part.strip() for part in parts)
    return bool(name) and not odd and not re.search(r"[\\:\x00-\x1f]", name) and not PurePosixPath(name).is_absolute()


def _problems(path: Path, files: _FolderFiles | _ArchiveFiles) -> tuple[list[str], int]:
    if SUMS not in files.names:
        raise ValueError(
            "\n  ".join([f"{path}: has no {SUMS}; it was not published by this workflow", *files.problems])
        )
    with files.open(SUMS) as handle:
        text = handle.read(_LONGEST_LIST + 1)
    expected = dict(_read_sums(path, text))
    problems = list(files.problems)
    for name in files.names:
        if name == SUMS:
            continue
        if name not in expected:
            problems.append(f"{name}: not in {SUMS}")
        elif _digest(files, name) != expected[name]:
            problems.append(f"{name}: changed")
    problems += [f"{name}: missing" for name in expected if name not in set(files.names)]
    return problems, len(expected)


def _digest(files: _FolderFiles | _ArchiveFiles, name: str) -> str | None:
    """Return the SHA-256 of a file; None where an archive's own checksum tells that it is damaged."""
    digest = hashlib.sha256()
    try:
        with files.open(name) as handle:
            while piece := handle.read(_CHUNK):
                digest.update(piece)
    except zipfile.BadZipFile:
        return None
    return digest.hexdigest()


def _read_sums(path: Path, text: bytes) -> Iterator[tuple[str, str]]:
    """Yield name and SHA-256 of every line."""
    if len(text) > _LONGEST_LIST:
        raise ValueError(f"{path}: {SUMS} is too long to be a list of files")
    seen: set[str] = set()
    for number, line in enumerate(text.decode("utf-8", errors="replace").splitlines(), start=1):
        match = _LINE.fullmatch(line)
        if match is None or not _is_safe(match[2]) or match[2] in seen:
            raise ValueError(f"{path}: line {number} of {SUMS} is no checksum and file name, or names a file twice")
        seen.add(match[2])
        yield match[2], match[1]
    if not seen:
        raise ValueError(f"{path}: {SUMS} names no file")


def _verify(path: str) -> None:
    print(f"{path}: {verify_bundle(path)} files, all as they were published")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return 0, or 1 after a message on standard error."""
    parser = argparse.ArgumentParser(
        prog="python -m druggene.verify", description="Check a published folder or archive, byte by byte."
    )
    parser.add_argument("path", help="folder or ZIP archive that `snakemake publish` made")
    parsed = parser.parse_args(arguments)
    return run_command(lambda: _verify(parsed.path))


if __name__ == "__main__":
    sys.exit(main())
