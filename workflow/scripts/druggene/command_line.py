"""The command ``druggene``: predict new pairs, tune a checkpoint on them, and the package's other command lines.

    druggene predict --checkpoints models/ --cell-lines omics/ --drugs drugs.csv --output predicted/
    druggene fine-tune --checkpoint fold_0.pt --responses responses.csv --cell-lines omics/ --drugs drugs.csv \\
        --output tuned.pt

Further commands are modules with a function ``main(arguments) -> int``; they are entered in ``MODULES``.
"""

import argparse
import importlib
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from druggene import __version__
from druggene.logs import run_command

MODULES: Final = {
    "import": ("druggene.published_weights", ["import"], "weights of the authors' DrugGene or of DrugCell"),
    "export": ("druggene.published_weights", ["export"], "a checkpoint as published weights"),
    "hierarchy": ("druggene.hierarchy_files", [], "build a hierarchy for any genes, or compare two"),
    "verify": ("druggene.verify", [], "check a published folder or archive, byte by byte"),
}
"""Command to the module that runs it, the arguments that go before the user's, and what it is about."""


def _predict(parsed: argparse.Namespace) -> None:
    if Path(parsed.output).is_file():
        raise ValueError(f"{parsed.output}: is a file; name a folder to write to")
    # Here, because PyTorch takes seconds to import and a mistake on the command line should not wait for it.
    api = importlib.import_module("druggene.prediction.api")
    limits = importlib.import_module("druggene.prediction.predictor").Limits(
        parsed.min_similarity, parsed.percentile, parsed.max_imputed
    )
    importlib.import_module("druggene.devices").prepare_device("cpu", parsed.threads)
    predictors = api.make_predictors(
        parsed.checkpoints,
        parsed.cell_lines,
        parsed.drugs,
        parsed.pairs,
        parsed.top_terms,
        limits,
        parsed.genes,
        parsed.drug_targets,
        parsed.together,
    )
    api.write_predictions(predictors, parsed.output)


def _fine_tune(parsed: argparse.Namespace) -> None:
    module = importlib.import_module("druggene.prediction.fine_tuning")
    report = module.fine_tune(
        parsed.checkpoint,
        parsed.responses,
        parsed.cell_lines,
        parsed.drugs,
        parsed.output,
        epochs=parsed.epochs,
        learning_rate=parsed.learning_rate,
        batch_size=parsed.batch_size,
        patience=parsed.patience,
        held_out=parsed.held_out,
        seed=parsed.seed,
        genes=parsed.genes,
        drug_targets=parsed.drug_targets,
        device=parsed.device,
        threads=parsed.threads,
    )
    print(report.to_string(index=False, float_format="%.4f"))
    epoch = report.attrs["best_epoch"]
    print(f"best epoch: {epoch}" + ("" if epoch else " (the weights are those of the checkpoint)"))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="druggene", description="Predict the drug response of cancer cell lines.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="command", dest="command")
    _add_predict(commands.add_parser("predict", help="new cell lines and drugs, from checkpoints alone"))
    _add_fine_tune(commands.add_parser("fine-tune", help="train a checkpoint further on new pairs"))
    for name, (_, _, about) in MODULES.items():
        commands.add_parser(name, help=about, add_help=False)
    return parser


def _add_inputs(parser: argparse.ArgumentParser, run: Callable[[argparse.Namespace], None]) -> None:
    parser.set_defaults(run=run)
    parser.add_argument(
        "--cell-lines", required=True, help="folder with mutation, expression, copy_number (.parquet, .csv or .tsv)"
    )
    parser.add_argument("--drugs", required=True, help="table with drug and smiles (.parquet, .csv or .tsv)")
    parser.add_argument("--genes", help="resources/go/human_genes.tsv.gz, to find genes under former symbols")
    parser.add_argument("--drug-targets", help="resources/drug_targets.csv, for drugs without targets")
    parser.add_argument("--threads", type=int, default=1, help="on the CPU (%(default)s)")


def _add_predict(parser: argparse.ArgumentParser) -> None:
    _add_inputs(parser, _predict)
    parser.add_argument("--checkpoints", required=True, nargs="+", help="files, or folders with them")
    parser.add_argument("--pairs", help="table with cell_line and drug; left out: all pairs")
    parser.add_argument("--output", required=True, help="folder to write to")
    parser.add_argument("--top-terms", type=int, default=0, help="terms to name with each prediction (%(default)s)")
    parser.add_argument("--together", action="store_true", help="average all checkpoints, not those of each model")
    outside = parser.add_argument_group("warnings")
    outside.add_argument("--min-similarity", type=float, default=0.3, help="to a training drug (%(default)s)")
    outside.add_argument("--percentile", type=float, default=95.0, help="of training distances (%(default)s)")
    outside.add_argument("--max-imputed", type=float, default=0.25, help="part of a genotype (%(default)s)")


def _add_fine_tune(parser: argparse.ArgumentParser) -> None:
    _add_inputs(parser, _fine_tune)
    parser.add_argument("--checkpoint", required=True, help="file to start from")
    parser.add_argument("--responses", required=True, help="table with cell_line, drug and auc")
    parser.add_argument("--output", required=True, help="checkpoint to write")
    parser.add_argument("--epochs", type=int, default=50, help="at most (%(default)s)")
    parser.add_argument("--learning-rate", type=float, default=1e-3, help="(%(default)s)")
    parser.add_argument("--batch-size", type=int, default=1000, help="pairs (%(default)s)")
    parser.add_argument("--patience", type=int, default=10, help="epochs without a better validation MSE (%(default)s)")
    parser.add_argument(
        "--held-out", choices=["random_pairs", "leave_cell_line_out", "leave_drug_out"], default="random_pairs"
    )
    parser.add_argument("--seed", type=int, default=1, help="of the parts and of the order of pairs (%(default)s)")
    parser.add_argument("--device", choices=["cpu", "cuda", "auto"], default="cpu", help="(%(default)s)")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return 0, or 1 after a message on standard error."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given and given[0] in MODULES:
        module, before, _ = MODULES[given[0]]
        status: int = importlib.import_module(module).main([*before, *given[1:]])
        return status
    parsed = _parser().parse_args(given)
    return run_command(lambda: parsed.run(parsed))


if __name__ == "__main__":
    sys.exit(main())
