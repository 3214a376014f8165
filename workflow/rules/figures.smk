"""Figures, drawn from tables alone, each with its data as CSV."""


rule plot_metrics:
    """Draw the metrics of all models of a protocol over its folds, and their bootstrap intervals."""
    input:
        metrics=f"{RESULTS}/tables/{{protocol}}/metrics_by_fold.parquet",
        intervals=f"{RESULTS}/tables/{{protocol}}/intervals.parquet",
    output:
        metrics_pdf=report(
            f"{RESULTS}/figures/{{protocol}}/metrics.pdf",
            caption="../report/metrics.rst",
            category="Metrics",
            labels={"protocol": "{protocol}", "figure": "folds", "format": "PDF"},
        ),
        metrics_png=report(
            f"{RESULTS}/figures/{{protocol}}/metrics.png",
            caption="../report/metrics.rst",
            category="Metrics",
            labels={"protocol": "{protocol}", "figure": "folds", "format": "PNG"},
        ),
        intervals_pdf=report(
            f"{RESULTS}/figures/{{protocol}}/intervals.pdf",
            caption="../report/intervals.rst",
            category="Metrics",
            labels={"protocol": "{protocol}", "figure": "intervals", "format": "PDF"},
        ),
        intervals_png=report(
            f"{RESULTS}/figures/{{protocol}}/intervals.png",
            caption="../report/intervals.rst",
            category="Metrics",
            labels={"protocol": "{protocol}", "figure": "intervals", "format": "PNG"},
        ),
        csv=expand(
            f"{RESULTS}/figures/{{{{protocol}}}}/{{figure}}.csv",
            figure=["metrics", "intervals"],
        ),
    log:
        f"{RESULTS}/logs/plot_metrics/{{protocol}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/plot_metrics/{{protocol}}.tsv"
    conda:
        "../../envs/druggene.yaml"
    threads: 1
    resources:
        mem_mb=scaled(1500),
        runtime=scaled(10),
    params:
        title=lambda wildcards: "Prediction of the AUC: "
        + wildcards.protocol.replace("_", " "),
        labels=MODEL_LABELS,
        kinds=MODEL_KINDS,
        confidence=config["evaluation"]["confidence"],
        code=code_digest("plot_metrics"),
    script:
        "../scripts/plot_metrics.py"
