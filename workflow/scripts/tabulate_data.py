"""Tabulate the sources, the preprocessing and the retrieved files of a run."""

from druggene.constants import OMICS
from druggene.data_summary import data_document, file_table, measure_omic, preprocessing_table, source_table
from druggene.documents import write_document
from druggene.logs import log_to
from druggene.tables import read_metadata, read_table


def main() -> None:
    """Read what the data stage made, write three tables as CSV, Markdown and LaTeX."""
    log_to(snakemake.log[0])
    inputs, params = snakemake.input, snakemake.params
    omics = {omic: measure_omic(read_table(inputs[omic])) for omic in OMICS}
    ontology = {
        name.replace("_", " "): len(read_table(path))
        for name, path in zip(params.ontology, inputs.ontology, strict=True)
    }
    folds = [
        (protocol, fold, {name: read_table(f"{folder}/{name}.parquet") for name in params.fold_tables})
        for protocol, fold, folder in params.folds
    ]
    counts = read_table(inputs.counts)
    tables = {
        "sources": ("Data sources", source_table(read_table(inputs.sources), counts, omics, ontology)),
        "preprocessing": (
            "Preprocessing",
            preprocessing_table(counts, folds, max(genes for _, genes, _ in omics.values())),
        ),
        "files": ("Retrieved files", file_table(params.files, params.retrieved)),
    }
    simulated = read_metadata(inputs.sources)["simulated"]
    for name, (title, table) in tables.items():
        stem = snakemake.output[f"{name}_csv"].removesuffix(".csv")
        write_document(data_document(table, title, simulated), table, stem)


if __name__ == "__main__":
    main()
