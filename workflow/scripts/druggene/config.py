"""Validation of the workflow's configuration, before any job runs."""

import copy
import difflib
import math
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import jsonschema

from druggene.labels import model_labels
from druggene.protocols import transfer_protocol

_RETRIEVED = "resources/retrieved/"
"""Begins the names of files that a rule brings where they are missing."""
_NO_TEXT = re.compile(r"[-+]?[\d.]+|true|false|null", re.IGNORECASE)
"""What YAML takes for a number, for yes or no, or for nothing, unless it is quoted."""
_TABLE_FORMATS = (".parquet", ".csv", ".tsv")
_ONTOLOGY_FILES = ("file", "gmt", "annotations", "edges", "terms")
_FOLDERS = (
    ("gdsc_wheel", "folder"),
    ("release", "folder"),
    ("release", "omics_folder"),
    ("release", "names"),
    ("portals", "folder"),
    ("portals", "structures"),
    ("own", "folder"),
    ("drugcell_folder", "folder"),
    *(("ontology", key) for key in _ONTOLOGY_FILES),
    *(("predict", key) for key in ("cell_lines", "drugs", "pairs")),
)
_SHIPPED = (("ontology", "obo"), ("ontology", "gaf"))
PATHS: Final = (*_FOLDERS, *_SHIPPED)
"""Sections and keys whose values are names of files or folders."""


def complete_config(config: dict[str, Any], schema: dict[str, Any], root: Path, home: Path | None = None) -> None:
    """Fill in the schema's defaults, expand environment variables in paths, and check everything.

    Parameters
    ----------
    config
        The configuration; changed in place.
    schema
        JSON Schema (2020-12) of the configuration.
    root
        Folder that relative file names are taken from.
    home
        The repository, from which files that it ships are taken where ``root`` has none of that name.

    Raises
    ------
    ValueError
        With one line per problem: the dotted key, what is wrong and what would be right.
    """
    problems = [_describe(error) for error in _errors(config, schema)] + list(_not_finite(config))
    if not problems:
        # An added rival gets a section only if it is run: the configuration of a run without it holds nowhere else.
        rivals = config.setdefault("rivals", {})
        rivals |= {name: rivals.get(name, {}) for name in rivals.get("names", [])}
        _fill_defaults(config, schema)
        _expand_paths(config)
        _find_shipped(config, root, home or root)
        for section in (config, config["ablations"]):
            key = "models" if "models" in section else "variants"
            section[key] = {name: entry for name, entry in section[key].items() if entry is not None}
        keys = schema["properties"]
        taken = {"a naive predictor": keys["naive"], "a rival": keys["rivals"]["properties"]["names"]}
        problems = list(_impossible(config, root, {kind: part["items"]["enum"] for kind, part in taken.items()}))
        problems += _impossible_rivals(config, keys["rivals"]["properties"])
    if problems:
        raise ValueError("the configuration cannot be used:\n" + "\n".join(f"  {line}" for line in problems))


def _errors(config: dict[str, Any], schema: dict[str, Any]) -> list[jsonschema.ValidationError]:
    validator = jsonschema.Draft202012Validator(schema)
    return sorted(validator.iter_errors(config), key=lambda error: [str(part) for part in error.absolute_path])


def _describe(error: jsonschema.ValidationError) -> str:
    key = ".".join(str(part) for part in error.absolute_path)
    if error.validator == "additionalProperties" and isinstance(error.schema, dict):
        known = list(error.schema.get("properties", {}))
        given: Any = error.instance
        unknown = [str(name) for name in given if name not in known]
        return "; ".join(
            f"{key + '.' if key else ''}{name}: unknown key{_suggest(name, known) or _all(known)}" for name in unknown
        )
    if error.validator == "enum" and isinstance(error.validator_value, list):
        options = [str(option) for option in error.validator_value]
        return f"{key}: {error.instance!r} is not one of {', '.join(options)}" + _suggest(str(error.instance), options)
    written = str(error.instance)
    hint = ""
    if error.validator == "type" and re.fullmatch(r"[-+]?\d+e[-+]?\d+", written, re.IGNORECASE):
        hint = f"; write {re.sub('e', '.0e', written, flags=re.IGNORECASE)}, as YAML reads it as text"
    elif error.validator == "type" and isinstance(error.instance, str) and _NO_TEXT.fullmatch(written):
        hint = "; write it without quotes, and not in braces after --config, where all is text, but in a file"
    return f"{key or 'config'}: {error.message}{hint}"


