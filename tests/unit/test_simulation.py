"""The simulated cohort: the planted truth is in the data, and the raw files hold it."""

import csv
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from druggene.constants import AUC, CELL_LINE, COPY_NUMBER, DRUG, EXPRESSION, GENE, MUTATION, SMILES, TERM, TISSUE
from druggene.gene_ontology import read_obo_gaf
from druggene.ontology import build_hierarchy
from druggene.screen import normalise_name
from druggene.simulation import Cohort, Plan, make_plan, simulate, write_raw
from druggene.sources.ctrp import read_ctrp
from druggene.sources.gdsc import read_curves
from druggene.sources.gene_identity import GeneTable
from druggene.sources.portals import read_portals
from druggene.tables import read_metadata, read_table

RESOURCES = Path(__file__).parents[2] / "resources"
PANEL = RESOURCES / "drug_panel.csv"
MECHANISMS = RESOURCES / "simulated_mechanisms.csv"
DRIVERS = RESOURCES / "simulated_drivers.csv"
HUMAN_GENES = RESOURCES / "go" / "human_genes.tsv.gz"
CURVES = "gdsc/GDSC2_fitted_dose_response_27Oct23.xlsx"
ARCHIVE = "ctrp/CTRPv2.0_2015_ctd2_ExpandedDataset.zip"

Ontology = tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]


@pytest.fixture(scope="module")
def ontology() -> Ontology:
    return read_obo_gaf(RESOURCES / "go" / "go-basic.obo.gz", RESOURCES / "go" / "goa_human.gaf.gz")


@pytest.fixture(scope="module")
def plan(ontology: Ontology) -> Plan:
    return make_plan(PANEL, MECHANISMS, DRIVERS, HUMAN_GENES, *ontology, n_genes=600)


@pytest.fixture(scope="module")
def cohort(plan: Plan) -> Cohort:
    return simulate(plan, n_cell_lines=150, seed=1)


