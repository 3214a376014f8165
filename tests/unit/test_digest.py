"""The digest of an adapter's code: what changes it, and what does not."""

import os
import time
from pathlib import Path

import pytest

from druggene.digest import code_digest, files_digest

SCRIPTS = Path(__file__).parents[2] / "workflow" / "scripts"

MODULES = {
    "__init__.py": '"""Toy package."""\n\n__version__ = "1.0"\n',
    "shared.py": "def shared():\n    return 1\n",
    "left.py": (
        '"""Left."""\n\nfrom toy.shared import shared\n\n\ndef left():\n    """Return left."""\n    return shared()\n'
    ),
    "right.py": "def right():\n    from toy import late\n\n    return late.VALUE\n",
    "nested.py": (
        "import sys\n\n\nclass Nested:\n    def method(self, key):\n        try:\n            pass\n"
        "        except KeyError:\n            import toy.late\n        else:\n            match key:\n"
        "                case 1:\n                    import toy.cased\n        finally:\n"
        "            if key:\n                pass\n            else:\n                import toy.left\n"
    ),
    "late.py": "VALUE = 2\n",
    "cased.py": "VALUE = 6\n",
    "unused.py": "VALUE = 3\n",
    "parts/__init__.py": "",
    "parts/inner.py": "from ..shared import shared\nfrom . import sibling\n",
    "parts/sibling.py": "VALUE = 4\n",
}
ADAPTERS = {
    "use_left": "from toy.left import left\n",
    "use_right": "import toy.right\n",
    "use_parts": "from toy.parts import inner\n",
    "use_nested": "from toy import nested\n",
    "use_none": "import json\n",
}


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package with two leaves, a shared module, a late import and a subpackage."""
    folder = tmp_path / "toy"
    for name, text in MODULES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    for name, text in ADAPTERS.items():
        (tmp_path / f"{name}.py").write_text(text)
    return folder


def digests(package: Path) -> dict[str, str]:
    return {name: code_digest(package.parent / f"{name}.py", package) for name in ADAPTERS}


@pytest.mark.parametrize(
    ("module", "users"),
    [
        ("shared.py", {"use_left", "use_parts", "use_nested"}),
        ("left.py", {"use_left", "use_nested"}),
        ("right.py", {"use_right"}),
        ("late.py", {"use_right", "use_nested"}),
        ("nested.py", {"use_nested"}),
        ("cased.py", {"use_nested"}),
        ("parts/inner.py", {"use_parts"}),
        ("parts/sibling.py", {"use_parts"}),
        ("parts/__init__.py", {"use_parts"}),
        ("__init__.py", {"use_left", "use_right", "use_parts", "use_nested"}),
        ("unused.py", set()),
    ],
)
def test_a_change_reaches_exactly_the_adapters_that_use_the_module(package: Path, module: str, users: set[str]) -> None:
    before = digests(package)
    with (package / module).open("a") as file:
        file.write("\nADDED = 5\n")
    after = digests(package)
    assert {name for name in ADAPTERS if before[name] != after[name]} == users


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    return shared()", "    # Why this is so.\n    return shared()"),
        ('"""Return left."""', '"""Return the left one."""'),
        ('"""Left."""', '"""The left module."""'),
        ('    """Return left."""\n', ""),
        ("return shared()", "return (\n        shared()\n    )"),
    ],
    ids=["comment", "function docstring", "module docstring", "docstring dropped", "formatting"],
)
def test_what_python_does_not_execute_changes_nothing(package: Path, old: str, new: str) -> None:
    before = digests(package)
    text = (package / "left.py").read_text()
    assert old in text
    (package / "left.py").write_text(text.replace(old, new))
    assert digests(package) == before


def test_a_string_that_is_no_docstring_counts(package: Path) -> None:
    before = digests(package)
    text = (package / "left.py").read_text()
    (package / "left.py").write_text(text.replace("return shared()", 'return "shared"'))
    assert digests(package)["use_left"] != before["use_left"]


def test_times_and_place_change_nothing(package: Path, tmp_path: Path) -> None:
    before = digests(package)
    for path in package.rglob("*.py"):
        os.utime(path, (1, 1))
    assert digests(package) == before
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for path in [*tmp_path.glob("use_*.py"), package]:
        path.rename(elsewhere / path.name)
    assert digests(elsewhere / "toy") == before


def test_a_release_changes_nothing(package: Path) -> None:
    before = digests(package)
    (package / "__init__.py").write_text('"""Toy package."""\n\n__version__ = "2.0"\n')
    assert digests(package) == before


def test_the_adapter_itself_counts(package: Path) -> None:
    before = digests(package)
    (package.parent / "use_none.py").write_text("import csv\n")
    after = digests(package)
    assert {name for name in ADAPTERS if before[name] != after[name]} == {"use_none"}


def test_two_modules_that_change_places_count(package: Path) -> None:
    before = digests(package)
    (package / "late.py").write_text(MODULES["shared.py"])
    (package / "shared.py").write_text(MODULES["late.py"])
    assert digests(package)["use_nested"] != before["use_nested"]


def test_modules_that_are_named_count_with_what_they_import(package: Path) -> None:
    def digest(*named: str) -> str:
        return code_digest(package.parent / "use_none.py", package, *named)

    before = digest(), digest("toy.parts.inner")
    assert before[0] != before[1] != digest("toy.late")
    for module in ("parts/inner.py", "shared.py", "parts/__init__.py"):
        (package / module).write_text(MODULES[module] + "ADDED = 5\n")
        after = digest(), digest("toy.parts.inner")
        assert after[0] == before[0]
        assert after[1] != before[1]
        (package / module).write_text(MODULES[module])
    with pytest.raises(ValueError, match=r"use_none\.py: imports toy\.gone"):
        digest("toy.gone")


def test_a_syntax_error_names_file_and_line(package: Path) -> None:
    (package / "shared.py").write_text("def shared():\n    return (\n")
    with pytest.raises(ValueError, match=r"shared\.py:2: not valid Python"):
        code_digest(package.parent / "use_left.py", package)


def test_an_import_of_nothing_names_importer_and_module(package: Path) -> None:
    (package / "left.py").write_text("from toy.gone import away\n")
    with pytest.raises(ValueError, match=r"left\.py: imports toy\.gone"):
        code_digest(package.parent / "use_left.py", package)


def test_all_adapters_take_no_noticeable_time() -> None:
    adapters = sorted(SCRIPTS.glob("*.py"))
    start = time.process_time()
    for adapter in adapters:
        code_digest(adapter, SCRIPTS / "druggene")
    # Measured at a tenth of this; it runs at every start of Snakemake.
    assert time.process_time() - start < 1


def test_a_folder_of_files_has_a_digest(tmp_path: Path) -> None:
    (tmp_path / "a.css").write_text("a")
    first = files_digest(tmp_path)
    assert files_digest(tmp_path) == first
    (tmp_path / "a.css").rename(tmp_path / "b.css")
    renamed = files_digest(tmp_path)
    (tmp_path / "b.css").write_text("b")
    assert len({first, renamed, files_digest(tmp_path)}) == 3
