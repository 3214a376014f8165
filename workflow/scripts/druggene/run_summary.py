"""One page about a finished run: what was run on what, what came out, how to cite it and how to do it again."""

import gzip
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import pandas as pd

from druggene.data_summary import USED
from druggene.data_terms import Terms, describe_terms
from druggene.labels import NAIVE, NETWORK
from druggene.predictions import REFERENCE
from druggene.tables import markdown_row, markdown_text

INPUTS: Final = {
    "gdsc_wheel": "GDSC from the package registry",
    "release": "the files that the authors published",
    "portals": "the raw files of the portals",
    "simulated": "a simulated cohort with a planted mechanism (**not real data**)",
    "own": "tables of your own",
    "drugcell_folder": "a data folder in the form of DrugCell",
}
"""What is said of each kind of input."""
_HIERARCHIES: Final = {
    "published": ("file",),
    "gmt": ("gmt", "edges", "terms"),
    "tables": ("annotations", "edges", "terms"),
}
"""Kind of a hierarchy that is not built from the Gene Ontology, and the keys that may name its files."""
_TREES: Final = "boosted_trees"
_TO_EFFECTS: Final = ("minus_effects", "minus_effects_low", "minus_effects_high")
_COLUMNS: Final = {
    "Pearson": ("pooled", "pearson", "{:.3f}"),
    "MSE": ("pooled", "mse", "{:.4f}"),
    "Pearson within drugs": ("drug", "pearson", "{:.3f}"),
    "Pearson beyond effects": ("pooled", "normalised_pearson", "{:.3f}"),
}


def summarise_run(
    config: Mapping[str, Any],
    numbers: Mapping[str, int],
    files: pd.DataFrame,
    terms: Mapping[str, Terms],
    release: str,
    compared: Mapping[str, tuple[pd.DataFrame, Sequence[str]]],
    labels: Mapping[str, tuple[str, str]],
    environment: Mapping[str, Any],
    citation: Mapping[str, Any],
) -> str:
    """Return the page as Markdown.

    Parameters
    ----------
    config
        The completed configuration.
    numbers
        What is counted to how many, in reading order.
    files
        Retrieved files: dataset, version, file, licence.
    terms
        On which terms the measurements of each dataset may be used.
    release
        Of the Gene Ontology.
    compared
        Protocol to its table of intervals and the files with the rest.
    labels
        Model to the name that readers see and its kind.
    environment
        As :func:`druggene.provenance.describe_environment` gives it.
    citation
        CITATION.cff.
    """
    parts = [_head(config, labels), _data(config, numbers, files, terms, release)]
    parts += [headline(protocol, *table, config, labels) for protocol, table in compared.items()]
    parts += [_again(config, environment), _cite(citation)]
    return "\n".join(parts)


def _head(config: Mapping[str, Any], labels: Mapping[str, tuple[str, str]]) -> str:
    named = {
        kind: [label for label, of in labels.values() if of == kind]
        for kind in dict.fromkeys(kind for _, kind in labels.values())
    }
    networks = ", ".join(map(markdown_text, named.pop(NETWORK, [])))
    others = ", ".join(markdown_text(label) for group in named.values() for label in group)
    protocols = ", ".join(name.replace("_", " ") for name in config["splits"]["protocols"])
    folds = "as published" if protocols == "published" else f"{config['splits']['folds']} folds"
    return (
        f"# Run {config['run']}\n\nInput: {INPUTS[config['input']]}. Protocols: {protocols}; {folds}; "
        f"seed {config['seed']}.\n\nNetworks: {networks}. Beside them: {others}.\n"
    )


def ontology_release(path: str | os.PathLike[str]) -> str:
    """Return the release that the head of an OBO file names, a dash where it names none."""
    head = gzip.open if str(path).endswith(".gz") else open
    with head(path, "rt", encoding="utf-8") as handle:
        for line in handle:
            if line.startswith("data-version:"):
                return line.partition(":")[2].strip().removeprefix("releases/")
            if line.startswith("["):  # the first term: the head is over
                break
    return "–"


