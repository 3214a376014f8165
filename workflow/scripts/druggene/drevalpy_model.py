"""DrugGene and DrugGene+ as models of drevalpy, to be compared with its models by its runner.

drevalpy is no part of the workflow's environment: ``pip install .[drevalpy]`` (docs/drevalpy.md). Its data sets have
the omics in ``mutations.csv``, ``gene_expression.csv`` and ``copy_number_variation_gistic.csv`` and the structures in
``drug_smiles.csv`` (pubchem_id, canonical_smiles). DrugGene+ reads ``drug_targets.csv`` besides (pubchem_id, targets
joined by ";", pathway), which drevalpy's own data sets lack.
"""

# Annotations stay text, so that the reference can be built where drevalpy is missing.
from __future__ import annotations

import json
import logging
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import pandas as pd
import torch

try:
    from drevalpy.datasets.dataset import DrugResponseDataset, FeatureDataset
    from drevalpy.datasets.utils import DRUG_IDENTIFIER
    from drevalpy.models import MODEL_FACTORY, MULTI_DRUG_MODEL_FACTORY
    from drevalpy.models.drp_model import DRPModel
    from drevalpy.models.utils import get_multiomics_feature_dataset
except ModuleNotFoundError as error:
    raise ImportError(
        f"druggene.drevalpy_model needs drevalpy ({error}); install it with pip install .[drevalpy]"
    ) from error

from druggene.checkpoint import Checkpoint, ModelOptions
from druggene.constants import AUC, CELL_LINE, COPY_NUMBER, DRUG, EXPRESSION, MUTATION, ROLE, SMILES, TRAIN, VALIDATION
from druggene.devices import prepare_device
from druggene.drugs import FINGERPRINT, compute_drug_features, fingerprint_matrix
from druggene.fold import fit
from druggene.gene_ontology import read_obo_gaf
from druggene.in_memory import Features, GeneOntology, assemble_fold, predict_pairs
from druggene.tables import require_columns, write_text
from druggene.target_features import PATHWAY, TARGETS
from druggene.training import TrainingOptions
from druggene.variants import laid_over

logger = logging.getLogger(__name__)

VIEWS: Final = {
    MUTATION: "mutations",
    EXPRESSION: "gene_expression",
    COPY_NUMBER: "copy_number_variation_gistic",
}
"""The omics by drevalpy's names of views and files."""
FINGERPRINTS, DESCRIPTORS = "fingerprints", "descriptors"
ONTOLOGY_FOLDER: Final = "DRUGGENE_GO"
"""Environment variable that names the folder with the Gene Ontology's files."""
_REPOSITORY = Path(__file__).parents[3]
_CHECKPOINT, _HYPERPARAMETERS = "druggene.pt", "hyperparameters.json"


