"""Metrics of all models on the test rows of a protocol, with intervals and significance."""

EVALUATED = [
    "metrics_by_fold",
    "metrics_by_drug",
    "metrics_by_cell_line",
    "intervals",
    "comparison",
    "significance",
]
# Those that are documents for readers too, and what they show.
READ_TABLES = {
    "comparison": "all models compared",
    "table_s2": "five metrics over folds (Table S2)",
    "significance": "paired tests",
}


rule evaluate_models:
    """Compare all networks, rivals and naive predictors, per fold, drug and cell line and over all folds."""
    input:
        models=per_fold(
            expand(
                f"{RESULTS}/predictions/{{protocol}}/{{model}}/fold_{{fold}}.parquet",
                model=MODELS,
                allow_missing=True,
            )
        ),
        rivals=per_fold(
            expand(
                f"{RESULTS}/predictions/{{protocol}}/{{rival}}/fold_{{fold}}.parquet",
                rival=RIVALS,
                allow_missing=True,
            )
        ),
        naive=f"{RESULTS}/predictions/{{protocol}}/naive.parquet",
        responses=f"{RESULTS}/data/responses.parquet",
        cell_lines=f"{RESULTS}/data/cell_lines.parquet",
    output:
        **{
            f"{table}_{suffix}": report(
                f"{RESULTS}/tables/{{protocol}}/{table}.{suffix}",
                caption=f"../report/{table}.rst",
                category="Performance",
                subcategory="Tables",
                labels=report_labels(name, suffix, protocol="{protocol}"),
            )
            for table, name in READ_TABLES.items()
            for suffix in DOCUMENT
        },
        by_fold=f"{RESULTS}/tables/{{protocol}}/metrics_by_fold.parquet",
        by_drug=f"{RESULTS}/tables/{{protocol}}/metrics_by_drug.parquet",
        by_cell_line=f"{RESULTS}/tables/{{protocol}}/metrics_by_cell_line.parquet",
        intervals=f"{RESULTS}/tables/{{protocol}}/intervals.parquet",
        comparison=f"{RESULTS}/tables/{{protocol}}/comparison.parquet",
        significance=f"{RESULTS}/tables/{{protocol}}/significance.parquet",
        csv=expand(
            f"{RESULTS}/tables/{{{{protocol}}}}/{{table}}.csv",
            table=[table for table in EVALUATED if table not in READ_TABLES],
        ),
    log:
        f"{RESULTS}/logs/evaluate_models/{{protocol}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/evaluate_models/{{protocol}}.tsv"
    conda:
        "../../envs/druggene.yaml"
    threads: 1
    resources:
        mem_mb=scaled(1500, per_megabyte=200),
        runtime=scaled(20),
    params:
        labels=MODEL_LABELS,
        main=MODELS[0],
        evaluation=config["evaluation"],
        seed=config["seed"],
        code=code_digest("evaluate_models"),
    script:
        "../scripts/evaluate_models.py"


rule tabulate_transfer:
    """Tell the test curves of a transfer apart by what the training screen had measured of them."""
    input:
        models=rules.evaluate_models.input.models,
        rivals=rules.evaluate_models.input.rivals,
        naive=f"{RESULTS}/predictions/{{protocol}}/naive.parquet",
        responses=f"{RESULTS}/data/responses.parquet",
        folds=f"{RESULTS}/data/{{protocol}}/folds.parquet",
    output:
        table=f"{RESULTS}/tables/{{protocol}}/transfer.parquet",
        csv=f"{RESULTS}/tables/{{protocol}}/transfer.csv",
        markdown=f"{RESULTS}/tables/{{protocol}}/transfer.md",
    log:
        f"{RESULTS}/logs/tabulate_transfer/{{protocol}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/tabulate_transfer/{{protocol}}.tsv"
    wildcard_constraints:
        protocol="|".join(TRANSFERS) or "none",
    conda:
        "../../envs/druggene.yaml"
    threads: 1
    resources:
        mem_mb=scaled(1500, per_megabyte=200),
        runtime=scaled(10),
    params:
        labels=MODEL_LABELS,
        screens=lambda wildcards: TRANSFERS[wildcards.protocol],
        code=code_digest("tabulate_transfer"),
    script:
        "../scripts/tabulate_transfer.py"


rule compare_with_paper:
    """Judge every quantitative statement of the paper by what a run on the published data gave."""
    input:
        claims=shipped("resources/paper_claims.csv"),
        responses=f"{RESULTS}/data/responses.parquet",
        drugs=f"{RESULTS}/data/drugs.parquet",
        drug_features=f"{RESULTS}/data/drug_features.parquet",
        folds=f"{RESULTS}/data/{{protocol}}/folds.parquet",
        genes=f"{RESULTS}/data/{{protocol}}/fold_0/genes.parquet",
        terms=f"{RESULTS}/data/{{protocol}}/fold_0/terms.parquet",
        counts=f"{RESULTS}/data/counts.parquet",
        intervals=f"{RESULTS}/tables/{{protocol}}/intervals.parquet",
        by_drug=f"{RESULTS}/tables/{{protocol}}/metrics_by_drug.parquet",
        significance=f"{RESULTS}/tables/{{protocol}}/significance.parquet",
    output:
        **{
            suffix: report(
                f"{RESULTS}/tables/{{protocol}}/paper_claims.{suffix}",
                caption="../report/paper_claims.rst",
                category="Performance",
                subcategory="Tables",
                labels=report_labels(
                    "the paper beside this run", suffix, protocol="{protocol}"
                ),
            )
            for suffix in DOCUMENT
        },
        table=f"{RESULTS}/tables/{{protocol}}/paper_claims.parquet",
    log:
        f"{RESULTS}/logs/compare_with_paper/{{protocol}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/compare_with_paper/{{protocol}}.tsv"
    conda:
        "../../envs/druggene.yaml"
    threads: 1
    resources:
        mem_mb=scaled(4000),
        runtime=scaled(10),
    params:
        code=code_digest("compare_with_paper"),
    script:
        "../scripts/compare_with_paper.py"
