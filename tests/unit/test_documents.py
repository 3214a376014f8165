"""Documents for readers: what LaTeX and Markdown make of text, and how tables are built."""

import re
from pathlib import Path

import pandas as pd
import pytest

from druggene.documents import Document, Grid, Heading, Paragraph, latex_text, write_document

HOSTILE = r"50% of A&B_c #1 $x$ {y} ~z ^w \input{/etc/passwd} <i> | *"


def document(rows: list[list[str]], simulated: bool = False) -> Document:
    grid = Grid(["Name", "R²"], rows, [False, True])
    return Document("Models & numbers", simulated, [Paragraph("Of *all* folds, **50%**."), Heading("One"), grid])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A&B_c #1 50%", r"A\&B\_c \#1 50\%"),
        ("$x$ {y}", r"\$x\$ \{y\}"),
        ("~^\\", r"\textasciitilde{}\textasciicircum{}\textbackslash{}"),
        ("0.5 ± 0.1, −1", r"0.5 $\pm$ 0.1, $-$1"),
        ("-0.5 [-1, 2]", r"$-$0.5 [$-$1, 2]"),
        ("Gata-4 5-FU ase-05", "Gata-4 5-FU ase-05"),
        ("1.4e-08 2e+12, A1e-5", r"$1.4\times10^{-8}$ $2\times10^{12}$, A1e-5"),
        ("p_1 2e-05 & 50%", r"p\_1 $2\times10^{-5}$ \& 50\%"),
        ("R² – TGFβ Ω λ", r"R\textsuperscript{2} -- TGF$\beta$ $\Omega$ $\lambda$"),
        ("two\nlines", "two lines"),
        ("naïve", "naïve"),
    ],
)
def test_latex_prints_what_the_text_says(text: str, expected: str) -> None:
    assert latex_text(text) == expected


def test_no_special_character_is_left_unescaped() -> None:
    text = document([[HOSTILE, "1"], [HOSTILE * 3, "2"]]).latex("t")
    body = "\n".join(line for line in text.splitlines() if not line.startswith("%"))
    assert not re.search(r"(?<!\\)[#%$_^~](?!-\$)", body.replace(r"$-$", ""))
    assert "\\input" not in body
    cells = [line for line in body.splitlines() if line.endswith(r" \\")]
    assert {len(re.findall(r"(?<!\\)&", line)) for line in cells} == {1}


def environments(text: str) -> list[str]:
    """Names of the environments in the order in which they close; fails where they cross."""
    waiting, closed = [], []
    for kind, name in re.findall(r"\\(begin|end)\{(\w+)\}", text):
        if kind == "begin":
            waiting.append(name)
        else:
            assert waiting.pop() == name
            closed.append(name)
    assert not waiting
    return closed


def test_a_table_has_rules_caption_label_and_a_head_on_every_page() -> None:
    text = document([["a", "0.1"], ["b", "0.2"]], simulated=True).latex("models")
    assert environments(text) == ["longtable"]
    assert r"\begin{longtable}{@{}lr@{}}" in text
    assert r"\caption{Models \& numbers, simulated data: One}\label{tab:models}\\" in text
    for rule, times in (
        (r"\toprule", 2),
        (r"\midrule", 2),
        (r"\bottomrule", 1),
        (r"Name & R\textsuperscript{2} \\", 2),
    ):
        assert text.count(rule) == times
    assert r"\hline" not in text
    assert "vline" not in text
    assert text.index("\na & 0.1") > text.index(r"\endlastfoot")
    assert r"Of \emph{all} folds, \textbf{50\%}." in text


def test_further_tables_have_labels_of_their_own() -> None:
    grid = Grid(["x"], [["1"]], [True])
    labels = re.findall(r"\\label\{(.*?)\}", Document("t", blocks=[grid, grid, grid]).latex("s"))
    assert labels == ["tab:s", "tab:s-2", "tab:s-3"]


def test_wide_tables_are_turned_and_long_text_is_broken() -> None:
    wide = Grid([f"column {i}" for i in range(14)], [["0.12345"] * 14], [True] * 14)
    assert environments(Document("t", blocks=[wide]).latex("w")) == ["longtable", "landscape"]
    long = Grid(["what", "n"], [["many words " * 9, "1"], ["https://example.org/" + "a" * 60, "2"]], [False, True])
    text = Document("t", blocks=[long]).latex("l")
    (width,) = re.findall(r"p\{(0\.\d+)\\linewidth\}", text)
    assert 0.5 < float(width) < 1
    address = text.split("https", 1)[1].split("&")[0].strip()
    assert " " not in address, "what is broken must stay one word"
    assert max(map(len, address.split(r"\allowbreak{}"))) <= 10


def test_frames_become_tables_with_grouped_numbers() -> None:
    frame = pd.DataFrame({"n_in": [12345.0, float("nan")], "what": ["a", None]})
    grid = Grid.of(frame, {"n_in": "in"})
    assert grid.header == ["in", "what"]
    assert grid.rows == [["12,345", "a"], ["–", "–"]]
    assert grid.numeric == [True, False]


def test_all_three_are_written(tmp_path: Path) -> None:
    table = pd.DataFrame({"model": ["a"], "r2": [0.123456789]})
    write_document(document([["a", "0.12"]]), table, tmp_path / "table_s2")
    assert (tmp_path / "table_s2.csv").read_text() == "model,r2\na,0.123457\n"
    assert (tmp_path / "table_s2.md").read_text().startswith("# Models &amp; numbers\n\nOf *all*")
    assert r"\label{tab:table-s2}" in (tmp_path / "table_s2.tex").read_text()
