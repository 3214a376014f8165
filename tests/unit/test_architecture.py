"""The order of the house: who may import whom, and how large a file may grow."""

import ast
import re
import sys
import tomllib
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "workflow" / "scripts"
PACKAGE = SCRIPTS / "druggene"
ADAPTERS = sorted(SCRIPTS.glob("*.py"))
MODULES = {
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix("__init__").rstrip("."): path
    for path in sorted(PACKAGE.rglob("*.py"))
}

# From the ground up; a module imports from its own layer or a lower one. Folders stand for all in them.
LAYERS = [
    {
        "",
        "command_line",
        "constants",
        "devices",
        "digest",
        "labels",
        "logs",
        "metrics",
        "provenance",
        "protocols",
        "reference",
        "seeds",
        "variants",
        "verify",
    },
    {
        "config",
        "data_terms",
        "molecules",
        "responses",
        "tables",
    },
    {
        "documents",
        "hierarchy",
        "plotting",
        "screen",
    },
    {
        "drugs",
        "gene_ontology",
        "genotype",
        "hierarchy_comparison",
        "hierarchy_controls",
        "ontology",
        "own_hierarchy",
        "simulation",
        "sources",
        "splits",
        "symbols",
        "target_features",
    },
    {
        "crate",
        "data_summary",
        "drug_inputs",
        "effects",
        "hierarchy_function",
        "layout",
        "network",
        "predictions",
        "published_state",
        "rivals",
        "term_readout",
    },
    {
        "batches",
        "bundle",
        "checkpoint",
        "dataset",
        "evaluation",
        "progress",
        "run_summary",
    },
    {
        "intervals",
        "significance",
    },
    {
        "comparison",
    },
    {
        "ablations",
        "claims",
        "comparison_tables",
        "drevalpy_model",
        "explorer",
        "fold",
        "hierarchy_files",
        "in_memory",
        "interpretation",
        "objective",
        "performance_panels",
        "prediction",
        "published_weights",
        "search",
        "training",
        "transfer",
    },
]
LAYER_OF = {name: height for height, names in enumerate(LAYERS) for name in names}
NETWORK = {"layout", "hierarchy_function", "network", "objective", "term_readout"}

# Where the name of an import is not the name of the package that is installed.
DISTRIBUTIONS = {"python_calamine": "python-calamine", "sklearn": "scikit-learn", "yaml": "pyyaml"}
# Modules that stand apart from the workflow, and what they alone need: an extra in pyproject.toml.
OPTIONAL = {"drevalpy_model": {"drevalpy"}}
CONDA_NAMES = {"pytorch": "torch", "matplotlib-base": "matplotlib"}


def imports_of(path: Path) -> set[str]:
    """All dotted names that a file imports, anywhere in it; of `from a import b` both a and a.b."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: relative import; name the package"
            names.add(str(node.module))
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def modules_used_by(path: Path) -> set[str]:
    """The package's modules that a file imports, without the package's name."""
    inside = {name.removeprefix("druggene.") for name in imports_of(path) if name.startswith("druggene.")}
    return inside & set(MODULES)


def third_parties_of(path: Path) -> set[str]:
    tops = {name.split(".")[0] for name in imports_of(path)}
    return tops - {"druggene", "__future__"} - set(sys.stdlib_module_names)


def pins(path: Path) -> dict[str, str]:
    """Package name, normalised, to version of the lines `name==version`."""
    found = re.findall(r"^([A-Za-z0-9._-]+)==(\S+)$", path.read_text(), re.MULTILINE)
    return {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in found}


@pytest.mark.parametrize("module", MODULES)
def test_the_package_imports_no_snakemake(module: str) -> None:
    assert not {name for name in third_parties_of(MODULES[module]) if name.startswith("snakemake")}


def test_imports_form_no_circle() -> None:
    graph = {module: modules_used_by(path) - {module} for module, path in MODULES.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"imports run in a circle: {' -> '.join(error.args[1])}")


@pytest.mark.parametrize("module", MODULES)
def test_imports_run_downwards(module: str) -> None:
    top = module.split(".")[0]
    assert top in LAYER_OF, f"{module} has no layer yet; give it one in LAYERS"
    upwards = [used for used in modules_used_by(MODULES[module]) if LAYER_OF[used.split(".")[0]] > LAYER_OF[top]]
    assert not upwards


def test_every_layer_is_inhabited() -> None:
    inhabitants = {module.split(".")[0] for module in MODULES}
    assert set(LAYER_OF) <= inhabitants, "a module in LAYERS no longer exists"


@pytest.mark.parametrize("module", sorted(NETWORK))
def test_the_network_knows_only_torch_and_the_hierarchy(module: str) -> None:
    path = MODULES[module]
    assert third_parties_of(path) <= {"torch", "numpy"}
    assert modules_used_by(path) <= NETWORK | {"hierarchy"}


@pytest.mark.parametrize("module", [module for module in MODULES if module.split(".")[0] == "plotting"])
def test_plotting_takes_only_data_frames(module: str) -> None:
    used = {name.split(".")[0] for name in modules_used_by(MODULES[module])}
    assert used <= {"constants", "tables", "plotting"}


@pytest.mark.parametrize("module", MODULES)
def test_nothing_draws_or_digests_on_the_side(module: str) -> None:
    used = {name.split(".")[0] for name in modules_used_by(MODULES[module])}
    assert not used & ({"plotting", "digest"} - {module.split(".")[0]})


@pytest.mark.parametrize("path", ADAPTERS, ids=lambda path: path.stem)
def test_an_adapter_is_thin_and_guarded(path: Path) -> None:
    text = path.read_text()
    tree = ast.parse(text)
    assert len(text.splitlines()) <= 40
    assert ast.get_docstring(tree)
    assert [node.name for node in tree.body if isinstance(node, ast.FunctionDef)] == ["main"]
    assert text.endswith('if __name__ == "__main__":\n    main()\n')


@pytest.mark.parametrize("path", [*MODULES.values(), *ADAPTERS], ids=lambda path: path.stem)
def test_third_parties_are_required(path: Path) -> None:
    required = set(pins(ROOT / "requirements.txt"))
    assert {DISTRIBUTIONS.get(name, name) for name in third_parties_of(path)} - OPTIONAL.get(
        path.stem, set()
    ) <= required


def test_what_is_optional_is_an_extra_of_its_name() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    for module, packages in OPTIONAL.items():
        assert packages <= third_parties_of(MODULES[module])
        for package in packages:
            assert [Requirement(line).name for line in extras[package]] == [package]


@pytest.mark.parametrize("module", MODULES)
def test_no_module_outgrows_its_reader(module: str) -> None:
    assert len(MODULES[module].read_text().splitlines()) <= 400


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_the_lock_file_holds_what_is_required(name: str) -> None:
    lock = pins(ROOT / "constraints.txt")
    required = pins(ROOT / name)
    assert required
    assert {package: lock.get(package) for package in required} == required


def test_the_lock_file_names_no_file_and_no_build() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    packages = [line for line in lines if not line.startswith("#")]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][A-Za-z0-9.]*", line) for line in packages)


def test_the_conda_twin_has_the_same_versions() -> None:
    required = pins(ROOT / "requirements.txt")
    twin = dict(
        entry.split(" =", 1) for entry in yaml.safe_load((ROOT / "envs" / "druggene.yaml").read_text())["dependencies"]
    )
    assert twin.pop("python") == "3.11"
    versions = {CONDA_NAMES.get(name, name): Version(version) for name, version in twin.items()}
    expected = {name: Version(version) for name, version in required.items() if not name.startswith("snakemake")}
    assert versions == expected
