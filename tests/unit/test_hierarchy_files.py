"""Ontology files of DrugCell's format, built and compared from the command line."""

import json
from pathlib import Path

import pytest

from druggene.hierarchy_files import main, read_gene_list, read_hierarchy_file
from druggene.ontology import write_published_ontology
from tests.unit.test_gene_ontology import GAF, OBO

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "go.obo").write_text(OBO)
    (tmp_path / "genes.gaf").write_text(GAF)
    (tmp_path / "genes.txt").write_text("0\tG1\n1\tG2\n2\tG8\n3\tOLD\n")
    return tmp_path


def build(folder: Path, *more: str) -> list[str]:
    arguments = ["--obo", f"{folder}/go.obo", "--genes", f"{folder}/genes.txt", "--output", f"{folder}/built.txt"]
    limits = ["--min-genes", "1", "--min-genes-over-child", "0"]
    assert main(["build", *arguments, *limits, *more]) == 0
    return (folder / "built.txt").read_text().splitlines()


def test_a_file_is_built_and_read_again(folder: Path) -> None:
    rows = build(folder, "--gaf", f"{folder}/genes.gaf", "--gene-list", f"{folder}/annotated.txt")
    assert rows == [
        "GO:0008150\tGO:0000002\tdefault",
        "GO:0008150\tGO:0000003\tdefault",
        "GO:0000002\tGO:0000001\tdefault",
        "GO:0000001\tG1\tgene",
        "GO:0000001\tG2\tgene",
        "GO:0000003\tG8\tgene",
    ]
    assert (folder / "annotated.txt").read_text() == "0\tG1\n1\tG2\n2\tG8\n"
    again = read_hierarchy_file(folder / "built.txt")
    write_published_ontology(again, folder / "again.txt")
    assert (folder / "again.txt").read_text().splitlines() == rows


def test_annotations_of_accessions(folder: Path) -> None:
    terms = {"GO:0000091": ["P1"], "GO:0000003": ["P2", "P3"], "GO:0000004": ["P1"], "GO:0005575": ["P1"]}
    (folder / "genes.json").write_text(json.dumps(["2019-07-15", terms]))
    (folder / "hgnc.txt").write_text("symbol\tprev_symbol\talias_symbol\tuniprot_ids\nG1\t\t\tP1\nNEW\tOLD\t\tP2\n")
    named = ["--associations", f"{folder}/genes.json", "--identifiers", f"{folder}/hgnc.txt"]
    assert [row for row in build(folder, *named) if row.endswith("gene")] == ["GO:0000001\tG1\tgene"]
    with_aliases = build(folder, *named, "--aliases", f"{folder}/hgnc.txt")
    # The alternative id became the primary one; the obsolete term and another namespace are left out.
    assert [row for row in with_aliases if row.endswith("gene")] == ["GO:0000001\tG1\tgene", "GO:0000003\tOLD\tgene"]


def test_two_files_are_compared(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    build(folder, "--gaf", f"{folder}/genes.gaf")
    (folder / "other.txt").write_text("GO:0008150\tGO:0000001\tdefault\nGO:0000001\tG1\tgene\n")
    files = [f"{folder}/built.txt", f"{folder}/other.txt", "--obo", f"{folder}/go.obo"]
    tables = ["--output", f"{folder}/summary.csv", "--terms", f"{folder}/terms.csv"]
    assert main(["compare", *files, *tables]) == 0
    printed = capsys.readouterr().out
    assert "| terms | 4 | 2 | 2 |" in printed
    assert "lacks 0 and calls 0 obsolete." in printed
    assert (folder / "summary.csv").read_text().startswith("quantity,first,second,shared\nterms,4,2,2\n")
    assert "GO:0000001,narrow,0,2,0,1,1,0.5\n" in (folder / "terms.csv").read_text()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no gene"),
        ("TP53\n\nTP53\n", "row 3: gene TP53 stands in row 1 too"),
        ("TP53 BRAF\n", "row 1: expected a gene symbol, or a number and a symbol, found 'TP53 BRAF'"),
        ("0\tTP53\textra\n", "row 1: expected"),
    ],
)
def test_a_bad_gene_list_is_refused(folder: Path, capsys: pytest.CaptureFixture[str], text: str, message: str) -> None:
    (folder / "genes.txt").write_text(text)
    arguments = ["--obo", f"{folder}/go.obo", "--gaf", f"{folder}/genes.gaf", "--genes", f"{folder}/genes.txt"]
    assert main(["build", *arguments, "--output", f"{folder}/built.txt"]) == 1
    assert f"error: {folder}/genes.txt: {message}" in capsys.readouterr().err
    assert not (folder / "built.txt").exists()


def test_a_gene_list_of_windows_is_read(tmp_path: Path) -> None:
    (tmp_path / "genes.txt").write_bytes(b"\xef\xbb\xbfTP53\r\nBRAF\r\n")
    assert read_gene_list(tmp_path / "genes.txt") == ["TP53", "BRAF"]


def test_accessions_need_their_symbols(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--obo", f"{folder}/go.obo", "--associations", "x.json", "--genes", f"{folder}/genes.txt"]
    assert main(["build", *arguments, "--output", f"{folder}/built.txt"]) == 1
    assert "give their gene symbols with --identifiers" in capsys.readouterr().err


def test_the_published_hierarchy_beside_the_release_of_its_time(shared_data: Path, tmp_path: Path) -> None:
    """The comparison of docs/hierarchy.md with GO 2019-07-01."""
    go, hgnc = shared_data / "raw_samples" / "go", shared_data / "raw_samples" / "ids" / "hgnc_complete_set.txt.gz"
    arguments = {
        "genes": shared_data / "druggene_release" / "gene_item.txt",
        "obo": go / "go-basic_2019-07-01.obo.gz",
        "associations": go / "humanGeneOntAssoc_2019-07-15.json.gz",
        "identifiers": hgnc,
        "aliases": hgnc,
        "output": tmp_path / "built.txt",
    }
    assert main(["build", *(text for name, value in arguments.items() for text in (f"--{name}", str(value)))]) == 0
    built = read_hierarchy_file(tmp_path / "built.txt")
    assert (built.layer_sizes, len(built.genes)) == ((1206, 369, 190, 127, 79, 1), 3005)
    published = shared_data / "druggene_release" / "drugGene_ont.txt"
    files = [str(tmp_path / "built.txt"), str(published)]
    assert main(["compare", *files, "--output", str(tmp_path / "summary.csv")]) == 0
    summary = (tmp_path / "summary.csv").read_text()
    assert "terms,1972,2086,1740\n" in summary
    assert '"edges of second between shared terms, ancestor relations of first",,2477,2476\n' in summary
