"""Metrics per fold, their comparison and its tables."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from druggene.evaluation import (
    check_same_rows,
    comparison,
    comparison_markdown,
    metrics_by_fold,
    pearson_per_drug,
    pooled_metrics,
    read_predictions,
)
from druggene.tables import write_csv, write_table

LABELS = {"net": "Network", "effects": "Drug + cell-line effects", "global_mean": "Global mean"}


def predictions(folds: int = 3, drugs: int = 4, pairs: int = 12) -> pd.DataFrame:
    """Make a network, drug means and global means over the same test rows; drug d3 has one pair only."""
    rng = np.random.default_rng(1)
    rows = pd.DataFrame({"pair": range(drugs * pairs)})
    rows["drug"] = "d" + (rows["pair"] // pairs).astype(str)
    rows["fold"] = rows["pair"] % folds
    rows["auc"] = rng.random(len(rows)) + 0.2 * (rows["pair"] // pairs)
    rows = rows[(rows["drug"] != "d3") | (rows["pair"] == 3 * pairs)]
    rows["protocol"] = "random_pairs"

    def mean_outside(keys: list[str]) -> np.ndarray:
        values = []
        for _, row in rows.iterrows():
            others = rows[(rows["fold"] != row["fold"]) & (rows[keys] == row[keys]).all(axis=1)]
            values.append(others["auc"].mean() if len(others) else 0.5)
        return np.array(values)

    noisy = rows["auc"] + rng.normal(0, 0.1, len(rows))
    made = {"global_mean": mean_outside(["protocol"]), "effects": mean_outside(["drug"]), "net": noisy}
    return pd.concat([rows.assign(model=name, predicted=values) for name, values in made.items()], ignore_index=True)


def compare(frame: pd.DataFrame, min_pairs: int = 10) -> pd.DataFrame:
    return comparison(frame, metrics_by_fold(frame), LABELS, min_pairs)


def test_folds_are_measured_apart() -> None:
    frame = predictions()
    by_fold = metrics_by_fold(frame)
    assert list(by_fold["model"]) == ["global_mean"] * 3 + ["effects"] * 3 + ["net"] * 3
    assert list(by_fold["fold"]) == [0, 1, 2] * 3
    part = frame[(frame["model"] == "net") & (frame["fold"] == 1)]
    row = by_fold[(by_fold["model"] == "net") & (by_fold["fold"] == 1)].iloc[0]
    assert row["pearson"] == pytest.approx(np.corrcoef(part["auc"], part["predicted"])[0, 1])
    assert (row["n_pairs"], row["n_responses"]) == (part["pair"].nunique(), len(part))


def test_replicates_count_as_responses_not_as_pairs() -> None:
    frame = predictions()
    doubled = pd.concat([frame, frame.assign(auc=frame["auc"] + 0.1)], ignore_index=True)
    by_fold = metrics_by_fold(doubled)
    assert (by_fold["n_responses"] == 2 * by_fold["n_pairs"]).all()


def test_mean_and_deviation_are_over_folds() -> None:
    frame = predictions()
    values = metrics_by_fold(frame).query("model == 'net'")["mse"]
    row = compare(frame).set_index("model").loc["net"]
    assert row["mse_mean"] == pytest.approx(values.mean())
    assert row["mse_sd"] == pytest.approx(np.std(values, ddof=1))


def test_models_stand_in_the_order_of_the_labels() -> None:
    table = compare(predictions())
    assert list(table["model"]) == list(LABELS)
    assert list(table["label"]) == list(LABELS.values())


def test_difference_is_to_the_effects_in_pooled_pearson() -> None:
    frame = predictions()
    table = compare(frame).set_index("model")
    pooled = {name: np.corrcoef(part["auc"], part["predicted"])[0, 1] for name, part in frame.groupby("model")}
    difference = table["pooled_pearson_minus_effects"]
    assert difference["net"] == pytest.approx(pooled["net"] - pooled["effects"])
    assert difference["effects"] == 0


def test_constant_within_folds_has_no_pooled_correlation() -> None:
    """Means of the other folds correlate negatively with a fold's own: an artefact, not a result."""
    pooled = pooled_metrics(predictions())
    assert np.isnan(pooled.loc["global_mean", "pearson"])
    assert np.isnan(pooled.loc["global_mean", "spearman"])
    assert np.isfinite(pooled.loc["global_mean", "mse"])
    assert pooled.loc["net", "pearson"] > 0.9


def test_per_drug_correlation_counts_drugs_with_enough_pairs() -> None:
    frame = predictions()
    per_drug = pearson_per_drug(frame, 10)
    assert set(per_drug["drug"]) == {"d0", "d1", "d2"}
    part = frame[(frame["model"] == "net") & (frame["drug"] == "d1")]
    observed, predicted = (part[c] - part.groupby("fold")[c].transform("mean") for c in ("auc", "predicted"))
    value = per_drug.query("model == 'net' and drug == 'd1'")["pearson"].item()
    assert value == pytest.approx(np.corrcoef(observed, predicted)[0, 1])
    table = compare(frame).set_index("model")
    assert table.loc["net", "n_drugs"] == 3
    assert table.loc["net", "per_drug_pearson"] == pytest.approx(per_drug.query("model == 'net'")["pearson"].mean())
    assert table.loc["effects", "n_drugs"] == 0
    assert np.isnan(table.loc["effects", "per_drug_pearson"])


