"""Figures, drawn from data frames alone, so that they can be redrawn without training.

Here is what all figures share: their style, and how they are saved.
"""

import logging
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from druggene.tables import atomic_path, write_csv

FULL_WIDTH: Final = 180.0
"""Width of a figure over both columns of a journal's page, in mm."""
COLUMN_WIDTH: Final = 85.0
"""Width of a figure in one column, in mm."""
TEXT: Final = 7
"""Size of all text at the printed size, in points; nothing is smaller."""
HEADING: Final = 9
"""Size of headings and of the letters of panels, in points."""
LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
"""Letters of panels, in reading order."""

_STYLE: Final[Any] = {
    "font.family": "DejaVu Sans",
    "font.size": TEXT,
    "axes.labelsize": TEXT,
    "axes.titlesize": TEXT,
    "xtick.labelsize": TEXT,
    "ytick.labelsize": TEXT,
    "legend.fontsize": TEXT,
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    # Text stays text in the PDF: type 42 fonts can be edited and searched, type 3 cannot.
    "pdf.fonttype": 42,
    # A dollar sign in a name is a dollar sign, and not the beginning of a formula.
    "text.parse_math": False,
}

# Okabe and Ito's colours, told apart by colour-blind readers.
BLUE: Final = "#0072B2"
GREEN: Final = "#009E73"
VERMILION: Final = "#D55E00"
PURPLE: Final = "#CC79A7"
ORANGE: Final = "#E69F00"
YELLOW: Final = "#F0E442"
GREY: Final = "#666666"
LIGHT_GREY: Final = "#E5E5E5"

# The shapes tell them apart in grey.
KINDS: Final = {
    "network": ("Network", BLUE, "o"),
    "rival": ("Conventional model", GREEN, "D"),
    "naive": ("Naive predictor", VERMILION, "s"),
}
"""Kind of a model to its name, colour and marker, in the order in which kinds are drawn."""


def new_figure(height: float, width: float = FULL_WIDTH) -> Figure:
    """Return an empty figure of ``width`` x ``height`` mm in the style of all figures.

    It belongs to no window and no global list of figures. Draw on it inside :func:`style`.
    """
    with style():
        return Figure(figsize=(width / 25.4, height / 25.4), layout="constrained")


def style() -> AbstractContextManager[None]:
    """Return the context in which a figure is drawn and saved: fonts, sizes and line widths."""
    return mpl.rc_context(_STYLE)


def mark_simulated(figure: Figure) -> None:
    """Write "Simulated data" into the upper right corner, so that made-up results are never taken for real ones."""
    figure.text(
        0.99,
        1 - 2 / (25.4 * figure.get_figheight()),
        "Simulated data",
        ha="right",
        va="top",
        fontsize=TEXT,
        fontweight="bold",
        bbox={"facecolor": YELLOW, "edgecolor": "black", "linewidth": 0.6, "boxstyle": "square,pad=0.3"},
    )


def letter_panel(axes: Axes, letter: str) -> None:
    """Write a panel's letter above its upper left corner."""
    axes.set_title(letter, loc="left", fontsize=HEADING, fontweight="bold", pad=4)


def with_minus(text: str) -> str:
    """Return a number as text with a minus sign in place of the hyphens."""
    return text.replace("-", "−")


def save_figure(figure: Figure, data: pd.DataFrame, stem: str | Path) -> None:
    """Write ``stem``.pdf (vector), .png (300 dpi) and .csv (the data drawn), each whole or not at all, and close it.

    Equal figures give equal bytes: no date is written. Columns of ``data`` keep six significant digits.
    """
    # It reports every glyph of the fonts that go into a PDF.
    logging.getLogger("fontTools").setLevel(logging.WARNING)
    for suffix, metadata in (("pdf", {"CreationDate": None}), ("png", {"Software": None})):
        with atomic_path(f"{stem}.{suffix}") as temporary, style():
            figure.savefig(temporary, format=suffix, dpi=300, metadata=metadata)
        # Laid out once: the same places in both, in half the time.
        figure.set_layout_engine("none")
    write_csv(data, f"{stem}.csv")
    figure.clear()
