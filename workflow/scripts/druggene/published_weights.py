"""Published weights: state dicts of the authors' DrugGene and of DrugCell, imported as checkpoints and exported back.

Letters: T terms, E edges, A annotations, G genes, H neurons per term, N genes of a term.

    python -m druggene.published_weights import weights.pt --ontology ont.txt --genes genes.txt --output checkpoint.pt
    python -m druggene.published_weights export checkpoint.pt --output weights.pt --ontology ont.txt --genes genes.txt
"""

import argparse
import itertools
import logging
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from druggene.checkpoint import Checkpoint, ModelOptions, versions
from druggene.constants import GENE, OMICS
from druggene.genotype import GenotypeEncoder
from druggene.hierarchy import Hierarchy
from druggene.logs import run_command
from druggene.ontology import read_published_ontology
from druggene.published_state import (
    COUNTER,
    TERM_PARAMETERS,
    check,
    counters,
    genes_of_rows,
    modules,
    read_state_dict,
    shapes,
    sizes,
)
from druggene.tables import atomic_path

logger = logging.getLogger(__name__)

PUBLISHED_WEIGHTS: Final = "published_weights"
"""Key of a checkpoint's provenance that holds a :class:`WeightOrder`."""

_FUSIONS = ("sum", "sum_rescaled")
_MODULE_PARTS = ("weight", "bias", "running_mean", "running_var")


@dataclass(frozen=True)
class WeightOrder:
    """What a published state dict says beyond the values of the parameters, so that it can be written back.

    Attributes
    ----------
    edges
        Per term the positions in ``Hierarchy.edges`` of its children, in the order in which its linear layer reads
        them.
    annotations
        Per term the positions in ``Hierarchy.annotations`` of its genes, in the order of its gene neurons.
    batches
        Normalisation layer to the number of batches that its statistics have seen; None if the state dict, like
        those of PyTorch before 0.4.1, does not count them.
    negative_zeros
        Packed bits, whole bytes per term: which of its N x G masked weights are -0.0; None if none is. Masking a
        negative weight by multiplication leaves them.
    """

    edges: list[list[int]]
    annotations: list[list[int]]
    batches: dict[str, int] | None
    negative_zeros: Tensor | None

    @classmethod
    def of(cls, checkpoint: Checkpoint) -> Self:
        """Return the order in which a checkpoint came in, or that of its hierarchy if it was trained here."""
        kept = checkpoint.provenance.get(PUBLISHED_WEIGHTS)
        if kept is not None:
            return cls(**kept)
        hierarchy = checkpoint.hierarchy
        # Every layer sees every batch, and the joining layer counts them.
        seen = int(checkpoint.state[f"final_norm{COUNTER}"])
        norms = counters(hierarchy, len(checkpoint.options.drug_layers))
        edges, annotations = (_by_term(pairs, hierarchy) for pairs in (hierarchy.edges, hierarchy.annotations))
        return cls(edges, annotations, dict.fromkeys(norms, seen), None)


