"""Parsers of GDSC's files: Excel and CSV give the same, and every release's names are known."""

from pathlib import Path

import pandas as pd
import pytest

from druggene.constants import AUC, DRUG
from druggene.simulation.workbook import write_workbook
from druggene.sources.gdsc import read_cell_line_names, read_compounds, read_curves

CURVES = pd.DataFrame(
    {
        "DATASET": "GDSC2",
        "COSMIC_ID": [909751, 905962, None],
        "CELL_LINE_NAME": ["SW48", "697", "T-T"],
        "SANGER_MODEL_ID": ["SIDM00837", None, "SIDM00001"],
        "DRUG_ID": [1003, 1003, 1004],
        "DRUG_NAME": ["Camptothecin", "Camptothecin ", "5-Fluorouracil"],
        "LN_IC50": [-3.683719, -3.004225, 0.1],
        "AUC": [0.706775, 1.0, 0.551439],
    }
)


def test_excel_and_csv_give_the_same(tmp_path: Path) -> None:
    write_workbook(CURVES, tmp_path / "a.xlsx", "Sheet 1")
    CURVES.to_csv(tmp_path / "a.csv", index=False)
    CURVES.to_csv(tmp_path / "b.csv", index=False, lineterminator="\r\n", encoding="utf-8-sig")
    read = read_curves(tmp_path / "a.xlsx")
    pd.testing.assert_frame_equal(read, read_curves(tmp_path / "a.csv"))
    pd.testing.assert_frame_equal(read, read_curves(tmp_path / "b.csv"))
    assert read["cosmic_id"].fillna("none").tolist() == ["909751", "905962", "none"]
    assert read["name"].tolist() == ["SW48", "697", "T-T"]
    assert read[AUC].tolist() == [0.706775, 1.0, 0.551439]
    assert read[DRUG].tolist() == ["Camptothecin", "Camptothecin", "5-Fluorouracil"]


@pytest.mark.parametrize("form", ["csv", "xlsx"])
@pytest.mark.parametrize(
    ("auc", "message"),
    [
        ("n/a?", r"row 3: AUC 'n/a\?' is no number"),
        ("-0.1", "row 3: AUC '-0.1' is no number of 0 or more"),
        ("inf", "row 3: AUC 'inf' is no number of 0 or more"),
    ],
)
def test_wrong_aucs_are_refused_with_their_row(tmp_path: Path, form: str, auc: str, message: str) -> None:
    wrong = CURVES.astype({"AUC": "object"})
    wrong.loc[1, "AUC"] = auc
    path = tmp_path / f"a.{form}"
    if form == "csv":
        wrong.to_csv(path, index=False)
    else:
        write_workbook(wrong, path, "Sheet 1")
    with pytest.raises(ValueError, match=message) as raised:
        read_curves(path)
    assert str(path) in str(raised.value)


def test_a_curve_without_a_drug_is_refused(tmp_path: Path) -> None:
    CURVES.assign(DRUG_NAME=["A", None, "B"]).to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(ValueError, match=r"a\.csv: row 3 has no DRUG_NAME"):
        read_curves(tmp_path / "a.csv")


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_missing_column_is_named(tmp_path: Path, form: str) -> None:
    path = tmp_path / f"a.{form}"
    short = CURVES.drop(columns="AUC")
    if form == "csv":
        short.to_csv(path, index=False)
    else:
        write_workbook(short, path, "Sheet 1")
    with pytest.raises(ValueError, match="missing column AUC; found DATASET, COSMIC_ID"):
        read_curves(path)


def test_a_file_that_is_no_workbook_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_text("DATASET,AUC\n")
    with pytest.raises(ValueError, match=r"a\.xlsx: is not a readable Excel file"):
        read_curves(tmp_path / "a.xlsx")
    (tmp_path / "a.csv").write_text("<!DOCTYPE html>\n<html></html>\n")
    with pytest.raises(ValueError, match=r"a\.csv: is a web page"):
        read_curves(tmp_path / "a.csv")
    (tmp_path / "a.csv").write_bytes("DATASET,AUC\n".encode("utf-16"))
    with pytest.raises(ValueError, match=r"a\.csv: is not UTF-8 text"):
        read_curves(tmp_path / "a.csv")


@pytest.mark.parametrize(
    ("file", "number"),
    [
        ("screened_compounds_rel_8.1.csv", 397),
        ("screened_compunds_rel_8.2.csv", 462),
        ("screened_compounds_rel_8.4.csv", 542),
        ("Drug_list_website_export_2021-08-10.csv", 449),
    ],
)
def test_compounds_of_all_releases(shared_data: Path, file: str, number: int) -> None:
    drugs = read_compounds(shared_data / "raw_samples" / "gdsc" / file).set_index("name")
    assert len(drugs) == number
    assert "Tarceva" in drugs.loc["Erlotinib", "synonyms"]
    assert drugs.loc["Erlotinib", "targets"] == "EGFR"
    assert drugs.loc["Erlotinib", "pathway"] in ("EGFR", "EGFR signaling")


@pytest.mark.parametrize("file", ["Cell_Lines_Details.xlsx", "Cell_Lines_Details_alt.xlsx"])
def test_names_of_the_true_cell_lines(shared_data: Path, file: str) -> None:
    names = read_cell_line_names(shared_data / "raw_samples" / "gdsc" / file).set_index("cosmic_id")["name"]
    assert len(names) == 1001
    assert names.loc["906794"] == "A253"
    assert names.index.str.fullmatch(r"\d+").all()


def test_true_curves(shared_data: Path) -> None:
    curves = read_curves(shared_data / "raw_samples" / "gdsc" / "GDSC2_fitted_dose_response_17Jul19.sample6rows.csv")
    assert curves[AUC].tolist() == [0.706775, 0.775083, 0.767213, 0.730769, 0.921919, 0.551439]
    assert curves["cosmic_id"].iloc[0] == "909751"
    assert set(curves["source"]) == {"GDSC2"}
