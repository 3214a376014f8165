"""Naive predictors, on the same folds as the networks."""


rule predict_naive:
    """Predict the test pairs of all folds from means and effects alone."""
    input:
        responses=f"{RESULTS}/data/responses.parquet",
        folds=f"{RESULTS}/data/{{protocol}}/folds.parquet",
        cell_lines=f"{RESULTS}/data/cell_lines.parquet",
    output:
        f"{RESULTS}/predictions/{{protocol}}/naive.parquet",
    log:
        f"{RESULTS}/logs/predict_naive/{{protocol}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/predict_naive/{{protocol}}.tsv"
    conda:
        "../../envs/druggene.yaml"
    threads: 1
    resources:
        mem_mb=scaled(1500, per_megabyte=200),
        runtime=scaled(10),
    params:
        names=config["naive"],
        code=code_digest("predict_naive"),
    script:
        "../scripts/predict_naive.py"