def import_state_dict(
    state: Mapping[str, Tensor],
    term_edges: pd.DataFrame,
    annotations: pd.DataFrame,
    genes: Sequence[str],
    name: str = "druggene",
    omics: Sequence[str] = OMICS,
    fusion: str = "sum",
) -> Checkpoint:
    """Turn a state dict with the published names into a checkpoint.

    The sizes of the network are those of the state. Its gene neurons are told by the one weight that the mask leaves
    in each row. The order of a term's children leaves no trace in the weights: it is that of ``term_edges``, as the
    published networks add edges line by line. The encoder passes the published matrices, already scaled to 0..1,
    through unchanged and imputes nothing for a cell line without any measured gene.

    Parameters
    ----------
    state
        As :func:`read_state_dict` gives it.
    term_edges, annotations
        As :func:`druggene.ontology.read_published_ontology` gives them, in the order of the file; annotations of other
        genes are passed over, as the published networks do.
    genes
        G symbols in the order of the genotype's columns.
    name, omics, fusion
        What the network is called, what its genotype was made of and how; the authors' code adds the three omics up,
        DrugCell reads mutations alone.

    Raises
    ------
    ValueError
        If hierarchy and state do not match (the parameter and both shapes are named), if terms differ in their number
        of neurons, or if a row of a gene layer cannot be assigned to a gene.
    """
    unknown = [omic for omic in omics if omic not in OMICS]
    if unknown or not omics or fusion not in _FUSIONS:
        raise ValueError(
            f"published weights have one input per gene: omics {list(omics)}, fusion {fusion!r}; "
            f"take some of {', '.join(OMICS)}, and {' or '.join(_FUSIONS)}"
        )
    state = {key: value.detach().cpu() for key, value in state.items()}
    known = annotations[annotations[GENE].isin(list(genes))]
    if len(known) < len(annotations):
        logger.info(
            "%d of %d annotations are of genes outside the list", len(annotations) - len(known), len(annotations)
        )
    hierarchy = Hierarchy.build(term_edges, known, list(genes))
    neurons, features, drug_layers, final = sizes(state, hierarchy)
    check(state, shapes(hierarchy, neurons, features, drug_layers, final), counters(hierarchy, len(drug_layers)))

    order = _order(state, hierarchy, term_edges, len(drug_layers))
    ours = _gather(state, hierarchy, order, neurons)
    for theirs, module in modules(len(drug_layers)).items():
        for parameter in _MODULE_PARTS:
            if f"{theirs}.{parameter}" in state:
                ours[f"{module}.{parameter}"] = state[f"{theirs}.{parameter}"].clone()
    ours[f"final_norm{COUNTER}"] = torch.tensor((order.batches or {}).get(f"final_batchnorm_layer{COUNTER}", 0))

    options = ModelOptions(
        name=name,
        omics=list(omics),
        fusion=fusion,
        drug_features="morgan",
        fingerprint_radius=2,
        fingerprint_bits=features,
        term_neurons=neurons,
        drug_layers=drug_layers,
        final_neurons=final,
    )
    provenance: dict[str, Any] = {PUBLISHED_WEIGHTS: asdict(order), "versions": versions()}
    return Checkpoint(options, hierarchy, _passing_encoder(genes, omics), None, ours, provenance)