class DrugGene(DRPModel):
    """The paper's network; its hyper-parameters are the sections of the configuration, see ``hyperparameters.yaml``.

    Attributes
    ----------
    checkpoint
        What was trained or loaded; None before.
    """

    cell_line_views: Sequence[str] = tuple(VIEWS.values())
    drug_views: Sequence[str] = (FINGERPRINTS,)
    early_stopping = True

    def __init__(self) -> None:
        super().__init__()
        self.checkpoint: Checkpoint | None = None

    @classmethod
    def get_model_name(cls) -> str:
        """Return the name that drevalpy knows the model by."""
        return "DrugGene"

    def build_model(self, hyperparameters: dict[str, Any]) -> None:
        """Take hyper-parameters; those not given are the class's in ``hyperparameters.yaml``.

        Raises
        ------
        ValueError
            If one is not known, by its dotted name.
        """
        # A class derived elsewhere may have sets of its own.
        preset = next(base for base in type(self).__mro__ if base.__module__ == __name__)
        (default,) = DRPModel.get_hyperparameter_set.__func__(preset)
        for name in _unknown(hyperparameters, default):
            raise ValueError(f"{self.get_model_name()}: unknown hyper-parameter {name}; see hyperparameters.yaml")
        self.hyperparameters = chosen = laid_over(default, hyperparameters)
        self.log_hyperparameters(chosen)
        drugs, network = chosen["drugs"], chosen["network"]
        name, fusion = self.get_model_name(), chosen["genotype"]["fusion"]
        self._options = ModelOptions.from_config(name, chosen["omics"], fusion, drugs, network)
        self._training = TrainingOptions.from_config(chosen["training"], network, chosen["seed"])
        wanted = {DESCRIPTORS: drugs["features"] != "morgan", TARGETS: drugs["targets"]}
        self.drug_views = (FINGERPRINTS, *(view for view, there in wanted.items() if there))
        self.checkpoint = None

    def load_cell_line_features(self, data_path: str, dataset_name: str) -> FeatureDataset:
        """Read the three omics of the cell lines that have all of them."""
        return get_multiomics_feature_dataset(data_path, dataset_name, omics=list(self.cell_line_views))

    def load_drug_features(self, data_path: str, dataset_name: str) -> FeatureDataset:
        """Compute fingerprints, and descriptors where they are read, from SMILES; read targets where they are.

        Raises
        ------
        ValueError
            If a file lacks a column, or a SMILES cannot be read.
        """
        folder, settings = Path(data_path) / dataset_name, self.hyperparameters["drugs"]
        smiles = _read_drugs(folder / "drug_smiles.csv", ["canonical_smiles"]).dropna()
        drugs = smiles.rename(columns={"canonical_smiles": SMILES})
        options = settings["fingerprint"] | {"desalt": settings["desalt"]}
        computed = compute_drug_features(drugs, settings["features"], **options)
        views: dict[str, np.ndarray] = {FINGERPRINTS: fingerprint_matrix(computed)}
        meta = {}
        if DESCRIPTORS in self.drug_views:
            descriptors = computed.drop(columns=FINGERPRINT)
            views[DESCRIPTORS], meta[DESCRIPTORS] = descriptors.to_numpy(np.float64), list(descriptors.columns)
        if TARGETS in self.drug_views:
            path = folder / "drug_targets.csv"
            if not path.is_file():
                raise ValueError(
                    f"{path}: {self.get_model_name()} reads targets, and the file does not exist; write it with the "
                    f"columns {DRUG_IDENTIFIER}, {TARGETS}, {PATHWAY}, or set drugs.targets to false"
                )
            known = _read_drugs(path, [TARGETS, PATHWAY]).set_index(DRUG).reindex(computed.index)
            views[TARGETS] = known[[TARGETS, PATHWAY]].fillna("").to_numpy(object)
        features = {str(drug): {view: rows[i] for view, rows in views.items()} for i, drug in enumerate(computed.index)}
        return FeatureDataset(features=features, meta_info=meta)

    def train(
        self,
        output: DrugResponseDataset,
        cell_line_input: FeatureDataset,
        drug_input: FeatureDataset | None = None,
        output_earlystopping: DrugResponseDataset | None = None,
        model_checkpoint_dir: str = "checkpoints",
    ) -> None:
        """Build the hierarchy of the training cell lines' genes and train the network on it.

        Parameters
        ----------
        output
            The training pairs.
        cell_line_input, drug_input
            Features as the two ``load`` methods give them.
        output_earlystopping
            The pairs that training is stopped by. Without any, as drevalpy's splits of a small data set are, it
            goes on to the last epoch; with ``training.stop_early: false`` it learns from these pairs too.
        model_checkpoint_dir
            Progress is kept here; training that was killed goes on from it with the same folder.

        Raises
        ------
        ValueError
            Without training pairs or with a missing response, without the Gene Ontology's files, and for features that
            cannot be used.
        """
        name = self.get_model_name()
        if not len(output):
            raise ValueError(f"{name}: no training pairs; give more data, or fewer splits")
        chosen = self.hyperparameters
        parts = [(TRAIN, output)]
        if output_earlystopping is not None and len(output_earlystopping):
            parts.append((VALIDATION if chosen["training"]["stop_early"] else TRAIN, output_earlystopping))
        for role, part in parts:
            if not np.isfinite(part.response).all():
                raise ValueError(f"{name}: {role} pairs without a response; call remove_nan_responses() first")
        rows = pd.concat(
            [
                _pairs(part.cell_line_ids, part.drug_ids).assign(**{AUC: part.response.astype(np.float64), ROLE: role})
                for role, part in parts
            ],
            ignore_index=True,
        )
        encoding = {key: chosen["genotype"][key] for key in ("mutation_encoding", "impute")}
        selection = {key: chosen["ontology"][key] for key in ("min_genes", "min_genes_over_child", "max_layers")}
        fold = assemble_fold(
            self._features(rows, cell_line_input, drug_input),
            rows,
            _ontology(chosen["ontology"]),
            self._options,
            chosen["genes"]["top_mutated_fraction"],
            selection,
            encoding,
        )
        resume = Path(model_checkpoint_dir) / f"{name}.resume.pt"
        with _computing_on(chosen["device"]) as device:
            self.checkpoint, _, _ = fit(fold, self._options, self._training, "drevalpy", 0, str(resume), "", device)
        resume.unlink(missing_ok=True)

    def predict(
        self,
        cell_line_ids: np.ndarray,
        drug_ids: np.ndarray,
        cell_line_input: FeatureDataset,
        drug_input: FeatureDataset | None = None,
    ) -> np.ndarray:
        """Return N predicted responses of N cell lines and drugs; NaN where training diverged."""
        if self.checkpoint is None:
            raise ValueError(f"{self.get_model_name()}: call train() or load() before predict()")
        pairs = _pairs(cell_line_ids, drug_ids)
        return predict_pairs(self.checkpoint, self._features(pairs, cell_line_input, drug_input), pairs)

    def save(self, directory: str) -> None:
        """Write the checkpoint, which holds tensors and plain values alone, and the hyper-parameters."""
        if self.checkpoint is None:
            raise ValueError(f"{self.get_model_name()}: call train() before save()")
        self.checkpoint.save(Path(directory) / _CHECKPOINT)
        write_text(json.dumps(self.hyperparameters, indent=1), Path(directory) / _HYPERPARAMETERS)

    @classmethod
    def load(cls, directory: str) -> Self:
        """Read what :meth:`save` wrote, without executing anything that it holds."""
        model = cls()
        model.build_model(json.loads((Path(directory) / _HYPERPARAMETERS).read_text(encoding="utf-8")))
        model.checkpoint = Checkpoint.load(Path(directory) / _CHECKPOINT)
        return model

    def _features(
        self, pairs: pd.DataFrame, cell_line_input: FeatureDataset, drug_input: FeatureDataset | None
    ) -> Features:
        """Return the features of the pairs' cell lines and drugs as tables."""
        if drug_input is None:
            raise ValueError(f"{self.get_model_name()}: drug_input is None; give what load_drug_features returns")
        lines, drugs = sorted(pairs[CELL_LINE].unique()), sorted(pairs[DRUG].unique())
        omics = {
            omic: pd.DataFrame(
                cell_line_input.get_feature_matrix(view, lines), index=lines, columns=cell_line_input.meta_info[view]
            )
            for omic, view in VIEWS.items()
        }
        index = pd.Index(drugs, name=DRUG)
        views = {view: drug_input.get_feature_matrix(view, drugs) for view in self.drug_views}
        # Above a half: drevalpy's randomisation tests put any numbers in the place of bits.
        packed = np.packbits(views[FINGERPRINTS] > 0.5, axis=1)
        table = pd.DataFrame({FINGERPRINT: [row.tobytes() for row in packed]}, index=index)
        if DESCRIPTORS in views:
            names = drug_input.meta_info[DESCRIPTORS]
            table = pd.concat([table, pd.DataFrame(views[DESCRIPTORS], index=index, columns=names)], axis=1)
        known = None
        if TARGETS in views:
            known = pd.DataFrame(views[TARGETS], columns=[TARGETS, PATHWAY]).assign(**{DRUG: drugs})
        return Features(omics, table, known)


