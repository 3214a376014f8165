"""Metrics of all models on the test rows of a protocol."""


rule evaluate_models:
    """Compare all models and naive predictors, per fold and over all folds."""
    input:
        models=per_fold(
            expand(
                f"{RESULTS}/predictions/{{protocol}}/{{model}}/fold_{{fold}}.parquet",
                model=MODELS,
                allow_missing=True,
            )
        ),
        naive=f"{RESULTS}/predictions/{{protocol}}/naive.parquet",
        responses=f"{RESULTS}/data/responses.parquet",
    output:
        by_fold=f"{RESULTS}/tables/{{protocol}}/metrics_by_fold.parquet",
        by_fold_csv=f"{RESULTS}/tables/{{protocol}}/metrics_by_fold.csv",
        comparison=f"{RESULTS}/tables/{{protocol}}/comparison.csv",
        markdown=f"{RESULTS}/tables/{{protocol}}/comparison.md",
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
        labels={name: config["models"][name]["label"] for name in MODELS},
        naive=config["naive"],
        min_pairs_per_drug=config["evaluation"]["min_pairs_per_drug"],
        code=code_digest("evaluate_models"),
    script:
        "../scripts/evaluate_models.py"
