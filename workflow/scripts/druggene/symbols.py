"""Gene symbols: former ones, those that a spreadsheet turned into dates, and those in the wrong case."""

import logging
import re
from collections.abc import Collection, Iterable, Mapping
from os import PathLike
from typing import Final

import pandas as pd

from druggene.constants import GENE
from druggene.tables import require_columns

logger = logging.getLogger(__name__)

FilePath = str | PathLike[str]

_MONTHS: Final = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
DATE: Final = re.compile(
    rf"\d{{1,2}}[-/. ]({_MONTHS})|({_MONTHS})[-/. ]\d{{1,4}}|\d{{1,4}}[-/]\d{{1,2}}[-/]\d{{1,4}}", re.I
)
"""What a spreadsheet makes of MARCHF1, SEPTIN2 or DELEC1 by their former symbols: 1-Mar, 2-Sep, Dec-01, 2001/12/01."""
_SHOWN: Final = 5


def mangled_symbols(symbols: Iterable[str]) -> list[str]:
    """Return the symbols that a spreadsheet has turned into dates (:data:`DATE`) or numbers (2.31E+13), sorted."""
    number = re.compile(r"\d+(\.\d+)?(e[+-]?\d+)?", re.IGNORECASE)
    return sorted(symbol for symbol in symbols if DATE.fullmatch(symbol) or number.fullmatch(symbol))


def warn_of_odd_symbols(symbols: Collection[str], known: Collection[str], where: object) -> None:
    """Log symbols that are lost for a reason that can be mended: dates of a spreadsheet, and the wrong case.

    Parameters
    ----------
    symbols
        Those of the data.
    known
        Those that they are looked up in.
    where
        File or table, for the message.
    """
    mangled = mangled_symbols(symbols)
    if mangled:
        logger.warning(
            "%s: %d symbols were turned into dates or numbers by a spreadsheet (%s); restore them, as MARCHF1 for "
            "1-Mar, or take the file as it was published",
            *(where, len(mangled), _some(mangled)),
        )
    lost = set(symbols) - set(known)
    in_capitals = {symbol.upper() for symbol in known}
    wrong_case = sorted(symbol for symbol in lost if symbol.upper() in in_capitals)
    if wrong_case:
        logger.warning(
            "%s: %d symbols differ in case alone from known ones and are not found (%s); write them as the HGNC does, "
            "and check that they are human genes",
            *(where, len(wrong_case), _some(wrong_case)),
        )


def _some(symbols: list[str]) -> str:
    return ", ".join(symbols[:_SHOWN]) + (", …" if len(symbols) > _SHOWN else "")


def read_aliases(path: FilePath) -> dict[str, list[str]]:
    """Return each former symbol or alias with the current symbols that may be meant by it.

    Reads resources/go/human_genes.tsv.gz (columns symbol, aliases) or the complete set of the HGNC (symbol,
    prev_symbol, alias_symbol), both tab-separated, names joined by ``|``. A symbol that was renamed goes before an
    alias: where a former symbol of one gene is an alias of another, only the first counts.

    Raises
    ------
    ValueError
        If a column is missing.
    """
    table = _read_genes(path)
    columns = ["aliases"] if "aliases" in table.columns else ["prev_symbol", "alias_symbol"]
    require_columns(table.columns, ["symbol", *columns], path)
    meant: dict[str, list[str]] = {}
    for column in columns:
        found: dict[str, list[str]] = {}
        for symbol, names in zip(table["symbol"], table[column], strict=True):
            for name in filter(None, names.split("|")):
                found.setdefault(name, []).append(symbol)
        meant = found | meant
    return meant


def read_uniprot_symbols(path: FilePath) -> dict[str, str]:
    """Return UniProt accession to approved symbol, from the complete set of the HGNC (symbol, uniprot_ids).

    An accession that several genes share stands for the first. Raises a ValueError if a column is missing.
    """
    table = _read_genes(path)
    require_columns(table.columns, ["symbol", "uniprot_ids"], path)
    symbol_of: dict[str, str] = {}
    for symbol, accessions in zip(table["symbol"], table["uniprot_ids"], strict=True):
        for accession in filter(None, accessions.split("|")):
            symbol_of.setdefault(accession, symbol)
    return symbol_of


def _read_genes(path: FilePath) -> pd.DataFrame:
    return pd.read_csv(path, sep="\t", dtype="str", keep_default_na=False, encoding="utf-8-sig")


def rename_annotated(
    annotations: pd.DataFrame, genes: Collection[str], aliases: Mapping[str, Collection[str]]
) -> pd.DataFrame:
    """Return the annotations under the symbols of the data, where these are former ones.

    A gene of the data without an annotation takes those of the current symbol that it stands for, if there is exactly
    one that is annotated and no gene of the data itself.

    Parameters
    ----------
    annotations
        Columns ``term, gene``.
    genes
        Symbols of the data.
    aliases
        Former symbol or alias to current symbols (:func:`read_aliases`).
    """
    annotated, of_data = set(annotations[GENE]), set(genes)
    former_of: dict[str, str] = {}
    for gene in sorted(of_data - annotated):
        current = [symbol for symbol in aliases.get(gene, ()) if symbol in annotated and symbol not in of_data]
        if len(current) == 1:
            former_of.setdefault(current[0], gene)
    logger.info(
        "%d of %d genes without an annotation are annotated under another symbol: %s",
        *(len(former_of), len(of_data - annotated)),
        ", ".join(f"{former} as {current}" for current, former in sorted(former_of.items())) or "none",
    )
    renamed = annotations.assign(**{GENE: annotations[GENE].replace(former_of)})
    return renamed.drop_duplicates().sort_values(list(renamed.columns), ignore_index=True)
