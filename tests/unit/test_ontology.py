"""The hierarchy cut out of a graph of terms, and the published one."""

import logging
import time
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest

from druggene.gene_ontology import read_obo_gaf, read_term_names
from druggene.hierarchy import Hierarchy
from druggene.ontology import build_hierarchy, published_hierarchy, read_published_ontology, restrict_to_genes

GO = Path(__file__).parents[2] / "resources" / "go"


def edge_frame(*paths: str) -> pd.DataFrame:
    """Return the edges of paths such as "root a b", each from a term to the narrower one behind it."""
    steps = [path.split() for path in paths]
    rows = {pair for path in steps for pair in pairwise(path)}
    return pd.DataFrame(sorted(rows), columns=["parent", "child"])


def annotation_frame(**numbers: Iterable[int]) -> pd.DataFrame:
    """Return annotations of gene numbers to terms."""
    rows = [(term, f"G{number:02}") for term, of_term in numbers.items() for number in of_term]
    return pd.DataFrame(rows, columns=["term", "gene"])


GENES = [f"G{number:02}" for number in range(40)]


def build(edges: pd.DataFrame, annotations: pd.DataFrame, **options: int) -> Hierarchy:
    thresholds = {"min_genes": 2, "min_genes_over_child": 3, "max_layers": 6, **options}
    return build_hierarchy(edges, annotations, {}, GENES, root="root", **thresholds)


def edges_of(hierarchy: Hierarchy) -> set[tuple[str, str]]:
    return {(hierarchy.terms[parent], hierarchy.terms[child]) for parent, child in hierarchy.edges}


def genes_of(hierarchy: Hierarchy, term: str) -> list[int]:
    position = hierarchy.terms.index(term)
    return [int(gene) for at, gene in hierarchy.annotations if at == position]


def test_term_needs_min_genes_with_those_below_it() -> None:
    edges = edge_frame("root a b", "root c d")
    annotations = annotation_frame(a=[0], b=[1], c=[2], d=[2], root=range(10))
    hierarchy = build(edges, annotations)
    assert set(hierarchy.terms) == {"root", "a"}
    assert genes_of(hierarchy, "a") == [0, 1]


def test_term_needs_more_genes_than_its_largest_kept_descendant() -> None:
    # c holds 2 genes; b holds 4, too few more than c; a holds 5: enough more than c, the largest that stays.
    edges = edge_frame("root a b c")
    annotations = annotation_frame(c=[0, 1], b=[2, 3], a=[4], root=range(30))
    assert set(build(edges, annotations).terms) == {"root", "a", "c"}
    assert set(build(edges, annotations, min_genes_over_child=2).terms) == {"root", "b", "c"}
    assert set(build(edges, annotations, min_genes_over_child=4).terms) == {"root", "c"}


def test_genes_of_a_removed_term_move_to_the_nearest_terms_above() -> None:
    edges = edge_frame("root a b c", "root d b")
    annotations = annotation_frame(c=[0, 1], b=[2], a=range(3, 8), d=range(8, 13), root=range(20))
    hierarchy = build(edges, annotations)
    assert edges_of(hierarchy) == {("root", "a"), ("root", "d"), ("a", "c"), ("d", "c")}
    assert genes_of(hierarchy, "a") == [2, 3, 4, 5, 6, 7]
    assert genes_of(hierarchy, "d") == [2, 8, 9, 10, 11, 12]


def test_gene_stays_only_at_its_most_specific_terms() -> None:
    edges = edge_frame("root a b")
    annotations = annotation_frame(b=[0, 1], a=[0, 2, 3, 4], root=[0, 2, 9])
    hierarchy = build(edges, annotations)
    assert genes_of(hierarchy, "b") == [0, 1]
    assert genes_of(hierarchy, "a") == [2, 3, 4]
    assert genes_of(hierarchy, "root") == [9]


