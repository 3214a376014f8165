"""DrugGene as a model of drevalpy: with drevalpy where it is installed, else with a stand-in of its base classes."""

import importlib.util
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
import yaml

from druggene.config import complete_config
from druggene.constants import OMICS
from druggene.variants import model_settings
from tests.reference import drevalpy_stand_in
from tests.reference.artifacts import SMILES
from tests.unit.test_config import ROOT, SCHEMA, merged
from tests.unit.test_gene_ontology import gaf_line

INSTALLED = importlib.util.find_spec("drevalpy") is not None
if not INSTALLED:
    drevalpy_stand_in.install()
from druggene import drevalpy_model  # noqa: E402
from druggene.drevalpy_model import DrugGene, DrugGenePlus, DrugResponseDataset, register  # noqa: E402

NAME = "toy"
LINES = [f"line{i:02d}" for i in range(20)]
DRUGS = [str(100 + i) for i in range(len(SMILES))]
GENES = [f"GENE{i:02d}" for i in range(24)]
TERM = "[Term]\nid: {}\nname: {}\nnamespace: biological_process\n{}\n"
NEW_LINES, NEW_DRUG = LINES[16:], DRUGS[4]
SMALL: dict[str, Any] = {
    "genes": {"top_mutated_fraction": 1.0},
    "ontology": {"min_genes": 2, "min_genes_over_child": 1},
    "drugs": {"fingerprint": {"bits": 64}},
    "network": {"term_neurons": 2, "drug_layers": [8]},
    "training": {"epochs": 4, "batch_size": 20, "learning_rate": 0.02},
    "device": "cpu",
}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set in drevalpy's layout, and a small ontology over its genes."""
    folder = tmp_path_factory.mktemp("data")
    into = folder / NAME
    into.mkdir()
    rng = np.random.default_rng(0)
    for omic, view in drevalpy_model.VIEWS.items():
        values = rng.random((len(LINES), len(GENES)))
        table = pd.DataFrame(values.round() if omic == "mutation" else values, columns=GENES)
        table.insert(0, "cell_line_name", LINES)
        table.sample(frac=1, random_state=1).to_csv(into / f"{view}.csv", index=False)
    drugs = pd.DataFrame({"pubchem_id": DRUGS, "canonical_smiles": SMILES})
    drugs.to_csv(into / "drug_smiles.csv", index=False)
    known = pd.DataFrame({"pubchem_id": DRUGS[:4], "targets": ["A;B", "A", "B", None], "pathway": ["p", "p", "q", "q"]})
    known.to_csv(into / "drug_targets.csv", index=False)
    pairs = pd.DataFrame([(line, drug) for line in LINES for drug in DRUGS], columns=["cell_line_name", "pubchem_id"])
    pairs["AUC"] = 0.4 + 0.1 * pairs["pubchem_id"].str[-1].astype(int) + rng.normal(0, 0.05, len(pairs))
    pairs.to_csv(into / f"{NAME}.csv", index=False)
    pd.DataFrame({"cell_line_name": LINES}).to_csv(into / "cell_line_names.csv", index=False)
    pd.DataFrame({"pubchem_id": DRUGS}).to_csv(into / "drug_names.csv", index=False)

    terms = [("GO:0008150", "root", "")]
    terms += [(f"GO:000000{i}", f"term {i}", "is_a: GO:0008150 ! root") for i in range(1, 5)]
    (folder / "go.obo").write_text("format-version: 1.2\nontology: go\n\n" + "\n".join(TERM.format(*t) for t in terms))
    lines = [gaf_line(gene, f"GO:000000{1 + i % 4}") for i, gene in enumerate(GENES)]
    (folder / "go.gaf").write_text("\n".join(["!gaf-version: 2.2", *lines]) + "\n")
    return folder


def small(data: Path) -> dict[str, Any]:
    files = {"obo": str(data / "go.obo"), "gaf": str(data / "go.gaf")}
    return SMALL | {"ontology": SMALL["ontology"] | files}


def responses(data: Path, lines: list[str], drugs: list[str]) -> Any:
    table = pd.read_csv(data / NAME / f"{NAME}.csv", dtype={"pubchem_id": str})
    part = table[table["cell_line_name"].isin(lines) & table["pubchem_id"].isin(drugs)]
    return DrugResponseDataset(
        response=part["AUC"].to_numpy(),
        cell_line_ids=part["cell_line_name"].to_numpy(),
        drug_ids=part["pubchem_id"].to_numpy(),
    )


def trained(data: Path, model_class: type[DrugGene], folder: Path) -> tuple[DrugGene, Any, Any]:
    model = model_class()
    model.build_model(small(data))
    omics, drugs = model.load_cell_line_features(str(data), NAME), model.load_drug_features(str(data), NAME)
    output, stopping = (responses(data, lines, DRUGS[:4]) for lines in (LINES[:13], LINES[13:16]))
    model.train(output, omics, drugs, stopping, str(folder))
    return model, omics, drugs


