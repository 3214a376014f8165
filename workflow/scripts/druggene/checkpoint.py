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
from druggene.constants import CELL_LINE, DRUG
from druggene.drug_inputs import DrugInputs
from druggene.drugs import DescriptorScaler
from druggene.genotype import GenotypeEncoder, channels_of
from druggene.hierarchy import Hierarchy
from druggene.network import DrugGeneNetwork
from druggene.reference import ARRAYS, Reference
from druggene.tables import atomic_path
from druggene.target_features import TargetEncoder
from druggene.term_readout import Network, ReadoutOptions, TermReadoutNetwork, named_rows

FORMAT_VERSION = 2
"""Version of the layout below; raised when an older file could be misunderstood.

Version 1 is read, too: it has the hierarchy as tables of names, which take seconds to read, and no reference.
"""
_READ = (1, FORMAT_VERSION)


@dataclass(frozen=True)
class ModelOptions:
    """What a model is: name, omics and how they enter, drug features, sizes of the network.

    ``readout`` is None for the paper's network, whose root is joined with the drug.
    """

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
    targets: bool = False
    readout: ReadoutOptions | None = None

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
            targets=drugs["targets"],
            readout=ReadoutOptions.from_config(omics, fusion, network) if network["readout"] == "terms" else None,
        )

    def build(self, hierarchy: Hierarchy, drug_features: int, sizes: tuple[int, int] = (0, 0)) -> Network:
        """Return a network for a fold of C cell lines and D drugs (``sizes``), whose parameters are not yet drawn."""
        if self.readout is not None:
            bits = 0 if self.drug_features == "descriptors" else self.fingerprint_bits
            return TermReadoutNetwork(
                hierarchy, sizes, drug_features, bits, self.term_neurons, self.drug_layers, self.readout
            )
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
    encoder, drug_scaler, target_encoder
        Turn raw omics, drug descriptors and drug targets into inputs.
    cell_lines, drugs
        Names of the C cell lines and D drugs that the rows of the parameters by cell line and by drug stand for.
    state
        Parameters and running statistics.
    provenance
        Protocol, fold, best epoch, why training diverged if it did, training options and versions.
    reference
        What tells how far new cell lines and drugs are from the training set; None in a checkpoint that was written
        before there was one, or of imported weights.
    """

    options: ModelOptions
    hierarchy: Hierarchy
    encoder: GenotypeEncoder
    drug_scaler: DescriptorScaler | None
    state: dict[str, Tensor]
    provenance: dict[str, Any]
    target_encoder: TargetEncoder | None = None
    cell_lines: tuple[str, ...] = ()
    drugs: tuple[str, ...] = ()
    reference: Reference | None = None

    @property
    def drug_inputs(self) -> DrugInputs:
        """What turns the features of drugs into the network's inputs."""
        return DrugInputs(self.options.drug_features, self.drug_scaler, self.target_encoder)

    def network(self, cell_lines: Sequence[str] | None = None, drugs: Sequence[str] | None = None) -> Network:
        """Return the trained network, in evaluation mode.

        Parameters
        ----------
        cell_lines, drugs
            Those that the parameters by cell line and by drug shall stand for, in order; one that training did not
            know has zeros, as if it had no response. By default those of the checkpoint.

        Raises
        ------
        ValueError
            If its training diverged: the state is the best there was before, and no model of the fold.
        """
        if self.provenance.get("diverged"):
            protocol, fold = self.provenance["protocol"], self.provenance["fold"]
            raise ValueError(f"{self.options.name} on fold {fold} of {protocol}: {self.provenance['diverged']}")
        first = "drug.linear.0.weight" if self.options.readout is None else "members.0.drug_hidden.0.weight"
        lines = self.cell_lines if cell_lines is None else tuple(cell_lines)
        names = self.drugs if drugs is None else tuple(drugs)
        network = self.options.build(self.hierarchy, self.state[first].shape[1], (len(lines), len(names)))
        network.load_state_dict(self.state_for(lines, names))
        return network.eval()

    def state_for(self, cell_lines: Sequence[str], drugs: Sequence[str]) -> dict[str, Tensor]:
        """Return the state with the parameters by cell line and by drug for these names, zero where unknown."""
        names = {CELL_LINE: (self.cell_lines, cell_lines), DRUG: (self.drugs, drugs)}
        state = dict(self.state)
        for name, value in self.state.items():
            if (rows := named_rows(name)) is not None:
                known, wanted = names[rows]
                state[name] = value if tuple(wanted) == known else _rows_of(value, known, wanted)
        return state

    def joined_network(self) -> DrugGeneNetwork:
        """Return :meth:`network` where it is the paper's, whose root is joined with the drug.

        Raises
        ------
        ValueError
            If it is another, besides what :meth:`network` raises.
        """
        network = self.network()
        if not isinstance(network, DrugGeneNetwork):
            raise ValueError(
                f"{self.options.name}: with network.readout: terms no root is joined with the drug, and the terms' "
                "contributions are the interpretation; for this, name a model with readout: joined"
            )
        return network

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the checkpoint atomically; :meth:`load` needs no code from it."""
        assert self.encoder.genes == self.hierarchy.genes, "the genotype's columns are the hierarchy's genes, in order"
        content = {
            "format_version": FORMAT_VERSION,
            "options": asdict(self.options),
            "hierarchy": {
                "terms": list(self.hierarchy.terms),
                "names": list(self.hierarchy.names),
                **{name: torch.from_numpy(getattr(self.hierarchy, name).copy()) for name in _POSITIONS},
            },
            "encoder": self.encoder.to_dict(),
            "drug_scaler": None if self.drug_scaler is None else self.drug_scaler.to_dict(),
            "state": {name: value.cpu() for name, value in self.state.items()},
            "provenance": self.provenance,
            "target_encoder": None if self.target_encoder is None else self.target_encoder.to_dict(),
            "cell_lines": list(self.cell_lines),
            "drugs": list(self.drugs),
            "reference": None if self.reference is None else _with_tensors(self.reference.to_dict()),
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
        except FileNotFoundError:
            raise
        except Exception as error:
            raise ValueError(
                f"{path}: not a readable checkpoint ({_in_a_line(error)}); delete it and rerun train_model; published "
                "weights are read by druggene import"
            ) from error
        if not isinstance(content, dict) or "format_version" not in content:
            raise ValueError(
                f"{path}: is no checkpoint of DrugGene, as it names no layout; name a file of the folder models/ of a "
                "run, or read published weights by druggene import"
            )
        version = content["format_version"]
        if version not in _READ:
            known = " and ".join(map(str, _READ))
            raise ValueError(f"{path}: checkpoint layout {version}, this version reads {known}; rerun train_model")
        try:
            return cls._of_content(content)
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(
                f"{path}: a part of the checkpoint is missing or damaged ({_in_a_line(error)}); delete it and "
                "rerun train_model"
            ) from error

    @classmethod
    def _of_content(cls, content: dict[str, Any]) -> Self:
        """Return the checkpoint of what :meth:`save` puts into the archive, in any layout that is read."""
        encoder = GenotypeEncoder.from_dict(content["encoder"])
        scaler, targets, options = content["drug_scaler"], content.get("target_encoder"), dict(content["options"])
        reference = content.get("reference")
        if options.get("readout") is not None:
            options["readout"] = ReadoutOptions(**options["readout"])
        return cls(
            options=ModelOptions(**options),
            hierarchy=_hierarchy(content["hierarchy"], encoder.genes, content["format_version"]),
            encoder=encoder,
            drug_scaler=None if scaler is None else DescriptorScaler.from_dict(scaler),
            state=content["state"],
            provenance=content["provenance"],
            target_encoder=None if targets is None else TargetEncoder.from_dict(targets),
            cell_lines=tuple(content.get("cell_lines", ())),
            drugs=tuple(content.get("drugs", ())),
            reference=None if reference is None else Reference.from_dict(reference),
        )


_POSITIONS = ("layers", "sizes", "edges", "annotations")
"""The fields of a hierarchy that are arrays."""


def _hierarchy(content: dict[str, Any], genes: tuple[str, ...], version: int) -> Hierarchy:
    """Return the hierarchy of a checkpoint of any version that is read."""
    if version == 1:
        terms, edges, annotations = (pd.DataFrame(content[name]) for name in ("terms", "term_edges", "term_genes"))
        return Hierarchy.from_tables(terms, edges, annotations, list(genes))
    layers, sizes, edges, annotations = (content[name].numpy() for name in _POSITIONS)
    return Hierarchy(tuple(content["terms"]), tuple(content["names"]), layers, sizes, genes, edges, annotations)


def _with_tensors(state: dict[str, Any]) -> dict[str, Any]:
    """Return a reference's dictionary with its arrays as tensors, which an archive may hold."""
    return {name: torch.from_numpy(value.copy()) if name in ARRAYS else value for name, value in state.items()}


def _rows_of(rows: Tensor, known: Sequence[str], wanted: Sequence[str]) -> Tensor:
    """Return the rows of ``wanted`` names of those of ``known`` ones; zeros for a name that is not known."""
    position = {name: i for i, name in enumerate(known)}
    padded = torch.cat([rows, rows.new_zeros(1, *rows.shape[1:])])
    return padded[[position.get(name, len(rows)) for name in wanted]]


def _in_a_line(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"


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
