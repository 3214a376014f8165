"""Time and memory of RLIPP at the published size, beside a loop over scikit-learn's pipelines.

    PYTHONPATH=workflow/scripts:. python -m benchmarks.rlipp --drugs 684 --folds 10

States and AUCs are random: the cost depends on numbers alone. Seconds are those of the processor, of one thread, so
that they can be read from a machine that does other things besides; all of it grows with drugs times folds.
"""

import argparse
import os
import resource
import time
from collections.abc import Iterator

import numpy as np

from benchmarks.hierarchies import full_hierarchy
from druggene.hierarchy import Hierarchy
from druggene.interpretation.folds import FoldInputs
from druggene.interpretation.rlipp import Children, Family, RlippOptions, score_rlipp
from druggene.interpretation.states import TermStates
from druggene.interpretation.targets import Targets
from tests.reference.plain_scores import plain_power

_CELL_LINES, _NEURONS, _RIDGE, _PLAIN_TERMS = 942, 6, 0.1, 40


def make_targets(drugs: int, folds: int, rng: np.random.Generator) -> Targets:
    """Return AUCs of four fifths of all pairs, dealt out to folds."""
    auc = rng.random((drugs, _CELL_LINES))
    auc[rng.random(auc.shape) < 0.2] = np.nan
    dealt = rng.integers(folds if folds > 1 else 10, size=auc.shape)
    roles = {
        fold: np.where(np.isnan(auc), "", np.where(dealt == fold, "test", "train")).astype("<U10")
        for fold in range(folds)
    }
    names = tuple(f"drug{i}" for i in range(drugs))
    return Targets(names, tuple(f"line{i}" for i in range(_CELL_LINES)), auc, roles)


def make_folds(hierarchy: Hierarchy, targets: Targets, seed: int) -> Iterator[FoldInputs]:
    """Yield random states and genotypes of every fold, one at a time."""
    for fold in targets.roles:
        rng = np.random.default_rng([seed, fold])
        values = rng.standard_normal((len(hierarchy.terms), _NEURONS, _CELL_LINES), dtype=np.float32)
        states = TermStates(hierarchy.terms, targets.cell_lines, values, np.ones(_CELL_LINES, bool))
        genotype = rng.random((_CELL_LINES, 1, len(hierarchy.genes)), dtype=np.float32)
        yield FoldInputs(fold, states, hierarchy, genotype)


def seconds(hierarchy: Hierarchy, targets: Targets, children: tuple[Children, ...], permutations: int) -> float:
    """Return processor seconds of all scores."""
    options = RlippOptions(children, "relative", "genes", _RIDGE, 24, permutations, 1)
    family = Family.of([hierarchy], "genes")
    started = time.process_time()
    score_rlipp(make_folds(hierarchy, targets, 0), family, targets, options)
    return time.process_time() - started


def plain_seconds(hierarchy: Hierarchy, targets: Targets) -> float:
    """Return processor seconds of one term's own power by scikit-learn, for one drug and fold."""
    fold = next(make_folds(hierarchy, targets, 0))
    started = time.process_time()
    for term in range(_PLAIN_TERMS):
        plain_power({0: fold.states.values[term].T}, targets.auc, targets.roles, 0, _RIDGE)
    return (time.process_time() - started) / _PLAIN_TERMS


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--drugs", type=int, default=32)
    parser.add_argument("--folds", type=int, default=1)
    parser.add_argument("--permutations", type=int, default=100)
    options = parser.parse_args()
    name, hierarchy = full_hierarchy(None)
    targets = make_targets(options.drugs, options.folds, np.random.default_rng(0))
    fits = options.drugs * options.folds * len(hierarchy.terms)
    print(
        f"hierarchy: {name}; {len(hierarchy.terms)} terms, {_CELL_LINES} cell lines, {options.drugs} drugs, "
        f"{options.folds} fold(s); load {os.getloadavg()[0]:.1f}"
    )
    plain = plain_seconds(hierarchy, targets) * fits
    print(f"scikit-learn, own states of the terms alone, extrapolated from {_PLAIN_TERMS}: {plain:.0f} s")
    for children, permutations in (
        (("mean",), 0),
        (("mean",), options.permutations),
        (("mean", "joint"), options.permutations),
    ):
        spent = seconds(hierarchy, targets, children, permutations)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        print(
            f"children {' and '.join(children)}, {permutations} permutations: {spent:.0f} s "
            f"({plain / spent:.0f} x), at most {peak:.2f} GB so far",
            flush=True,
        )


if __name__ == "__main__":
    main()
