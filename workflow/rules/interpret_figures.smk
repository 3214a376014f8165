"""What readers see of the interpretation: the paper's figures 5 to 7, and its statements on them beside this run.

Reads what interpret.smk writes; writes embeddings and judgements beside it, figures/<protocol>/<model>/<labels>/ and
tables/<protocol>/interpretation_claims.
"""

# The fold whose embeddings are drawn: principal components of different networks cannot be laid over each other.
FIGURE_FOLD = 0
SCORE_NAMES = {
    "rlipp": {
        "relative": "RLIPP (P / C − 1)",
        "ratio": "RLIPP (P / C)",
        "difference": "RLIPP (P − C)",
    }[INTERPRETATION["rlipp"]["score"]],
    "power": "Power (Pearson correlation)",
    "knockout": "Knock-out (change of AUC)",
    "attribution_specific": "Attribution, drug-specific",
}


rule score_embeddings:
    """Place cell lines and drugs by the network of one fold and score how classes of drugs lie together."""
    input:
        states=f"{INTERPRETED}/states/fold_{{fold}}.parquet",
        checkpoint=of_labels(CHECKPOINT_OF),
        drug_features=f"{RESULTS}/data/drug_features.parquet",
        drugs=f"{RESULTS}/data/drugs.parquet",
    output:
        cell_lines=f"{INTERPRETED}/embedding/fold_{{fold}}.cell_lines.parquet",
        drugs=f"{INTERPRETED}/embedding/fold_{{fold}}.drugs.parquet",
        scores=f"{INTERPRETED}/embedding/fold_{{fold}}.classes.csv",
    log:
        f"{RESULTS}/logs/score_embeddings/{{protocol}}/{{model}}/{{labels}}/fold_{{fold}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/score_embeddings/{{protocol}}/{{model}}/{{labels}}/fold_{{fold}}.tsv"
    conda:
        "../../envs/druggene.yaml"
    threads: 1
    resources:
        mem_mb=scaled(2000, per_megabyte=10),
        runtime=scaled(10),
    params:
        target_classes=INTERPRETATION["figures"]["target_classes"],
        permutations=INTERPRETATION["figures"]["permutations"],
        seed=config["seed"],
        code=code_digest("score_embeddings"),
    script:
        "../scripts/score_embeddings.py"


rule plot_embeddings:
    """Draw cell lines and drugs by the embeddings of one fold's network (paper, Fig. 5 and 6)."""
    input:
        cell_lines=f"{INTERPRETED}/embedding/fold_{FIGURE_FOLD}.cell_lines.parquet",
        drug_points=f"{INTERPRETED}/embedding/fold_{FIGURE_FOLD}.drugs.parquet",
        scores=f"{INTERPRETED}/embedding/fold_{FIGURE_FOLD}.classes.csv",
        responses=of_labels(RESPONSES_OF),
        drugs=f"{RESULTS}/data/drugs.parquet",
        expression=f"{RESULTS}/data/expression.parquet",
        known_targets=shipped("resources/drug_targets.csv"),
        annotations=ANNOTATIONS,
    output:
        **{
            f"{figure}_{suffix}": report(
                f"{RESULTS}/figures/{{protocol}}/{{model}}/{{labels}}/{name}.{suffix}",
                caption="../report/embeddings.rst",
                category="Interpretation",
                labels=report_labels(
                    name.replace("_", " "),
                    suffix,
                    protocol="{protocol}",
                    model="{model}",
                    responses="{labels}",
                ),
            )
            for figure, name in [
                ("genotype", "genotype_embedding"),
                ("drugs", "drug_embedding"),
            ]
            for suffix in ["pdf", "png", "csv"]
        },
    log:
        f"{RESULTS}/logs/plot_embeddings/{{protocol}}/{{model}}/{{labels}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/plot_embeddings/{{protocol}}/{{model}}/{{labels}}.tsv"
    conda:
        "../../envs/druggene.yaml"
    threads: 1
    resources:
        mem_mb=scaled(2000, per_megabyte=10),
        runtime=scaled(10),
    params:
        views=INTERPRETATION["figures"]["views"],
        title=lambda wildcards: f"{SETTINGS[wildcards.model]['label']}, fold {FIGURE_FOLD}",
        code=code_digest("plot_embeddings"),
    script:
        "../scripts/plot_embeddings.py"


