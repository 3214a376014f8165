"""Inputs of the user's own, from tables and gene sets to the table of a transfer, and what folders plan."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from druggene.tables import read_table
from tests.workflow.running import TINY, copy_tree, plan, succeed

GENES = [f"GENE{i}" for i in range(24)]
PROTOCOL = "transfer_one_to_two"
RESULTS = Path("results/mine")
OWN = {
    "run": "mine",
    "input": "own",
    "own": {"folder": "my tables"},
    "ontology": {"source": "gmt", "gmt": "sets.gmt", "edges": "edges.tsv", "prune": False},
    "genes": {"top_mutated_fraction": 1.0},
    "splits": {"protocols": [], "transfer": [{"train": "One", "test": "Two"}]},
    "models": {"druggene": {"omics": ["expression"]}, "drugcell": None},
    "rivals": {"names": []},
}


def write_tables(folder: Path) -> None:
    """Thirty cell lines with expression alone, and two screens that share drugs and cell lines, tab-separated."""
    rng = np.random.default_rng(0)
    tables = folder / "my tables"
    tables.mkdir()
    lines = pd.Index([f"line{i}" for i in range(30)], name="cell_line")
    expression = pd.DataFrame(rng.normal(size=(30, len(GENES))), lines, GENES)
    expression.to_csv(tables / "expression.tsv", sep="\t")
    smiles = ["CCO", "CCN", "CCCO", "c1ccccc1O", "CC(=O)O", "CCCCN"]
    pd.DataFrame({"drug": [f"drug{i}" for i in range(6)], "smiles": smiles}).to_csv(
        tables / "drugs.tsv", sep="\t", index=False
    )
    rows = [("One", line, drug) for line in range(20) for drug in range(4)]
    rows += [("Two", line, drug) for line in range(10, 30) for drug in range(2, 6)]
    responses = pd.DataFrame(
        {
            "cell_line": [f"line{line}" for _, line, _ in rows],
            "drug": [f"drug{drug}" for *_, drug in rows],
            "auc": rng.random(len(rows)).round(3),
            "source": [source for source, *_ in rows],
        }
    )
    responses.to_csv(tables / "responses.tsv", sep="\t", index=False)
    sets = {"low": GENES[:8], "high": GENES[:14], "other": GENES[14:], "unknown": ["X1", "X2"]}
    (folder / "sets.gmt").write_text("".join("\t".join([name, "-", *genes]) + "\n" for name, genes in sets.items()))
    (folder / "edges.tsv").write_text("parent\tchild\nhigh\tlow\n")
    (folder / "mine.yaml").write_text(yaml.safe_dump(OWN))


def test_one_omic_and_gene_sets_are_enough_for_a_transfer(pristine: Path, tmp_path: Path) -> None:
    folder = copy_tree(pristine, tmp_path / "druggene")
    write_tables(folder)
    target = RESULTS / f"tables/{PROTOCOL}/transfer.md"
    succeed(folder, "--cores", "2", "--configfile", TINY, "mine.yaml", "--", str(target))
    terms = read_table(folder / RESULTS / f"data/{PROTOCOL}/fold_0/terms.parquet").set_index("term")
    # The set of unknown genes is gone, and the sets without a parent lie below the root.
    assert terms["layer"].to_dict() == {"low": 0, "other": 0, "high": 1, "ROOT": 2}
    predictions = read_table(folder / RESULTS / f"predictions/{PROTOCOL}/druggene/fold_0.parquet")
    assert len(predictions) == 80
    text = (folder / target).read_text()
    assert text.startswith("# From One to Two\n")
    assert "10 cell lines, 2 drugs, 20 pairs, 20 curves." in text
    # Shared drugs in new lines, new drugs in shared lines, and both new: 20 curves each; no pair of known ones is new.
    assert text.count("\n## ") == 6
    assert "not the two together\n\nNone.\n" in text


def test_the_whole_run_of_own_tables_is_planned(pristine: Path, tmp_path: Path) -> None:
    folder = copy_tree(pristine, tmp_path / "druggene")
    write_tables(folder)
    jobs = plan(folder, "all", "hierarchies", "interpret", configs=(TINY, "mine.yaml")).jobs
    assert (jobs["train_model"], jobs["tabulate_transfer"], jobs["export_hierarchy"]) == (1, 1, 1)
    # What was published has no part in it, and a transfer's scores are not taken.
    assert not {"compare_hierarchies", "retrieve_file", "score_rlipp"} & set(jobs)


def test_the_folder_of_nest_vnn_is_planned_as_it_is(pristine: Path, shared_data: Path) -> None:
    arguments = ("--dry-run", "--cores", "1", "--configfile", "config/nest.yaml")
    run = succeed(pristine, *arguments, variables={"DRUGGENE_DATA": str(shared_data)})
    # The published split and two transfers.
    assert (run.jobs["tidy_drugcell_folder"], run.jobs["train_model"], run.jobs["tabulate_transfer"]) == (1, 3, 2)
    assert not {"extract_annotations", "retrieve_file"} & run.rules


def test_the_folder_of_nest_vnn_is_split_and_judged_as_it_is(pristine: Path, shared_data: Path, tmp_path: Path) -> None:
    folder = copy_tree(pristine, tmp_path / "druggene")
    (folder / "short.yaml").write_text("training: { epochs: 1 }\nrivals: { names: [] }\n")
    tables = Path("results/nest/tables/published")
    succeed(
        folder,
        *("--cores", "2", "--configfile", "config/nest.yaml", "short.yaml", "--", f"{tables}/comparison.parquet"),
        variables={"DRUGGENE_DATA": str(shared_data)},
    )
    tested = read_table(folder / "results/nest/predictions/published/druggene/fold_0.parquet")
    source = pd.read_csv(shared_data / "nest/test_data.txt", sep="\t", names=["cell_line", "drug", "auc", "screen"])
    assert len(tested) == len(source) == 333
    np.testing.assert_allclose(np.sort(tested["auc"]), np.sort(source["auc"]), rtol=1e-6)
    assert tested["predicted"].std() > 0
    # The folder's cell lines are split as a whole.
    responses = read_table(folder / "results/nest/data/responses.parquet")
    rows = responses.merge(read_table(folder / "results/nest/data/published/folds.parquet"), on="pair")
    held_out = set(rows.loc[rows["role"] == "test", "cell_line"])
    assert len(held_out) == 192
    assert not held_out & set(rows.loc[rows["role"] != "test", "cell_line"])
    # What docs/migration.md says of the tissues' means, which nothing random has a part in.
    naive = read_table(folder / "results/nest/predictions/published/naive.parquet").query("model == 'tissue_mean'")
    assert naive["auc"].corr(naive["predicted"]) == pytest.approx(0.386, abs=5e-4)
