"""Drug and cell-line effects: the predictor that knows which drugs are strong and which cell lines are sensitive."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd
from sklearn.linear_model import Ridge
from sklearn.preprocessing import OneHotEncoder

from druggene.constants import AUC, CELL_LINE, DRUG

_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Effects:
    """A mean, and the effect of every drug and cell line that was learned from.

    The effects are random effects at their best linear unbiased prediction: ridge regression on the names of drug and
    cell line, whose penalty is the ratio of the noise's variance to the effect's. The variances come from the
    training rows by the method of moments (one-way analysis of variance, drugs first, cell lines on what drugs
    leave): so the shrinkage is chosen by the training rows alone. An unseen drug or cell line has effect 0.

    Attributes
    ----------
    mean
        Of the training rows, or of what a prediction leaves of them.
    drug, cell_line
        Effects by name.
    """

    mean: float
    drug: pd.Series
    cell_line: pd.Series

    @classmethod
    def fit(cls, train: pd.DataFrame, beyond: np.ndarray | None = None) -> Self:
        """Learn from the columns drug, cell_line and auc.

        Parameters
        ----------
        train
            N rows.
        beyond
            N predictions of their AUC, of which the effects are to tell what is left. They are shrunken as those of the
            AUC itself, because what a model leaves of the rows that it was fitted to is too little to tell the
            variances from: the more rows a drug or cell line has, the more of its mean residual is kept.
        """
        auc = train[AUC].astype(np.float64)
        centred = auc - auc.mean()
        drug_variance, _ = _variance_components(centred, train[DRUG])
        without_drug = centred - centred.groupby(train[DRUG]).transform("mean")
        line_variance, noise = _variance_components(without_drug, train[CELL_LINE])

        names = OneHotEncoder()
        indicators = names.fit_transform(train[[DRUG, CELL_LINE]])
        # A column of height s under the penalty 1 has the prior variance s²: both effects share one penalty, the noise.
        heights = np.sqrt(np.repeat([drug_variance, line_variance], [len(found) for found in names.categories_]))
        left = auc if beyond is None else auc - beyond
        mean = float(left.mean())
        ridge = Ridge(alpha=noise, fit_intercept=False, solver="lsqr", tol=_TOLERANCE)
        ridge.fit(indicators.multiply(heights).tocsr(), left - mean)
        drugs, lines = names.categories_
        effects = heights * ridge.coef_
        return cls(mean, pd.Series(effects[: len(drugs)], drugs), pd.Series(effects[len(drugs) :], lines))

    def of_drugs(self, drugs: pd.Series | np.ndarray) -> np.ndarray:
        """Return the drugs' effects, 0 where unseen."""
        return self.drug.reindex(drugs).fillna(0.0).to_numpy(dtype=np.float64)

    def of_cell_lines(self, cell_lines: pd.Series | np.ndarray) -> np.ndarray:
        """Return the cell lines' effects, 0 where unseen."""
        return self.cell_line.reindex(cell_lines).fillna(0.0).to_numpy(dtype=np.float64)

    def predict(self, rows: pd.DataFrame) -> np.ndarray:
        """Return mean + drug effect + cell-line effect of rows with the columns drug and cell_line."""
        return self.mean + self.of_drugs(rows[DRUG]) + self.of_cell_lines(rows[CELL_LINE])


def _variance_components(values: pd.Series, group: pd.Series) -> tuple[float, float]:
    """Return the variance between and within groups of unequal size, by the method of moments."""
    groups = values.groupby(group)
    means, counts = groups.mean(), groups.size()
    free_between, free_within = len(counts) - 1, len(values) - len(counts)
    if free_between < 1 or free_within < 1:
        return 0.0, float(values.var(ddof=0))
    within = float(((values - groups.transform("mean")) ** 2).sum() / free_within)
    between = float((counts * (means - values.mean()) ** 2).sum() / free_between)
    typical_count = (len(values) - (counts**2).sum() / len(values)) / free_between
    return max(0.0, (between - within) / typical_count), within
