"""CTRP's archive: read without unpacking, joined by ids, and on the scale of 0 to 1."""

import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from druggene.constants import AUC, DRUG
from druggene.sources.ctrp import DOUBLINGS, range_error, read_ctrp

MEMBERS = {
    "v20.data.curves_post_qc.txt": (
        "experiment_id\tconc_pts_fit\tp1_center\tp2_slope\tp4_baseline\tarea_under_curve\tmaster_cpd_id\n"
        "1\t16\t0\t-1\t\t15\t1788\n"
        "1\t8\t-Inf\t-1\t0.2\t0\t3588\n"
        "2\t16\t0\t-1\t\t16.5\t1788\n"
    ),
    "v20.meta.per_compound.txt": (
        "master_cpd_id\tcpd_name\tbroad_cpd_id\ttop_test_conc_umol\tgene_symbol_of_protein_target\tcpd_smiles\n"
        "1788\tCIL55\tBRD-K1\t10\tNA\tCCO\n"
        "3588\tBRD4132\tBRD-K2\t160\tBRD4;EP300\tCCN\n"
    ),
    "v20.meta.per_cell_line.txt": (
        "master_ccl_id\tccl_name\tccle_primary_site\n130\tCAS1\tcentral_nervous_system\n9\t697\t\n"
    ),
    "v20.meta.per_experiment.txt": (
        "experiment_id\trun_id\texperiment_date\tmaster_ccl_id\n"
        "1\t7024\t20120501\t130\n1\t7024\t20120502\t130\n2\t7024\t20120501\t9\n"
    ),
}


