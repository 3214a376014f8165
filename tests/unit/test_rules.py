"""What every rule has to say."""

import re
from pathlib import Path

import pytest

RULES = Path(__file__).parents[2] / "workflow" / "rules"


def blocks() -> dict[str, str]:
    """The text of every rule, by its name."""
    found = {}
    for path in sorted(RULES.glob("*.smk")):
        parts = re.split(r"(?m)^(?:rule|checkpoint) (\w+):\n", path.read_text())
        found |= {name: text.split("\n\n\n")[0] for name, text in zip(parts[1::2], parts[2::2], strict=True)}
    return found


def local() -> set[str]:
    """The rules that run where Snakemake runs."""
    texts = [path.read_text() for path in RULES.glob("*.smk")]
    lists = [names for text in texts for names in re.findall(r"(?m)^localrules:\n((?:    \w+,\n)+)", text)]
    return {name for names in lists for name in re.findall(r"\w+", names)}


SUBMITTED = {name: text for name, text in blocks().items() if name not in local()}


def test_there_are_rules_of_both_kinds() -> None:
    assert {"train_model", "score_rlipp"} <= SUBMITTED.keys()
    assert {"data", "publish_run", "retrieve_wheel"} <= local() & blocks().keys()


@pytest.mark.parametrize("name", SUBMITTED)
@pytest.mark.parametrize("resource", ["mem_mb", "runtime"])
def test_a_further_attempt_asks_for_more(name: str, resource: str) -> None:
    asked = re.search(rf"(?m)^        {resource}=(.+)$", SUBMITTED[name])
    assert asked, f"{name} does not say what {resource} it needs"
    assert not re.fullmatch(r"\d+,", asked[1]), f"{name}: {resource}={asked[1]} is the same for every attempt"
