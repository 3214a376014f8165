"""What no code here may do: run text as code, unpickle what is not known, or unpack an archive where it wants."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CODE = sorted((ROOT / "workflow").rglob("*.py"))
RULES = [ROOT / "Snakefile", *sorted((ROOT / "workflow" / "rules").glob("*.smk"))]

FORBIDDEN = {
    "eval": "runs text",
    "exec": "runs text",
    "os.system": "runs a shell",
    "os.popen": "runs a shell",
    "subprocess.getoutput": "runs a shell",
    "pickle.load": "runs what a file says",
    "pickle.loads": "runs what a file says",
    "joblib.load": "runs what a file says",
    "pd.read_pickle": "runs what a file says",
    "yaml.load": "runs what a file says; use safe_load",
    "yaml.unsafe_load": "runs what a file says; use safe_load",
}
METHODS = {"extractall": "writes where the archive wants", "unpack_archive": "writes where the archive wants"}


def calls_in(path: Path) -> list[ast.Call]:
    return [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]


def keyword(call: ast.Call, name: str) -> object:
    """The literal value of a keyword; None where it is absent or computed."""
    values = [item.value for item in call.keywords if item.arg == name]
    return values[0].value if values and isinstance(values[0], ast.Constant) else None


@pytest.mark.parametrize("path", CODE, ids=lambda path: path.stem)
def test_nothing_is_executed(path: Path) -> None:
    for call in calls_in(path):
        name = ast.unparse(call.func)
        where = f"{path}:{call.lineno}: {name}"
        assert name not in FORBIDDEN, f"{where} {FORBIDDEN[name]}"
        method = name.rpartition(".")[2]
        assert method not in METHODS, f"{where} {METHODS[method]}"
        assert not keyword(call, "shell"), f"{where} runs a shell"
        assert not keyword(call, "allow_pickle"), f"{where} runs what a file says"
        if name == "torch.load":
            assert keyword(call, "weights_only") is True, f"{where} runs what a file says; give weights_only=True"


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.stem)
def test_no_rule_has_a_shell(path: Path) -> None:
    """A shell command would be put together from paths and settings; scripts get them as values."""
    directives = {line.strip().split(":")[0] for line in path.read_text().splitlines() if line.rstrip().endswith(":")}
    assert not directives & {"shell", "run", "wrapper", "notebook"}
