"""Figures, drawn from tables alone, each with its data as CSV."""

PANELS = list("ABCDEFGH")


rule plot_metrics:
    """Draw the metrics of all models of a protocol over its folds, and their bootstrap intervals."""
    input:
        metrics=f"{RESULTS}/tables/{{protocol}}/metrics_by_fold.parquet",
        intervals=f"{RESULTS}/tables/{{protocol}}/intervals.parquet",
    output:
        **{
            f"{figure}_{suffix}": report(
                f"{RESULTS}/figures/{{protocol}}/{figure}.{suffix}",
                caption=f"../report/{figure}.rst",
                category="Performance",
                subcategory="Figures",
                labels=report_labels(name, suffix, protocol="{protocol}"),
            )
            for figure, name in [
                ("metrics", "metrics over folds"),
                ("intervals", "bootstrap intervals"),
            ]
            for suffix in ["pdf", "png", "csv"]
        },
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


rule plot_figure4:
    """Draw the figure of predictive performance (paper, Fig. 4), whole and each panel on its own, from the tables."""
    input:
        by_drug=f"{RESULTS}/tables/{{protocol}}/metrics_by_drug.parquet",
        intervals=f"{RESULTS}/tables/{{protocol}}/intervals.parquet",
        significance=f"{RESULTS}/tables/{{protocol}}/significance.parquet",
        drugs=f"{RESULTS}/data/drugs.parquet",
        models=per_fold(
            expand(
                f"{RESULTS}/predictions/{{protocol}}/{{model}}/fold_{{fold}}.parquet",
                model=MODELS,
                allow_missing=True,
            )
        ),
        rivals=per_fold(
            expand(
                f"{RESULTS}/predictions/{{protocol}}/{{rival}}/fold_{{fold}}.parquet",
                rival=RIVALS,
                allow_missing=True,
            )
        ),
        naive=f"{RESULTS}/predictions/{{protocol}}/naive.parquet",
    output:
        pdf=report(
            f"{RESULTS}/figures/{{protocol}}/figure4.pdf",
            caption="../report/figure4.rst",
            category="Performance",
            subcategory="Figures",
            labels=report_labels(
                "predictive performance (Fig. 4)", "PDF", protocol="{protocol}"
            ),
        ),
        png=report(
            f"{RESULTS}/figures/{{protocol}}/figure4.png",
            caption="../report/figure4.rst",
            category="Performance",
            subcategory="Figures",
            labels=report_labels(
                "predictive performance (Fig. 4)", "PNG", protocol="{protocol}"
            ),
        ),
        csv=report(
            f"{RESULTS}/figures/{{protocol}}/figure4.csv",
            caption="../report/figure4.rst",
            category="Performance",
            subcategory="Figures",
            labels=report_labels(
                "predictive performance (Fig. 4)", "CSV", protocol="{protocol}"
            ),
        ),
        panels=expand(
            f"{RESULTS}/figures/{{{{protocol}}}}/figure4/{{panel}}.csv", panel=PANELS
        ),
        drawn=expand(
            f"{RESULTS}/figures/{{{{protocol}}}}/figure4/{{panel}}.{{format}}",
            panel=PANELS,
            format=["pdf", "png"],
        ),
    log:
        f"{RESULTS}/logs/plot_figure4/{{protocol}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/plot_figure4/{{protocol}}.tsv"
    conda:
        "../../envs/druggene.yaml"
    threads: 1
    resources:
        mem_mb=scaled(1500, per_megabyte=50),
        runtime=scaled(10),
    params:
        title=lambda wildcards: "Predictive performance: "
        + wildcards.protocol.replace("_", " "),
        models={"labels": MODEL_LABELS, "kinds": MODEL_KINDS},
        notes={
            "confidence": config["evaluation"]["confidence"],
            "min_pairs": config["evaluation"]["min_pairs_per_drug"],
        },
        code=code_digest("plot_figure4"),
    script:
        "../scripts/plot_figure4.py"
