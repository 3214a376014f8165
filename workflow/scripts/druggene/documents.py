"""Tables for readers: written once as a document, for Markdown and for LaTeX, with the numbers as CSV beside it."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pandas as pd

from druggene.tables import markdown_row, markdown_text, write_csv, write_text

MISSING: Final = "–"
"""What stands in a cell without a value."""

# In letters: what a page of 170 mm holds, beyond which it is turned by 90°; the longest text that is not broken.
_PORTRAIT: Final = 110
_LANDSCAPE: Final = 160
_LONGEST_CELL: Final = 34
_LONGEST_WORD: Final = 20
_CHUNK: Final = 6
_PACKAGES: Final = "booktabs, longtable, array, pdflscape; T1 fonts and textcomp"

_SPECIAL: Final = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "±": r"$\pm$",
    "−": "$-$",
    "–": "--",
    "—": "---",
    "…": r"\dots{}",
    "²": r"\textsuperscript{2}",
    "³": r"\textsuperscript{3}",
    "→": r"$\rightarrow$",
    "←": r"$\leftarrow$",
    "≥": r"$\geq$",
    "≤": r"$\leq$",
    "×": r"$\times$",
    "µ": r"$\mu$",
    "·": r"$\cdot$",
    "°": r"\textdegree{}",
    "\u00a0": "~",
}
_MINUS: Final = re.compile(r"(?<![\w.])-(?=\d)")
_POWER: Final = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?)e([+-])0*(\d+)(?!\w)")


@dataclass(frozen=True)
class Heading:
    """A heading of the second level."""

    text: str


@dataclass(frozen=True)
class Paragraph:
    """Sentences; ``*words*`` are emphasised and ``**words**`` are bold."""

    text: str


@dataclass(frozen=True)
class Grid:
    """A table: texts of the header and of each row, and whether a column is numbers, which stand to the right."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    numeric: Sequence[bool]

    @classmethod
    def of_models(cls, header: Sequence[str], rows: Iterable[Sequence[str]]) -> "Grid":
        """Return a table whose first column is text and all others numbers."""
        return cls(header, list(rows), [False, *[True] * (len(header) - 1)])

    @classmethod
    def of(cls, table: pd.DataFrame, names: dict[str, str] | None = None) -> "Grid":
        """Return a data frame as a table, columns by their ``names``, numbers grouped by thousands."""
        header = [(names or {}).get(column, column) for column in table.columns]
        numeric = [pd.api.types.is_numeric_dtype(kind) for kind in table.dtypes]
        return cls(header, [[_cell(value) for value in row] for row in table.itertuples(index=False)], numeric)


@dataclass
class Document:
    """A title and what stands below it, in order.

    Attributes
    ----------
    title
        Heading, and beginning of the caption of every table.
    simulated
        Whether the numbers come from simulated data, which the title then says.
    blocks
        Headings, paragraphs and tables.
    """

    title: str
    simulated: bool = False
    blocks: list[Heading | Paragraph | Grid] = field(default_factory=list)

    @property
    def heading(self) -> str:
        """The title, with a mark where data are simulated."""
        return self.title + (", simulated data" if self.simulated else "")

    def markdown(self) -> str:
        """Return the document as Markdown, in which text stays text, whatever it holds."""
        parts = [f"# {markdown_text(self.heading)}"]
        for block in self.blocks:
            if isinstance(block, Heading):
                parts.append(f"## {markdown_text(block.text)}")
            elif isinstance(block, Paragraph):
                parts.append(markdown_text(block.text))
            else:
                rule = ["---:" if numeric else "---" for numeric in block.numeric]
                parts.append("\n".join(map(markdown_row, [block.header, rule, *block.rows])))
        return "\n\n".join(parts) + "\n"

    def latex(self, label: str) -> str:
        r"""Return the document as LaTeX to ``\input``: every table with a caption and a label, in booktabs' style.

        Parameters
        ----------
        label
            Of the tables, ``tab:label``; the second and further ones of a document are numbered.
        """
        lines = [f"% {latex_text(self.heading)}", f"% To be read by \\input; needs {_PACKAGES}.", ""]
        section, number, said = "", 0, []
        for block in self.blocks:
            if isinstance(block, Heading):
                section = block.text
            elif isinstance(block, Paragraph):
                said += [_emphasised(latex_text(block.text)), ""]
            else:
                number += 1
                caption = ": ".join(text for text in (self.heading, section) if text)
                table, turned = _longtable(block, caption, f"tab:{label}" + (f"-{number}" if number > 1 else ""))
                # What is said of a table stands on its page, turned or not.
                page = [r"\begin{landscape}", *said, *table, r"\end{landscape}"] if turned else [*said, *table]
                lines += [*page, ""]
                said = []
        lines += said
        return "\n".join(lines)


