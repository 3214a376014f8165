"""Environments of their own for packages that the project is compared with.

Each lies on top of the environment that runs the benchmark and shares its libraries, so that all run on the same
builds. Nothing of the packages is copied.
"""

import subprocess
import sys
import sysconfig
import venv
from collections.abc import Sequence
from pathlib import Path


def environment(folder: Path, release: str, besides: Sequence[str] = ()) -> Path:
    """Return the interpreter of the environment in ``folder``, made first where it is missing.

    ``release`` (name==version) is installed without what it depends on, ``besides`` with it.
    """
    python = folder / "bin" / "python"
    ready = folder / release
    if not ready.exists():
        print(f"installing {release} into {folder}", file=sys.stderr, flush=True)
        venv.create(folder, clear=True)
        (packages,) = (folder / "lib").glob("python*/site-packages")
        (packages / "benchmark.pth").write_text(sysconfig.get_path("purelib") + "\n")
        pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
        pip.append("--disable-pip-version-check")
        if besides:
            subprocess.run([*pip, *besides], check=True)
        subprocess.run([*pip, "--no-deps", release], check=True)
        ready.touch()
    return python
