"""Stand-ins for drugs and genes of the paper's figures that the data lack, by rules that can be said in a sentence."""

from collections.abc import Collection, Sequence

import pandas as pd

from druggene.constants import DRUG, GENE, TERM
from druggene.screen import normalise_name


def name_of(drug: str, drugs: pd.DataFrame) -> str:
    """Return what a drug is called in figures: its name, or its id where the data have no name for it."""
    names = drugs.loc[drugs[DRUG] == drug, "name"].dropna()
    return str(names.iloc[0]) if len(names) else drug


def nearest_drug(wanted: str, drugs: pd.DataFrame, known_targets: pd.DataFrame) -> tuple[str, str]:
    """Return a drug of the data and a note, empty where it is the wanted one.

    Names are compared in capitals without punctuation. The stand-in is the drug whose known targets overlap most with
    those of the wanted one (Jaccard index), the first by name among equals.

    Parameters
    ----------
    wanted
        Name of the drug.
    drugs
        Those of the data: drug, name, targets (joined by ``;``).
    known_targets
        drug, targets of drugs in general.

    Raises
    ------
    ValueError
        If neither the drug nor one that shares a target is in the data.
    """
    normal = normalise_name(wanted)
    for column in (DRUG, "name"):
        found = drugs[drugs[column].fillna("").map(normalise_name) == normal]
        if len(found):
            return str(found[DRUG].iloc[0]), ""
    known = known_targets[known_targets[DRUG].map(normalise_name) == normal]
    targets = set(known["targets"].iloc[0].split(";")) if len(known) else set()
    own = drugs.set_index(DRUG)["targets"].fillna("").sort_index().str.split(";").map(set)
    overlap = own.map(lambda others: len(others & targets) / max(len(others | targets), 1))
    if not len(overlap) or overlap.max() == 0:
        raise ValueError(
            f"interpretation.figures: neither {wanted!r} nor a drug that shares a target is in the data; name one of "
            "the data's drugs as drug and in views"
        )
    drug = str(overlap.idxmax())
    return drug, f"{name_of(drug, drugs)} in place of {wanted}: most shared targets"


def nearest_gene(wanted: str, available: Collection[str], annotations: pd.DataFrame) -> tuple[str, str]:
    """Return a gene of the data and a note, empty where it is the wanted one.

    The stand-in is the gene whose direct annotations (term, gene) overlap most with those of the wanted one (Jaccard
    index), the first by name among equals.

    Raises
    ------
    ValueError
        If the wanted gene is neither measured nor annotated.
    """
    if wanted in available:
        return wanted, ""
    terms = set(annotations.loc[annotations[GENE] == wanted, TERM])
    others = annotations[annotations[GENE].isin(list(available))].groupby(GENE)[TERM].agg(set).sort_index()
    overlap = others.map(lambda own: len(own & terms) / max(len(own | terms), 1))
    if not len(overlap) or overlap.max() == 0:
        raise ValueError(f"interpretation.figures: gene {wanted!r} is neither measured nor annotated; name another")
    return str(overlap.idxmax()), f"{overlap.idxmax()} in place of {wanted}: most shared annotations"


def resolve_genes(
    wanted: Sequence[str], available: Collection[str], annotations: pd.DataFrame
) -> tuple[list[str], str]:
    """Return the genes, stand-ins where needed and each once, and their notes joined."""
    found = [nearest_gene(gene, available, annotations) for gene in wanted]
    return list(dict.fromkeys(gene for gene, _ in found)), "; ".join(note for _, note in found if note)
