"""Published weights: what the plain network with the published names computes survives import, and comes back."""

import subprocess
import sys
from pathlib import Path

import networkx
import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from druggene.checkpoint import Checkpoint, ModelOptions
from druggene.constants import MUTATION, OMICS
from druggene.hierarchy import Hierarchy
from druggene.ontology import read_published_ontology
from druggene.published_state import counters, shapes
from druggene.published_weights import (
    PUBLISHED_WEIGHTS,
    export_state_dict,
    import_state_dict,
    main,
    read_state_dict,
)
from druggene.term_readout import ReadoutOptions
from tests.reference.folds import small_fold
from tests.reference.hierarchies import random_hierarchy, tricky_hierarchy
from tests.reference.plain_network import PlainNetwork
from tests.reference.published import Published, assert_identical, assert_same_predictions

HIERARCHIES = {"tricky": tricky_hierarchy, "random": lambda: random_hierarchy(3)}


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-6), (torch.float64, 1e-10)])
@pytest.mark.parametrize("name", HIERARCHIES)
def test_import_predicts_the_same_and_export_gives_it_back(
    name: str, dtype: torch.dtype, tolerance: float, tmp_path: Path
) -> None:
    published = Published(HIERARCHIES[name](), dtype=dtype)
    torch.save(published.network.state_dict(), tmp_path / "weights.pt")
    checkpoint = published.checkpoint(read_state_dict(tmp_path / "weights.pt"))
    assert_same_predictions(checkpoint, published, dtype, tolerance)
    assert_identical(export_state_dict(checkpoint), published.state())
    checkpoint.save(tmp_path / "checkpoint.pt")
    loaded = Checkpoint.load(tmp_path / "checkpoint.pt")
    assert_identical(export_state_dict(loaded), published.state())
    assert_same_predictions(loaded, published, dtype, tolerance)


def test_zeros_of_one_sign_are_not_kept_apart() -> None:
    published = Published(random_hierarchy(3))
    state = {name: value + 0.0 if value.is_floating_point() else value for name, value in published.state().items()}
    checkpoint = published.checkpoint(state)
    assert checkpoint.provenance[PUBLISHED_WEIGHTS]["negative_zeros"] is None
    assert_identical(export_state_dict(checkpoint), state)


def test_options_are_those_of_the_state() -> None:
    published = Published(random_hierarchy(3))
    checkpoint = import_state_dict(
        published.state(), published.edges, published.annotations, published.genes, "drugcell", [MUTATION], "sum"
    )
    assert checkpoint.options == ModelOptions("drugcell", [MUTATION], "sum", "morgan", 2, 16, 3, [8, 5, 4], 7)


def test_a_state_without_batch_counts_comes_back_without_them() -> None:
    published = Published(random_hierarchy(3))
    state = {name: value for name, value in published.state().items() if not name.endswith("num_batches_tracked")}
    checkpoint = published.checkpoint(state)
    assert_same_predictions(checkpoint, published, torch.float32, 1e-6)
    assert_identical(export_state_dict(checkpoint), state)


def test_a_network_of_ours_survives_export_and_import() -> None:
    data = small_fold()
    options = ModelOptions("druggene", list(OMICS), "sum_rescaled", "morgan", 2, 64, 4, [8, 4], 5)
    network = options.build(data.hierarchy, 64)
    network.initialise("scaled_0.1", 1)
    network.final_norm.num_batches_tracked.fill_(37)
    checkpoint = Checkpoint(options, data.hierarchy, data.encoder, None, network.state_dict(), {})
    state = export_state_dict(checkpoint)
    assert state[f"{data.hierarchy.root}_batchnorm_layer.num_batches_tracked"] == 37
    PlainNetwork(data.hierarchy, 64, 1, 4, (8, 4), 5).load_state_dict(state)
    _, edges, annotations = data.hierarchy.to_tables()
    back = import_state_dict(state, edges, annotations, list(data.hierarchy.genes), fusion="sum_rescaled")
    assert back.options == options
    assert back.network().state_dict().keys() == network.state_dict().keys()
    assert_identical(back.state, dict(network.state_dict()))