def write_document(document: Document, table: pd.DataFrame, stem: str | Path) -> None:
    """Write a document for readers, ``stem``.md and ``stem``.tex, and its ``table`` in full precision, ``stem``.csv."""
    stem = Path(stem)
    write_csv(table, f"{stem}.csv")
    write_text(document.markdown(), f"{stem}.md")
    write_text(document.latex(stem.name.replace("_", "-")), f"{stem}.tex")


def latex_text(text: str) -> str:
    """Return a text as one line of LaTeX that prints it, whatever it holds; with minus signs and powers of ten."""
    parts, end, text = [], 0, " ".join(text.split())
    for found in _POWER.finditer(text):
        factor, sign, power = found.groups()
        parts += [_escaped(text[end : found.start()]), f"${factor}\\times10^{{{sign.strip('+')}{power}}}$"]
        end = found.end()
    return "".join([*parts, _escaped(text[end:])])


def _escaped(text: str) -> str:
    return "".join(_SPECIAL.get(letter) or _greek(letter) or letter for letter in _MINUS.sub("−", text))


def _greek(letter: str) -> str | None:
    """Return the command of a Greek letter."""
    found = re.fullmatch(r"GREEK (SMALL|CAPITAL) LETTER ([A-Z]+)", unicodedata.name(letter, ""))
    if not found:
        return None
    case, name = found.groups()
    name = {"LAMDA": "LAMBDA", "FINAL SIGMA": "VARSIGMA"}.get(name, name)
    return f"$\\{name.lower() if case == 'SMALL' else name.capitalize()}$"


def _emphasised(text: str) -> str:
    text = re.sub(r"\*\*(.+?)\*\*", r"\\textbf{\1}", text)
    return re.sub(r"\*(.+?)\*", r"\\emph{\1}", text)


def _longtable(grid: Grid, caption: str, label: str) -> tuple[list[str], bool]:
    """Return the lines of a table that may run over pages, and whether it needs a turned one."""
    widths = [max(map(len, column)) for column in zip(grid.header, *grid.rows, strict=True)]
    taken = sum(min(width, _LONGEST_CELL) + 2 for width in widths)
    turned = taken > _PORTRAIT
    # Text columns that break share what the others leave.
    broken = [not numeric and width > _LONGEST_CELL for width, numeric in zip(widths, grid.numeric, strict=True)]
    kept = sum(width + 2 for width, breaks in zip(widths, broken, strict=True) if not breaks)
    room = _LANDSCAPE if turned else _PORTRAIT
    share = max(0.12, (1 - kept / room) / max(1, sum(broken)))
    columns = [
        f">{{\\raggedright\\arraybackslash}}p{{{share:.2f}\\linewidth}}" if breaks else "r" if numeric else "l"
        for breaks, numeric in zip(broken, grid.numeric, strict=True)
    ]
    header = _row(grid.header)
    lines = [
        r"\begingroup\footnotesize\setlength{\tabcolsep}{4pt}",
        f"\\begin{{longtable}}{{@{{}}{''.join(columns)}@{{}}}}",
        f"\\caption{{{latex_text(caption)}}}\\label{{{label}}}\\\\",
        r"\toprule",
        header,
        r"\midrule",
        r"\endfirsthead",
        r"\toprule",
        header,
        r"\midrule",
        r"\endhead",
        r"\bottomrule",
        r"\endlastfoot",
        *(_row(row, broken) for row in grid.rows),
        r"\end{longtable}",
        r"\endgroup",
    ]
    return lines, turned


def _row(cells: Sequence[str], broken: Sequence[bool] = ()) -> str:
    texts = [_emphasised(latex_text(cell)) for cell in cells]
    for i, breaks in enumerate(broken):
        if breaks:
            texts[i] = " ".join(_breakable(word) for word in cells[i].split())
    return " & ".join(texts) + r" \\"


def _breakable(word: str) -> str:
    """Return a word in which a line may end, as an address or a checksum needs."""
    if len(word) <= _LONGEST_WORD:
        return _emphasised(latex_text(word))
    parts = [word[i : i + _CHUNK] for i in range(0, len(word), _CHUNK)]
    return r"\allowbreak{}".join(map(latex_text, parts))


def _cell(value: Any) -> str:
    if pd.isna(value):
        return MISSING
    if isinstance(value, str):
        return value
    return f"{value:,}" if float(value) != int(value) else f"{int(value):,}"
