"""The explorer in a headless Chromium: what people click, type and read, with the names of an attacker."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pytest
from scipy import stats

from druggene.explorer.components import FoldComponents, components_of
from druggene.explorer.page import Heading, render
from tests.reference.explored import DRUGS, FOLDS, HOSTILE, explored

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium: apt-get install chromium")
sync_api = pytest.importorskip("playwright.sync_api", reason="no playwright: install requirements-dev.txt")


@dataclass
class Opened:
    """The page, what it asked for and what it complained of."""

    page: "sync_api.Page"
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def text(self, selector: str) -> str:
        return " ".join(self.page.inner_text(selector).split())

    def rows(self) -> list[str]:
        return self.page.eval_on_selector_all("#rows button", "buttons => buttons.map(b => b.dataset.term)")

    def colours(self) -> dict[str, str]:
        """Label of every term in the picture to its colour."""
        return self.page.evaluate(
            """() => Object.fromEntries([...document.querySelectorAll(".trace.icicle g.slice")].map(
                 s => [s.__data__.data.data.id, getComputedStyle(s.querySelector("path.surface")).fill]))"""
        )

    def look_for(self, wanted: str) -> list[str]:
        self.page.fill("#search", wanted)
        return self.page.eval_on_selector_all("#found [role=option]", "items => items.map(i => i.textContent)")


def components() -> list[FoldComponents]:
    _, _, targets, states, contents = explored()
    reference: dict[str, np.ndarray] = {}
    terms = list(contents.graph.terms["term"])
    return [components_of(each, terms, targets, fold, reference) for fold, each in enumerate(states)]


@pytest.fixture(scope="module")
def browser() -> "Iterator[sync_api.Browser]":
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def loaded(browser: "sync_api.Browser", tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    path = tmp_path_factory.mktemp("explorer") / "explorer.html"
    heading = Heading(f"Model {HOSTILE}", f"run {HOSTILE}", "random_pairs", "measured", FOLDS)
    path.write_text(render(explored()[-1], components(), heading, "relative", 15), encoding="utf-8")
    context = browser.new_context(viewport={"width": 1400, "height": 900}, offline=True)
    opened = Opened(context.new_page())
    opened.page.on("request", lambda request: opened.requests.append(request.url))
    opened.page.on("console", lambda message: opened.complaints.append(f"{message.type}: {message.text}"))
    opened.page.on("pageerror", lambda error: opened.complaints.append(str(error)))
    opened.page.set_default_timeout(90_000)
    opened.page.goto(path.as_uri())
    opened.page.wait_for_selector("#main[aria-busy=false]")
    yield opened
    context.close()


@pytest.fixture
def opened(loaded: Opened) -> Opened:
    """The page as it is at first: the first drug and score, no filter."""
    loaded.page.select_option("#score", "0")
    loaded.page.select_option("#drug", "1")
    loaded.page.select_option("#drug", "0")
    if loaded.page.is_visible("#unfilter"):
        loaded.page.click("#unfilter")
    return loaded


def expected_order(drug: str, score: str) -> list[str]:
    scores = explored()[1]
    ranked = scores[scores["drug"] == drug].dropna(subset=score).sort_values(score, ascending=False)
    return list(ranked["term"])


def test_loads_from_disk_without_error_or_request(opened: Opened) -> None:
    assert [url.split("/")[-1] for url in opened.requests] == ["explorer.html"]
    assert opened.complaints == []
    assert opened.page.is_hidden("#problem")
    policy = opened.page.get_attribute("meta[http-equiv=Content-Security-Policy]", "content")
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    blocked = opened.page.evaluate("fetch('data:text/plain,x').then(() => 'loaded', () => 'blocked')")
    assert blocked == "blocked"
    opened.complaints.clear()


def test_names_are_text_and_nothing_else(opened: Opened) -> None:
    opened.page.select_option("#drug", "1")
    opened.page.click("#rows button[data-term='GO:2']")
    assert opened.text("#term-title") == f"process {HOSTILE}"
    assert HOSTILE in opened.text("#hierarchy-title")
    assert f"Model {HOSTILE}" in opened.text("h1")
    opened.look_for("<img")
    assert opened.page.evaluate("window.hit === undefined")
    assert opened.page.locator("img").count() == 0
    assert "&lt;" not in opened.page.inner_text("body")


def test_simulated_data_are_marked_and_trust_is_said(opened: Opened) -> None:
    assert "Simulated data" in opened.text(".banner")
    assert "Trust it first" in opened.text("#score-note")
    opened.page.select_option("#score", label="RLIPP (P / C − 1)")
    assert "Do not rank by it" in opened.text("#score-note")


def test_a_drug_changes_picture_and_table(opened: Opened) -> None:
    before = opened.colours()
    assert len(before) == 9
    assert opened.rows() == expected_order(DRUGS[0], "power")
    opened.page.select_option("#drug", "2")
    after = opened.colours()
    assert set(after) == set(before)
    assert sum(after[term] != before[term] for term in before) > 6
    assert opened.rows() == expected_order("zeta", "power")


def test_a_score_changes_the_order_and_leaves_out_what_has_none(opened: Opened) -> None:
    opened.page.select_option("#score", label="RLIPP (P / C − 1)")
    assert opened.rows() == expected_order(DRUGS[0], "rlipp")
    assert len(opened.rows()) == 8
    opened.page.select_option("#view", "all")
    colours = list(opened.colours().values())
    opened.page.select_option("#view", "20")
    assert colours.count("rgb(208, 215, 222)") == 1
    assert len(set(colours)) > 6  # the quotient that explodes leaves the others their colours


@pytest.mark.parametrize(("term", "drug"), [("GO:1", 0), ("GO:6", 2)])
def test_a_term_shows_its_state_against_the_auc(opened: Opened, term: str, drug: int) -> None:
    opened.page.select_option("#drug", str(drug))
    opened.page.click(f"#rows button[data-term='{term}']")
    _, _, targets, _, contents = explored()
    row = list(contents.graph.terms["term"]).index(term)
    x, y = [], []
    for fold in components():
        tested = fold.test[drug]
        x += list(fold.values[row, tested])
        y += list(targets.auc[drug, fold.lines[tested]])
    said = opened.text("#correlation").replace("−", "-")
    r, rho, n = re.fullmatch(
        r"Pearson r = (\S+), Spearman ρ = (\S+), n = (\d+) test pairs of folds 0, 1, out of fold\.", said
    ).groups()
    assert int(n) == len(x)
    assert float(r) == pytest.approx(stats.pearsonr(x, y)[0], abs=0.02)
    assert float(rho) == pytest.approx(stats.spearmanr(x, y)[0], abs=0.03)
    drawn = opened.page.locator("#scatter .scatterlayer .trace").first.locator("path.point").count()
    assert drawn == len(x)


def test_search_finds_terms_genes_and_drugs(opened: Opened) -> None:
    assert opened.look_for("number 4") == ["Term process number 4 (GO:4)"]
    opened.page.keyboard.press("Enter")
    assert opened.text("#term-title") == "process number 4"
    assert opened.look_for("go:7") == ["Term process number 7 (GO:7)"]

    assert "Gene GENE2: 2 terms" in opened.look_for("gene2")
    opened.page.keyboard.press("Enter")
    assert sorted(opened.rows()) == ["GO:1", "GO:2"]
    assert "GENE2" in opened.text("#filter-text")

    assert opened.look_for("ZETA") == ["Drug zeta"]
    opened.page.keyboard.press("Enter")
    assert opened.page.input_value("#drug") == "2"
    opened.page.fill("#search", "no such thing")
    assert opened.text("#found") == "Nothing found"


def test_arrows_choose_among_what_is_found(opened: Opened) -> None:
    found = opened.look_for("process number")
    assert len(found) > 3
    opened.page.keyboard.press("ArrowDown")
    assert opened.page.get_attribute("#search", "aria-activedescendant") == "found-1"
    assert opened.page.get_attribute("#found-1", "aria-selected") == "true"
    opened.page.keyboard.press("Escape")
    assert opened.page.get_attribute("#search", "aria-expanded") == "false"


def test_the_hierarchy_is_walked_by_keys_and_chosen_by_mouse(opened: Opened) -> None:
    opened.page.focus("#hierarchy")
    for key, place in (("Home", "GO:8"), ("ArrowRight", None), ("ArrowDown", None), ("ArrowLeft", "GO:8")):
        opened.page.keyboard.press(key)
        assert place is None or f"({place})" in opened.text("#spoken")
    opened.page.keyboard.press("Enter")
    assert opened.text("#term-facts").startswith("GO:8,")
    colours = opened.page.evaluate("[...document.querySelectorAll('path.marked')].map(p => p.style.stroke)")
    assert colours == ["rgb(0, 0, 0)"]
    terms = list(explored()[-1].graph.terms["term"])
    opened.page.evaluate(
        """id => [...document.querySelectorAll(".trace.icicle g.slice")].find(s => s.__data__.data.data.id === id)
              .setAttribute("data-wanted", "")""",
        str(terms.index("GO:5")),
    )
    opened.page.click("g.slice[data-wanted]")
    assert opened.text("#term-facts").startswith("GO:5,")


def test_controls_have_names(opened: Opened) -> None:
    for selector in ("#drug", "#score", "#view", "#search"):
        assert opened.page.evaluate("s => document.querySelector(s).labels.length", selector) == 1
    unnamed = opened.page.evaluate(
        """() => [...document.querySelectorAll("button, [role=img], [role=application], [role=listbox]")]
          .filter(e => !e.closest(".modebar") && !e.textContent.trim())
          .filter(e => !e.ariaLabel && !e.getAttribute("aria-labelledby"))
          .map(e => e.outerHTML)"""
    )
    assert unnamed == []


def test_a_narrow_page_does_not_scroll_sideways(opened: Opened) -> None:
    opened.page.set_viewport_size({"width": 400, "height": 800})
    opened.page.wait_for_timeout(200)
    width = opened.page.evaluate("document.documentElement.scrollWidth")
    opened.page.set_viewport_size({"width": 1400, "height": 900})
    assert width <= 400