def _not_finite(value: Any, key: str = "") -> Iterator[str]:
    """Yield the keys whose number is infinite or none at all: no bound of the schema sees these."""
    if isinstance(value, dict | list):
        for name, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _not_finite(inner, f"{key}.{name}" if key else str(name))
    elif isinstance(value, float) and not math.isfinite(value):
        yield f"{key}: {value} is not a finite number"


def _suggest(name: str, options: list[str]) -> str:
    close = difflib.get_close_matches(name, options, n=1)
    return f"; did you mean {close[0]}?" if close else ""


def _all(options: list[str]) -> str:
    return f"; known are {', '.join(options)}" if options else ""


def _fill_defaults(config: dict[str, Any], schema: dict[str, Any]) -> None:
    for key, part in schema.get("properties", {}).items():
        if "default" in part:
            default = part["default"]
            config.setdefault(key, default.copy() if isinstance(default, list | dict) else default)
        if isinstance(config.get(key), dict):
            _fill_defaults(config[key], part)


def _expand_paths(config: dict[str, Any]) -> None:
    for section, key in _FOLDERS:
        if config[section][key] is not None:
            config[section][key] = _expanded(config[section][key])
    predict = config["predict"]
    if predict["checkpoints"] is not None:
        predict["checkpoints"] = [_expanded(path) for path in predict["checkpoints"]]


def _expanded(path: str) -> str:
    return os.path.expanduser(os.path.expandvars(path))


def _find_shipped(config: dict[str, Any], root: Path, home: Path) -> None:
    for section, key in _SHIPPED:
        config[section][key] = shipped_file(config[section][key], root, home)


def shipped_file(name: str, root: Path, home: Path) -> str:
    """Return a file's name below ``root``, or its whole path where only the repository ``home`` has it."""
    elsewhere = not (root / name).exists() and not name.startswith(_RETRIEVED) and (home / name).exists()
    return str(home / name) if elsewhere else name


def resolved_config(config: Mapping[str, Any], given: Mapping[str, Any], default: Mapping[str, Any]) -> dict[str, Any]:
    """Return a completed configuration as a file that gives the same run when it is laid over the default.

    Parameters
    ----------
    config
        The completed configuration.
    given
        The same before it was completed: names of files and folders stand as they were written there, with
        environment variables in place of one machine's paths.
    default
        config/config.yaml: models and variants that it has and the run has not are null.
    """
    resolved = copy.deepcopy(dict(config))
    for section, key in PATHS:
        written = {**default.get(section, {}), **given.get(section, {})}
        if key in written:
            resolved[section][key] = written[key]
    for part, of_default, key in (
        (resolved, default, "models"),
        (resolved["ablations"], default.get("ablations", {}), "variants"),
    ):
        part[key] |= dict.fromkeys(name for name in of_default.get(key, {}) if name not in part[key])
    return resolved


