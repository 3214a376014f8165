"""The explorer as one HTML page that holds all it needs.

The page has no address to load anything from, and its content security policy forbids it to; the only scripts that
run are those whose digests the policy names, so that no name of a drug, gene or term can become one. Letters: T terms,
D drugs, S scores, K terms of a ranking.
"""

import base64
import gzip
import hashlib
import html
import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template

import numpy as np
import plotly
from plotly.offline import get_plotlyjs

from druggene.constants import GENE, TERM
from druggene.explorer.components import FoldComponents
from druggene.explorer.contents import Contents, Graph
from druggene.explorer.packing import pack, quantise, smallest_integers
from druggene.explorer.scores import described

RANKED = 30
"""Terms of a drug and score whose order the page holds exactly, beyond what one byte can tell apart."""
NO_TERM = 2**16 - 1
_SOURCES = Path(__file__).with_name("page")


@dataclass(frozen=True)
class Heading:
    """What the page says of itself: the model's label, the run, the protocol, the labels and the number of folds."""

    model: str
    run: str
    protocol: str
    labels: str
    n_folds: int


def tree_parents(graph: Graph) -> np.ndarray:
    """Return T positions of one parent each, -1 for the root: the smallest parent, the first by id among equals."""
    position = {term: i for i, term in enumerate(graph.terms[TERM])}
    sizes = graph.terms["size"].to_numpy()
    chosen = np.full(len(position), -1)
    for parent, child in graph.edges.itertuples(index=False):
        at, below = position[parent], position[child]
        best = chosen[below]
        if best < 0 or (sizes[at], parent) < (sizes[best], graph.terms[TERM].iloc[best]):
            chosen[below] = at
    return chosen


def ranking(scores: np.ndarray) -> np.ndarray:
    """Return D x K positions of the best terms of D x T scores, best first, ``NO_TERM`` after the last with a score."""
    order = np.lexsort((-scores, np.isnan(scores)), axis=1)[:, :RANKED]
    missing = np.isnan(np.take_along_axis(scores, order, axis=1))
    return np.where(missing, NO_TERM, order).astype(np.uint16)


def pack_contents(contents: Contents, rlipp: str) -> str:
    """Return the block of all but the states; ``rlipp`` is the form that RLIPP was computed in.

    Raises
    ------
    ValueError
        If there are more terms than two bytes can number.
    """
    graph, targets = contents.graph, contents.targets
    if len(graph.terms) >= NO_TERM:
        raise ValueError(f"explorer: {len(graph.terms)} terms; the page holds fewer than {NO_TERM}")
    position = {term: i for i, term in enumerate(graph.terms[TERM])}
    genes = sorted(graph.annotations[GENE].unique())
    gene_position = {gene: i for i, gene in enumerate(genes)}
    auc = quantise(targets.auc.reshape(1, -1))
    edges = np.stack([graph.edges[side].map(position.get).to_numpy() for side in ("parent", "child")], axis=1)
    arrays = {
        "parent": tree_parents(graph).astype(np.int32),
        "edges": smallest_integers(edges),
        "annotated_terms": smallest_integers(graph.annotations[TERM].map(position.get).to_numpy()),
        "annotated_genes": smallest_integers(graph.annotations[GENE].map(gene_position.get).to_numpy()),
        "layers": smallest_integers(graph.terms["layer"].round().to_numpy()),
        "sizes": smallest_integers(graph.terms["size"].round().to_numpy()),
        "auc": auc.codes.reshape(targets.auc.shape),
        "auc_range": auc.ranges,
    }
    for name, values in contents.scores.items():
        quantised = quantise(values)
        arrays |= {
            f"score_{name}": quantised.codes,
            f"range_{name}": quantised.ranges,
            f"order_{name}": ranking(values),
        }
    texts = {
        "terms": list(graph.terms[TERM]),
        "names": list(graph.terms["name"]),
        "genes": genes,
        "drugs": contents.drug_names,
        "known_targets": contents.known_targets,
        "cell_lines": list(targets.cell_lines),
        "scores": described(list(contents.scores), rlipp),
    }
    return pack(texts, arrays)


def pack_fold(fold: FoldComponents) -> str:
    """Return the block of one fold's components and test pairs."""
    quantised = quantise(fold.values)
    arrays = {
        "lines": smallest_integers(fold.lines),
        "component": quantised.codes,
        "range": quantised.ranges,
        "test": np.packbits(fold.test, axis=1),
    }
    return pack({"fold": fold.fold}, arrays)


def fitting(blocks: Iterable[str], spare: int) -> Iterator[str]:
    """Yield the first block, then others until the next one would need more than ``spare`` bytes with them."""
    for i, block in enumerate(blocks):
        spare -= len(block)
        if i and spare < 0:
            return
        yield block


def render(contents: Contents, folds: Iterable[FoldComponents], heading: Heading, rlipp: str, megabytes: float) -> str:
    """Return the page, with the states of as many folds as fit, and of the first in any case."""
    blocks = {"library": _compressed(get_plotlyjs()), "contents": pack_contents(contents, rlipp)}
    fixed = len(_fill(heading, contents, blocks, 0).encode())
    fitted = list(fitting((pack_fold(fold) for fold in folds), round(megabytes * 1e6) - fixed))
    page = _fill(heading, contents, blocks | {f"fold-{i}": text for i, text in enumerate(fitted)}, len(fitted))
    log, size = logging.getLogger(__name__), len(page.encode()) / 1e6
    log.info("%.1f MB with the states of %d of %d folds", size, len(fitted), heading.n_folds)
    if size > megabytes:
        log.warning("more than interpretation.explorer.max_megabytes: name fewer scores or drugs")
    return page


def _compressed(text: str) -> str:
    return base64.b64encode(gzip.compress(text.encode(), compresslevel=9, mtime=0)).decode("ascii")


def _digest(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def _fill(heading: Heading, contents: Contents, blocks: Mapping[str, str], shown: int) -> str:
    """Fill the template; texts of the data are escaped, blocks are Base64."""
    sources = {name: (_SOURCES / f"explorer.{name}").read_text(encoding="utf-8") for name in ("html", "css", "js")}
    banners = []
    if contents.simulated:
        banners.append("Simulated data: cell lines and responses are made up.")
    if heading.labels == "permuted":
        banners.append("Control: the network was trained on AUCs that are permuted within each drug.")
    return Template(sources["html"]).substitute(
        model=html.escape(heading.model),
        run=html.escape(heading.run),
        protocol=html.escape(heading.protocol.replace("_", " ")),
        n_folds=heading.n_folds,
        n_shown=shown,
        n_terms=f"{len(contents.graph.terms):,}",
        n_drugs=f"{len(contents.targets.drugs):,}",
        n_lines=f"{len(contents.targets.cell_lines):,}",
        banners="".join(f'<p class="banner">{text}</p>' for text in banners),
        digests=" ".join(map(_digest, (get_plotlyjs(), sources["js"]))),
        plotly=plotly.__version__,
        style=sources["css"],
        script=sources["js"],
        blocks="\n".join(_block(name, text) for name, text in blocks.items()),
    )


def _block(name: str, text: str) -> str:
    return f'<script type="application/gzip" id="{name}">{text}</script>'
