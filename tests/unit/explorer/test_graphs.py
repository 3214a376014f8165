"""Graphs for Cytoscape, read back by networkx and ndex2, and held to the layout of CX2."""

import json
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest
from ndex2.cx2 import RawCX2NetworkFactory

from druggene.explorer.graphs import exported_drugs, printable, scored_graph, write_cx2, write_graphml
from tests.reference.explored import DRUGS, HOSTILE, explored


@pytest.fixture
def graph() -> nx.DiGraph:
    _, scores, _, _, contents = explored()
    return scored_graph(contents.graph, scores, [DRUGS[1], "zeta"], name=f"run {HOSTILE}\x00")


def test_graphml_comes_back(graph: nx.DiGraph, tmp_path: Path) -> None:
    path = tmp_path / "hierarchy.graphml"
    write_graphml(graph, path)
    again = nx.read_graphml(path)
    assert again.is_directed()
    assert set(again.edges) == set(graph.edges)
    assert dict(again.nodes(data=True)) == dict(graph.nodes(data=True))
    assert again.graph["name"] == f"run {HOSTILE}"
    first = path.read_bytes()
    write_graphml(graph, path)
    assert path.read_bytes() == first


def test_nodes_have_the_scores_that_are_defined(graph: nx.DiGraph) -> None:
    scores, contents = explored()[1], explored()[-1]
    for _, row in scores[scores["drug"] == "zeta"].iterrows():
        assert graph.nodes[row["term"]]["zeta::power"] == row["power"]
    assert graph.nodes["GO:3"]["genes"] == f"G{HOSTILE};GENE5"
    assert not [name for name in graph.nodes["GO:3"] if name.startswith("aspirin")]
    assert set(graph.predecessors("GO:3")) == {"GO:6", "GO:7"}
    undefined = scores.loc[4, "term"]
    alone = scored_graph(contents.graph, scores, ["aspirin"])
    assert "aspirin::rlipp" not in alone.nodes[undefined]
    assert "aspirin::power" in alone.nodes[undefined]


def test_cx2_comes_back(graph: nx.DiGraph, tmp_path: Path) -> None:
    path = tmp_path / "hierarchy.cx2"
    write_cx2(graph, path, "zeta::power")
    raw: list[dict[str, Any]] = json.loads(path.read_text())
    network = RawCX2NetworkFactory().get_cx2network(raw)
    ids = {node["v"]["id"]: number for number, node in network.get_nodes().items()}
    assert set(ids) == set(graph)
    for term, number in ids.items():
        assert network.get_node(number)["v"] == {"id": term, **graph.nodes[term]}
    found = {(edge["s"], edge["t"]) for edge in network.get_edges().values()}
    assert found == {(ids[parent], ids[child]) for parent, child in graph.edges}

    # The specification: the descriptor first, then numbers of elements, the status last; what is used is declared.
    aspects = {name: content for entry in raw[1:] for name, content in entry.items()}
    assert raw[0] == {"CXVersion": "2.0", "hasFragments": False}
    assert next(iter(raw[1])) == "metaData"
    assert raw[-1] == {"status": [{"error": "", "success": True}]}
    assert {entry["name"]: entry["elementCount"] for entry in aspects["metaData"]}["nodes"] == len(graph)
    declared = aspects["attributeDeclarations"][0]["nodes"]
    assert {name for node in aspects["nodes"] for name in node["v"]} <= set(declared)
    assert declared["zeta::power"]["d"] == "double"
    ranges = aspects["visualProperties"][0]["nodeMapping"]["NODE_BACKGROUND_COLOR"]["definition"]["map"]
    widest = ranges[-1]["min"]
    assert [entry.get("max") for entry in ranges] == [-widest, 0, widest, None]
    values = np.abs([node["v"]["zeta::power"] for node in aspects["nodes"]])
    assert widest == pytest.approx(np.quantile(values, 0.98))
    # No two terms lie on each other, and parents lie above their children.
    places = {node["id"]: (node["x"], node["y"]) for node in aspects["nodes"]}
    assert len(set(places.values())) == len(graph)
    assert all(places[ids[parent]][1] < places[ids[child]][1] for parent, child in graph.edges)


def test_drugs_without_scores_are_refused() -> None:
    assert exported_drugs(["b"], ["a", "b"]) == ["b"]
    with pytest.raises(ValueError, match=r"export_drugs: 'c' has no scores in this run; correct the name"):
        exported_drugs(["c"], ["a", "b"])


def test_characters_that_xml_lacks_go() -> None:
    assert printable("a\x00b\x0b\ud800c\té😀") == "abc\té😀"
