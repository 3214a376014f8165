"""Which files are checkpoints; apart from all else, as the workflow asks before any job and PyTorch takes seconds."""

from collections.abc import Sequence
from pathlib import Path

PathLike = str | Path


def checkpoint_files(paths: PathLike | Sequence[PathLike]) -> list[Path]:
    """Return checkpoint files: those named, and those in folders that are named, without training in progress."""
    named = [paths] if isinstance(paths, str | Path) else list(paths)
    files: list[Path] = []
    for path in map(Path, named):
        found = sorted(path.rglob("*.pt")) if path.is_dir() else [path]
        found = [file for file in found if not file.name.endswith(".resume.pt")]
        if not found:
            raise ValueError(f"{path}: holds no checkpoint (*.pt); name the folder models/ of a run, or files")
        files += found
    if not files:
        raise ValueError("checkpoints: none given; name files or folders")
    missing = [file for file in files if not file.is_file()]
    if missing:
        raise ValueError(f"{missing[0]}: there is no such checkpoint")
    return list(dict.fromkeys(files))
