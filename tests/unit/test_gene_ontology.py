"""Reading OBO and GAF: what is kept, what is dropped and counted, and what is refused."""

import gzip
import logging
import resource
from pathlib import Path

import pytest

from druggene.gene_ontology import read_obo_gaf, read_obo_uniprot, read_term_names, read_terms_below

ROOT = Path(__file__).parents[2]

OBO = """format-version: 1.2
data-version: releases/2022-07-01
ontology: go

[Term]
id: GO:0008150
name: biological_process
namespace: biological_process

[Term]
id: GO:0000001
name: narrow
namespace: biological_process
alt_id: GO:0000091
is_a: GO:0008150 ! biological_process
is_a: GO:0000004 ! obsolete former
relationship: part_of GO:0000002 ! broad
relationship: regulates GO:0000003 ! regulated
relationship: part_of GO:0005575 ! cellular_component

[Term]
id: GO:0000002
name: broad
namespace: biological_process
is_a: GO:0008150 ! biological_process

[Term]
id: GO:0000003
name: regulated
namespace: biological_process
is_a: GO:0008150 ! biological_process

[Term]
id: GO:0000004
name: obsolete former
namespace: biological_process
is_obsolete: true

[Term]
id: GO:0005575
name: cellular_component
namespace: cellular_component
"""

LINE = "UniProtKB P1 {gene} {qualifier} {term} PMID:1 {evidence} _ {aspect} name _ protein taxon:9606 {date} UniProt"


def gaf_line(
    gene: str,
    term: str,
    qualifier: str = "involved_in",
    evidence: str = "IDA",
    aspect: str = "P",
    date: str = "20220701",
) -> str:
    line = LINE.format(gene=gene, term=term, qualifier=qualifier, evidence=evidence, aspect=aspect, date=date)
    return "\t".join("" if field == "_" else field for field in line.split(" "))


GAF = "\n".join(
    [
        "!gaf-version: 2.2",
        gaf_line("G1", "GO:0000001"),
        gaf_line("G1", "GO:0000001", evidence="IEA") + "\tpart_of(CL:0000576)\tUniProtKB:P1-2",
        gaf_line("G2", "GO:0000091"),
        gaf_line("G3", "GO:0000002", qualifier="NOT|involved_in"),
        gaf_line("G4", "GO:0008150", evidence="ND"),
        gaf_line("G5", "GO:0000004"),
        gaf_line("G6", "GO:0000099"),
        gaf_line("G7", "GO:0005575", aspect="C"),
        gaf_line("G8", "GO:0000003"),
        "",
    ]
)


@pytest.fixture
def obo(tmp_path: Path) -> Path:
    path = tmp_path / "go.obo"
    path.write_text(OBO)
    return path


@pytest.fixture
def gaf(tmp_path: Path) -> Path:
    path = tmp_path / "genes.gaf"
    path.write_text(GAF)
    return path


def compressed(path: Path) -> Path:
    packed = path.with_name(f"{path.name}.gz")
    packed.write_bytes(gzip.compress(path.read_bytes()))
    return packed


def test_graph_has_living_terms_and_two_kinds_of_edges(obo: Path, gaf: Path) -> None:
    terms, edges, _ = read_obo_gaf(obo, gaf)
    assert terms.to_numpy().tolist() == [
        ["GO:0000001", "narrow"],
        ["GO:0000002", "broad"],
        ["GO:0000003", "regulated"],
        ["GO:0008150", "biological_process"],
    ]
    assert edges.to_numpy().tolist() == [
        ["GO:0000002", "GO:0000001"],  # part_of; those to another namespace and to an obsolete term are no edges
        ["GO:0008150", "GO:0000001"],
        ["GO:0008150", "GO:0000002"],
        ["GO:0008150", "GO:0000003"],
    ]


