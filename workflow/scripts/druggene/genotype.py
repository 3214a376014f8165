"""The genotype: which genes it holds, and how mutation, expression and copy number become network inputs.

Shapes: C cell lines, G genes, N channels.
"""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from sklearn.preprocessing import MinMaxScaler

from druggene.constants import CELL_LINE, GENE, MUTATION
from druggene.symbols import warn_of_odd_symbols
from druggene.tables import read_metadata, read_table, require_columns, write_table

logger = logging.getLogger(__name__)

OMIC = "omic"
MUTATION_FREQUENCY = "mutation_frequency"
MUTATION_ENCODINGS = ("gray", "binary")
IMPUTATIONS = ("cell_line_mean", "gene_mean")
FUSIONS = ("sum_rescaled", "sum", "channels")


def select_genes(
    mutation: pd.DataFrame,
    training_lines: Sequence[str],
    annotated: Collection[str],
    top_mutated_fraction: float,
    measured: Sequence[Collection[str]] = (),
) -> pd.DataFrame:
    """Return the annotated genes among those most often mutated in the training cell lines.

    The fraction is taken of all genes of the mutation table, before genes without an annotation go
    (paper, "Data preprocessing"). Ties are broken by symbol; missing values count neither way.

    Parameters
    ----------
    mutation
        C x all genes, 0 or 1, NaN where not measured.
    training_lines
        The cell lines that may be learned from.
    annotated
        Genes with at least one annotation in the ontology.
    top_mutated_fraction
        Above 0, at most 1.
    measured
        The genes of each further omic; a gene must be in all of them.

    Returns
    -------
    pandas.DataFrame
        Columns gene (alphabetical) and mutation_frequency (in the training cell lines, 0 to 1).

    Raises
    ------
    ValueError
        If a training cell line has no row or no gene is left.
    """
    frequency = _mutation_frequency(mutation, training_lines)
    number = max(1, round(top_mutated_fraction * len(frequency)))
    return _keep_usable(
        frequency.sort_index().nlargest(number), annotated, measured, f"the {number} most often mutated genes"
    )


def select_listed_genes(
    mutation: pd.DataFrame,
    training_lines: Sequence[str],
    annotated: Collection[str],
    listed: Collection[str],
    measured: Sequence[Collection[str]] = (),
    where: object = "the list",
) -> pd.DataFrame:
    """Return the genes of a given list that are annotated and in the data, as :func:`select_genes` does.

    ``where`` names the list in messages.
    """
    frequency = _mutation_frequency(mutation, training_lines)
    return _keep_usable(frequency[frequency.index.isin(list(listed))], annotated, measured, f"the genes of {where}")


def _mutation_frequency(mutation: pd.DataFrame, training_lines: Sequence[str]) -> pd.Series:
    _require_lines(mutation, training_lines, MUTATION)
    return mutation.loc[list(training_lines)].mean().fillna(0.0)


def _keep_usable(
    frequency: pd.Series, annotated: Collection[str], measured: Sequence[Collection[str]], what: str
) -> pd.DataFrame:
    """Keep the genes that are annotated and in every omic, in alphabetical order, and log the losses."""
    with_annotation = set(frequency.index) & set(annotated)
    kept = sorted(with_annotation.intersection(*map(set, measured)))
    warn_of_odd_symbols(set(frequency.index), annotated, what)
    logger.info("%s: %d; annotated: %d; in every omic: %d", what, len(frequency), len(with_annotation), len(kept))
    if not kept:
        raise ValueError(
            f"genes: none of {what} ({len(frequency)}) is annotated in the ontology and measured in every omic; "
            "raise genes.top_mutated_fraction, or check that all files use the same gene symbols"
        )
    return pd.DataFrame({GENE: kept, MUTATION_FREQUENCY: frequency[kept].to_numpy(dtype=np.float64)})


