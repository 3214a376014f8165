"""Interpretation of the networks.

Reads checkpoints, data/responses.parquet, data/<protocol>/folds.parquet and genotypes; writes
interpretation/<protocol>/<model>/<labels>/, where labels are measured, or permuted for the control.
"""

INTERPRETATION = config["interpretation"]
JOINED_MODELS = [
    name for name in MODELS if SETTINGS[name]["network"]["readout"] == "joined"
]
# Networks that read out all terms are interpreted by their contributions; see contributions.smk.
INTERPRETED_MODELS = (
    [name for name in INTERPRETATION["models"] if name in JOINED_MODELS]
    if INTERPRETATION["models"]
    else JOINED_MODELS[:1]
)
# Scores take a pair's mean over its curves, which a transfer tells apart by their screen.
INTERPRETED_PROTOCOLS = INTERPRETATION["protocols"] or config["splits"]["protocols"]
LABELS = ["measured", *(["permuted"] if INTERPRETATION["permuted_control"] else [])]
INTERPRETED = f"{RESULTS}/interpretation/{{protocol}}/{{model}}/{{labels}}"
RESPONSES_OF = {
    "measured": f"{RESULTS}/data/responses.parquet",
    "permuted": f"{RESULTS}/data/permuted_responses.parquet",
}
CHECKPOINT_OF = {
    "measured": f"{RESULTS}/models/{{protocol}}/{{model}}/fold_{{fold}}.pt",
    "permuted": f"{RESULTS}/models/{{protocol}}/{{model}}/permuted/fold_{{fold}}.pt",
}

ANNOTATIONS = (
    PUBLISHED_ONTOLOGY
    if config["ontology"]["source"] == "published"
    else f"{RESULTS}/data/ontology/annotations.parquet"
)


wildcard_constraints:
    labels="measured|permuted",
    group="[0-9]+",


rule permute_responses:
    """Deal the AUCs of every drug anew among its cell lines, for a network that has nothing to learn of them."""
    input:
        RESPONSES_OF["measured"],
    output:
        RESPONSES_OF["permuted"],
    log:
        f"{RESULTS}/logs/permute_responses.log",
    benchmark:
        f"{RESULTS}/benchmarks/permute_responses.tsv"
    conda:
        "../../envs/druggene.yaml"
    threads: 1
    resources:
        mem_mb=scaled(1500, per_megabyte=200),
        runtime=scaled(10),
    params:
        seed=config["seed"],
        code=code_digest("permute_responses"),
    script:
        "../scripts/permute_responses.py"


use rule train_model as train_permuted with:
    input:
        responses=RESPONSES_OF["permuted"],
        drug_features=f"{RESULTS}/data/drug_features.parquet",
        drugs=f"{RESULTS}/data/drugs.parquet",
        folds=f"{RESULTS}/data/{{protocol}}/folds.parquet",
        genotype=of_model("genotype"),
        terms=of_model("terms"),
        term_edges=of_model("term_edges"),
        term_genes=of_model("term_genes"),
        choice=choice_of_model,
    output:
        checkpoint=CHECKPOINT_OF["permuted"],
        history=f"{RESULTS}/models/{{protocol}}/{{model}}/permuted/fold_{{fold}}.history.parquet",
        predictions=f"{RESULTS}/predictions/{{protocol}}/{{model}}/permuted/fold_{{fold}}.parquet",
    log:
        f"{RESULTS}/logs/train_permuted/{{protocol}}/{{model}}/fold_{{fold}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/train_permuted/{{protocol}}/{{model}}/fold_{{fold}}.tsv"
    params:
        resume=f"{RESULTS}/models/{{protocol}}/{{model}}/permuted/fold_{{fold}}.resume.pt",


rule compute_states:
    """Compute the states of all terms in all cell lines by the best checkpoint of a fold."""
    input:
        checkpoint=of_labels(CHECKPOINT_OF),
        responses=of_labels(RESPONSES_OF),
        folds=f"{RESULTS}/data/{{protocol}}/folds.parquet",
        genotype=of_model("genotype"),
    output:
        f"{INTERPRETED}/states/fold_{{fold}}.parquet",
    log:
        f"{RESULTS}/logs/compute_states/{{protocol}}/{{model}}/{{labels}}/fold_{{fold}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/compute_states/{{protocol}}/{{model}}/{{labels}}/fold_{{fold}}.tsv"
    conda:
        "../../envs/druggene.yaml"
    threads: 1
    resources:
        mem_mb=scaled(1500, per_megabyte=100),
        runtime=scaled(10),
    params:
        code=code_digest("compute_states"),
    script:
        "../scripts/compute_states.py"


rule score_rlipp:
    """Score how much better each term predicts than its children, for a group of drugs, out of fold."""
    input:
        states=per_fold(f"{INTERPRETED}/states/fold_{{fold}}.parquet"),
        checkpoints=of_every_fold(of_labels(CHECKPOINT_OF)),
        genotypes=of_every_fold(of_model("genotype")),
        responses=of_labels(RESPONSES_OF),
        folds=f"{RESULTS}/data/{{protocol}}/folds.parquet",
    output:
        scores=f"{INTERPRETED}/rlipp/group_{{group}}.parquet",
        agreement=f"{INTERPRETED}/rlipp/group_{{group}}.agreement.parquet",
    log:
        f"{RESULTS}/logs/score_rlipp/{{protocol}}/{{model}}/{{labels}}/group_{{group}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/score_rlipp/{{protocol}}/{{model}}/{{labels}}/group_{{group}}.tsv"
    conda:
        "../../envs/druggene.yaml"
    # One thread, whatever --cores: sums over threads would differ in the last digit. Groups run side by side.
    threads: 1
    resources:
        mem_mb=rlipp_memory,
        runtime=scaled(240),
    params:
        folds=lambda wildcards: folds_of(wildcards.protocol),
        drugs=INTERPRETATION["drugs"],
        groups=INTERPRETATION["drug_groups"],
        rlipp=INTERPRETATION["rlipp"],
        seed=config["seed"],
        code=code_digest("score_rlipp"),
    script:
        "../scripts/score_rlipp.py"


