"""How a job of the workflow is run in this process, and how it ends."""

import contextlib
import io
import logging
import runpy
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "workflow" / "scripts"


class Named(list[Any]):
    """Files or settings by position and by name, as Snakemake gives them."""

    def __init__(self, **named: Any) -> None:
        super().__init__(named.values())
        self.__dict__.update(named)

    def items(self) -> list[tuple[str, Any]]:
        return list(self.__dict__.items())

    def __getitem__(self, key: Any) -> Any:
        return self.__dict__[key] if isinstance(key, str) else super().__getitem__(key)


@dataclass(frozen=True)
class Job:
    """A job on good inputs: ``run`` does it; ``output`` is the folder that it may write to."""

    run: Callable[[], object]
    output: Path


@dataclass
class Ending:
    """How a job ended: the code that its process would exit with, and its message."""

    code: int
    message: str = ""
    warnings: list[str] = field(default_factory=list)


@contextlib.contextmanager
def _own_logging() -> Iterator[list[str]]:
    """Keep what a job does to logging and to the interpreter's hooks from the tests; yield its warnings."""
    root = logging.getLogger()
    before = root.handlers[:], root.level, sys.excepthook
    warnings: list[str] = []

    class Keep(logging.Filter):
        def filter(self, record: logging.LogRecord) -> bool:
            if record.levelno >= logging.WARNING:
                warnings.append(record.getMessage())
            return True

    keep = Keep()
    packages = [logging.getLogger(name) for name in logging.root.manager.loggerDict if name.startswith("druggene")]
    for logger in packages:
        logger.addFilter(keep)
    try:
        yield warnings
    finally:
        for logger in packages:
            logger.removeFilter(keep)
        for handler in set(root.handlers) - set(before[0]):
            with contextlib.suppress(OSError):  # a log on a full disk
                handler.close()
        root.handlers[:], sys.excepthook = before[0], before[2]
        root.setLevel(before[1])
        logging.captureWarnings(False)


def end_of(job: Job) -> Ending:
    """Run a job in this process and say how a process of its own would end: an uncaught error is exit code 1."""
    said = io.StringIO()
    with _own_logging() as warnings, contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
        try:
            code = job.run()
        except (ValueError, OSError) as error:
            return Ending(1, "\n".join([str(error), *getattr(error, "__notes__", [])]), warnings)
        except SystemExit as stop:
            return Ending(int(stop.code or 0), said.getvalue(), warnings)
    return Ending(int(code) if isinstance(code, int) else 0, said.getvalue(), warnings)


def adapter(name: str, folder: Path, outputs: dict[str, str] | list[str], **given: Any) -> Job:
    """Return the job of a rule's script; outputs land in ``folder``/out, the log beside it."""
    output = folder / "out"
    output.mkdir()
    named = outputs if isinstance(outputs, dict) else {f"_{i}": file for i, file in enumerate(outputs)}
    stand_in = SimpleNamespace(
        output=Named(**{key: str(output / file) for key, file in named.items()}),
        log=[str(folder / "job.log")],
        threads=1,
        input=Named(**given.get("input", {})),
        params=Named(**given.get("params", {})),
        wildcards=SimpleNamespace(**given.get("wildcards", {})),
    )
    script = str(SCRIPTS / f"{name}.py")
    return Job(lambda: runpy.run_path(script, {"snakemake": stand_in}, run_name="__main__") and 0, output)