def read_omic(path: str | Path, genes: Sequence[str]) -> pd.DataFrame:
    """Return C x G of one omic's table, without reading its other genes."""
    return read_table(path, columns=[CELL_LINE, *genes])


def genes_of(path: str | Path) -> list[str]:
    """Return the genes of an omic's table from its schema alone."""
    return [name for name in pq.read_schema(path).names if name != CELL_LINE]


def gray_encode(bits: np.ndarray) -> np.ndarray:
    """Turn binary words (... x G, first gene most significant) into reflected Gray code: g[i] = b[i] xor b[i-1]."""
    coded = bits.astype(np.uint8)
    coded[..., 1:] ^= bits[..., :-1].astype(np.uint8)
    return coded


def gray_decode(coded: np.ndarray) -> np.ndarray:
    """Turn reflected Gray code (... x G) back into binary words: b[i] = g[0] xor ... xor g[i]."""
    return np.bitwise_xor.accumulate(coded.astype(np.uint8), axis=-1)


def fill_missing(values: np.ndarray, gene_means: np.ndarray, impute: str = "cell_line_mean") -> np.ndarray:
    """Replace missing values in the source's units.

    Parameters
    ----------
    values
        C x G, NaN where not measured.
    gene_means
        G means over the training cell lines.
    impute
        "cell_line_mean": the mean of that cell line's measured genes (paper); a cell line without any takes the gene
        means. "gene_mean": the gene's mean.

    Returns
    -------
    numpy.ndarray
        C x G; what was measured is as it was.
    """
    missing = np.isnan(values)
    filling = np.broadcast_to(gene_means, values.shape)
    if impute == "cell_line_mean":
        measured = (~missing).sum(axis=1, keepdims=True)
        line_means = np.nansum(values, axis=1, keepdims=True) / np.maximum(measured, 1)
        filling = np.where(measured > 0, line_means, filling)
    return np.where(missing, filling, values)


def scale_to_unit(values: np.ndarray, minima: np.ndarray, maxima: np.ndarray) -> np.ndarray:
    """Scale each gene's minimum to 0 and maximum to 1; values beyond are clipped, a constant gene becomes 0.

    Parameters
    ----------
    values
        C x G, none missing.
    minima, maxima
        G values of the training cell lines.

    Returns
    -------
    numpy.ndarray
        C x G from 0 to 1: (x - min) / (max - min).
    """
    extremes = np.stack([minima, maxima])
    # A scaler depends on the rows it is fitted to through their extremes alone.
    scaled = MinMaxScaler(clip=True).fit(extremes).transform(values)
    return np.where(np.ptp(extremes, axis=0) > 0, scaled, 0.0)