def test_omics_kept_apart_cannot_be_exported() -> None:
    data = small_fold()
    options = ModelOptions("apart", list(OMICS), "channels", "morgan", 2, 64, 4, [8, 4], 5)
    state = options.build(data.hierarchy, 64).state_dict()
    with pytest.raises(ValueError, match=r"apart: keeps 3 omics apart.*train it with genotype\.fusion sum or"):
        export_state_dict(Checkpoint(options, data.hierarchy, data.encoder, None, state, {}))


def test_a_read_out_of_all_terms_cannot_be_exported() -> None:
    data = small_fold()
    dropouts = dict.fromkeys([name for name in ReadoutOptions.__annotations__ if name.endswith("dropout")], 0.0)
    readout = ReadoutOptions(latent=2, members=1, omic_weights=(1.0,), **dropouts)
    options = ModelOptions("plus", list(OMICS), "sum", "morgan", 2, 64, 4, [8], 5, readout=readout)
    state = options.build(data.hierarchy, 64, data.sizes).state_dict()
    with pytest.raises(ValueError, match=r"plus: reads out all terms.*train it with network\.readout joined"):
        export_state_dict(Checkpoint(options, data.hierarchy, data.encoder, None, state, {}))


def test_the_encoder_passes_published_matrices_through() -> None:
    published = Published(random_hierarchy(3))
    values = np.random.default_rng(0).random((4, len(published.genes))).astype(np.float32)
    values[3] = np.nan
    frame = pd.DataFrame(values, columns=published.genes).sample(frac=1, axis=1, random_state=0)
    encoded = published.checkpoint().encoder.transform({omic: frame for omic in OMICS})
    for omic in OMICS:
        np.testing.assert_array_equal(encoded[omic], values)


def test_a_row_of_zeros_is_assigned_where_one_gene_is_left() -> None:
    published = Published(random_hierarchy(3))
    state = published.state()
    name, rows = next((n, len(v)) for n, v in state.items() if n.endswith("_direct_gene_layer.weight") and len(v) > 3)
    state[name][1] = 0.0
    published.network.load_state_dict(state)
    checkpoint = published.checkpoint(state)
    assert_same_predictions(checkpoint, published, torch.float32, 1e-6)
    term = checkpoint.hierarchy.terms.index(name.removesuffix("_direct_gene_layer.weight"))
    order = checkpoint.provenance[PUBLISHED_WEIGHTS]["annotations"][term]
    genes = checkpoint.hierarchy.annotations[order, 1].tolist()
    assert genes == published.network.genes_of[checkpoint.hierarchy.terms[term]]
    assert len(genes) == rows
    assert_identical(export_state_dict(checkpoint), state)
    state[name][2] = 0.0
    with pytest.raises(ValueError, match=rf"{name}: rows 1 and 2 \(2 in all\) have no weight other than 0"):
        published.checkpoint(state)


