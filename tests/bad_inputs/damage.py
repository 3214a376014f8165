"""What can be wrong with a file, in the words of the table of cases.

A damage is a verb and what it needs.

- Of any file: ``replace A => B`` (every A; \\t, \\n and \\r as in Python), ``append A``, ``drop row N``,
  ``repeat row N``, ``cut`` (the second half is gone), ``empty``, ``missing``, ``folder`` (one stands in its place),
  ``web page``, ``UTF-16``, ``Latin-1`` (a letter that is no UTF-8), ``byte-order mark``, ``Windows line ends``,
  ``gzip``, ``gzip, cut``, ``gzip bomb``, ``code`` (a pickle that would run some), ``pickle VALUE``.
- Of a table of the workflow: ``set COLUMN, ROW = VALUE``, ``drop column COLUMN``, ``foreign`` (written by another
  program).
- Of a checkpoint: ``layout N`` (that of another version), ``without PART``.
- Of an archive: ``member NAME: DAMAGE``, ``add member NAME``, ``claim NAME has N bytes``.
"""

import gzip
import pickle
import re
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from druggene.tables import read_metadata, read_table, write_table

WEB_PAGE = b"<!DOCTYPE html>\n<html><head><title>404 Not Found</title></head><body>Sign in</body></html>\n"


class Code:
    """Pickles as a call that a file of data has no need for."""

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return exec, ("raise SystemExit('code of a data file was run')",)


def apply(damage: str, path: Path) -> None:
    """Damage the file at ``path``."""
    for pattern, change in FILES.items():
        if match := re.fullmatch(pattern, damage, re.DOTALL):
            change(path, *match.groups())
            return
    for pattern, change_bytes in BYTES.items():
        if match := re.fullmatch(pattern, damage, re.DOTALL):
            before = path.read_bytes()
            after = change_bytes(before, *match.groups())
            assert after != before, f"{damage}: changes nothing in {path.name}"
            path.write_bytes(after)
            return
    raise AssertionError(f"no such damage: {damage}")


def _bytes(text: str) -> bytes:
    for written, meant in (("\\t", "\t"), ("\\n", "\n"), ("\\r", "\r")):
        text = text.replace(written, meant)
    return text.encode()


def _rows(content: bytes) -> list[bytes]:
    return content.splitlines(keepends=True)


def _drop_row(content: bytes, number: str) -> bytes:
    rows = _rows(content)
    del rows[int(number) - 1]
    return b"".join(rows)


def _repeat_row(content: bytes, number: str) -> bytes:
    return content + _rows(content)[int(number) - 1]


BYTES: dict[str, Callable[..., bytes]] = {
    r"replace (.+) => (.*)": lambda content, old, new: content.replace(_bytes(old), _bytes(new)),
    r"append (.+)": lambda content, text: content + _bytes(text) + b"\n",
    r"drop row (\d+)": _drop_row,
    r"repeat row (\d+)": _repeat_row,
    r"cut": lambda content: content[: len(content) // 2],
    r"cut (\d+) bytes": lambda content, number: content[: -int(number)],
    r"empty": lambda content: b"",
    r"web page": lambda content: WEB_PAGE,
    r"UTF-16": lambda content: content.decode().encode("utf-16"),
    r"Latin-1": lambda content: content[:2] + b"\xe9" + content[2:],
    r"byte-order mark": lambda content: b"\xef\xbb\xbf" + content,
    r"Windows line ends": lambda content: content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"),
    r"gzip": lambda content: gzip.compress(content),
    r"gzip, cut": lambda content: gzip.compress(content)[:-9],
    r"gzip bomb": lambda content: gzip.compress(content + bytes(8 << 20)),
    r"code": lambda content: pickle.dumps({"A375": Code()}),
    r"pickle (.+)": lambda content, value: pickle.dumps({"A375": eval(value)}),
}


def _missing(path: Path) -> None:
    path.unlink()


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _table(change: Callable[..., pd.DataFrame]) -> Callable[..., None]:
    """Return a damage of one of the workflow's tables, whose metadata stay."""

    def damage(path: Path, *arguments: str) -> None:
        metadata = read_metadata(path)
        kept = {key: value for key, value in metadata.items() if key != "format_version"}
        write_table(change(read_table(path), *arguments), path, **kept)

    return damage


def _set(frame: pd.DataFrame, column: str, row: str, value: str) -> pd.DataFrame:
    changed = frame.copy()
    values = changed[column].astype(object).to_numpy(copy=True)
    values[int(row)] = {"inf": np.inf, "none": None}.get(value, value)
    kept = changed[column].dtype if value == "inf" else None
    changed[column] = pd.Series(values, index=changed.index, dtype=kept)
    return changed


def _foreign(path: Path) -> None:
    pd.DataFrame({"drug": ["a"], "smiles": ["CCO"]}).to_parquet(path)


def _layout(path: Path, version: str) -> None:
    torch.save(torch.load(path, weights_only=True) | {"format_version": int(version)}, path)


def _without(path: Path, part: str) -> None:
    content = torch.load(path, weights_only=True)
    del content[part]
    torch.save(content, path)


def _member(path: Path, name: str, damage: str) -> None:
    with zipfile.ZipFile(path) as archive:
        members = {info.filename: archive.read(info) for info in archive.infolist()}
    full = next(member for member in members if member.endswith(name))
    if damage == "missing":
        del members[full]
    else:
        part = path.with_name("member")
        part.write_bytes(members[full])
        apply(damage, part)
        members[full] = part.read_bytes()
        part.unlink()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in members.items():
            archive.writestr(member, content)


def _add_member(path: Path, name: str) -> None:
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(name, "taken out of the archive")


def _claim(path: Path, name: str, size: str) -> None:
    """Change the size that the archive's directory gives for a member: a bomb without the bytes."""
    content = bytearray(path.read_bytes())
    at = content.rindex(name.encode())
    start = content.rindex(b"PK\x01\x02", 0, at)
    content[start + 24 : start + 28] = struct.pack("<I", int(size))
    path.write_bytes(content)


FILES: dict[str, Callable[..., None]] = {
    r"missing": _missing,
    r"folder": _folder,
    r"set (\S+), (\d+) = (.*)": _table(_set),
    r"drop column (\S+)": _table(lambda frame, column: frame.drop(columns=column)),
    r"foreign": _foreign,
    r"layout (\d+)": _layout,
    r"without (\w+)": _without,
    r"member (\S+): (.+)": _member,
    r"add member (\S+)": _add_member,
    r"claim (\S+) has (\d+) bytes": _claim,
}
