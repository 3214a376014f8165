"""Principal components of omics and drug features: few columns that trees can split on."""

from collections.abc import Mapping

import numpy as np
from sklearn.decomposition import PCA

from druggene.rivals.data import Features, Rows

DRUGS = "drugs"


def components(features: Features, rows: Rows, numbers: Mapping[str, int]) -> tuple[np.ndarray, np.ndarray]:
    """Return the components of all cell lines and of all drugs, learned from those that ``rows`` use.

    Parameters
    ----------
    features
        Of C cell lines and D drugs.
    rows
        Each of their cell lines counts once, as does each of their drugs.
    numbers
        How many components of each omic and of ``drugs``; 0 leaves it out. No more are made than the rows can tell.

    Returns
    -------
    tuple of numpy.ndarray
        C x the omics' components, and D x the drugs' components.
    """
    lines, drugs = np.unique(rows.cell_line), np.unique(rows.drug)
    of_lines = [_project(values, lines, numbers[omic]) for omic, values in features.omics.items()]
    return np.hstack(of_lines), _project(features.drugs, drugs, numbers[DRUGS])


def _project(values: np.ndarray, used: np.ndarray, number: int) -> np.ndarray:
    number = min(number, len(used) - 1, values.shape[1])
    if number < 1:
        return np.empty((len(values), 0))
    projection: np.ndarray = PCA(number, svd_solver="full").fit(values[used].astype(np.float64)).transform(values)
    return projection
