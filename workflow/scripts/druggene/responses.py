"""Several curves of one cell line and drug: kept as they are, averaged, or taken from the preferred screen."""

from collections.abc import Sequence
from typing import Final

import pandas as pd

from druggene.constants import AUC, CELL_LINE, DRUG, PUBLISHED_ROLE

KEEP: Final = "keep"
AVERAGE: Final = "average"
PREFER: Final = "prefer"

SOURCE: Final = "source"


def combine_curves(
    responses: pd.DataFrame, replicates: str = KEEP, overlap: str = KEEP, preference: Sequence[str] = ()
) -> pd.DataFrame:
    """Combine the curves of each pair of cell line and drug.

    Rows with different published roles are never averaged.

    Parameters
    ----------
    responses
        One row per curve: cell_line, drug, auc, source; optionally published_role.
    replicates
        Curves of a pair in one screen: "keep", or "average" to their mean.
    overlap
        Curves of a pair in several screens: "keep"; "average" to the mean of the screens' means, with their names
        joined by "+" as the source; or "prefer" to keep those of the screen that comes first in ``preference``.
    preference
        Sources; one that is not listed comes after all that are.

    Returns
    -------
    pandas.DataFrame
        The same columns; rows are in order of the pair where anything was averaged, else in their order.

    Raises
    ------
    ValueError
        If sources are preferred that the responses do not have.
    """
    unknown = sorted(set(preference) - set(responses[SOURCE]))
    if overlap == PREFER and unknown:
        known = ", ".join(sorted(responses[SOURCE].unique()))
        raise ValueError(f"responses.preference: there is no source {unknown[0]!r}; the sources are {known}")
    pair = [CELL_LINE, DRUG, *([PUBLISHED_ROLE] if PUBLISHED_ROLE in responses else [])]
    result = responses
    if overlap == PREFER:
        rank = result[SOURCE].map({source: i for i, source in enumerate(preference)}).fillna(len(preference))
        result = result[rank == rank.groupby([result[column] for column in pair]).transform("min")]
    if replicates == AVERAGE or overlap == AVERAGE:
        means = result.groupby([*pair, SOURCE], sort=True)[AUC].mean().reset_index()
        several = result.groupby(pair)[SOURCE].nunique().gt(1)
        overlapping = pd.MultiIndex.from_frame(means[pair]).isin(several.index[several])
        single = result[~pd.MultiIndex.from_frame(result[pair]).isin(several.index[several])]
        kept = means[~overlapping] if replicates == AVERAGE else single
        if overlap == AVERAGE:
            joined = means[overlapping].groupby(pair, sort=True).agg({AUC: "mean", SOURCE: "+".join}).reset_index()
        elif replicates == AVERAGE:
            joined = means[overlapping]
        result = pd.concat([kept, joined]).sort_values([*pair, SOURCE], kind="stable")
    return result[responses.columns].reset_index(drop=True)


def summarise_sources(responses: pd.DataFrame, stage: str) -> pd.DataFrame:
    """Return for each source, and for all together, the numbers of cell lines, drugs, pairs and curves.

    Columns: source, stage (as given), cell_lines, drugs, pairs, curves and auc_above_1, the number of curves above 1.
    """
    parts = [(str(source), part) for source, part in responses.groupby(SOURCE, sort=True)]
    rows = [
        {
            SOURCE: source,
            "stage": stage,
            "cell_lines": part[CELL_LINE].nunique(),
            "drugs": part[DRUG].nunique(),
            "pairs": len(part[[CELL_LINE, DRUG]].drop_duplicates()),
            "curves": len(part),
            "auc_above_1": int((part[AUC] > 1).sum()),
        }
        for source, part in [*parts, ("all", responses)]
    ]
    return pd.DataFrame(rows)