def _impossible(config: dict[str, Any], root: Path, reserved: dict[str, list[str]]) -> Iterator[str]:
    """Yield what the schema cannot see: missing files and keys that contradict each other."""
    source = config["input"]
    for kind, names in reserved.items():
        yield from (
            f"models.{name}: {kind} has this name; choose another" for name in names if name in config["models"]
        )
    labels = list(model_labels(config).values())
    twice = {label for label in labels if labels.count(label) > 1}
    if twice:
        yield f"models: the label {min(twice)!r} stands twice; tables and figures could not tell the models apart"
    if source == "gdsc_wheel":
        yield from _missing_folders(config, root, source, {"folder": "*.whl"})
    published = config["ontology"]["source"] == "published" and config["ontology"]["file"] is None
    if source == "release" or (source != "drugcell_folder" and (published or config["genes"]["selection"] == "list")):
        yield from _missing_folders(config, root, "release", {"folder": "*.txt", "omics_folder": "expression.parquet"})
    if source == "release" and config["release"]["names"] and not (root / config["release"]["names"]).is_file():
        yield f"release.names: file {config['release']['names']} does not exist"
    if source == "portals":
        yield from _missing_folders(config, root, source, {"folder": "*"})
        if config["portals"]["structures"] and not (root / config["portals"]["structures"]).is_file():
            yield f"portals.structures: file {config['portals']['structures']} does not exist"
    for section in ("release", "portals"):
        if config[section]["source"] == "mirror" and config[section]["mirror"] is None:
            yield f"{section}.mirror: needed because {section}.source is mirror; give the address of the files"
    release = config["release"]
    if source == "release" and release["dataset"] == "drugcell" and release["omics_folder"] is None:
        for name, model in config["models"].items():
            if model["omics"] != ["mutation"]:
                yield f"models.{name}.omics: DrugCell's release has mutations alone; name an omics_folder"
    if source == "own":
        yield from _incomplete_folder(config, root)
    if source == "drugcell_folder":
        yield from _incomplete_drugcell_folder(config, root)
    yield from _impossible_hierarchy(config["ontology"], root)
    if source == "simulated" and config["ontology"]["source"] != "go":
        yield "ontology.source: the simulated cohort is drawn over the Gene Ontology; use go"
    for key in ("obo", "gaf"):
        retrieved = config["ontology"][key].startswith(_RETRIEVED)
        if not retrieved and not (root / config["ontology"][key]).is_file():
            yield f"ontology.{key}: file {config['ontology'][key]} does not exist"
    no_tissue = source == "gdsc_wheel"
    for section in ("splits", "ablations"):
        protocols = config[section]["protocols"]
        if "published" in protocols and source not in ("release", "drugcell_folder"):
            yield f"{section}.protocols: published needs input: release or drugcell_folder, which have files for it"
        if no_tissue and "leave_tissue_out" in protocols:
            yield f"{section}.protocols: leave_tissue_out needs tissues, which the registry's GDSC data lack"
    if no_tissue and "tissue_mean" in config["naive"]:
        yield "naive: tissue_mean needs tissues, which the registry's GDSC data lack"
    yield from _impossible_transfers(config)
    if not config["models"]:
        yield "models: name at least one network to train"
    for key, known in (("models", list(config["models"])), ("protocols", config["splits"]["protocols"])):
        for name in config["interpretation"][key] or []:
            if name not in known:
                yield f"interpretation.{key}: {name!r} is not one of {', '.join(known)}{_suggest(name, known)}"
    for key, known in (("models", list(config["models"])), ("protocol", config["splits"]["protocols"])):
        given = config["predict"][key] or []
        for name in [given] if isinstance(given, str) else given:
            if name not in known:
                yield f"predict.{key}: {name!r} is not one of {', '.join(known)}{_suggest(name, known)}"
    yield from _impossible_ablations(config["ablations"], config["models"], config["search"]["enabled"])


def _impossible_rivals(config: dict[str, Any], sections: dict[str, Any]) -> Iterator[str]:
    """Yield the options that a rival cannot do without, and rivals that are called as a naive predictor is."""
    for name in config["rivals"]["names"]:
        for key in sections[name].get("needed", []):
            if key not in config["rivals"][name]:
                yield f"rivals.{name}.{key}: needed, as the rival's class has no default for it; give it a value"
        if name in config["naive"]:
            yield f"rivals.names: a naive predictor is called {name}, too; give the rival's module another name"


def own_hierarchy_files(ontology: dict[str, Any]) -> list[str]:
    """Return the keys of the section ``ontology`` that name the files of a hierarchy of the user's own."""
    if ontology["source"] not in ("gmt", "tables"):
        return []
    needed = "gmt" if ontology["source"] == "gmt" else "annotations"
    return [needed, *(key for key in ("edges", "terms") if ontology[key] is not None)]


def _impossible_hierarchy(ontology: dict[str, Any], root: Path) -> Iterator[str]:
    """Yield what is missing of, or has no part in, a hierarchy of the user's own."""
    source, read = ontology["source"], own_hierarchy_files(ontology)
    read = ["file"] if source == "published" else read
    for key in _ONTOLOGY_FILES:
        if ontology[key] is None:
            if key in read and key != "file":
                yield f"ontology.{key}: needed because ontology.source is {source}; name the file"
        elif key not in read:
            yield f"ontology.{key}: not read with ontology.source: {source}; leave it out"
        elif not (root / ontology[key]).is_file():
            yield f"ontology.{key}: file {ontology[key]} does not exist"
    if ontology["containment"] and (source not in ("gmt", "tables") or ontology["edges"] is not None):
        yield "ontology.containment: asks for source gmt or tables without edges; set it to false"


