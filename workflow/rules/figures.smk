"""Figures, drawn from tables alone, each with its data as CSV."""


rule plot_metrics:
    """Draw the metrics of all models and naive predictors over the folds of a protocol."""
    input:
        metrics=f"{RESULTS}/tables/{{protocol}}/metrics_by_fold.parquet",
    output:
        pdf=report(
            f"{RESULTS}/figures/{{protocol}}/metrics.pdf",
            caption="../report/metrics.rst",
            category="Metrics",
            labels={"protocol": "{protocol}", "format": "PDF"},
        ),
        png=report(
            f"{RESULTS}/figures/{{protocol}}/metrics.png",
            caption="../report/metrics.rst",
            category="Metrics",
            labels={"protocol": "{protocol}", "format": "PNG"},
        ),
        csv=f"{RESULTS}/figures/{{protocol}}/metrics.csv",
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
        labels={name: config["models"][name]["label"] for name in MODELS},
        naive=config["naive"],
        code=code_digest("plot_metrics"),
    script:
        "../scripts/plot_metrics.py"
