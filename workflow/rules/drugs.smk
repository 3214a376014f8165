"""Drug features."""


rule compute_drug_features:
    """Compute Morgan fingerprints and, where asked for, descriptors of all drugs."""
    input:
        drugs=f"{RESULTS}/data/drugs.parquet",
    output:
        f"{RESULTS}/data/drug_features.parquet",
    log:
        f"{RESULTS}/logs/compute_drug_features.log",
    benchmark:
        f"{RESULTS}/benchmarks/compute_drug_features.tsv"
    conda:
        "../../envs/druggene.yaml"
    threads: 1
    resources:
        mem_mb=scaled(1500),
        runtime=scaled(10),
    params:
        drugs=config["drugs"] | {"features": drug_features_needed(config, SETTINGS)},
        code=code_digest("compute_drug_features"),
    script:
        "../scripts/compute_drug_features.py"
