"""Validation of the workflow's configuration, before any job runs."""

import difflib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema


def complete_config(config: dict[str, Any], schema: dict[str, Any], root: Path) -> None:
    """Fill in the schema's defaults, expand environment variables in folders, and check everything.

    Parameters
    ----------
    config
        The configuration; changed in place.
    schema
        JSON Schema (2020-12) of the configuration.
    root
        Folder that relative file names are taken from.

    Raises
    ------
    ValueError
        With one line per problem: the dotted key, what is wrong and what would be right.
    """
    problems = [_describe(error) for error in _errors(config, schema)]
    if not problems:
        _fill_defaults(config, schema)
        _expand_folders(config)
        config["models"] = {name: model for name, model in config["models"].items() if model is not None}
        problems = list(_impossible(config, root, schema["properties"]["naive"]["items"]["enum"]))
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
        return "; ".join(f"{key + '.' if key else ''}{name}: unknown key{_suggest(name, known)}" for name in unknown)
    if error.validator == "enum" and isinstance(error.validator_value, list):
        options = [str(option) for option in error.validator_value]
        return f"{key}: {error.instance!r} is not one of {', '.join(options)}" + _suggest(str(error.instance), options)
    return f"{key or 'config'}: {error.message}"


def _suggest(name: str, options: list[str]) -> str:
    close = difflib.get_close_matches(name, options, n=1)
    return f"; did you mean {close[0]}?" if close else ""


def _fill_defaults(config: dict[str, Any], schema: dict[str, Any]) -> None:
    for key, part in schema.get("properties", {}).items():
        if "default" in part:
            default = part["default"]
            config.setdefault(key, default.copy() if isinstance(default, list | dict) else default)
        if isinstance(config.get(key), dict):
            _fill_defaults(config[key], part)


def _expand_folders(config: dict[str, Any]) -> None:
    for section, key in (("gdsc_wheel", "folder"), ("release", "folder"), ("release", "omics_folder")):
        if config[section][key] is not None:
            config[section][key] = os.path.expandvars(config[section][key])


def _impossible(config: dict[str, Any], root: Path, naive: list[str]) -> Iterator[str]:
    """Yield what the schema cannot see: missing files and keys that contradict each other."""
    source = config["input"]
    taken = set(config["models"]) & set(naive)
    if taken:
        yield f"models.{min(taken)}: a naive predictor has this name; choose another"
    labels = [model["label"] for model in config["models"].values()]
    twice = {label for label in labels if labels.count(label) > 1}
    if twice:
        yield f"models: the label {min(twice)!r} stands twice; tables and figures could not tell the models apart"
    if source == "gdsc_wheel":
        yield from _missing_folders(config, root, source, {"folder": "*.whl"})
    published = config["ontology"]["source"] == "published" or config["genes"]["selection"] == "list"
    if source == "release" or published:
        yield from _missing_folders(config, root, "release", {"folder": "*.txt", "omics_folder": "expression.parquet"})
    if source == "simulated" and config["ontology"]["source"] != "go":
        yield "ontology.source: the simulated cohort is drawn over the Gene Ontology; use go"
    for key in ("obo", "gaf"):
        if not (root / config["ontology"][key]).is_file():
            yield f"ontology.{key}: file {config['ontology'][key]} does not exist"
    if "published" in config["splits"]["protocols"] and source != "release":
        yield "splits.protocols: published needs input: release, which alone has the published files"
    no_tissue = source == "gdsc_wheel"
    if no_tissue and "leave_tissue_out" in config["splits"]["protocols"]:
        yield "splits.protocols: leave_tissue_out needs tissues, which the registry's GDSC data lack"
    if no_tissue and "tissue_mean" in config["naive"]:
        yield "naive: tissue_mean needs tissues, which the registry's GDSC data lack"
    if not config["models"]:
        yield "models: name at least one network to train"
    for key, known in (("models", list(config["models"])), ("protocols", config["splits"]["protocols"])):
        for name in config["interpretation"][key] or []:
            if name not in known:
                yield f"interpretation.{key}: {name!r} is not one of {', '.join(known)}{_suggest(name, known)}"


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
