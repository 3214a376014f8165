"""Ablations: what every variant of a model reaches, and whether it differs from the base by more than its seeds do.

A variant and the base are trained with several seeds each on the same folds. Values are over the test pairs of these
folds together, one per seed; tests are paired over drugs, on the means over seeds, so that a drug counts once.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from druggene.constants import DRUG, MODEL, PROTOCOL
from druggene.documents import Document, Grid, Paragraph
from druggene.evaluation import metrics_by, pooled_metrics
from druggene.predictions import Predictions
from druggene.significance import TESTED, adjust, paired_test
from druggene.variants import BASE

VARIANT: Final = "variant"
SEED: Final = "seed"
SHOWN: Final = ("pearson", "mse", "normalised_pearson")
"""The metrics of the table."""


def ablation_seeds(predictions: Predictions, models: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """Return one row per variant and seed: variant, label, model, protocol, seed and ``SHOWN``.

    Parameters
    ----------
    predictions
        Of all models of the ablation, and of the drug + cell-line effects, by which metrics are normalised.
    models
        What :func:`druggene.variants.ablation_models` gave: model to variant, label and seed.
    """
    pooled = pooled_metrics(predictions)
    rows = [
        {VARIANT: entry[VARIANT], "label": entry["label"], MODEL: name, PROTOCOL: predictions.protocol}
        | {SEED: entry[SEED], **{metric: pooled.loc[name, metric] for metric in SHOWN}}
        for name, entry in models.items()
    ]
    return pd.DataFrame(rows)


def ablation_table(seeds: pd.DataFrame, by_drug: pd.DataFrame) -> pd.DataFrame:
    """Hold every variant against the base.

    Parameters
    ----------
    seeds
        What :func:`ablation_seeds` gave.
    by_drug
        What :func:`druggene.evaluation.metrics_by` gave for the same predictions, per drug.

    Returns
    -------
    pandas.DataFrame
        One row per variant, the base first: variant, label, protocol, n_seeds; for ``SHOWN``, ``<metric>_mean`` and
        ``<metric>_sd`` (n - 1) over seeds and ``<metric>_to_base``, the difference of the means; n_drugs and, for
        pearson and mse, the paired Wilcoxon test over drugs: ``<metric>_median_difference`` (positive where the variant
        is better), ``<metric>_rank_biserial``, ``<metric>_p_value`` and ``<metric>_q_value`` (Benjamini and Hochberg
        over variants).
    """
    groups = seeds.groupby(VARIANT, sort=False)
    table = groups.agg(label=("label", "first"), protocol=(PROTOCOL, "first"), n_seeds=(MODEL, "size"))
    for metric in SHOWN:
        table[f"{metric}_mean"], table[f"{metric}_sd"] = groups[metric].mean(), groups[metric].std(ddof=1)
        table[f"{metric}_to_base"] = table[f"{metric}_mean"] - table[f"{metric}_mean"].to_dict()[BASE]
    variant_of = seeds.set_index(MODEL)[VARIANT]
    known = by_drug[by_drug[MODEL].isin(variant_of.index)]
    per_variant = known.assign(**{VARIANT: known[MODEL].map(variant_of)}).groupby([DRUG, VARIANT])
    for metric, sign in TESTED.items():
        values = sign * per_variant[metric].mean().unstack().reindex(columns=table.index).astype(float)
        tests = {variant: paired_test((values[variant] - values[BASE]).to_numpy()) for variant in table.index}
        found = pd.DataFrame.from_dict(tests, orient="index")
        # The base differs from itself in nothing: paired_test leaves it without a p-value.
        found["q_value"] = adjust(found["p_value"])
        table["n_drugs"] = found["n"]
        for column in ("median_difference", "rank_biserial", "p_value", "q_value"):
            table[f"{metric}_{column}"] = found[column]
    return table.reset_index()


def tabulate_ablations(
    predictions: Predictions, models: Mapping[str, Mapping[str, Any]], min_pairs_per_drug: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the table of variants and that of their seeds."""
    seeds = ablation_seeds(predictions, models)
    return ablation_table(seeds, metrics_by(predictions, DRUG, min_pairs_per_drug)), seeds


def ablations_document(table: pd.DataFrame, folds: Sequence[int], simulated: bool) -> Document:
    """Return the table of variants for readers."""
    header = ["Variant", "Seeds", "Pearson", "to base", "MSE", "to base", "Pearson beyond effects"]
    header += ["Drugs: effect (Pearson)", "q", "effect (MSE)", "q"]
    document = Document(f"Ablations, protocol {table[PROTOCOL].iloc[0].replace('_', ' ')}", simulated)
    document.blocks.append(
        Paragraph(
            f"Test pairs of fold(s) {', '.join(map(str, folds))}. Mean ± standard deviation over seeds. Effect: "
            "matched-pairs rank-biserial correlation of a paired Wilcoxon test against the base, over drugs, on the "
            "means over seeds: from -1 to 1, positive where the variant is better. q: p after Benjamini and Hochberg "
            "over the variants. A difference within the deviation over seeds says little, whatever its q."
        )
    )
    rows = []
    for row in table.to_dict("records"):
        base = row[VARIANT] == BASE
        cells = [f"**{row['label']}**" if base else row["label"], str(row["n_seeds"])]
        cells += [_spread(row, "pearson", 3), "–" if base else f"{row['pearson_to_base']:+.3f}"]
        cells += [_spread(row, "mse", 5), "–" if base else f"{row['mse_to_base']:+.5f}"]
        cells.append(_spread(row, "normalised_pearson", 3))
        for metric in TESTED:
            for column, form in (("rank_biserial", "{:+.2f}"), ("q_value", "{:.1e}")):
                value = row[f"{metric}_{column}"]
                cells.append("–" if np.isnan(value) else form.format(value))
        rows.append(cells)
    document.blocks.append(Grid.of_models(header, rows))
    return document


def _spread(row: Mapping[Any, Any], metric: str, decimals: int) -> str:
    mean, deviation = row[f"{metric}_mean"], row[f"{metric}_sd"]
    if np.isnan(mean):
        return "–"
    return f"{mean:.{decimals}f}" + ("" if np.isnan(deviation) else f" ± {deviation:.{decimals}f}")
