"""Names with spaces, quotes, semicolons, newlines, shell and markup, wherever a user can write one."""

from pathlib import Path

import pandas as pd
import yaml

from druggene.tables import read_metadata, read_table, write_table
from tests.workflow.running import TINY, copy_tree, snakemake, succeed

HOSTILE = (
    'O\'Brien "x"; touch pwned\n$(touch pwned) `touch pwned` && touch pwned | ß→薬 {fold} {{x}} %s '
    "<b>&amp; $\\alpha$ $\\frac{ \\"
)
PLACE = "O'Brien; $(touch pwned) `touch pwned` ß→薬 & co"
NAIVE_FILE = "results/tiny/predictions/random_pairs/naive.parquet"


def rename(folder: Path, column: str, names: dict[str, str]) -> None:
    """Give some drugs, cell lines or tissues other names in every tidy table."""
    for path in sorted((folder / "results/tiny/data").glob("*.parquet")):
        table, metadata = read_table(path), read_metadata(path)
        metadata.pop("format_version")
        before = table.copy()
        if column in table:
            table[column] = table[column].replace(names)
        if table.index.name == column:
            table.index = table.index.map(lambda name: names.get(name, name)).rename(column)
        if not table.equals(before) or not table.index.equals(before.index):
            write_table(table, path, **metadata)


def test_names_are_data_and_nothing_else(own: Path) -> None:
    data = own / "results/tiny/data"
    drugs, lines = read_table(data / "drugs.parquet"), read_table(data / "cell_lines.parquet")
    drug, line, tissue = drugs["drug"].iloc[2], lines["cell_line"].iloc[5], lines["tissue"].iloc[5]
    for column, name in (("drug", drug), ("cell_line", line), ("tissue", tissue)):
        rename(own, column, {name: f"{column} {HOSTILE}"})
    labelled = {"models": {"drugcell": {"label": f"Label {HOSTILE}"}}}
    (own / f"{PLACE}.yaml").write_text(yaml.safe_dump(labelled, allow_unicode=True))

    run = succeed(own, "--cores", "2", "--configfile", TINY, f"{PLACE}.yaml")
    assert run.jobs["train_model"] == 4
    assert not list(own.rglob("pwned*"))
    results = own / "results/tiny"
    for model in ("druggene", "drugcell"):
        paths = [results / f"predictions/random_pairs/{model}/fold_{fold}.parquet" for fold in (0, 1)]
        predictions = pd.concat([read_table(path) for path in paths])
        expected = read_table(data / "responses.parquet")
        for column in ("drug", "cell_line"):
            assert f"{column} {HOSTILE}" in set(predictions[column])
            assert predictions[column].value_counts().to_dict() == expected[column].value_counts().to_dict()
    table = pd.read_csv(results / "tables/random_pairs/comparison.csv").set_index("model")
    assert table.loc["drugcell", "label"] == f"Label {HOSTILE}"
    for path in (results / "tables").rglob("*.md"):
        for block in path.read_text().split("\n\n"):
            rows = [line.replace("\\|", "") for line in block.splitlines() if line.startswith("|")]
            assert len({row.count("|") for row in rows}) <= 1, f"{path}: {block}"
            assert "<b>" not in block, f"{path}: {block}"
    assert "Label O'Brien" in (results / "tables/random_pairs/comparison.md").read_text()


def test_folders_and_files_may_be_called_anything(finished: Path, tmp_path: Path) -> None:
    folder = copy_tree(finished, tmp_path / PLACE / "druggene")
    made = (folder / NAIVE_FILE).read_bytes()
    (folder / NAIVE_FILE).unlink()
    ontology = folder / f"{PLACE}.obo.gz"
    (folder / "resources/go/go-basic.obo.gz").rename(ontology)
    setting = {"ontology": {"obo": ontology.name}}
    (folder / f"{PLACE}.yaml").write_text(yaml.safe_dump(setting, allow_unicode=True))
    run = succeed(folder, "--cores", "2", "--configfile", TINY, f"{PLACE}.yaml", "--", NAIVE_FILE)
    assert run.jobs["extract_annotations"] == run.jobs["predict_naive"] == 1
    assert (folder / NAIVE_FILE).read_bytes() == made
    assert not list(tmp_path.rglob("pwned*"))


def test_a_run_cannot_be_called_anything(pristine: Path) -> None:
    run = snakemake(pristine, "--dry-run", "--configfile", TINY, "--config", "run='../../elsewhere; x'")
    assert run.returncode != 0
    assert "run: '../../elsewhere; x' does not match" in run.text
