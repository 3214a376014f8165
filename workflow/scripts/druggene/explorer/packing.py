"""Numbers and texts packed small for a page: one byte per number, compressed, as Base64.

A block is the length of a JSON text (four bytes, little-endian), the text, padding to four bytes, then arrays, each
padded likewise; all of it compressed by gzip and written as Base64. The text's entry ``arrays`` has name, type, shape
and place of each array. Browsers unpack it by ``DecompressionStream``, from a file as well as from a server.
"""

import base64
import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

MISSING = 255
"""Code of a number that is not there."""
LEVELS = 254
"""Steps from the lowest to the highest number of a row."""


@dataclass(frozen=True)
class Quantised:
    """Rows of numbers in one byte each.

    Attributes
    ----------
    codes
        R x N bytes.
    ranges
        R x 3, float32: scale, lowest and highest value of ``arcsinh(number / scale)``, which the codes divide evenly.
    """

    codes: np.ndarray
    ranges: np.ndarray


def quantise(values: np.ndarray) -> Quantised:
    """Return R x N numbers in 255 steps per row, even up to five times their median size and logarithmic beyond.

    A quotient that explodes leaves the steps among the others fine. NaN is ``MISSING``, an infinity the largest finite
    number of its sign. The order of numbers is kept, save that near ones become equal.
    """
    numbers = np.array(values, dtype=np.float64)
    finite = np.isfinite(numbers)
    empty = np.logical_not(np.any(finite, axis=1, keepdims=True))[:, 0]
    lowest = np.where(empty, 0, np.min(numbers, axis=1, where=finite, initial=np.inf))
    highest = np.where(empty, 0, np.max(numbers, axis=1, where=finite, initial=-np.inf))
    missing = np.isnan(numbers)
    numbers = np.clip(np.where(missing, lowest[:, None], numbers), lowest[:, None], highest[:, None])
    common = np.median(np.abs(numbers), axis=1)
    scale = np.where(common > 0, 5 * common, np.maximum(np.abs(lowest), np.abs(highest)))
    scale[scale == 0] = 1.0
    ranges = np.stack([scale, np.arcsinh(lowest / scale), np.arcsinh(highest / scale)], axis=1).astype(np.float32)
    width = np.where(ranges[:, 2] > ranges[:, 1], ranges[:, 2] - ranges[:, 1], 1.0)[:, None]
    steps = np.rint((np.arcsinh(numbers / scale[:, None]) - ranges[:, 1:2]) / width * LEVELS)
    codes = np.clip(steps, 0, LEVELS).astype(np.uint8)
    codes[missing | empty[:, None]] = MISSING
    return Quantised(codes, ranges)


def restore(quantised: Quantised) -> np.ndarray:
    """Return the R x N numbers that codes stand for, NaN where there is none; the page does the same."""
    scale, lowest, highest = (quantised.ranges[:, i : i + 1].astype(np.float64) for i in range(3))
    numbers = scale * np.sinh(lowest + quantised.codes * (highest - lowest) / LEVELS)
    return np.where(quantised.codes == MISSING, np.nan, numbers)


def smallest_integers(values: np.ndarray) -> np.ndarray:
    """Return whole numbers from 0 up in two bytes each, or in four where there are larger ones."""
    fits = values.size == 0 or values.max() < 2**16
    return values.astype(np.uint16 if fits else np.uint32)


def pack(texts: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> str:
    """Return a block as Base64; equal contents give equal text."""
    places: dict[str, Any] = {}
    body = bytearray()
    for name, array in arrays.items():
        places[name] = {"type": array.dtype.name, "shape": array.shape, "at": len(body)}
        body += np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<")).tobytes()
        body += bytes(-len(body) % 4)
    head = json.dumps({**texts, "arrays": places}, allow_nan=False, separators=(",", ":")).encode()
    padding = bytes(-(4 + len(head)) % 4)
    block = len(head).to_bytes(4, "little") + head + padding + bytes(body)
    return base64.b64encode(gzip.compress(block, compresslevel=9, mtime=0)).decode("ascii")


def unpack(block: str) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Return the texts and arrays of a block."""
    content = gzip.decompress(base64.b64decode(block))
    length = int.from_bytes(content[:4], "little")
    head = json.loads(content[4 : 4 + length])
    start = 4 + length + -(4 + length) % 4
    arrays = {}
    for name, place in head.pop("arrays").items():
        number = int(np.prod(place["shape"]))
        flat = np.frombuffer(content, np.dtype(place["type"]).newbyteorder("<"), number, start + place["at"])
        arrays[name] = flat.reshape(place["shape"])
    return head, arrays
