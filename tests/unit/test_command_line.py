"""The command `druggene` and what the package offers at its top."""

import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

import druggene
from druggene.command_line import MODULES, main

ROOT = Path(__file__).parents[2]


def test_the_package_is_imported_without_pytorch_and_offers_what_needs_it() -> None:
    code = "import sys, druggene.command_line; sys.exit('torch' in sys.modules or 'pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT / "workflow/scripts", check=False).returncode == 0
    assert callable(druggene.predict)
    assert callable(druggene.fine_tune)
    with pytest.raises(AttributeError, match="no attribute 'predikt'"):
        _ = druggene.predikt


def test_the_command_is_installed_by_its_name() -> None:
    entry = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]["druggene"]
    module, _, function = entry.partition(":")
    assert getattr(import_module(module), function) is main


@pytest.mark.parametrize("command", ["predict", "fine-tune", *MODULES])
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    assert "usage:" in capsys.readouterr().out


def test_commands_of_modules_get_their_arguments(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    missing = str(tmp_path / "none.pt")
    assert main(["export", missing, "--output", str(tmp_path / "out.pt")]) == 1
    assert "none.pt" in capsys.readouterr().err
