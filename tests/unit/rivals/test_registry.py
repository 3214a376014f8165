"""Rivals are found by their modules, and their options read from these without importing them."""

import copy
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml

from druggene.config import complete_config
from druggene.rivals.registry import load_rival, rival_names, with_added_rivals
from tests.unit.test_config import ROOT, SCHEMA, merged

SHIPPED = ["boosted_trees", "elastic_net", "lasso", "random_forest"]
ADDED = """
import a_library_that_the_process_of_snakemake_lacks

@dataclass(frozen=True)
class Rival:
    width: int
    rate: float = 0.5
    sizes: Sequence[int] = (5, 20)
    shares: Mapping[str, float] = field(default_factory=dict)
    kernel: "str | None" = None
    unit: ClassVar[str] = "AUC"

    def choose(self):
        inside: int = 1
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one rival and what is none."""
    (tmp_path / "mine.py").write_text(ADDED)
    for name in ("__init__.py", "_shared.py", "parts/__init__.py", "notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def completed(folder: Path, rivals: dict[str, Any]) -> dict[str, Any]:
    """The section of a completed configuration."""
    config = merged({"rivals": rivals})
    complete_config(config, with_added_rivals(SCHEMA, folder), ROOT)
    section: dict[str, Any] = config["rivals"]
    return section


def test_every_module_is_a_rival(folder: Path) -> None:
    assert set(SHIPPED) <= set(rival_names())
    assert rival_names(folder) == ["mine"]


def test_nothing_heavy_is_imported_to_know_the_rivals() -> None:
    code = "import sys; from druggene.rivals import registry as r; r.rival_names(); print(*sys.modules)"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=ROOT / "workflow/scripts", capture_output=True, text=True, check=True)
    assert not {"sklearn", "numpy", "pandas", "druggene.rivals.data"} & set(done.stdout.split())


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_rivals_are_made_of_the_defaults_of_the_schema(name: str) -> None:
    section = SCHEMA["properties"]["rivals"]["properties"][name]["properties"]
    rival = load_rival(name)(**{key: part["default"] for key, part in section.items()})
    options = {field.name for field in fields(rival)} - ({"l1_ratio"} if name == "lasso" else set())
    assert options == set(section)


def test_the_schema_of_shipped_rivals_stays_as_it_is(tmp_path: Path) -> None:
    before = copy.deepcopy(SCHEMA)
    (tmp_path / "lasso.py").write_text("not read")
    assert with_added_rivals(SCHEMA, tmp_path) == SCHEMA == before


def test_options_are_those_of_the_class(folder: Path) -> None:
    section = completed(folder, {"names": ["lasso", "mine"], "mine": {"width": 3}})
    # The class fills in what is not written out, as it does in jobs.
    assert section["mine"] == {"width": 3, "rate": 0.5, "sizes": [5, 20], "kernel": None}
    given = {"width": 3, "rate": 1, "sizes": [1], "shares": {"a": 1}, "kernel": "linear"}
    assert completed(folder, {"names": ["mine"], "mine": given})["mine"] == given


def test_a_run_without_it_has_no_section_of_it(folder: Path) -> None:
    section = completed(folder, {"names": ["lasso"]})
    assert "mine" not in section
    again = merged({"rivals": yaml.safe_load(yaml.safe_dump(section))})
    complete_config(again, SCHEMA, ROOT)  # where no such module lies


@pytest.mark.parametrize(
    ("rivals", "message"),
    [
        ({"names": ["mien"]}, r"rivals\.names\.0: 'mien' is not one of .*lasso.*, mine; did you mean mine\?"),
        ({"mien": {}}, r"rivals\.mien: unknown key; did you mean mine\?"),
        ({"names": ["mine"]}, r"rivals\.mine\.width: needed, as the rival's class has no default for it; give it"),
        ({"names": ["mine"], "mine": {"rate": 1}}, r"rivals\.mine\.width: needed"),
        ({"mine": {"widht": 1}}, r"rivals\.mine\.widht: unknown key; did you mean width\?"),
        ({"mine": {"unit": "x"}}, r"rivals\.mine\.unit: unknown key; known are width, rate, sizes, shares, kernel"),
        ({"mine": {"width": "x"}}, r"rivals\.mine\.width: 'x' is not of type 'integer'"),
        ({"mine": {"sizes": 5}}, r"rivals\.mine\.sizes: 5 is not of type 'array'"),
    ],
)
def test_mistakes_are_named(folder: Path, rivals: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        completed(folder, rivals)


def test_no_network_takes_an_added_rivals_name(folder: Path) -> None:
    config = merged({"models": {"mine": {"label": "My own", "omics": ["mutation"]}}})
    with pytest.raises(ValueError, match=r"models\.mine: a rival has this name"):
        complete_config(config, with_added_rivals(SCHEMA, folder), ROOT)


def test_no_rival_takes_a_naive_predictors_name(folder: Path) -> None:
    (folder / "mine.py").rename(folder / "effects.py")
    with pytest.raises(ValueError, match=r"rivals\.names: a naive predictor is called effects, too; give the rival's"):
        completed(folder, {"names": ["effects"], "effects": {"width": 1}})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("class Mine:\n    width: int\n", r"mine\.py: has no class Rival; call the rival's class so"),
        ("class Rival:\n    width: (\n", r"mine\.py:2: not valid Python \(.*\); mend it"),
    ],
)
def test_a_module_that_is_no_rival_is_named(folder: Path, text: str, message: str) -> None:
    (folder / "mine.py").write_text(text)
    with pytest.raises(ValueError, match=message):
        with_added_rivals(SCHEMA, folder)
