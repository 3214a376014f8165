"""Options that let every rival learn from a handful of rows in milliseconds; of one not listed, its defaults."""

from collections import defaultdict
from typing import Any

_COMPONENTS = {"mutation": 2, "expression": 5, "copy_number": 2, "drugs": 3}
_SMALL: dict[str, dict[str, Any]] = {
    "elastic_net": {"penalties": 6, "smallest_penalty": 0.01, "l1_ratio": [0.5]},
    "lasso": {"penalties": 6, "smallest_penalty": 0.01},
    "random_forest": {
        "trees": 5,
        "pairs_per_tree": 80,
        "features_per_split": 0.5,
        "min_pairs_per_leaf": [2, 5],
        "components": _COMPONENTS,
    },
    "boosted_trees": {
        "learning_rate": 0.2,
        "max_trees": 30,
        "patience": 5,
        "max_leaves": [4],
        "min_pairs_per_leaf": 3,
        "components": _COMPONENTS,
    },
}
OPTIONS = defaultdict[str, dict[str, Any]](dict, _SMALL)
