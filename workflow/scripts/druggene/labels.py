"""Names and kinds of models for readers of tables and figures."""

from collections.abc import Mapping
from typing import Any, Final

NETWORK: Final = "network"
RIVAL: Final = "rival"
NAIVE: Final = "naive"
KINDS: Final = (NETWORK, RIVAL, NAIVE)
"""What a model is, in the order in which tables and figures show them."""

_NAIVE_LABELS: Final = {"cell_line_mean": "Cell-line mean", "effects": "Drug + cell-line effects"}


def model_labels(config: Mapping[str, Any]) -> dict[str, str]:
    """Return every compared model of a configuration with the name that readers see, in reading order.

    A network has the label of its entry, a rival or naive predictor its own name as words.
    """
    labels = {name: str(model["label"]) for name, model in config["models"].items()}
    others = [*config["rivals"]["names"], *config["naive"]]
    return labels | {name: _NAIVE_LABELS.get(name, name.replace("_", " ").capitalize()) for name in others}


def model_kinds(config: Mapping[str, Any]) -> dict[str, str]:
    """Return every compared model of a configuration with its kind of ``KINDS``, in reading order."""
    named = ((config["models"], NETWORK), (config["rivals"]["names"], RIVAL), (config["naive"], NAIVE))
    return {name: kind for names, kind in named for name in names}
