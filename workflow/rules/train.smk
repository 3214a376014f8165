"""Training.

Reads data/<protocol>/fold_<k>/ (below it <model>/, for a model with an encoding or hierarchy of its own),
data/<protocol>/folds.parquet, data/drug_features.parquet and, where it is enabled,
the choice of the search; writes checkpoints, loss histories and out-of-fold predictions.
"""


rule train_model:
    """Train one network on one fold and predict the fold's test pairs."""
    input:
        responses=f"{RESULTS}/data/responses.parquet",
        drug_features=f"{RESULTS}/data/drug_features.parquet",
        drugs=f"{RESULTS}/data/drugs.parquet",
        folds=f"{RESULTS}/data/{{protocol}}/folds.parquet",
        genotype=of_model("genotype"),
        terms=of_model("terms"),
        term_edges=of_model("term_edges"),
        term_genes=of_model("term_genes"),
        choice=choice_of_model,
    output:
        checkpoint=f"{RESULTS}/models/{{protocol}}/{{model}}/fold_{{fold}}.pt",
        history=f"{RESULTS}/models/{{protocol}}/{{model}}/fold_{{fold}}.history.parquet",
        predictions=f"{RESULTS}/predictions/{{protocol}}/{{model}}/fold_{{fold}}.parquet",
    log:
        f"{RESULTS}/logs/train_model/{{protocol}}/{{model}}/fold_{{fold}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/train_model/{{protocol}}/{{model}}/fold_{{fold}}.tsv"
    conda:
        "../../envs/druggene.yaml"
    # One thread, whatever --cores: sums over threads would differ in the last digit. Jobs run side by side.
    threads: 1
    resources:
        mem_mb=scaled(1500, per_megabyte=100),
        runtime=training_minutes(),
        gpu=GPUS,
    params:
        code=code_digest("train_model"),
        omics=settings_of("omics"),
        fusion=settings_of("genotype", "fusion"),
        drugs=settings_of("drugs"),
        network=settings_of("network"),
        training=settings_of("training"),
        seed=settings_of("seed"),
        device=config["device"],
        # Not an output: Snakemake would remove it when the job is killed, and a killed job goes on from it.
        resume=f"{RESULTS}/models/{{protocol}}/{{model}}/fold_{{fold}}.resume.pt",
    script:
        "../scripts/train_model.py"
