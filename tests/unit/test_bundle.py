"""Which columns of a table are measurements that a source may keep back."""

from pathlib import Path

import pandas as pd
import pytest

from druggene.bundle import build_bundle
from druggene.data_terms import Terms

ROOT = Path(__file__).parents[2]
CONFIG = {
    "run": "made_up",
    "input": "simulated",
    "publish": {"licence": None, "author": None, "orcid": None, "own_data": False},
}
PATHS = {name: {"folder": None} for name in ("gdsc_wheel", "own", "release", "portals")}
PROVENANCE = '{"workflow": "0", "commit": null, "changed": [], "date": "2026-01-01", "packages": {}, "lock": {}}'


@pytest.mark.parametrize(
    ("columns", "kept"),
    [
        (["cell_line", "drug", "auc", "predicted"], ["cell_line", "drug", "predicted"]),
        (["cell_line", "observed", "predicted"], ["cell_line", "predicted"]),
        (["model", "observed", "predicted", "n"], ["model", "observed", "predicted", "n"]),
        (["drug", "smiles"], ["drug"]),
        (["model", "pearson"], ["model", "pearson"]),
    ],
)
def test_measurements_stay_out(tmp_path: Path, columns: list[str], kept: list[str]) -> None:
    results = tmp_path / "results"
    (results / "tables").mkdir(parents=True)
    pd.DataFrame([[f"{i},{column}" for column in columns] for i in range(2)], columns=columns).to_csv(
        results / "tables/a.csv", index=False
    )
    (results / "tables/data_files.csv").write_text("dataset,version,file,licence,url,checksum_kind,checksum\n")
    ontology = {"obo": "a.obo", "gaf": "/home/somebody/a.gaf"}
    release = {"folder": None, "omics_folder": None}
    portals = {"folder": None, "structures": None, "pubchem": {"answers": "a"}}
    (results / "config.yaml").write_text(str(PATHS | {"release": release, "portals": portals, "ontology": ontology}))
    (results / "provenance.json").write_text(PROVENANCE)
    (results / "README.md").write_text("# A page\n")
    terms = {"simulated": Terms("simulated", False, "none", "", "")}
    folder = tmp_path / "folder"
    build_bundle(folder, results, [str(results / "tables/a.csv")], ROOT, CONFIG, terms)
    table = pd.read_csv(folder / "tables/a.csv")
    assert list(table.columns) == kept
    assert table.iloc[1, 0] == f"1,{kept[0]}"
    assert "/path/to/a.gaf" in (folder / "config.yaml").read_text()
    assert ("without columns" in (folder / "manifest.csv").read_text()) == (kept != columns)