REFUSALS = {
    "a missing term": (
        lambda state: [state.pop(name) for name in list(state) if name.startswith("F_")],
        r"F_direct_gene_layer\.weight is missing \(13 of 129 parameters are\).*give the ontology and the gene list",
    ),
    "another term": (
        lambda state: state.update({"X_linear_layer.bias": torch.zeros(3), "X_linear_layer.weight": torch.zeros(3, 3)}),
        r"X_linear_layer\.bias \(2 in all\) belongs to no term",
    ),
    "no term": (
        lambda state: [state.pop(name) for name in list(state) if not name.startswith(("drug", "final"))],
        r"R_linear_layer\.weight is missing, as every other term is",
    ),
    "another network": (lambda state: state.pop("final_linear_layer.weight"), "not the state dict of a DrugGene"),
    "a missing count": (
        lambda state: state.pop("A_batchnorm_layer.num_batches_tracked"),
        r"A_batchnorm_layer\.num_batches_tracked is missing",
    ),
    "another shape": (
        lambda state: state.update({"C_linear_layer.weight": torch.ones(3, 7)}),
        r"C_linear_layer\.weight: expected shape \(3, 9\), found \(3, 7\); give the ontology",
    ),
    "other genes": (
        lambda state: state.update({"A_direct_gene_layer.weight": torch.ones(3, 8)}),
        r"A_direct_gene_layer\.weight: expected shape \(3, 9\), found \(3, 8\); .* gene list",
    ),
    "terms of two sizes": (
        lambda state: state.update({"C_linear_layer.weight": torch.ones(4, 9)}),
        r"C_linear_layer\.weight: 4 neurons, but A_linear_layer\.weight has 3; only networks",
    ),
    "a vector for a matrix": (
        lambda state: state.update({"C_linear_layer.weight": torch.ones(4)}),
        r"C_linear_layer\.weight: expected a matrix, found shape \(4,\)",
    ),
    "two genes in a row": (
        lambda state: state["A_direct_gene_layer.weight"][1, :2].fill_(1.0),
        r"A_direct_gene_layer\.weight: row 1 has 2 weights other than 0, .*multiply the layer by its mask",
    ),
    "a gene of another term": (
        lambda state: state.update({"D_direct_gene_layer.weight": torch.eye(1, 9)}),
        r"D_direct_gene_layer\.weight: row 0 reads g0, which the term is not annotated with",
    ),
    "a gene in two rows": (
        lambda state: state.update({"A_direct_gene_layer.weight": torch.eye(1, 9).repeat(3, 1)}),
        r"A_direct_gene_layer\.weight: rows 0 and 1 both read g0",
    ),
    "two types": (
        lambda state: state.update({"B_linear_layer.bias": torch.zeros(3).double()}),
        r"B_linear_layer\.bias: expected type torch\.float32, found torch\.float64",
    ),
    "NaN": (lambda state: state["R_linear_layer.bias"].fill_(torch.nan), r"R_linear_layer\.bias: holds NaN"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_what_does_not_match_is_refused(case: str) -> None:
    change, message = REFUSALS[case]
    published = Published(tricky_hierarchy())
    state = published.state()
    change(state)
    with pytest.raises(ValueError, match=message):
        published.checkpoint(state)


def test_fusions_that_the_published_networks_lack_are_refused() -> None:
    published = Published(tricky_hierarchy())
    for omics, fusion in [(OMICS, "channels"), (["methylation"], "sum"), ([], "sum")]:
        with pytest.raises(ValueError, match=r"published weights have one input per gene: omics .* take some of"):
            import_state_dict(
                published.state(), published.edges, published.annotations, published.genes, "x", omics, fusion
            )


def test_annotations_of_other_genes_are_passed_over() -> None:
    published = Published(tricky_hierarchy())
    more = pd.DataFrame({"term": ["A", "B"], "gene": ["unlisted", "g99"]})
    annotations = pd.concat([more, published.annotations])
    checkpoint = import_state_dict(published.state(), published.edges, annotations, published.genes)
    assert_identical(export_state_dict(checkpoint), published.state())


@pytest.mark.parametrize("wrap", ["state_dict", "model_state_dict", "module", "parallel and key"])
def test_wrapped_states_are_read(wrap: str, tmp_path: Path) -> None:
    state = Published(tricky_hierarchy()).state()
    content: dict[str, object] = (
        {f"module.{name}": value for name, value in state.items()} if "m" in wrap[:1] else state
    )
    if wrap == "parallel and key":
        content = {"epoch": 3, "state_dict": {f"module.{name}": value for name, value in state.items()}}
    elif wrap != "module":
        content = {"epoch": 3, wrap: state}
    torch.save(content, tmp_path / "weights.pt")
    assert_identical(read_state_dict(tmp_path / "weights.pt"), state)


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("wrapped", [False, True])
def test_a_pickled_network_is_refused_with_the_way_to_convert_it(tmp_path: Path, wrapped: bool, legacy: bool) -> None:
    path = tmp_path / "drugcell.pt"
    network: nn.Module = Published(tricky_hierarchy()).network
    torch.save({"model": network} if wrapped else network, path, _use_new_zipfile_serialization=not legacy)
    message = (
        r"drugcell\.pt: holds pickled code \(tests\.reference\.plain_network\.PlainNetwork\).*"
        r"weights_only=False\), then torch\.save\(model\.state_dict\(\), "
    )
    with pytest.raises(ValueError, match=message):
        read_state_dict(path)


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning", "ignore:.*TorchScript:UserWarning")
def test_a_compiled_network_is_refused(tmp_path: Path) -> None:
    torch.jit.trace(nn.Linear(2, 1), torch.zeros(1, 2)).save(tmp_path / "script.pt")
    with pytest.raises(ValueError, match=r"script\.pt: holds pickled code \(TorchScript\)"):
        read_state_dict(tmp_path / "script.pt")


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("cut", [0, 100, 5000, -10])
def test_a_cut_file_is_refused(tmp_path: Path, cut: int, legacy: bool) -> None:
    path = tmp_path / "weights.pt"
    torch.save(Published(tricky_hierarchy()).state(), path, _use_new_zipfile_serialization=not legacy)
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(ValueError, match=r"weights\.pt: not a readable PyTorch file .* cut, damaged or still packed"):
        read_state_dict(path)


def test_other_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.pt"
    path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 2\n")
    with pytest.raises(ValueError, match="is a Git LFS pointer"):
        read_state_dict(path)
    for content, found in (({"epoch": 3}, "epoch"), ([1], "list"), ({}, ""), ({1: torch.zeros(1)}, "1")):
        torch.save(content, path)
        with pytest.raises(ValueError, match=rf"holds no state dict \(found: {found}\)"):
            read_state_dict(path)
    with pytest.raises(FileNotFoundError):
        read_state_dict(tmp_path / "absent.pt")


def test_command_line_there_and_back(tmp_path: Path) -> None:
    published = Published(random_hierarchy(3))
    files = published.write(tmp_path)
    checkpoint, back = str(tmp_path / "checkpoint.pt"), str(tmp_path / "back.pt")
    assert main(["import", *files, "--output", checkpoint, "--name", "drugcell", "--omics", "mutation"]) == 0
    assert Checkpoint.load(checkpoint).options.omics == ["mutation"]
    assert main(["export", checkpoint, "--output", back]) == 0
    assert_identical(read_state_dict(back), published.state())
    # The files that go with the weights say the same as those that came in.
    beside = ["--ontology", str(tmp_path / "ontology_2.txt"), "--genes", str(tmp_path / "genes_2.txt")]
    assert main(["export", checkpoint, "--output", back, *beside]) == 0
    assert (tmp_path / "genes_2.txt").read_text() == (tmp_path / "genes.txt").read_text()
    edges, annotations = read_published_ontology(tmp_path / "ontology_2.txt")
    again = import_state_dict(read_state_dict(back), edges, annotations, published.genes)
    assert again.provenance[PUBLISHED_WEIGHTS]["edges"] == published.checkpoint().provenance[PUBLISHED_WEIGHTS]["edges"]
    assert_same_predictions(again, published, torch.float32, 1e-6)


def test_command_line_exports_a_network_of_ours_with_its_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = small_fold()
    options = ModelOptions("druggene", list(OMICS), "sum", "morgan", 2, 64, 4, [8, 4], 5)
    network = options.build(data.hierarchy, 64)
    network.initialise("scaled_0.1", 1)
    ours, weights, back = (str(tmp_path / name) for name in ("fold_0.pt", "weights.pt", "back.pt"))
    Checkpoint(options, data.hierarchy, data.encoder, None, network.state_dict(), {}).save(ours)
    assert main(["export", ours, "--output", weights]) == 1
    assert "name both to be written with --ontology and --genes" in capsys.readouterr().err
    assert not Path(weights).exists()
    beside = ["--ontology", str(tmp_path / "ontology.txt"), "--genes", str(tmp_path / "genes.txt")]
    assert main(["export", ours, "--output", weights, *beside]) == 0
    assert main(["import", weights, *beside, "--output", back]) == 0
    assert_identical(Checkpoint.load(back).state, dict(network.state_dict()))


def test_command_line_says_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    published = Published(tricky_hierarchy())
    files = published.write(tmp_path)
    output = tmp_path / "checkpoint.pt"

    def fails_with(*arguments: str) -> str:
        assert main(list(arguments)) == 1
        assert not output.exists()
        return capsys.readouterr().err

    assert "named twice" in fails_with("import", *files, "--output", files[0])
    assert "absent.pt" in fails_with("import", "absent.pt", *files[1:], "--output", str(output))
    (tmp_path / "genes.txt").write_text("0\tg1\n2\tg0\n")
    error = fails_with("import", *files, "--output", str(output))
    assert "genes.txt: row 2: expected '1', a tab and a gene, found '2 g0'" in error
    published.genes.append("g9")
    torch.save(published.state(), tmp_path / "weights.pt")
    error = fails_with("import", *published.write(tmp_path), "--output", str(output))
    assert "weights.pt: A_direct_gene_layer.weight: expected shape (3, 10), found (3, 9)" in error
    with pytest.raises(SystemExit) as usage:
        main(["import", *files])
    assert usage.value.code == 2


def test_the_module_runs_as_a_program(tmp_path: Path) -> None:
    package = Path(__file__).parents[2] / "workflow" / "scripts"
    program = [sys.executable, "-m", "druggene.published_weights", "export", "absent.pt", "--output", "weights.pt"]
    done = subprocess.run(program, cwd=tmp_path, env={"PYTHONPATH": str(package)}, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert "absent.pt" in done.stderr


def test_the_published_hierarchy_there_and_back(shared_data: Path) -> None:
    """2,086 terms and 180 million masked weights, with genes of a term in an order of their own."""
    folder = shared_data / "druggene_release"
    edges, annotations = read_published_ontology(folder / "drugGene_ont.txt")
    genes = [line.split()[1] for line in (folder / "gene_item.txt").read_text().splitlines()]
    hierarchy = Hierarchy.build(edges, annotations, genes)
    rng = np.random.default_rng(0)
    generator = torch.Generator().manual_seed(0)
    state = {
        name: torch.zeros(shape) if "direct_gene_layer.weight" in name else torch.randn(shape, generator=generator)
        for name, shape in shapes(hierarchy, 6, 2048, (100, 50, 6), 6).items()
    }
    state |= {name: torch.tensor(i) for i, name in enumerate(counters(hierarchy, 3))}
    order = {}
    for t, term in enumerate(hierarchy.terms):
        if f"{term}_direct_gene_layer.weight" in state:
            order[term] = rng.permutation(hierarchy.annotations[hierarchy.annotations[:, 0] == t, 1])
            weight = state[f"{term}_direct_gene_layer.weight"]
            weight[:, ::2] = -0.0
            weight[torch.arange(len(weight)), torch.from_numpy(order[term])] = 0.1 + torch.rand(
                len(weight), generator=generator
            )
    checkpoint = import_state_dict(state, edges, annotations, genes)
    kept = checkpoint.provenance[PUBLISHED_WEIGHTS]
    assert [hierarchy.annotations[rows, 1].tolist() for rows in kept["annotations"] if rows] == [
        genes.tolist() for genes in order.values()
    ]
    graph = networkx.DiGraph()
    for parent, child in edges.itertuples(index=False):
        graph.add_edge(parent, child)
    for term, of_term in zip(hierarchy.terms, kept["edges"], strict=True):
        assert [hierarchy.terms[child] for child in hierarchy.edges[of_term, 1]] == list(graph.neighbors(term))
    assert_identical(export_state_dict(checkpoint), state)
