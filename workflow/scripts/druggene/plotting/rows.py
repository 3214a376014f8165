"""Figures with a row per model or variant: heading and legend, panels side by side, and a caption below them."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from druggene.plotting import FULL_WIDTH, GREY, HEADING, LIGHT_GREY, letter_panel, mark_simulated, new_figure

ROW: Final = 4.2
"""Height of a row of a panel, in mm."""
# In mm: heading and legend; what a panel has below its rows; a line of the caption, and its margin.
_TOP: Final = 12.0
_AXIS: Final = 17.0
_LINE: Final = 3.5
_MARGIN: Final = 5.0
_LETTERS_IN_A_MM: Final = 0.75


@dataclass(frozen=True)
class Caption:
    """Sentences below the panels, broken into lines, and the height that they take, in mm."""

    lines: list[str]

    @property
    def height(self) -> float:
        """Height with its margin, in mm."""
        return _MARGIN + _LINE * len(self.lines)

    @classmethod
    def of(cls, text: str, width: float = FULL_WIDTH) -> "Caption":
        """Break ``text`` into lines of a figure of ``width`` mm."""
        return cls(textwrap.wrap(text, width=round(_LETTERS_IN_A_MM * width)))

    def write(self, figure: Figure) -> None:
        """Write the lines at the foot of the figure."""
        place = (self.height - 2) / (25.4 * figure.get_figheight())
        left = 0.01 * FULL_WIDTH / (25.4 * figure.get_figwidth())
        figure.text(left, place, "\n".join(self.lines), va="top", color=GREY, linespacing=1.4)


def new_figure_of_rows(
    title: str, legend: Sequence[Artist], caption: str, rows: int, panels_down: int = 1, simulated: bool = False
) -> Figure:
    """Return a figure of the height that its rows need, with all but the panels; call it inside :func:`style`.

    Parameters
    ----------
    title, legend, caption
        Heading, handles of the legend below it, and the sentences below the panels.
    rows, panels_down
        Number of rows of each panel, and of panels one below another.
    simulated
        Whether to mark the figure as simulated.
    """
    below = Caption.of(caption)
    height = _TOP + panels_down * (ROW * rows + _AXIS) + below.height
    figure = new_figure(height)
    panels = (0.0, below.height / height, 1.0, 1 - (_TOP + below.height) / height)
    figure.set_layout_engine("constrained", rect=panels, w_pad=0.06)
    figure.text(0.01, 1 - 2 / height, title, va="top", fontsize=HEADING, fontweight="bold")
    figure.legend(
        handles=list(legend),
        loc="upper left",
        bbox_to_anchor=(0.01, 1 - 6.5 / height),
        ncols=4,
        frameon=False,
        borderpad=0,
        handletextpad=0.4,
    ).set_in_layout(False)
    below.write(figure)
    if simulated:
        mark_simulated(figure)
    return figure


def label_rows(axes: Axes, labels: Sequence[str]) -> None:
    """Name the rows of a panel, the first at the top."""
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color=LIGHT_GREY, linewidth=0.5)


def label_panel(axes: Axes, letter: str, name: str, more_is_better: bool) -> None:
    """Give a panel its letter, and the name of its metric with the direction in which it is better."""
    letter_panel(axes, letter)
    axes.set_xlabel(name + ("\nhigher is better →" if more_is_better else "\n← lower is better"))
