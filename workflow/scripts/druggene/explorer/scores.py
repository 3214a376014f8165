"""What the scores of terms are called for readers, how they are coloured, and how far to trust them."""

from dataclasses import asdict, dataclass, replace
from typing import Any, Literal


@dataclass(frozen=True)
class Score:
    """A score as the explorer shows it.

    Attributes
    ----------
    label
        Its name.
    scale
        Diverging about ``centre``, or sequential from the lowest value.
    centre
        The value that says nothing.
    meaning
        What it is, in a sentence.
    trust
        How far to trust it; docs/interpretation.md has the figures.
    """

    label: str
    scale: Literal["diverging", "sequential"]
    centre: float
    meaning: str
    trust: str


_POWER_TRUST = (
    "Trust it first: in simulated cohorts it finds the planted terms far better than any other kind of score."
)
_NETWORK_TRUST = (
    "It explains the network, not the drug: it says nothing about mechanisms where the network does not lead the "
    "drug + cell-line effects in the run's comparison table."
)
SCORES = {
    "power": Score(
        "Power",
        "diverging",
        0,
        "Correlation of the AUCs of test pairs with a regression on the term's states.",
        _POWER_TRUST,
    ),
    "children_joint": Score(
        "Power of the children together",
        "diverging",
        0,
        "Correlation of the AUCs of test pairs with a regression on all children's states; on the genes' inputs for a "
        "term without child terms.",
        _POWER_TRUST,
    ),
    "children_mean": Score(
        "Power of the children, mean",
        "diverging",
        0,
        "Mean of the children's powers; of its genes' for a term without child terms.",
        _POWER_TRUST,
    ),
    "rlipp": Score(
        "RLIPP",
        "diverging",
        0,
        "The term's power beside that of its children.",
        "Do not rank by it as the paper defines it: in simulated cohorts it does no better than chance, and it is "
        "largest where the children predict next to nothing.",
    ),
    "knockout": Score(
        "Knock-out, change of prediction",
        "sequential",
        0,
        "Mean absolute change of the predicted AUC where the term's state is set to its mean.",
        _NETWORK_TRUST + " Large terms near the root count for every drug.",
    ),
    "knockout_loss": Score(
        "Knock-out, loss of accuracy",
        "diverging",
        0,
        "Mean increase of the squared error where the term's state is set to its mean.",
        _NETWORK_TRUST,
    ),
    "conductance": Score(
        "Conductance",
        "sequential",
        0,
        "Mean absolute integrated gradient through the term's state.",
        _NETWORK_TRUST + " Large terms near the root count for every drug.",
    ),
    "attribution": Score(
        "Attribution of its genes",
        "sequential",
        0,
        "Mean absolute integrated gradient of the genes of the term and its descendants.",
        _NETWORK_TRUST,
    ),
    "attribution_specific": Score(
        "Attribution, drug-specific",
        "diverging",
        1,
        "The attribution as a share of the drug's, relative to the term's mean over drugs: 1 where all are alike.",
        _NETWORK_TRUST,
    ),
}
_RLIPP = {"relative": ("RLIPP (P / C − 1)", 0), "ratio": ("RLIPP (P / C)", 1), "difference": ("RLIPP (P − C)", 0)}


def described(names: list[str], rlipp: str) -> list[dict[str, Any]]:
    """Return name and attributes of scores for the page; ``rlipp`` is the form that RLIPP was computed in."""
    label, centre = _RLIPP[rlipp]
    scores = SCORES | {"rlipp": replace(SCORES["rlipp"], label=label, centre=centre)}
    return [{"name": name, **asdict(scores[name])} for name in names]