@pytest.fixture(scope="module")
def raw(cohort: Cohort, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("raw")
    write_raw(cohort, folder)
    return folder


def mean_auc(cohort: Cohort) -> pd.DataFrame:
    """Return cell lines x drugs, NaN where the pair is missing."""
    return cohort.responses.pivot_table(index=CELL_LINE, columns=DRUG, values=AUC)


# The plan


def test_plan_covers_targets_drivers_and_the_number_of_genes(plan: Plan) -> None:
    targets = set(plan.panel["targets"].dropna().str.split(";").explode())
    assert len(plan.genes) == len(set(plan.genes)) == 600
    assert list(plan.genes) == sorted(plan.genes)
    assert (targets | set(plan.drivers[GENE])) <= set(plan.genes)
    assert plan.entrez["BRAF"] == 673


def test_each_class_has_a_mechanism_with_a_driver(plan: Plan) -> None:
    planted = plan.mechanisms.dropna(subset="class")
    assert set(plan.panel["class"]) == set(planted["class"])
    assert plan.mechanisms["class"].isna().sum() >= 5
    driven = planted[planted[TERM].isin(plan.drivers[TERM])]
    assert driven["class"].nunique() >= 18


def test_hierarchy_with_default_thresholds_keeps_all_active_terms(plan: Plan, ontology: Ontology) -> None:
    terms, edges, annotations = ontology
    hierarchy = build_hierarchy(edges, annotations, dict(zip(terms[TERM], terms["name"], strict=True)), plan.genes)
    assert set(plan.terms) <= set(hierarchy.terms)
    sizes = dict(zip(hierarchy.terms, hierarchy.sizes, strict=True))
    assert plan.term_genes[TERM].value_counts().to_dict() == {term: sizes[term] for term in plan.terms}
    assert all(12 <= sizes[term] <= 80 for term in plan.terms)


def test_plan_refuses_too_few_genes(ontology: Ontology) -> None:
    with pytest.raises(ValueError, match=r"simulated\.genes is 300.*need \d+; raise it"):
        make_plan(PANEL, MECHANISMS, DRIVERS, HUMAN_GENES, *ontology, n_genes=300)


@pytest.mark.parametrize(
    ("which", "old", "new", "message"),
    [
        ("mechanisms", "ERK1 and ERK2 cascade", "ERK cascade", "GO:0070371 'ERK cascade' is 'ERK1 and ERK2 cascade'"),
        ("mechanisms", "MDM2 inhibitor", "HDM2 inhibitor", "class 'MDM2 inhibitor' is not among"),
        ("drivers", "BRAF", "BRAFF", "gene 'BRAFF' is not among"),
        ("drivers", "amplification", "gain", "alteration 'gain' is not among"),
        ("drivers", "Skin:0.5", "Skin0.5", "tissue_rates 'Skin0.5"),
        ("panel", "MTOR,", "FRAP,", "target 'FRAP' is not among"),
        ("panel", "formula,smiles", "formula,structure", "missing column"),
    ],
)
def test_plan_names_the_wrong_entry(
    ontology: Ontology, tmp_path: Path, which: str, old: str, new: str, message: str
) -> None:
    files = {"panel": PANEL, "mechanisms": MECHANISMS, "drivers": DRIVERS}
    text = files[which].read_text()
    assert old in text
    files[which] = tmp_path / f"{which}.csv"
    files[which].write_text(text.replace(old, new))
    with pytest.raises(ValueError, match=message) as error:
        make_plan(*files.values(), HUMAN_GENES, *ontology, n_genes=600)
    assert str(tmp_path) in str(error.value)


# Genotypes


def test_driver_alterations_move_the_activity_of_their_term(cohort: Cohort) -> None:
    drivers = cohort.plan.drivers.set_index(GENE)
    tested = 0
    for gene in drivers.index:
        altered = cohort.altered[gene] == 1
        if altered.sum() < 8:
            continue
        tested += 1
        activity = cohort.activities[drivers.loc[gene, TERM]]
        difference = activity[altered].mean() - activity[~altered].mean()
        assert np.sign(difference) == np.sign(drivers.loc[gene, "effect"]), gene
        assert stats.ttest_ind(activity[altered], activity[~altered]).pvalue < 0.05, gene
    assert tested >= 10
    braf = cohort.altered["BRAF"] == 1
    assert (
        stats.ttest_ind(cohort.activities.loc[braf, "GO:0070371"], cohort.activities.loc[~braf, "GO:0070371"])[1] < 1e-3
    )


def test_drivers_are_altered_in_the_matrices(cohort: Cohort) -> None:
    by = cohort.plan.drivers.groupby("alteration")[GENE].agg(list)
    pd.testing.assert_frame_equal(
        cohort.mutation[by["mutation"]], cohort.altered[by["mutation"]], check_names=False, check_dtype=False
    )
    amplified = cohort.copy_number[by["amplification"]] > np.log2(1 + 2**0.9)
    assert (amplified == (cohort.altered[by["amplification"]] == 1)).all(axis=None)


def test_mutation_rates_follow_tissue_and_have_a_long_tail(plan: Plan) -> None:
    large = simulate(plan, n_cell_lines=1000, seed=2)
    tissue = large.cell_lines.set_index(CELL_LINE)[TISSUE]
    for gene, where, rate, base in (("BRAF", "Skin", 0.5, 0.03), ("KRAS", "Pancreas", 0.8, 0.04)):
        mutated = large.mutation[gene]
        assert abs(mutated[tissue == where].mean() - rate) < 0.12
        assert abs(mutated[tissue.isin(["Breast", "Lymphoid", "CNS/Brain"])].mean() - base) < 0.03
    rates = large.mutation.drop(columns=plan.drivers[GENE]).mean().sort_values(ascending=False)
    assert 0.03 < large.mutation.to_numpy().mean() < 0.07
    assert rates.iloc[: len(rates) // 10].sum() > 0.25 * rates.sum()
    burden = large.mutation.sum(axis=1)
    deficient = large.mutation["MLH1"] == 1
    assert burden[deficient].mean() > 2 * burden[~deficient].mean()


def test_expression_follows_copy_number_of_the_same_gene_only(cohort: Cohort) -> None:
    expression = stats.zscore(cohort.expression.to_numpy())
    copy_number = stats.zscore(cohort.copy_number.to_numpy())
    own = (expression * copy_number).mean(axis=0)
    others = (expression * np.roll(copy_number, 211, axis=1)).mean(axis=0)
    assert 0.2 < np.median(own) < 0.4
    assert abs(np.median(others)) < 0.03


def test_copy_number_comes_in_segments(cohort: Cohort) -> None:
    """Genes of one arm share gains and losses, so each gene has some others that correlate highly."""
    correlation = np.corrcoef(cohort.copy_number.to_numpy().T)
    np.fill_diagonal(correlation, np.nan)
    assert np.median(np.nanmax(correlation, axis=1)) > 0.8
    assert abs(np.nanmedian(correlation)) < 0.03


def test_genes_of_an_active_term_are_expressed_together(cohort: Cohort) -> None:
    correlation = cohort.expression.corr()
    overall = correlation.to_numpy()[np.triu_indices(len(correlation), 1)].mean()
    for term, genes in cohort.plan.term_genes.groupby(TERM)[GENE]:
        block = correlation.loc[genes, genes].to_numpy()
        assert block[np.triu_indices(len(block), 1)].mean() > overall + 0.15, term


def test_activities_can_be_read_from_expression(cohort: Cohort) -> None:
    """The mean of the standardised genes of a term gives its activity back: interpretation has a chance."""
    standardised = (cohort.expression - cohort.expression.mean()) / cohort.expression.std()
    for term, genes in cohort.plan.term_genes.groupby(TERM)[GENE]:
        assert np.corrcoef(standardised[genes].mean(axis=1), cohort.activities[term])[0, 1] > 0.75, term


def test_truth_describes_activities_and_loadings(cohort: Cohort) -> None:
    np.testing.assert_allclose(cohort.activities.mean(), 0, atol=1e-9)
    np.testing.assert_allclose(cohort.activities.std(ddof=0), 1)
    pairs = cohort.loadings[[TERM, GENE]].sort_values([TERM, GENE]).reset_index(drop=True)
    pd.testing.assert_frame_equal(pairs, cohort.plan.term_genes.sort_values([TERM, GENE]).reset_index(drop=True))


# Responses


def test_responses_follow_the_planted_terms_with_their_sign(cohort: Cohort) -> None:
    auc = mean_auc(cohort)
    correlation = [
        auc[row.drug].corr(cohort.activities[row.term]) * -np.sign(row.weight)
        for row in cohort.truth_terms.itertuples()
    ]
    assert len(correlation) >= 51
    assert min(correlation) > 0.25
    assert np.median(correlation) > 0.55


def test_responses_follow_no_other_term_beyond_chance(cohort: Cohort) -> None:
    """Regress the logit of AUC on all activities: t of an unplanted term exceeds 2.6 in about 1 of 100 cases."""
    auc = mean_auc(cohort)
    planted = set(zip(cohort.truth_terms[DRUG], cohort.truth_terms[TERM], strict=True))
    other_t, planted_t = [], []
    for drug in auc:
        known = auc[drug].notna()
        clipped = auc.loc[known, drug].clip(0.02, 0.98)
        y = np.log(clipped / (1 - clipped)).to_numpy()
        x = np.column_stack([np.ones(known.sum()), cohort.activities[known]])
        inverse = np.linalg.inv(x.T @ x)
        beta = inverse @ x.T @ y
        variance = ((y - x @ beta) ** 2).sum() / (len(y) - x.shape[1])
        t = (beta / np.sqrt(variance * np.diag(inverse)))[1:]
        for term, value in zip(cohort.activities, t, strict=True):
            (planted_t if (drug, term) in planted else other_t).append(abs(value))
    assert np.mean(np.array(other_t) > 2.6) < 0.04
    assert np.mean(np.array(planted_t) > 2.6) > 0.95


def test_terms_without_a_class_drive_no_response(cohort: Cohort) -> None:
    decoys = cohort.plan.mechanisms.loc[cohort.plan.mechanisms["class"].isna(), TERM]
    assert not set(decoys) & set(cohort.truth_terms[TERM])
    auc = mean_auc(cohort)
    correlation = [auc[drug].corr(cohort.activities[term]) for term in decoys for drug in auc]
    assert np.quantile(np.abs(correlation), 0.95) < 0.3


def test_aucs_are_in_range_and_pairs_missing_or_replicated(cohort: Cohort) -> None:
    auc = cohort.responses[AUC]
    assert auc.min() >= 0
    assert 1 < auc.max() < 1.3
    assert 0.005 < (auc > 1).mean() < 0.08
    pairs = cohort.responses.groupby([CELL_LINE, DRUG]).size()
    all_pairs = len(cohort.cell_lines) * len(cohort.plan.panel)
    assert 0.035 < 1 - len(pairs) / all_pairs < 0.065
    assert 0.02 < (pairs == 2).sum() / all_pairs < 0.04
    assert pairs.max() == 2
    twice = cohort.responses.groupby([CELL_LINE, DRUG])[AUC].agg(["min", "max", "size"]).query("size == 2")
    assert 0.02 < (twice["max"] - twice["min"]).mean() < 0.08


def test_drugs_of_a_class_resemble_each_other(cohort: Cohort) -> None:
    correlation = mean_auc(cohort).corr()
    class_of = cohort.plan.panel.set_index(DRUG)["class"]
    same = np.equal.outer(class_of.loc[correlation.index].to_numpy(), class_of.loc[correlation.index].to_numpy())
    upper = np.triu(np.ones_like(same, dtype=bool), 1)
    values = correlation.to_numpy()
    assert values[same & upper].mean() > values[~same & upper].mean() + 0.5


@pytest.mark.parametrize("number", [20, 121, 150])
def test_number_of_cell_lines_is_as_asked(plan: Plan, number: int) -> None:
    lines = simulate(plan, number, seed=3).cell_lines
    assert len(lines) == number
    assert lines["name"].is_unique
    assert lines[TISSUE].nunique() >= 8


# Raw files


def test_same_seed_gives_identical_bytes_and_another_seed_does_not(plan: Plan, tmp_path: Path) -> None:
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        write_raw(simulate(plan, 40, seed), tmp_path / name)
    files = sorted(path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*.*"))
    assert len(files) == 14
    for file in files:
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes(), file
    for file in ("depmap/OmicsCNGene.csv", "depmap/OmicsSomaticMutations.csv", CURVES, ARCHIVE):
        assert (tmp_path / "a" / file).read_bytes() != (tmp_path / "c" / file).read_bytes(), file


def test_parsers_return_what_was_simulated(cohort: Cohort, raw: Path) -> None:
    files = [path for folder in ("depmap", "gdsc", "ctrp") for path in (raw / folder).iterdir()]
    screen = read_portals(files, "test", GeneTable.read(HUMAN_GENES), raw / "structures.csv", simulated=True)
    for omic, simulated in (
        (EXPRESSION, cohort.expression),
        (COPY_NUMBER, cohort.copy_number),
        (MUTATION, cohort.mutation),
    ):
        pd.testing.assert_frame_equal(screen.omics[omic], simulated.astype("float32"), check_column_type=False)
    order = [CELL_LINE, DRUG, AUC]
    pd.testing.assert_frame_equal(
        screen.responses[order].sort_values(order).reset_index(drop=True),
        cohort.responses[order].sort_values(order).reset_index(drop=True),
        check_dtype=False,
    )
    pd.testing.assert_frame_equal(screen.cell_lines[[CELL_LINE, "name", TISSUE]], cohort.cell_lines, check_dtype=False)
    panel = cohort.plan.panel.set_index(DRUG)
    for column in (SMILES, "targets", "pathway"):
        assert screen.drugs.set_index(DRUG)[column].dropna().to_dict() == panel[column].dropna().to_dict()
    counts = screen.counts.assign(lost=screen.counts["n_in"] - screen.counts["n_out"]).set_index("step")
    assert counts.loc["variants counted", "lost"] == len(cohort.cell_lines)  # each has a silent variant
    assert not counts.drop(index=["drugs unified", "cell lines unified", "variants counted"])["lost"].any()
    assert screen.simulated


def test_both_screens_have_pairs_of_their_own_and_in_common(cohort: Cohort, raw: Path) -> None:
    gdsc, (ctrp, compounds) = read_curves(raw / CURVES), read_ctrp(raw / ARCHIVE)
    assert len(gdsc) + len(ctrp) == len(cohort.responses)
    ours = set(zip(gdsc["name"].map(normalise_name), gdsc[DRUG].str.lower(), strict=True))
    theirs = set(zip(ctrp["name"], ctrp[DRUG], strict=True))
    for pairs in (ours & theirs, ours - theirs, theirs - ours):
        assert len(pairs) > 50
    assert len(ours) < len(gdsc), "GDSC has replicates"
    assert len(compounds) == 26


def test_identifiers_cannot_be_taken_for_real_ones(raw: Path) -> None:
    models = pd.read_csv(raw / "depmap" / "Model.csv")
    curves = pd.read_excel(raw / CURVES, engine="calamine")
    assert models["ModelID"].str.fullmatch(r"ACH-9\d{5}").all()
    assert models["CellLineName"].str.startswith("SIM-").all()
    assert curves["COSMIC_ID"].min() > 90_000_000
    assert curves["SANGER_MODEL_ID"].str.fullmatch(r"SIDM9\d{4}").all()
    assert set(curves["DATASET"]) == {"SIMULATED"}


def test_identifiers_are_disjoint_from_the_portals(raw: Path, shared_data: Path) -> None:
    real = pd.read_csv(shared_data / "raw_samples" / "depmap" / "Model.csv", low_memory=False)
    models = pd.read_csv(raw / "depmap" / "Model.csv")
    for column in models.columns.drop("OncotreeLineage"):
        assert not set(real[column].dropna()) & set(models[column].dropna()), column
    assert set(models["OncotreeLineage"]) <= set(real["OncotreeLineage"])


def test_headers_are_those_of_the_portals(raw: Path, shared_data: Path) -> None:
    samples = shared_data / "raw_samples"

    def header(path: Path) -> list[str]:
        return next(csv.reader(path.open(newline="")))

    assert list(pd.read_excel(raw / CURVES, engine="calamine").columns) == header(
        samples / "gdsc" / "GDSC2_fitted_dose_response_17Jul19.sample6rows.csv"
    )
    assert header(raw / "gdsc" / "screened_compounds_rel_8.5.csv") == header(
        samples / "gdsc" / "screened_compounds_rel_8.4.csv"
    )
    details = pd.read_excel(raw / "gdsc" / "Cell_Lines_Details.xlsx", engine="calamine")
    real_details = pd.read_excel(samples / "gdsc" / "Cell_Lines_Details.xlsx", engine="calamine")
    assert list(details.columns) == list(real_details.columns)
    for name, sample in (("Model", "Model"), ("OmicsSomaticMutations", "OmicsSomaticMutations.sample")):
        real = header(samples / "depmap" / f"{sample}.csv")
        ours = header(raw / "depmap" / f"{name}.csv")
        assert [column for column in real if column in ours] == ours
    name = "OmicsExpressionProteinCodingGenesTPMLogp1"
    first = (raw / "depmap" / f"{name}.csv").read_text()[:2000].split(",")
    assert first[0] == ""
    assert re.fullmatch(r"\S+ \(\d+\)", first[1])
    real_genes = set(header(samples / "depmap" / f"{name}.sample9rows.csv"))
    ours = header(raw / "depmap" / f"{name}.csv")[1:]
    assert np.mean([gene in real_genes for gene in ours]) > 0.95


def test_truth_is_marked_as_simulated(raw: Path, cohort: Cohort) -> None:
    for path in sorted((raw / "truth").glob("*.parquet")):
        assert read_metadata(path)["simulated"] is True
    terms = read_table(raw / "truth" / "terms.parquet", columns=[DRUG, "class", TERM, "name", "weight"])
    vemurafenib = terms[terms[DRUG] == "Vemurafenib"].set_index(TERM)["weight"].to_dict()
    assert vemurafenib == {"GO:0070371": 1.0, "GO:0007173": -0.5}
    pd.testing.assert_frame_equal(
        read_table(raw / "truth" / "activities.parquet"), cohort.activities, check_names=False
    )