def archive(path: Path, folder: str = "CTRPv2.0/", **changes: str | bytes) -> Path:
    """Write the archive with members changed: a word of the member's name to its new text."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as handle:
        for name, text in MEMBERS.items():
            handle.writestr(folder + name, changes.get(name.split(".")[2], text))
    return path


def test_curves_are_joined_and_scaled(tmp_path: Path) -> None:
    curves, compounds = read_ctrp(archive(tmp_path / "ctrp.zip"))
    assert curves[AUC].tolist() == [1.0, 0.0, 1.1]
    assert curves["name"].tolist() == ["CAS1", "CAS1", "697"]
    assert curves["ccle_name"].fillna("none").tolist() == ["CAS1_CENTRAL_NERVOUS_SYSTEM"] * 2 + ["none"]
    assert curves[DRUG].tolist() == ["CIL55", "BRD4132", "CIL55"]
    assert set(curves["source"]) == {"CTRPv2"}
    assert compounds["targets"].fillna("none").tolist() == ["none", "BRD4;EP300"]
    assert compounds["smiles"].tolist() == ["CCO", "CCN"]


@pytest.mark.parametrize("folder", ["", "deep/er/", "../../", "/etc/"])
def test_where_a_member_lies_does_not_matter_and_nothing_is_unpacked(tmp_path: Path, folder: str) -> None:
    curves, _ = read_ctrp(archive(tmp_path / "ctrp.zip", folder))
    assert len(curves) == 3
    assert [path.name for path in tmp_path.iterdir()] == ["ctrp.zip"]


def test_text_of_another_encoding_is_read(tmp_path: Path) -> None:
    compounds = MEMBERS["v20.meta.per_compound.txt"].replace("CIL55", "\xb5-55").encode("cp1252")
    curves, _ = read_ctrp(archive(tmp_path / "ctrp.zip", per_compound=compounds))
    assert curves[DRUG].iloc[0] == "\xb5-55"


BAD = {
    "curve of no experiment": (
        {"curves_post_qc": "2\t16\t0|7\t16\t0"},
        "experiment_id 7 in row 4 is not in v20",
    ),
    "curve of no compound": (
        {"curves_post_qc": "16.5\t1788|16.5\t1"},
        "master_cpd_id 1 in row 4 is not in v20",
    ),
    "experiment of no line": (
        {"per_experiment": "\t9\n|\t8\n"},
        "master_ccl_id 8 in row 4 is not in v20",
    ),
    "negative area": ({"curves_post_qc": "16.5|-1"}, "row 4: area_under_curve '-1' is no number of 0 or more"),
    "infinite area": ({"curves_post_qc": "16.5|Inf"}, "row 4: area_under_curve 'Inf' is no number of 0 or more"),
    "text as area": ({"curves_post_qc": "16.5|high"}, "row 4: area_under_curve 'high' is no number"),
    "two lines of one experiment": ({"per_experiment": "20120502\t130|20120502\t9"}, "id 1 has two different rows"),
    "two compounds of one id": ({"per_compound": "3588|1788"}, "id 1788 has two different rows"),
    "missing column": (
        {"curves_post_qc": "area_under_curve|area"},
        "missing column area_under_curve; found exp",
    ),
}


@pytest.mark.parametrize(("change", "message"), BAD.values(), ids=list(BAD))
def test_members_that_do_not_fit_are_refused(tmp_path: Path, change: dict[str, str], message: str) -> None:
    ((word, replacement),) = change.items()
    text = next(text for name, text in MEMBERS.items() if word in name)
    old, new = replacement.split("|")
    assert old in text
    with pytest.raises(ValueError, match=message) as raised:
        read_ctrp(archive(tmp_path / "ctrp.zip", **{word: text.replace(old, new)}))
    assert "ctrp.zip, v20." in str(raised.value)


def test_archives_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    path = archive(tmp_path / "ctrp.zip")
    content = path.read_bytes()
    path.write_bytes(content[:-40])
    with pytest.raises(ValueError, match="is not a whole zip file"):
        read_ctrp(path)
    path.write_bytes(content[:90] + b"!!!!" + content[94:])
    with pytest.raises(ValueError, match=r"v20\.data\.curves_post_qc\.txt: cannot be unpacked"):
        read_ctrp(path)
    with zipfile.ZipFile(path, "w") as handle:
        handle.writestr("v20.data.curves_post_qc.txt", "")
        handle.writestr("again/v20.data.curves_post_qc.txt", "")
    with pytest.raises(ValueError, match=r"has several members v20\.data\.curves_post_qc\.txt"):
        read_ctrp(path)
    with zipfile.ZipFile(path, "w") as handle:
        handle.writestr("readme.txt", "")
    with pytest.raises(ValueError, match=r"has no member v20\.data\.curves_post_qc\.txt"):
        read_ctrp(path)


def test_a_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("druggene.sources.ctrp._LARGEST_MEMBER", 1 << 20)
    path = archive(tmp_path / "ctrp.zip", curves_post_qc=bytes(1 << 21))
    assert path.stat().st_size < 1 << 13
    with pytest.raises(ValueError, match=r"curves_post_qc\.txt: would unpack to 2097152 bytes"):
        read_ctrp(path)


def test_the_integral_is_that_of_the_curve() -> None:
    centre, slope, baseline = np.array([-3.0, 5.0, 0.0]), np.array([-0.5, -1.2, -0.3]), np.array([0.0, 0.3, 0.9])
    top = np.array([10.0, 33.0, 160.0])
    end = np.log2(top)
    x = end - DOUBLINGS + (np.arange(200_000)[:, None] + 0.5) / 200_000 * DOUBLINGS
    survival = baseline + (1 - baseline) / (1 + np.exp(-(x - centre) / slope))
    area = survival.mean(axis=0) * DOUBLINGS
    parameters = {"p1_center": centre, "p2_slope": slope, "p4_baseline": baseline}
    np.testing.assert_allclose(range_error(parameters, area, top), 0, atol=1e-6)
    np.testing.assert_allclose(range_error(parameters, area * 1.1, top), 0.1, atol=1e-6)


def test_areas_over_another_range_are_warned_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    text = MEMBERS["v20.data.curves_post_qc.txt"].replace("1\t16\t0\t-1\t\t15", "1\t16\t40\t-1\t\t7")
    text = text.replace("2\t16\t0\t-1\t\t16.5", "2\t16\t40\t-1\t\t7")
    read_ctrp(archive(tmp_path / "ctrp.zip", curves_post_qc=text))
    assert "differ from the fitted curves' integrals over 15 doublings by 0.533" in caplog.text


def test_the_scale_is_that_of_the_published_data(shared_data: Path) -> None:
    """DrugCell's AUCs of the same pairs tell by what CTRP's areas are to be divided."""
    table = pd.read_parquet(
        shared_data / "responses.parquet", columns=["ccle_name", "smiles", "value", "unit", "source"]
    )
    table = table[table["unit"].isin(["DrugCell_AUC", "CTRP_area_under_curve"]) & table["smiles"].notna()]
    table = table[table["source"] != "CTRPv2_AUC_depmap_export_holiday01"].astype({"ccle_name": "str", "smiles": "str"})
    mean = table.groupby(["unit", "ccle_name", "smiles"], observed=True)["value"].mean()
    pairs = pd.concat([mean["DrugCell_AUC"], mean["CTRP_area_under_curve"]], axis=1, keys=["drugcell", "ctrp"]).dropna()
    assert len(pairs) > 9000
    error = {width: (pairs["ctrp"] / width - pairs["drugcell"]).abs().median() for width in (13, 14, 15, 16, 17)}
    assert min(error, key=error.__getitem__) == DOUBLINGS
    assert error[DOUBLINGS] < 0.02
    assert pairs["ctrp"].corr(pairs["drugcell"]) > 0.91


def test_true_curves_and_ids_make_an_archive_that_is_read(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "raw_samples" / "ctrp"
    areas = pd.read_csv(folder / "AUC_1.csv")
    lines = pd.read_csv(folder / "cancer_cell_line_info.csv").rename(columns={"cancer_type": "ccle_primary_site"})
    compounds = pd.read_csv(folder / "compound_info.csv", keep_default_na=False).assign(cpd_smiles="C")
    experiments = pd.read_csv(folder / "Experiment_info.csv").rename(columns={"expt_id": "experiment_id"})
    tables = {"curves_post_qc": areas, "per_compound": compounds, "per_cell_line": lines, "per_experiment": experiments}
    texts = {word: table.to_csv(sep="\t", index=False) for word, table in tables.items()}
    curves, described = read_ctrp(archive(tmp_path / "ctrp.zip", **texts))
    assert len(curves) == len(areas)
    np.testing.assert_allclose(curves[AUC] * 15, areas["area_under_curve"])
    assert curves.iloc[0][["name", "ccle_name", DRUG]].tolist() == ["CAS1", "CAS1_CENTRAL_NERVOUS_SYSTEM", "CIL55"]
    assert len(described) == 545
