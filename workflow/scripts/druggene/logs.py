"""Logging: one file per rule, with the time of every line and the error that ended it; and of a command line."""

import logging
import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType


def log_to(path: str) -> None:
    """Send log records of level INFO and above, and an uncaught exception, to ``path``.

    The exception also reaches standard error as usual, so that Snakemake shows it.
    """
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    logging.basicConfig(
        filename=path, filemode="w", level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", force=True
    )
    logging.captureWarnings(True)

    def log_exception(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        logging.getLogger(__name__).error("stopped by an error", exc_info=(kind, error, trace))
        sys.__excepthook__(kind, error, trace)

    sys.excepthook = log_exception


def run_command(run: Callable[[], None]) -> int:
    """Run a command line with its log on standard error; return 0, or 1 after the message of a user's mistake."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        run()
    except (ValueError, OSError) as error:
        message = str(error)
        if isinstance(error, OSError) and error.filename is not None and error.strerror is not None:
            message = f"{error.filename}: {error.strerror}"
        print(f"error: {message}", file=sys.stderr)
        return 1
    return 0
