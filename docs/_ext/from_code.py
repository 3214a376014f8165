"""Directives whose text is made of the code when the site is built, so that it cannot go out of date.

`config-reference` makes the keys of the configuration from their schema, `rules-reference` the rules of the workflow
from their files, and `command-lines` the options of the package's programs from their parsers.
"""

import argparse
import contextlib
import functools
import importlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn
from unittest import mock

import yaml
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

logger = logging.getLogger(__name__)

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = ROOT / "workflow" / "schemas" / "config.schema.yaml"
DEFAULT = ROOT / "config" / "config.yaml"
RULES = ROOT / "workflow" / "rules"
PACKAGE = ROOT / "workflow" / "scripts" / "druggene"

BOUNDS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "more than {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "less than {}",
    "multipleOf": "a multiple of {}",
    "minItems": "at least {} of them",
    "maxItems": "at most {} of them",
    "pattern": "of the pattern `{}`",
}
NAMES = {"object": "section", "array": "list", "null": "null", "string": "text"}
WORKFLOW_RULE = re.compile(
    r'^ *(?:use )?rule (\w+)(?: as (\w+) with)?:\n(?: *"""(.+?)"""\n)?', re.MULTILINE | re.DOTALL
)

OUTSIDE_LINK = re.compile(r"\[([^\]\n]+)\]\(((?:\.\./)+[^)#\s]*)\)")
OPTIONAL_PAGE = re.compile(r"^\? (\S+)\n", re.MULTILINE)


class Generated(SphinxDirective):
    """A directive that parses the Markdown that it writes."""

    def lines(self) -> Iterable[str]:
        """Yield lines of Markdown."""
        raise NotImplementedError

    def run(self) -> list[nodes.Node]:
        """Return what the lines stand for, headings included."""
        return self.parse_text_to_nodes("\n".join(self.lines()), allow_section_headings=True)


class ConfigReference(Generated):
    """Every key of the configuration: a heading per section, a table of its keys below it."""

    def lines(self) -> Iterable[str]:
        """Yield the top-level keys, then section by section."""
        self.env.note_dependency(SCHEMA)
        self.env.note_dependency(DEFAULT)
        return config_lines(yaml.safe_load(SCHEMA.read_text()), yaml.safe_load(DEFAULT.read_text()))


def config_lines(schema: Mapping[str, Any], config: Mapping[str, Any]) -> Iterator[str]:
    """Yield the reference of a schema as Markdown; defaults are those of ``config``, else the schema's."""
    keys = {name: resolve(part, schema) for name, part in schema["properties"].items()}
    yield "## Top level\n"
    yield from table({name: part for name, part in keys.items() if not is_section(part)}, schema, config)
    for name, part in keys.items():
        if is_section(part):
            yield from section(name, part, schema, config.get(name, {}), 2)


def section(name: str, part: Mapping[str, Any], schema: Mapping[str, Any], config: Any, level: int) -> Iterator[str]:
    """Yield a section's heading, description and keys, then the sections in it."""
    yield f"\n{'#' * level} {name}\n"
    yield f"{sentence(part['description'])}\n"
    keys = part.get("properties")
    if keys is None:  # names of the user's choice, such as those of models
        yield "Keys of an entry, by a name of your choice:\n"
        entry = part["additionalProperties"]
        if "properties" not in entry:
            yield from table({"<name>": {"description": "An entry.", **entry}}, schema, {})
            return
        keys, config = entry["properties"], {}
    keys = {key: resolve(inner, schema) for key, inner in keys.items()}
    flat = {key: inner for key, inner in keys.items() if not is_section(inner) or "$same" in inner}
    if flat:
        yield from table(flat, schema, config)
    for key, inner in keys.items():
        if key not in flat:
            yield from section(f"{name}.{key}", inner, schema, (config or {}).get(key, {}), min(level + 1, 3))


