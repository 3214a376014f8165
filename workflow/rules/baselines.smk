"""Naive predictors and rivals, on the same folds as the networks."""

# Of each rival's own module, so that a change of one leaves the others alone.
RIVAL_CODE = {
    name: code_digest("train_rival", f"druggene.rivals.models.{name}")
    for name in RIVALS
}


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


rule train_rival:
    """Choose a rival's hyper-parameters inside one fold, fit it and predict the fold's test pairs."""
    input:
        responses=f"{RESULTS}/data/responses.parquet",
        cell_lines=f"{RESULTS}/data/cell_lines.parquet",
        drug_features=f"{RESULTS}/data/drug_features.parquet",
        folds=f"{RESULTS}/data/{{protocol}}/folds.parquet",
        genotype=f"{RESULTS}/data/{{protocol}}/fold_{{fold}}/genotype.parquet",
    output:
        f"{RESULTS}/predictions/{{protocol}}/{{rival}}/fold_{{fold}}.parquet",
    log:
        f"{RESULTS}/logs/train_rival/{{protocol}}/{{rival}}/fold_{{fold}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/train_rival/{{protocol}}/{{rival}}/fold_{{fold}}.tsv"
    conda:
        "../../envs/druggene.yaml"
    # One thread, as in training: the same digits on every machine.
    threads: 1
    resources:
        mem_mb=scaled(2000, per_megabyte=200),
        runtime=scaled(60, per_megabyte=10),
    params:
        options=lambda wildcards: config["rivals"][wildcards.rival],
        drug_features=config["drugs"]["features"],
        seed=config["seed"],
        code=lambda wildcards: RIVAL_CODE[wildcards.rival],
    script:
        "../scripts/train_rival.py"
