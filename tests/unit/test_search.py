"""The search stays inside the training part, survives failures and takes the lowest mean."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from druggene.checkpoint import Checkpoint
from druggene.constants import AUC, CELL_LINE, DRUG, FOLD, MODEL, PAIR, PROTOCOL, ROLE, TEST, TISSUE, TRAIN, VALIDATION
from druggene.fold import train_fold
from druggene.search import assign_inner_folds, choose_options, run_trials, tabulate_search
from druggene.splits import assign_folds
from druggene.tables import read_table, write_table
from druggene.term_readout import ReadoutOptions
from druggene.training import Trained
from tests.reference.artifacts import write_fold
from tests.unit.test_fold import MODEL_OPTIONS, TRAINING, outputs_in

OUTER, INNER = 1, 3
SHORT = replace(TRAINING, epochs=4, init="scaled_0.1")
COLUMN = {"leave_cell_line_out": CELL_LINE, "leave_drug_out": DRUG, "leave_tissue_out": TISSUE}


def cohort() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Responses of 60 cell lines to 15 drugs, some pairs twice, some not measured; and the tissues of the lines."""
    rng = np.random.default_rng(0)
    lines = [f"line{i:02d}" for i in range(60)]
    pairs = pd.DataFrame([(line, f"drug{d:02d}") for line in lines for d in range(15)], columns=[CELL_LINE, DRUG])
    responses = pairs[rng.random(len(pairs)) < 0.9].reset_index(drop=True).rename_axis(PAIR).reset_index()
    responses = pd.concat([responses, responses[::10]]).sort_values(PAIR, ignore_index=True)
    tissues = pd.DataFrame({CELL_LINE: lines, TISSUE: [f"tissue{i % 13}" if i else None for i in range(60)]})
    return responses, tissues


@pytest.mark.parametrize("protocol", ["random_pairs", *COLUMN, "published"])
def test_inner_folds_divide_the_training_part_by_the_protocols_groups(protocol: str) -> None:
    responses, tissues = cohort()
    responses["published_role"] = TRAIN
    responses.loc[responses[PAIR] % 5 == 0, "published_role"] = VALIDATION
    responses.loc[responses[PAIR] % 5 == 1, "published_role"] = TEST
    folds = assign_folds(responses, protocol, 3, 0.2, 5, tissues)
    fold = 0 if protocol == "published" else OUTER
    outer = folds[folds[FOLD] == fold].set_index(PAIR)[ROLE]
    outside = set(outer.index[outer != TEST])
    assert (outer[list(outside)] == VALIDATION).any()

    inner = assign_inner_folds(responses, folds, protocol, fold, 4, 0.2, 5, tissues)
    assert list(inner) == list(folds)
    assert set(inner[PROTOCOL]) == {protocol}
    assert set(inner[FOLD]) == {0, 1, 2, 3}
    for _, part in inner.groupby(FOLD):
        assert part[PAIR].is_unique
        assert set(part[PAIR]) == outside
        assert set(part[ROLE]) == {TRAIN, VALIDATION, TEST}
    held_out = inner[inner[ROLE] == TEST]
    assert held_out[PAIR].is_unique
    assert set(held_out[PAIR]) == outside
    if protocol in COLUMN:
        groups = inner.merge(responses.drop_duplicates(PAIR), on=PAIR).merge(tissues, on=CELL_LINE)
        assert (groups.groupby([FOLD, COLUMN[protocol]])[ROLE].nunique() == 1).all()


def test_inner_folds_of_two_folds_and_two_seeds_are_dealt_on_their_own() -> None:
    responses, _ = cohort()
    folds = assign_folds(responses, "random_pairs", 3, 0.2, 5)
    first, again, other_fold, other_seed = (
        assign_inner_folds(responses, folds, "random_pairs", fold, 4, 0.2, seed).set_index([FOLD, PAIR])[ROLE]
        for fold, seed in ((0, 5), (0, 5), (1, 5), (0, 6))
    )
    assert first.equals(again)
    assert not first.equals(other_seed)
    shared = first.index.intersection(other_fold.index)
    assert (first[shared] != other_fold[shared]).mean() > 0.2


