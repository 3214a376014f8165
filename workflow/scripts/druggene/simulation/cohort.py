"""The random part of a simulation: genotypes, activities and responses (model in the package's docstring)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from druggene.constants import AUC, CELL_LINE, DRUG, GENE, TERM, TISSUE
from druggene.simulation.plan import Plan

TISSUES = {
    "Lung": 0.18,
    "Skin": 0.12,
    "Bowel": 0.12,
    "Breast": 0.12,
    "Lymphoid": 0.12,
    "Myeloid": 0.08,
    "Ovary/Fallopian Tube": 0.08,
    "Pancreas": 0.08,
    "CNS/Brain": 0.10,
}
"""Tissue to its share of the cell lines, under the names that DepMap gives to lineages."""

ARMS = 40
DECIMALS = 6
"""Decimals of every number of the cohort, which the raw files can therefore hold without loss."""

TISSUE_ACTIVITY_SD = 0.5
OWN_ACTIVITY_SD = 0.8
TISSUE_EXPRESSION_SD = 0.4
EXPRESSION_NOISE_SD = 0.5
LOADING = (0.6, 1.0)
DOSAGE = (0.4, 1.0)
COPY_NUMBER_NOISE_SD = 0.05
ARM_EVENT_RATE = 0.3
FOCAL_EVENTS = 5.0
FOCAL_LENGTH = 8
AMPLIFICATION = (1.2, 2.5)
PASSENGER_RATE = 0.03
PASSENGER_RATE_SD = 0.9
BURDEN_SD = 0.4
HYPERMUTATION = 3.0
GENERAL_SENSITIVITY_SD = 0.35
CLASS_POTENCY = (-1.3, 0.8)
DRUG_POTENCY_SD = 0.3
STRENGTH = (0.8, 1.2)
AUC_NOISE_SD = 0.04
MISSING_FRACTION = 0.05
REPLICATE_FRACTION = 0.03


@dataclass(frozen=True)
class Cohort:
    """A simulated screen with its truth. Shapes: C cell lines, G genes, K active terms.

    Attributes
    ----------
    plan
        What was fixed beforehand.
    cell_lines
        cell_line (ModelID), name, tissue.
    mutation, expression, copy_number
        C x G: 0/1; log2(TPM + 1); log2(relative copy number + 1).
    responses
        cell_line, drug, auc; a pair may stand twice (replicates).
    sensitivities
        C x drugs: s of the model, the response before noise.
    activities
        C x K, mean 0 and standard deviation 1 per term.
    loadings
        term, gene, loading.
    altered
        C x drivers, 0/1.
    """

    plan: Plan
    cell_lines: pd.DataFrame
    mutation: pd.DataFrame
    expression: pd.DataFrame
    copy_number: pd.DataFrame
    responses: pd.DataFrame
    sensitivities: pd.DataFrame
    activities: pd.DataFrame
    loadings: pd.DataFrame
    altered: pd.DataFrame

    @property
    def truth_terms(self) -> pd.DataFrame:
        """The planted mechanism of each drug: drug, class, term, name, weight."""
        columns = [DRUG, "class", TERM, "name", "weight"]
        truth = self.plan.panel[[DRUG, "class"]].merge(self.plan.mechanisms.dropna(subset="class"), on="class")
        return truth[columns].sort_values([DRUG, TERM]).reset_index(drop=True)


def simulate(plan: Plan, n_cell_lines: int, seed: int) -> Cohort:
    """Draw a cohort; equal arguments give an equal cohort."""
    rng = np.random.default_rng(seed)
    cell_lines = _cell_lines(n_cell_lines)
    index = pd.Index(cell_lines[CELL_LINE], name=CELL_LINE)
    genes = pd.Index(plan.genes)
    tissue = pd.Categorical(cell_lines[TISSUE], categories=list(TISSUES)).codes.astype(int)

    altered = _driver_alterations(plan, cell_lines[TISSUE], rng)
    mutation = _mutation(plan, altered, rng)
    log2_ratio = _log2_ratio(plan, altered, tissue, rng)
    activity = _activity(plan, altered, tissue, rng)
    loading = _loading(plan, rng)
    expression = _expression(activity, loading, log2_ratio, tissue, rng)
    sensitivity = _sensitivity(plan, activity, rng)
    auc, row, column = _curves(sensitivity, rng)

    term, gene = np.nonzero(loading)
    return Cohort(
        plan=plan,
        cell_lines=cell_lines,
        mutation=pd.DataFrame(mutation, index=index, columns=genes),
        expression=pd.DataFrame(expression.round(DECIMALS), index=index, columns=genes),
        copy_number=pd.DataFrame(np.log2(np.exp2(log2_ratio) + 1).round(DECIMALS), index=index, columns=genes),
        responses=pd.DataFrame(
            {CELL_LINE: index[row], DRUG: plan.panel[DRUG].to_numpy()[column], AUC: auc.round(DECIMALS)}
        ),
        sensitivities=pd.DataFrame(sensitivity, index=index, columns=pd.Index(plan.panel[DRUG])),
        activities=pd.DataFrame(activity, index=index, columns=pd.Index(plan.terms)),
        loadings=pd.DataFrame(
            {TERM: np.array(plan.terms)[term], GENE: genes[gene], "loading": loading[term, gene]},
        ),
        altered=pd.DataFrame(altered.astype("int8"), index=index, columns=pd.Index(plan.drivers[GENE])),
    )


def _cell_lines(number: int) -> pd.DataFrame:
    """Return ids, names and tissues; the tissues' shares are met as nearly as whole numbers allow."""
    share = np.array(list(TISSUES.values()))
    count = np.floor(share * number).astype(int)
    largest_rest = np.argsort(-(share * number - count), kind="stable")
    count[largest_rest[: number - count.sum()]] += 1
    rows: list[tuple[str, str]] = []
    for tissue, n in zip(TISSUES, count, strict=True):
        short = tissue.split("/")[0].upper()
        rows.extend((f"SIM-{short}-{i:02d}", tissue) for i in range(1, n + 1))
    table = pd.DataFrame(rows, columns=["name", TISSUE])
    table.insert(0, CELL_LINE, [f"ACH-{900001 + i}" for i in range(number)])
    return table


