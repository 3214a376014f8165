"""Predictions of a few models over the same test rows, in memory."""

import numpy as np
import pandas as pd

from druggene.predictions import Predictions

LABELS = {"net": "Network", "effects": "Drug + cell-line effects", "global_mean": "Global mean"}


def predictions_table(folds: int = 3, drugs: int = 4, pairs: int = 12) -> pd.DataFrame:
    """Make a network, drug means and global means over the same test rows; drug d3 has one pair only."""
    rng = np.random.default_rng(1)
    rows = pd.DataFrame({"pair": range(drugs * pairs)})
    rows["cell_line"] = "l" + (rows["pair"] % pairs).astype(str)
    rows["drug"] = "d" + (rows["pair"] // pairs).astype(str)
    rows["fold"] = rows["pair"] % folds
    rows["auc"] = rng.random(len(rows)) + 0.2 * (rows["pair"] // pairs)
    rows = rows[(rows["drug"] != "d3") | (rows["pair"] == 3 * pairs)]
    rows["protocol"] = "random_pairs"

    def mean_outside(keys: list[str]) -> np.ndarray:
        values = []
        for _, row in rows.iterrows():
            others = rows[(rows["fold"] != row["fold"]) & (rows[keys] == row[keys]).all(axis=1)]
            values.append(others["auc"].mean() if len(others) else 0.5)
        return np.array(values)

    noisy = rows["auc"] + rng.normal(0, 0.1, len(rows))
    made = {"global_mean": mean_outside(["protocol"]), "effects": mean_outside(["drug"]), "net": noisy}
    return pd.concat([rows.assign(model=name, predicted=values) for name, values in made.items()], ignore_index=True)


def large_predictions(rows: int = 4000, lines: int = 60, drugs: int = 25, folds: int = 4, seed: int = 0) -> Predictions:
    """Effects, and two networks of which the first knows more of what is beyond them."""
    rng = np.random.default_rng(seed)
    line, drug = rng.integers(0, lines, rows), rng.integers(0, drugs, rows)
    effects = 0.6 + rng.normal(0, 0.1, lines)[line] + rng.normal(0, 0.1, drugs)[drug]
    beyond = rng.normal(0, 0.1, (lines, drugs))[line, drug]
    table = pd.DataFrame(
        {
            "pair": line * drugs + drug,
            "cell_line": [f"l{i:02d}" for i in line],
            "drug": [f"d{i:02d}" for i in drug],
            "auc": effects + beyond + rng.normal(0, 0.05, rows),
            "fold": (line * drugs + drug) % folds,
            "protocol": "random_pairs",
        }
    )
    made = {"good": effects + 0.7 * beyond, "bad": effects + 0.2 * beyond, "effects": effects}
    noise = rng.normal(0, 0.01, (2, rows))
    made["good"], made["bad"] = made["good"] + noise[0], made["bad"] + noise[1]
    return Predictions.of([table.assign(model=name, predicted=values) for name, values in made.items()])
