"""Progress of a training run on disk, so that a killed job goes on where it was."""

import logging
import math
import os
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from torch import Tensor

from druggene.checkpoint import read_archive, write_archive

logger = logging.getLogger(__name__)


@dataclass
class Progress:
    """Where a training run stands after an epoch.

    Attributes
    ----------
    epoch, phase, phase_epoch
        Epochs so far, number of the present phase, and epochs of it so far.
    best_loss, best_epoch, best_state
        The best validation loss, when it was reached, and the parameters that gave it.
    history
        The losses of every epoch.
    network, optimizer, schedule
        States to go on from; None before the first save.
    """

    best_state: dict[str, Tensor]
    epoch: int = 0
    phase: int = 0
    phase_epoch: int = 0
    best_loss: float = math.inf
    best_epoch: int = 0
    history: list[dict[str, Any]] = field(default_factory=list)
    network: dict[str, Tensor] = field(default_factory=dict)
    optimizer: dict[str, Any] | None = None
    schedule: dict[str, Any] | None = None


def save_progress(progress: Progress, path: str | os.PathLike[str], identity: str) -> None:
    """Write ``progress`` atomically, marked with what it belongs to; a machine without a GPU can read it."""
    content = {item.name: _on_cpu(getattr(progress, item.name)) for item in fields(progress)}
    write_archive({"identity": identity, **content}, path)


def _on_cpu(value: Any) -> Any:
    """Return nested dictionaries with their tensors on the CPU."""
    if isinstance(value, dict):
        return {key: _on_cpu(item) for key, item in value.items()}
    return value.cpu() if isinstance(value, Tensor) else value


def load_progress(path: str | os.PathLike[str], identity: str) -> Progress | None:
    """Return the progress at ``path``, or None if there is none that can be used.

    A file that is damaged or belongs to another training run (data, options or code differ) is passed over, with a
    line in the log: training then starts from the beginning.
    """
    if not Path(path).is_file():
        return None
    try:
        content = read_archive(path)
        found = content.pop("identity")
        progress = Progress(**content)
    except Exception as error:
        logger.warning("%s: damaged, training starts from the beginning (%s)", path, error)
        return None
    if found != identity:
        logger.info("%s: of another training run, training starts from the beginning", path)
        return None
    return progress