rule plot_best_terms:
    """Draw the best terms of one drug in the hierarchy, their scores, and the best one's state (paper, Fig. 7)."""
    input:
        term_scores=f"{INTERPRETED}/term_scores.parquet",
        states=per_fold(f"{INTERPRETED}/states/fold_{{fold}}.parquet"),
        checkpoints=of_every_fold(of_labels(CHECKPOINT_OF)),
        responses=of_labels(RESPONSES_OF),
        folds=f"{RESULTS}/data/{{protocol}}/folds.parquet",
        drugs=f"{RESULTS}/data/drugs.parquet",
        known_targets=shipped("resources/drug_targets.csv"),
        obo=config["ontology"]["obo"],
    output:
        **{
            suffix: report(
                f"{RESULTS}/figures/{{protocol}}/{{model}}/{{labels}}/best_terms.{suffix}",
                caption="../report/best_terms.rst",
                category="Interpretation",
                labels=report_labels(
                    "best terms of a drug",
                    suffix,
                    protocol="{protocol}",
                    model="{model}",
                    responses="{labels}",
                ),
            )
            for suffix in ["pdf", "png", "csv"]
        },
        states=f"{RESULTS}/figures/{{protocol}}/{{model}}/{{labels}}/best_terms.states.csv",
        nodes=f"{RESULTS}/figures/{{protocol}}/{{model}}/{{labels}}/best_terms.hierarchy.csv",
        edges=f"{RESULTS}/figures/{{protocol}}/{{model}}/{{labels}}/best_terms.edges.csv",
    log:
        f"{RESULTS}/logs/plot_best_terms/{{protocol}}/{{model}}/{{labels}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/plot_best_terms/{{protocol}}/{{model}}/{{labels}}.tsv"
    conda:
        "../../envs/druggene.yaml"
    threads: 1
    resources:
        mem_mb=scaled(4000, per_megabyte=10),
        runtime=scaled(20),
    params:
        figures=INTERPRETATION["figures"],
        folds=lambda wildcards: folds_of(wildcards.protocol),
        score=SCORE_NAMES[INTERPRETATION["figures"]["rank_by"]],
        title=lambda wildcards: SETTINGS[wildcards.model]["label"],
        code=code_digest("plot_best_terms"),
    script:
        "../scripts/plot_best_terms.py"


rule judge_interpretation:
    """Judge what the paper says of its figures 5 to 7 by what a network gave."""
    input:
        claims="resources/paper_claims.csv",
        term_scores=f"{INTERPRETED}/term_scores.parquet",
        cell_lines=f"{INTERPRETED}/embedding/fold_{FIGURE_FOLD}.cell_lines.parquet",
        classes=f"{INTERPRETED}/embedding/fold_{FIGURE_FOLD}.classes.csv",
        states=per_fold(f"{INTERPRETED}/states/fold_{{fold}}.parquet"),
        responses=of_labels(RESPONSES_OF),
        folds=f"{RESULTS}/data/{{protocol}}/folds.parquet",
        drugs=f"{RESULTS}/data/drugs.parquet",
        expression=f"{RESULTS}/data/expression.parquet",
        known_targets="resources/drug_targets.csv",
        annotations=ANNOTATIONS,
        obo=config["ontology"]["obo"],
    output:
        f"{INTERPRETED}/claims.parquet",
    log:
        f"{RESULTS}/logs/judge_interpretation/{{protocol}}/{{model}}/{{labels}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/judge_interpretation/{{protocol}}/{{model}}/{{labels}}.tsv"
    conda:
        "../../envs/druggene.yaml"
    threads: 1
    resources:
        mem_mb=scaled(4000, per_megabyte=10),
        runtime=scaled(20),
    params:
        folds=lambda wildcards: folds_of(wildcards.protocol),
        fold=FIGURE_FOLD,
        code=code_digest("judge_interpretation"),
    script:
        "../scripts/judge_interpretation.py"


rule tabulate_interpretation:
    """Tabulate the verdicts on the paper's interpretation for all interpreted networks."""
    input:
        expand(
            f"{INTERPRETED}/claims.parquet",
            model=INTERPRETED_MODELS,
            labels=LABELS,
            allow_missing=True,
        ),
    output:
        **{
            suffix: report(
                f"{RESULTS}/tables/{{protocol}}/interpretation_claims.{suffix}",
                caption="../report/interpretation_claims.rst",
                category="Interpretation",
                labels=report_labels(
                    "the paper's interpretation beside this run",
                    suffix,
                    protocol="{protocol}",
                ),
            )
            for suffix in DOCUMENT
        },
    log:
        f"{RESULTS}/logs/tabulate_interpretation/{{protocol}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/tabulate_interpretation/{{protocol}}.tsv"
    conda:
        "../../envs/druggene.yaml"
    threads: 1
    resources:
        mem_mb=scaled(1500, per_megabyte=10),
        runtime=scaled(10),
    params:
        runs=[(model, labels) for model in INTERPRETED_MODELS for labels in LABELS],
        labels=MODEL_LABELS,
        code=code_digest("tabulate_interpretation"),
    script:
        "../scripts/tabulate_interpretation.py"