rule compute_importance:
    """Knock out every term, and attribute predictions to genes, omics and terms, on the test pairs of a fold."""
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
        terms=f"{INTERPRETED}/importance/fold_{{fold}}.terms.parquet",
        genes=f"{INTERPRETED}/importance/fold_{{fold}}.genes.parquet",
    log:
        f"{RESULTS}/logs/compute_importance/{{protocol}}/{{model}}/{{labels}}/fold_{{fold}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/compute_importance/{{protocol}}/{{model}}/{{labels}}/fold_{{fold}}.tsv"
    conda:
        "../../envs/druggene.yaml"
    threads: 1
    resources:
        mem_mb=scaled(2000, per_megabyte=100),
        runtime=scaled(120),
    params:
        drugs=INTERPRETATION["drugs"],
        steps=INTERPRETATION["attribution_steps"],
        code=code_digest("compute_importance"),
    script:
        "../scripts/compute_importance.py"


rule collect_scores:
    """Put the scores of all folds and drug groups together, one row per drug and term and per drug and gene."""
    input:
        rlipp=expand(
            f"{INTERPRETED}/rlipp/group_{{group}}.parquet",
            group=range(INTERPRETATION["drug_groups"]),
            allow_missing=True,
        ),
        agreement=expand(
            f"{INTERPRETED}/rlipp/group_{{group}}.agreement.parquet",
            group=range(INTERPRETATION["drug_groups"]),
            allow_missing=True,
        ),
        terms=per_fold(f"{INTERPRETED}/importance/fold_{{fold}}.terms.parquet"),
        genes=per_fold(f"{INTERPRETED}/importance/fold_{{fold}}.genes.parquet"),
        checkpoints=of_every_fold(of_labels(CHECKPOINT_OF)),
    output:
        term_scores=f"{INTERPRETED}/term_scores.parquet",
        gene_scores=f"{INTERPRETED}/gene_scores.parquet",
        agreement=f"{INTERPRETED}/fold_agreement.parquet",
    log:
        f"{RESULTS}/logs/collect_scores/{{protocol}}/{{model}}/{{labels}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/collect_scores/{{protocol}}/{{model}}/{{labels}}.tsv"
    conda:
        "../../envs/druggene.yaml"
    threads: 1
    resources:
        mem_mb=scaled(2000, per_megabyte=50),
        runtime=scaled(30),
    params:
        code=code_digest("collect_scores"),
    script:
        "../scripts/collect_scores.py"


rule compare_scores:
    """Tabulate what each score agrees with: other folds, other models, permuted labels, and the hierarchy's shape."""
    input:
        term_scores=expand(
            f"{INTERPRETED}/term_scores.parquet",
            model=INTERPRETED_MODELS,
            labels=LABELS,
            allow_missing=True,
        ),
        agreement=expand(
            f"{INTERPRETED}/fold_agreement.parquet",
            model=INTERPRETED_MODELS,
            labels=LABELS,
            allow_missing=True,
        ),
    output:
        f"{RESULTS}/tables/{{protocol}}/score_stability.csv",
    log:
        f"{RESULTS}/logs/compare_scores/{{protocol}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/compare_scores/{{protocol}}.tsv"
    conda:
        "../../envs/druggene.yaml"
    threads: 1
    resources:
        mem_mb=scaled(2000, per_megabyte=50),
        runtime=scaled(30),
    params:
        runs=[(model, labels) for model in INTERPRETED_MODELS for labels in LABELS],
        seeds=seed_names({name: SETTINGS[name] for name in INTERPRETED_MODELS}),
        code=code_digest("compare_scores"),
    script:
        "../scripts/compare_scores.py"


if config["input"] == "simulated":

    rule evaluate_recovery:
        """Judge how well each score finds the planted terms."""
        input:
            term_scores=f"{INTERPRETED}/term_scores.parquet",
            checkpoints=of_every_fold(of_labels(CHECKPOINT_OF)),
            truth=f"{RESULTS}/raw/truth/terms.parquet",
        output:
            by_drug=f"{INTERPRETED}/recovery_by_drug.csv",
            summary=f"{INTERPRETED}/recovery.csv",
            markdown=f"{INTERPRETED}/recovery.md",
        log:
            f"{RESULTS}/logs/evaluate_recovery/{{protocol}}/{{model}}/{{labels}}.log",
        benchmark:
            f"{RESULTS}/benchmarks/evaluate_recovery/{{protocol}}/{{model}}/{{labels}}.tsv"
        conda:
            "../../envs/druggene.yaml"
        threads: 1
        resources:
            mem_mb=scaled(1500, per_megabyte=50),
            runtime=scaled(10),
        params:
            code=code_digest("evaluate_recovery"),
        script:
            "../scripts/evaluate_recovery.py"
