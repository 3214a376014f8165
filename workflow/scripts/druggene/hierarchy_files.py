"""Build a hierarchy for any genes in the format of DrugCell's ontology file, and compare two such files.

    python -m druggene.hierarchy_files build --genes gene2ind.txt --obo go-basic.obo --gaf goa_human.gaf \\
        --output drugcell_ont.txt --gene-list gene2ind_annotated.txt
    python -m druggene.hierarchy_files compare built.txt published.txt --obo go-basic.obo --output comparison.csv

docs/hierarchy.md tells the recipe.
"""

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from druggene.constants import GENE, TERM
from druggene.gene_ontology import NO_DATA, read_obo_gaf, read_obo_uniprot, read_term_names
from druggene.hierarchy import Hierarchy
from druggene.hierarchy_comparison import HierarchyComparison
from druggene.logs import run_command
from druggene.ontology import (
    build_hierarchy,
    decoded,
    read_published_ontology,
    write_gene_list,
    write_published_ontology,
)
from druggene.symbols import read_aliases, read_uniprot_symbols, rename_annotated, warn_of_odd_symbols
from druggene.tables import write_csv

logger = logging.getLogger(__name__)


def read_gene_list(path: str | Path) -> list[str]:
    """Read genes, one a line: a symbol, or a number and a symbol as in DrugCell's ``gene2ind.txt``.

    Raises
    ------
    ValueError
        If a line has another form, a gene stands twice or there is none, with the line's number.
    """
    line_of: dict[str, int] = {}
    with open(path, encoding="utf-8-sig") as file:
        for number, line in enumerate(decoded(file, path), start=1):
            fields = line.split()
            if not fields:
                continue
            if len(fields) > 2 or (len(fields) == 2 and not fields[0].isdecimal()):
                raise ValueError(
                    f"{path}: row {number}: expected a gene symbol, or a number and a symbol, found {line.strip()!r}"
                )
            if fields[-1] in line_of:
                raise ValueError(
                    f"{path}: row {number}: gene {fields[-1]} stands in row {line_of[fields[-1]]} too; keep it once"
                )
            line_of[fields[-1]] = number
    if not line_of:
        raise ValueError(f"{path}: holds no gene; name a file with one symbol a line")
    return list(line_of)


def read_hierarchy_file(path: str | Path, names: dict[str, str] | None = None) -> Hierarchy:
    """Read an ontology file of DrugCell's format as a hierarchy over the genes that it annotates."""
    edges, annotations = read_published_ontology(path)
    try:
        return Hierarchy.build(edges, annotations, sorted(set(annotations[GENE])), names)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def _build(arguments: argparse.Namespace) -> None:
    genes = read_gene_list(arguments.genes)
    if arguments.gaf:
        tables = read_obo_gaf(arguments.obo, arguments.gaf, arguments.relationships, arguments.exclude_evidence)
    else:
        if not arguments.identifiers:
            raise ValueError("--associations names UniProt accessions; give their gene symbols with --identifiers")
        symbols = read_uniprot_symbols(arguments.identifiers)
        tables = read_obo_uniprot(arguments.obo, arguments.associations, symbols, arguments.relationships)
    terms, edges, annotations = tables
    if arguments.aliases:
        annotations = rename_annotated(annotations, genes, read_aliases(arguments.aliases))
    annotated = set(annotations[GENE])
    warn_of_odd_symbols(genes, annotated, arguments.genes)
    hierarchy = build_hierarchy(
        edges,
        annotations,
        dict(zip(terms[TERM], terms["name"], strict=True)),
        [gene for gene in genes if gene in annotated] or genes,
        arguments.min_genes,
        arguments.min_genes_over_child,
        arguments.max_layers,
    )
    lost = [gene for gene in genes if gene not in annotated]
    logger.info("%d of %d genes have no annotation: %s", len(lost), len(genes), ", ".join(lost) or "none")
    write_published_ontology(hierarchy, arguments.output)
    if arguments.gene_list:
        write_gene_list(hierarchy.genes, arguments.gene_list)


def _compare(arguments: argparse.Namespace) -> None:
    names = read_term_names(arguments.obo) if arguments.obo else {}
    first, second = (read_hierarchy_file(path, names) for path in (arguments.first, arguments.second))
    comparison = HierarchyComparison(first, second, ("first", "second"))
    print(comparison.markdown(), end="")
    if names:
        absent = sum(term not in names for term in second.terms)
        former = sum(names.get(term, "").startswith("obsolete") for term in second.terms)
        counts = f"{arguments.obo} lacks {absent} and calls {former} obsolete"
        print(f"\nOf the {len(second.terms):,} terms of {arguments.second}, {counts}.")
    if arguments.output:
        write_csv(comparison.summary(), arguments.output)
    if arguments.terms:
        write_csv(comparison.terms(), arguments.terms)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m druggene.hierarchy_files",
        description="Build a hierarchy in the format of DrugCell's ontology file, or compare two such files.",
    )
    commands = parser.add_subparsers(required=True, metavar="build | compare")
    build = commands.add_parser("build", help="from the Gene Ontology, for a list of genes")
    build.set_defaults(run=_build)
    build.add_argument("--genes", required=True, help="one symbol a line, or number and symbol as in gene2ind.txt")
    build.add_argument("--obo", required=True, help="go-basic.obo of any release, may be gzipped")
    source = build.add_mutually_exclusive_group(required=True)
    source.add_argument("--gaf", help="annotations of the same release (GAF), may be gzipped")
    source.add_argument("--associations", help="annotations of UniProt accessions (JSON), may be gzipped")
    build.add_argument("--identifiers", help="complete set of the HGNC, which names the accessions' genes")
    build.add_argument("--aliases", help="table of genes and their aliases, to find genes under their current symbol")
    build.add_argument("--relationships", nargs="*", default=["part_of"], help="besides is_a (%(default)s)")
    build.add_argument("--exclude-evidence", nargs="*", default=list(NO_DATA), help="evidence codes (%(default)s)")
    build.add_argument("--min-genes", type=int, default=10, help="fewest genes of a term (%(default)s)")
    build.add_argument(
        "--min-genes-over-child", type=int, default=30, help="fewest more than its largest kept child (%(default)s)"
    )
    build.add_argument("--max-layers", type=int, default=6, help="the root's included (%(default)s)")
    build.add_argument("--output", required=True, help="ontology file to write")
    build.add_argument("--gene-list", help="list of the annotated genes to write, as gene2ind.txt")
    compare = commands.add_parser("compare", help="two ontology files")
    compare.set_defaults(run=_compare)
    compare.add_argument("first")
    compare.add_argument("second")
    compare.add_argument("--obo", help="names of the terms, and which of them are gone")
    compare.add_argument("--output", help="summary to write (CSV)")
    compare.add_argument("--terms", help="table of the shared terms to write (CSV)")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return 0, or 1 after a message on standard error."""
    parsed = _parser().parse_args(arguments)
    return run_command(lambda: parsed.run(parsed))


if __name__ == "__main__":
    sys.exit(main())
