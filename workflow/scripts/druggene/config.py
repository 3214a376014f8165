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
        config["models"] = {name: model for name, model in config.get("models", {}).items() if model is not None}
        problems = list(_impossible(config, root))
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


def _impossible(config: dict[str, Any], root: Path) -> Iterator[str]:
    """Yield what the schema cannot see: missing files and keys that contradict each other."""
    source = config["input"]
    if source in ("gdsc_wheel", "release"):
        section = config[source]
        if section["source"] == "local" and section["folder"] is None:
            yield f"{source}.folder: needed because {source}.source is local; name the folder with the files"
        folders = ["folder", "omics_folder"] if source == "release" else ["folder"]
        for key in folders:
            if section[key] is not None and not (root / section[key]).is_dir():
                hint = " (an environment variable in it is not set)" if "$" in section[key] else ""
                yield f"{source}.{key}: {section[key]} is not a folder{hint}"
    if source == "simulated" and config["ontology"]["source"] != "go":
        yield "ontology.source: the simulated cohort is drawn over the Gene Ontology; use go"
    if config["ontology"]["source"] == "go":
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
