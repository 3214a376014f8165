"""Artifacts on disk: whole or absent, with their units, and the same bytes for the same table."""

import os
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from druggene import tables
from druggene.tables import atomic_path, markdown_row, read_metadata, read_table, require_columns, write_table


@pytest.fixture
def frame() -> pd.DataFrame:
    return pd.DataFrame({"cell_line": ["A", "B", "C"], "fold": [0, 1, 1], "auc": [0.5, float("nan"), 1.25]})


def test_a_table_comes_back_as_it_was_written(frame: pd.DataFrame, tmp_path: Path) -> None:
    path = tmp_path / "below" / "two" / "t.parquet"
    write_table(frame, path, description="responses")
    pd.testing.assert_frame_equal(read_table(path), frame)


def test_a_named_index_is_kept_and_an_unnamed_one_dropped(frame: pd.DataFrame, tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    named = frame.set_index("cell_line")
    write_table(named, path, description="by cell line")
    pd.testing.assert_frame_equal(read_table(path), named)
    write_table(frame.loc[[2, 0]], path, description="some rows")
    assert list(read_table(path).index) == [0, 1]


def test_columns_and_rows_are_chosen(frame: pd.DataFrame, tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    write_table(frame, path, description="responses")
    chosen = read_table(path, columns=["cell_line"], filters=[("fold", "==", 1)])
    pd.testing.assert_frame_equal(chosen, pd.DataFrame({"cell_line": ["B", "C"]}))


def test_metadata_come_back(frame: pd.DataFrame, tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    write_table(
        frame, path, description="responses", units={"auc": "fraction"}, source="made up", simulated=True, k={"a": [1]}
    )
    assert read_metadata(path) == {
        "format_version": tables.FORMAT_VERSION,
        "description": "responses",
        "units": {"auc": "fraction"},
        "source": "made up",
        "simulated": True,
        "k": {"a": [1]},
    }


def test_equal_tables_have_equal_bytes(frame: pd.DataFrame, tmp_path: Path) -> None:
    one, other = tmp_path / "one.parquet", tmp_path / "other.parquet"
    write_table(frame, one, description="d", units={"auc": "1", "fold": "2"}, a=1, b=2)
    write_table(frame.copy(), other, description="d", units={"auc": "1", "fold": "2"}, b=2, a=1)
    assert one.read_bytes() == other.read_bytes()


def test_another_layout_is_refused(frame: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "t.parquet"
    monkeypatch.setattr(tables, "FORMAT_VERSION", tables.FORMAT_VERSION + 1)
    write_table(frame, path, description="of a later version")
    monkeypatch.undo()
    with pytest.raises(ValueError, match=r"t\.parquet: written with table layout \d+, .*delete it and rerun"):
        read_table(path)


def test_a_foreign_file_is_refused(frame: pd.DataFrame, tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(pa.Table.from_pandas(frame), path)
    with pytest.raises(ValueError, match=r"t\.parquet: not a table of this workflow"):
        read_table(path)


def test_a_missing_column_is_named_with_the_file(frame: pd.DataFrame, tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    write_table(frame, path, description="responses")
    with pytest.raises(ValueError, match=r"t\.parquet: missing column\(s\) drug, dose; found cell_line, fold, auc"):
        read_table(path, columns=["drug", "auc", "dose"])


def test_required_columns_that_are_there_pass(frame: pd.DataFrame) -> None:
    require_columns(list(frame.columns), ["auc", "fold"], "somewhere")


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "t.txt"
    path.write_text("old")

    def fail_half_way() -> None:
        with atomic_path(path) as temporary:
            temporary.write_text("ne")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail_half_way()
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["t.txt"]


def test_the_old_file_stands_until_the_block_ends(tmp_path: Path) -> None:
    path = tmp_path / "t.txt"
    path.write_text("old")
    with atomic_path(path) as temporary:
        temporary.write_text("new")
        assert path.read_text() == "old"
        # The rename is only atomic within one file system, and some writers go by the suffix.
        assert (temporary.parent, temporary.suffix) == (path.parent, ".txt")
    assert path.read_text() == "new"
    assert os.listdir(tmp_path) == ["t.txt"]


def test_a_file_is_readable_as_the_user_allows(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        with atomic_path(tmp_path / "t.txt") as temporary:
            temporary.write_text("text")
        assert os.umask(0o027) == 0o027
    finally:
        os.umask(before)
    assert (tmp_path / "t.txt").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("part", [slice(0, 0), slice(0, -9), slice(9, None)], ids=["empty", "cut", "headless"])
def test_damaged_file_is_named(tmp_path: Path, part: slice) -> None:
    path = tmp_path / "t.parquet"
    write_table(pd.DataFrame({"a": range(100)}), path, description="numbers")
    path.write_bytes(path.read_bytes()[part])
    with pytest.raises(ValueError, match=r"t\.parquet: not a readable Parquet file .* rerun the rule"):
        read_table(path)


def test_a_cell_of_markdown_stays_a_cell() -> None:
    assert markdown_row(["A", "1.5 ± 0.1"]) == "| A | 1.5 ± 0.1 |"
    assert markdown_row(["a|b\nc", "<b>&", "C:\\"]) == "| a\\|b c | &lt;b&gt;&amp; | C:\\\\ |"
