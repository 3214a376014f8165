"""The finished run: what stands in its files."""

import re
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from druggene.checkpoint import Checkpoint
from druggene.drugs import drug_matrix, read_drug_features
from druggene.genotype import fuse, read_genotype, read_omic
from druggene.network import Pairs
from druggene.tables import read_metadata, read_table
from tests.workflow.running import TINY, Run, copy_tree, succeed

NETWORKS = ["druggene", "drugcell"]
RIVALS = ["boosted_trees"]
NAIVE = ["global_mean", "drug_mean", "cell_line_mean", "effects"]
FOLDS = [0, 1]


@pytest.fixture(scope="module")
def results(finished: Path) -> Path:
    return finished / "results" / "tiny"


@pytest.fixture(scope="module")
def responses(results: Path) -> pd.DataFrame:
    return read_table(results / "data/responses.parquet")


@pytest.fixture(scope="module")
def folds(results: Path) -> pd.DataFrame:
    return read_table(results / "data/random_pairs/folds.parquet")


@pytest.fixture(scope="module")
def predictions(results: Path) -> pd.DataFrame:
    """The predictions of all models, naive ones included, of all folds."""
    folder = results / "predictions/random_pairs"
    paths = [folder / model / f"fold_{fold}.parquet" for model in NETWORKS + RIVALS for fold in FOLDS]
    return pd.concat([read_table(path) for path in [*paths, folder / "naive.parquet"]], ignore_index=True)


def test_every_response_is_predicted_once_by_every_model(predictions: pd.DataFrame, responses: pd.DataFrame) -> None:
    keys = ["pair", "cell_line", "drug", "auc"]
    expected = responses[keys].sort_values(keys, ignore_index=True)
    assert expected["pair"].duplicated().any(), "the cohort has replicates, so that they are counted right or wrong"
    assert sorted(predictions["model"].unique()) == sorted(NETWORKS + RIVALS + NAIVE)
    for _, part in predictions.groupby("model"):
        pd.testing.assert_frame_equal(part[keys].sort_values(keys, ignore_index=True), expected)
    assert np.isfinite(predictions["predicted"]).all()


def test_roles_are_kept_apart(predictions: pd.DataFrame, responses: pd.DataFrame, folds: pd.DataFrame) -> None:
    assert not folds.duplicated(["pair", "fold"]).any()
    assert set(folds["pair"]) == set(responses["pair"])
    assert (folds[folds["role"] == "test"].groupby("pair").size() == 1).all()
    for fold in FOLDS:
        of_fold = folds[folds["fold"] == fold]
        tested = set(of_fold.loc[of_fold["role"] == "test", "pair"])
        for _, part in predictions[predictions["fold"] == fold].groupby("model"):
            assert set(part["pair"]) == tested
        # The global mean tells which rows it comes from: all but those of the test pairs.
        mean = predictions.query("model == 'global_mean' and fold == @fold")["predicted"]
        np.testing.assert_allclose(mean, responses.loc[~responses["pair"].isin(tested), "auc"].mean(), rtol=1e-12)


def test_networks_train_on_the_rows_of_their_role(results: Path, responses: pd.DataFrame, folds: pd.DataFrame) -> None:
    sizes = responses.merge(folds, on="pair").groupby(["fold", "role"]).size()
    for model in NETWORKS:
        for fold in FOLDS:
            log = (results / f"logs/train_model/random_pairs/{model}/fold_{fold}.log").read_text()
            train, validation, test = (sizes[fold, role] for role in ("train", "validation", "test"))
            assert f"{train} training, {validation} validation and {test} test pairs" in log


def test_genotype_is_learned_from_training_cell_lines(
    results: Path, responses: pd.DataFrame, folds: pd.DataFrame
) -> None:
    mutation = read_table(results / "data/mutation.parquet")
    for fold in FOLDS:
        genes = read_table(results / f"data/random_pairs/fold_{fold}/genes.parquet").set_index("gene")
        pairs = folds.query("fold == @fold and role == 'train'")["pair"]
        lines = responses.loc[responses["pair"].isin(pairs), "cell_line"].unique()
        assert list(genes.index) == sorted(genes.index)
        frequency = mutation.loc[lines, genes.index].mean()
        np.testing.assert_allclose(genes["mutation_frequency"], frequency, rtol=1e-6)


