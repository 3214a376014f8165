"""What holds for every figure: legible at the printed size, in a journal's widths, vectors, and colours told apart."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from druggene.plotting import COLUMN_WIDTH, FULL_WIDTH, KINDS, TEXT
from druggene.plotting.ablations import plot_ablations
from druggene.plotting.interpretation import plot_best_terms, plot_drug_embedding, plot_genotype_embedding
from druggene.plotting.intervals import plot_intervals
from druggene.plotting.metrics import label_models, plot_metrics
from druggene.plotting.performance import plot_panel, plot_performance
from tests.reference import figures

OKABE_ITO = {"#000000", "#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7"}
NOTES: dict[str, Any] = {"confidence": 0.95, "min_pairs": 10, "simulated": True}


def metrics() -> Figure:
    rng = np.random.default_rng(0)
    rows = [
        {"model": model, "fold": fold, "n_pairs": 100} | {metric: rng.uniform(0.5, 0.6) for metric in figures.METRICS}
        for model in figures.LABELS
        for fold in range(2)
    ]
    return plot_metrics(label_models(pd.DataFrame(rows), figures.LABELS, figures.KINDS), title="t", simulated=True)


def intervals() -> Figure:
    table = label_models(figures.intervals(figures.LABELS), figures.LABELS, figures.KINDS)
    return plot_intervals(table, title="t", confidence=0.95, simulated=True)


def ablations() -> Figure:
    variants = {"base": "DrugGene", "sum": "Plain sum", "dense": "Dense layers"}
    rows = [
        {"variant": variant, "label": label, "pearson": 0.8 + seed / 100, "mse": 0.01, "normalised_pearson": 0.4}
        for variant, label in variants.items()
        for seed in range(3)
    ]
    return plot_ablations(pd.DataFrame(rows), title="t", notes="Folds 0, 1.", simulated=True)


def genotypes() -> Figure:
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(40, 4)), columns=["pc1", "pc2", "expression", "auc"])
    note = "Another drug in place of the one: most shared targets; GENE in place of BRAF: most shared annotations"
    table = table.assign(view=np.repeat([0, 1], 20), drug="Selumetinib", genes="EGFR or BRAF", note=note, rho=-0.25)
    return plot_genotype_embedding(table, title="t", simulated=True)


def drugs() -> Figure:
    points = pd.DataFrame({"drug": list("abcd"), "class": ["x", "x", "y", None], "pc1": range(4), "pc2": range(4)})
    scores = pd.DataFrame(
        {"class": list("xxyy"), "n_drugs": 2, "by": ["embedding", "fingerprint"] * 2, "silhouette": 0.5, "p_value": 0.1}
    )
    return plot_drug_embedding(points, scores, title="t", simulated=True)


def best_terms() -> Figure:
    n = 30
    names = [f"regulation of the process with a long and telling name, number {i}" for i in range(n)]
    best = pd.DataFrame({"rank": range(1, n + 1), "term": range(n), "name": names, "value": np.geomspace(900, 1, n)})
    best = best.assign(marked=best["rank"] % 3 == 0)
    root = pd.DataFrame({"term": [-1], "name": ["root"], "layer": [1], "rank": [np.nan], "marked": [False], "x": [0.5]})
    nodes = pd.concat([best.assign(layer=0, x=(best["rank"] - 0.5) / n).drop(columns="value"), root])
    edges = pd.DataFrame({"parent": -1, "child": best["term"]})
    states = pd.DataFrame({"component": [0.0, 1.0, 2.0], "auc": [0.4, 0.5, 0.9]})
    labels = {"title": "Paclitaxel", "score": "RLIPP (P / C - 1)", "marked": "transport or metabolism"}
    return plot_best_terms(best, nodes, edges, states, rho=-0.1, simulated=True, **labels)


def performance() -> Figure:
    return plot_performance(*figures.panels_of(), title="t", **NOTES)


def performance_panel() -> Figure:
    return plot_panel("F", *figures.panels_of(), **NOTES)


ALL = [metrics, intervals, ablations, genotypes, drugs, best_terms, performance, performance_panel]


@pytest.mark.parametrize("draw", ALL, ids=lambda draw: draw.__name__)
def test_a_figure_is_fit_for_print(draw: Callable[[], Figure]) -> None:
    figure = draw()
    assert figure.get_figwidth() * 25.4 == pytest.approx(FULL_WIDTH) or figure.get_figwidth() * 25.4 == pytest.approx(
        COLUMN_WIDTH
    )
    figure.canvas.draw()
    small = {text.get_text(): text.get_fontsize() for text in figures.written(figure) if text.get_fontsize() < TEXT}
    assert not small
    words = figures.all_text(figure)
    assert "Simulated data" in words
    assert "mathdefault" not in words, "a formula stands where a number should"
    assert not any(axes.images for axes in figure.axes), "a picture of points is not a vector"


def test_the_names_of_terms_that_do_not_fit_are_counted() -> None:
    words = figures.all_text(best_terms())
    assert "and 10 more in the table" in words
    assert "in colour: 10 of 30, transport or metabolism" in words


def test_kinds_of_models_have_colours_and_shapes_of_their_own() -> None:
    colours = {to_hex(colour) for _, colour, _ in KINDS.values()}
    assert colours < OKABE_ITO
    assert len(colours) == len({marker for _, _, marker in KINDS.values()}) == len(KINDS)
