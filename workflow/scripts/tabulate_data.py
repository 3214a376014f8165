"""Tabulate the sources, the preprocessing and the retrieved files of a run."""

from druggene.constants import OMICS
from druggene.data_summary import file_table, measure_omic, preprocessing_table, source_table, to_markdown
from druggene.logs import log_to
from druggene.tables import read_metadata, read_table, write_csv, write_text


def main() -> None:
    """Read what the data stage made, write three tables as CSV and Markdown."""
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
        write_csv(table, snakemake.output[f"{name}_csv"])
        write_text(to_markdown(table, title, simulated), snakemake.output[f"{name}_md"])


if __name__ == "__main__":
    main()
