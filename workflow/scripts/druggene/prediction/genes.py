"""Finding a checkpoint's genes in tables of other releases: by symbol, or by the current symbol of both."""

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from druggene.sources.gene_identity import GeneTable
from druggene.symbols import FilePath

logger = logging.getLogger(__name__)

_WITH_ID = re.compile(r"(\S+) \(\d+\)")
"""A column of DepMap: symbol and Entrez id."""
_SHOWN = 5


@dataclass(frozen=True)
class FoundGenes:
    """Where the G genes of a checkpoint stand in a table.

    Attributes
    ----------
    positions
        G positions of columns; -1 for a gene that the table lacks.
    renamed
        Gene of the checkpoint to the column that holds it under another symbol.
    missing
        Genes without a column.
    unknown
        Columns that the table of genes does not know, by no symbol and no alias; none where no table is given.
    """

    positions: np.ndarray
    renamed: dict[str, str] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


def read_gene_table(path: FilePath) -> GeneTable:
    """Read resources/go/human_genes.tsv.gz or a table like it; a ValueError that names the file if it is another."""
    try:
        return GeneTable.read(path)
    except (KeyError, ValueError, UnicodeDecodeError) as error:
        raise ValueError(
            f"{path}: is no table of genes with entrez_id, symbol and aliases, tab-separated ({error}); take "
            "resources/go/human_genes.tsv.gz"
        ) from None


def find_genes(columns: Sequence[str], genes: Sequence[str], table: GeneTable | None, where: str) -> FoundGenes:
    """Find genes among the columns of an omic.

    A gene without a column of its symbol takes the only column that has the same current symbol. ``SYMBOL (id)``, as
    DepMap writes it, is read as the symbol.

    Raises
    ------
    ValueError
        If no gene is found, or two columns are one gene.
    """
    symbols = [match[1] if (match := _WITH_ID.fullmatch(str(column))) else str(column) for column in columns]
    if len(set(symbols)) < len(symbols):
        twice = pd.Series(symbols)
        raise ValueError(f"{where}: gene {twice[twice.duplicated()].iloc[0]!r} stands twice; keep one column")
    column_of = {symbol: position for position, symbol in enumerate(symbols)}
    positions = np.array([column_of.get(gene, -1) for gene in genes], dtype=np.int64)
    used, absent = set(genes), [gene for gene in genes if gene not in column_of]
    spare = [symbol for symbol in symbols if symbol not in used]
    renamed: dict[str, str] = {}
    unknown: list[str] = []
    if table is not None:
        of_spare = _only_ones(spare, table)
        for gene, current in zip(absent, _current(absent, table), strict=True):
            if current in of_spare:
                renamed[gene] = of_spare[current]
        positions = np.array([column_of.get(renamed.get(gene, gene), -1) for gene in genes], dtype=np.int64)
        unknown = [symbol for symbol in spare if not table.knows(symbol)]
    missing = tuple(gene for gene, position in zip(genes, positions, strict=True) if position < 0)
    if len(missing) == len(genes):
        shown = ", ".join(symbols[:_SHOWN])
        raise ValueError(
            f"{where}: none of its {len(symbols)} columns ({shown}, …) is one of the {len(genes)} genes of the "
            f"checkpoint ({', '.join(genes[:_SHOWN])}, …); cell lines are rows, and columns are named by gene symbols, "
            "not by ids"
        )
    return FoundGenes(positions, renamed, missing, tuple(unknown))


def _current(symbols: Sequence[str], table: GeneTable) -> list[str]:
    return [table.symbol_of(symbol) for symbol in symbols]


def _only_ones(symbols: Sequence[str], table: GeneTable) -> dict[str, str]:
    """Return current symbol to the one that stands for it; none where several do."""
    found: dict[str, list[str]] = {}
    for symbol, current in zip(symbols, _current(symbols, table), strict=True):
        found.setdefault(current, []).append(symbol)
    return {current: names[0] for current, names in found.items() if len(names) == 1}