class DrugGenePlus(DrugGene):
    """DrugGene+: every term says one number of a cell line, weighed by the drug (docs/druggene_plus.md)."""

    @classmethod
    def get_model_name(cls) -> str:
        """Return the name that drevalpy knows the model by."""
        return "DrugGenePlus"


def register() -> None:
    """Let drevalpy's runner find both models by their names."""
    for model in (DrugGene, DrugGenePlus):
        for factory in (MODEL_FACTORY, MULTI_DRUG_MODEL_FACTORY):
            factory[model.get_model_name()] = model


def ontology_file(name: str) -> Path:
    """Return where a file of the Gene Ontology lies.

    Looked for are the path itself, then its last name in the folder ``$DRUGGENE_GO``, then the path in the repository,
    which an installed package does not have.

    Raises
    ------
    ValueError
        If it is nowhere.
    """
    folder = os.environ.get(ONTOLOGY_FOLDER)
    places = [Path(name), *([Path(folder) / Path(name).name] if folder else []), _REPOSITORY / name]
    for place in places:
        if place.is_file():
            return place
    raise ValueError(
        f"{name}: no such file of the Gene Ontology; name it in the hyper-parameters ontology.obo and ontology.gaf, or "
        f"set the environment variable {ONTOLOGY_FOLDER} to the folder resources/go of the repository"
    )


def _ontology(settings: Mapping[str, Any]) -> GeneOntology:
    files = ontology_file(settings["obo"]), ontology_file(settings["gaf"])
    return _read_ontology(*files, tuple(settings["relationships"]), tuple(settings["exclude_evidence"]))


@lru_cache(maxsize=1)
def _read_ontology(obo: Path, gaf: Path, relationships: tuple[str, ...], evidence: tuple[str, ...]) -> GeneOntology:
    """Read the files once for all folds."""
    return GeneOntology(*read_obo_gaf(obo, gaf, relationships, evidence))


def _read_drugs(path: Path, columns: Collection[str]) -> pd.DataFrame:
    """Return drug and ``columns`` of a table of drugs as text, each drug once."""
    table = pd.read_csv(path, dtype=str)
    require_columns(table.columns, [DRUG_IDENTIFIER, *columns], path)
    return table.rename(columns={DRUG_IDENTIFIER: DRUG})[[DRUG, *columns]].drop_duplicates(DRUG)


def _pairs(cell_line_ids: np.ndarray, drug_ids: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame({CELL_LINE: cell_line_ids.astype(str), DRUG: drug_ids.astype(str)})


def _unknown(given: Mapping[str, Any], known: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for name, value in given.items():
        if name not in known:
            yield prefix + name
        elif isinstance(value, Mapping) and isinstance(known[name], Mapping):
            yield from _unknown(value, known[name], f"{prefix}{name}.")


@contextmanager
def _computing_on(name: str) -> Iterator[torch.device]:
    """Yield a device, set up as for the workflow's jobs; afterwards other models find PyTorch as it was."""
    deterministic = torch.are_deterministic_algorithms_enabled()
    try:
        yield prepare_device(name, torch.get_num_threads())
    finally:
        torch.use_deterministic_algorithms(deterministic)