def test_redundant_edge_goes() -> None:
    edges = edge_frame("root a b", "root b", "root x b")
    annotations = annotation_frame(b=range(2), a=range(10), root=range(20))
    assert edges_of(build(edges, annotations)) == {("root", "a"), ("a", "b")}


def test_high_terms_give_way_to_the_root() -> None:
    edges = edge_frame("root a b c d", "a e")
    annotations = annotation_frame(d=range(3), c=range(6), b=range(9), a=range(20), e=[30, 31, 32], root=[39])
    assert build(edges, annotations).layer_sizes == (2, 1, 1, 1, 1)
    flat = build(edges, annotations, max_layers=3)
    assert edges_of(flat) == {("root", "c"), ("c", "d"), ("root", "e")}
    assert flat.layer_sizes == (2, 1, 1)
    # The genes of b and a have moved up with them.
    assert genes_of(flat, "root") == [*range(6, 20), 39]
    assert build(edges, annotations, max_layers=1).terms == ("root",)


def test_genes_outside_the_data_do_not_count(caplog: pytest.LogCaptureFixture) -> None:
    edges = edge_frame("root a")
    annotations = annotation_frame(a=[0, 99], root=range(10))
    with caplog.at_level(logging.INFO):
        hierarchy = build(edges, annotations)
    assert hierarchy.terms == ("root",)
    assert hierarchy.genes == tuple(GENES)
    assert "layers 1, 1 terms, 0 edges, 10 annotations" in caplog.text
    assert "10 of 40 genes are annotated" in caplog.text


def test_terms_beside_the_root_are_left_out() -> None:
    edges = edge_frame("root a", "other b", "other a")
    annotations = annotation_frame(a=range(3), b=range(9), root=range(12), other=range(9))
    assert set(build(edges, annotations).terms) == {"root", "a"}


@pytest.mark.parametrize(
    ("edges", "annotations", "genes", "message"),
    [
        (edge_frame("top a"), annotation_frame(a=[0]), GENES, "root is no term of the graph"),
        (edge_frame("root a b c a"), annotation_frame(a=[0]), GENES, "form a circle: [abc] < [abc] < [abc]"),
        (edge_frame("root a"), annotation_frame(a=[99]), GENES, "none of the 40 genes is annotated"),
        (edge_frame("root a"), annotation_frame(a=[0]), [*GENES, "G07"], "gene G07 stands twice"),
    ],
    ids=["no root", "circle", "no gene", "double gene"],
)
def test_unusable_graph_is_refused(
    edges: pd.DataFrame, annotations: pd.DataFrame, genes: list[str], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        build_hierarchy(edges, annotations, {}, genes, root="root")


def write_ontology(folder: Path, *rows: str) -> Path:
    path = folder / "ontology.txt"
    path.write_text("".join(row.replace(" ", "\t") + "\n" for row in rows))
    return path


def test_published_file_is_read(tmp_path: Path) -> None:
    path = write_ontology(tmp_path, "root a default", "a G1 gene", "root G2 gene", "")
    edges, annotations = read_published_ontology(path)
    assert edges.to_numpy().tolist() == [["root", "a"]]
    assert annotations.to_numpy().tolist() == [["a", "G1"], ["root", "G2"]]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("a G3", "row 3: expected three tab-separated columns"),
        ("a G3 gene more", "row 3: expected three"),
        ("a G3 part_of", "row 3: expected three"),
        ("a  gene", "row 3: expected three"),
        ("a G1 gene", "row 3 repeats row 2"),
    ],
)
def test_bad_row_of_a_published_file_is_named(tmp_path: Path, row: str, message: str) -> None:
    path = write_ontology(tmp_path, "root a default", "a G1 gene", row)
    with pytest.raises(ValueError, match=rf"ontology\.txt: {message}"):
        read_published_ontology(path)