def test_relationships_are_chosen(obo: Path, gaf: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert len(read_obo_gaf(obo, gaf, relationships=())[1]) == 3
    with_regulates = read_obo_gaf(obo, gaf, relationships=("regulates",))[1]
    assert ["GO:0000003", "GO:0000001"] in with_regulates.to_numpy().tolist()
    read_obo_gaf(obo, gaf, relationships=("negatively_regulates",))
    assert "no edge of the relationship negatively_regulates" in caplog.text


def test_annotations_are_direct_and_each_loss_is_counted(
    obo: Path, gaf: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        _, _, annotations = read_obo_gaf(obo, gaf)
    assert annotations.to_numpy().tolist() == [["GO:0000001", "G1"], ["GO:0000001", "G2"], ["GO:0000003", "G8"]]
    for count in (
        "9 legal lines",
        "8 legal lines of aspect P",
        "1 with the qualifier NOT",
        "1 with the evidence ND",
        "1 of obsolete terms",
        "1 of terms that the OBO file lacks",
        "1 with an alternative term id",
    ):
        assert f"{gaf}: {count}" in caplog.text


def test_evidence_is_chosen(obo: Path, gaf: Path, caplog: pytest.LogCaptureFixture) -> None:
    everything = read_obo_gaf(obo, gaf, exclude_evidence=())[2]
    assert len(everything) == len(read_obo_gaf(obo, gaf)[2]) + 1
    gaf.write_text(gaf.read_text().replace("\tIDA\t", "\tIEA\t", 1))
    with caplog.at_level(logging.INFO):
        curated = read_obo_gaf(obo, gaf, exclude_evidence=("ND", "IEA"))[2]
    assert "G1" not in set(curated["gene"])
    assert "with the evidence IEA" in caplog.text


def test_accessions_stand_for_symbols(obo: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "genes.json"
    path.write_text('["t", {"GO:0000091": ["P1", "P2"], "GO:0000004": ["P1"], "GO:0005575": ["P1"], "GO:9": ["P1"]}]')
    with caplog.at_level(logging.INFO):
        terms, edges, annotations = read_obo_uniprot(obo, compressed(path), {"P1": "G1"})
    assert annotations.to_numpy().tolist() == [["GO:0000001", "G1"]]
    assert (len(terms), len(edges)) == (4, 4)
    assert "2 of 5 associations are of living terms" in caplog.text
    with pytest.raises(ValueError, match=r"genes\.json: no accession"):
        read_obo_uniprot(obo, path, {"Q1": "G1"})


def test_a_circle_through_a_relationship_is_named(obo: Path, gaf: Path) -> None:
    obo.write_text(OBO.replace("name: broad\n", "name: broad\nrelationship: part_of GO:0000001\n"))
    with pytest.raises(ValueError, match=r"go\.obo: is_a and part_of form a circle: GO:000000\d < "):
        read_obo_gaf(obo, gaf)


def test_a_full_temporary_folder_is_named(obo: Path, gaf: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    packed = compressed(obo)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500, before[1]))
    try:
        with pytest.raises(OSError, match=r"go\.obo\.gz: cannot be copied to .*; let TMPDIR name a folder with room"):
            read_obo_gaf(packed, gaf)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_compressed_files_read_alike(obo: Path, gaf: Path) -> None:
    plain = read_obo_gaf(obo, gaf)
    for table, again in zip(plain, read_obo_gaf(compressed(obo), compressed(gaf)), strict=True):
        assert table.equals(again)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("UniProtKB\tP1\tG9", "3 columns, expected 15 to 17"),
        (gaf_line("G9", "GO:0000001").replace("\tP1\t", "\t\t"), "column 2 is empty"),
        (gaf_line("", "GO:0000001"), "column 3 is empty"),
        (gaf_line("G9", "GO:1"), "column 5 is no term id: 'GO:1'"),
        (gaf_line("G9", "GO:0000001", aspect="X"), "column 9 is no aspect"),
        (gaf_line("G9", "GO:0000001").replace("taxon:9606", "NCBITaxon:"), "column 13 is no taxon"),
        (gaf_line("G9", "GO:0000001", date="20220231"), "column 14 is no date"),
        (gaf_line("G9", "GO:0000001", date="2022-07-01"), "column 14 is no date"),
    ],
)
def test_illegal_line_is_left_out_and_named(
    obo: Path, gaf: Path, caplog: pytest.LogCaptureFixture, line: str, problem: str
) -> None:
    expected = read_obo_gaf(obo, gaf)[2]
    gaf.write_text(f"{GAF}{line}\n")
    with caplog.at_level(logging.INFO):
        assert read_obo_gaf(obo, gaf)[2].equals(expected)
    assert f"line 11 is left out: {problem}" in caplog.text
    assert "1 illegal lines, left out" in caplog.text