def test_too_few_groups_name_the_key_of_the_search() -> None:
    responses, tissues = cohort()
    folds = assign_folds(responses, "leave_tissue_out", 3, 0.2, 5, tissues)
    with pytest.raises(ValueError, match=r"^search\.folds: .*set search\.folds to \d+ .*test part of fold 0"):
        assign_inner_folds(responses, folds, "leave_tissue_out", 0, 20, 0.2, 5, tissues)


def write_inner(folder: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Write a small fold and its inner folds; return the paths for training and those for trials."""
    paths = write_fold(folder)
    inner = assign_inner_folds(
        read_table(paths["responses"]), read_table(paths["folds"]), "random_pairs", OUTER, INNER, 0.2, 1
    )
    inner_path = str(folder / "inner_folds.parquet")
    write_table(inner, inner_path, description="test")
    return paths, paths | {"folds": inner_path}


def search(paths: dict[str, str], learning_rates: tuple[float, ...], lambdas: tuple[float, ...]) -> pd.DataFrame:
    points = [(rate, weight) for rate in learning_rates for weight in lambdas]
    return pd.concat(
        [
            run_trials(
                paths,
                "random_pairs",
                OUTER,
                MODEL_OPTIONS,
                replace(SHORT, learning_rate=rate, norm_weight=weight),
            )
            for rate, weight in points
        ],
        ignore_index=True,
    )


def test_labels_of_outer_test_pairs_change_no_trial_and_no_choice(tmp_path: Path) -> None:
    paths, inner = write_inner(tmp_path)
    before = search(inner, (0.02, 0.001), (0.0, 0.1))
    responses, folds = read_table(paths["responses"]), read_table(paths["folds"])
    tested = folds[(folds[FOLD] == OUTER) & (folds[ROLE] == TEST)][PAIR]
    rows = responses[PAIR].isin(tested)
    assert rows.any()
    responses.loc[rows, AUC] = np.random.default_rng(1).permutation(responses.loc[rows, AUC]) + 1.0
    write_table(responses, paths["responses"], description="test", source="test", simulated=True)
    again = assign_inner_folds(responses, folds, "random_pairs", OUTER, INNER, 0.2, 1)
    pd.testing.assert_frame_equal(again, read_table(inner["folds"]))
    after = search(inner, (0.02, 0.001), (0.0, 0.1))
    pd.testing.assert_frame_equal(before, after)
    pd.testing.assert_frame_equal(choose_options(before), choose_options(after))


def test_labels_of_held_out_pairs_change_their_score_and_nothing_that_was_trained(tmp_path: Path) -> None:
    paths, inner = write_inner(tmp_path)
    before = search(inner, (0.02,), (0.0,))
    dealt, responses = read_table(inner["folds"]), read_table(paths["responses"])
    held_out = responses[PAIR].isin(dealt[(dealt[FOLD] == 1) & (dealt[ROLE] == TEST)][PAIR])
    responses.loc[held_out, AUC] = 2 * responses.loc[held_out, AUC] + 1
    write_table(responses, paths["responses"], description="test", source="test", simulated=True)
    after = search(inner, (0.02,), (0.0,))
    # Predictions stayed as they were: a line through the labels leaves their correlation, not their error.
    assert after["mse"][1] > before["mse"][1] + 0.5
    assert after["pearson"][1] == pytest.approx(before["pearson"][1], abs=1e-5)
    assert (after["pearson"] != before["pearson"])[[0, 2]].all()


def test_trials_are_reproducible_and_differ_by_fold_and_model(tmp_path: Path) -> None:
    _, inner = write_inner(tmp_path)
    trials = search(inner, (0.02,), (0.0,))
    assert list(trials) == [
        *(PROTOCOL, MODEL, FOLD, "inner_fold", "learning_rate", "lambda"),
        *("mse", "pearson", "best_epoch", "epochs"),
    ]
    assert list(trials["inner_fold"]) == [0, 1, 2]
    assert trials["mse"].nunique() == INNER
    assert (trials["epochs"] == 4).all()
    assert trials["best_epoch"].between(1, 4).all()
    pd.testing.assert_frame_equal(trials, search(inner, (0.02,), (0.0,)))
    for other in (
        run_trials(inner, "random_pairs", 2, MODEL_OPTIONS, SHORT),
        run_trials(inner, "random_pairs", OUTER, replace(MODEL_OPTIONS, name="other"), SHORT),
        run_trials(inner, "random_pairs", OUTER, MODEL_OPTIONS, replace(SHORT, seed=2)),
    ):
        assert (other["mse"] != trials["mse"]).all()


def test_a_read_out_of_all_terms_is_searched_like_any_network(tmp_path: Path) -> None:
    _, inner = write_inner(tmp_path)
    dropouts = dict.fromkeys([name for name in ReadoutOptions.__annotations__ if name.endswith("dropout")], 0.1)
    readout = ReadoutOptions(latent=2, members=2, omic_weights=(1.0,), **dropouts)
    model = replace(MODEL_OPTIONS, fusion="channels", drug_layers=[8], readout=readout)
    options = replace(SHORT, alpha=0.0, drug_alpha=0.0, batch_by="cell_lines", batch_size=30, norm_weight=0.01)
    trials = [run_trials(inner, "random_pairs", OUTER, model, options) for _ in range(2)]
    pd.testing.assert_frame_equal(*trials)
    slow = run_trials(inner, "random_pairs", OUTER, model, replace(options, learning_rate=1e-9))
    choice = choose_options(pd.concat([trials[0], slow]))
    assert (choice["learning_rate"].item(), choice["lambda"].item()) == (SHORT.learning_rate, 0.01)
    # Judged is what would be used, residual effects included.
    completed = replace(model, readout=replace(readout, residual_effects=True))
    assert (run_trials(inner, "random_pairs", OUTER, completed, options)["mse"] < trials[0]["mse"]).all()


def test_a_large_learning_rate_is_not_chosen(tmp_path: Path) -> None:
    _, inner = write_inner(tmp_path)
    trials = search(inner, (1.0, 0.02), (0.0,))
    by_rate = trials.groupby("learning_rate")["mse"].mean()
    assert by_rate[1.0] > 2 * by_rate[0.02]
    assert choose_options(trials)["learning_rate"].item() == 0.02


def test_a_trial_that_diverges_fails_alone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    _, inner = write_inner(tmp_path)
    trials = search(inner, (1e30, 0.02), (0.0,))
    diverged = trials["learning_rate"] == 1e30
    assert diverged.sum() == INNER
    assert trials.loc[diverged, ["mse", "pearson", "best_epoch", "epochs"]].isna().all(axis=None)
    assert trials.loc[~diverged, "mse"].notna().all()
    assert choose_options(trials)["learning_rate"].item() == 0.02
    assert sum("the trial failed" in record.message for record in caplog.records) == INNER
    with pytest.raises(ValueError, match=r"expbox on fold 1 of random_pairs diverged .* search\.learning_rate"):
        choose_options(trials[diverged])


def test_a_network_that_never_had_a_best_epoch_has_no_score(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, inner = write_inner(tmp_path)
    monkeypatch.setattr("druggene.search.Trainer.run", lambda self: Trained({}, 0, pd.DataFrame(index=range(2))))
    assert search(inner, (0.02,), (0.0,))["mse"].isna().all()


def trials_of(scores: dict[tuple[float, float], list[float]], model: str = "one", fold: int = 0) -> pd.DataFrame:
    rows = [
        ("random_pairs", model, fold, i, rate, weight, mse)
        for (rate, weight), values in scores.items()
        for i, mse in enumerate(values)
    ]
    return pd.DataFrame(rows, columns=[PROTOCOL, MODEL, FOLD, "inner_fold", "learning_rate", "lambda", "mse"])


def test_the_choice_is_the_lowest_mean() -> None:
    scores = {(0.1, 0.0): [0.1, 0.9], (0.1, 0.1): [0.4, 0.5], (0.01, 0.0): [0.3, 0.4], (0.01, 0.1): [0.2, 0.6]}
    choice = choose_options(trials_of(scores))
    assert len(choice) == 1
    assert (choice["learning_rate"].item(), choice["lambda"].item()) == (0.01, 0.0)
    assert choice["mse_mean"].item() == pytest.approx(0.35)
    assert choice["mse_sd"].item() == pytest.approx(np.std([0.3, 0.4], ddof=1))


def test_a_grid_point_that_failed_once_is_out() -> None:
    choice = choose_options(trials_of({(0.1, 0.0): [0.1, np.nan], (0.01, 0.0): [0.3, 0.4]}))
    assert choice["learning_rate"].item() == 0.01


def test_of_equal_means_the_larger_lambda_and_then_the_smaller_learning_rate_wins() -> None:
    equal = {(rate, weight): [0.2, 0.3] for rate in (0.1, 0.01) for weight in (0.0, 0.1)}
    for scores in (equal, dict(reversed(equal.items()))):
        choice = choose_options(trials_of(scores))
        assert (choice["learning_rate"].item(), choice["lambda"].item()) == (0.01, 0.1)


def test_the_table_holds_every_trial_and_marks_the_chosen_ones() -> None:
    parts = [
        trials_of({(0.1, 0.0): [first, 0.5], (0.01, 0.0): [0.3, 0.3]}, model, fold)
        for model, fold, first in (("one", 0, 0.0), ("other", 0, 0.4), ("one", 1, 0.4), ("other", 1, 0.0))
    ]
    trials = pd.concat(parts).sample(frac=1, random_state=0)
    choices = pd.concat([choose_options(part) for part in parts])
    table = tabulate_search(trials, choices, ["other", "one"])
    assert len(table) == len(trials)
    assert list(table.columns) == [*trials.columns, "chosen"]
    assert list(table[MODEL]) == ["other"] * 8 + ["one"] * 8
    chosen = table[table["chosen"]].drop_duplicates([MODEL, FOLD]).set_index([MODEL, FOLD])["learning_rate"]
    expected = {("one", 0): 0.1, ("other", 0): 0.01, ("one", 1): 0.01, ("other", 1): 0.1}
    assert chosen.to_dict() == expected
    assert table["chosen"].sum() == 4 * 2
    pd.testing.assert_frame_equal(table, tabulate_search(trials[::-1], choices[::-1], ["other", "one"]))


def test_training_takes_the_choice_and_the_checkpoint_tells(tmp_path: Path) -> None:
    paths = write_fold(tmp_path)
    choice = str(tmp_path / "choice.parquet")
    point = {"learning_rate": [0.004], "lambda": [0.01]}
    write_table(pd.DataFrame(point | {"mse_mean": [0.1], "mse_sd": [0.01]}), choice, description="test")
    outputs, expected = outputs_in(tmp_path / "chosen"), outputs_in(tmp_path / "given")
    train_fold(paths | {"choice": choice}, outputs, "random_pairs", OUTER, MODEL_OPTIONS, SHORT)
    given = replace(SHORT, learning_rate=0.004, norm_weight=0.01)
    train_fold(paths | {"choice": []}, expected, "random_pairs", OUTER, MODEL_OPTIONS, given)
    training = Checkpoint.load(outputs["checkpoint"]).provenance["training"]
    assert (training["learning_rate"], training["norm_weight"]) == (0.004, 0.01)
    assert Path(outputs["checkpoint"]).read_bytes() == Path(expected["checkpoint"]).read_bytes()
