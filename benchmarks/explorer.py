"""Size of the subsystem explorer at the published size, with random scores, AUCs and states.

    PYTHONPATH=workflow/scripts:. python -m benchmarks.explorer --folds 10

Random numbers can hardly be compressed, so that a page of real ones is smaller. The published hierarchy is taken where
``DRUGGENE_DATA`` has it, else one of its numbers that is made up; names are as long as the Gene Ontology's.
"""

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.hierarchies import full_hierarchy
from druggene.explorer.components import FoldComponents
from druggene.explorer.contents import Contents, Graph
from druggene.explorer.page import Heading, pack_contents, pack_fold, render
from druggene.interpretation.targets import Targets
from druggene.tables import write_text

SCORES = ["power", "children_joint", "rlipp", "knockout", "attribution_specific"]
CELL_LINES = 942


def make_contents(drugs: int, scores: list[str], rng: np.random.Generator) -> tuple[str, Contents]:
    """Return the hierarchy's origin, and random scores of so many drugs."""
    name, hierarchy = full_hierarchy(None)
    terms = hierarchy.to_tables()[0]
    terms["name"] = [f"regulation of made-up process {i:04d} of the cell" for i in range(len(terms))]
    graph = Graph.of(terms, [hierarchy])
    shape = (drugs, len(graph.terms))
    auc = rng.beta(8, 3, (drugs, CELL_LINES))
    targets = Targets(tuple(f"drug {i}" for i in range(drugs)), tuple(f"LINE{i}" for i in range(CELL_LINES)), auc, {})
    return name, Contents(
        graph, {each: rng.standard_normal(shape) for each in scores}, targets, list(targets.drugs), [""] * drugs, True
    )


def make_folds(contents: Contents, folds: int, rng: np.random.Generator) -> Iterator[FoldComponents]:
    """Yield random components of every fold, of whose pairs each is a test pair in one."""
    dealt = rng.integers(max(folds, 2), size=contents.targets.auc.shape)
    for fold in range(folds):
        values = rng.standard_normal((len(contents.graph.terms), CELL_LINES)).astype(np.float32)
        yield FoldComponents(fold, np.arange(CELL_LINES), values, dealt == fold)


def main() -> None:
    """Print sizes and write the page where it is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--drugs", type=int, default=684)
    parser.add_argument("--folds", type=int, default=10)
    parser.add_argument("--max-megabytes", type=float, default=15)
    parser.add_argument("--scores", nargs="+", default=SCORES)
    parser.add_argument("--out", type=Path, help="where to write the page")
    options = parser.parse_args()
    rng = np.random.default_rng(0)
    name, contents = make_contents(options.drugs, options.scores, rng)
    started = time.process_time()
    heading = Heading("DrugGene", "benchmark", "random_pairs", "measured", options.folds)
    page = render(contents, make_folds(contents, options.folds, rng), heading, "relative", options.max_megabytes)
    seconds = time.process_time() - started
    print(
        f"hierarchy: {name}; {len(contents.graph.terms)} terms, {options.drugs} drugs, {CELL_LINES} cell lines, "
        f"{len(options.scores)} scores"
    )
    table = pd.Series(
        {
            "page": len(page.encode()),
            "names, hierarchy, AUCs, scores": len(pack_contents(contents, "relative")),
            "states of one fold": len(pack_fold(next(make_folds(contents, 2, rng)))),
        }
    )
    print((table / 1e6).round(2).rename("MB").to_string())
    fitted = page.count('id="fold-')
    print(f"folds whose states fit: {fitted}; {seconds:.0f} processor seconds")
    if options.out:
        write_text(page, options.out)


if __name__ == "__main__":
    main()