def resolve(part: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return a key's schema with what its reference names; ``$same`` then names the section that it repeats."""
    found = dict(part)
    reference = found.pop("$ref", None)
    if reference:
        target: Any = schema
        for step in reference.removeprefix("#/").split("/"):
            target = target[step]
        same = {"$same": reference.rpartition("/")[2]} if target.get("type") == "object" else {}
        found = {**target, **found, **same}
    return found


def is_section(part: Mapping[str, Any]) -> bool:
    """Tell whether a key holds keys."""
    return part.get("type") == "object"


def table(keys: Mapping[str, Mapping[str, Any]], schema: Mapping[str, Any], config: Mapping[str, Any]) -> Iterator[str]:
    """Yield a table of keys."""
    yield "| key | values | default | |"
    yield "| --- | --- | --- | --- |"
    for name, part in keys.items():
        default = config[name] if name in config else part.get("default")
        shown = code(default) if name in config or "default" in part else ""
        cells = (f"`{name}`", values(part, schema), shown, sentence(part.get("description", "")))
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
    yield ""


def values(part: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """Return in words what a key takes."""
    part = resolve(part, schema)
    if "$same" in part:
        return f"keys of [{part['$same']}](#{part['$same']})"
    if "enum" in part:
        return ", ".join(code(value) for value in part["enum"])
    kinds = [part["type"]] if isinstance(part["type"], str) else part["type"]
    words = " or ".join(NAMES.get(kind, kind) for kind in kinds)
    if part.get("items"):
        words += f" of {values(part['items'], schema)}"
    bounds = [text.format(part[key]) for key, text in BOUNDS.items() if key in part]
    if isinstance(part.get("additionalProperties"), dict) and "properties" not in part:
        words += f"; each {values(part['additionalProperties'], schema)}"
    return ", ".join([words, *bounds])


def code(value: Any) -> str:
    """Return a value as YAML has it, as code."""
    text = json.dumps(value, ensure_ascii=False) if not isinstance(value, str) else value
    return f"`{text}`"


def sentence(text: str) -> str:
    """Return a description on one line, in which `<run>` is no markup."""
    return " ".join(text.split()).replace("<", "\\<")


class RulesReference(Generated):
    """Every rule of a stage's file, with its docstring."""

    def lines(self) -> Iterator[str]:
        """Yield a heading and a table per file."""
        for path in sorted(RULES.glob("*.smk")):
            self.env.note_dependency(path)
            found = list(workflow_rules(path.read_text()))
            if found and path.stem != "stages":
                yield f"\n### workflow/rules/{path.name}\n"
                yield "| rule | |\n| --- | --- |"
                yield from (f"| `{name}` | {text} |" for name, text in found)


class StagesReference(Generated):
    """Every stage with its docstring."""

    def lines(self) -> Iterator[str]:
        """Yield a table of the stages."""
        path = RULES / "stages.smk"
        self.env.note_dependency(path)
        yield "| target | |\n| --- | --- |"
        yield from (f"| `{name}` | {text} |" for name, text in workflow_rules(path.read_text()))


def workflow_rules(text: str) -> Iterator[tuple[str, str]]:
    """Yield the name and the docstring of every rule in a file of rules."""
    for match in WORKFLOW_RULE.finditer(text):
        base, name, docstring = match.groups()
        yield name or base, " ".join(docstring.split()) if docstring else f"`{base}` for other files."


class CommandLines(Generated):
    """What `--help` prints for every module of the package that is a program, and for each of its commands."""

    def lines(self) -> Iterator[str]:
        """Yield a heading per program, then a block of text per command."""
        for path in sorted(PACKAGE.rglob("*.py")):
            text = path.read_text()
            if "import argparse" in text and '__name__ == "__main__"' in text:
                self.env.note_dependency(path)
                module = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
                yield f"\n### python -m {module}\n"
                for parser in parsers(parser_of(module)):
                    yield f"```text\n{parser.format_help().strip()}\n```\n"


def parser_of(module: str) -> argparse.ArgumentParser:
    """Return the parser that a program parses its arguments with."""
    found: list[argparse.ArgumentParser] = []

    def keep(parser: argparse.ArgumentParser, *_: object, **__: object) -> NoReturn:
        found.append(parser)
        raise SystemExit

    with mock.patch.object(argparse.ArgumentParser, "parse_args", keep), contextlib.suppress(SystemExit):
        importlib.import_module(module).main([])
    return found[0]


def parsers(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """Yield a program's parser and those of its commands, as wide as a page."""
    # Wide enough for the page, wherever the site is built.
    parser.formatter_class = functools.partial(argparse.HelpFormatter, width=96)
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield from parsers(command)


def write_module_pages(app: Sphinx) -> None:
    """Write a page for every module of the package into reference/api/, and remove those of modules that are gone."""
    folder = Path(app.srcdir, "reference", "api")
    folder.mkdir(exist_ok=True)
    pages = dict(module_pages())
    for path in folder.glob("*.rst"):
        if path.stem not in pages:
            path.unlink()
    for name, text in pages.items():
        path = folder / f"{name}.rst"
        if not path.is_file() or path.read_text() != text:
            path.write_text(text)


def module_pages() -> Iterator[tuple[str, str]]:
    """Yield every module's name and the page that takes its docstrings."""
    names = [".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts) for path in sorted(PACKAGE.rglob("*.py"))]
    names = [name.removesuffix(".__init__") for name in names]
    for name in names:
        inside = [other for other in names if other.rpartition(".")[0] == name]
        lines = [name, "=" * len(name), "", f".. automodule:: {name}", ""]
        if inside:
            lines += [".. toctree::", "   :maxdepth: 1", "", *(f"   {module}" for module in inside), ""]
        yield name, "\n".join(lines)


def literal_blocks(app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
    """Take what a docstring sets off by indentation, formulas and commands, as it stands."""
    for position, line in reversed([*enumerate(lines)]):
        # From the end, so that positions stay those of the lines as they were.
        if not line.startswith("    ") or position < 2 or lines[position - 1].strip():
            continue
        before = next((text for text in reversed(lines[:position]) if text.strip()), " ")
        if not before.startswith(" ") and not before.endswith("::"):
            lines[position:position] = ["::", ""]


def outside_links(app: Sphinx, docname: str, source: list[str]) -> None:
    """Turn links to files of the repository outside of the pages into downloads, and to folders into their names.

    The pages are also read where the repository lies, and there such a link leads to the file.
    """
    folder = Path(app.srcdir, docname).parent

    def replace(match: re.Match[str]) -> str:
        text, target = match.groups()
        path = (folder / target).resolve()
        if path.is_relative_to(app.srcdir):
            return match[0]
        if path.is_dir():
            return f"`{path.relative_to(ROOT)}/`"
        if not path.is_file():
            logger.warning("no file %s in the repository", target, location=docname)
        return f"{{download}}`{text.strip('`')} <{target}>`"

    if docname.startswith("reference/api/"):
        return
    source[0] = OUTSIDE_LINK.sub(replace, source[0])


def optional_pages(app: Sphinx, docname: str, source: list[str]) -> None:
    """Take the lines of a table of contents that begin with a question mark for the pages that there are."""
    folder = Path(app.srcdir, docname).parent

    def present(match: re.Match[str]) -> str:
        up, _, pattern = match[1].rpartition("/")
        found = sorted(path.stem for path in (folder / up).glob(f"{pattern}.md"))
        return "".join(f"{up}/{name}\n" for name in found)

    source[0] = OPTIONAL_PAGE.sub(present, source[0])


def setup(app: Sphinx) -> dict[str, bool]:
    """Name the directives and what is done to pages and docstrings to Sphinx."""
    app.add_directive("config-reference", ConfigReference)
    app.add_directive("stages-reference", StagesReference)
    app.add_directive("rules-reference", RulesReference)
    app.add_directive("command-lines", CommandLines)
    app.connect("builder-inited", write_module_pages)
    app.connect("source-read", outside_links)
    app.connect("source-read", optional_pages)
    # Before napoleon, which has the priority 500.
    app.connect("autodoc-process-docstring", literal_blocks, priority=400)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