@dataclass(frozen=True)
class GenotypeEncoder:
    """What was learned from the training cell lines to encode any cell line.

    Attributes
    ----------
    genes
        G symbols in alphabetical order.
    mutation_encoding
        "gray" (paper, "Data preprocessing") or "binary".
    impute
        What replaces a missing value: "cell_line_mean", the mean of that cell line's measured genes of
        the same omic (paper), or "gene_mean", the gene's mean over the training cell lines.
    means, minima, maxima
        Omic to G values of the training cell lines, in the source's units, over measured values only: an
        imputed value shall not stretch a gene's range.
    """

    genes: tuple[str, ...]
    mutation_encoding: str
    impute: str
    means: dict[str, np.ndarray]
    minima: dict[str, np.ndarray]
    maxima: dict[str, np.ndarray]

    @classmethod
    def fit(
        cls,
        omics: Mapping[str, pd.DataFrame],
        genes: Sequence[str],
        training_lines: Sequence[str],
        mutation_encoding: str = "gray",
        impute: str = "cell_line_mean",
    ) -> Self:
        """Learn ranges and means from the training cell lines.

        Parameters
        ----------
        omics
            Omic to a table of cell lines x genes (at least ``genes``), NaN where not measured.
        genes
            In any order; held alphabetically.
        training_lines
            The only cell lines that are looked at.
        mutation_encoding, impute
            See the attributes.

        Raises
        ------
        ValueError
            For an unknown option, a gene or a training cell line that an omic lacks, or an infinite value.
        """
        _require_option("genotype.mutation_encoding", mutation_encoding, MUTATION_ENCODINGS)
        _require_option("genotype.impute", impute, IMPUTATIONS)
        ordered = sorted(genes)
        means, minima, maxima = {}, {}, {}
        for omic, frame in omics.items():
            require_columns(frame.columns, ordered, omic)
            _require_lines(frame, training_lines, omic)
            _require_finite(frame[ordered], omic)
            training = frame.loc[list(training_lines), ordered].astype(np.float64)
            # A gene that no training cell line has measured takes the mean of all genes, and stays constant.
            mean = training.mean()
            overall = mean.mean()
            mean = mean.fillna(0.0 if np.isnan(overall) else overall)
            means[omic] = mean.to_numpy()
            minima[omic] = training.min().fillna(mean).to_numpy()
            maxima[omic] = training.max().fillna(mean).to_numpy()
        return cls(tuple(ordered), mutation_encoding, impute, means, minima, maxima)

    def transform(self, omics: Mapping[str, pd.DataFrame], *, level: int = logging.INFO) -> dict[str, np.ndarray]:
        """Return C x G values from 0 to 1 (float32) per omic, rows in the order of each table.

        Missing values are replaced in the source's units, before scaling: the paper averages the data of
        the cell line as they are. A cell line without any measured gene takes the training cell lines'
        gene means. Expression and copy number are scaled per gene to the training cell lines' minimum and
        maximum; values beyond are clipped, a constant gene becomes 0. Imputed mutations are rounded at 0.5
        before Gray coding, which needs bits. ``level`` is that of the log of what is imputed.

        Raises
        ------
        ValueError
            For an omic that was not fitted, a gene that a table lacks, or an infinite value.
        """
        encoded = {}
        for omic, frame in omics.items():
            if omic not in self.means:
                raise ValueError(f"genotype: {omic} was not fitted; fitted are {', '.join(self.means)}")
            require_columns(frame.columns, self.genes, omic)
            _require_finite(frame[list(self.genes)], omic)
            values = self._fill(omic, frame[list(self.genes)].to_numpy(dtype=np.float64), level)
            if omic == MUTATION:
                values = gray_encode(values > 0.5) if self.mutation_encoding == "gray" else values
            else:
                values = scale_to_unit(values, self.minima[omic], self.maxima[omic])
            encoded[omic] = values.astype(np.float32)
        return encoded

    def _fill(self, omic: str, values: np.ndarray, level: int) -> np.ndarray:
        missing = np.isnan(values)
        logger.log(
            level,
            "%s: %d of %d values imputed by %s; %d cell lines without any measured gene take gene means",
            *(omic, missing.sum(), missing.size, self.impute, missing.all(axis=1).sum()),
        )
        return fill_missing(values, self.means[omic], self.impute)

    def to_dict(self) -> dict[str, Any]:
        """Return the encoder in terms of JSON; floating-point numbers survive exactly."""
        return {
            "genes": list(self.genes),
            "mutation_encoding": self.mutation_encoding,
            "impute": self.impute,
            **{
                name: {omic: values.tolist() for omic, values in getattr(self, name).items()}
                for name in ("means", "minima", "maxima")
            },
        }

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> Self:
        """Rebuild what :meth:`to_dict` gave."""
        arrays = {
            name: {omic: np.array(values, dtype=np.float64) for omic, values in state[name].items()}
            for name in ("means", "minima", "maxima")
        }
        return cls(tuple(state["genes"]), state["mutation_encoding"], state["impute"], **arrays)


