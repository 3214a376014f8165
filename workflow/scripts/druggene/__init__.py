"""DrugGene: predict and explain the drug response of cancer cell lines with a visible neural network.

Pang, Chen and Qin, BMC Bioinformatics 25:182 (2024). ``druggene.predict`` and ``druggene.fine_tune`` take data frames;
docs/predict.md shows how.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_OFFERED = {"predict": "druggene.prediction.api", "fine_tune": "druggene.prediction.fine_tuning"}
"""What is offered here, by the module that has it; imported when it is first asked for, as PyTorch takes seconds."""


def __getattr__(name: str) -> Any:
    if name not in _OFFERED:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_OFFERED[name]), name)
