"""Tables for people: order, numbers, and what stands beside them."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from druggene.comparison import (
    comparison,
    comparison_document,
    fold_metrics,
    fold_metrics_document,
    significance_document,
)
from druggene.comparison_tables import write_comparison
from druggene.evaluation import metrics_by, metrics_by_fold
from druggene.intervals import intervals
from druggene.predictions import Predictions
from druggene.significance import compare_pairs
from druggene.tables import read_table, write_csv, write_table
from tests.reference.predictions import LABELS, predictions_table

MIN_PAIRS = {"drug": 10, "cell_line": 3}
LINES = pd.DataFrame({"cell_line": [f"l{i}" for i in range(12)], "tissue": "lung"})
Tables = tuple[dict[str, pd.DataFrame], pd.DataFrame, pd.DataFrame]


def compare(table: pd.DataFrame | None = None) -> Tables:
    predictions = Predictions.of([predictions_table() if table is None else table])
    tables = {"fold": metrics_by_fold(predictions)} | {
        unit: metrics_by(predictions, unit, number) for unit, number in MIN_PAIRS.items()
    }
    bounds = intervals(predictions, tables, LINES, 100, 0.95, 1)
    return tables, bounds, comparison(tables["fold"], bounds, LABELS)


def test_models_stand_in_the_order_of_the_labels() -> None:
    tables, _, table = compare()
    assert list(table["model"]) == list(LABELS)
    assert list(table["label"]) == list(LABELS.values())
    values = tables["fold"].query("model == 'net'")["mse"]
    row = table.set_index("model").loc["net"]
    assert row["mse_mean"] == pytest.approx(values.mean())
    assert row["mse_sd"] == pytest.approx(np.std(values, ddof=1))
    assert (row["n_folds"], row["n_drugs"], row["n_cell_lines"]) == (3, 3, 12)
    per_drug = tables["drug"].query("model == 'net'")
    assert row["per_drug_pearson"] == pytest.approx(per_drug["pearson"].mean())
    assert np.isnan(table.set_index("model").loc["effects", "per_drug_pearson"])


def test_model_without_label_is_refused() -> None:
    tables, bounds, _ = compare()
    with pytest.raises(ValueError, match="net"):
        comparison(tables["fold"], bounds, {k: v for k, v in LABELS.items() if k != "net"})


def rows_of(text: str) -> list[list[str]]:
    return [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ") and "---" not in line]


def test_markdown_says_what_it_shows() -> None:
    _, bounds, table = compare()
    text = comparison_document(table, bounds, MIN_PAIRS, 0.95, simulated=True).markdown()
    assert text.splitlines()[0] == "# Models compared, protocol random pairs, simulated data"
    assert "simulated" not in comparison_document(table, bounds, MIN_PAIRS, 0.95, simulated=False).markdown()
    assert "37 test responses (37 pairs) in 3 fold(s)" in text
    assert "cell lines are resampled" in text
    assert "nan" not in text
    rows = rows_of(text)
    assert [row[0] for row in rows] == ["Model", *LABELS.values()] * 4
    for part in (rows[:4], rows[4:8], rows[8:12], rows[12:]):
        assert len({len(row) for row in part}) == 1
    bound = bounds.set_index(["level", "model", "metric"]).loc[("pooled", "net", "pearson")]
    assert rows[1][1] == f"{bound['value']:.3f} [{bound['low']:.3f}, {bound['high']:.3f}]"
    assert rows[3][1] == "–"  # the global mean correlates with nothing
    assert f"{table['mse_mean'][0]:.4f} ± {table['mse_sd'][0]:.4f}" in text


def test_tables_without_a_drug_are_left_out() -> None:
    tables, bounds, table = compare(predictions_table(folds=12))
    text = comparison_document(table, bounds, MIN_PAIRS, 0.95, simulated=False).markdown()
    assert "No drug has 10 test pairs" in text
    assert [row[0] for row in rows_of(text)] == ["Model", *LABELS.values()] * 3
    tests = compare_pairs(tables, list(LABELS))
    assert (
        "Over drugs: none has enough"
        in significance_document(tests, LABELS, "net", "random_pairs", simulated=False).markdown()
    )


def test_a_diverged_fold_is_a_hole_that_is_seen() -> None:
    table = predictions_table()
    undisturbed = compare(table)[2].set_index("model")
    table.loc[(table["model"] == "net") & (table["fold"] == 1), "predicted"] = np.nan
    tables, bounds, compared = compare(table)
    found = compared.set_index("model")
    assert found["n_diverged"].to_dict() == dict.fromkeys(LABELS, 0) | {"net": 1}
    assert found.loc["net", "n_folds"] == 3
    assert found.loc["net", "mse_mean"] == pytest.approx(
        tables["fold"].query("model == 'net' and fold != 1")["mse"].mean()
    )
    assert np.isnan(found.loc["net", "pooled_mse"])
    means = [f"{metric}_{part}" for metric in ("pearson", "mse", "r2") for part in ("mean", "sd")]
    rest = [name for name in LABELS if name != "net"]
    pd.testing.assert_frame_equal(found.loc[rest, means], undisturbed.loc[rest, means])
    text = comparison_document(compared, bounds, MIN_PAIRS, 0.95, simulated=False).markdown()
    assert f"**Training diverged: {LABELS['net']} on 1 of 3 folds.**" in text
    assert "nan" not in text


def test_labels_are_text_and_nothing_else() -> None:
    hostile = LABELS | {"net": "a|b\n# <b>c</b> & \\"}
    tables, bounds, _ = compare()
    table = comparison(tables["fold"], bounds, hostile)
    tests = compare_pairs(tables, list(hostile))
    for text in (
        comparison_document(table, bounds, MIN_PAIRS, 0.95, simulated=False).markdown(),
        significance_document(tests, hostile, "net", "random_pairs", simulated=False).markdown(),
    ):
        assert "<b>" not in text
        assert "b # &lt;b&gt;c&lt;/b&gt; &amp; \\\\" in text
        for block in text.split("\n\n"):
            rows = [line.replace("\\|", "") for line in block.splitlines() if line.startswith("|")]
            assert len({row.count("|") for row in rows}) <= 1


def test_single_fold_has_no_deviation() -> None:
    _, bounds, table = compare(predictions_table(folds=1))
    text = comparison_document(table, bounds, MIN_PAIRS, 0.95, simulated=False).markdown()
    assert "in 1 fold(s)" in text
    assert " ± " not in "".join("".join(row) for row in rows_of(text))


def test_tests_are_shown_from_the_side_of_the_model_they_are_of() -> None:
    tables, _, _ = compare()
    tests = compare_pairs(tables, list(LABELS))
    text = significance_document(tests, LABELS, "net", "random_pairs", simulated=False).markdown()
    of_net, of_effects = text.split("## ")[1:]
    assert of_net.startswith("Network against the others")
    assert of_effects.startswith("Drug + cell-line effects against the others")
    (against_effects,) = [
        row for row in rows_of(of_net) if row[0] == LABELS["effects"] and row[1] == "3" and row[2] == "–"
    ]
    (against_net,) = [row for row in rows_of(of_effects) if row[0] == "Network" and row[1] == "3" and row[2] == "–"]
    # Over drugs, by the MSE: difference, share, effect and q from both sides.
    assert against_effects[6][0] == "+"
    assert against_net[6] == "-" + against_effects[6][1:]
    assert against_net[7] == f"{1 - float(against_effects[7].rstrip('%')) / 100:.0%}"
    assert against_net[9] == against_effects[9]
    assert "nan" not in text


def test_all_tables_are_written(tmp_path: Path) -> None:
    table = predictions_table()
    paths = {name: str(tmp_path / f"{name}.parquet") for name in ("predictions", "responses", "cell_lines")}
    write_table(table, paths["predictions"], description="test")
    write_table(table, paths["responses"], description="test", source="made up", simulated=True)
    write_table(LINES, paths["cell_lines"], description="test")
    names = ("by_fold", "by_drug", "by_cell_line", "intervals", "comparison", "significance")
    outputs = {name: str(tmp_path / f"out/{name}.parquet") for name in names}
    outputs["table_s2_csv"] = str(tmp_path / "out/table_s2.csv")
    options = {"min_pairs_per_drug": 10, "min_pairs_per_cell_line": 3, "resamples": 100, "confidence": 0.95}
    write_comparison(paths | {"predictions": [paths["predictions"]]}, outputs, LABELS, "net", options, 1)
    for name in names:
        found = read_table(outputs[name])
        assert len(pd.read_csv(outputs[name].replace(".parquet", ".csv"))) == len(found)
    pd.testing.assert_frame_equal(read_table(outputs["comparison"]), compare()[2])
    for name in ("comparison", "significance", "table_s2"):
        for suffix in ("md", "tex"):
            assert "simulated" in (tmp_path / f"out/{name}.{suffix}").read_text().splitlines()[0]


def test_table_s2_has_five_metrics_of_all_models() -> None:
    _, _, table = compare()
    numbers = fold_metrics(table)
    assert list(numbers["label"]) == list(LABELS.values())
    rows = rows_of(fold_metrics_document(table, simulated=False).markdown())
    assert rows[0] == ["Model", "Pearson", "MSE", "R²", "MAE", "RMSE"]
    net = numbers.set_index("model").loc["net"]
    forms = {"pearson": ".3f", "mse": ".4f", "r2": ".3f", "mae": ".3f", "rmse": ".3f"}
    expected = [f"{net[f'{name}_mean']:{form}} ± {net[f'{name}_sd']:{form}}" for name, form in forms.items()]
    assert rows[1] == [LABELS["net"], *expected]


def test_csv_has_six_significant_digits(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    write_csv(pd.DataFrame({"model": ["a"], "mse": [0.0123456789], "n": [1234567]}), path)
    assert path.read_text() == "model,mse,n\na,0.0123457,1234567\n"
    assert list(tmp_path.iterdir()) == [path]
