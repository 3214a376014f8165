"""Tables of the user's own: three formats, one to three omics, and what is refused."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from druggene.constants import AUC, CELL_LINE, COPY_NUMBER, DRUG, EXPRESSION, MUTATION, SMILES, TISSUE
from druggene.screen import NOT_MEASURED, write_screen
from druggene.sources.drug_targets import read_drug_targets
from druggene.sources.own import own_files, read_own

RESPONSES = pd.DataFrame(
    {CELL_LINE: ["c1", "c1", "c2", "c3"], DRUG: ["Imatinib", "x", "Imatinib", "Imatinib"], AUC: [0.5, 1.25, 0.75, 0.25]}
)
DRUGS = pd.DataFrame({DRUG: ["Imatinib", "x"], SMILES: ["CCO", "CCN"]})
LINES = pd.DataFrame({CELL_LINE: ["c1"], TISSUE: ["Lung"]})
EXPRESSIONS = pd.DataFrame({"TP53": [1.5, np.nan], "KRAS": [0.0, 2.0]}, index=pd.Index(["c1", "c2"], name=CELL_LINE))
TARGETS = Path(__file__).parents[3] / "resources" / "drug_targets.csv"


def write(table: pd.DataFrame, path: Path) -> None:
    index = table.index.name is not None
    if path.suffix == ".parquet":
        table.to_parquet(path)
    else:
        table.to_csv(path, index=index, sep="\t" if path.suffix == ".tsv" else ",")


def fill(folder: Path, form: str = "csv", **tables: pd.DataFrame) -> Path:
    given = {"responses": RESPONSES, "drugs": DRUGS, "cell_lines": LINES, EXPRESSION: EXPRESSIONS} | tables
    for name, table in given.items():
        write(table, folder / f"{name}.{form}")
    return folder


@pytest.mark.parametrize("form", ["parquet", "csv", "tsv"])
def test_all_formats_give_the_same_screen(tmp_path: Path, form: str) -> None:
    screen = read_own(fill(tmp_path, form), "mine", drug_targets=read_drug_targets(TARGETS))
    assert screen.responses.to_numpy().tolist() == [
        ["c1", "Imatinib", 0.5, "own"],
        ["c1", "x", 1.25, "own"],
        ["c2", "Imatinib", 0.75, "own"],
    ]
    assert screen.cell_lines.fillna("").to_numpy().tolist() == [["c1", "c1", "Lung"], ["c2", "c2", ""]]
    targets = screen.drugs.set_index(DRUG)["targets"].fillna("")
    assert targets.to_dict() == {"Imatinib": "ABL1;KIT;PDGFRA;PDGFRB", "x": ""}
    np.testing.assert_array_equal(screen.omics[EXPRESSION], EXPRESSIONS.astype("float32"))
    lost = screen.counts.set_index(["step", "what"]).loc[("expression present", "cell lines")]
    assert lost[["n_in", "n_out"]].tolist() == [3, 2]
    write_screen(screen, tmp_path / "data")


def test_an_omic_without_a_table_is_missing_everywhere(tmp_path: Path) -> None:
    mutation = pd.DataFrame({"BRAF": [1, 0]}, index=pd.Index(["c2", "c3"], name=CELL_LINE))
    screen = read_own(fill(tmp_path, mutation=mutation), "mine")
    assert screen.omics[COPY_NUMBER].isna().all(axis=None)
    assert list(screen.omics[COPY_NUMBER].columns) == ["BRAF", "KRAS", "TP53"]
    assert screen.units[COPY_NUMBER] == NOT_MEASURED
    assert screen.units[MUTATION] != NOT_MEASURED
    assert screen.responses[CELL_LINE].tolist() == ["c2"]


def test_sources_and_replicates_stay(tmp_path: Path) -> None:
    twice = pd.concat([RESPONSES.assign(source="plate 1"), RESPONSES.assign(source="plate 2")])
    screen = read_own(fill(tmp_path, responses=twice), "mine")
    assert len(screen.responses) == 6
    screen.combine_curves("keep", "average", [])
    assert set(screen.responses["source"]) == {"plate 1+plate 2"}
    assert len(screen.responses) == 3


BAD_TABLES = {
    "text as AUC": ({"responses": RESPONSES.assign(auc=["0.5", "high", "1", "1"])}, "row 3: auc 'high' is no number"),
    "negative AUC": ({"responses": RESPONSES.assign(auc=[1, 1, 1, -1])}, "row 5: auc '-1' is no number of 0 or more"),
    "missing AUC": ({"responses": RESPONSES.assign(auc=[1, 1, None, 1])}, "row 4 has no auc"),
    "no cell line": ({"responses": RESPONSES.assign(cell_line=["c1", None, "c2", "c2"])}, "row 3 has no cell_line"),
    "missing column": (
        {"drugs": DRUGS.rename(columns={SMILES: "structure"})},
        "missing column smiles; found drug",
    ),
    "no drug matches": ({"drugs": DRUGS.assign(drug=["a", "b"])}, "no response is left after matching"),
    "cell line twice": (
        {EXPRESSION: EXPRESSIONS.set_axis(["c1", "c1"]).rename_axis(CELL_LINE)},
        "'c1' stands twice",
    ),
    "gene twice": ({EXPRESSION: EXPRESSIONS.set_axis(["TP53", "TP53"], axis=1)}, "column 'TP53' stands twice"),
    "text as expression": ({EXPRESSION: EXPRESSIONS.assign(KRAS="low")}, "column 'KRAS'.*'low'"),
    "infinite expression": ({EXPRESSION: EXPRESSIONS.assign(KRAS=np.inf)}, "column 'KRAS' has an infinite value"),
}


@pytest.mark.parametrize(("tables", "message"), BAD_TABLES.values(), ids=list(BAD_TABLES))
def test_bad_tables_are_refused(tmp_path: Path, tables: dict[str, pd.DataFrame], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_own(fill(tmp_path, **tables), "mine")


def test_text_in_a_parquet_matrix_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="column 'KRAS' is not numeric"):
        read_own(fill(tmp_path, "parquet", expression=EXPRESSIONS.assign(KRAS="low")), "mine")


def test_incomplete_and_doubled_folders_are_refused(tmp_path: Path) -> None:
    fill(tmp_path)
    write(DRUGS, tmp_path / "drugs.tsv")
    with pytest.raises(ValueError, match=r"drugs\.csv and drugs\.tsv are one table"):
        own_files(tmp_path)
    (tmp_path / "drugs.tsv").unlink()
    (tmp_path / "expression.csv").unlink()
    with pytest.raises(ValueError, match="has no omic; put mutation, expression, copy_number there"):
        own_files(tmp_path)
    (tmp_path / "drugs.csv").unlink()
    with pytest.raises(ValueError, match=r"has no drugs\.parquet, \.csv or \.tsv"):
        own_files(tmp_path)