def measured(observed: pd.Series, predicted: pd.Series) -> dict[str, float]:
    """Compute the metrics by their definitions."""
    error = (observed - predicted).to_numpy()
    constant = np.ptp(predicted) < 1e-6
    ranks = observed.rank(), predicted.rank()
    return {
        "pearson": np.nan if constant else np.corrcoef(observed, predicted)[0, 1],
        "spearman": np.nan if constant else np.corrcoef(*ranks)[0, 1],
        "mse": np.mean(error**2),
        "rmse": np.sqrt(np.mean(error**2)),
        "mae": np.mean(np.abs(error)),
        "r2": 1 - np.sum(error**2) / np.sum((observed - observed.mean()) ** 2),
    }


def test_metrics_follow_from_the_predictions(results: Path, predictions: pd.DataFrame) -> None:
    by_fold = read_table(results / "tables/random_pairs/metrics_by_fold.parquet").set_index(["model", "fold"])
    assert sorted(by_fold.index) == sorted((model, fold) for model in NETWORKS + RIVALS + NAIVE for fold in FOLDS)
    table = pd.read_csv(results / "tables/random_pairs/comparison.csv").set_index("model")
    assert list(table.index) == NETWORKS + RIVALS + NAIVE
    for model, part in predictions.groupby("model"):
        expected = pd.DataFrame({fold: measured(rows["auc"], rows["predicted"]) for fold, rows in part.groupby("fold")})
        for fold in FOLDS:
            np.testing.assert_allclose(
                by_fold.loc[(model, fold), expected.index].astype(float),
                expected[fold],
                1e-6,
                err_msg=f"{model} {fold}",
            )
        pooled = pd.Series(measured(part["auc"], part["predicted"]))
        if model == "global_mean":  # constant within each fold: the folds' means say nothing of the model
            pooled[["pearson", "spearman"]] = np.nan
        row = table.loc[model]
        for name in expected.index:
            expected_row = [expected.loc[name].mean(), expected.loc[name].std(), pooled[name]]
            shown = [row[f"{name}_mean"], row[f"{name}_sd"], row[f"pooled_{name}"]]
            np.testing.assert_allclose(shown, expected_row, rtol=1e-4, atol=1e-9, err_msg=f"{model} {name}")
        assert np.isfinite(row["mse_mean"])
        assert (row["n_pairs"], row["n_responses"], row["n_folds"]) == (part["pair"].nunique(), len(part), len(FOLDS))


@pytest.mark.parametrize("model", NETWORKS)
def test_checkpoint_predicts_what_the_workflow_wrote(results: Path, predictions: pd.DataFrame, model: str) -> None:
    """From raw omics, through the checkpoint's encoder, to the predictions of its fold."""
    fold = 1
    checkpoint = Checkpoint.load(results / f"models/random_pairs/{model}/fold_{fold}.pt")
    options, genes = checkpoint.options, list(checkpoint.encoder.genes)
    raw = {omic: read_omic(results / f"data/{omic}.parquet", genes) for omic in checkpoint.encoder.means}
    encoded = checkpoint.encoder.transform(raw)
    stored, cell_lines, stored_genes, _ = read_genotype(results / f"data/random_pairs/fold_{fold}/genotype.parquet")
    assert genes == stored_genes
    for omic, values in encoded.items():
        np.testing.assert_array_equal(values, stored[omic])

    features = read_drug_features(results / "data/drug_features.parquet")
    drugs = torch.from_numpy(drug_matrix(features, options.drug_features, checkpoint.drug_scaler))
    rows = predictions.query("model == @model and fold == @fold")
    cell_line = torch.from_numpy(pd.Index(cell_lines).get_indexer(pd.Index(rows["cell_line"])))
    drug = torch.from_numpy(features.index.get_indexer(pd.Index(rows["drug"])))
    network = checkpoint.network()
    with torch.no_grad():
        genotype = network.gather(torch.from_numpy(fuse(encoded, options.omics, options.fusion)))
        pairs = Pairs.of(cell_line, drug, len(cell_lines), len(drugs))
        predicted = network(genotype, drugs, pairs).predicted.numpy()
    np.testing.assert_allclose(predicted, rows["predicted"], atol=1e-6, rtol=0)
    # Predictions that hardly vary over drugs or cell lines would be reproduced by any network.
    assert rows["predicted"].std() > 1e-3
    assert rows.groupby("drug")["predicted"].std().max() > 2e-5


