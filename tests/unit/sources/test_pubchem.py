"""Structures by name from PubChem's interface, on a server of this machine."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from urllib3.util import Retry

from druggene.sources.pubchem import look_up, read_answers, structure_source
from tests.serving import Serving, says, serving

ASPIRIN = {
    "CID": 2244,
    "MolecularFormula": "C9H8O4",
    "SMILES": "CC(=O)OC1=CC=CC=C1C(=O)O",
    "InChIKey": "BSYNRYMUTXBXSQ-UHFFFAOYSA-N",
}


@pytest.fixture
def server() -> Iterator[Serving]:
    with serving() as running:
        yield running


def know(server: Serving, name: str, *compounds: dict[str, Any]) -> None:
    body = json.dumps({"PropertyTable": {"Properties": compounds}}).encode()
    server.files[f"/compound/name/property/SMILES,InChIKey,MolecularFormula/JSON?name={name}"] = body


def ask(server: Serving, path: Path, *names: str) -> dict[str, str]:
    table = look_up(
        names, path, server.url, pause=0, retry=Retry(total=2, status_forcelist=(503,), allowed_methods=("POST",))
    )
    return dict(zip(table["name"], table["status"], strict=True))


def test_answers_are_kept_and_not_asked_for_again(server: Serving, tmp_path: Path) -> None:
    know(server, "aspirin", ASPIRIN)
    path = tmp_path / "deep" / "answers.csv"
    assert ask(server, path, "aspirin", "BRD-0815", "aspirin") == {"aspirin": "found", "BRD-0815": "not found"}
    assert len(server.requests) == 2
    assert ask(server, path, "Aspirin", "brd0815") == {"aspirin": "found", "BRD-0815": "not found"}
    assert len(server.requests) == 2, "another spelling is the same name"
    source = structure_source(read_answers(path))
    assert source.smiles == {"ASPIRIN": ASPIRIN["SMILES"]}
    assert source.origin == "PubChem"


@pytest.mark.parametrize(
    ("compounds", "status"),
    [
        ([ASPIRIN | {"SMILES": "CC(=O)OC1=CC=CC=C1"}], "implausible"),
        ([ASPIRIN | {"MolecularFormula": "C9H8O5"}], "implausible"),
        ([ASPIRIN | {"InChIKey": "AAAAAAAAAAAAAA-UHFFFAOYSA-N"}], "implausible"),
        ([ASPIRIN | {"SMILES": "C1CC("}], "implausible"),
        ([{"CID": 2244}], "implausible"),
        ([], "implausible"),
        ([ASPIRIN, ASPIRIN | {"InChIKey": "LFQSCWFLJHTTHZ-UHFFFAOYSA-N"}], "several structures"),
        ([ASPIRIN, ASPIRIN | {"InChIKey": "BSYNRYMUTXBXSQ-XXXXXXXXXX-N"}], "found"),
    ],
)
def test_an_answer_that_contradicts_itself_is_not_believed(
    server: Serving, tmp_path: Path, compounds: list[dict[str, Any]], status: str
) -> None:
    know(server, "aspirin", *compounds)
    assert ask(server, tmp_path / "answers.csv", "aspirin") == {"aspirin": status}
    assert len(structure_source(read_answers(tmp_path / "answers.csv")).smiles) == (status == "found")


def test_an_answer_that_is_no_table_is_not_believed(server: Serving, tmp_path: Path) -> None:
    server.faults.append(says(200, b"<html>maintenance</html>"))
    assert ask(server, tmp_path / "answers.csv", "aspirin") == {"aspirin": "implausible"}


def test_an_overloaded_server_is_asked_again(server: Serving, tmp_path: Path) -> None:
    know(server, "aspirin", ASPIRIN)
    server.faults.extend([says(503), says(503)])
    assert ask(server, tmp_path / "answers.csv", "aspirin") == {"aspirin": "found"}


def test_what_was_answered_before_a_failure_is_kept(server: Serving, tmp_path: Path) -> None:
    know(server, "aspirin", ASPIRIN)
    server.faults.extend([None, *[says(503)] * 3])
    with pytest.raises(ConnectionError, match=r"no answer for 'other'.*portals\.pubchem\.lookup to false"):
        ask(server, tmp_path / "answers.csv", "aspirin", "other")
    assert read_answers(tmp_path / "answers.csv")["name"].tolist() == ["aspirin"]


def test_a_name_with_a_slash_is_one_name(server: Serving, tmp_path: Path) -> None:
    know(server, "a/b (1:1 mol/mol)", ASPIRIN)
    assert ask(server, tmp_path / "answers.csv", "a/b (1:1 mol/mol)") == {"a/b (1:1 mol/mol)": "found"}


def test_damaged_answers_are_refused(server: Serving, tmp_path: Path) -> None:
    path = tmp_path / "answers.csv"
    path.write_text("name,smiles\naspirin,C\n")
    with pytest.raises(ValueError, match="missing column cid"):
        ask(server, path, "aspirin")
