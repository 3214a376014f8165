"""Hold the paper's quantitative statements against a run on the published data."""

from druggene.claims import RunTables, claims_document, judge_claims, read_claims
from druggene.constants import FOLD
from druggene.documents import write_document
from druggene.logs import log_to
from druggene.tables import read_metadata, read_table, write_table


def main() -> None:
    """Read the claims and the run's tables, write the verdicts."""
    log_to(snakemake.log[0])
    inputs, outputs = snakemake.input, snakemake.output
    names = ("responses", "drugs", "drug_features", "genes", "terms", "counts", "intervals", "by_drug", "significance")
    tables = {name: read_table(inputs[name]) for name in names}
    folds = read_table(inputs.folds, filters=[(FOLD, "==", 0)])
    judged = judge_claims(read_claims(inputs.claims), RunTables(folds=folds, **tables))
    marks = {key: read_metadata(inputs.responses)[key] for key in ("source", "simulated")}
    write_table(judged, outputs.table, description="the paper's statements beside this run", **marks)
    document = claims_document(judged, snakemake.wildcards.protocol, **marks)
    write_document(document, judged, outputs.csv.removesuffix(".csv"))


if __name__ == "__main__":
    main()
