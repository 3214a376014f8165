"""Checkpoints: a trained network with all that is needed to use it, in a file without code."""

import io
import os
import platform
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from druggene import __version__
from druggene.drugs import DescriptorScaler
from druggene.genotype import GenotypeEncoder, channels_of
from druggene.hierarchy import Hierarchy
from druggene.network import DrugGeneNetwork
from druggene.tables import atomic_path

FORMAT_VERSION = 1
"""Version of the layout below; raised when an older file could be misunderstood."""


@dataclass(frozen=True)
class ModelOptions:
    """What a model is: name, omics and how they enter, drug features, sizes of the network."""

    name: str
    omics: list[str]
    fusion: str
    drug_features: str
    fingerprint_radius: int
    fingerprint_bits: int
    term_neurons: int
    drug_layers: list[int]
    final_neurons: int
    fingerprint_chirality: bool = False
    desalt: bool = False

    @classmethod
    def from_config(
        cls, name: str, omics: Sequence[str], fusion: str, drugs: Mapping[str, Any], network: Mapping[str, Any]
    ) -> Self:
        """Gather what the configuration says of a model in ``models``, ``genotype``, ``drugs`` and ``network``."""
        return cls(
            name=name,
            omics=list(omics),
            fusion=fusion,
            drug_features=drugs["features"],
            fingerprint_radius=drugs["fingerprint"]["radius"],
            fingerprint_bits=drugs["fingerprint"]["bits"],
            term_neurons=network["term_neurons"],
            drug_layers=list(network["drug_layers"]),
            final_neurons=network["final_neurons"],
            fingerprint_chirality=drugs["fingerprint"]["chirality"],
            desalt=drugs["desalt"],
        )

    def build(self, hierarchy: Hierarchy, drug_features: int) -> DrugGeneNetwork:
        """Return a network of these sizes whose parameters are not yet drawn."""
        channels = channels_of(self.omics, self.fusion)
        return DrugGeneNetwork(
            hierarchy, drug_features, channels, self.term_neurons, self.drug_layers, self.final_neurons
        )


@dataclass(frozen=True)
class Checkpoint:
    """A trained model of one fold.

    Attributes
    ----------
    options
        What the model is.
    hierarchy
        Its terms, edges and annotations; the genes are the genotype's columns in order.
    encoder, drug_scaler
        Turn raw omics and drug descriptors into inputs.
    state
        Parameters and running statistics.
    provenance
        Protocol, fold, best epoch, why training diverged if it did, training options and versions.
    """

    options: ModelOptions
    hierarchy: Hierarchy
    encoder: GenotypeEncoder
    drug_scaler: DescriptorScaler | None
    state: dict[str, Tensor]
    provenance: dict[str, Any]

    def network(self) -> DrugGeneNetwork:
        """Return the trained network, in evaluation mode.

        Raises
        ------
        ValueError
            If its training diverged: the state is the best there was before, and no model of the fold.
        """
        if self.provenance.get("diverged"):
            protocol, fold = self.provenance["protocol"], self.provenance["fold"]
            raise ValueError(f"{self.options.name} on fold {fold} of {protocol}: {self.provenance['diverged']}")
        features = self.state["drug.linear.0.weight"].shape[1]
        network = self.options.build(self.hierarchy, features)
        network.load_state_dict(self.state)
        return network.eval()

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the checkpoint atomically; :meth:`load` needs no code from it."""
        assert self.encoder.genes == self.hierarchy.genes, "the genotype's columns are the hierarchy's genes, in order"
        terms, edges, annotations = self.hierarchy.to_tables()
        content = {
            "format_version": FORMAT_VERSION,
            "options": asdict(self.options),
            "hierarchy": {
                "terms": terms.to_dict("list"),
                "term_edges": edges.to_dict("list"),
                "term_genes": annotations.to_dict("list"),
            },
            "encoder": self.encoder.to_dict(),
            "drug_scaler": None if self.drug_scaler is None else self.drug_scaler.to_dict(),
            "state": {name: value.cpu() for name, value in self.state.items()},
            "provenance": self.provenance,
        }
        write_archive(content, path)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read a checkpoint without executing anything that it holds.

        Raises
        ------
        ValueError
            If the file is damaged, is no checkpoint of this package, or has another layout.
        """
        try:
            content = read_archive(path)
            version = content["format_version"]
        except FileNotFoundError:
            raise
        except Exception as error:
            raise ValueError(
                f"{path}: not a readable checkpoint ({type(error).__name__}: {str(error).partition(chr(10))[0]}); "
                "delete it and rerun train_model"
            ) from error
        if version != FORMAT_VERSION:
            raise ValueError(
                f"{path}: checkpoint layout {version}, this version reads {FORMAT_VERSION}; rerun train_model"
            )
        encoder = GenotypeEncoder.from_dict(content["encoder"])
        terms, edges, annotations = (
            pd.DataFrame(content["hierarchy"][name]) for name in ("terms", "term_edges", "term_genes")
        )
        scaler = content["drug_scaler"]
        return cls(
            options=ModelOptions(**content["options"]),
            hierarchy=Hierarchy.from_tables(terms, edges, annotations, list(encoder.genes)),
            encoder=encoder,
            drug_scaler=None if scaler is None else DescriptorScaler.from_dict(scaler),
            state=content["state"],
            provenance=content["provenance"],
        )


def write_archive(content: dict[str, Any], path: str | os.PathLike[str]) -> None:
    """Write tensors and plain values atomically, for :func:`read_archive`."""
    # By way of memory: given a path, torch writes the (temporary) file name into the archive, and it has no words for a
    # full disk.
    stream = io.BytesIO()
    torch.save(content, stream)
    with atomic_path(path) as temporary:
        temporary.write_bytes(stream.getbuffer())


def read_archive(path: str | os.PathLike[str]) -> Any:
    """Return what :func:`write_archive` wrote, without executing anything; every part of it has to have its checksum.

    ``torch.load`` alone leaves the checksums in the archive unread, so that a flipped bit would become a weight.

    Raises
    ------
    Exception
        Whatever `zipfile` or `torch` raise if the file is missing, damaged or holds more than tensors and plain values.
    """
    with zipfile.ZipFile(path) as archive:
        damaged = archive.testzip()
    if damaged is not None:
        raise zipfile.BadZipFile(f"{damaged} does not have its checksum")
    return torch.load(path, map_location="cpu", weights_only=True)


def versions() -> dict[str, str]:
    """Return the versions that a checkpoint was made with."""
    return {
        "druggene": __version__,
        "python": platform.python_version(),
        "torch": str(torch.__version__),
        "numpy": np.__version__,
        "pandas": pd.__version__,
    }
