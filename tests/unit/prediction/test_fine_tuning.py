"""Checkpoints tuned on new pairs."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import druggene
from druggene.checkpoint import Checkpoint
from druggene.command_line import main
from druggene.constants import AUC, CELL_LINE, DRUG, PREDICTED
from druggene.prediction import fine_tuning
from tests.reference.predicting import Trained

DRUGS = pd.DataFrame(
    {DRUG: ["drug1", "drug2", "new drug"], "smiles": ["c1ccccc1O", "CC(=O)Nc1ccc(O)cc1", "Clc1ccccc1CCN"]}
)

RESPONSES = pd.DataFrame([(f"line{i:02d}", drug, 0.5) for i in range(30) for drug in DRUGS[DRUG]]).set_axis(
    [CELL_LINE, DRUG, AUC], axis=1
)


def new_screen(trained: Trained) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """Return omics of thirty cell lines, half of them under new names, and AUCs that are lower than before."""
    rng = np.random.default_rng(5)
    omics = trained.matrices()
    names = {name: f"mine {name}" for name in list(omics["expression"].index)[::2]}
    omics = {omic: matrix.rename(index=names) for omic, matrix in omics.items()}
    rows = [(line, drug) for line in omics["expression"].index for drug in DRUGS[DRUG]]
    table = pd.DataFrame(rows, columns=[CELL_LINE, DRUG])
    effect = table[DRUG].map({"drug1": 0.1, "drug2": 0.2, "new drug": 0.35})
    return omics, table.assign(**{AUC: effect + rng.normal(0, 0.01, len(table))})


def check_residuals_by_name(start: Checkpoint, tuned: Checkpoint) -> None:
    """Drugs of the new pairs have residual effects of them, and those that they lack have what they had."""
    residuals = "seen_drug_residual"
    before = dict(zip(start.drugs, start.state[residuals].tolist(), strict=True))
    after = dict(zip(tuned.drugs, tuned.state[residuals].tolist(), strict=True))
    others = set(before) - set(DRUGS[DRUG])
    assert others
    assert {drug: after[drug] for drug in others} == {drug: before[drug] for drug in others}
    assert all(after[drug] not in (0, before.get(drug)) for drug in DRUGS[DRUG])


@pytest.mark.parametrize("model", ["joined", "plus"])
def test_tuning_learns_new_pairs_and_says_of_what(trained: Trained, tmp_path: Path, model: str) -> None:
    omics, responses = new_screen(trained)
    path, tuned = trained.of(model)[0], tmp_path / "tuned.pt"
    before = path.read_bytes()
    report = druggene.fine_tune(path, responses, omics, DRUGS, tuned, epochs=60, learning_rate=0.02, batch_size=20)
    mse = report.set_index("predictor")["mse"]
    assert list(mse.index) == ["before tuning", "after tuning", "global_mean", "effects"]
    assert mse["after tuning"] < 0.3 * mse["before tuning"]
    assert report.attrs["best_epoch"] > 0
    assert path.read_bytes() == before

    start, loaded = Checkpoint.load(path), Checkpoint.load(tuned)
    origin = loaded.provenance["tuned_from"]
    assert (origin["file"], origin["cell_lines"], origin["drugs"]) == (path.name, 30, 3)
    assert sum(origin["pairs"].values()) == len(responses)
    assert loaded.provenance["fold"] == start.provenance["fold"]
    assert set(start.cell_lines) | set(omics["expression"].index) == set(loaded.cell_lines)
    assert loaded.reference is not None
    assert "new drug" in loaded.reference.drugs
    found = druggene.predict(tuned, omics, DRUGS)
    both = responses.merge(found, on=[CELL_LINE, DRUG])
    assert ((both[PREDICTED] - both[AUC]) ** 2).mean() < 0.5 * mse["before tuning"]
    assert found.loc[found[DRUG] == "new drug", "new"].eq("neither").all()
    if model == "plus":
        check_residuals_by_name(start, loaded)
    # What is not of the new pairs keeps its place.
    untouched = druggene.predict(tuned, trained.omics, trained.drugs)
    assert np.isfinite(untouched[PREDICTED]).all()


def test_weights_stay_where_no_epoch_is_better(trained: Trained, tmp_path: Path) -> None:
    path = trained.of("joined")[0]
    predicted = druggene.predict(path, trained.omics, trained.drugs)[[CELL_LINE, DRUG, PREDICTED]]
    responses = predicted.rename(columns={PREDICTED: AUC})
    report = druggene.fine_tune(
        path, responses, trained.omics, trained.drugs, tmp_path / "same.pt", epochs=2, learning_rate=0.3
    )
    assert report.attrs["best_epoch"] == 0
    again = druggene.predict(tmp_path / "same.pt", trained.omics, trained.drugs)
    np.testing.assert_allclose(again[PREDICTED], predicted[PREDICTED], atol=1e-6)


def test_the_command_tunes_and_mistakes_are_told(
    trained: Trained, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    omics, responses = new_screen(trained)
    for omic, matrix in omics.items():
        matrix.to_csv(tmp_path / f"{omic}.csv")
    responses.to_csv(tmp_path / "responses.csv", index=False)
    DRUGS.to_csv(tmp_path / "drugs.csv", index=False)
    start = str(trained.of("joined")[0])
    tables = ["--cell-lines", str(tmp_path), "--drugs", str(tmp_path / "drugs.csv")]
    arguments = ["fine-tune", "--checkpoint", start, "--responses", str(tmp_path / "responses.csv"), *tables]
    more = ["--epochs", "3", "--held-out", "leave_cell_line_out"]
    assert main([*arguments, *more, "--output", str(tmp_path / "tuned.pt")]) == 0
    assert "after tuning" in capsys.readouterr().out
    assert Checkpoint.load(tmp_path / "tuned.pt").provenance["tuned_from"]["held_out"] == "leave_cell_line_out"
    assert main([*arguments, "--output", start]) == 1
    assert "name another file to write" in capsys.readouterr().err
    responses.assign(auc="much").to_csv(tmp_path / "responses.csv", index=False)
    assert main([*arguments, "--output", str(tmp_path / "tuned.pt")]) == 1
    assert "row 2: auc 'much' is no number of 0 or more" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"responses": RESPONSES.head(0)}, "responses: no response"),
        ({"responses": RESPONSES.head(9), "held_out": "leave_cell_line_out"}, "needs 5 or more; there are 3"),
        ({"responses": RESPONSES.assign(drug="other")}, "responses: row 2: drug 'other' is not among the drugs given"),
        ({"output": "."}, r"\.: is a folder; name the file to write"),
        ({"epochs": 0}, "epochs: 0; give 1 or more"),
        ({"learning_rate": 0.0}, "learning_rate: 0; give a number above 0"),
        ({"threads": 0}, "threads: 0; give 1 or more"),
    ],
)
def test_mistakes_end_before_training(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: dict[str, Any], message: str
) -> None:
    monkeypatch.setattr(fine_tuning, "Trainer", None)
    arguments = {"responses": RESPONSES, "output": tmp_path / "tuned.pt"} | given
    with pytest.raises(ValueError, match=message):
        druggene.fine_tune(trained.of("joined")[0], cell_lines=trained.omics, drugs=DRUGS, **arguments)


def test_percents_and_a_result_worse_than_naive_predictors_are_told(
    trained: Trained, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    omics, responses = new_screen(trained)
    percents = responses.assign(auc=100 * responses[AUC])
    druggene.fine_tune(trained.of("joined")[0], percents, omics, DRUGS, tmp_path / "tuned.pt", epochs=1)
    assert "divide percents by 100" in caplog.text
    assert "the tuned checkpoint is worse than" in caplog.text
