"""Gene symbols: dates of a spreadsheet, former symbols, UniProt accessions."""

import logging
from pathlib import Path

import pandas as pd
import pytest

from druggene.symbols import (
    mangled_symbols,
    read_aliases,
    read_uniprot_symbols,
    rename_annotated,
    warn_of_odd_symbols,
)

ROOT = Path(__file__).parents[2]
HGNC = (
    "symbol\tprev_symbol\talias_symbol\tuniprot_ids\n"
    "AARS1\tAARS\t\tP49588\n"
    'MTARC1\t"MOSC1|MARC1"\t\tQ5VT66\n'
    "MARS1\tMARS\tMETRS\tP56192\n"
    "SLA2\t\tMARS|SLAP2\tQ9H6Q3\n"
    'CALM1\t\t\t"P0DP23|P0DP24"\n'
    "CALM2\t\t\tP0DP24\n"
)


@pytest.mark.parametrize("symbol", ["1-Mar", "2-Sep", "Dec-01", "01/12/2001", "2001-12-01", "2.31E+13", "43891"])
def test_what_a_spreadsheet_makes_of_a_symbol_is_seen(symbol: str) -> None:
    assert mangled_symbols(["TP53", symbol]) == [symbol]


def test_no_human_gene_is_taken_for_a_date() -> None:
    table = pd.read_csv(ROOT / "resources/go/human_genes.tsv.gz", sep="\t", dtype="str", keep_default_na=False)
    assert mangled_symbols(table["symbol"]) == []
    assert len(table) > 19_000


def test_warnings_name_what_can_be_mended(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        warn_of_odd_symbols(["TP53", "C1orf112", "Unknown"], ["TP53", "C1orf112"], "x.csv")
    assert caplog.text == ""
    warn_of_odd_symbols(["braf", "Egfr", "7-Mar"], ["BRAF", "EGFR"], "x.csv")
    assert "x.csv: 2 symbols differ in case alone from known ones and are not found (Egfr, braf)" in caplog.text
    assert "x.csv: 1 symbols were turned into dates or numbers by a spreadsheet (7-Mar)" in caplog.text


@pytest.fixture
def hgnc(tmp_path: Path) -> Path:
    path = tmp_path / "hgnc.txt"
    path.write_text(HGNC)
    return path


def test_a_former_symbol_goes_before_an_alias(hgnc: Path) -> None:
    aliases = read_aliases(hgnc)
    assert aliases["MARC1"] == ["MTARC1"]
    assert aliases["MARS"] == ["MARS1"]  # an alias of SLA2, but the former symbol of MARS1
    assert aliases["SLAP2"] == ["SLA2"]


def test_accessions_have_symbols(hgnc: Path) -> None:
    assert read_uniprot_symbols(hgnc)["P0DP24"] == "CALM1"
    assert read_uniprot_symbols(hgnc)["P49588"] == "AARS1"


def test_a_table_without_aliases_is_refused(hgnc: Path) -> None:
    hgnc.write_text("symbol\tname\nAARS1\tx\n")
    with pytest.raises(ValueError, match=r"hgnc\.txt: missing column\(s\) prev_symbol, alias_symbol"):
        read_aliases(hgnc)
    with pytest.raises(ValueError, match=r"hgnc\.txt: missing column\(s\) uniprot_ids"):
        read_uniprot_symbols(hgnc)


def test_the_repositorys_table_has_aliases() -> None:
    aliases = read_aliases(ROOT / "resources/go/human_genes.tsv.gz")
    assert aliases["AARS"] == ["AARS1"]
    assert sorted(aliases["MARS"]) == ["MARS1", "SLA2"]


def test_annotations_take_the_symbols_of_the_data(caplog: pytest.LogCaptureFixture) -> None:
    annotations = pd.DataFrame(
        [("t1", "AARS1"), ("t1", "SLA2"), ("t1", "MARS1"), ("t2", "BRAF"), ("t2", "NEW")], columns=["term", "gene"]
    )
    aliases = {"AARS": ["AARS1"], "MARS": ["MARS1", "SLA2"], "OLD": ["BRAF"], "BRAF": ["NEW"]}
    with caplog.at_level(logging.INFO):
        renamed = rename_annotated(annotations, ["AARS", "MARS", "BRAF", "OLD"], aliases)
    # MARS may mean two genes; OLD means BRAF, which the data have themselves; BRAF is annotated as it is.
    assert renamed["gene"].tolist() == ["AARS", "MARS1", "SLA2", "BRAF", "NEW"]
    assert "1 of 3 genes without an annotation are annotated under another symbol: AARS as AARS1" in caplog.text
