"""As much of drevalpy 1.6.0 as a model touches, for machines without it; what is there has drevalpy's signatures."""

import inspect
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import yaml
from sklearn.model_selection import ParameterGrid

DRUG_IDENTIFIER, CELL_LINE_IDENTIFIER = "pubchem_id", "cell_line_name"


class DrugResponseDataset:
    def __init__(self, response: np.ndarray, cell_line_ids: np.ndarray, drug_ids: np.ndarray) -> None:
        self.response, self.cell_line_ids, self.drug_ids = response, cell_line_ids.astype(str), drug_ids.astype(str)

    def __len__(self) -> int:
        return len(self.response)


class FeatureDataset:
    def __init__(self, features: dict[str, dict[str, Any]], meta_info: dict[str, Any] | None = None) -> None:
        self.features, self.meta_info = features, meta_info or {}

    @property
    def identifiers(self) -> np.ndarray:
        return np.array(list(self.features))

    def get_feature_matrix(self, view: str, identifiers: Any) -> np.ndarray:
        return np.array([self.features[name][view] for name in identifiers])


class DRPModel:
    early_stopping = False

    def __init__(self) -> None:
        self.hyperparameters: dict[str, Any] = {}

    def log_hyperparameters(self, hyperparameters: dict[str, Any]) -> None:
        pass

    @classmethod
    def get_hyperparameter_set(cls) -> list[dict[str, Any]]:
        path = Path(inspect.getfile(cls)).with_name("hyperparameters.yaml")
        listed = yaml.safe_load(path.read_text())[cls.get_model_name()]  # type: ignore[attr-defined]
        return list(ParameterGrid({k: v if isinstance(v, list) else [v] for k, v in listed.items()}))


def get_multiomics_feature_dataset(
    data_path: str, dataset_name: str, gene_lists: dict[str, Any] | None = None, omics: list[str] | None = None
) -> FeatureDataset:
    assert gene_lists is None
    tables = {
        omic: pd.read_csv(f"{data_path}/{dataset_name}/{omic}.csv", index_col=CELL_LINE_IDENTIFIER)
        for omic in omics or []
    }
    common = set.intersection(*(set(table.index) for table in tables.values()))
    features = {line: {omic: table.loc[line].to_numpy(float) for omic, table in tables.items()} for line in common}
    return FeatureDataset(features, {omic: table.columns.to_numpy() for omic, table in tables.items()})


MODULES = {
    "drevalpy": {},
    "drevalpy.datasets": {},
    "drevalpy.datasets.dataset": {"DrugResponseDataset": DrugResponseDataset, "FeatureDataset": FeatureDataset},
    "drevalpy.datasets.utils": {"DRUG_IDENTIFIER": DRUG_IDENTIFIER},
    "drevalpy.models": {"MODEL_FACTORY": {}, "MULTI_DRUG_MODEL_FACTORY": {}},
    "drevalpy.models.drp_model": {"DRPModel": DRPModel},
    "drevalpy.models.utils": {"get_multiomics_feature_dataset": get_multiomics_feature_dataset},
}


def install() -> None:
    """Let the stand-in be imported under drevalpy's names."""
    for name, contents in MODULES.items():
        module = ModuleType(name)
        vars(module).update(contents)
        sys.modules[name] = module
