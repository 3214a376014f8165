"""The paper's statements of interpretation beside a run, as one table for readers."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from druggene.claims import NOT_REPRODUCED, NOT_TESTED, REPRODUCED
from druggene.constants import MODEL
from druggene.documents import MISSING, Document, Grid, Heading, Paragraph
from druggene.interpretation.claims import EXTREME, LEVEL

MEASURED: Final = "measured"
PERMUTED: Final = "permuted"
_SIGNS: Final = {"equal": "", "at_most": "≤ ", "at_least": "≥ ", "below": "< ", "above": "> "}


def collect_claims(tables: Mapping[tuple[str, str], pd.DataFrame]) -> pd.DataFrame:
    """Return the judged claims of all models; what permuted AUCs gave stands beside, where that control was run.

    Parameters
    ----------
    tables
        Model and labels (measured or permuted) to its judged claims.

    Returns
    -------
    pandas.DataFrame
        model, id, section, statement, paper_value, our_value, p_value, permuted_value, permuted_p_value, verdict,
        rule, note.
    """
    parts = []
    for (model, labels), own in tables.items():
        if labels != MEASURED:
            continue
        control = tables.get((model, PERMUTED))
        found = control.set_index("id").reindex(own["id"]) if control is not None else None
        part = own.assign(**{MODEL: model})
        for column in ("our_value", "p_value"):
            name = "permuted_" + column.removeprefix("our_")
            part[name] = np.nan if found is None else found[column].to_numpy(float)
        parts.append(part)
    columns = [MODEL, "id", "section", "statement", "paper_value", "our_value", "p_value"]
    columns += ["permuted_value", "permuted_p_value", "verdict", "rule", "note"]
    return pd.concat(parts, ignore_index=True)[columns]


def interpretation_document(
    judged: pd.DataFrame, labels: Mapping[str, str], protocol: str, source: str, simulated: bool
) -> Document:
    """Return the judged claims of all models for readers; ``labels`` are the models' names."""
    document = Document(f"The paper's interpretation beside this run, protocol {protocol}", simulated)
    document.blocks += [
        Paragraph(f"Data: {source}."),
        Paragraph(
            "What the paper says of its figures 5 to 7, and what the networks of this run give, whose data need not be "
            "the paper's. A finding with a p-value counts only where that is at most "
            f"{LEVEL:g}; it is not adjusted for the number of statements. Most sensitive and most resistant are the "
            f"outer {EXTREME:.0%} of a drug's cell lines. RLIPP is the paper's, P / C − 1 with the mean of the "
            "children, on test pairs; the number of terms is equal within 5 %. A drug or gene that the data lack gives "
            "way to the nearest, as in the figures, and the remark says so. Permuted: the same by a network that was "
            "trained on AUCs permuted within each drug, where that control was run."
        ),
    ]
    controlled = bool(judged["permuted_value"].notna().any())
    for model, own in judged.groupby(MODEL, sort=False):
        counts = own["verdict"].value_counts()
        order = (REPRODUCED, NOT_REPRODUCED, NOT_TESTED)
        said = ", ".join(f"{counts.get(name, 0)} {name}" for name in order)
        document.blocks += [Heading(labels[str(model)]), Paragraph(f"Verdicts: {said}."), _grid(own, controlled)]
    return document


def _grid(own: pd.DataFrame, controlled: bool) -> Grid:
    header = ["Figure", "Statement", "Paper", "Here", "p", *(["Permuted"] if controlled else []), "Verdict", "Remark"]
    rows = [
        [
            row["section"],
            row["statement"],
            f"{_SIGNS[row['rule']]}{row['paper_value']:.4g}",
            _number(row["our_value"], 4),
            _number(row["p_value"], 2),
            *([_number(row["permuted_value"], 4)] if controlled else []),
            row["verdict"],
            row["note"] or MISSING,
        ]
        for row in own.to_dict("records")
    ]
    return Grid(header, rows, [False, False, True, True, True, *([True] if controlled else []), False, False])


def _number(value: Any, digits: int) -> str:
    return MISSING if np.isnan(value) else f"{value:.{digits}g}"
