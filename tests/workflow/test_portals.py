"""From the portals to trained models: the simulated raw files, served by a web server that is not always well."""

import csv
import gzip
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
import yaml
from rdkit import Chem
from rdkit.Chem.rdMolDescriptors import CalcMolFormula

from druggene.tables import read_table
from tests.serving import Request, Serving, answer, serve, serving
from tests.workflow.running import TINY, copy_tree, plan, snakemake, succeed

RAW = "results/tiny/raw"
PLACES = {
    "depmap/23Q2": ("depmap", ["Model.csv", "OmicsCNGene.csv", "OmicsSomaticMutations.csv"]),
    "gdsc/8.5": ("gdsc", ["GDSC2_fitted_dose_response_27Oct23.xlsx", "screened_compounds_rel_8.5.csv"]),
    "ctrp/v2.0": ("ctrp", ["CTRPv2.0_2015_ctd2_ExpandedDataset.zip"]),
}
EXPRESSION = "OmicsExpressionProteinCodingGenesTPMLogp1.csv"
CTRP = "resources/retrieved/ctrp/v2.0/CTRPv2.0_2015_ctd2_ExpandedDataset.zip"
CONFIGS = ("config/portals.yaml", TINY, "served.yaml")


class Moody:
    """Answers the first request for every file badly, each in another way, and later ones well."""

    def __init__(self, state: Serving) -> None:
        self.state = state
        self.seen: set[str] = set()
        self.lock = threading.Lock()

    def __call__(self, request: Request) -> None:
        content = self.state.content(request.path)
        with self.lock:
            first, number = request.path not in self.seen, len(self.seen)
            self.seen.add(request.path)
        if content is None:
            answer(request, 404, b"")
        elif first and number % 3 == 0:
            serve(request, content, stop_after=2 * len(content) // 3)
        elif first and number % 3 == 1:
            answer(request, 503, b"busy", Retry_After="1")
        elif first:
            request.close_connection = True
        else:
            serve(request, content)


class Always:
    """An endless queue of one answer."""

    def __init__(self, fault: Moody) -> None:
        self.fault = fault

    def __bool__(self) -> bool:
        return True

    def popleft(self) -> Moody:
        return self.fault


def compound(smiles: str) -> bytes:
    molecule = Chem.MolFromSmiles(smiles)
    properties = {
        "CID": 1,
        "SMILES": smiles,
        "InChIKey": Chem.MolToInchiKey(molecule),
        "MolecularFormula": CalcMolFormula(molecule),
    }
    return json.dumps({"PropertyTable": {"Properties": [properties]}}).encode()


@pytest.fixture(scope="module")
def portal(finished: Path) -> Iterator[Serving]:
    """A mirror of the portals with the simulated files, and PubChem with one drug."""
    raw, go = finished / RAW, finished / "resources/go"
    with serving() as running:
        for place, (folder, files) in PLACES.items():
            for file in files:
                running.files[f"/mirror/{place}/{file}"] = (raw / folder / file).read_bytes()
        running.files[f"/mirror/depmap/23Q2/{EXPRESSION}"] = (raw / "depmap" / EXPRESSION).read_bytes()
        running.files["/mirror/gdsc/8.5/Cell_Lines_Details.xlsx"] = (raw / "gdsc/Cell_Lines_Details.xlsx").read_bytes()
        running.files["/mirror/go/2022-07-01/go-basic.obo"] = gzip.decompress((go / "go-basic.obo.gz").read_bytes())
        running.files["/mirror/go/2022-07-01/goa_human.gaf.gz"] = (go / "goa_human.gaf.gz").read_bytes()
        yield running


@pytest.fixture(scope="module")
def folder(pristine: Path, finished: Path, portal: Serving, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh repository, the user's table of structures without the first two drugs of GDSC alone among them."""
    folder = copy_tree(pristine, tmp_path_factory.mktemp("portals") / "druggene")
    table = pd.read_csv(finished / RAW / "structures.csv")
    looked_up, unknown = table["drug"].iloc[1], table["drug"].iloc[3]
    portal.files[f"/pug/compound/name/property/SMILES,InChIKey,MolecularFormula/JSON?name={looked_up}"] = compound(
        table["smiles"].iloc[1]
    )
    table[~table["drug"].isin([looked_up, unknown])].to_csv(folder / "mine.csv", index=False)
    section = {
        "source": "mirror",
        "mirror": f"{portal.url}/mirror",
        "screens": ["CTRPv2", "GDSC2"],
        "structures": "mine.csv",
        "pubchem": {"base": f"{portal.url}/pug"},
    }
    served = {"run": "served", "input": "portals", "portals": section, "models": {"drugcell": None}}
    (folder / "served.yaml").write_text(yaml.safe_dump(served))
    return folder


def test_a_corrupted_archive_ends_the_run_and_nothing_takes_its_place(folder: Path, portal: Serving) -> None:
    place = CTRP.removeprefix("resources/retrieved/")
    good = portal.files[f"/mirror/{place}"]
    portal.files[f"/mirror/{place}"] = good[:200] + b"\0\0\0\0" + good[204:]
    run = snakemake(folder, "--cores", "2", "--configfile", *CONFIGS, "--", CTRP)
    portal.files[f"/mirror/{place}"] = good
    assert run.returncode != 0
    log = (folder / "results/served/logs/retrieve_file" / f"{place}.log").read_text()
    assert "is not a whole zip file; retrieve it again, or put CTRPv2.0_2015_ctd2_ExpandedDataset.zip" in log
    assert not list((folder / "resources/retrieved").rglob("CTRP*"))


@pytest.fixture(scope="module")
def results(folder: Path, portal: Serving) -> Path:
    """Results of a run while the server drops connections, is overloaded and cuts files short."""
    usual = portal.faults
    portal.faults = Always(Moody(portal))  # type: ignore[assignment]
    run = succeed(folder, "--cores", "2", "--configfile", *CONFIGS)
    portal.faults = usual
    assert run.jobs["retrieve_file"] == 10
    assert run.jobs["train_model"] == 2
    return folder / "results/served"


def test_what_broke_off_went_on(results: Path, portal: Serving) -> None:
    assert any(asked for _, asked in portal.requests), "no download was continued"
    logs = [path.read_text() for path in (results / "logs/retrieve_file").rglob("*.log")]
    assert len(logs) == 10
    assert all("attempt 1 failed" in log for log in logs)
    assert {path.suffix for path in (results.parents[1] / "resources/retrieved/depmap/23Q2").iterdir()} == {
        ".csv",
        ".sha256",
    }


def test_the_served_files_give_what_the_simulation_gives(results: Path, finished: Path, folder: Path) -> None:
    ours, simulated = (read_table(path / "data/responses.parquet") for path in (results, finished / "results/tiny"))
    unknown = pd.read_csv(finished / RAW / "structures.csv")["drug"].iloc[3]
    columns = ["cell_line", "drug", "auc", "source"]
    expected = simulated.loc[simulated["drug"] != unknown, columns].reset_index(drop=True)
    pd.testing.assert_frame_equal(ours[columns], expected)
    for omic in ("mutation", "expression", "copy_number"):
        pd.testing.assert_frame_equal(
            read_table(results / f"data/{omic}.parquet"), read_table(finished / f"results/tiny/data/{omic}.parquet")
        )


def test_models_are_trained_and_judged(results: Path) -> None:
    comparison = pd.read_csv(results / "tables/random_pairs/comparison.csv").set_index("model")
    assert {"druggene", "drug_mean", "effects"} <= set(comparison.index)
    assert comparison["mse_mean"].notna().all()
    assert len(list((results / "models").rglob("*.pt"))) == 2


def test_every_structure_has_its_origin(results: Path, finished: Path) -> None:
    table = read_table(results / "data/structure_sources.parquet")
    drugs = pd.read_csv(finished / RAW / "structures.csv")["drug"]
    used = table[table["problem"].isna()].groupby("origin")["drug"].nunique()
    assert used["CTRP"] == 26
    assert used["PubChem"] == 1
    assert table.loc[table["problem"].notna(), ["drug", "problem"]].drop_duplicates().to_numpy().tolist() == [
        [drugs.iloc[3], "no structure is known"]
    ]
    with (results / "data/pubchem.csv").open() as answers:
        statuses = {row["name"]: row["status"] for row in csv.DictReader(answers)}
    assert statuses == {drugs.iloc[1]: "found", drugs.iloc[3]: "not found"}


def test_files_and_licences_are_listed(results: Path) -> None:
    files = pd.read_csv(results / "tables/data_files.csv")
    assert len(files) == 10
    assert files["licence"].notna().all()
    assert files["checksum"].str.fullmatch(r"[0-9a-f]{64}").all()
    assert {"depmap", "gdsc", "ctrp", "go"} == set(files["dataset"])
    sources = pd.read_csv(results / "tables/data_sources.csv").set_index(["data", "quantity"])
    assert sources.loc[("all screens", "drugs"), "used"] == 50
    steps = pd.read_csv(results / "tables/preprocessing.csv")
    assert (steps["lost"] == steps["n_in"] - steps["n_out"])[steps["n_in"].notna()].all()
    assert {"genes selected", "drugs unified", "structure present"} <= set(steps["step"])


def test_a_second_run_retrieves_nothing(results: Path, folder: Path) -> None:
    assert plan(folder, configs=CONFIGS).jobs == {}


def test_what_a_folder_lacks_is_said_before_any_job(pristine: Path, finished: Path, tmp_path: Path) -> None:
    folder = copy_tree(pristine, tmp_path / "druggene")
    section = {"source": "local", "folder": str(finished / RAW)}
    (folder / "local.yaml").write_text(yaml.safe_dump({"run": "local", "portals": section}))
    run = snakemake(folder, "--cores", "1", "--configfile", "config/portals.yaml", "local.yaml", "--", "data")
    assert run.returncode != 0
    lacking = "gdsc/8.5/GDSC1_fitted_dose_response_27Oct23.xlsx, go/2022-07-01/go-basic.obo, go/2022-07-01/goa_human"
    assert f"{RAW} lacks {lacking}" in run.text
    assert not (folder / "results/local").exists()