def count_data(sources: pd.DataFrame, genes: pd.DataFrame, terms: pd.DataFrame) -> dict[str, int]:
    """Return how many curves, pairs, cell lines and drugs all screens together give, and genes and terms of a fold."""
    used = sources[(sources["stage"] == USED) & (sources["source"] == "all")].iloc[0]
    counted = {what.replace("_", " "): int(used[what]) for what in ("curves", "pairs", "cell_lines", "drugs")}
    return counted | {"genes": len(genes), "terms": len(terms)}


def _data(
    config: Mapping[str, Any],
    numbers: Mapping[str, int],
    files: pd.DataFrame,
    terms: Mapping[str, Terms],
    release: str,
) -> str:
    counted = ", ".join(f"{number:,} {what}" for what, number in numbers.items())
    lines = [f"## Data\n\n{counted}.\n"]
    rows = [("data", "version", "files", "licence", "terms of the measurements"), ("---", "---", "---:", "---", "---")]
    for key, part in files.groupby(["dataset", "version", "licence"], sort=False) if len(files) else ():
        dataset, version, licence = (str(name) for name in key)
        rows.append((dataset, version, str(len(part)), licence, describe_terms([dataset], terms).partition(": ")[2]))
    rows += ontology_rows(config["ontology"], release)
    lines += [*map(markdown_row, rows), ""]
    lines.append(
        "What was read is in `tables/data_sources.md`, what was lost on the way in `tables/preprocessing.md`, files "
        "with checksums in `tables/data_files.md`.\n"
    )
    return "\n".join(lines)


def ontology_rows(ontology: Mapping[str, Any], release: str) -> list[tuple[str, str, str, str, str]]:
    """Return what the hierarchy was made of: data, version, files, licence, terms."""
    # A hierarchy from elsewhere leaves the ontology to the classes of terms in figures.
    rows = [("Gene Ontology", release, "2" if ontology["source"] == "go" else "1", "CC BY 4.0", "–")]
    own = [key for key in _HIERARCHIES.get(ontology["source"], ()) if ontology[key] is not None]
    if own:
        rows.insert(0, ("hierarchy of your own", "–", str(len(own)), "–", "–"))
    return rows


def headline(
    protocol: str,
    intervals: pd.DataFrame,
    paths: Iterable[str],
    config: Mapping[str, Any],
    labels: Mapping[str, tuple[str, str]],
) -> str:
    """Return the figures of a protocol that matter: best model, first network, boosted trees and effects.

    Best is who has the smallest MSE over all pairs. A difference to drug + cell-line effects counts where its interval
    leaves zero out.
    """
    values = intervals.set_index(["model", "level", "metric"])
    mse = intervals[(intervals["level"] == "pooled") & (intervals["metric"] == "mse")].set_index("model")["value"]
    first = next(iter(config["models"]))
    best = str(mse.idxmin()) if mse.notna().any() else None
    shown = [name for name in dict.fromkeys((best, first, _TREES, REFERENCE)) if name is not None and name in mse.index]
    header = ["Model", *_COLUMNS, "MSE, to effects"]
    rows = [header, ["---", *["---:"] * (len(header) - 1)]]
    for model in shown:
        cells = [_between(values, model, column) for column in _COLUMNS.values()]
        note = " (best)" if model == best else ""
        rows.append([labels[model][0] + note, *cells, _difference(values, model)])
    title = f"## Results: {protocol.replace('_', ' ')}{', simulated data' if config['input'] == 'simulated' else ''}\n"
    text = [title, *map(markdown_row, rows), "", _verdict(values, first, best, labels), ""]
    text.append(
        f"In brackets: {config['evaluation']['confidence']:.0%} bootstrap intervals; over all pairs, whole clusters "
        "are drawn as the protocol holds them out, within drugs the drugs. Beyond effects: after drug + cell-line "
        "effects are subtracted from observed and predicted AUC.\n"
    )
    text.append(f"All models, per drug and per cell line: {', '.join(f'`{path}`' for path in paths)}.\n")
    return "\n".join(text)


