"""Paired tests: known values, directions, and the adjustment for their number."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import wilcoxon

from druggene.significance import adjust, compare_pairs, paired_test


def test_a_test_is_wilcoxons_with_its_effect_size() -> None:
    differences = np.array([0.3, -0.1, 0.2, 0.5, 0.4, 0.0, np.nan])
    found = paired_test(differences)
    assert found["n"] == 6
    assert found["median_difference"] == pytest.approx(0.25)
    assert (found["share_better"], found["share_worse"]) == (pytest.approx(4 / 6), pytest.approx(1 / 6))
    # Ranks 3, 1, 2, 5, 4 of the five that differ; the second is negative.
    assert found["rank_biserial"] == pytest.approx((14 - 1) / 15)
    assert found["p_value"] == pytest.approx(wilcoxon([0.3, -0.1, 0.2, 0.5, 0.4]).pvalue)


@pytest.mark.parametrize("differences", [np.zeros(5), np.array([np.nan]), np.empty(0)])
def test_nothing_that_differs_is_no_test(differences: np.ndarray) -> None:
    found = paired_test(differences)
    assert np.isnan(found["p_value"])
    assert np.isnan(found["rank_biserial"])


def test_always_better_has_the_full_effect() -> None:
    assert paired_test(np.linspace(0.1, 1, 8))["rank_biserial"] == 1
    assert paired_test(-np.linspace(0.1, 1, 8))["rank_biserial"] == -1


def test_q_values_follow_benjamini_and_hochberg() -> None:
    p = pd.Series([0.01, np.nan, 0.04, 0.03, 0.5])
    # Sorted 0.01, 0.03, 0.04, 0.5 times 4/rank, made monotone from above.
    assert adjust(p).tolist() == pytest.approx([0.04, np.nan, 0.16 / 3, 0.16 / 3, 0.5], nan_ok=True)
    assert adjust(pd.Series([np.nan])).isna().all()


def test_no_difference_is_found_where_there_is_none() -> None:
    """Of twenty pairs of models that differ by chance, the adjusted p-values call none."""
    rng = np.random.default_rng(0)
    names = [f"m{i}" for i in range(7)]
    table = pd.DataFrame({"model": np.repeat(names, 80), "drug": np.tile(np.arange(80), 7)})
    table = table.assign(pearson=rng.normal(0.5, 0.1, len(table)), mse=rng.random(len(table)))
    assert (compare_pairs({"drug": table}, names)["q_value"] > 0.05).all()


def test_higher_pearson_and_lower_mse_speak_for_a_model() -> None:
    rng = np.random.default_rng(0)
    base = rng.random(30)
    parts = [
        pd.DataFrame({"model": name, "drug": range(30), "pearson": base + shift, "mse": base - shift})
        for name, shift in (("weak", 0.0), ("strong", 0.1), ("mute", np.nan))
    ]
    tests = compare_pairs({"drug": pd.concat(parts)}, ["strong", "weak", "mute"])
    assert list(tests[["model", "other"]].drop_duplicates().itertuples(index=False, name=None)) == [
        ("strong", "weak"),
        ("strong", "mute"),
        ("weak", "mute"),
    ]
    found = tests[tests["other"] == "weak"].set_index("metric")
    for metric in ("pearson", "mse"):
        row = found.loc[metric]
        assert row["median_difference"] == pytest.approx(0.1)
        assert row["rank_biserial"] == 1
        assert row["q_value"] < 1e-5
    assert tests.loc[tests["other"] == "mute", "n"].eq(0).all()
