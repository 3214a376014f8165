"""The hierarchy with the scores of some drugs as a graph for Cytoscape: CX2, and GraphML."""

import os
import re
from collections.abc import Sequence

import networkx as nx
import numpy as np
import pandas as pd
from ndex2.cx2 import CX2Network

from druggene.constants import DRUG, TERM
from druggene.explorer.contents import DESCRIPTION, Graph
from druggene.tables import atomic_path

_UNPRINTABLE = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_PLACES = 120.0
"""Distance of two layers in the picture, in Cytoscape's units."""
_DIVERGING = ("#542788", "#f7f7f7", "#b35806")
"""Colours of the lowest, the meaningless and the highest score: ColorBrewer's PuOr, safe for colour-blind readers."""


def exported_drugs(wanted: Sequence[str], scored: Sequence[str]) -> list[str]:
    """Return the drugs to export.

    Raises
    ------
    ValueError
        If one of them was not interpreted.
    """
    unknown = [drug for drug in wanted if drug not in set(scored)]
    if unknown:
        raise ValueError(
            f"interpretation.explorer.export_drugs: {unknown[0]!r} has no scores in this run; correct the name, or add "
            "it to interpretation.drugs"
        )
    return list(wanted)


def scored_graph(graph: Graph, scores: pd.DataFrame, drugs: Sequence[str], **about: str) -> nx.DiGraph:
    """Return the hierarchy with all scores of some drugs.

    Parameters
    ----------
    graph
        The hierarchy.
    scores
        drug, term and scores.
    drugs
        Those to export.
    about
        What the graph says of itself: run, model and so on.

    Returns
    -------
    networkx.DiGraph
        From parent to child. A node is a term id with name, layer, size, genes (of the term itself, joined by ``;``)
        and ``<drug>::<score>`` for every score that is defined; Cytoscape takes what stands before ``::`` for a group
        of columns.
    """
    described = {*DESCRIPTION, DRUG, "n_children", "n_parents", "n_folds"}
    names = [column for column in scores if column not in described]
    result = nx.DiGraph(**{key: printable(value) for key, value in about.items()})
    genes = graph.annotations.groupby(TERM)["gene"].agg(";".join).to_dict()
    for term, name, layer, size in graph.terms[DESCRIPTION].itertuples(index=False):
        own = printable(genes.get(term, ""))
        result.add_node(printable(term), name=printable(name), layer=float(layer), size=float(size), genes=own)
    for drug in drugs:
        of_drug = scores[scores[DRUG] == drug].set_index(TERM)[names].astype(float)
        for term, values in of_drug.iterrows():
            defined = {f"{printable(drug)}::{name}": float(v) for name, v in values.items() if np.isfinite(v)}
            result.nodes[printable(str(term))].update(defined)
    result.add_edges_from(
        ((printable(parent), printable(child)) for parent, child in graph.edges.itertuples(index=False)),
        interaction="is parent of",
    )
    return result


def printable(text: str) -> str:
    """Return a text without characters that XML has no place for."""
    return _UNPRINTABLE.sub("", text)


def write_graphml(graph: nx.DiGraph, path: str | os.PathLike[str]) -> None:
    """Write a graph as GraphML, atomically."""
    with atomic_path(path) as temporary:
        nx.write_graphml_xml(graph, temporary, named_key_ids=False)


def write_cx2(graph: nx.DiGraph, path: str | os.PathLike[str], colour_by: str) -> None:
    """Write a graph as CX2 (Cytoscape Exchange, version 2), atomically.

    Terms lie in rows by layer, the root on top, with their names for labels, and are coloured by the attribute
    ``colour_by`` where it is there.
    """
    network = CX2Network()
    network.set_network_attributes(dict(graph.graph))
    number = {term: i for i, term in enumerate(graph)}
    for term, (x, y) in _rows(graph).items():
        network.add_node(number[term], {"id": term, **graph.nodes[term]}, x=x, y=y)
    for i, (parent, child, attributes) in enumerate(graph.edges(data=True)):
        network.add_edge(i, number[parent], number[child], attributes)
    network.set_visual_properties(_style([graph.nodes[term].get(colour_by) for term in graph], colour_by))
    with atomic_path(path) as temporary:
        network.write_as_raw_cx2(str(temporary))


def _rows(graph: nx.DiGraph) -> dict[str, tuple[float, float]]:
    """Return places of the terms: layers as rows from the root down, each in the order of its parents' places."""
    layers: dict[float, list[str]] = {}
    for term, layer in graph.nodes(data="layer"):
        layers.setdefault(layer, []).append(term)
    widest = max(map(len, layers.values()))
    places: dict[str, tuple[float, float]] = {}
    for layer, terms in sorted(layers.items(), reverse=True):
        above = {t: [places[p][0] for p in graph.predecessors(t) if p in places] for t in terms}
        order = sorted(terms, key=lambda t: (float(np.mean(above[t])) if above[t] else 0.0, t))
        step = _PLACES * widest / len(order)
        places |= {t: ((i + 0.5) * step, -layer * 4 * _PLACES) for i, t in enumerate(order)}
    return {term: places[term] for term in graph}


def _style(values: list[float | None], colour_by: str) -> dict[str, object]:
    """Return the visual properties: names as labels, colours of the 98th percentile of the scores and beyond."""
    sizes = [abs(value) for value in values if value is not None]
    widest = float(np.quantile(sizes, 0.98)) if sizes else 0.0
    colours = {
        "NODE_BACKGROUND_COLOR": {
            "type": "CONTINUOUS",
            "definition": {
                "attribute": colour_by,
                "type": "double",
                "map": [
                    {"maxVPValue": _DIVERGING[0], "includeMin": False, "includeMax": False, "max": -widest},
                    *(
                        {
                            "min": low * widest,
                            "max": (low + 1) * widest,
                            "minVPValue": _DIVERGING[low + 1],
                            "maxVPValue": _DIVERGING[low + 2],
                            "includeMin": True,
                            "includeMax": True,
                        }
                        for low in (-1, 0)
                    ),
                    {"minVPValue": _DIVERGING[2], "includeMin": False, "includeMax": False, "min": widest},
                ],
            },
        }
    }
    labels = {"NODE_LABEL": {"type": "PASSTHROUGH", "definition": {"attribute": "name", "type": "string"}}}
    return {
        "default": {
            "network": {"NETWORK_BACKGROUND_COLOR": "#FFFFFF"},
            "node": {"NODE_BACKGROUND_COLOR": "#D0D7DE", "NODE_SHAPE": "round-rectangle", "NODE_LABEL_FONT_SIZE": 10},
            "edge": {"EDGE_LINE_COLOR": "#8C959F", "EDGE_WIDTH": 1.0},
        },
        "nodeMapping": labels | (colours if widest > 0 else {}),
    }