@pytest.fixture(scope="module", params=[DrugGene, DrugGenePlus], ids=["joined", "terms"])
def fitted(data: Path, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A trained model and the features it was given."""
    return trained(data, request.param, tmp_path_factory.mktemp("progress"))


def all_pairs(data: Path) -> tuple[np.ndarray, np.ndarray]:
    everything = responses(data, LINES, DRUGS)
    return everything.cell_line_ids, everything.drug_ids


def test_seen_and_unseen_lines_and_drugs_are_predicted_in_any_order(fitted: Any, data: Path) -> None:
    model, omics, drugs = fitted
    lines, of_drug = all_pairs(data)
    predicted = model.predict(lines, of_drug, omics, drugs)
    assert np.isfinite(predicted).all()
    assert np.ptp(predicted) > 1e-3
    order = np.random.default_rng(3).permutation(len(lines))[:40]
    np.testing.assert_allclose(model.predict(lines[order], of_drug[order], omics, drugs), predicted[order], atol=1e-5)


def test_saved_is_loaded_without_running_code(fitted: Any, data: Path, tmp_path: Path) -> None:
    model, omics, drugs = fitted
    model.save(str(tmp_path))
    torch.load(tmp_path / "druggene.pt", weights_only=True)
    again = type(model).load(str(tmp_path))
    pairs = all_pairs(data)
    np.testing.assert_array_equal(again.predict(*pairs, omics, drugs), model.predict(*pairs, omics, drugs))


def test_lines_and_drugs_held_out_teach_nothing(fitted: Any, data: Path, tmp_path: Path) -> None:
    model, omics, drugs = fitted
    changed = {line: dict(views) for line, views in omics.features.items()}
    for line in NEW_LINES:
        changed[line] = {view: 1 - values for view, values in changed[line].items()}
    fewer = type(drugs)({name: views for name, views in drugs.features.items() if name != NEW_DRUG}, drugs.meta_info)
    other = type(model)()
    other.build_model(small(data))
    output, stopping = (responses(data, lines, DRUGS[:4]) for lines in (LINES[:13], LINES[13:16]))
    other.train(output, type(omics)(changed, omics.meta_info), fewer, stopping, str(tmp_path))
    assert not list(tmp_path.iterdir())
    for name, value in model.checkpoint.state.items():
        assert torch.equal(value, other.checkpoint.state[name]), name


def test_training_is_stopped_by_the_pairs_for_it(data: Path, tmp_path: Path) -> None:
    model, omics, drugs = trained(data, DrugGene, tmp_path)
    right = responses(data, LINES[13:16], DRUGS[:4])
    stopping = DrugResponseDataset(1 - right.response, right.cell_line_ids, right.drug_ids)
    other = DrugGene()
    other.build_model(small(data) | {"training": SMALL["training"] | {"patience": 1}})
    other.train(responses(data, LINES[:13], DRUGS[:4]), omics, drugs, stopping, str(tmp_path))
    assert other.checkpoint is not None
    assert model.checkpoint is not None
    assert other.checkpoint.provenance["best_epoch"] < model.checkpoint.provenance["best_epoch"]


def test_without_pairs_to_stop_by_training_runs_to_its_end(data: Path, tmp_path: Path) -> None:
    model, omics, drugs = trained(data, DrugGene, tmp_path)
    everything = responses(data, LINES[:13], DRUGS[:4])
    epochs = small(data)["training"]["epochs"]
    for none in (None, responses(data, [], DRUGS)):
        model.build_model(small(data))
        model.train(everything, omics, drugs, none, str(tmp_path))
        assert model.checkpoint is not None
        assert model.checkpoint.provenance["best_epoch"] == epochs


def test_pairs_to_stop_by_are_learned_from_where_nothing_stops_early(data: Path, tmp_path: Path) -> None:
    model, omics, drugs = trained(data, DrugGene, tmp_path)
    parts = [responses(data, lines, DRUGS[:4]) for lines in (LINES[:13], LINES[13:16], LINES[:16])]
    states = []
    for output, stopping in (parts[:2], (parts[2], None)):
        model.build_model(small(data) | {"training": SMALL["training"] | {"stop_early": False}})
        model.train(output, omics, drugs, stopping, str(tmp_path))
        assert model.checkpoint is not None
        states.append(model.checkpoint.state)
    assert all(torch.equal(value, states[1][name]) for name, value in states[0].items())


def test_what_is_missing_is_named(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = DrugGene()
    with pytest.raises(ValueError, match=r"unknown hyper-parameter training\.epoch;"):
        model.build_model({"training": {"epoch": 3}})
    model.build_model(small(data))
    with pytest.raises(ValueError, match="call train"):
        model.predict(np.array(LINES[:1]), np.array(DRUGS[:1]), None)
    omics, drugs = model.load_cell_line_features(str(data), NAME), model.load_drug_features(str(data), NAME)
    output = responses(data, LINES[:13], DRUGS)
    with pytest.raises(ValueError, match="no training pairs"):
        model.train(responses(data, [], DRUGS), omics, drugs, output, str(tmp_path))
    missing = DrugResponseDataset(output.response * np.nan, output.cell_line_ids, output.drug_ids)
    with pytest.raises(ValueError, match="validation pairs without a response"):
        model.train(output, omics, drugs, missing, str(tmp_path))
    model.build_model(small(data) | {"ontology": {"obo": "nowhere/go.obo", "gaf": str(data / "go.gaf")}})
    with pytest.raises(ValueError, match=r"nowhere/go\.obo: no such file of the Gene Ontology.*DRUGGENE_GO"):
        model.train(output, omics, drugs, output, str(tmp_path))
    monkeypatch.setenv("DRUGGENE_GO", str(data))
    assert drevalpy_model.ontology_file("nowhere/go.obo") == data / "go.obo"

    (tmp_path / NAME).mkdir()
    (tmp_path / NAME / "drug_smiles.csv").write_text("pubchem_id,canonical_smiles\n7,CCO\n8,C(C\n")
    with pytest.raises(ValueError, match=r"drug 8: cannot read SMILES 'C\(C'"):
        model.load_drug_features(str(tmp_path), NAME)
    (tmp_path / NAME / "drug_smiles.csv").write_text("pubchem_id,canonical_smiles\n7,CCO\n")
    plus = DrugGenePlus()
    plus.build_model({})
    with pytest.raises(ValueError, match=r"drug_targets\.csv: DrugGenePlus reads targets, and the file does not exist"):
        plus.load_drug_features(str(tmp_path), NAME)


@pytest.mark.parametrize(
    ("model", "entry", "overlays"), [(DrugGene, "druggene", []), (DrugGenePlus, "druggene_plus", ["gdsc", "plus"])]
)
def test_hyperparameters_are_those_of_the_configuration(
    model: type[DrugGene], entry: str, overlays: list[str], tmp_path: Path
) -> None:
    config = merged(*(yaml.safe_load((ROOT / "config" / f"{name}.yaml").read_text()) for name in overlays))
    complete_config(config, SCHEMA, ROOT)
    settings = model_settings(config, config["models"][entry])
    (given,) = model.get_hyperparameter_set()
    assert given["omics"] == settings["omics"] == list(OMICS)
    for section in ("genotype", "drugs", "network", "training", "seed"):
        assert given[section] == settings[section], section
    assert given["device"] == config["device"]
    # The models build the hierarchy from the Gene Ontology alone; keys of the other sources have no say in it.
    other_sources = {"source", "file", "gmt", "annotations", "edges", "terms", "containment", "prune"}
    of_go = {key: value for key, value in config["ontology"].items() if key not in other_sources}
    assert given["ontology"] == of_go
    assert given["genes"] == {"top_mutated_fraction": config["genes"]["top_mutated_fraction"]}


@pytest.mark.skipif(not INSTALLED, reason="drevalpy is not installed: docs/drevalpy.md says how")
def test_its_own_runner_trains_and_tests_the_model(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_MODE", "disabled")
    from drevalpy.datasets.loader import load_dataset
    from drevalpy.experiment import drug_response_experiment

    class Small(DrugGene):
        @classmethod
        def get_hyperparameter_set(cls) -> list[dict[str, Any]]:
            return [small(data)]

    register()
    assert drevalpy_model.MODEL_FACTORY["DrugGenePlus"] is DrugGenePlus
    monkeypatch.setitem(drevalpy_model.MODEL_FACTORY, "DrugGene", Small)
    drug_response_experiment(
        models=[Small],
        response_data=load_dataset(NAME, str(data), measure="AUC"),
        test_mode="LCO",
        n_cv_splits=2,
        path_data=str(data),
        path_out=str(tmp_path),
        hyperparameter_tuning=False,
    )
    found = sorted(tmp_path.glob(f"{NAME}/LCO/DrugGene/predictions/*.csv"))
    tables = [pd.read_csv(path) for path in found]
    assert sum(map(len, tables)) == len(LINES) * len(DRUGS)
    assert all(np.isfinite(table["predictions"]).all() for table in tables)


def test_without_drevalpy_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "drevalpy"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "drevalpy", None)
    spec = importlib.util.spec_from_file_location("without_drevalpy", drevalpy_model.__file__)
    assert spec is not None
    assert spec.loader is not None
    with pytest.raises(ImportError, match=r"needs drevalpy .*pip install \.\[drevalpy\]"):
        spec.loader.exec_module(importlib.util.module_from_spec(spec))
