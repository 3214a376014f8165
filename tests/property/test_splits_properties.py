"""Properties that every protocol keeps for any screen."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from druggene.splits import assign_folds, with_roles

GROUPS = {
    "random_pairs": "pair",
    "leave_cell_line_out": "cell_line",
    "leave_drug_out": "drug",
    "leave_tissue_out": "tissue",
}
CELL_LINES = pd.DataFrame({"cell_line": [f"l{i}" for i in range(12)], "tissue": [f"t{i % 5}" for i in range(12)]})


@st.composite
def screens(draw: st.DrawFn) -> pd.DataFrame:
    """Draw responses with gaps and replicates of at least five tissues and five drugs."""
    seed = draw(st.integers(0, 2**16))
    density = draw(st.floats(0.3, 1.0))
    rng = np.random.default_rng(seed)
    keep = rng.random((12, 9)) < density
    keep[:5] |= np.eye(5, 9, dtype=bool)
    line, drug = np.nonzero(keep)
    copies = rng.integers(1, 4, size=len(line))
    frame = pd.DataFrame({"pair": np.arange(len(line)), "cell_line": line, "drug": drug})
    frame["cell_line"] = "l" + frame["cell_line"].astype(str)
    frame["drug"] = "d" + frame["drug"].astype(str)
    frame = frame.loc[frame.index.repeat(copies)].reset_index(drop=True)
    return frame.assign(auc=rng.random(len(frame)))


@pytest.mark.parametrize("protocol", GROUPS)
@settings(max_examples=25)
@given(responses=screens(), folds=st.integers(2, 5), fraction=st.sampled_from([0.0, 0.1, 0.4]), seed=st.integers(0, 9))
def test_protocol(protocol: str, responses: pd.DataFrame, folds: int, fraction: float, seed: int) -> None:
    def assign(rows: pd.DataFrame) -> pd.DataFrame:
        return assign_folds(rows, protocol, folds, 0.0 if folds == 2 else fraction, seed, CELL_LINES)

    assigned = assign(responses)

    # Each pair has one role per fold, in all folds, and is test in exactly one of them.
    assert not assigned.duplicated(["pair", "fold"]).any()
    assert len(assigned) == folds * responses["pair"].nunique()
    tested = assigned[assigned["role"] == "test"]
    assert sorted(tested["pair"]) == sorted(responses["pair"].unique())

    # Whole groups share a role, validation included; every fold can be trained on.
    rows = responses.merge(CELL_LINES, on="cell_line").merge(assigned, on="pair")
    assert (rows.groupby(["fold", GROUPS[protocol]])["role"].nunique() == 1).all()
    assert (assigned.groupby("fold")["role"].agg(lambda roles: (roles == "train").any())).all()

    # Neither the order of the rows nor any response changes the folds.
    shuffled = responses.sample(frac=1, random_state=seed)
    shuffled["auc"] = np.random.default_rng(seed).permutation(shuffled["auc"])
    pd.testing.assert_frame_equal(assign(shuffled), assigned)
    pd.testing.assert_frame_equal(assign(responses.drop(columns="auc")), assigned)


@settings(max_examples=25)
@given(responses=screens(), fraction=st.sampled_from([0.0, 0.1, 0.4]), seed=st.integers(0, 9))
def test_a_transfer(responses: pd.DataFrame, fraction: float, seed: int) -> None:
    """Of any two screens that overlap: curves of one train, curves of the other test, and nothing depends on an AUC."""
    source = np.random.default_rng(seed).choice(["a", "b", "other"], len(responses))
    source[:3], source[-3:] = "a", "b"
    responses = responses.assign(source=source)
    used = responses[responses["source"] != "other"]

    def assign(rows: pd.DataFrame) -> pd.DataFrame:
        return assign_folds(rows, "transfer_a_to_b", 5, fraction, seed, screens=("a", "b"))

    assigned = assign(responses)
    assert set(assigned["fold"]) == {0}
    assert not assigned.duplicated(["pair", "source"]).any()
    rows = with_roles(responses, assigned, 0)
    assert len(rows) == len(used)
    assert (rows["role"].eq("test") == rows["source"].eq("b")).all()
    assert {"train", "validation", "test"} == set(rows["role"])
    # All replicates of a pair in the training screen share a role.
    assert (rows.groupby(["pair", "source"])["role"].nunique() == 1).all()

    shuffled = responses.sample(frac=1, random_state=seed)
    shuffled["auc"] = np.random.default_rng(seed).permutation(shuffled["auc"])
    pd.testing.assert_frame_equal(assign(shuffled), assigned)
    pd.testing.assert_frame_equal(assign(responses.drop(columns="auc")), assigned)


@settings(max_examples=20)
@given(st.floats(0.05, 0.5), st.integers(0, 99))
def test_validation_is_as_large_as_asked_for(fraction: float, seed: int) -> None:
    grid = pd.DataFrame({"pair": range(400), "cell_line": np.repeat(range(40), 10), "drug": np.tile(range(10), 40)})
    assigned = assign_folds(grid, "leave_cell_line_out", 4, fraction, seed)
    rest = assigned[assigned["role"] != "test"]
    share = (rest["role"] == "validation").groupby(rest["fold"]).mean()
    # 30 cell lines of equal size remain, of which the nearest whole number validates.
    assert (np.abs(share - fraction) <= 0.5 / 30 + 1e-9).all()