def test_figure_4_shows_every_test_response_and_says_who_stands_in(results: Path, predictions: pd.DataFrame) -> None:
    folder = results / "figures/random_pairs"
    for stem in (folder / "figure4", *(folder / "figure4" / letter for letter in "ABCDEFGH")):
        for suffix in ("pdf", "png", "csv"):
            assert stem.with_name(f"{stem.name}.{suffix}").stat().st_size > 0
    numbers = pd.read_csv(folder / "figure4.csv", keep_default_na=False)
    paired = numbers[numbers["panel"].isin(list("ABCD"))]
    assert paired["other"].tolist() == ["drugcell", "boosted_trees", "cell_line_mean", "effects"]
    assert paired["note"].tolist() == ["", *(f"in place of {name}" for name in ("expBox", "cnvBox", "elastic net"))]
    squares = pd.read_csv(folder / "figure4/G.csv").groupby("model")["n"].sum()
    outside = numbers[numbers["panel"] == "G"].set_index("model")["n_outside"].astype(float)
    for model in ("druggene", "drugcell", "effects"):
        assert squares[model] + outside[model] == (predictions["model"] == model).sum()


def test_tables_for_readers_are_csv_markdown_and_latex(results: Path) -> None:
    tables = ["data_sources", "preprocessing", "data_files"]
    tables += [f"random_pairs/{table}" for table in ("comparison", "table_s2", "significance")]
    for table in tables:
        first = (results / f"tables/{table}.tex").read_text().splitlines()[0]
        assert first.startswith("% ")
        assert "simulated data" in first
        assert (results / f"tables/{table}.md").read_text().splitlines()[0].endswith("simulated data")
        assert len(pd.read_csv(results / f"tables/{table}.csv")) or table == "data_files"


def test_simulated_data_say_so(results: Path) -> None:
    assert "simulated" in (results / "tables/random_pairs/comparison.md").read_text().splitlines()[0]
    made = [*results.glob("predictions/**/*.parquet"), *results.glob("models/**/*.parquet")]
    assert len(made) == (2 * len(NETWORKS) + len(RIVALS)) * len(FOLDS) + 1
    made += [results / "data/responses.parquet", results / "tables/random_pairs/metrics_by_fold.parquet"]
    for path in made:
        assert read_metadata(path)["simulated"] is True, path


EPOCH = re.compile(
    r"epoch (\d+) \(joint \d of 2\): loss [\d.]+, training MSE [\d.]+, validation MSE ([\d.]+) .*at most (\d+) s left"
)


@pytest.mark.parametrize("model", NETWORKS)
def test_training_reports_its_progress(results: Path, model: str) -> None:
    for fold in FOLDS:
        log = (results / f"logs/train_model/random_pairs/{model}/fold_{fold}.log").read_text()
        lines = EPOCH.findall(log)
        history = read_table(results / f"models/random_pairs/{model}/fold_{fold}.history.parquet")
        assert [int(epoch) for epoch, _, _ in lines] == history["epoch"].tolist() == [1, 2]
        assert [float(loss) for _, loss, _ in lines] == pytest.approx(history["validation_mse"].tolist(), abs=1e-5)
        assert int(lines[-1][2]) == 0


def test_waiting_jobs_are_looked_at_when_one_ends_and_not_by_a_clock(finished_run: tuple[Path, Run]) -> None:
    _, run = finished_run
    assert 0 < run.text.count("Ready jobs:") <= run.jobs.total() + 2


def test_every_job_leaves_log_and_benchmark(finished_run: tuple[Path, Run]) -> None:
    folder, run = finished_run
    jobs = run.jobs - Counter(["all"])
    for kind in ("log", "benchmark"):
        files = run.files(kind)
        assert {rule for rule, _ in files} == set(jobs)
        assert len(files) == jobs.total(), f"jobs share a {kind} file"
        for rule, name in files:
            assert (folder / name).is_file(), f"{rule} left no {kind}"
            if kind == "benchmark":
                assert (folder / name).read_text().startswith("s\th:m:s\tmax_rss")


def test_nothing_is_left_behind(results: Path) -> None:
    """Neither half-written files nor the state that a killed training would go on from."""
    assert [path for path in results.rglob("*") if path.name.startswith(".") or ".resume" in path.name] == []


def test_the_number_of_cores_changes_no_byte(results: Path, pristine: Path, tmp_path: Path) -> None:
    """A second run, elsewhere and on one core, gives the same data, predictions, tables and figure data."""
    folder = copy_tree(pristine, tmp_path / "elsewhere" / "druggene")
    succeed(folder, "--cores", "1", "--configfile", TINY)
    again = folder / "results/tiny"

    def contents(root: Path) -> dict[str, bytes]:
        kept = [path for path in root.rglob("*") if path.suffix in (".parquet", ".pt", ".csv", ".md")]
        return {str(path.relative_to(root)): path.read_bytes() for path in kept}

    first, second = contents(results), contents(again)
    assert first.keys() == second.keys()
    assert len(first) > 40
    assert [name for name in first if first[name] != second[name]] == []
