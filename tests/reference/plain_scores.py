"""Scores of terms written as plainly as possible: scikit-learn pipelines and loops over drugs, terms and folds."""

import numpy as np
from scipy.stats import pearsonr
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def plain_power(
    features: dict[int, np.ndarray], auc: np.ndarray, roles: dict[int, np.ndarray], drug: int, ridge: float
) -> float:
    """Power of one set of features (fold to C x K) for one drug (D x C AUCs), one fitted pipeline per fold."""
    observed, predicted = [], []
    for fold, x in features.items():
        train, test = (np.flatnonzero(roles[fold][drug] == role) for role in ("train", "test"))
        if len(test) < 2:
            continue
        model = make_pipeline(StandardScaler(), Ridge(alpha=ridge * len(train), solver="cholesky"))
        model.fit(x[train], auc[drug, train])
        of_test = model.predict(x[test])
        predicted.append(of_test - of_test.mean())
        observed.append(auc[drug, test] - auc[drug, test].mean())
    return float(pearsonr(np.concatenate(observed), np.concatenate(predicted)).statistic)
