"""Hierarchies of the user's own: gene sets and tables, with one root."""

import gzip
import logging
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from druggene.ontology import build_hierarchy, whole_hierarchy
from druggene.own_hierarchy import ADDED_ROOT, containment_edges, read_gmt, read_own_hierarchy

GMT = "Signalling\tR-1\tG1\tG2\tG3\nMAPK\tR-2\tG1\tG2\nRepair\tR-3\tG4\tG5\tG4\t\n"
REACTOME_EDGES = "R-1\tR-2\nR-0\tR-1\nR-0\tR-3\nX-1\tX-2\n"


def write(folder: Path, **files: str) -> dict[str, Path]:
    paths = {}
    for name, text in files.items():
        paths[name] = folder / name.replace("__", ".")
        paths[name].write_text(text)
    return paths


def edges_of(frame: pd.DataFrame) -> set[tuple[str, str]]:
    return set(frame[["parent", "child"]].itertuples(index=False, name=None))


def test_gene_sets_alone_lie_below_a_root_that_is_added(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    paths = write(tmp_path, sets__gmt=GMT)
    found = read_own_hierarchy(gmt=paths["sets__gmt"])
    assert found.root == ADDED_ROOT
    assert edges_of(found.term_edges) == {(ADDED_ROOT, name) for name in ("Signalling", "MAPK", "Repair")}
    assert "3 terms have no parent (MAPK, Repair, Signalling); the root ROOT is added" in caplog.text
    assert len(found.annotations) == 7
    assert found.terms.set_index("term")["name"][ADDED_ROOT] == "all terms"


def test_reactome_knows_its_sets_by_the_description(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The relation table has no header, all species and a root of its own; sets take their ids and keep their names."""
    paths = write(tmp_path, sets__gmt=GMT, edges__txt=REACTOME_EDGES, names__txt="R-0\tAll\tHomo sapiens\n")
    with caplog.at_level(logging.INFO):
        found = read_own_hierarchy(gmt=paths["sets__gmt"], edges=paths["edges__txt"], terms=paths["names__txt"])
    assert found.root == "R-0"
    assert edges_of(found.term_edges) == {("R-1", "R-2"), ("R-0", "R-1"), ("R-0", "R-3")}
    names = found.terms.set_index("term")["name"].to_dict()
    assert names == {"R-0": "All", "R-1": "Signalling", "R-2": "MAPK", "R-3": "Repair"}
    assert "2 terms reach no gene and are left out: X-1, X-2" in caplog.text


@pytest.mark.parametrize("form", ["csv", "tsv", "parquet"])
def test_tables_of_any_format(tmp_path: Path, form: str) -> None:
    tables = {
        "edges": pd.DataFrame({"child": ["b", "c", "c"], "parent": ["a", "a", "b"]}),
        "annotations": pd.DataFrame({"term": ["b", "c", "orphan"], "gene": ["G1", "G2", "G3"], "score": [1.0, 2, 3]}),
        "terms": pd.DataFrame({"term": ["a"], "name": ["the top"]}),
    }
    paths = {name: tmp_path / f"{name}.{form}" for name in tables}
    for name, table in tables.items():
        if form == "parquet":
            table.to_parquet(paths[name])
        else:
            table.to_csv(paths[name], index=False, sep="\t" if form == "tsv" else ",")
    found = read_own_hierarchy(**paths)
    # Neither a nor the orphan has a parent.
    assert edges_of(found.term_edges) == {("ROOT", "a"), ("ROOT", "orphan"), ("a", "b"), ("a", "c"), ("b", "c")}
    assert found.terms.set_index("term")["name"].to_dict() == {
        "ROOT": "all terms",
        "a": "the top",
        **{term: term for term in ("b", "c", "orphan")},
    }


def test_pruned_by_the_rules_of_the_gene_ontology_or_whole(tmp_path: Path) -> None:
    paths = write(tmp_path, sets__gmt=GMT, edges__txt=REACTOME_EDGES)
    found = read_own_hierarchy(gmt=paths["sets__gmt"], edges=paths["edges__txt"])
    graph = (found.term_edges, found.annotations, {}, ["G1", "G2", "G3", "G4", "G9"])
    pruned = build_hierarchy(*graph, min_genes=2, min_genes_over_child=2, max_layers=6, root=found.root)
    # R-1 holds one gene more than one gene of the data.
    assert set(pruned.terms) == {"R-0", "R-2"}
    whole = whole_hierarchy(*graph)
    assert set(whole.terms) == {"R-0", "R-1", "R-2", "R-3"}
    assert whole.root == "R-0"
    assert dict(zip(whole.terms, whole.sizes, strict=True)) == {"R-0": 4, "R-1": 3, "R-2": 2, "R-3": 1}


def test_containment_merges_equal_sets_and_skips_a_grandparent(tmp_path: Path) -> None:
    text = "all\t-\tG1\tG2\tG3\tG4\nmid\t-\tG1\tG2\tG3\nlow\t-\tG1\nsame\t-\tG1\tG2\tG3\nside\t-\tG4\tG9\n"
    found = read_own_hierarchy(gmt=write(tmp_path, s__gmt=text)["s__gmt"], containment=True)
    assert edges_of(found.term_edges) == {("ROOT", "all"), ("all", "mid"), ("mid", "low"), ("ROOT", "side")}


@settings(max_examples=40)
@given(st.integers(0, 2**16), st.integers(2, 25), st.integers(2, 7))
def test_containment_is_the_reduction_of_set_inclusion(seed: int, n_sets: int, n_genes: int) -> None:
    rng = np.random.default_rng(seed)
    drawn = {frozenset(np.flatnonzero(rng.random(n_genes) < 0.5).tolist()) for _ in range(n_sets)}
    sets = {f"s{i}": genes for i, genes in enumerate(sorted(filter(None, drawn), key=sorted))}
    rows = [(term, f"g{gene}") for term, genes in sets.items() for gene in genes]
    found = edges_of(containment_edges(pd.DataFrame(rows, columns=["term", "gene"])))
    expected = {
        (large, small)
        for large, outer in sets.items()
        for small, inner in sets.items()
        if inner < outer and not any(inner < between < outer for between in sets.values())
    }
    assert found == expected


def test_a_gzipped_gmt_reads_the_same(tmp_path: Path) -> None:
    plain = write(tmp_path, sets__gmt=GMT)["sets__gmt"]
    packed = tmp_path / "sets.gmt.gz"
    packed.write_bytes(gzip.compress(GMT.encode()))
    pd.testing.assert_frame_equal(read_gmt(plain), read_gmt(packed))


def test_one_description_of_two_sets_is_no_id(tmp_path: Path) -> None:
    paths = write(tmp_path, sets__gmt=GMT.replace("R-2", "R-1"), edges__txt=REACTOME_EDGES)
    with pytest.raises(ValueError, match="the description 'R-1' stands for two gene sets"):
        read_own_hierarchy(gmt=paths["sets__gmt"], edges=paths["edges__txt"])


def test_a_term_cannot_be_called_as_the_added_root(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="a term is called ROOT"):
        read_own_hierarchy(gmt=write(tmp_path, s__gmt=GMT.replace("MAPK", "ROOT"))["s__gmt"])
