"""Folds: which pairs a model learns from, is stopped by and is judged on."""


rule assign_folds:
    """Give every pair its role in every fold of a protocol."""
    input:
        responses=f"{RESULTS}/data/responses.parquet",
        cell_lines=f"{RESULTS}/data/cell_lines.parquet",
    output:
        f"{RESULTS}/data/{{protocol}}/folds.parquet",
    log:
        f"{RESULTS}/logs/assign_folds/{{protocol}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/assign_folds/{{protocol}}.tsv"
    conda:
        "../../envs/druggene.yaml"
    threads: 1
    resources:
        mem_mb=scaled(1500, per_megabyte=200),
        runtime=scaled(10),
    params:
        splits={key: config["splits"][key] for key in ("folds", "validation_fraction")},
        seed=config["seed"],
        screens=lambda wildcards: TRANSFERS.get(wildcards.protocol),
        code=code_digest("assign_folds"),
    script:
        "../scripts/assign_folds.py"
