"""Cell lines across portals: ids before names, and no guess where a name leaves a doubt."""

from pathlib import Path

import pandas as pd
import pytest

from druggene.constants import CELL_LINE
from druggene.screen import normalise_name
from druggene.sources.cell_line_identity import match_cell_lines
from druggene.sources.depmap import read_models
from druggene.sources.gdsc import read_curves

MODELS = pd.DataFrame(
    [
        ("ACH-1", "NCI-H1", "NCIH1_LUNG", "SIDM1", "101", None),
        ("ACH-2", "PFSK1", "PFSK1_CNS", "SIDM2", None, None),
        ("ACH-3", "HeLa", "HELA_CERVIX", None, None, "HE-LA, HELA229"),
        ("ACH-4", "Sister", None, "SIDM5", None, None),
        ("ACH-5", "Sister", None, "SIDM5", None, None),
        ("ACH-6", "KM-H2", "KMH2_BLOOD", "SIDM6", "606", None),
        ("ACH-7", "T.T", "TT_OESOPHAGUS", None, None, None),
        ("ACH-8", "TT", "TT_THYROID", None, None, "PFSK-1"),
    ],
    columns=[CELL_LINE, "name", "ccle_name", "sanger_id", "cosmic_id", "aliases"],
).astype("str")

RECORDS = {
    # depmap_id, cosmic_id, ccle_name, sanger_id, name -> model, by
    "by DepMap id": (("ACH-1", "606", None, None, None), ("ACH-1", "depmap_id")),
    "by COSMIC id": ((None, "101", None, "SIDM2", "PFSK1"), ("ACH-1", "cosmic_id")),
    "by CCLE name": ((None, None, "TT_THYROID", None, "TT"), ("ACH-8", "ccle_name")),
    "by Sanger id": ((None, "9", None, "SIDM2", "NCIH1"), ("ACH-2", "sanger_id")),
    "by name": ((None, None, None, None, "pfsk 1"), ("ACH-2", "name")),
    "by name, which goes before another's alias": ((None, None, None, None, "PFSK-1"), ("ACH-2", "name")),
    "by alias": ((None, None, None, None, "hela-229"), ("ACH-3", "alias")),
    "a name of two": ((None, None, None, None, "TT"), (None, "ambiguous")),
    "a Sanger id of two": ((None, "9", None, "SIDM5", "Sister"), (None, "ambiguous")),
    "of nearly the same name, but another id": ((None, "607", None, "SIDM9", "KMH-2"), (None, "contradicted")),
    "unknown": ((None, "9", None, "SIDM9", "nobody"), (None, None)),
    "nothing": ((None, None, None, None, None), (None, None)),
}


@pytest.mark.parametrize(("record", "expected"), RECORDS.values(), ids=list(RECORDS))
def test_a_record_finds_its_model(record: tuple[str | None, ...], expected: tuple[str | None, str | None]) -> None:
    columns = ["depmap_id", "cosmic_id", "ccle_name", "sanger_id", "name"]
    found = match_cell_lines(pd.DataFrame([record], columns=columns).astype("str"), MODELS)
    assert tuple(None if pd.isna(value) else value for value in found.iloc[0]) == expected


def test_records_keep_their_order_and_index() -> None:
    names = pd.DataFrame({"name": ["HELA", "nobody", "PFSK1", "HELA"]}, index=[7, 3, 5, 1])
    found = match_cell_lines(names, MODELS)
    assert found.index.tolist() == [7, 3, 5, 1]
    assert found[CELL_LINE].fillna("none").tolist() == ["ACH-3", "none", "ACH-2", "ACH-3"]


def test_ids_that_disagree_are_told_of(caplog: pytest.LogCaptureFixture) -> None:
    match_cell_lines(pd.DataFrame({"cosmic_id": ["101"], "sanger_id": ["SIDM2"]}), MODELS)
    assert "1 times two ids of a cell line name different models" in caplog.text


def test_true_gdsc_curves_find_their_true_models(shared_data: Path) -> None:
    samples = shared_data / "raw_samples"
    curves = read_curves(samples / "gdsc" / "GDSC2_fitted_dose_response_17Jul19.sample6rows.csv")
    for release in ("Model.csv", "Model_23Q4.csv", "sample_info_22Q1.csv"):
        models = read_models(samples / "depmap" / release)
        by_all = match_cell_lines(curves, models)[CELL_LINE]
        names = models.set_index(CELL_LINE)["name"].loc[by_all].map(normalise_name)
        assert names.tolist() == ["SW48", "SW620", "CAL51", "NCIH508", "SNUC2B", "SKCO1"]
        for columns in (["sanger_id", "name"], ["name"], ["cosmic_id"]):
            assert match_cell_lines(curves[columns], models)[CELL_LINE].tolist() == by_all.tolist(), columns


def test_true_ctrp_lines_find_their_models(shared_data: Path) -> None:
    """By name and site alone; the published table of ids agrees wherever both know the line."""
    samples = shared_data / "raw_samples"
    lines = pd.read_csv(samples / "ctrp" / "cancer_cell_line_info.csv", dtype="str")
    lines = lines.rename(columns={"ccl_name": "name"})
    lines["ccle_name"] = lines["name"] + "_" + lines["cancer_type"].str.upper()
    found = match_cell_lines(lines, read_models(samples / "depmap" / "Model.csv"))
    assert found[CELL_LINE].notna().sum() > 1050
    assert (found["by"] == "ccle_name").sum() > 900
    known = pd.read_csv(samples / "ids" / "druggene_cell_line_id_map.csv").set_index("ccle_name")["depmap_id"]
    expected = lines["ccle_name"].map(known)
    both = expected.notna() & found[CELL_LINE].notna()
    assert both.sum() > 800
    assert (expected[both] != found.loc[both, CELL_LINE]).sum() <= 2