def fuse(encoded: Mapping[str, np.ndarray], omics: Sequence[str], fusion: str = "sum_rescaled") -> np.ndarray:
    """Superpose the omics of a model into its input.

    Parameters
    ----------
    encoded
        Omic to C x G values from 0 to 1.
    omics
        Those of the model, in the order of its channels.
    fusion
        "sum_rescaled": their mean, from 0 to 1 (paper); "sum": their plain sum (the authors' code);
        "channels": side by side.

    Returns
    -------
    numpy.ndarray
        C x N x G, float32; N is 1 unless ``fusion`` is "channels".

    Raises
    ------
    ValueError
        For an unknown fusion, no omic, or an omic that was not encoded.
    """
    _require_option("genotype.fusion", fusion, FUSIONS)
    missing = [omic for omic in omics if omic not in encoded]
    if missing or not omics:
        wanted = ", ".join(missing) if missing else "none"
        raise ValueError(f"genotype: cannot fuse the omics asked for ({wanted}); encoded are {', '.join(encoded)}")
    stacked = np.stack([encoded[omic] for omic in omics], axis=1).astype(np.float32)
    if fusion == "channels":
        return stacked
    fused = stacked.sum(axis=1, keepdims=True)
    return fused / np.float32(len(omics)) if fusion == "sum_rescaled" else fused


def channels_of(omics: Sequence[str], fusion: str) -> int:
    """Return N, the number of inputs per gene that :func:`fuse` makes of ``omics``."""
    return len(omics) if fusion == "channels" else 1


def write_genotype(
    path: str | Path,
    encoded: Mapping[str, np.ndarray],
    cell_lines: Sequence[str],
    encoder: GenotypeEncoder,
    **marks: Any,
) -> None:
    """Write one row per omic and cell line: columns omic, cell_line, then G genes (float32, 0 to 1)."""
    frames = [
        pd.DataFrame(values, columns=list(encoder.genes)).assign(**{OMIC: omic, CELL_LINE: list(cell_lines)})
        for omic, values in encoded.items()
    ]
    table = pd.concat(frames, ignore_index=True)[[OMIC, CELL_LINE, *encoder.genes]]
    write_table(
        table,
        path,
        description="encoded genotype: rows are omic and cell line, columns are genes, values from 0 to 1",
        encoder=encoder.to_dict(),
        **marks,
    )


def read_genotype(path: str | Path) -> tuple[dict[str, np.ndarray], list[str], list[str], GenotypeEncoder]:
    """Return what :func:`write_genotype` wrote: omic to C x G, the C cell lines, the G genes, the encoder."""
    encoder = GenotypeEncoder.from_dict(read_metadata(path)["encoder"])
    table = pq.read_table(path)
    rows = table.select([OMIC, CELL_LINE]).to_pandas()
    values = np.column_stack([table.column(gene).to_numpy() for gene in encoder.genes]).astype(np.float32)
    encoded = {omic: values[(rows[OMIC] == omic).to_numpy()] for omic in rows[OMIC].unique()}
    cell_lines = list(rows.loc[rows[OMIC] == rows[OMIC].iloc[0], CELL_LINE])
    return encoded, cell_lines, list(encoder.genes), encoder


def _require_lines(frame: pd.DataFrame, lines: Sequence[str], omic: str) -> None:
    missing = sorted(set(lines) - set(frame.index))
    if missing or not len(lines):
        named = f"{missing[0]} ({len(missing)} in all) has" if missing else "none given: they have"
        raise ValueError(f"{omic}: training cell line {named} no row in the table")


def _require_finite(frame: pd.DataFrame, omic: str) -> None:
    infinite = np.isinf(frame.to_numpy())
    if infinite.any():
        row, column = np.argwhere(infinite)[0]
        raise ValueError(
            f"{omic}: gene {frame.columns[column]} of cell line {frame.index[row]} is infinite "
            f"({infinite.sum()} such values); leave what was not measured empty"
        )


def _require_option(key: str, value: str, options: Sequence[str]) -> None:
    if value not in options:
        raise ValueError(f"{key}: {value!r} is not one of {', '.join(options)}")
