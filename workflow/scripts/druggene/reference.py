"""What a checkpoint keeps of its training set, so that it can say how far a new cell line or drug is from it.

Of a drug, the packed fingerprints that the network reads and those of its active part. Of a cell line, a sketch of the
encoded genotype: its values along the principal components of the training cell lines, and random projections of what
these leave over. Distances between sketches estimate those between genotypes without bias, also for a cell line unlike
any component, while 128 numbers do not give back a genotype of some thousand: a checkpoint that is passed on passes on
no omics.

Letters: D training drugs, C training cell lines, B bits, F = M G inputs of the genotype, S numbers of a sketch, R rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np

_COMPONENTS: Final = 64
_PROJECTIONS: Final = 64
_ROWS_AT_ONCE: Final = 4096
_IDENTICAL: Final = 0.02
"""Distance, in parts of the usual one between any two cell lines, that rounding may leave between equal genotypes."""


@dataclass(frozen=True)
class Reference:
    """The training set of a checkpoint in a compact form.

    Attributes
    ----------
    drugs
        D names.
    fingerprints, parents
        D x B/8 packed bits (uint8), of the structures as the network reads them and of their active parts.
    cell_lines
        C names.
    directions
        S x F, float16; a sketch is a genotype times these.
    sketches
        C x S, float16.
    """

    drugs: tuple[str, ...]
    fingerprints: np.ndarray
    parents: np.ndarray
    cell_lines: tuple[str, ...]
    directions: np.ndarray
    sketches: np.ndarray

    @classmethod
    def of(
        cls,
        drugs: Sequence[str],
        fingerprints: np.ndarray,
        parents: np.ndarray,
        cell_lines: Sequence[str],
        genotype: np.ndarray,
    ) -> Self:
        """Take D names and D x B/8 fingerprints, C names and their C x M x G genotype as the network reads it."""
        directions = _directions(genotype.reshape(len(genotype), -1).astype(np.float64)).astype(np.float16)
        sketches = _sketch(genotype, directions)
        return cls(tuple(drugs), fingerprints, parents, tuple(cell_lines), directions, sketches)

    def nearest_drugs(self, fingerprints: np.ndarray, parents: bool = False) -> tuple[np.ndarray, np.ndarray]:
        """Return the position of the most similar training drug and its Tanimoto similarity, for R packed fingerprints.

        ``parents`` compares with the fingerprints of the active parts.
        """
        return _nearest(tanimoto(fingerprints, self.parents if parents else self.fingerprints), largest=True)

    def nearest_cell_lines(
        self, genotype: np.ndarray, names: Sequence[str] | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the position of the nearest training cell line and its distance, for R x M x G genotypes.

        Of training cell lines that are as near as each other but for rounding, the one that has the name of the row
        goes first, where ``names`` gives R of them.
        """
        distances = _distances(_sketch(genotype, self.directions), self.sketches)
        best, nearest = _nearest(distances, largest=False)
        if names is None:
            return best, nearest
        place = {name: position for position, name in enumerate(self.cell_lines)}
        own = np.array([place.get(name, -1) for name in names])
        of_own = distances[np.arange(len(own)), own]
        as_near = (own >= 0) & (of_own <= nearest + _IDENTICAL * np.median(distances))
        return np.where(as_near, own, best), np.where(as_near, of_own, nearest)

    def own_distances(self) -> np.ndarray:
        """Return the distance of every training cell line to the nearest other one, C; NaN where there is no other.

        The same cell line under a second name is no other one.
        """
        distances = _distances(self.sketches, self.sketches)
        distances[distances <= _IDENTICAL * np.median(distances)] = np.inf
        np.fill_diagonal(distances, np.inf)
        nearest = distances.min(axis=1)
        return np.where(np.isinf(nearest), np.nan, nearest)

    def extended(
        self,
        drugs: Sequence[str],
        fingerprints: np.ndarray,
        parents: np.ndarray,
        cell_lines: Sequence[str],
        genotype: np.ndarray,
    ) -> "Reference":
        """Return the reference with further training drugs and cell lines; a name that is there already is replaced."""
        old_drugs = [i for i, name in enumerate(self.drugs) if name not in set(drugs)]
        old_lines = [i for i, name in enumerate(self.cell_lines) if name not in set(cell_lines)]
        return Reference(
            (*(self.drugs[i] for i in old_drugs), *drugs),
            np.vstack([self.fingerprints[old_drugs], fingerprints]),
            np.vstack([self.parents[old_drugs], parents]),
            (*(self.cell_lines[i] for i in old_lines), *cell_lines),
            self.directions,
            np.vstack([self.sketches[old_lines], _sketch(genotype, self.directions)]),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return names as lists and arrays as they are."""
        names = {"drugs": list(self.drugs), "cell_lines": list(self.cell_lines)}
        return names | {name: getattr(self, name) for name in ARRAYS}

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> Self:
        """Rebuild what :meth:`to_dict` gave."""
        fingerprints, parents, directions, sketches = (np.asarray(state[name]) for name in ARRAYS)
        return cls(tuple(state["drugs"]), fingerprints, parents, tuple(state["cell_lines"]), directions, sketches)


ARRAYS: Final = ("fingerprints", "parents", "directions", "sketches")
"""The fields of a reference that are arrays."""


def tanimoto(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return R x D Tanimoto similarities of packed fingerprints, bits of both over bits of either; 0 without bits."""
    of_right = np.unpackbits(right, axis=1).astype(np.float32)
    right_bits = of_right.sum(axis=1)
    similarities = np.empty((len(left), len(right)), np.float32)
    for start in range(0, len(left), _ROWS_AT_ONCE):
        rows = slice(start, start + _ROWS_AT_ONCE)
        of_left = np.unpackbits(left[rows], axis=1).astype(np.float32)
        both = of_left @ of_right.T
        either = of_left.sum(axis=1)[:, None] + right_bits - both
        similarities[rows] = both / np.maximum(either, 1)
    return similarities


def _directions(genotype: np.ndarray) -> np.ndarray:
    """Return S x F: the principal components of C x F genotypes, then random directions of what they leave over."""
    centred = genotype - genotype.mean(axis=0)
    variances, vectors = np.linalg.eigh(centred @ centred.T)
    kept = max(0, min(_COMPONENTS, len(genotype) - 1))
    large = np.flatnonzero(variances[-kept:] > 1e-9 * max(variances[-1], 1e-300)) if kept else np.empty(0, int)
    chosen = len(variances) - kept + large
    components = (vectors[:, chosen] / np.sqrt(variances[chosen])).T @ centred
    random = np.random.RandomState(0).standard_normal((_PROJECTIONS, genotype.shape[1])) / np.sqrt(_PROJECTIONS)
    return np.vstack([components, random - (random @ components.T) @ components])


def _sketch(genotype: np.ndarray, directions: np.ndarray) -> np.ndarray:
    flat = genotype.reshape(len(genotype), -1).astype(np.float32)
    return (flat @ directions.astype(np.float32).T).astype(np.float16)


def _distances(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return R x C Euclidean distances of sketches."""
    a, b = left.astype(np.float64), right.astype(np.float64)
    squares = (a * a).sum(axis=1)[:, None] + (b * b).sum(axis=1) - 2 * a @ b.T
    return np.sqrt(np.maximum(squares, 0.0))


def _nearest(values: np.ndarray, largest: bool) -> tuple[np.ndarray, np.ndarray]:
    best = values.argmax(axis=1) if largest else values.argmin(axis=1)
    return best, values[np.arange(len(values)), best]
