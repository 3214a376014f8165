"""Logging of a job: one file per rule, with the time of every line and the error that ended it."""

import logging
import sys
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
