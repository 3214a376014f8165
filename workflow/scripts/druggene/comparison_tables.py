"""All tables of a protocol's comparison, from prediction files to files."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from druggene.comparison import (
    comparison,
    comparison_document,
    fold_metrics,
    fold_metrics_document,
    significance_document,
)
from druggene.constants import CELL_LINE, DRUG, FOLD
from druggene.documents import write_document
from druggene.evaluation import metrics_by, metrics_by_fold
from druggene.intervals import intervals
from druggene.predictions import read_predictions
from druggene.significance import compare_pairs
from druggene.tables import read_metadata, read_table, write_both, write_table


def write_comparison(
    paths: Mapping[str, Any],
    outputs: Mapping[str, Any],
    labels: Mapping[str, str],
    main: str,
    options: Mapping[str, Any],
    seed: int,
) -> None:
    """Measure all models on the same test rows and write what came out, for machines and for people.

    Parameters
    ----------
    paths
        Paths by name: predictions (a list), responses, cell_lines.
    outputs
        Paths by name of Parquet files, each with a CSV file beside it: by_fold, by_drug, by_cell_line, intervals,
        comparison, significance; and table_s2_csv. Beside the last three, Markdown and LaTeX too.
    labels
        Every model to the name that readers see, in reading order.
    main
        The model whose tests against all others are shown.
    options
        The section ``evaluation`` of the configuration.
    seed
        Of the resampling.

    Raises
    ------
    ValueError
        If models were judged on different rows, or one has no label or no predictions.
    """
    marks = {key: read_metadata(paths["responses"])[key] for key in ("source", "simulated")}
    predictions = read_predictions(paths["predictions"])
    min_pairs = {DRUG: options["min_pairs_per_drug"], CELL_LINE: options["min_pairs_per_cell_line"]}
    tables = {FOLD: metrics_by_fold(predictions)}
    tables |= {unit: metrics_by(predictions, unit, number) for unit, number in min_pairs.items()}
    for unit, table in tables.items():
        write_both(table, outputs[f"by_{unit}"], description=f"metrics of every model and {unit}", **marks)

    resampling = (options["resamples"], options["confidence"], seed)
    bounds = intervals(predictions, tables, read_table(paths["cell_lines"]), *resampling)
    write_both(bounds, outputs["intervals"], description="bootstrap intervals of every model and metric", **marks)
    compared = comparison(tables[FOLD], bounds, labels)
    simulated = marks["simulated"]
    write_table(compared, outputs["comparison"], description="all models compared", **marks)
    document = comparison_document(compared, bounds, min_pairs, options["confidence"], simulated)
    write_document(document, compared, Path(outputs["comparison"]).with_suffix(""))
    document = fold_metrics_document(compared, simulated)
    write_document(document, fold_metrics(compared), Path(outputs["table_s2_csv"]).with_suffix(""))

    tests = compare_pairs(tables, list(labels))
    write_table(tests, outputs["significance"], description="paired Wilcoxon tests of every pair of models", **marks)
    document = significance_document(tests, labels, main, predictions.protocol, simulated)
    write_document(document, tests, Path(outputs["significance"]).with_suffix(""))
