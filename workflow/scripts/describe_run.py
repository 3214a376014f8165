"""Describe a finished run for people (README.md) and machines (config.yaml, provenance.json)."""

import json
from pathlib import Path

import pandas as pd
import yaml

from druggene.data_terms import read_terms
from druggene.logs import log_to
from druggene.provenance import describe_environment
from druggene.run_summary import count_data, ontology_release, summarise_run
from druggene.tables import read_table, write_text


def main() -> None:
    """Read the tables that the run ends with, write three files."""
    log_to(snakemake.log[0])
    inputs, params, output = snakemake.input, snakemake.params, snakemake.output
    tables = zip(params.tables.items(), inputs.intervals, strict=True)
    compared = {name: (read_table(path), paths) for (name, paths), path in tables}
    environment = describe_environment(params.repository, params.state)
    page = summarise_run(
        params.config,
        count_data(*(read_table(inputs[name]) for name in ("sources", "genes", "terms"))),
        pd.read_csv(inputs.files, dtype=str, keep_default_na=False),
        read_terms(inputs.terms_of_use),
        ontology_release(inputs.obo),
        compared,
        params.labels,
        environment,
        yaml.safe_load(Path(params.repository, "CITATION.cff").read_text(encoding="utf-8")),
    )
    write_text(page, output.readme)
    write_text(yaml.safe_dump(params.resolved, sort_keys=False, allow_unicode=True), output.config)
    write_text(json.dumps(environment, indent=2) + "\n", output.provenance)


if __name__ == "__main__":
    main()
