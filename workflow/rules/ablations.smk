"""Ablations: variants of one model, trained by the rules of all models, and held against it.

Reads the predictions of the base and of every variant and seed (models ablation_<variant>_seed_<n>); writes a table
and a figure per protocol.
"""


rule tabulate_ablations:
    """Compare every variant with the base: mean and deviation over seeds, paired tests over drugs."""
    input:
        models=lambda wildcards: expand(
            f"{RESULTS}/predictions/{{protocol}}/{{model}}/fold_{{fold}}.parquet",
            model=ABLATIONS,
            fold=ablation_folds(wildcards.protocol),
            allow_missing=True,
        ),
        naive=f"{RESULTS}/predictions/{{protocol}}/naive.parquet",
        responses=f"{RESULTS}/data/responses.parquet",
    output:
        **{
            suffix: report(
                f"{RESULTS}/tables/{{protocol}}/ablations.{suffix}",
                caption="../report/ablation_table.rst",
                category="Ablations",
                labels=report_labels("table", suffix, protocol="{protocol}"),
            )
            for suffix in DOCUMENT
        },
        table=f"{RESULTS}/tables/{{protocol}}/ablations.parquet",
        seeds=f"{RESULTS}/tables/{{protocol}}/ablation_seeds.parquet",
        seeds_csv=f"{RESULTS}/tables/{{protocol}}/ablation_seeds.csv",
    log:
        f"{RESULTS}/logs/tabulate_ablations/{{protocol}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/tabulate_ablations/{{protocol}}.tsv"
    conda:
        "../../envs/druggene.yaml"
    threads: 1
    resources:
        mem_mb=scaled(1500, per_megabyte=200),
        runtime=scaled(20),
    params:
        models={
            name: {key: model[key] for key in ("variant", "label", "seed")}
            for name, model in ABLATIONS.items()
        },
        folds=lambda wildcards: ablation_folds(wildcards.protocol),
        min_pairs_per_drug=config["evaluation"]["min_pairs_per_drug"],
        code=code_digest("tabulate_ablations"),
    script:
        "../scripts/tabulate_ablations.py"


rule plot_ablations:
    """Draw every seed of every variant beside the base."""
    input:
        f"{RESULTS}/tables/{{protocol}}/ablation_seeds.parquet",
    output:
        **{
            suffix: report(
                f"{RESULTS}/figures/{{protocol}}/ablations.{suffix}",
                caption="../report/ablations.rst",
                category="Ablations",
                labels=report_labels("figure", suffix, protocol="{protocol}"),
            )
            for suffix in ["pdf", "png", "csv"]
        },
    log:
        f"{RESULTS}/logs/plot_ablations/{{protocol}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/plot_ablations/{{protocol}}.tsv"
    conda:
        "../../envs/druggene.yaml"
    threads: 1
    resources:
        mem_mb=scaled(1500),
        runtime=scaled(10),
    params:
        title=lambda wildcards: f"Ablations: {wildcards.protocol.replace('_', ' ')}",
        folds=lambda wildcards: ablation_folds(wildcards.protocol),
        code=code_digest("plot_ablations"),
    script:
        "../scripts/plot_ablations.py"