def _between(values: pd.DataFrame, model: str, column: tuple[str, str, str]) -> str:
    level, metric, form = column
    value, low, high = _numbers(values, model, level, metric, "value", "low", "high")
    if math.isnan(value):
        return "–"
    return form.format(value) + ("" if math.isnan(low) else f" [{form.format(low)}, {form.format(high)}]")


def _difference(values: pd.DataFrame, model: str) -> str:
    value, low, high = _numbers(values, model, "pooled", "mse", *_TO_EFFECTS)
    return "–" if math.isnan(value) or model == REFERENCE else f"{value:+.4f} [{low:+.4f}, {high:+.4f}]"


def _numbers(values: pd.DataFrame, model: str, level: str, metric: str, *columns: str) -> list[float]:
    # Where no drug has the least number of test pairs, there is no row for drugs.
    if (model, level, metric) not in values.index:
        return [math.nan] * len(columns)
    return [float(value) for value in values.loc[(model, level, metric), list(columns)].to_numpy()]


def _verdict(values: pd.DataFrame, first: str, best: str | None, labels: Mapping[str, tuple[str, str]]) -> str:
    name = markdown_text(labels[first][0])
    _, low, high = _numbers(values, first, "pooled", "mse", *_TO_EFFECTS)
    if math.isnan(low):
        text = f"Whether {name} beats drug + cell-line effects is not known: one of the two has no figures."
    elif high < 0:
        text = f"{name} predicts better than drug + cell-line effects, which know no gene and no structure."
    elif low > 0:
        text = f"{name} predicts **worse** than drug + cell-line effects, which know no gene and no structure."
    else:
        text = f"{name} is **not told apart** from drug + cell-line effects, which know no gene and no structure."
    if best is None or best == first:
        return text
    kind = labels[best][1]
    what = "a naive predictor" if kind == NAIVE else "another network" if kind == NETWORK else "no visible network"
    return f"{text} The smallest error is that of {markdown_text(labels[best][0])}, {what}."


def checkout(environment: Mapping[str, Any]) -> str:
    """Return the line that gets the code of a run; nothing where no commit is known."""
    return f"git checkout {environment['commit']}\n" if environment["commit"] else ""


def _again(config: Mapping[str, Any], environment: Mapping[str, Any]) -> str:
    if environment["commit"]:
        changed = environment["changed"]
        clean = "nothing changed" if not changed else f"**changed since: {', '.join(map(markdown_text, changed[:5]))}"
        clean += f"{' and more' if len(changed) > 5 else ''}**" if changed else ""
        code = f"commit `{environment['commit']}` of {environment['date']}, {clean}"
    else:
        code = "no commit is known: the code lay in no git repository of its own"
    packages = environment["packages"]
    return (
        f"## How to do it again\n\n```\n{checkout(environment)}pip install -r requirements.txt -c constraints.txt\n"
        f"snakemake --cores 2 --configfile results/{config['run']}/config.yaml\n```\n\n"
        f"`config.yaml` beside this page has every key, defaults too. Workflow {environment['workflow']}, {code}. "
        f"Lock file `constraints.txt`: SHA-256 `{environment['lock']['constraints.txt']}`. Python "
        f"{environment['python']}, PyTorch {packages.get('torch')}, Snakemake {packages.get('snakemake')}; "
        "all versions in `provenance.json`.\n"
    )


def _cite(citation: Mapping[str, Any]) -> str:
    paper = citation["references"][0]
    authors = ", ".join(
        f"{author['family-names']} {author['given-names'].replace('.', '')}" for author in paper["authors"]
    )
    where = f"{paper['journal']} {paper['volume']}:{paper['start']} ({paper['year']}). https://doi.org/{paper['doi']}"
    workflow = f"{citation['title']}, version {citation['version']}, {citation['license']}"
    return (
        f"## How to cite\n\nThe method: {authors}. {paper['title']}. {where}\n\n"
        f"The workflow: {workflow}. The data: their sources, above.\n"
    )
