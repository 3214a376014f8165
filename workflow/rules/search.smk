"""Search of the learning rate and lambda inside the training part of a fold.

Reads what training reads and the folds; writes data/<protocol>/fold_<k>/inner_folds.parquet, the trials and the
choice of every model below search/<protocol>/<model>/fold_<k>/, and one table of all trials of a protocol.
"""

SEARCH_TRIALS = f"{RESULTS}/search/{{protocol}}/{{model}}/fold_{{fold}}/trials/learning_rate_{{rate}}_lambda_{{weight}}.parquet"
SEARCH_CHOICE = f"{RESULTS}/search/{{protocol}}/{{model}}/fold_{{fold}}/choice.parquet"
SEARCH_ONCE = config["search"]["scope"] == "run"
# File names hold the values' positions in the configuration: a number has many spellings.
SEARCH_GRID = {
    "rate": range(len(config["search"]["learning_rate"])),
    "weight": range(len(config["search"]["lambda"])),
}


rule assign_inner_folds:
    """Deal the training and validation pairs of a fold to inner folds."""
    input:
        responses=f"{RESULTS}/data/responses.parquet",
        cell_lines=f"{RESULTS}/data/cell_lines.parquet",
        folds=f"{RESULTS}/data/{{protocol}}/folds.parquet",
    output:
        f"{RESULTS}/data/{{protocol}}/fold_{{fold}}/inner_folds.parquet",
    log:
        f"{RESULTS}/logs/assign_inner_folds/{{protocol}}/fold_{{fold}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/assign_inner_folds/{{protocol}}/fold_{{fold}}.tsv"
    conda:
        "../../envs/druggene.yaml"
    threads: 1
    resources:
        mem_mb=scaled(1500, per_megabyte=200),
        runtime=scaled(10),
    params:
        folds=config["search"]["folds"],
        validation_fraction=config["splits"]["validation_fraction"],
        seed=config["seed"],
        code=code_digest("assign_inner_folds"),
    script:
        "../scripts/assign_inner_folds.py"


rule run_trials:
    """Train one learning rate and lambda on all inner folds of a fold."""

    # One job for all inner folds: a job that starts Python and reads the data for a single short trial would spend
    # much of its time on that, and models x folds x grid points are jobs enough to fill a cluster.
    input:
        responses=f"{RESULTS}/data/responses.parquet",
        drug_features=f"{RESULTS}/data/drug_features.parquet",
        drugs=f"{RESULTS}/data/drugs.parquet",
        folds=f"{RESULTS}/data/{{protocol}}/fold_{{fold}}/inner_folds.parquet",
        genotype=of_model("genotype"),
        terms=of_model("terms"),
        term_edges=of_model("term_edges"),
        term_genes=of_model("term_genes"),
    output:
        SEARCH_TRIALS,
    log:
        f"{RESULTS}/logs/run_trials/{{protocol}}/{{model}}/fold_{{fold}}/learning_rate_{{rate}}_lambda_{{weight}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/run_trials/{{protocol}}/{{model}}/fold_{{fold}}/learning_rate_{{rate}}_lambda_{{weight}}.tsv"
    wildcard_constraints:
        rate="[0-9]+",
        weight="[0-9]+",
    conda:
        "../../envs/druggene.yaml"
    # One thread, as in training: the same trial on every machine.
    threads: 1
    resources:
        mem_mb=scaled(1500, per_megabyte=100),
        runtime=training_minutes(config["search"]["folds"]),
        gpu=GPUS,
    params:
        omics=settings_of("omics"),
        fusion=settings_of("genotype", "fusion"),
        drugs=settings_of("drugs"),
        network=settings_of("network"),
        training=lambda wildcards: SETTINGS[wildcards.model]["training"]
        | {
            "learning_rate": config["search"]["learning_rate"][int(wildcards.rate)],
            "lambda": config["search"]["lambda"][int(wildcards.weight)],
            "epochs": config["search"]["epochs"]
            or SETTINGS[wildcards.model]["training"]["epochs"],
        },
        seed=settings_of("seed"),
        device=config["device"],
        code=code_digest("run_trials"),
    script:
        "../scripts/run_trials.py"


rule choose_options:
    """Choose the learning rate and lambda of one model on one fold."""
    input:
        expand(SEARCH_TRIALS, **SEARCH_GRID, allow_missing=True),
    output:
        SEARCH_CHOICE,
    log:
        f"{RESULTS}/logs/choose_options/{{protocol}}/{{model}}/fold_{{fold}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/choose_options/{{protocol}}/{{model}}/fold_{{fold}}.tsv"
    conda:
        "../../envs/druggene.yaml"
    threads: 1
    resources:
        mem_mb=scaled(1500),
        runtime=scaled(10),
    params:
        code=code_digest("choose_options"),
    script:
        "../scripts/choose_options.py"


rule tabulate_search:
    """Put every trial of all models and folds into one table."""
    input:
        trials=lambda wildcards: expand(
            SEARCH_TRIALS,
            model=MODELS,
            fold=[0] if SEARCH_ONCE else folds_of(wildcards.protocol),
            **SEARCH_GRID,
            allow_missing=True,
        ),
        choices=lambda wildcards: expand(
            SEARCH_CHOICE,
            model=MODELS,
            fold=[0] if SEARCH_ONCE else folds_of(wildcards.protocol),
            allow_missing=True,
        ),
    output:
        table=f"{RESULTS}/tables/{{protocol}}/search.parquet",
        csv=f"{RESULTS}/tables/{{protocol}}/search.csv",
    log:
        f"{RESULTS}/logs/tabulate_search/{{protocol}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/tabulate_search/{{protocol}}.tsv"
    conda:
        "../../envs/druggene.yaml"
    threads: 1
    resources:
        mem_mb=scaled(1500),
        runtime=scaled(10),
    params:
        models=MODELS,
        code=code_digest("tabulate_search"),
    script:
        "../scripts/tabulate_search.py"
