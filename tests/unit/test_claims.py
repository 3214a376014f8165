"""The paper's statements: the file, the measures, and verdicts that follow the run's figures."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from druggene.claims import PAPER_MODELS, RunTables, claims_document, judge_claims, read_claims

CLAIMS = Path(__file__).parents[2] / "resources/paper_claims.csv"
MSE = dict(zip(PAPER_MODELS, [0.020, 0.021, 0.022, 0.023, 0.024, 0.025, 0.026], strict=True)) | {"global_mean": 0.04}


def run_tables() -> RunTables:
    """A run on as many cell lines and drugs as the paper names, in which DrugGene wins narrowly."""
    pairs = 8969
    index = np.arange(pairs)
    responses = pd.DataFrame(
        {
            "pair": index,
            "cell_line": index % 942,
            "drug": [f"d{i % 684}" for i in index],
            "auc": np.minimum(index / 8e3, 1),
        }
    )
    levels = [
        {"level": "pooled", "model": model, "metric": metric, "value": value}
        for model, mse in MSE.items()
        for metric, value in {
            "mse": mse,
            "rmse": mse**0.5,
            "mae": 2 * mse,
            "r2": 1 - mse / 0.04,
            "pearson": np.nan if model == "global_mean" else 1 - 10 * mse,
        }.items()
    ]
    by_drug = pd.DataFrame(
        [
            {"model": model, "drug": f"d{i}", "pearson": 0.5 - 3 * MSE[model] + (0.1 if i < 1 else i * 1e-5)}
            for model in PAPER_MODELS
            for i in range(684)
        ]
    )
    tests = pd.DataFrame(
        [
            {
                "unit": "drug",
                "metric": "pearson",
                "model": "druggene",
                "other": other,
                "p_value": 1e-9,
                "rank_biserial": 0.9,
            }
            for other in PAPER_MODELS[1:]
        ]
    )
    names = ["Teniposide", "Vincristine", *(f"drug {i}" for i in range(2, 684))]
    return RunTables(
        responses=responses,
        folds=pd.DataFrame({"pair": index, "role": "train"}),
        drugs=pd.DataFrame({"drug": [f"d{i}" for i in range(684)], "name": names}),
        drug_features=pd.DataFrame({"fingerprint": [bytes([255] * 10 + [128]) + bytes(245)]}),
        genes=pd.DataFrame({"gene": range(3008)}),
        counts=pd.DataFrame({"n_in": [10], "n_out": [10]}),
        terms=pd.DataFrame({"term": range(2086), "layer": np.arange(2086) % 6}),
        intervals=pd.DataFrame(levels),
        by_drug=by_drug,
        significance=tests,
    )


def verdicts(tables: RunTables) -> dict[str, str]:
    judged = judge_claims(read_claims(CLAIMS), tables)
    return dict(zip(judged["id"], judged["verdict"], strict=True))


def test_figures_as_the_papers_are_reproduced() -> None:
    found = verdicts(run_tables())
    reproduced = ("cell_lines", "drugs", "pairs", "genes", "terms", "layers", "active_bits", "auc_range", "best_mse")
    reproduced += ("best_pearson", "p_drugcell", "closest_is_expbox", "drugs_over_elastic_net", "teniposide")
    differing = {name: found[name] for name in reproduced if found[name] != "reproduced"}
    assert differing == {"closest_is_expbox": "not reproduced"}  # DrugCell is closer here
    assert found["reduction"] == "not reproduced"
    assert found["vincristine"] == "not reproduced"
    assert found["rlipp_best"] == "not tested here"


def test_an_mse_above_the_constants_cannot_be_true() -> None:
    found = verdicts(run_tables())
    assert {found[f"mse_{model}"] for model in PAPER_MODELS} == {"cannot be true"}
    worse = run_tables()
    worse.intervals.loc[(worse.intervals["model"] == "global_mean") & (worse.intervals["metric"] == "mse"), "value"] = (
        0.2
    )
    found = verdicts(worse)
    assert found["mse_druggene"] == "not reproduced"
    assert found["mse_cnvbox"] == "cannot be true"


def test_a_better_r2_at_a_worse_mse_cannot_be_true() -> None:
    assert verdicts(run_tables())["second_r2"] == "cannot be true"


def test_other_figures_are_not_reproduced() -> None:
    tables = run_tables()
    significance = tables.significance.assign(rank_biserial=-0.9)
    found = verdicts(replace(tables, terms=tables.terms.iloc[:2000], significance=significance))
    assert found["terms"] == "not reproduced"
    # Certainly different, but in the other direction.
    assert found["p_drugcell"] == "not reproduced"


def test_a_part_of_the_data_does_not_tell_their_size() -> None:
    part = replace(run_tables(), counts=pd.DataFrame({"n_in": [10], "n_out": [9]}))
    found = verdicts(part)
    assert {found[name] for name in ("cell_lines", "pairs", "genes", "terms")} == {"not tested here"}
    assert found["layers"] == "reproduced"


def test_without_drugs_that_count_no_drug_is_tested() -> None:
    tables = run_tables()
    mute = tables.significance.assign(p_value=np.nan, rank_biserial=np.nan)
    found = verdicts(replace(tables, by_drug=tables.by_drug.iloc[:0], significance=mute))
    names = ("p_drugcell", "drugs_with_correlation", "drugs_over_elastic_net", "teniposide")
    assert {found[name] for name in names} == {"not tested here"}


def test_without_a_model_nothing_is_tested() -> None:
    tables = run_tables()
    intervals = tables.intervals[tables.intervals["model"] != "lasso"]
    found = verdicts(replace(tables, intervals=intervals))
    assert found["best_mse"] == "not tested here"
    assert found["mse_lasso"] == "cannot be true"  # the constant predictor tells, with the model or without
    assert verdicts(replace(tables, drugs=tables.drugs.assign(name="?")))["teniposide"] == "not tested here"


def test_markdown_counts_the_verdicts() -> None:
    judged = judge_claims(read_claims(CLAIMS), run_tables())
    text = claims_document(judged, "published", "the published files", simulated=False).markdown()
    assert f"{(judged['verdict'] == 'cannot be true').sum()} cannot be true" in text
    assert text.count("\n| ") == len(judged) + 2
    assert "nan" not in text


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (",whole,n_terms", ",similar,n_terms", "rule 'similar' of terms is not one of equal"),
        (",n_terms,", ",n_word,", "measure 'n_word' of terms is not one of n_cell_lines"),
        ("\nterms,", "\ngenes,", "the id 'genes' stands twice"),
        ("id,section", "name,section", "columns are name, section"),
        ("\ndrugs,Data,tables", "\ndrugs,Data,figures", "stage 'figures' of drugs is not tables or interpret"),
        (",below,expression", ",whole,expression", "rule 'whole' of braf_selumetinib is not one of equal"),
    ],
)
def test_a_mistake_in_the_file_is_named(old: str, new: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "claims.csv"
    path.write_text(CLAIMS.read_text().replace(old, new, 1))
    with pytest.raises(ValueError, match=message):
        read_claims(path)
