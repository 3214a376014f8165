"""Predictions of new cell lines and drugs.

Reads checkpoints, this run's own or others, and the tables that the section `predict` names; writes
predicted/ with predictions, cell_lines, drugs and genes.
"""

PREDICTED_TABLES = ["predictions", "cell_lines", "drugs", "genes"]


rule predict_new_pairs:
    """Predict new pairs with all folds of some models, and say how far they are from what these were trained on."""
    input:
        checkpoints=predicting_checkpoints,
        cell_lines=new_pairs_input("cell_lines"),
        drugs=new_pairs_input("drugs"),
        pairs=new_pairs_input("pairs"),
        genes="resources/go/human_genes.tsv.gz",
        drug_targets="resources/drug_targets.csv",
    output:
        expand(
            f"{RESULTS}/predicted/{{table}}.{{format}}",
            table=PREDICTED_TABLES,
            format=["parquet", "csv"],
        ),
    log:
        f"{RESULTS}/logs/predict_new_pairs.log",
    benchmark:
        f"{RESULTS}/benchmarks/predict_new_pairs.tsv"
    conda:
        "../../envs/druggene.yaml"
    threads: 2
    resources:
        mem_mb=scaled(3000, per_megabyte=20),
        runtime=scaled(60),
    params:
        settings={
            key: config["predict"][key] for key in ("together", "top_terms", "outside")
        },
        code=code_digest("predict_new_pairs"),
    script:
        "../scripts/predict_new_pairs.py"
