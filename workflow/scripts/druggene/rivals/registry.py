"""The rivals by name: every module of the folder ``models`` is one, and has its name in the configuration.

Such a module has a frozen dataclass ``Rival`` with what :class:`druggene.rivals.fold.Rival` asks for. Its fields,
written out in its own body, are the section of the configuration; one with a default may be left out there. The
configuration is checked by reading the modules, without importing them: a rival and its libraries are loaded by its own
jobs alone.
"""

import ast
import copy
import importlib
import json
import pkgutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

MODELS: Final = Path(__file__).parent / "models"
CLASS: Final = "Rival"
_KINDS: Final = {
    "int": "integer",
    "float": "number",
    "bool": "boolean",
    "str": "string",
    "Sequence": "array",
    "Mapping": "object",
}
"""Annotations, without what stands in brackets, and what they admit in a configuration."""


def rival_names(folder: Path = MODELS) -> list[str]:
    """Return the names of all rivals: the modules of a folder, but for those that begin with an underscore."""
    modules = pkgutil.iter_modules([str(folder)])
    return sorted(module.name for module in modules if not module.ispkg and not module.name.startswith("_"))


def load_rival(name: str) -> Callable[..., Any]:
    """Return the class of one of the ``rival_names``, which its section of the configuration makes a rival."""
    loaded: Callable[..., Any] = getattr(importlib.import_module(f"{__package__}.{MODELS.name}.{name}"), CLASS)
    return loaded


def with_added_rivals(schema: dict[str, Any], folder: Path = MODELS) -> dict[str, Any]:
    """Return the schema of the configuration with the rivals that it does not describe itself.

    Parameters
    ----------
    schema
        JSON Schema of the configuration, which describes the shipped rivals.
    folder
        Where the rivals' modules lie.

    Returns
    -------
    dict
        The schema with the names of the others among ``rivals.names`` and a section for each: its options with their
        defaults and, under ``needed``, those without one.

    Raises
    ------
    ValueError
        If such a module is not valid Python or has no class ``Rival``.
    """
    schema = copy.deepcopy(schema)
    sections = schema["properties"]["rivals"]["properties"]
    for name in rival_names(folder):
        if name not in sections:
            sections["names"]["items"]["enum"].append(name)
            sections[name] = _section(folder / f"{name}.py")
    return schema


def _section(path: Path) -> dict[str, Any]:
    """Return the schema of a rival's section: the annotated names in the body of its class."""
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError) as error:
        line = f":{error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        raise ValueError(f"{path}{line}: not valid Python ({error.args[0]}); mend it before running") from error
    found = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == CLASS]
    if not found:
        raise ValueError(f"{path}: has no class {CLASS}; call the rival's class so, or move the module elsewhere")
    options: dict[str, Any] = {}
    needed = []
    for node in found[-1].body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            annotation = ast.unparse(node.annotation).partition("[")[0]
            if annotation == "ClassVar":
                continue
            admitted = {"type": _KINDS[annotation]} if annotation in _KINDS else {}
            if node.value is None:
                needed.append(node.target.id)
                options[node.target.id] = admitted
            else:
                options[node.target.id] = admitted | _default(node.value)
    return {"type": "object", "additionalProperties": False, "properties": options, "needed": needed}


def _default(value: ast.expr) -> dict[str, Any]:
    """Return a default that is written out, as a configuration has it; the class itself fills in any other."""
    try:
        return {"default": json.loads(json.dumps(ast.literal_eval(value)))}
    except (TypeError, ValueError):
        return {}