def test_per_drug_correlation_is_not_lowered_by_knowing_the_drug() -> None:
    """A constant per drug and fold, however it lies, must not change how cell lines are ranked."""
    frame = predictions()
    frame = frame[frame["model"] == "net"]
    offset = -3 * frame.groupby(["drug", "fold"])["auc"].transform("mean")
    shifted = frame.assign(predicted=frame["predicted"] + offset)
    plain, moved = (pearson_per_drug(rows, 10)["pearson"].tolist() for rows in (frame, shifted))
    assert moved == pytest.approx(plain)
    assert min(plain) > 0.8


def test_rounding_is_not_a_ranking_of_cell_lines() -> None:
    frame = predictions()
    frame = frame[frame["model"] == "effects"]
    rounded = frame.assign(predicted=frame["predicted"].astype("float32") * (1 + 1e-8 * (frame["pair"] % 5)))
    assert pearson_per_drug(rounded, 10)["pearson"].isna().all()


def test_pairs_alone_in_their_fold_do_not_count() -> None:
    frame = predictions(folds=12)
    assert pearson_per_drug(frame, 1).empty


def test_replicates_do_not_make_enough_pairs() -> None:
    frame = predictions()
    assert pearson_per_drug(pd.concat([frame, frame]), 13).empty
    assert compare(frame, 13)["n_drugs"].tolist() == [0, 0, 0]


class TestSameRows:
    def test_agreement_whatever_the_order(self) -> None:
        check_same_rows(predictions().sample(frac=1, random_state=1))

    def test_missing_row_and_other_auc_are_counted(self) -> None:
        frame = predictions()
        changed = frame.drop(index=frame.index[frame["model"] == "net"][0])
        with pytest.raises(ValueError, match=r"net and global_mean .* 1 rows"):
            check_same_rows(changed)
        changed = frame.copy()
        changed.loc[changed.index[-1], "auc"] += 1e-9
        with pytest.raises(ValueError, match=r"net and global_mean .* 2 rows"):
            check_same_rows(changed)

    def test_other_fold_is_noticed(self) -> None:
        frame = predictions()
        frame.loc[frame.index[-1], "fold"] = 99
        with pytest.raises(ValueError, match="2 rows"):
            check_same_rows(frame)

    def test_reading_checks(self, tmp_path: Path) -> None:
        frame = predictions()
        paths = [str(tmp_path / f"{name}.parquet") for name in ("one", "two")]
        net = frame["model"] == "net"
        write_table(frame[~net].reset_index(drop=True), paths[0], description="naive")
        write_table(frame[net].reset_index(drop=True), paths[1], description="net")
        assert len(read_predictions(paths)) == len(frame)
        write_table(frame[net].iloc[1:].reset_index(drop=True), paths[1], description="net")
        with pytest.raises(ValueError, match="net"):
            read_predictions(paths)


def test_model_without_label_is_refused() -> None:
    frame = predictions()
    with pytest.raises(ValueError, match="net"):
        comparison(frame, metrics_by_fold(frame), {k: v for k, v in LABELS.items() if k != "net"}, 10)


def test_markdown_says_what_it_shows() -> None:
    table = compare(predictions())
    text = comparison_markdown(table, 10, simulated=True)
    lines = text.splitlines()
    assert lines[0] == "# Models compared, protocol random_pairs, simulated data"
    assert "simulated" not in comparison_markdown(table, 10, simulated=False)
    assert "37 test responses (37 pairs) in 3 fold(s)" in text
    rows = [line for line in lines if line.startswith("| ") and "---" not in line]
    assert [row.split(" | ")[0] for row in rows] == ["| Model", *(f"| {label}" for label in LABELS.values())]
    assert len({row.count(" | ") for row in rows}) == 1
    assert "| – | – |" in next(row for row in rows if row.startswith("| Global mean"))
    assert f"{table['mse_mean'][0]:.4f} ± {table['mse_sd'][0]:.4f}" in text
    assert "nan" not in text


def test_single_fold_has_no_deviation() -> None:
    frame = predictions(folds=1)
    text = comparison_markdown(compare(frame), 10, simulated=False)
    assert "in 1 fold(s)" in text
    assert " ± " not in "".join(text.splitlines()[4:])


def test_csv_has_six_significant_digits(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    write_csv(pd.DataFrame({"model": ["a"], "mse": [0.0123456789], "n": [1234567]}), path)
    assert path.read_text() == "model,mse,n\na,0.0123457,1234567\n"
    assert list(tmp_path.iterdir()) == [path]