def test_published_file_needs_edges_and_annotations(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no row ends in 'gene'"):
        read_published_ontology(write_ontology(tmp_path, "root a default"))
    with pytest.raises(ValueError, match="no row ends in 'default'"):
        read_published_ontology(write_ontology(tmp_path, "a G1 gene"))


def test_terms_without_a_gene_of_the_data_go(caplog: pytest.LogCaptureFixture) -> None:
    # d reaches no gene, so b, its parent, reaches none either; c keeps its way through a only.
    edges = edge_frame("root a c", "root b d")
    annotations = annotation_frame(c=[0, 1], d=[2], b=[3], a=[4])
    with caplog.at_level(logging.INFO):
        kept_edges, kept_annotations = restrict_to_genes(edges, annotations, ["G00", "G01", "G39"])
    assert kept_edges.to_numpy().tolist() == [["a", "c"], ["root", "a"]]
    assert kept_annotations.to_numpy().tolist() == [["c", "G00"], ["c", "G01"]]
    assert "2 of 5 annotated genes, 2 of 5 annotations, 3 of 5 terms and 2 of 4 edges remain" in caplog.text
    assert "terms without a gene of the data: b, d" in caplog.text


def test_restriction_to_foreign_genes_is_refused() -> None:
    with pytest.raises(ValueError, match="none of its 1 genes is among the 1 genes of the data"):
        restrict_to_genes(edge_frame("root a"), annotation_frame(a=[0]), ["TP53"])


def test_published_file_with_two_roots_is_refused_by_name(tmp_path: Path) -> None:
    path = write_ontology(tmp_path, "root a default", "other a default", "a G1 gene")
    with pytest.raises(ValueError, match=r"ontology\.txt: .*exactly one root"):
        published_hierarchy(path, ["G1"], {})


def published_genes(shared_data: Path) -> list[str]:
    return [line.split()[1] for line in (shared_data / "druggene_release" / "gene_item.txt").open()]


def test_gene_ontology_gives_six_layers_for_the_published_genes(shared_data: Path) -> None:
    terms, edges, annotations = read_obo_gaf(GO / "go-basic.obo.gz", GO / "goa_human.gaf.gz")
    names = dict(zip(terms["term"], terms["name"], strict=True))
    start = time.process_time()
    hierarchy = build_hierarchy(edges, annotations, names, published_genes(shared_data))
    assert time.process_time() - start < 6  # takes 0.6 s
    assert hierarchy.layer_sizes == (1225, 374, 187, 118, 66, 1)
    assert (len(hierarchy.terms), len(hierarchy.edges), len(hierarchy.annotations)) == (1971, 3209, 43_963)
    assert hierarchy.sizes.min() == 10
    assert hierarchy.names[-1] == "biological_process"
    # Every gene that is annotated in that release is reached, 34 of the published symbols are not (see docs).
    reached = {hierarchy.genes[gene] for gene in hierarchy.annotations[:, 1]}
    assert reached == set(hierarchy.genes) & set(annotations["gene"])
    assert (len(reached), hierarchy.sizes[-1]) == (2974, 2974)


def test_published_hierarchy_is_the_papers(shared_data: Path) -> None:
    path = shared_data / "druggene_release" / "drugGene_ont.txt"
    hierarchy = published_hierarchy(path, published_genes(shared_data), read_term_names(GO / "go-basic.obo.gz"))
    assert hierarchy.layer_sizes == (1364, 357, 183, 115, 66, 1)
    assert (len(hierarchy.terms), len(hierarchy.edges), len(hierarchy.annotations)) == (2086, 3167, 59_753)
    assert hierarchy.sizes.min() == 10
    assert sum(name.startswith("GO:") for name in hierarchy.names) == 42


def test_published_hierarchy_is_restricted_to_the_measured_genes(shared_data: Path) -> None:
    genes = pd.read_parquet(shared_data / "omics" / "expression.parquet").columns.tolist()
    hierarchy = published_hierarchy(shared_data / "druggene_release" / "drugGene_ont.txt", genes, {})
    assert len(genes) == 1307
    assert len(hierarchy.terms) == 2082
    assert len(set(hierarchy.annotations[:, 0])) == 2052
    assert hierarchy.sizes.min() == 1
