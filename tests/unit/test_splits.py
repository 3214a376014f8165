"""Protocols: known assignments, counts and what is refused."""

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import KFold

from druggene.splits import assign_folds, training_cell_lines, with_roles


def screen(lines: int = 20, drugs: int = 10) -> pd.DataFrame:
    pairs = [(f"l{i:02}", f"d{j:02}") for i in range(lines) for j in range(drugs)]
    frame = pd.DataFrame(pairs, columns=["cell_line", "drug"])
    return frame.assign(pair=range(len(frame)), auc=np.linspace(0, 1, len(frame)))


TISSUES = pd.DataFrame({"cell_line": [f"l{i:02}" for i in range(20)], "tissue": ["a", "b", "c", "d", None] * 4})


def test_random_pairs_have_folds_and_validation_of_the_wanted_size() -> None:
    counts = assign_folds(screen(), "random_pairs", 10, 0.1, 1).groupby(["fold", "role"]).size().unstack()
    assert (counts["test"] == 20).all()
    assert (counts["validation"] == 18).all()
    assert (counts["train"] == 162).all()


def test_folds_are_sorted_and_typed() -> None:
    folds = assign_folds(screen(), "random_pairs", 3, 0.1, 1)
    assert list(folds.columns) == ["pair", "protocol", "fold", "role"]
    assert folds[["fold", "pair"]].equals(folds[["fold", "pair"]].sort_values(["fold", "pair"]))
    assert str(folds["pair"].dtype) == str(folds["fold"].dtype) == "int64"


def test_another_seed_gives_other_folds() -> None:
    one, other = (assign_folds(screen(), "random_pairs", 5, 0, seed) for seed in (1, 2))
    assert not one.equals(other)


def test_validation_differs_between_folds() -> None:
    folds = assign_folds(screen(), "leave_cell_line_out", 5, 0.1, 1)
    chosen = folds[folds["role"] == "validation"].groupby("fold")["pair"].agg(frozenset)
    assert chosen.nunique() > 1


def test_random_pairs_are_dealt_as_kfold_deals_them() -> None:
    folds = assign_folds(screen(), "random_pairs", 7, 0, 3)
    tested = folds[folds["role"] == "test"].groupby("fold")["pair"].agg(list)
    assert list(tested) == [list(test) for _, test in KFold(7, shuffle=True, random_state=3).split(range(200))]


def test_validation_comes_close_to_its_part_of_the_pairs_when_groups_differ_in_size() -> None:
    """One tissue holds half of the cell lines, as blood and lung do."""
    tissues = pd.DataFrame(
        {"cell_line": [f"l{i:02}" for i in range(40)], "tissue": [*["blood"] * 20, *map(str, range(20))]}
    )
    for seed in range(5):
        folds = assign_folds(screen(40), "leave_tissue_out", 3, 0.2, seed, tissues)
        rest = folds[folds["role"] != "test"]
        share = (rest["role"] == "validation").groupby(rest["fold"]).mean()
        assert share.between(0.05, 0.3).all()


def test_cell_lines_of_unknown_tissue_take_no_part() -> None:
    folds = assign_folds(screen(), "leave_tissue_out", 4, 0.3, 1, TISSUES)
    known = screen().merge(TISSUES.dropna(), on="cell_line")
    assert set(folds["pair"]) == set(known["pair"])
    tissues_of_test = folds[folds["role"] == "test"].merge(known, on="pair").groupby("fold")["tissue"].nunique()
    assert (tissues_of_test == 1).all()


def test_training_cell_lines_are_those_of_role_train() -> None:
    folds = assign_folds(screen(), "leave_cell_line_out", 5, 0.1, 1)
    rows = with_roles(screen(), folds, 2)
    lines = training_cell_lines(screen(), folds, 2)
    assert len(lines) == 14
    assert not set(lines) & set(rows.loc[rows["role"] != "train", "cell_line"])


class TestPublished:
    responses = pd.DataFrame(
        {
            "pair": [0, 0, 1, 1, 2, 3],
            "cell_line": list("aabbcd"),
            "drug": "x",
            "published_role": ["train", "test", "validation", "train", "train", "test"],
        }
    )

    def test_strictest_role_wins(self) -> None:
        folds = assign_folds(self.responses, "published", 10, 0.1, 1)
        assert list(folds["role"]) == ["test", "validation", "train", "test"]
        assert set(folds["fold"]) == {0}

    def test_row_without_a_role_is_refused(self) -> None:
        responses = self.responses.assign(published_role=["train", None, *["test"] * 4])
        with pytest.raises(ValueError, match=r"1 rows \(first: pair 0\)"):
            assign_folds(responses, "published", 10, 0.1, 1)

    def test_no_roles_at_all(self) -> None:
        with pytest.raises(ValueError, match="published_role"):
            assign_folds(screen(), "published", 10, 0.1, 1)

    def test_no_test_pair(self) -> None:
        with pytest.raises(ValueError, match="no pair has the published role test"):
            assign_folds(self.responses.assign(published_role="train"), "published", 10, 0.1, 1)


class TestErrors:
    def test_unknown_protocol(self) -> None:
        with pytest.raises(ValueError, match="'leave_gene_out' is not one of random_pairs"):
            assign_folds(screen(), "leave_gene_out", 5, 0.1, 1)

    def test_fewer_groups_than_folds(self) -> None:
        with pytest.raises(ValueError, match="leave_drug_out has 10 different drug values, fewer than the 12 folds"):
            assign_folds(screen(), "leave_drug_out", 12, 0.1, 1)

    def test_no_tissue_known(self) -> None:
        with pytest.raises(ValueError, match="no cell line has a known tissue"):
            assign_folds(screen(), "leave_tissue_out", 2, 0.1, 1, TISSUES.assign(tissue=None))
        with pytest.raises(ValueError, match="needs the table of cell lines"):
            assign_folds(screen(), "leave_tissue_out", 2, 0.1, 1)

    def test_one_fold(self) -> None:
        with pytest.raises(ValueError, match=r"splits\.folds: 1 is too few"):
            assign_folds(screen(), "random_pairs", 1, 0.1, 1)

    def test_nothing_left_to_validate_on(self) -> None:
        with pytest.raises(ValueError, match="a single group for training and validation"):
            assign_folds(screen(2), "leave_cell_line_out", 2, 0.1, 1)

    def test_fold_that_is_not_there(self) -> None:
        with pytest.raises(ValueError, match="no pair in fold 7"):
            with_roles(screen(), assign_folds(screen(), "random_pairs", 3, 0.1, 1), 7)
