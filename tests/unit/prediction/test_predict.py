"""Predictions of new pairs from checkpoints alone."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

import druggene
from druggene.checkpoint import Checkpoint, read_archive, write_archive
from druggene.constants import CELL_LINE, DRUG, PREDICTED
from druggene.prediction import predictor
from druggene.tables import read_metadata, read_table
from tests.reference.predicting import FOLDS, Trained

NEW_DRUGS = pd.DataFrame(
    {
        DRUG: ["drug2", "salt of drug2", "caged"],
        "smiles": ["CC(=O)Nc1ccc(O)cc1", "CC(=O)Nc1ccc(O)cc1.Cl", "C1C2CC3CC1CC(C2)C3"],
        "targets": ["BRAF", None, "TP53"],
        "pathway": ["b", None, "nowhere"],
    }
)


@pytest.mark.parametrize("model", ["joined", "plus"])
def test_predictions_are_those_of_the_training_pipeline(trained: Trained, model: str) -> None:
    for fold in FOLDS:
        expected = trained.predictions[model, fold]
        found = druggene.predict(trained.checkpoints[model, fold], trained.omics, trained.drugs)
        both = expected.merge(found, on=[CELL_LINE, DRUG], suffixes=("_trained", ""))
        assert len(both) == len(expected) > 20
        np.testing.assert_allclose(both[PREDICTED], both["predicted_trained"], atol=1e-6)
        assert both["predicted_trained"].std() > 1e-3
        # A random pair that is held out has a cell line and a drug that were trained on.
        assert set(both["new"]) == {"neither"}
        assert both["spread"].isna().all()


def test_folds_are_averaged_and_drugs_ranked(trained: Trained) -> None:
    found = druggene.predict(trained.folder / "models", trained.omics, trained.drugs)
    single = {key: druggene.predict(path, trained.omics, trained.drugs) for key, path in trained.checkpoints.items()}
    assert list(found["model"].unique()) == ["joined", "plus"]
    for model, part in found.groupby("model", observed=True):
        folds = np.stack([single[model, fold][PREDICTED] for fold in FOLDS])
        np.testing.assert_allclose(part[PREDICTED], folds.mean(axis=0), rtol=1e-12)
        np.testing.assert_allclose(part["spread"], folds.std(axis=0, ddof=1), rtol=1e-9)
        for _, line in part.groupby(CELL_LINE, observed=True):
            assert list(line.sort_values("rank")[PREDICTED]) == sorted(line[PREDICTED])
            assert sorted(line["rank"]) == [1, 2, 3, 4, 5]
    together = druggene.predict(trained.folder / "models", trained.omics, trained.drugs, together=True)
    everything = np.stack([frame[PREDICTED] for frame in single.values()])
    np.testing.assert_allclose(together[PREDICTED], everything.mean(axis=0), rtol=1e-12)


def test_chunks_and_pairs_change_no_prediction(trained: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = druggene.predict(trained.of("plus"), trained.omics, trained.drugs, top_terms=2)
    monkeypatch.setattr(predictor, "_PAIRS_AT_ONCE", 11)
    chunked = druggene.predict(trained.of("plus"), trained.omics, trained.drugs, top_terms=2)
    np.testing.assert_allclose(chunked[PREDICTED], whole[PREDICTED], atol=1e-6)
    pd.testing.assert_frame_equal(chunked, whole, check_exact=False, atol=1e-3)
    pairs = whole[[CELL_LINE, DRUG]].astype(str).sample(40, random_state=1)
    some = druggene.predict(trained.of("plus"), trained.omics, trained.drugs, pairs, top_terms=2)
    expected = pairs.merge(whole.astype({CELL_LINE: str, DRUG: str}), on=[CELL_LINE, DRUG])
    keys = [CELL_LINE, DRUG, PREDICTED, "spread", "term_1", "effect_1", "warning"]
    shown = some.astype({CELL_LINE: str, DRUG: str})[keys].sort_values([CELL_LINE, DRUG], ignore_index=True)
    expected = expected[keys].sort_values([CELL_LINE, DRUG], ignore_index=True)
    pd.testing.assert_frame_equal(shown, expected, check_exact=False, atol=1e-6, check_categorical=False)


def test_a_salt_a_new_scaffold_and_unknown_targets_are_told(trained: Trained) -> None:
    found = druggene.predict(trained.of("plus"), trained.omics, NEW_DRUGS).attrs["tables"].drugs.set_index(DRUG)
    assert found.loc["drug2", ["nearest_drug", "drug_similarity", "known_drug"]].tolist() == ["drug2", 1.0, True]
    assert found.loc["drug2", "drug_warning"] == ""
    salt = found.loc["salt of drug2"]
    assert salt["drug_similarity"] < 1
    assert (salt["nearest_active_part"], salt["active_part_similarity"]) == ("drug2", 1.0)
    assert salt["drug_warning"] == f"salt or other form of a training drug; {predictor.NO_TARGET}"
    assert not salt["known_drug"]
    assert found.loc["caged", "drug_similarity"] < 0.3
    assert found.loc["caged", "drug_warning"] == f"{predictor.UNLIKE_DRUG}; {predictor.NO_TARGET}"


def test_a_cell_line_with_half_of_its_genes_is_imputed_as_in_training(trained: Trained) -> None:
    omics = trained.matrices()
    half = list(omics["expression"].columns[::2])
    for matrix in omics.values():
        matrix.loc["line03", half] = np.nan
    found = druggene.predict(trained.of("joined"), omics, trained.drugs)
    lines = found.attrs["tables"].cell_lines.set_index(CELL_LINE)
    assert lines.loc["line03", "imputed"] == pytest.approx(0.5)
    assert lines.loc["line03", "cell_line_warning"].endswith("50% of the genotype imputed")
    assert lines.drop("line03")["imputed"].eq(0).all()
    assert "50% of the genotype imputed" in found.loc[found[CELL_LINE] == "line03", "warning"].iloc[0]

    checkpoint = Checkpoint.load(trained.of("joined")[0])
    encoded = checkpoint.encoder.transform(omics)
    absent = {omic: matrix.drop(columns=half) for omic, matrix in trained.matrices().items()}
    without = druggene.predict(trained.of("joined"), absent, trained.drugs)
    pd.testing.assert_series_equal(
        without.loc[without[CELL_LINE] == "line03", PREDICTED], found.loc[found[CELL_LINE] == "line03", PREDICTED]
    )
    assert without.attrs["tables"].genes["n_missing"].eq(len(half)).all()
    assert np.isfinite(encoded["expression"]).all()


def test_a_missing_omic_takes_the_training_means(trained: Trained) -> None:
    omics = {omic: matrix for omic, matrix in trained.matrices().items() if omic != "copy_number"}
    found = druggene.predict(trained.of("joined")[0], omics, trained.drugs)
    empty = trained.matrices()["copy_number"] * np.nan
    expected = druggene.predict(trained.of("joined")[0], {**omics, "copy_number": empty}, trained.drugs)
    np.testing.assert_allclose(found[PREDICTED], expected[PREDICTED], rtol=1e-12)
    lines = found.attrs["tables"].cell_lines
    assert lines["imputed_copy_number"].eq(1).all()
    assert lines["imputed"].to_numpy() == pytest.approx(1 / 3)


def test_a_cell_line_far_off_is_told_and_other_units_too(trained: Trained) -> None:
    omics = trained.matrices()
    for omic in ("expression", "copy_number"):
        omics[omic].loc["line05"] = 100.0
    lines = druggene.predict(trained.of("joined"), omics, trained.drugs).attrs["tables"].cell_lines.set_index(CELL_LINE)
    row = lines.loc["line05"]
    assert row["cell_line_distance"] > row["distance_limit"] > 1
    assert predictor.UNLIKE_LINE in row["cell_line_warning"]
    assert "100% of the values beyond the training range" in row["cell_line_warning"]
    assert not row["known_cell_line"]
    same = lines.drop("line05")
    assert (same["nearest_cell_line"] == same.index).all()
    assert same["known_cell_line"].all()
    np.testing.assert_allclose(same["cell_line_distance"], 0, atol=0.05)


def test_what_is_known_of_a_training_cell_line_is_for_that_one_alone(trained: Trained) -> None:
    """Another cell line of the same name gets no correction, nor does the same one under another name."""
    path = trained.of("plus")[0]
    checkpoint = Checkpoint.load(path)
    corrections = {name for name in checkpoint.state if "seen_cell_line" in name}
    state = {
        name: torch.zeros_like(value) if name in corrections else value for name, value in checkpoint.state.items()
    }
    forgetful = trained.folder / "forgetful.pt"
    replace(checkpoint, state=state).save(forgetful)
    omics = trained.matrices()
    renamed = {omic: matrix.rename(index=lambda name: f"new {name}") for omic, matrix in omics.items()}
    expected = druggene.predict(forgetful, omics, trained.drugs)[PREDICTED]
    np.testing.assert_allclose(druggene.predict(path, renamed, trained.drugs)[PREDICTED], expected, atol=1e-6)
    assert (druggene.predict(path, omics, trained.drugs)[PREDICTED] - expected).abs().max() > 1e-5
    rolled = {omic: matrix.set_axis(np.roll(matrix.index, 1)) for omic, matrix in omics.items()}
    found = druggene.predict(path, rolled, trained.drugs)
    ours = found.set_index([CELL_LINE, DRUG])[PREDICTED]
    other = druggene.predict(forgetful, rolled, trained.drugs).set_index([CELL_LINE, DRUG])[PREDICTED]
    pd.testing.assert_series_equal(ours, other, check_exact=False, atol=1e-6)


def test_limits_say_what_is_outside(trained: Trained) -> None:
    tables = {
        percentile: druggene.predict(
            trained.of("joined"), trained.omics, trained.drugs, limits=predictor.Limits(similarity, percentile, 0.25)
        ).attrs["tables"]
        for similarity, percentile in ((0.0, 20.0), (1.0, 90.0))
    }
    narrow, wide = (tables[percentile].cell_lines["distance_limit"].iloc[0] for percentile in (20.0, 90.0))
    assert narrow < 1 < wide  # in multiples of the median
    assert not tables[20.0].drugs["drug_warning"].str.contains(predictor.UNLIKE_DRUG).any()
    assert not tables[90.0].drugs["drug_warning"].str.contains(predictor.UNLIKE_DRUG).all()  # training drugs are 1


def test_a_checkpoint_without_a_reference_says_so(trained: Trained, tmp_path: Path) -> None:
    checkpoint = Checkpoint.load(trained.of("plus")[0])
    assert checkpoint.reference is not None
    replace(checkpoint, reference=None).save(tmp_path / "old.pt")
    found = druggene.predict(tmp_path / "old.pt", trained.omics, trained.drugs)
    expected = druggene.predict(trained.of("plus")[0], trained.omics, trained.drugs)
    pd.testing.assert_series_equal(found[PREDICTED], expected[PREDICTED])
    assert found["warning"].str.contains(predictor.UNKNOWN).all()
    assert found.attrs["tables"].drugs["drug_warning"].str.contains(predictor.UNKNOWN).all()
    assert found["cell_line_distance"].isna().all()


def test_imported_weights_need_every_omic_of_every_cell_line(trained: Trained, tmp_path: Path) -> None:
    """Nothing is known of their training cell lines, whose means are NaN."""
    checkpoint = Checkpoint.load(trained.of("joined")[0])
    unknown = {omic: values * np.nan for omic, values in checkpoint.encoder.means.items()}
    encoder = replace(checkpoint.encoder, means=unknown)
    replace(checkpoint, encoder=encoder, reference=None, provenance={}).save(tmp_path / "imported.pt")
    omics = trained.matrices()
    omics["expression"].loc["line02", "g003"] = np.nan
    found = druggene.predict(tmp_path / "imported.pt", omics, trained.drugs)
    expected = druggene.predict(trained.of("joined")[0], omics, trained.drugs)
    np.testing.assert_allclose(found[PREDICTED], expected[PREDICTED], atol=1e-6)
    for damaged in (
        {**omics, "expression": omics["expression"].drop(index="line02")},
        {omic: matrix for omic, matrix in omics.items() if omic != "expression"},
    ):
        with pytest.raises(ValueError, match=r"imported weights, .* every cell line needs values of expression"):
            druggene.predict(tmp_path / "imported.pt", damaged, trained.drugs)


def test_a_fold_that_diverged_is_left_out(trained: Trained, tmp_path: Path) -> None:
    first, second = (Checkpoint.load(path) for path in trained.of("joined"))
    marked = second.provenance | {"diverged": "training diverged in epoch 1"}
    first.save(tmp_path / "fold_0.pt")
    replace(second, provenance=marked).save(tmp_path / "fold_1.pt")
    found = druggene.predict(tmp_path, trained.omics, trained.drugs)
    expected = druggene.predict(trained.of("joined")[0], trained.omics, trained.drugs)
    pd.testing.assert_series_equal(found[PREDICTED], expected[PREDICTED])
    with pytest.raises(ValueError, match="diverged in epoch 1"):
        druggene.predict(tmp_path / "fold_1.pt", trained.omics, trained.drugs)


def test_a_checkpoint_of_the_first_layout_is_read(trained: Trained, tmp_path: Path) -> None:
    """It has the hierarchy as tables of names, and no reference."""
    path = trained.of("joined")[0]
    checkpoint, content = Checkpoint.load(path), read_archive(path)
    tables = zip(("terms", "term_edges", "term_genes"), checkpoint.hierarchy.to_tables(), strict=True)
    content |= {"format_version": 1, "hierarchy": {name: table.to_dict("list") for name, table in tables}}
    del content["reference"]
    write_archive(content, tmp_path / "old.pt")
    old = Checkpoint.load(tmp_path / "old.pt")
    assert old.reference is None
    for name in ("terms", "names", "genes"):
        assert getattr(old.hierarchy, name) == getattr(checkpoint.hierarchy, name)
    for name in ("layers", "sizes", "edges", "annotations"):
        np.testing.assert_array_equal(getattr(old.hierarchy, name), getattr(checkpoint.hierarchy, name))


def test_effects_of_terms_are_knock_outs_of_the_joined_network(trained: Trained) -> None:
    """A term whose normalisation has the scale 0 has the state that stands in for it, whatever its cell line."""
    found = druggene.predict(trained.of("joined")[0], trained.omics, trained.drugs, top_terms=3)
    checkpoint = Checkpoint.load(trained.of("joined")[0])
    row = found.iloc[17]
    assert abs(row["effect_1"]) >= abs(row["effect_2"]) >= abs(row["effect_3"])
    for i in (1, 2, 3):
        term = checkpoint.hierarchy.terms.index(row[f"term_{i}"])
        assert term != len(checkpoint.hierarchy.terms) - 1
        scale = checkpoint.state["hierarchy.norm.weight"].clone()
        scale[term] = 0
        replace(checkpoint, state=checkpoint.state | {"hierarchy.norm.weight": scale}).save(trained.folder / "out.pt")
        without = druggene.predict(trained.folder / "out.pt", trained.omics, trained.drugs).iloc[17]
        assert row[f"effect_{i}"] == pytest.approx(row[PREDICTED] - without[PREDICTED], abs=1e-6)
    assert found.attrs["units"]["effect_1"].startswith("AUC")


def test_effects_of_terms_are_contributions_of_the_read_out(trained: Trained) -> None:
    from druggene.dataset import FoldData
    from druggene.network import Pairs
    from druggene.term_readout import TermReadoutNetwork

    checkpoint = Checkpoint.load(trained.of("plus")[0])
    network = checkpoint.network()
    assert isinstance(network, TermReadoutNetwork)
    names = ("responses", "folds", "genotype", "terms", "term_edges", "term_genes", "drug_features", "drugs")
    paths = {name: str(trained.folder / f"{name}.parquet") for name in names}
    data = FoldData.read(paths, 0, ["mutation", "expression"], "channels", "morgan", targets=True)
    c, d = data.sizes
    lines, drugs = torch.arange(c).repeat_interleave(d), torch.arange(d).repeat(c)
    expected = network.contributions(network.gather(data.genotype), data.drugs, Pairs.of(lines, drugs, c, d)).numpy()
    found = druggene.predict(trained.of("plus")[0], trained.omics, trained.drugs, top_terms=2)
    largest = np.argsort(-np.abs(expected), axis=0)[:2]
    for i in range(2):
        assert list(found[f"term_{i + 1}"]) == [checkpoint.hierarchy.terms[term] for term in largest[i]]
        np.testing.assert_allclose(found[f"effect_{i + 1}"], expected[largest[i], np.arange(c * d)], atol=1e-5)


def test_files_hold_what_the_data_frame_does(trained: Trained, tmp_path: Path) -> None:
    from druggene.command_line import main

    arguments = ["--cell-lines", str(trained.omics), "--drugs", str(trained.drugs), "--top-terms", "2"]
    models = str(trained.folder / "models")
    assert main(["predict", "--checkpoints", models, *arguments, "--output", str(tmp_path)]) == 0
    frame = druggene.predict(models, trained.omics, trained.drugs, top_terms=2)
    written = read_table(tmp_path / "predictions.parquet")
    text = {name: str for name in frame.columns[frame.dtypes == "category"]}
    pd.testing.assert_frame_equal(written.astype(text), frame.astype(text), check_dtype=False, rtol=1e-9)
    assert read_metadata(tmp_path / "predictions.parquet")["units"] == frame.attrs["units"]
    shown = pd.read_csv(tmp_path / "predictions.csv", keep_default_na=False)
    np.testing.assert_allclose(shown[PREDICTED], frame[PREDICTED], atol=1e-6)
    assert list(shown["warning"]) == list(frame["warning"].astype(str))
    for name in ("cell_lines", "drugs", "genes"):
        assert len(pd.read_csv(tmp_path / f"{name}.csv")) == len(read_table(tmp_path / f"{name}.parquet")) > 0