def _incomplete_drugcell_folder(config: dict[str, Any], root: Path) -> Iterator[str]:
    """Yield what a folder in DrugCell's form lacks for what is asked of it."""
    section = config["drugcell_folder"]
    if section["folder"] is None:
        yield "drugcell_folder.folder: needed because input is drugcell_folder; name the folder with the files"
        return
    if not (root / section["folder"]).is_dir():
        hint = " (an environment variable in it is not set)" if "$" in section["folder"] else ""
        yield f"drugcell_folder.folder: {section['folder']} is not a folder{hint}"


def _impossible_transfers(config: dict[str, Any]) -> Iterator[str]:
    """Yield transfers that have one name or one screen, and curves that are no longer of one screen."""
    splits = config["splits"]
    if not splits["protocols"] and not splits["transfer"]:
        yield "splits: name a protocol in splits.protocols, or two screens in splits.transfer"
    names = [transfer_protocol(entry["train"], entry["test"]) for entry in splits["transfer"]]
    for name, entry in zip(names, splits["transfer"], strict=True):
        if entry["train"] == entry["test"]:
            yield f"splits.transfer: trains and tests on {entry['train']}; name two screens"
        if names.count(name) > 1:
            yield f"splits.transfer: {entry['train']} to {entry['test']} has the name of another, {name}; keep one"
    if names and config["responses"]["overlap"] != "keep":
        yield "responses.overlap: splits.transfer needs the curves of each screen; set it to keep"
    wheel = config["gdsc_wheel"]["screen"]
    if names and config["input"] == "gdsc_wheel" and wheel != "both":
        yield f"gdsc_wheel.screen: splits.transfer needs two screens, not {wheel} alone; set it to both"


def _incomplete_folder(config: dict[str, Any], root: Path) -> Iterator[str]:
    """Yield what the folder of the user's own tables lacks for what is asked of it."""
    if config["own"]["folder"] is None:
        yield "own.folder: needed because input is own; name the folder with your tables"
        return
    folder = root / config["own"]["folder"]
    if not folder.is_dir():
        yield f"own.folder: {config['own']['folder']} is not a folder"
        return
    there = {path.stem for path in folder.iterdir() if path.suffix in _TABLE_FORMATS}
    for table in ("responses", "drugs"):
        if table not in there:
            yield f"own.folder: {folder} has no {table}.parquet, .csv or .tsv"
    for name, model in config["models"].items():
        for omic in sorted(set(model["omics"]) - there):
            yield f"models.{name}.omics: own.folder has no table {omic}; leave out the omic or the model"
    genes = config["genes"]
    if "mutation" not in there and genes["selection"] == "most_mutated" and genes["top_mutated_fraction"] < 1:
        yield "genes.top_mutated_fraction: without a table of mutations no gene is more mutated; set it to 1"


def _impossible_ablations(ablations: dict[str, Any], models: dict[str, Any], searched: bool) -> Iterator[str]:
    """Yield an ablation's base that is no model, labels that stand twice, and keys that the search would override."""
    base = ablations["base"]
    if base not in models:
        # Without variants there is nothing to ablate, and any models will do.
        if models and ablations["variants"]:
            yield f"ablations.base: {base!r} is not one of {', '.join(models)}" + _suggest(base, list(models))
        return
    labels = [models[base]["label"], *(variant["label"] for variant in ablations["variants"].values())]
    twice = {label for label in labels if labels.count(label) > 1}
    if twice:
        yield f"ablations: the label {min(twice)!r} stands twice; tables and figures could not tell the variants apart"
    for name, variant in ablations["variants"].items() if searched else ():
        for key in sorted({"lambda", "learning_rate"} & set(variant.get("training", {}))):
            yield f"ablations.variants.{name}.training.{key}: the base's, chosen by the search, would take its place"


def _missing_folders(config: dict[str, Any], root: Path, source: str, contents: dict[str, str]) -> Iterator[str]:
    """Yield the keys of a section that name no folder, or one without the files that belong there."""
    section = config[source]
    if section["source"] == "local" and section["folder"] is None:
        yield f"{source}.folder: needed because {source}.source is local; name the folder with the files"
    for key, pattern in contents.items():
        if section[key] is None:
            continue
        folder = root / section[key]
        if not folder.is_dir():
            hint = " (an environment variable in it is not set)" if "$" in section[key] else ""
            yield f"{source}.{key}: {section[key]} is not a folder{hint}"
        elif not any(folder.glob(pattern)):
            yield f"{source}.{key}: {section[key]} holds no file {pattern}; name the folder in which the files lie"
