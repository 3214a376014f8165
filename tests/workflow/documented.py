"""What the pages tell the reader to run and to write, and the columns that they promise."""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from druggene.metrics import METRICS
from druggene.tables import read_metadata
from tests.workflow.running import ROOT

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
SHELL = ("", "bash")
"""Languages of fences that hold commands; one without a language may be a drawing."""
PROGRAM = re.compile(
    r"(?:\.venv/bin/)?(snakemake|make|python|pip|pre-commit|druggene)$|(slurm/bin/\w+)$|(export|apt-get)$"
)
ASSIGNMENT = re.compile(r"^[A-Za-z_]\w*=")
IN_PROSE = re.compile(r"`((?:\w+=\S+ )*(?:\.venv/bin/)?(?:snakemake|make|python -m|druggene) [^`<…]+)`")
PLAN_ALL = """
import contextlib, io, json, sys
from snakemake.cli import args_to_api, parse_args
outcomes = []
for arguments in json.load(sys.stdin):
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
        try:
            parser, parsed = parse_args(arguments)
            done = args_to_api(parsed, parser)
        except (Exception, SystemExit) as error:
            done = print(error)
    outcomes.append((bool(done), said.getvalue()))
json.dump(outcomes, sys.stdout)
"""


@dataclass(frozen=True)
class Block:
    """A fence of a page."""

    page: str
    language: str
    text: str


@dataclass(frozen=True)
class Command:
    """A program that a page calls, with its arguments as a shell would split them."""

    page: str
    text: str
    program: str
    arguments: tuple[str, ...]


def blocks() -> Iterator[Block]:
    """Yield the fences of all pages."""
    for page in PAGES:
        for match in re.finditer(r"^```([^\n]*)\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL):
            yield Block(str(page.relative_to(ROOT)), match[1].strip(), match[2])


def named_files() -> dict[str, str]:
    """Return YAML and Python that the pages have the reader write, where its first line is a comment with a name."""
    found = {}
    for block in blocks():
        name = re.match(r"# (\S+\.(?:yaml|py))\n", block.text)
        if block.language in ("yaml", "python") and name:
            assert name[1] not in found, f"{block.page}: a second file {name[1]}"
            found[name[1]] = block.text
    return found


def commands(variables: dict[str, str]) -> list[Command]:
    """Return every command of the pages, in fences and in prose, once, with ``variables`` filled in."""
    texts: dict[str, str] = {}
    for block in blocks():
        if block.language in SHELL:
            for text in _statements(block):
                texts.setdefault(text, block.page)
    for page in PAGES:
        prose = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
        for match in IN_PROSE.finditer(prose):
            texts.setdefault(" ".join(match[1].split()), str(page.relative_to(ROOT)))
    return [command for text, page in texts.items() if (command := _split(text, page, variables))]


def _statements(block: Block) -> Iterator[str]:
    """Yield the statements of a fence: lines, joined where a quote or a backslash goes on."""
    pending = ""
    for line in block.text.splitlines():
        pending = f"{pending}\n{line}" if pending else line
        if not pending.strip() or pending.lstrip().startswith("#"):
            pending = ""
            continue
        try:
            words = shlex.split(pending, comments=True)
        except ValueError:  # an open quote or a backslash at the end
            if block.language == "" and not _program(pending.split()):
                return  # a drawing
            continue
        if pending.endswith("\\"):
            continue
        if block.language == "" and not (_program(words) or ASSIGNMENT.match(words[0])):
            return
        yield pending
        pending = ""
    assert not pending, f"{block.page}: unfinished command {pending!r}"


def _program(words: list[str]) -> str | None:
    called = next((word for word in words if not ASSIGNMENT.match(word)), "")
    match = PROGRAM.match(called)
    return next(filter(None, match.groups())) if match else None


def _split(text: str, page: str, variables: dict[str, str]) -> Command | None:
    """Split a statement as bash does, braces and variables included; nothing of a mere assignment."""
    words = shlex.split(text, comments=True)
    if all(ASSIGNMENT.match(word) for word in words):
        return None
    program = _program(words)
    assert program, f"{page}: no test knows the command {text!r}"
    # Only the words after the program, which bash prints instead of handing them to it.
    start = re.search(rf"(?:^|\s)(\S*{re.escape(program)})(?=\s|$)", text)
    assert start, text
    script = f"printf '%s\\0' {text[start.end() :]}"
    done = subprocess.run(["bash", "-c", script], env=variables, capture_output=True, text=True, check=True, cwd=ROOT)
    return Command(page, text, program, tuple(word for word in done.stdout.split("\0") if word))


def plan_all(folder: Path, calls: list[list[str]], variables: dict[str, str]) -> list[tuple[bool, str]]:
    """Plan many calls of Snakemake in one process; return for each whether it went well, and what it said."""
    environment = os.environ | variables
    done = subprocess.run(
        [sys.executable, "-c", PLAN_ALL],
        cwd=folder,
        env=environment,
        input=json.dumps(calls),
        capture_output=True,
        text=True,
        check=True,
    )
    return [(bool(went), said) for went, said in json.loads(done.stdout)]


def undocumented(results: Path) -> list[str]:
    """Return what docs/reference/artifacts.md does not say, or says wrongly, of the Parquet files of a run."""
    rows = re.findall(r"^\| `([^`]+\.parquet)` \|[^|]*\| (.+) \|$", _artifacts(), re.MULTILINE)
    files = [(_pattern(name, "[^/.]+"), columns) for name, columns in rows]
    problems = []
    for path in sorted(results.rglob("*.parquet")):
        name = str(path.relative_to(results))
        columns = next((columns for pattern, columns in files if pattern.fullmatch(name)), None)
        if columns is None:
            problems.append(f"{name}: not listed")
            continue
        listed = re.findall(r"(\()?`([^`]+)`", columns)
        patterns = [_pattern(column, ".+") for _, column in listed]
        present = pq.read_schema(path).names
        problems += [
            f"{name}: column {column} not listed"
            for column in present
            if not any(pattern.fullmatch(column) for pattern in patterns)
        ]
        problems += [
            f"{name}: no column {column}"
            for (optional, column), pattern in zip(listed, patterns, strict=True)
            if not optional and not any(pattern.fullmatch(each) for each in present)
        ]
        read_metadata(path)
    return problems


def _artifacts() -> str:
    return (ROOT / "docs" / "reference" / "artifacts.md").read_text()


def _pattern(name: str, word: str) -> re.Pattern[str]:
    """Return what a name with placeholders stands for; ``<metric>`` is a metric, any other placeholder a ``word``."""
    metrics = f"(?:normalised_)?(?:{'|'.join(METRICS)})"
    parts = re.split(r"(<\w+>)", name)
    return re.compile(
        "".join(metrics if part == "<metric>" else word if part.startswith("<") else re.escape(part) for part in parts)
    )
