"""The paper's statements of interpretation: findings that made-up runs plant, and what a run cannot tell."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from druggene.claims import INTERPRET, read_claims
from druggene.interpretation.claims import MEASURES, Finding, Interpreted, Untestable, judge_interpretation
from druggene.interpretation.claims_table import collect_claims, interpretation_document
from druggene.interpretation.states import TermStates, write_states

ROOT = Path(__file__).parents[3]
CLAIMS = read_claims(ROOT / "resources/paper_claims.csv")
LINES = [f"line{i:03d}" for i in range(120)]
TERMS = ["GO:0006909", "GO:0071702", "GO:0006810", *(f"GO:900000{i}" for i in range(7))]


def run_of(folder: Path, known_drugs: Sequence[str] = ("Paclitaxel", "Selumetinib", "JQ1")) -> Interpreted:
    """A run in which the paper is right: BRAF, EGFR and a term's state decide on the AUC."""
    rng = np.random.default_rng(0)
    braf, egfr, state = rng.normal(size=(3, len(LINES)))
    noise = rng.normal(0, 0.1, (3, len(LINES)))
    auc = {
        "Selumetinib": 0.6 - 0.1 * braf + 0.1 * noise[0],
        "JQ1": 0.5 + 0.1 * np.maximum(braf, egfr) + 0.1 * noise[1],
        "Paclitaxel": 0.4 + 0.1 * state + 0.1 * noise[2],
    }
    responses = pd.DataFrame(
        [
            (f"{drug}/{line}", line, drug, value)
            for drug, values in auc.items()
            for line, value in zip(LINES, values, strict=True)
        ],
        columns=["pair", "cell_line", "drug", "auc"],
    )
    role = np.where(np.arange(len(responses)) % 3 == 0, "test", "train")
    folds = pd.DataFrame({"pair": responses["pair"], "fold": 0, "role": role})
    values = rng.normal(size=(len(TERMS), 6, len(LINES))).astype(np.float32)
    values[0] = state + rng.normal(0, 0.05, (6, len(LINES)))
    write_states(
        TermStates(tuple(TERMS), tuple(LINES), values, np.ones(len(LINES), bool)),
        folder / "states.parquet",
        source="made up",
        simulated=True,
    )
    power = np.linspace(0.5, 0.1, len(TERMS))
    scores = pd.DataFrame({"drug": "Paclitaxel", "term": TERMS, "name": TERMS, "power": power, "children_mean": 0.2})
    drugs = pd.DataFrame({"drug": list(auc), "name": list(auc), "targets": ["MAP2K1", "BRD4", "TUBB"]})
    return Interpreted(
        scores=scores,
        cell_lines=pd.DataFrame({"cell_line": LINES, "pc1": braf, "pc2": egfr}),
        fold=0,
        classes=pd.DataFrame(
            [
                ("BRAF", 4, 0.3, 0.01, "embedding"),
                ("BRAF", 4, 0.2, 0.02, "fingerprint"),
                ("BRD4", 3, 0.3, 0.20, "embedding"),
                ("BRD4", 3, 0.1, 0.30, "fingerprint"),
                ("PARP", 1, np.nan, np.nan, "embedding"),
                ("PARP", 1, np.nan, np.nan, "fingerprint"),
            ],
            columns=["class", "n_drugs", "silhouette", "p_value", "by"],
        ),
        states={0: str(folder / "states.parquet")},
        responses=responses[responses["drug"].isin(known_drugs)],
        folds=folds,
        drugs=drugs[drugs["drug"].isin(known_drugs)],
        expression=pd.DataFrame({"BRAF": braf, "EGFR": egfr}, index=pd.Index(LINES, name="cell_line")),
        known_targets=pd.DataFrame({"drug": ["JQ1", "Selumetinib"], "targets": ["BRD4", "MAP2K1"]}),
        annotations=pd.DataFrame({"term": ["t", "t"], "gene": ["BRAF", "EGFR"]}),
        obo=str(ROOT / "resources/go/go-basic.obo.gz"),
    )


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Interpreted:
    return run_of(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")
def judged(run: Interpreted) -> pd.DataFrame:
    return judge_interpretation(CLAIMS, run).set_index("id")


def test_every_statement_has_a_measure() -> None:
    own = CLAIMS[CLAIMS["stage"] == INTERPRET]
    assert set(own["measure"]) == set(MEASURES)


def test_a_run_in_which_the_paper_is_right(judged: pd.DataFrame, run: Interpreted) -> None:
    reproduced = ["braf_selumetinib", "braf_sensitive", "embedding_selumetinib", "egfr_braf_jq1", "egfr_braf_resistant"]
    reproduced += ["embedding_jq1", "cluster_braf", "rlipp_scored", "rlipp_best", "state_best", "state_phagocytosis"]
    verdicts = judged["verdict"]
    assert set(verdicts[reproduced]) == {"reproduced"}, verdicts[reproduced]
    responses = run.responses[run.responses["drug"] == "Selumetinib"].set_index("cell_line")["auc"]
    found = spearmanr(run.expression["BRAF"], responses[LINES])
    assert judged.loc["braf_selumetinib", "our_value"] == pytest.approx(found.statistic)
    assert judged.loc["braf_selumetinib", "p_value"] == pytest.approx(found.pvalue)
    assert judged.loc["embedding_selumetinib", "our_value"] > 0.9
    assert "40 test pairs" in judged.loc["embedding_selumetinib", "note"]
    # The second of ten is not in the top tenth's first, but a part of 0.2.
    assert judged.loc["rlipp_transport", "our_value"] == pytest.approx(0.2)
    assert verdicts["rlipp_transport"] == "not reproduced"


def test_a_finding_without_a_small_p_value_does_not_count(judged: pd.DataFrame) -> None:
    assert judged.loc["cluster_brd4", "our_value"] == 0.3
    assert judged.loc["cluster_brd4", "verdict"] == "not reproduced"


def test_what_the_run_lacks_is_said(judged: pd.DataFrame) -> None:
    untested = judged[judged["verdict"] == "not tested here"]
    assert set(untested.index) == {"cluster_parp", "rlipp_terms", "rlipp_rna"}
    assert untested.loc["rlipp_terms", "note"] == "10 terms in the network, 2,086 in the paper's"
    assert untested.loc["rlipp_rna", "note"] == "the hierarchy lacks GO:0000963"
    assert untested["our_value"].isna().all()


def test_marked_terms_are_compared_with_all(judged: pd.DataFrame) -> None:
    # Of ten terms the first alone is the top tenth: phagocytosis is transport, and so are the next two.
    assert judged.loc["rlipp_marked", "our_value"] == 1
    assert judged.loc["rlipp_marked", "p_value"] == pytest.approx(0.3)
    assert judged.loc["rlipp_marked", "verdict"] == "not reproduced"
    assert judged.loc["rlipp_marked", "note"] == "0.3 of all terms with a score"


def test_stand_ins_are_named(run: Interpreted) -> None:
    drugs = run.drugs.replace({"JQ1": "I-BET"})
    other = replace(run, drugs=drugs, responses=run.responses.replace({"JQ1": "I-BET"}))
    other = replace(other, expression=run.expression.drop(columns="BRAF"))
    found = judge_interpretation(CLAIMS, other).set_index("id")
    note = found.loc["egfr_braf_jq1", "note"]
    assert "I-BET in place of JQ1: most shared targets" in note
    assert "EGFR in place of BRAF: most shared annotations" in note
    gone = replace(other, drugs=drugs.assign(targets="X"))
    found = judge_interpretation(CLAIMS, gone).set_index("id")
    assert found.loc["egfr_braf_jq1", "verdict"] == "not tested here"
    assert "neither JQ1 nor a drug that shares a target" in found.loc["egfr_braf_jq1", "note"]


def test_the_opposite_is_not_reproduced(run: Interpreted) -> None:
    turned = replace(
        run, expression=-run.expression, scores=run.scores.assign(power=run.scores["power"].to_numpy()[::-1])
    )
    found = judge_interpretation(CLAIMS, turned).set_index("id")
    for name in ("braf_selumetinib", "braf_sensitive", "egfr_braf_jq1", "rlipp_best", "state_best"):
        assert found.loc[name, "verdict"] == "not reproduced"
    assert found.loc["rlipp_best", "our_value"] == len(TERMS)
    unscored = replace(run, scores=run.scores.assign(children_mean=[-0.1, *[0.2] * 9]))
    found = judge_interpretation(CLAIMS, unscored).set_index("id")
    assert found.loc["rlipp_best", "our_value"] == 10
    assert "it has no score" in found.loc["rlipp_best", "note"]
    with pytest.raises(Untestable, match="lacks mean"):
        MEASURES["rank_of_term"](replace(run, scores=run.scores.drop(columns="children_mean")), "Paclitaxel", TERMS[:1])


def test_the_table_has_the_control_beside(judged: pd.DataFrame) -> None:
    own = judged.reset_index()
    control = own.assign(our_value=0.125)
    table = collect_claims({("a", "measured"): own, ("a", "permuted"): control, ("b", "measured"): own})
    assert list(table["model"].unique()) == ["a", "b"]
    assert (table.loc[table["model"] == "a", "permuted_value"] == 0.125).all()
    assert table.loc[table["model"] == "b", "permuted_value"].isna().all()
    text = interpretation_document(table, {"a": "One", "b": "Two"}, "random_pairs", "made up", True).markdown()
    assert "## One" in text
    assert "| Permuted |" in text
    assert "nan" not in text.replace("Finan", "")
    alone = interpretation_document(
        collect_claims({("b", "measured"): own}), {"b": "Two"}, "random_pairs", "made up", True
    )
    assert "| Permuted |" not in alone.markdown()
    assert Finding(1.0).note == ""
