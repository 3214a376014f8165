"""SparseGO's network as drevalpy ships it, in an environment of its own.

The environment lies on top of the one that runs the benchmark and shares its PyTorch, so that both networks run on
the same build. Nothing of drevalpy is copied: its functions read the ontology, its class makes the network.
"""

import importlib.util
import sys
import tempfile
from contextlib import redirect_stdout
from pathlib import Path
from types import ModuleType
from typing import Any

import yaml
from torch import nn

from benchmarks import environments
from druggene.hierarchy import Hierarchy

RELEASE = "drevalpy==1.6.0"
_IMPORTED_WITH_IT = ("toml", "wandb")  # on the way to its module; not used by the network
_FOLDER = Path(__file__).parent / ".venv-sparsego"


def environment() -> Path:
    """Return the interpreter of the environment, made first where it is missing."""
    return environments.environment(_FOLDER, RELEASE, _IMPORTED_WITH_IT)


def build(hierarchy: Hierarchy, drug_bits: int) -> tuple[nn.Module, dict[str, Any]]:
    """Return the network of a hierarchy and its hyper-parameters, the first of each that drevalpy lists."""
    package = _without_the_other_models()
    from drevalpy.models.SparseGO import sparsego, utils

    listed = yaml.safe_load((package / "models" / "SparseGO" / "hyperparameters.yaml").read_text())["SparseGO"]
    chosen = {name: values[0] for name, values in listed.items()}
    chosen["drug_dim"] = drug_bits
    with tempfile.TemporaryDirectory() as folder, redirect_stdout(sys.stderr):
        ontology, genes = Path(folder) / "ontology.txt", Path(folder) / "genes.txt"
        _, edges, annotations = hierarchy.to_tables()
        rows = [f"{parent}\t{child}\tdefault\n" for parent, child in edges.itertuples(index=False)]
        rows += [f"{term}\t{gene}\tgene\n" for term, gene in annotations.itertuples(index=False)]
        ontology.write_text("".join(rows))
        genes.write_text("".join(f"{i}\t{gene}\n" for i, gene in enumerate(hierarchy.genes)))
        gene_ids = utils.load_mapping(str(genes))
        graph, term_pairs, gene_pairs = utils.load_ontology(str(ontology), gene_ids)
        layers = utils.pairs_in_layers(*utils.sort_pairs(gene_pairs, term_pairs, graph, gene_ids))
        sizes = ("num_neurons_per_GO", "num_neurons_per_final_GO", "num_neurons_drug", "num_neurons_final", "drug_dim")
        dropout = [name for name in chosen if name.startswith("p_drop")]
        network = sparsego.SparseGONetwork(
            layer_connections=layers, gene2id_mapping=gene_ids, **{name: chosen[name] for name in (*sizes, *dropout)}
        )
    return network, chosen


def _without_the_other_models() -> Path:
    """Let drevalpy.models be imported without importing all its models and what those need; return its folder."""
    found = importlib.util.find_spec("drevalpy")
    assert found is not None
    assert found.submodule_search_locations
    package = Path(found.submodule_search_locations[0])
    models = ModuleType("drevalpy.models")
    models.__path__ = [str(package / "models")]
    sys.modules["drevalpy.models"] = models
    return package
