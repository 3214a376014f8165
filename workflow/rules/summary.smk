"""Tables of the data that a run rests on: the paper's Table 1 and Table S1, and the files with their licences."""

from dataclasses import asdict

COUNTED = {} if config["ontology"]["source"] == "published" else GO_TABLES
FOLD_TABLES = ["genes", "terms", "term_edges", "term_genes"]
ALL_FOLDS = [
    (protocol, fold, f"{RESULTS}/data/{protocol}/fold_{fold}")
    for protocol in PROTOCOLS
    for fold in folds_of(protocol)
]
TIDY_RULE = {
    "gdsc_wheel": "tidy_gdsc_wheel",
    "release": "tidy_release",
    "portals": "tidy_portals",
    "simulated": "tidy_portals",
    "own": "tidy_own",
    "drugcell_folder": "tidy_drugcell_folder",
}
FILES_READ = {
    *getattr(rules, TIDY_RULE[config["input"]]).input,
    *rules.select_genes.input,
    *ONTOLOGY.values(),
    config["ontology"]["obo"],
    config["ontology"]["gaf"],
}


rule tabulate_data:
    """Tabulate sources, preprocessing and retrieved files."""
    input:
        sources=f"{RESULTS}/data/sources.parquet",
        counts=f"{RESULTS}/data/counts.parquet",
        mutation=f"{RESULTS}/data/mutation.parquet",
        expression=f"{RESULTS}/data/expression.parquet",
        copy_number=f"{RESULTS}/data/copy_number.parquet",
        ontology=list(COUNTED.values()),
        folds=[
            f"{folder}/{table}.parquet"
            for *_, folder in ALL_FOLDS
            for table in FOLD_TABLES
        ],
    output:
        **{
            f"{name}_{suffix}": report(
                f"{RESULTS}/tables/{file}.{suffix}",
                caption=f"../report/{file}.rst",
                category="Data",
                labels=report_labels(contents, suffix),
            )
            for name, file, contents in [
                ("sources", "data_sources", "sources (Table 1)"),
                ("preprocessing", "preprocessing", "preprocessing (Table S1)"),
                ("files", "data_files", "files and licences"),
            ]
            for suffix in DOCUMENT
        },
    log:
        f"{RESULTS}/logs/tabulate_data.log",
    benchmark:
        f"{RESULTS}/benchmarks/tabulate_data.tsv"
    conda:
        "../../envs/druggene.yaml"
    threads: 1
    resources:
        mem_mb=scaled(1500, per_megabyte=10),
        runtime=scaled(10),
    params:
        ontology=list(COUNTED),
        fold_tables=FOLD_TABLES,
        retrieved=RETRIEVED,
        folds=ALL_FOLDS,
        files=[
            asdict(entry)
            for entry in VERSIONS.values()
            if f"{RETRIEVED}/{entry.place}" in FILES_READ
        ],
        code=code_digest("tabulate_data"),
    script:
        "../scripts/tabulate_data.py"
