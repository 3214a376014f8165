"""Drug features."""

DRUG_FEATURES = drug_features_needed(config, SETTINGS)


rule compute_drug_features:
    """Compute Morgan fingerprints and, where asked for, descriptors of all drugs; list their structures."""
    input:
        drugs=f"{RESULTS}/data/drugs.parquet",
    output:
        features=f"{RESULTS}/data/drug_features.parquet",
        structures=f"{RESULTS}/data/drug_structures.parquet",
    log:
        f"{RESULTS}/logs/compute_drug_features.log",
    benchmark:
        f"{RESULTS}/benchmarks/compute_drug_features.tsv"
    conda:
        "../../envs/druggene.yaml"
    threads: 1 if DRUG_FEATURES == "morgan" else 8
    resources:
        mem_mb=scaled(1500),
        runtime=scaled(10),
    params:
        drugs=config["drugs"] | {"features": DRUG_FEATURES},
        code=code_digest("compute_drug_features"),
    script:
        "../scripts/compute_drug_features.py"
