"""Download of one file that goes on where the last attempt stopped, in this run or an earlier one.

What has arrived lies in ``<file>.part`` beside the target, and in ``<file>.part.validator`` what tells whether the
server still has the same file: its strong ETag, else the date of its last modification (RFC 9110, sections 13.1.5 and
14.2). A part is continued only with ``If-Range`` and that validator; a server that ignores it, or has another file by
now, sends the whole file again.
"""

import logging
import re
from pathlib import Path
from typing import BinaryIO, Final

import requests
from urllib3.exceptions import HTTPError, MaxRetryError
from urllib3.util import Retry

logger = logging.getLogger(__name__)

ATTEMPTS: Final = Retry(total=6, backoff_factor=2.0, backoff_max=60, backoff_jitter=1.0, retry_after_max=600)
"""Further attempts after a failure: at once, then after 4, 8, 16, 32 and 60 seconds, or as the server's Retry-After
asks for."""

_TEMPORARY: Final = frozenset({408, 421, 425, 429, 500, 502, 503, 504})
_RANGE_REFUSED: Final = 416
PIECE: Final = 1 << 14
"""Bytes that are read at once; of the piece in which a connection breaks nothing is kept."""

_TIMEOUT_SECONDS: Final = (20, 60)
"""To connect, and between two pieces."""


class _TemporaryError(Exception):
    """A failure that another attempt may mend."""

    def __init__(self, message: str, response: requests.Response | None = None) -> None:
        super().__init__(message)
        self.response = response


def part_of(target: Path) -> Path:
    """Return where the incomplete download of ``target`` lies."""
    return target.with_name(f"{target.name}.part")


def discard_part(target: Path) -> None:
    """Remove an incomplete download and its validator."""
    part_of(target).unlink(missing_ok=True)
    _validator_of(target).unlink(missing_ok=True)


def download(url: str, target: Path, attempts: Retry = ATTEMPTS) -> bool:
    """Complete the part of ``target``, which stays a part: verify it, then rename it.

    The proxies that the environment names (HTTPS_PROXY, NO_PROXY …) hold, and redirects are followed.

    Parameters
    ----------
    url
        The file's address.
    target
        Where it is to be in the end.
    attempts
        How often to try again, and how long to wait before.

    Returns
    -------
    bool
        Whether it was continued, so that its beginning came with an earlier response.

    Raises
    ------
    ConnectionError
        If the server refuses, or the last attempt fails; what has arrived is kept.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    number = 0
    with requests.Session() as session:
        while True:
            number += 1
            try:
                return _attempt(session, url, target)
            except (_TemporaryError, requests.RequestException, HTTPError) as error:
                try:
                    attempts = attempts.increment("GET", url, error=error)
                except MaxRetryError:
                    raise ConnectionError(f"{url}: not retrieved in {number} attempts, last: {error}") from error
                logger.warning("%s: attempt %d failed: %s", url, number, error)
                response = error.response if isinstance(error, _TemporaryError) else None
                attempts.sleep(None if response is None else response.raw)


def _validator_of(target: Path) -> Path:
    return target.with_name(f"{target.name}.part.validator")


def _attempt(session: requests.Session, url: str, target: Path) -> bool:
    """Ask once for what is missing; return whether something was there before."""
    part, validator = part_of(target), _validator_of(target)
    known = validator.read_text() if validator.exists() else ""
    offset = part.stat().st_size if part.exists() and known else 0
    headers = {"Accept-Encoding": "identity"}
    if offset:
        headers |= {"Range": f"bytes={offset}-", "If-Range": known}
    with session.get(url, headers=headers, stream=True, timeout=_TIMEOUT_SECONDS) as response:
        if response.status_code == _RANGE_REFUSED:
            discard_part(target)
            raise _TemporaryError(f"the server has no bytes after {offset}; begun again")
        if response.status_code in _TEMPORARY:
            raise _TemporaryError(f"the server answered {response.status_code} {response.reason}", response)
        if not response.ok:
            raise ConnectionError(f"{url}: the server answered {response.status_code} {response.reason}")
        current = _validator(response)
        goes_on = response.status_code == requests.codes.partial_content
        if goes_on and (current != known or _first_byte(response) != offset):
            # A server that honours Range but not If-Range: this is a piece of another file.
            discard_part(target)
            raise _TemporaryError("the file has changed on the server; begun again")
        if not goes_on:
            offset = 0
            validator.unlink(missing_ok=True)
        _write(response, part, offset, validator, current)
        expected = _whole_size(response, offset)
    size = part.stat().st_size
    if expected is None and response.headers.get("Transfer-Encoding") != "chunked":
        logger.warning("%s: the server does not announce the length, so that a cut could not be seen", url)
    if expected is not None and size != expected:
        raise _TemporaryError(f"the response ended after {size} of {expected} bytes")
    validator.unlink(missing_ok=True)
    return offset > 0


def _write(response: requests.Response, part: Path, offset: int, validator: Path, current: str) -> None:
    """Write the response from ``offset`` on; the validator is there before anything that it speaks for."""
    with part.open("r+b" if offset else "wb") as handle:
        if not offset and current:
            validator.write_text(current)
        handle.seek(offset)
        handle.truncate()
        for piece in response.iter_content(PIECE):
            _append(handle, piece, part)


def _append(handle: BinaryIO, piece: bytes, part: Path) -> None:
    try:
        handle.write(piece)
    except OSError as error:
        error.add_note(f"{part}: not complete; what has arrived is kept, and another attempt goes on from there")
        raise


def _validator(response: requests.Response) -> str:
    """Return the strong ETag, else the date of the last modification, else nothing."""
    etag: str = response.headers.get("ETag", "")
    if etag and not etag.startswith("W/"):
        return etag
    modified: str = response.headers.get("Last-Modified", "")
    return modified


def _first_byte(response: requests.Response) -> int | None:
    match = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
    return int(match[1]) if match else None


def _whole_size(response: requests.Response, offset: int) -> int | None:
    """Return the announced size of the whole file; None where the server does not say."""
    length = response.headers.get("Content-Length")
    return None if length is None else offset + int(length)
