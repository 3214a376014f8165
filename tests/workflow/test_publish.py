"""A finished run with its report, and what is passed on of it."""

import csv
import json
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from rocrate.rocrate import ROCrate

from druggene.bundle import build_bundle, write_archive
from druggene.data_terms import Terms, read_terms
from druggene.tables import read_metadata, read_table
from druggene.verify import verify_bundle
from tests.workflow.running import TINY, copy_tree, plan, snakemake, succeed

RESULTS = Path("results/tiny")
PREDICTIONS = "predictions/random_pairs/naive.parquet"


@pytest.fixture(scope="module")
def published(finished: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of the finished run with report, folder and archive; made with a key that is given on the command line."""
    folder = copy_tree(finished, tmp_path_factory.mktemp("published") / "druggene")
    config = ("--config", "publish={author: A. N. Other, licence: CC-BY-4.0}")
    succeed(folder, "--cores", "2", "--configfile", TINY, *config, "--", "report", "publish")
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def bundle(published: Path) -> Path:
    return published / RESULTS / "publish" / "druggene_tiny"


def test_the_report_holds_the_run(published: Path) -> None:
    """It is of the run's own configuration, which alone knows the run's name."""
    text = (published / RESULTS / "report.html").read_text()
    assert "Run tiny, input simulated" in text
    assert "Networks: DrugGene, DrugCell." in text
    for part in ("train_model", "metrics.png", "provenance.json"):
        assert part in text
    assert "https://cdn." not in text.partition("<body")[0], "it needs no network"


def test_the_page_has_the_figures_of_the_comparison(finished: Path) -> None:
    page = (finished / RESULTS / "README.md").read_text()
    comparison = read_table(finished / RESULTS / "tables/random_pairs/comparison.parquet").set_index("label")
    assert "simulated data" in page
    for label in ("DrugGene", "Boosted trees", "Drug + cell-line effects"):
        (row,) = [line for line in page.splitlines() if line.startswith(f"| {label}")]
        assert f"| {comparison.loc[label, 'pooled_pearson']:.3f} [" in row
        assert f"| {comparison.loc[label, 'pooled_mse']:.4f} [" in row
    assert comparison["pooled_mse"].idxmin() + " (best)" in page


def test_the_written_configuration_gives_the_same_run(published: Path) -> None:
    """Models that it leaves out stay out, and no key differs, so that nothing is to be done."""
    config = str(RESULTS / "config.yaml")
    assert yaml.safe_load((published / config).read_text())["models"]["expbox"] is None
    run = plan(published, "publish", "report", configs=(config,))
    assert run.jobs == {}, run.text


def test_folder_and_archive_pass(bundle: Path, tmp_path: Path) -> None:
    archive = bundle.with_suffix(".zip")
    assert verify_bundle(bundle) == verify_bundle(archive) > 150
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(tmp_path)
    assert verify_bundle(tmp_path) == verify_bundle(bundle)


def test_no_path_of_the_machine_is_inside(published: Path, bundle: Path) -> None:
    for path in bundle.rglob("*"):
        assert path.is_dir() or str(published.parent).encode() not in path.read_bytes(), path


def test_simulated_data_are_inside(bundle: Path, published: Path) -> None:
    assert (bundle / "data/responses.parquet").read_bytes() == (
        published / RESULTS / "data/responses.parquet"
    ).read_bytes()
    with (bundle / "manifest.csv").open(newline="") as handle:
        rows = {row["file"]: row for row in csv.DictReader(handle)}
    assert {row["status"] for row in rows.values()} == {"included"}
    assert rows["data/responses.parquet"]["terms"] == "simulated: Apache-2.0"
    there = {path.relative_to(bundle).as_posix() for path in bundle.rglob("*") if path.is_file()}
    assert there - set(rows) == {"manifest.csv", "SHA256SUMS"}
    assert {f"figures/random_pairs/figure4/{panel}.csv" for panel in "ABCDEFGH"} <= there
    assert rows["resources/go/go-basic.obo.gz"]["terms"] == "go: CC BY 4.0"


def test_the_folder_has_all_that_a_run_needs(bundle: Path, published: Path, tmp_path: Path) -> None:
    """Unpacked elsewhere, it plans the whole run anew, by the same jobs."""
    folder = copy_tree(bundle, tmp_path / "unpacked")
    assert plan(folder, configs=("config.yaml",)).jobs["train_model"] == 4
    there, here = folder / "workflow", published / "workflow"
    shipped = {path.relative_to(here) for path in here.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    assert shipped <= {path.relative_to(there) for path in there.rglob("*")}


def again(published: Path, target: Path, terms: dict[str, Terms], **paths: str) -> Path:
    """Publish the same results another time."""
    config = yaml.safe_load((published / RESULTS / "config.yaml").read_text())
    with zipfile.ZipFile(published / RESULTS / "publish/druggene_tiny.zip") as opened:
        inside = opened.namelist()
    folders = ("data/", "figures/", "models/", "predictions/", "tables/")
    files = [str(published / RESULTS / name) for name in inside if name.startswith(folders)]
    build_bundle(target, published / RESULTS, files, published, config, terms)
    write_archive(target, target.with_suffix(".zip"))
    return target


def test_the_same_results_give_the_same_bytes(published: Path, bundle: Path, tmp_path: Path) -> None:
    terms = read_terms(published / "config/data_terms.csv")
    made = again(published, tmp_path / "other name", terms)
    assert made.with_suffix(".zip").read_bytes() == bundle.with_suffix(".zip").read_bytes()


def test_what_may_not_be_passed_on_stays_out(published: Path, tmp_path: Path) -> None:
    """The same results, as if the cohort were somebody else's."""
    terms = {"simulated": Terms("simulated", False, "all rights reserved", "", "")}
    made = again(published, tmp_path / "withheld", terms)
    verify_bundle(made)
    assert sorted(path.name for path in (made / "data").iterdir()) == ["random_pairs"]
    table, whole = read_table(made / PREDICTIONS), read_table(published / RESULTS / PREDICTIONS)
    assert "auc" not in table.columns
    assert table.equals(whole.drop(columns="auc"))
    assert read_metadata(made / PREDICTIONS)["left_out"] == ["auc"]
    ours = {made / "resources", made / "config"}  # the workflow's own files
    for path in (path for path in made.rglob("*.csv") if not ours & set(path.parents)):
        with path.open(newline="") as handle:
            columns = set(next(csv.reader(handle)))
        assert not {"auc", "smiles"} & columns, path
        assert not {"observed", "cell_line"} <= columns, path
    with (made / "manifest.csv").open(newline="") as handle:
        rows = {row["file"]: row for row in csv.DictReader(handle)}
    assert rows["data/expression.parquet"]["status"] == "left out"
    assert rows[PREDICTIONS]["why"] == "may not be passed on: column auc"
    assert rows[PREDICTIONS]["terms"] == "simulated: all rights reserved"
    assert "`data/responses.parquet`" in (made / "README.md").read_text()


def test_the_crate_has_what_its_profile_requires(bundle: Path) -> None:
    crate = ROCrate(bundle)
    workflow, root = crate.mainEntity, crate.root_dataset
    assert workflow.id == "Snakefile"
    assert set(workflow.type) == {"File", "SoftwareSourceCode", "ComputationalWorkflow"}
    assert workflow["programmingLanguage"]["name"] == "Snakemake"
    profiles = {entity.id for entity in root["conformsTo"]}
    assert {"https://w3id.org/ro/wfrun/process/0.5", "https://w3id.org/ro/wfrun/workflow/0.5"} <= profiles
    assert root["license"]["name"] == "CC-BY-4.0"
    (action,) = crate.get_by_type("CreateAction")
    assert action["instrument"] is workflow
    assert root["mentions"] in (action, [action])
    assert action["agent"]["name"] == "A. N. Other"
    assert "config.yaml" in {entity.id for entity in action["object"]}
    results = {entity.id for entity in action["result"]}
    assert {"tables/random_pairs/comparison.md", PREDICTIONS, "models/random_pairs/druggene/fold_0.pt"} <= results
    listed = {entity.id for entity in crate.data_entities}
    there = {path.relative_to(bundle).as_posix() for path in bundle.rglob("*") if path.is_file()}
    assert there - listed == {"ro-crate-metadata.json", "manifest.csv", "SHA256SUMS"}
    assert json.loads((bundle / "ro-crate-metadata.json").read_text())["@context"][0].endswith("/ro/crate/1.1/context")


def test_a_licence_that_is_no_name_is_refused(pristine: Path) -> None:
    run = snakemake(pristine, "--dry-run", "--config", "publish={licence: free for all}")
    assert run.returncode != 0
    assert "publish.licence" in run.text
