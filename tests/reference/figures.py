"""Made-up tables that every figure can be drawn from, and what is written in a figure."""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.text import Text

from druggene.performance_panels import performance_panels
from druggene.predictions import Predictions
from druggene.significance import compare_pairs

METRICS = ["pearson", "spearman", "r2", "mse", "rmse", "mae", "normalised_pearson"]
NETWORKS = {"druggene": "DrugGene", "drugcell": "DrugCell", "expbox": "expBox", "cnvbox": "cnvBox"}
RIVALS = {"elastic_net": "Elastic net", "boosted_trees": "Boosted trees"}
NAIVE = {"global_mean": "Global mean", "effects": "Drug + cell-line effects"}
LABELS = NETWORKS | RIVALS | NAIVE
KINDS = dict.fromkeys(NETWORKS, "network") | dict.fromkeys(RIVALS, "rival") | dict.fromkeys(NAIVE, "naive")
Panels = tuple[dict[str, pd.DataFrame], pd.DataFrame]


def by_drug(labels: Mapping[str, str], drugs: int = 30) -> pd.DataFrame:
    """Return metrics per drug; the global mean has no correlation."""
    rng = np.random.default_rng(2)
    names = [f"d{i:02d}" for i in range(drugs)]
    base = rng.uniform(-0.1, 0.8, drugs)
    parts = [
        pd.DataFrame(
            {
                "model": model,
                "drug": names,
                "pearson": np.nan if model == "global_mean" else base + rng.normal(-0.02 * place, 0.05, drugs),
                "mse": 0.01 + 0.001 * place + rng.normal(0, 1e-4, drugs),
            }
        )
        for place, model in enumerate(labels)
    ]
    return pd.concat(parts, ignore_index=True)


def intervals(labels: Mapping[str, str]) -> pd.DataFrame:
    """Return pooled metrics with their bounds."""
    rng = np.random.default_rng(1)
    rows = [
        {"model": model, "level": level, "metric": metric, "value": rng.uniform(0.5, 0.6), "n": 90, "resampled": "drug"}
        for level in ("pooled", "drug")
        for metric in METRICS
        for model in labels
    ]
    frame = pd.DataFrame(rows)
    return frame.assign(low=frame["value"] - 0.02, high=frame["value"] + 0.03)


def predictions(labels: Mapping[str, str], n: int = 90) -> Predictions:
    """Return predictions that follow the observed values."""
    rng = np.random.default_rng(3)
    rows = pd.DataFrame({"pair": range(n), "cell_line": "c", "drug": "d", "fold": 0, "auc": rng.uniform(0, 1, n)})
    predicted = rows["auc"].to_numpy()[:, None] + rng.normal(0, 0.1, (n, len(labels)))
    return Predictions(rows, predicted, tuple(labels), "random_pairs")


def panels_of(labels: Mapping[str, str] = LABELS, drugs: int = 30) -> Panels:
    """Return the data of the figure of performance for some models."""
    per_drug = by_drug(labels, drugs)
    tests = compare_pairs({"drug": per_drug}, list(labels))
    names = pd.DataFrame({"drug": [f"d{i:02d}" for i in range(drugs)], "name": [f"Drug {i}" for i in range(drugs)]})
    kinds = {model: KINDS.get(model, "network") for model in labels}
    return performance_panels(per_drug, intervals(labels), tests, predictions(labels), names, labels, kinds)


def written(figure: Figure) -> Iterator[Text]:
    """Yield every text that a figure shows, those of axes and legends too."""
    for text in figure.findobj(Text):
        assert isinstance(text, Text)
        if text.get_visible() and text.get_text().strip():
            yield text


def all_text(figure: Figure) -> str:
    """Return all that is written in a figure."""
    return "\n".join(text.get_text() for text in written(figure))
