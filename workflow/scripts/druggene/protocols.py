"""Names of the protocols of a configuration: those that deal folds, and one for every transfer between screens."""

import re
from collections.abc import Mapping
from typing import Any, Final

TRANSFER: Final = "transfer_"
"""Begins the names of protocols that train on one screen and test on another; each is fold 0 alone."""


def transfer_protocol(train: str, test: str) -> str:
    """Return the protocol's name: CTRPv2 and GDSC2 give transfer_ctrpv2_to_gdsc2."""
    first, second = (re.sub(r"[^a-z0-9]+", "_", screen.lower()).strip("_") for screen in (train, test))
    return f"{TRANSFER}{first}_to_{second}"


def transfer_screens(config: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """Return every transfer protocol of a configuration with the screens that it trains and tests on."""
    return {
        transfer_protocol(entry["train"], entry["test"]): (entry["train"], entry["test"])
        for entry in config["splits"]["transfer"]
    }


def all_protocols(config: Mapping[str, Any]) -> list[str]:
    """Return the names of all protocols of a configuration, in its order."""
    return [*config["splits"]["protocols"], *transfer_screens(config)]