def export_state_dict(checkpoint: Checkpoint) -> dict[str, Tensor]:
    """Return a checkpoint's weights under the published names; of an imported one, what came in, bit for bit.

    The linear layers of a network that was trained here read children and genes in the order of its hierarchy.

    Raises
    ------
    ValueError
        If the network keeps its omics apart or reads out all terms: the published ones have one input per gene and
        join the root with the drug.
    """
    if checkpoint.options.readout is not None:
        raise ValueError(
            f"{checkpoint.options.name}: reads out all terms, which the published networks do not; train it with "
            "network.readout joined"
        )
    hierarchy, order = checkpoint.hierarchy, WeightOrder.of(checkpoint)
    state = {key: value.detach().cpu() for key, value in checkpoint.state.items()}
    gene_weight = state["hierarchy.gene_weight"]
    if gene_weight.shape[1] != 1:
        raise ValueError(
            f"{checkpoint.options.name}: keeps {gene_weight.shape[1]} omics apart, which the published networks cannot "
            f"hold; train it with genotype.fusion {' or '.join(_FUSIONS)}"
        )
    options = checkpoint.options
    features = state["drug.linear.0.weight"].shape[1]
    shape_of = shapes(hierarchy, options.term_neurons, features, options.drug_layers, options.final_neurons)
    columns = torch.from_numpy(hierarchy.annotations[:, 1])
    exported: dict[str, Tensor] = {}
    start = 0
    for t, (term, edges, rows) in enumerate(zip(hierarchy.terms, order.edges, order.annotations, strict=True)):
        if rows:
            dense = gene_weight.new_zeros(shape_of[f"{term}_direct_gene_layer.weight"])
            if order.negative_zeros is not None:
                stop = start + -(-dense.numel() // 8)
                bits = np.unpackbits(order.negative_zeros[start:stop].numpy(), count=dense.numel())
                dense[torch.from_numpy(bits.reshape(dense.shape)).bool()] = -0.0
                start = stop
            dense[torch.arange(len(rows)), columns[rows]] = gene_weight[rows, 0]
            exported[f"{term}_direct_gene_layer.weight"] = dense
            exported[f"{term}_direct_gene_layer.bias"] = state["hierarchy.gene_bias"][rows]
        inputs = [*state["hierarchy.edge_weight"][edges], state["hierarchy.annotation_weight"][rows].T]
        exported[f"{term}_linear_layer.weight"] = torch.cat(inputs, dim=1)
        for suffix, parameter in TERM_PARAMETERS.items():
            # A copy: a view would be saved with the numbers of all terms.
            exported[term + suffix] = state[parameter][t].reshape(shape_of[term + suffix]).clone()
    for theirs, module in modules(len(options.drug_layers)).items():
        for parameter in _MODULE_PARTS:
            if f"{theirs}.{parameter}" in shape_of:
                exported[f"{theirs}.{parameter}"] = state[f"{module}.{parameter}"].clone()
    exported |= {counter: torch.tensor(seen) for counter, seen in (order.batches or {}).items()}
    return exported


def _passing_encoder(genes: Sequence[str], omics: Sequence[str]) -> GenotypeEncoder:
    """Return an encoder that leaves values from 0 to 1 as they are.

    Nothing is known of the training cell lines: their means are NaN, which shows in whatever rests on them.
    """
    unknown, low, high = (np.full(len(genes), value) for value in (np.nan, 0.0, 1.0))
    return GenotypeEncoder(
        tuple(genes),
        "binary",
        "cell_line_mean",
        dict.fromkeys(omics, unknown),
        dict.fromkeys(omics, low),
        dict.fromkeys(omics, high),
    )


def _by_term(pairs: np.ndarray, hierarchy: Hierarchy) -> list[list[int]]:
    """Return the positions of the rows of each term, which is their first column."""
    rows: list[list[int]] = [[] for _ in hierarchy.terms]
    for position, term in enumerate(pairs[:, 0].tolist()):
        rows[term].append(position)
    return rows


def _order(
    state: Mapping[str, Tensor], hierarchy: Hierarchy, term_edges: pd.DataFrame, drug_layers: int
) -> WeightOrder:
    """Find out in which order the state holds children and genes."""
    position = {term: i for i, term in enumerate(hierarchy.terms)}
    edge_at = {pair: e for e, pair in enumerate(map(tuple, hierarchy.edges.tolist()))}
    edges: list[list[int]] = [[] for _ in hierarchy.terms]
    for parent, child in zip(term_edges["parent"], term_edges["child"], strict=True):
        edges[position[parent]].append(edge_at[position[parent], position[child]])
    annotations, packed = [], []
    for term, rows in zip(hierarchy.terms, _by_term(hierarchy.annotations, hierarchy), strict=True):
        if not rows:
            annotations.append(rows)
            continue
        name = f"{term}_direct_gene_layer.weight"
        annotation_of = dict(zip(hierarchy.annotations[rows, 1].tolist(), rows, strict=True))
        annotations.append(
            [annotation_of[gene] for gene in genes_of_rows(name, state[name], set(annotation_of), hierarchy)]
        )
        packed.append(np.packbits((torch.signbit(state[name]) & (state[name] == 0)).numpy()))
    negative_zeros = torch.from_numpy(np.concatenate(packed))
    norms = counters(hierarchy, drug_layers)
    batches = {counter: int(state[counter]) for counter in norms} if norms[0] in state else None
    return WeightOrder(edges, annotations, batches, negative_zeros if negative_zeros.any() else None)


def _gather(state: Mapping[str, Tensor], hierarchy: Hierarchy, order: WeightOrder, neurons: int) -> dict[str, Tensor]:
    """Return the parameters of all terms in the engine's order."""
    like = state["final_linear_layer.weight"]
    gene_weight, gene_bias = (like.new_empty(len(hierarchy.annotations)) for _ in range(2))
    annotation_weight = like.new_empty(len(hierarchy.annotations), neurons)
    edge_weight = like.new_empty(len(hierarchy.edges), neurons, neurons)
    columns = torch.from_numpy(hierarchy.annotations[:, 1])
    for term, edges, rows in zip(hierarchy.terms, order.edges, order.annotations, strict=True):
        if rows:
            dense = state[f"{term}_direct_gene_layer.weight"]
            gene_weight[rows] = dense[torch.arange(len(rows)), columns[rows]]
            gene_bias[rows] = state[f"{term}_direct_gene_layer.bias"]
        inputs = state[f"{term}_linear_layer.weight"].split([neurons] * len(edges) + [len(rows)], dim=1)
        for edge, block in zip(edges, inputs, strict=False):
            edge_weight[edge] = block
        annotation_weight[rows] = inputs[-1].T
    gathered = {
        "hierarchy.gene_weight": gene_weight[:, None],
        "hierarchy.gene_bias": gene_bias,
        "hierarchy.annotation_weight": annotation_weight,
        "hierarchy.edge_weight": edge_weight,
    }
    for suffix, parameter in TERM_PARAMETERS.items():
        values = torch.stack([state[term + suffix].flatten() for term in hierarchy.terms])
        of_one_neuron = "head" in parameter and parameter != "hierarchy.head_weight"
        gathered[parameter] = values[:, 0].clone() if of_one_neuron else values
    return gathered


def _read_genes(path: str) -> list[str]:
    """Read a published gene list, whose rows are a number and a symbol; the number is the genotype's column."""
    with open(path, encoding="utf-8") as lines:
        rows = [line.split() for line in lines if line.strip()]
    for number, row in enumerate(rows):
        if len(row) != 2 or row[0] != str(number):
            raise ValueError(
                f"{path}: row {number + 1}: expected '{number}', a tab and a gene, found {' '.join(row)!r}; number "
                "the genes from 0 in the order of the genotype's columns"
            )
    return [symbol for _, symbol in rows]


def _joined(lists: Sequence[list[int]]) -> list[int]:
    return list(itertools.chain.from_iterable(lists))


def _write_lines(path: str, rows: Sequence[tuple[object, ...]]) -> None:
    with atomic_path(path) as temporary:
        temporary.write_text("".join("\t".join(map(str, row)) + "\n" for row in rows), encoding="utf-8")


def _import(arguments: argparse.Namespace) -> None:
    state = read_state_dict(arguments.weights)
    edges, annotations = read_published_ontology(arguments.ontology)
    genes = _read_genes(arguments.genes)
    try:
        checkpoint = import_state_dict(
            state, edges, annotations, genes, arguments.name, arguments.omics, arguments.fusion
        )
    except ValueError as error:
        raise ValueError(f"{arguments.weights}: {error}") from None
    checkpoint.save(arguments.output)
    logger.info("%s: %d terms, %d genes", arguments.output, len(checkpoint.hierarchy.terms), len(genes))


def _export(arguments: argparse.Namespace) -> None:
    checkpoint = Checkpoint.load(arguments.weights)
    if PUBLISHED_WEIGHTS not in checkpoint.provenance and not (arguments.ontology and arguments.genes):
        raise ValueError(
            f"{arguments.weights}: was trained here, so its weights fit only an ontology file and a gene list in its "
            "own order; name both to be written with --ontology and --genes"
        )
    state = export_state_dict(checkpoint)
    hierarchy, order = checkpoint.hierarchy, WeightOrder.of(checkpoint)
    if arguments.ontology:
        rows = [(hierarchy.terms[p], hierarchy.terms[c], "default") for p, c in hierarchy.edges[_joined(order.edges)]]
        pairs = hierarchy.annotations[_joined(order.annotations)]
        _write_lines(arguments.ontology, rows + [(hierarchy.terms[t], hierarchy.genes[g], GENE) for t, g in pairs])
    if arguments.genes:
        _write_lines(arguments.genes, list(enumerate(hierarchy.genes)))
    # Into a stream: given a path, torch writes the (temporary) file name into the archive.
    with atomic_path(arguments.output) as temporary, temporary.open("wb") as stream:
        torch.save(state, stream)
    logger.info("%s: %d parameters and statistics", arguments.output, len(state))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m druggene.published_weights",
        description="Import weights of the authors' DrugGene or of DrugCell as a checkpoint, or export a checkpoint.",
    )
    commands = parser.add_subparsers(required=True, metavar="import | export")
    importing = commands.add_parser("import", help="state dict to checkpoint")
    importing.set_defaults(run=_import)
    importing.add_argument("weights", help="file written with torch.save(model.state_dict(), ...)")
    importing.add_argument("--ontology", required=True, help="ontology file that the network was built from")
    importing.add_argument("--genes", required=True, help="gene list (number, symbol) of the genotype's columns")
    importing.add_argument("--name", default="druggene", help="what the model is called (%(default)s)")
    importing.add_argument("--omics", nargs="+", choices=OMICS, default=list(OMICS), help="what its genotype holds")
    importing.add_argument("--fusion", choices=_FUSIONS, default="sum", help="how the omics are put together")
    exporting = commands.add_parser("export", help="checkpoint to state dict")
    exporting.set_defaults(run=_export)
    exporting.add_argument("weights", metavar="checkpoint", help="checkpoint, imported or trained here")
    exporting.add_argument("--ontology", help="where to write the ontology file in the order of the weights")
    exporting.add_argument("--genes", help="where to write the gene list in the order of the weights")
    for command in (importing, exporting):
        command.add_argument("--output", required=True, help="file to write")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return 0, or 1 after a message on standard error."""
    parsed = _parser().parse_args(arguments)

    def run() -> None:
        files = [
            Path(file).resolve() for file in (parsed.weights, parsed.ontology, parsed.genes, parsed.output) if file
        ]
        if len(set(files)) < len(files):
            raise ValueError("the same file is named twice; give each its own")
        parsed.run(parsed)

    return run_command(run)


if __name__ == "__main__":
    sys.exit(main())
