"""Scores of one fold, from files."""

from dataclasses import replace
from pathlib import Path

import pytest

from druggene.constants import DRUG, GENE, TERM, VALIDATION
from druggene.fold import train_fold
from druggene.interpretation.contributions import contributions_of_fold
from druggene.interpretation.folds import read_fold
from druggene.interpretation.importance import importance_of_fold
from tests.reference.artifacts import write_fold
from tests.reference.predicting import JOINED, PLUS
from tests.unit.test_training import OPTIONS


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, str]]:
    """The files of fold 0 of a joined and of a read-out network, each trained for two epochs."""
    folder = tmp_path_factory.mktemp("fold")
    files = write_fold(folder)
    found = {}
    for model in (JOINED, PLUS):
        outputs = {name: str(folder / model.name / name) for name in ("checkpoint", "history", "predictions")}
        train_fold(files, outputs, "random_pairs", 0, model, replace(OPTIONS, epochs=2, alpha=0, drug_alpha=0))
        found[model.name] = files | {"checkpoint": outputs["checkpoint"]}
    return found


def test_chosen_drugs_have_the_scores_they_have_among_all(paths: dict[str, dict[str, str]]) -> None:
    terms, genes = importance_of_fold(paths["joined"], 0, None, 2)
    assert sorted(terms[DRUG].unique()) == [f"drug{i}" for i in range(5)]
    assert (terms.groupby(DRUG)[TERM].nunique() == terms[TERM].nunique()).all()
    some_terms, some_genes = importance_of_fold(paths["joined"], 0, ["drug3"], 2)
    for some, whole, by in ((some_terms, terms, [TERM]), (some_genes, genes, [GENE, "omic"])):
        expected = whole[whole[DRUG] == "drug3"].set_index(by)["attribution"]
        assert some.set_index(by)["attribution"].to_dict() == pytest.approx(expected.to_dict(), rel=1e-4, abs=1e-7)


@pytest.mark.parametrize("stop_early", [True, False])
def test_a_fold_is_read_with_the_training_pairs_of_its_network(tmp_path: Path, stop_early: bool) -> None:
    files = write_fold(tmp_path)
    outputs = {name: str(tmp_path / name) for name in ("checkpoint", "history", "predictions")}
    train_fold(files, outputs, "random_pairs", 0, JOINED, replace(OPTIONS, epochs=1, stop_early=stop_early))
    _, data, _ = read_fold(files | {"checkpoint": outputs["checkpoint"]}, 0, None)
    assert (data.count(VALIDATION) > 0) == stop_early


def test_a_drug_of_another_run_is_refused(paths: dict[str, dict[str, str]]) -> None:
    with pytest.raises(ValueError, match=r"interpretation\.drugs: 'aspirin' is not a drug of this run"):
        importance_of_fold(paths["joined"], 0, ["drug3", "aspirin"], 2)
    with pytest.raises(ValueError, match=r"interpretation\.drugs: 'aspirin' is not a drug of this run"):
        contributions_of_fold(paths["plus"], 0, ["aspirin"])


def test_contributions_are_those_of_networks_that_read_out_terms(paths: dict[str, dict[str, str]]) -> None:
    assert set(contributions_of_fold(paths["plus"], 0, ["drug1"])[DRUG]) == {"drug1"}
    with pytest.raises(ValueError, match=r"^joined: contributions are those of a network with readout: terms"):
        contributions_of_fold(paths["joined"], 0, None)
