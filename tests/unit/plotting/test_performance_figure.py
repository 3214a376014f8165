"""The figure of predictive performance: what is drawn and written, and what is said where nothing can be drawn."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from druggene.plotting import COLUMN_WIDTH, FULL_WIDTH, save_figure
from druggene.plotting.performance import plot_panel, plot_performance
from tests.reference.figures import LABELS, Panels, all_text, panels_of

NOTES = {"confidence": 0.95, "min_pairs": 10}
MANY = LABELS | {f"model_{i}": f"A further network {i}" for i in range(5)}


@pytest.fixture(scope="module")
def panels() -> Panels:
    return panels_of()


@pytest.fixture(scope="module")
def page(panels: Panels) -> Figure:
    return plot_performance(*panels, title="Performance", **NOTES)


def with_title(figure: Figure, letter: str) -> Axes:
    (found,) = [axes for axes in figure.findobj(Axes) if axes.get_title(loc="left") == letter]
    assert isinstance(found, Axes)
    return found


def test_every_panel_has_its_letter(page: Figure) -> None:
    assert [with_title(page, letter) for letter in "ABCDEFGH"]


def test_drugs_stand_at_their_correlations_with_their_number_above_the_diagonal(panels: Panels, page: Figure) -> None:
    axes = with_title(page, "B")
    (dots,) = [line for line in axes.lines if line.get_marker() == "o"]
    drawn = panels[0]["B"]
    np.testing.assert_allclose(dots.get_xydata(), drawn[["pearson_other", "pearson"]].astype(float))
    above = (drawn["pearson"] > drawn["pearson_other"]).sum()
    assert [text.get_text() for text in axes.texts] == [f"{above} of 30"]
    assert axes.get_xlabel() == "expBox, Pearson r"
    assert axes.get_xlim() == axes.get_ylim() == with_title(page, "A").get_xlim()


def test_errors_and_tests_are_written_beside_their_rows(panels: Panels, page: Figure) -> None:
    errors = with_title(page, "E")
    assert [bar.get_width() for bar in errors.patches] == panels[0]["E"]["value"].tolist()
    assert [text.get_text() for text in errors.texts] == [f"{value:.4f}" for value in panels[0]["E"]["value"]]
    boxes = with_title(page, "F")
    row = panels[1].query("panel == 'F' and other == 'cnvbox'").iloc[0]
    texts = {(text.xy[1], text.get_text()) for text in boxes.texts}
    assert (3, f"{row['rank_biserial']:+.2f}") in texts
    assert (list(LABELS).index("global_mean"), "n.d.") in texts


def test_a_failed_model_squashes_no_other(panels: Panels) -> None:
    tables = dict(panels[0])
    failed = tables["E"].copy()
    failed.loc[0, ["value", "low", "high"]] = [90.0, 80.0, 100.0]
    failed.loc[1, ["value", "low", "high"]] = np.nan
    axes = plot_panel("E", tables | {"E": failed}, panels[1], **NOTES).axes[0]
    assert axes.get_xlim()[1] < 1
    assert {"90.0000 ▸", "n.d."} <= {text.get_text() for text in axes.texts}


def test_counts_and_correlation_of_each_model(panels: Panels) -> None:
    figure = plot_panel("G", *panels, **NOTES)
    grid = [axes for axes in figure.axes if axes.get_xlabel() == "Observed AUC"]
    values = panels[1].query("panel == 'G'").set_index("label")["pearson"]
    assert [axes.get_title() for axes in grid] == [
        f"{label.replace(' effects', chr(10) + 'effects')}\nr = {value:.3f}" for label, value in values.items()
    ]
    for axes, model in zip(grid, ["druggene", "drugcell", "effects"], strict=True):
        own = panels[0]["G"][panels[0]["G"]["model"] == model]
        (mesh,) = axes.collections
        counts = np.ma.masked_invalid(mesh.get_array()).compressed()
        assert sorted(counts) == sorted(own["n"])


def test_the_best_ten_drugs_are_named(panels: Panels) -> None:
    figure = plot_panel("H", *panels, **NOTES)
    best = panels[0]["H"].head(10)
    assert "\n".join(f"{rank} {name}" for rank, name in best[["rank", "name"]].itertuples(index=False)) in all_text(
        figure
    )
    assert len(figure.axes[0].patches) == 30
    assert "Drugs, best first (n = 30)" in all_text(figure)


def test_a_stand_in_and_a_missing_model_are_said() -> None:
    labels = {"plus": "DrugGene+", "twin": "Twin", "effects": "Effects"}
    figure = plot_performance(*panels_of(labels), title="t", **NOTES)
    text = all_text(figure)
    assert "Twin, Pearson r\n(in place of DrugCell)" in text
    assert "no cnvBox\nto compare with" in text


def test_a_protocol_without_a_drug_that_counts_says_so(tmp_path: Path) -> None:
    panels = panels_of(drugs=0)
    figure = plot_performance(*panels, title="t", **NOTES)
    assert all_text(figure).count("no drug has\nenough test pairs") == 6
    save_figure(figure, panels[1], tmp_path / "figure4")
    for letter in "AFH":
        assert "no drug has" in all_text(plot_panel(letter, *panels, **NOTES))


FEW = {"plus": "DrugGene+", "twin": "DrugGene+, genes permuted", "effects": "Drug + cell-line effects"}


@pytest.mark.parametrize("labels", [FEW, MANY], ids=["three models", "thirteen models"])
def test_nothing_overlaps_or_leaves_the_page(labels: dict[str, str]) -> None:
    figure = plot_performance(*panels_of(labels), title="Performance", simulated=True, **NOTES)
    assert figure.get_figwidth() * 25.4 == pytest.approx(FULL_WIDTH)
    assert figure.get_figheight() * 25.4 < 240
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    renderer, page = canvas.get_renderer(), figure.bbox
    boxes = {f"panel {i}": axes.get_tightbbox(renderer) for i, axes in enumerate(figure.findobj(Axes))}
    boxes |= {text.get_text(): text.get_window_extent(renderer) for text in figure.texts}
    for name, box in boxes.items():
        assert page.x0 <= box.x0 + 1, name
        assert page.y0 <= box.y0, name
        assert box.x1 <= page.x1 + 1, name
        assert box.y1 <= page.y1, name
        clashes = [other for other in boxes if other != name and box.padded(-2).overlaps(boxes[other].padded(-2))]
        assert not clashes, name


def test_panels_fit_a_column(panels: Panels) -> None:
    for letter, width in {"A": COLUMN_WIDTH, "F": COLUMN_WIDTH, "G": FULL_WIDTH}.items():
        assert plot_panel(letter, *panels, **NOTES).get_figwidth() * 25.4 == pytest.approx(width)


def test_simulated_data_are_marked(panels: Panels) -> None:
    for simulated in (True, False):
        figures = [
            plot_performance(*panels, title="t", simulated=simulated, **NOTES),
            plot_panel("D", *panels, simulated=simulated, **NOTES),
        ]
        assert ["Simulated data" in all_text(figure) for figure in figures] == [simulated] * 2


def test_a_table_without_a_column_is_refused(panels: Panels) -> None:
    broken: dict[str, pd.DataFrame] = panels[0] | {"H": panels[0]["H"].drop(columns="name")}
    with pytest.raises(ValueError, match=r"panel H: missing column\(s\) name"):
        plot_performance(broken, panels[1], title="t", **NOTES)
