"""What terms contribute to the predictions of networks that read out all terms, part of the stage `interpret`.

Reads checkpoints, responses, folds and genotypes; writes interpretation/<protocol>/<model>/<labels>/ as interpret.smk.
"""

READ_OUT_MODELS = with_twins(
    [
        name
        for name in INTERPRETATION["models"] or MODELS
        if SETTINGS[name]["network"]["readout"] == "terms"
    ],
    {name: SETTINGS[name] for name in MODELS},
)
TWINS = permuted_twins({name: SETTINGS[name] for name in MODELS})


rule compute_contributions:
    """Compute what every term contributes to the predictions of each drug, on the test pairs of a fold."""
    input:
        checkpoint=of_labels(CHECKPOINT_OF),
        responses=of_labels(RESPONSES_OF),
        drug_features=f"{RESULTS}/data/drug_features.parquet",
        drugs=f"{RESULTS}/data/drugs.parquet",
        folds=f"{RESULTS}/data/{{protocol}}/folds.parquet",
        genotype=of_model("genotype"),
        terms=of_model("terms"),
        term_edges=of_model("term_edges"),
        term_genes=of_model("term_genes"),
    output:
        f"{INTERPRETED}/contributions/fold_{{fold}}.parquet",
    log:
        f"{RESULTS}/logs/compute_contributions/{{protocol}}/{{model}}/{{labels}}/fold_{{fold}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/compute_contributions/{{protocol}}/{{model}}/{{labels}}/fold_{{fold}}.tsv"
    conda:
        "../../envs/druggene.yaml"
    threads: 1
    resources:
        mem_mb=scaled(2000, per_megabyte=100),
        runtime=scaled(30),
    params:
        drugs=INTERPRETATION["drugs"],
        code=code_digest("compute_contributions"),
    script:
        "../scripts/compute_contributions.py"


rule collect_contributions:
    """Put the contributions of all folds together, one row per drug and term."""
    input:
        contributions=per_fold(f"{INTERPRETED}/contributions/fold_{{fold}}.parquet"),
        checkpoints=of_every_fold(of_labels(CHECKPOINT_OF)),
    output:
        contributions=f"{INTERPRETED}/term_contributions.parquet",
        agreement=f"{INTERPRETED}/contribution_agreement.parquet",
    log:
        f"{RESULTS}/logs/collect_contributions/{{protocol}}/{{model}}/{{labels}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/collect_contributions/{{protocol}}/{{model}}/{{labels}}.tsv"
    conda:
        "../../envs/druggene.yaml"
    threads: 1
    resources:
        mem_mb=scaled(2000, per_megabyte=50),
        runtime=scaled(30),
    params:
        code=code_digest("collect_contributions"),
    script:
        "../scripts/collect_contributions.py"


rule tabulate_contributions:
    """Tabulate the terms that contribute most to each drug, beside the gene-permuted twin, and their stability."""
    input:
        contributions=expand(
            f"{INTERPRETED}/term_contributions.parquet",
            model=READ_OUT_MODELS,
            labels=LABELS,
            allow_missing=True,
        ),
        agreement=expand(
            f"{INTERPRETED}/contribution_agreement.parquet",
            model=READ_OUT_MODELS,
            labels=LABELS,
            allow_missing=True,
        ),
        drugs=f"{RESULTS}/data/drugs.parquet",
    output:
        **{
            suffix: report(
                f"{RESULTS}/tables/{{protocol}}/term_contributions.{suffix}",
                caption="../report/term_contributions.rst",
                category="Interpretation",
                labels=report_labels(
                    "terms that contribute most", suffix, protocol="{protocol}"
                ),
            )
            for suffix in DOCUMENT
        },
        stability=f"{RESULTS}/tables/{{protocol}}/contribution_stability.csv",
    log:
        f"{RESULTS}/logs/tabulate_contributions/{{protocol}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/tabulate_contributions/{{protocol}}.tsv"
    conda:
        "../../envs/druggene.yaml"
    threads: 1
    resources:
        mem_mb=scaled(2000, per_megabyte=50),
        runtime=scaled(30),
    params:
        runs=[(model, labels) for model in READ_OUT_MODELS for labels in LABELS],
        twins={name: twin for name, twin in TWINS.items() if name in READ_OUT_MODELS},
        seeds=seed_names({name: SETTINGS[name] for name in READ_OUT_MODELS}),
        labels=MODEL_LABELS,
        code=code_digest("tabulate_contributions"),
    script:
        "../scripts/tabulate_contributions.py"


if config["input"] == "simulated":

    use rule evaluate_recovery as evaluate_contribution_recovery with:
        input:
            term_scores=f"{INTERPRETED}/term_contributions.parquet",
            checkpoints=of_every_fold(of_labels(CHECKPOINT_OF)),
            truth=f"{RESULTS}/raw/truth/terms.parquet",
        output:
            by_drug=f"{INTERPRETED}/contribution_recovery_by_drug.csv",
            summary=f"{INTERPRETED}/contribution_recovery.csv",
            markdown=f"{INTERPRETED}/contribution_recovery.md",
        log:
            f"{RESULTS}/logs/evaluate_contribution_recovery/{{protocol}}/{{model}}/{{labels}}.log",
        benchmark:
            f"{RESULTS}/benchmarks/evaluate_contribution_recovery/{{protocol}}/{{model}}/{{labels}}.tsv"
