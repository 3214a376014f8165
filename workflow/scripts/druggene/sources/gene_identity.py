"""One symbol for each gene, whichever release of a portal names it: the current one of its Entrez id or alias."""

import logging
import os

import pandas as pd

logger = logging.getLogger(__name__)


class GeneTable:
    """The human genes of resources/go/human_genes.tsv.gz (NCBI Gene), by id, symbol and alias.

    Attributes
    ----------
    counts
        What each renaming kept: step, what, n_in, n_out, reason.
    """

    def __init__(self, genes: pd.DataFrame) -> None:
        symbols = genes["symbol"]
        self._by_id = dict(zip(genes["entrez_id"], symbols, strict=True))
        self._symbols = set(symbols)
        aliases = genes.set_index("symbol")["aliases"].dropna().str.split("|").explode()
        aliases = aliases[~aliases.isin(self._symbols)]
        # An alias of several genes tells nothing.
        unique = aliases[~aliases.duplicated(keep=False)]
        self._by_alias = dict(zip(unique, unique.index, strict=True))
        self.counts: list[tuple[str, str, int, int, str]] = []

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> "GeneTable":
        """Read entrez_id, symbol and aliases (joined by ``|``), tab-separated, gzipped or not."""
        return cls(pd.read_csv(path, sep="\t", dtype="str", usecols=["entrez_id", "symbol", "aliases"]))

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

    def count(self, step: str, what: str, n_in: int, n_out: int, reason: str) -> None:
        """Note how many a step kept, and why the rest went."""
        self.counts.append((step, what, n_in, n_out, reason))
