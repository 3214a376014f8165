"""What is fixed before anything is drawn: panel, mechanisms, drivers, and the genes that the simulation covers."""

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from druggene.constants import DRUG, GENE, SMILES, TERM
from druggene.tables import require_columns

GENES_PER_TERM = 16
"""Best annotated genes that are taken of each active term."""
FEWEST_GENES_OF_TERM = 12
"""An active term with fewer genes would fall out of a hierarchy of terms with at least ten."""

ALTERATIONS = ("mutation", "amplification")


@dataclass(frozen=True)
class Plan:
    """The fixed part of a simulation.

    Attributes
    ----------
    genes
        The covered genes, sorted.
    entrez
        Gene symbol to Entrez id.
    panel
        drug, smiles, targets, pathway, class.
    mechanisms
        class, term, name, weight; a missing class marks a term that moves genes and no response.
    drivers
        gene, alteration, term, effect, rate, tissue_rates (tissue to rate).
    term_genes
        term, gene: the covered genes of each active term, its descendants' included.
    """

    genes: tuple[str, ...]
    entrez: dict[str, int]
    panel: pd.DataFrame
    mechanisms: pd.DataFrame
    drivers: pd.DataFrame
    term_genes: pd.DataFrame

    @property
    def terms(self) -> tuple[str, ...]:
        """The active terms, sorted."""
        return tuple(sorted(self.mechanisms[TERM].unique()))


def make_plan(
    panel: str | Path,
    mechanisms: str | Path,
    drivers: str | Path,
    human_genes: str | Path,
    terms: pd.DataFrame,
    edges: pd.DataFrame,
    annotations: pd.DataFrame,
    n_genes: int,
) -> Plan:
    """Read the panel, mechanisms and drivers, and choose ``n_genes`` genes around them.

    Chosen are the drugs' targets, the drivers, and of each active term the best annotated genes (most direct
    annotations); the best annotated genes of the rest fill the number up.

    Parameters
    ----------
    panel, mechanisms, drivers
        CSV files with the columns named in :class:`Plan`.
    human_genes
        Tab-separated entrez_id and symbol of the protein-coding genes.
    terms, edges, annotations
        The whole ontology: (term, name), (parent, child) and direct (term, gene).
    n_genes
        Number of genes to choose.

    Raises
    ------
    ValueError
        If a file lacks a column, a name is unknown, or ``n_genes`` is too small.
    """
    panel_table = _read(panel, [DRUG, SMILES, "targets", "pathway", "class"])
    mechanism_table = _read(mechanisms, ["class", TERM, "name", "weight"])
    driver_table = _read(drivers, [GENE, "alteration", TERM, "effect", "rate", "tissue_rates"])
    human = pd.read_csv(human_genes, sep="\t", usecols=["entrez_id", "symbol"], dtype={"symbol": "str"})
    entrez = dict(zip(human["symbol"], human["entrez_id"].astype(int), strict=True))

    _check_terms(mechanism_table, terms, mechanisms)
    _check_names(panel_table["class"], set(mechanism_table["class"].dropna()), f"{panel}: class", str(mechanisms))
    _check_names(driver_table[TERM], set(mechanism_table[TERM]), f"{drivers}: term", str(mechanisms))
    _check_names(driver_table[GENE], set(entrez), f"{drivers}: gene", str(human_genes))
    _check_names(driver_table["alteration"], set(ALTERATIONS), f"{drivers}: alteration", " and ".join(ALTERATIONS))
    targets = panel_table["targets"].dropna().str.split(";").explode()
    _check_names(targets, set(entrez), f"{panel}: target", str(human_genes))

    known = annotations[annotations[GENE].isin(entrez.keys())]
    counts = known[GENE].value_counts()
    ranked = sorted(counts.index, key=lambda gene: (-counts[gene], gene))
    rank = {gene: i for i, gene in enumerate(ranked)}
    active = sorted(mechanism_table[TERM].unique())
    members = _members(active, edges, known)
    chosen = set(targets) | set(driver_table[GENE])
    for term in active:
        chosen.update(sorted(members[term], key=rank.__getitem__)[:GENES_PER_TERM])
    if len(chosen) > n_genes:
        raise ValueError(
            f"config: simulated.genes is {n_genes}, but targets, drivers and active terms need {len(chosen)}; raise it"
        )
    chosen.update([gene for gene in ranked if gene not in chosen][: n_genes - len(chosen)])
    genes = tuple(sorted(chosen))
    term_genes = pd.DataFrame(
        [(term, gene) for term in active for gene in sorted(members[term] & chosen)], columns=[TERM, GENE]
    )
    sizes = term_genes[TERM].value_counts().reindex(active, fill_value=0)
    if sizes.min() < FEWEST_GENES_OF_TERM:
        raise ValueError(
            f"{mechanisms}: term {sizes.idxmin()} has {sizes.min()} annotated genes; take terms with at least "
            f"{FEWEST_GENES_OF_TERM}"
        )
    tissue_rates = driver_table["tissue_rates"].fillna("").map(lambda text: _tissue_rates(text, drivers))
    return Plan(
        genes=genes,
        entrez={gene: entrez[gene] for gene in genes},
        panel=panel_table.sort_values(DRUG).reset_index(drop=True),
        mechanisms=mechanism_table,
        drivers=driver_table.assign(tissue_rates=tissue_rates),
        term_genes=term_genes,
    )


def _members(wanted: list[str], edges: pd.DataFrame, annotations: pd.DataFrame) -> dict[str, set[str]]:
    """Return the genes annotated to each wanted term or to any term below it."""
    children: dict[str, list[str]] = defaultdict(list)
    for parent, child in zip(edges["parent"], edges["child"], strict=True):
        children[parent].append(child)
    direct = annotations.groupby(TERM)[GENE].agg(set).to_dict()
    genes = {}
    for term in wanted:
        below, waiting = {term}, [term]
        while waiting:
            new = set(children.get(waiting.pop(), [])) - below
            below |= new
            waiting.extend(new)
        genes[term] = set().union(*(direct.get(each, set()) for each in below))
    return genes


def _read(path: str | Path, columns: list[str]) -> pd.DataFrame:
    table = pd.read_csv(path)
    require_columns(table.columns, columns, path)
    return table


def _check_names(values: pd.Series, known: set[str], what: str, where: str) -> None:
    unknown = sorted(set(values) - known)
    if unknown:
        raise ValueError(f"{what} {unknown[0]!r} is not among {where}; correct the name")


def _check_terms(mechanisms: pd.DataFrame, terms: pd.DataFrame, path: str | Path) -> None:
    """Check id and name of each term, so that a renumbered or renamed term is noticed."""
    names = dict(zip(terms[TERM], terms["name"], strict=True))
    for term, name in zip(mechanisms[TERM], mechanisms["name"], strict=True):
        if names.get(term) != name:
            raise ValueError(f"{path}: term {term} {name!r} is {names.get(term)!r} in the ontology; correct the row")


def _tissue_rates(text: str, path: str | Path) -> dict[str, float]:
    """Return tissue to rate from ``Skin:0.5;Bowel:0.15``; empty where nothing is given."""
    rates = {}
    for part in filter(None, text.split(";")):
        tissue, separator, rate = part.rpartition(":")
        if not separator:
            raise ValueError(f"{path}: tissue_rates {text!r} is not of the form Skin:0.5;Bowel:0.15")
        rates[tissue] = float(rate)
    return rates
