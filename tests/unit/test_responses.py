"""Several curves of a pair: kept, averaged, or taken from the preferred screen."""

import pandas as pd
import pytest

from druggene.constants import AUC, CELL_LINE, DRUG, PUBLISHED_ROLE
from druggene.responses import combine_curves, summarise_sources

CURVES = pd.DataFrame(
    [
        ("B", "x", 0.9, "GDSC2"),
        ("A", "x", 0.2, "CTRPv2"),
        ("A", "x", 0.4, "CTRPv2"),
        ("A", "x", 0.9, "GDSC2"),
        ("A", "y", 1.2, "GDSC1"),
        ("A", "y", 0.8, "GDSC1"),
        ("A", "z", 0.5, "GDSC1"),
        ("A", "z", 0.7, "GDSC2"),
    ],
    columns=[CELL_LINE, DRUG, AUC, "source"],
)

CASES = {
    "all kept": (("keep", "keep", []), [tuple(row) for row in CURVES.to_numpy()]),
    "replicates averaged": (
        ("average", "keep", []),
        [
            ("A", "x", 0.3, "CTRPv2"),
            ("A", "x", 0.9, "GDSC2"),
            ("A", "y", 1.0, "GDSC1"),
            ("A", "z", 0.5, "GDSC1"),
            ("A", "z", 0.7, "GDSC2"),
            ("B", "x", 0.9, "GDSC2"),
        ],
    ),
    "screens averaged, each counting once": (
        ("keep", "average", []),
        [
            ("A", "x", 0.6, "CTRPv2+GDSC2"),
            ("A", "y", 1.2, "GDSC1"),
            ("A", "y", 0.8, "GDSC1"),
            ("A", "z", 0.6, "GDSC1+GDSC2"),
            ("B", "x", 0.9, "GDSC2"),
        ],
    ),
    "all averaged": (
        ("average", "average", []),
        [
            ("A", "x", 0.6, "CTRPv2+GDSC2"),
            ("A", "y", 1.0, "GDSC1"),
            ("A", "z", 0.6, "GDSC1+GDSC2"),
            ("B", "x", 0.9, "GDSC2"),
        ],
    ),
    "one preferred": (
        ("keep", "prefer", ["CTRPv2"]),
        [
            ("B", "x", 0.9, "GDSC2"),
            ("A", "x", 0.2, "CTRPv2"),
            ("A", "x", 0.4, "CTRPv2"),
            ("A", "y", 1.2, "GDSC1"),
            ("A", "y", 0.8, "GDSC1"),
            ("A", "z", 0.5, "GDSC1"),
            ("A", "z", 0.7, "GDSC2"),
        ],
    ),
    "an order of all, replicates averaged": (
        ("average", "prefer", ["GDSC2", "GDSC1", "CTRPv2"]),
        [("A", "x", 0.9, "GDSC2"), ("A", "y", 1.0, "GDSC1"), ("A", "z", 0.7, "GDSC2"), ("B", "x", 0.9, "GDSC2")],
    ),
}


@pytest.mark.parametrize(("options", "expected"), CASES.values(), ids=list(CASES))
def test_curves_are_combined(options: tuple[str, str, list[str]], expected: list[tuple[str, str, float, str]]) -> None:
    found = combine_curves(CURVES, *options)
    assert list(found.columns) == list(CURVES.columns)
    assert [(a, b, round(c, 9), d) for a, b, c, d in found.itertuples(index=False)] == expected


def test_published_roles_are_not_averaged() -> None:
    curves = CURVES.iloc[1:3].assign(**{PUBLISHED_ROLE: ["train", "test"]})
    pd.testing.assert_frame_equal(
        combine_curves(curves, "average", "average").sort_values(AUC, ignore_index=True),
        curves.reset_index(drop=True),
    )


def test_a_preferred_source_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match="no source 'CTRP'; the sources are CTRPv2, GDSC1, GDSC2"):
        combine_curves(CURVES, "keep", "prefer", ["GDSC2", "CTRP"])


def test_sources_are_counted() -> None:
    table = summarise_sources(CURVES, "read").set_index("source")
    assert table.loc["all", ["stage", "cell_lines", "drugs", "pairs", "curves", "auc_above_1"]].tolist() == [
        "read",
        2,
        3,
        4,
        8,
        1,
    ]
    assert table.loc["GDSC1", ["cell_lines", "drugs", "pairs", "curves", "auc_above_1"]].tolist() == [1, 2, 2, 3, 1]
