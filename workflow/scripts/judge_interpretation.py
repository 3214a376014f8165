"""Hold the paper's statements of interpretation against the artifacts of one network."""

import pandas as pd

from druggene.claims import read_claims
from druggene.interpretation.claims import Interpreted, judge_interpretation
from druggene.interpretation.reading import read_expression
from druggene.logs import log_to
from druggene.ontology import read_annotations
from druggene.tables import read_metadata, read_table, write_table


def main() -> None:
    """Read the claims and what they are judged by, write the verdicts."""
    log_to(snakemake.log[0])
    files, params = snakemake.input, snakemake.params
    run = Interpreted(
        scores=read_table(files.term_scores),
        cell_lines=read_table(files.cell_lines),
        fold=params.fold,
        classes=pd.read_csv(files.classes),
        states=dict(zip(params.folds, files.states, strict=True)),
        responses=read_table(files.responses),
        folds=read_table(files.folds),
        drugs=read_table(files.drugs),
        expression=read_expression(files.expression),
        known_targets=pd.read_csv(files.known_targets),
        annotations=read_annotations(files.annotations),
        obo=files.obo,
    )
    judged = judge_interpretation(read_claims(files.claims), run)
    marks = {key: read_metadata(files.responses)[key] for key in ("source", "simulated")}
    write_table(judged, snakemake.output[0], description="the paper's statements of interpretation beside", **marks)


if __name__ == "__main__":
    main()
