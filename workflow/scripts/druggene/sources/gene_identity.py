"""One symbol for each gene, whichever release of a portal names it: the current one of its Entrez id or alias."""

import logging
from collections.abc import Collection, Mapping

import pandas as pd

from druggene.symbols import FilePath, read_aliases

logger = logging.getLogger(__name__)


class GeneTable:
    """The human genes of resources/go/human_genes.tsv.gz (NCBI Gene), by id, symbol and alias.

    Attributes
    ----------
    counts
        What each renaming kept: step, what, n_in, n_out, reason.
    """

    def __init__(self, symbol_of_id: Mapping[str, str], aliases: Mapping[str, Collection[str]]) -> None:
        self._by_id = dict(symbol_of_id)
        self._symbols = set(symbol_of_id.values())
        # An alias of several genes tells nothing.
        self._by_alias = {alias: next(iter(meant)) for alias, meant in aliases.items() if len(meant) == 1}
        self.counts: list[tuple[str, str, int, int, str]] = []

    @classmethod
    def read(cls, path: FilePath) -> "GeneTable":
        """Read entrez_id, symbol and aliases (joined by ``|``), tab-separated, gzipped or not."""
        table = pd.read_csv(path, sep="\t", dtype="str", usecols=["entrez_id", "symbol"])
        return cls(dict(zip(table["entrez_id"], table["symbol"], strict=True)), read_aliases(path))

    def current(self, symbols: pd.Series, entrez_ids: pd.Series | None, where: str) -> pd.Series:
        """Return today's symbols: by Entrez id, else the symbol itself, else the one gene that has it as an alias.

        A gene that the table does not know keeps its symbol.
        """
        ids = entrez_ids if entrez_ids is not None else pd.Series("", index=symbols.index)
        pairs = pd.DataFrame({"symbol": symbols, "id": ids.fillna("")})
        unique = pairs.drop_duplicates()
        by_id = unique["id"].map(self._by_id)
        by_symbol = unique["symbol"].where(unique["symbol"].isin(self._symbols))
        found = by_id.fillna(by_symbol).fillna(unique["symbol"].map(self._by_alias))
        renamed = found.notna() & (found != unique["symbol"])
        logger.info(
            "%s: %d genes, of which %d by Entrez id; %d have another symbol today, %d are not in the table of genes",
            where,
            len(unique),
            by_id.notna().sum(),
            renamed.sum(),
            found.isna().sum(),
        )
        # Numbered in the order in which they appear, which is that of `unique`.
        number = pairs.groupby(["symbol", "id"], sort=False).ngroup()
        current = found.fillna(unique["symbol"]).to_numpy()[number.to_numpy()]
        return pd.Series(current, index=symbols.index, dtype="str")

    def symbol_of(self, symbol: str) -> str:
        """Return today's symbol of one without an id, as :meth:`current` does."""
        return symbol if symbol in self._symbols else self._by_alias.get(symbol, symbol)

    def knows(self, symbol: str) -> bool:
        """Tell whether a symbol is that of a gene, or the alias of just one."""
        return symbol in self._symbols or symbol in self._by_alias

    def count(self, step: str, what: str, n_in: int, n_out: int, reason: str) -> None:
        """Note how many a step kept, and why the rest went."""
        self.counts.append((step, what, n_in, n_out, reason))
