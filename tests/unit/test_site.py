"""The documentation builds without a warning, has a page for everything, and loads nothing from elsewhere."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "workflow/scripts/druggene"
LOADED = re.compile(
    r"""<(?:script|img|iframe|source)\b[^>]*\bsrc="(?P<src>[^"]*)"|<link\b[^>]*\bhref="(?P<link>[^"]*)"|"""
    r"""(?:@import|url\()\s*["']?(?P<css>[^"')\s;]+)"""
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    options = ["--fail-on-warning", "--keep-going", "--quiet", "--doctree-dir", str(folder / "doctrees")]
    command = [sys.executable, "-m", "sphinx", *options, "docs", str(folder / "html")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert not done.returncode, done.stderr
    return folder / "html"


def test_every_module_has_a_page(site: Path) -> None:
    names = {
        ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
        for path in PACKAGE.rglob("*.py")
    }
    assert {path.stem for path in (site / "reference/api").glob("*.html")} == names
    assert "regression_metrics" in (site / "reference/api/druggene.metrics.html").read_text()


def test_every_key_is_in_the_reference(site: Path) -> None:
    text = (site / "reference/configuration.html").read_text()

    def keys(part: dict) -> set[str]:
        inner = part.get("properties", {})
        return set(inner).union(*(keys(each) for each in inner.values()))

    for key in keys(yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text())):
        assert re.search(rf'(?:class="pre">|<h[23]>(?:\w+\.)*){key}(?:</span>|<a)', text), f"no key {key}"


def test_every_rule_is_in_the_reference(site: Path) -> None:
    text = (site / "reference/targets.html").read_text()
    for path in (ROOT / "workflow/rules").glob("*.smk"):
        for name in re.findall(r"^ *rule (\w+):", path.read_text(), re.MULTILINE):
            assert f'<span class="pre">{name}</span>' in text, f"no rule {name}"


def test_every_program_is_in_the_reference(site: Path) -> None:
    text = (site / "reference/command_line.html").read_text()
    assert "python -m druggene.published_weights" in text
    assert "--gene-list" in text, "the options of a command"


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    pages = [*site.rglob("*.html"), *site.rglob("*.css")]
    assert len(pages) > 100
    for page in pages:
        for match in LOADED.finditer(page.read_text()):
            address = next(filter(None, match.groups()), "")
            assert not re.match(r"(?:https?:)?//", address), f"{page.relative_to(site)} loads {address}"


def test_pictures_are_small() -> None:
    for path in (ROOT / "docs/images").iterdir():
        assert path.stat().st_size < 150_000, path.name
