"""Hold the paper's quantitative statements against a run on the published data."""

from druggene.claims import RunTables, claims_markdown, judge_claims, read_claims
from druggene.constants import FOLD
from druggene.logs import log_to
from druggene.tables import read_metadata, read_table, write_both, write_text


def main() -> None:
    """Read the claims and the run's tables, write the verdicts."""
    log_to(snakemake.log[0])
    inputs, outputs = snakemake.input, snakemake.output
    names = ("responses", "drugs", "drug_features", "genes", "terms", "counts", "intervals", "by_drug", "significance")
    tables = {name: read_table(inputs[name]) for name in names}
    folds = read_table(inputs.folds, filters=[(FOLD, "==", 0)])
    judged = judge_claims(read_claims(inputs.claims), RunTables(folds=folds, **tables))
    marks = {key: read_metadata(inputs.responses)[key] for key in ("source", "simulated")}
    write_both(judged, outputs.table, description="the paper's statements beside this run", **marks)
    write_text(claims_markdown(judged, snakemake.wildcards.protocol, marks["source"]), outputs.markdown)


if __name__ == "__main__":
    main()