@pytest.mark.parametrize("version", ["!gaf-version: 1.0\n", "!gaf-version: 9\n", ""])
def test_version_line_does_not_matter(obo: Path, gaf: Path, version: str, capsys: pytest.CaptureFixture[str]) -> None:
    gaf.write_text(GAF.replace("!gaf-version: 2.2\n", version))
    assert len(read_obo_gaf(obo, gaf)[2]) == 3
    assert capsys.readouterr().out == ""


def test_gaf_without_a_legal_line_is_refused(obo: Path, gaf: Path) -> None:
    gaf.write_text("<html>not found</html>\n" * 50)
    with pytest.raises(ValueError, match=r"genes\.gaf: no legal line of a GAF file .* among 50"):
        read_obo_gaf(obo, gaf)


def test_gaf_of_other_terms_is_refused(obo: Path, gaf: Path) -> None:
    gaf.write_text(gaf_line("G1", "GO:0000099") + "\n")
    with pytest.raises(ValueError, match=r"genes\.gaf: no annotation of a biological_process term"):
        read_obo_gaf(obo, gaf)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<html>not found</html>\n", r"no \[Term\]"),
        (OBO.replace("biological_process\n", "other\n"), "no term of the namespace biological_process"),
        (OBO.replace("is_a: GO:0008150", "is_a: GO:0000077"), "term 'GO:0000077' is referred to but not defined"),
        (OBO + "\n[Term]\nid: GO:0000006\nid: GO:0000007\n", "not a file in OBO format"),
        (
            OBO.replace("name: biological_process\n", "name: biological_process\nis_a: GO:0000002\n"),
            "is_a relations form a circle",
        ),
    ],
    ids=["html", "namespace", "undefined parent", "two ids", "circle"],
)
def test_bad_obo_is_refused(obo: Path, gaf: Path, text: str, message: str) -> None:
    obo.write_text(text)
    with pytest.raises(ValueError, match=message) as raised:
        read_obo_gaf(obo, gaf)
    assert str(obo) in str(raised.value)


def test_cut_gzip_file_is_refused(obo: Path, gaf: Path) -> None:
    packed = compressed(gaf)
    packed.write_bytes(packed.read_bytes()[:-20])
    with pytest.raises(ValueError, match=r"genes\.gaf\.gz: damaged gzip file"):
        read_obo_gaf(obo, packed)


def test_names_cover_alternative_and_obsolete_ids(obo: Path) -> None:
    names = read_term_names(obo)
    assert names["GO:0000091"] == names["GO:0000001"] == "narrow"
    assert names["GO:0000004"] == "obsolete former"


def test_file_with_illegal_lines_from_the_field(shared_data: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = shared_data / "raw_samples" / "go"
    with caplog.at_level(logging.INFO):
        _, _, annotations = read_obo_gaf(
            folder / "go-basic_2019-07-01.obo.gz",
            folder / "goa_human_excerpt_2018-04-23_goatools_illegal_lines_test.gaf",
        )
    assert "2 illegal lines, left out" in caplog.text
    assert len(annotations) == 35


def test_the_repository_carries_the_whole_graph() -> None:
    terms, edges, annotations = read_obo_gaf(
        ROOT / "resources/go/go-basic.obo.gz", ROOT / "resources/go/goa_human.gaf.gz"
    )
    assert (len(terms), len(edges), len(annotations)) == (28_140, 56_449, 140_369)
    assert annotations["gene"].nunique() == 18_708
    assert set(annotations["term"]) <= set(terms["term"])


def test_terms_below_are_those_of_is_a_and_part_of(tmp_path: Path) -> None:
    path = tmp_path / "go.obo"
    path.write_text(OBO)
    assert read_terms_below(path, ["GO:0000002"]) == {"GO:0000002", "GO:0000001", "GO:0000091"}
    assert read_terms_below(path, ["GO:0000003"]) == {"GO:0000003"}, "regulation of a process is not below it"
    both = read_terms_below(path, ["GO:0000003", "GO:0000002"])
    assert both == {"GO:0000001", "GO:0000091", "GO:0000002", "GO:0000003"}
    with pytest.raises(ValueError, match=r"go\.obo: no term GO:9999999; correct the id"):
        read_terms_below(path, ["GO:9999999"])