def _driver_alterations(plan: Plan, tissues: pd.Series, rng: np.random.Generator) -> np.ndarray:
    """Return C x drivers booleans: where the driver is altered."""
    rate = np.array(
        [
            [
                rates.get(tissue, base)
                for rates, base in zip(plan.drivers["tissue_rates"], plan.drivers["rate"], strict=True)
            ]
            for tissue in tissues
        ]
    )
    return rng.random(rate.shape) < rate


def _positions(labels: Sequence[str], wanted: pd.Series) -> np.ndarray:
    """Return where each wanted label stands, -1 where it does not."""
    positions: np.ndarray = pd.Index(labels).get_indexer(pd.Index(wanted))
    return positions


def _driver_columns(plan: Plan, alteration: str) -> tuple[np.ndarray, np.ndarray]:
    """Return positions in the drivers and in the genes of the drivers with that kind of alteration."""
    drivers = np.flatnonzero(plan.drivers["alteration"] == alteration)
    return drivers, _positions(plan.genes, plan.drivers[GENE].iloc[drivers])


def _mutation(plan: Plan, altered: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return C x G 0/1: passengers everywhere but in drivers by mutation, and the drivers' alterations."""
    gene_rate = PASSENGER_RATE * rng.lognormal(0, PASSENGER_RATE_SD, len(plan.genes))
    burden = rng.lognormal(0, BURDEN_SD, len(altered))
    burden[altered[:, plan.drivers[GENE] == "MLH1"].any(axis=1)] *= HYPERMUTATION
    mutation = rng.random((len(altered), len(plan.genes))) < 1 - np.exp(-np.outer(burden, gene_rate))
    drivers, genes = _driver_columns(plan, "mutation")
    mutation[:, genes] = altered[:, drivers]
    return mutation.astype("int8")


def _log2_ratio(plan: Plan, altered: np.ndarray, tissue: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return C x G log2 ratios; drivers by amplification are high exactly where they are altered."""
    shape = len(altered), len(plan.genes)
    arm = np.sort(rng.integers(ARMS, size=shape[1]))
    place = rng.permutation(shape[1])
    event_rate = rng.beta(1.5, 1.5 / ARM_EVENT_RATE - 1.5, size=(2, len(TISSUES), ARMS))[:, tissue]
    gain, loss = rng.random(event_rate.shape) < event_rate / 2
    arm_ratio = gain * rng.uniform(0.3, 0.7, gain.shape) - loss * rng.uniform(0.3, 0.9, loss.shape)
    along = arm_ratio[:, arm]

    # A focal event adds its size at its first gene and takes it away behind its last one.
    line = np.repeat(np.arange(shape[0]), rng.poisson(FOCAL_EVENTS, shape[0]))
    first = rng.integers(shape[1], size=len(line))
    length = rng.integers(1, FOCAL_LENGTH + 1, size=len(line))
    size = np.where(rng.random(len(line)) < 0.5, rng.uniform(0.8, 1.8, len(line)), -rng.uniform(0.8, 2.0, len(line)))
    change = np.zeros((shape[0], shape[1] + FOCAL_LENGTH))
    np.add.at(change, (line, first), size)
    np.add.at(change, (line, first + length), -size)
    along = along + np.cumsum(change, axis=1)[:, : shape[1]]

    ratio = np.empty(shape)
    ratio[:, place] = along
    drivers, genes = _driver_columns(plan, "amplification")
    amplified = rng.uniform(*AMPLIFICATION, (shape[0], len(drivers)))
    ratio[:, genes] = np.where(altered[:, drivers], amplified, np.minimum(ratio[:, genes], AMPLIFICATION[0] / 2))
    return np.clip(ratio + rng.normal(0, COPY_NUMBER_NOISE_SD, shape), -4, 4)


def _activity(plan: Plan, altered: np.ndarray, tissue: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return C x K activities, standardised per term."""
    terms = plan.terms
    effect = np.zeros((altered.shape[1], len(terms)))
    effect[np.arange(len(effect)), _positions(terms, plan.drivers[TERM])] = plan.drivers["effect"]
    by_tissue = rng.normal(0, TISSUE_ACTIVITY_SD, (len(TISSUES), len(terms)))[tissue]
    activity = by_tissue + altered @ effect + rng.normal(0, OWN_ACTIVITY_SD, (len(altered), len(terms)))
    standardised: np.ndarray = (activity - activity.mean(axis=0)) / activity.std(axis=0)
    return standardised


def _loading(plan: Plan, rng: np.random.Generator) -> np.ndarray:
    """Return K x G loadings, 0 where the gene is not the term's; a gene of n terms has each loading over sqrt(n)."""
    terms, genes = plan.terms, plan.genes
    member = np.zeros((len(terms), len(genes)), dtype=bool)
    member[_positions(terms, plan.term_genes[TERM]), _positions(genes, plan.term_genes[GENE])] = True
    loading: np.ndarray = member * rng.uniform(*LOADING, member.shape)
    return loading / np.sqrt(np.maximum(member.sum(axis=0), 1))


def _expression(
    activity: np.ndarray, loading: np.ndarray, log2_ratio: np.ndarray, tissue: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Return C x G log2(TPM + 1)."""
    n_genes = loading.shape[1]
    base = rng.gamma(8.0, 0.5, n_genes)
    by_tissue = rng.normal(0, TISSUE_EXPRESSION_SD, (len(TISSUES), n_genes))[tissue]
    dosage = rng.uniform(*DOSAGE, n_genes)
    noise = rng.normal(0, EXPRESSION_NOISE_SD, log2_ratio.shape)
    return np.maximum(base + by_tissue + activity @ loading + dosage * log2_ratio + noise, 0)


def _sensitivity(plan: Plan, activity: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return C x drugs sensitivities s: potency, the line's general sensitivity and the planted mechanism."""
    classes = sorted(plan.panel["class"].unique())
    class_of = _positions(classes, plan.panel["class"])
    planted = plan.mechanisms.dropna(subset="class")
    weight = np.zeros((len(plan.terms), len(classes)))
    rows, columns = _positions(plan.terms, planted[TERM]), _positions(classes, planted["class"])
    known = columns >= 0
    weight[rows[known], columns[known]] = planted["weight"].to_numpy()[known]
    potency = rng.normal(*CLASS_POTENCY, len(classes))[class_of] + rng.normal(0, DRUG_POTENCY_SD, len(class_of))
    strength = rng.uniform(*STRENGTH, len(class_of))
    general = rng.normal(0, GENERAL_SENSITIVITY_SD, (len(activity), 1))
    sensitivity: np.ndarray = potency + general + strength * (activity @ weight[:, class_of])
    return sensitivity


def _curves(sensitivity: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the AUC of each curve with the row and column of its pair."""
    draw = rng.random(sensitivity.shape)
    times = np.where(draw < MISSING_FRACTION, 0, np.where(draw > 1 - REPLICATE_FRACTION, 2, 1))
    row, column = np.divmod(np.repeat(np.arange(times.size), times.ravel()), sensitivity.shape[1])
    auc = 1 / (1 + np.exp(sensitivity[row, column])) + rng.normal(0, AUC_NOISE_SD, len(row))
    return np.maximum(auc, 0), row, column
