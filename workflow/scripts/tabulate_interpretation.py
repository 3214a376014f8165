"""Put the verdicts on the paper's interpretation of all interpreted networks into one table for readers."""

from druggene.documents import write_document
from druggene.interpretation.claims_table import collect_claims, interpretation_document
from druggene.logs import log_to
from druggene.tables import read_metadata, read_table


def main() -> None:
    """Read the verdicts of all networks, write one document."""
    log_to(snakemake.log[0])
    files, params = snakemake.input, snakemake.params
    runs = [tuple(run) for run in params.runs]
    judged = collect_claims({run: read_table(path) for run, path in zip(runs, files, strict=True)})
    marks = {key: read_metadata(files[0])[key] for key in ("source", "simulated")}
    document = interpretation_document(judged, params.labels, snakemake.wildcards.protocol, **marks)
    write_document(document, judged, snakemake.output.csv.removesuffix(".csv"))


if __name__ == "__main__":
    main()
