"""Stages as targets: `snakemake data`, `hierarchies`, `search`, `models`, `tables`, `figures`, `interpret`,
`ablations`, `predict`."""


localrules:
    data,
    hierarchies,
    search,
    models,
    tables,
    figures,
    interpret,
    ablations,
    predict,


rule data:
    """Retrieve or simulate the data and encode them for every fold."""
    input:
        expand(f"{RESULTS}/data/{{table}}.parquet", table=SCREEN_TABLES),
        f"{RESULTS}/data/drug_features.parquet",
        [
            f"{RESULTS}/data/{protocol}/fold_{fold}/{table}.parquet"
            for protocol in PROTOCOLS
            for fold in folds_of(protocol)
            for table in ["genotype", "terms", "term_edges", "term_genes"]
        ],


rule hierarchies:
    """Export the hierarchy of every fold as text and compare what the Gene Ontology gives with what was published."""
    input:
        # What was published has no part in a hierarchy or a folder of the user's own.
        [] if OWN_HIERARCHY or FOLDER_PARTS else rules.compare_hierarchies.output,
        [
            f"{RESULTS}/ontology/{protocol}/fold_{fold}/{file}.txt"
            for protocol in PROTOCOLS
            for fold in folds_of(protocol)
            for file in ["ontology", "gene2ind"]
        ],


rule search:
    """Try every learning rate and lambda inside the training folds and choose among them, used for training or not."""
    input:
        expand(
            f"{RESULTS}/tables/{{protocol}}/search.{{format}}",
            protocol=PROTOCOLS,
            format=["parquet", "csv"],
        ),


rule models:
    """Train all networks on all folds."""
    input:
        [
            f"{RESULTS}/models/{protocol}/{model}/fold_{fold}.pt"
            for protocol in PROTOCOLS
            for model in MODELS
            for fold in folds_of(protocol)
        ],


rule tables:
    """Compare all models and naive predictors, and say what data they rest on."""
    input:
        rules.tabulate_data.output,
        expand(
            f"{RESULTS}/tables/{{protocol}}/{{table}}",
            protocol=PROTOCOLS,
            table=[
                *[
                    f"{table}.{format}"
                    for table in EVALUATED
                    for format in ["parquet", "csv"]
                ],
                *[f"{table}.{format}" for table in READ_TABLES for format in DOCUMENT],
                # The paper's figures are of the published pairs.
                *(
                    [f"paper_claims.{format}" for format in ["parquet", *DOCUMENT]]
                    if config["input"] == "release"
                    else []
                ),
            ],
        ),
        expand(
            f"{RESULTS}/tables/{{protocol}}/transfer.{{format}}",
            protocol=TRANSFERS,
            format=["parquet", "csv", "md"],
        ),


rule figures:
    """Draw every figure."""
    input:
        expand(
            f"{RESULTS}/figures/{{protocol}}/{{figure}}.{{format}}",
            protocol=PROTOCOLS,
            figure=["metrics", "intervals", "figure4"],
            format=["pdf", "png", "csv"],
        ),


rule interpret:
    """Score terms and genes by what the networks make of them."""
    input:
        [
            f"{RESULTS}/interpretation/{protocol}/{model}/{labels}/{table}"
            for protocol in INTERPRETED_PROTOCOLS
            for model in INTERPRETED_MODELS
            for labels in LABELS
            for table in [
                "term_scores.parquet",
                "gene_scores.parquet",
                "explorer.html",
                "hierarchy.cx2",
                "hierarchy.graphml",
                *(["recovery.md"] if config["input"] == "simulated" else []),
            ]
        ],
        [
            f"{RESULTS}/figures/{protocol}/{model}/measured/{figure}.{suffix}"
            for protocol in INTERPRETED_PROTOCOLS
            for model in INTERPRETED_MODELS
            for figure in ["genotype_embedding", "drug_embedding", "best_terms"]
            for suffix in ["pdf", "png", "csv"]
        ],
        expand(
            f"{RESULTS}/tables/{{protocol}}/{{table}}",
            protocol=INTERPRETED_PROTOCOLS,
            table=[
                *(
                    [
                        "score_stability.csv",
                        *[f"interpretation_claims.{suffix}" for suffix in DOCUMENT],
                    ]
                    if INTERPRETED_MODELS
                    else []
                ),
                *(
                    [
                        "contribution_stability.csv",
                        *[f"term_contributions.{suffix}" for suffix in DOCUMENT],
                    ]
                    if READ_OUT_MODELS
                    else []
                ),
            ],
        ),
        [
            f"{RESULTS}/interpretation/{protocol}/{model}/{labels}/{table}"
            for protocol in INTERPRETED_PROTOCOLS
            for model in READ_OUT_MODELS
            for labels in LABELS
            for table in [
                "term_contributions.parquet",
                *(
                    ["contribution_recovery.md"]
                    if config["input"] == "simulated"
                    else []
                ),
            ]
        ],


rule ablations:
    """Train every variant of the ablation with every seed and compare them; not part of a whole run."""
    input:
        [
            f"{RESULTS}/{kind}/{protocol}/ablations.{format}"
            for protocol in config["ablations"]["protocols"]
            for kind, formats in {
                "tables": ["parquet", *DOCUMENT],
                "figures": ["pdf", "png", "csv"],
            }.items()
            for format in formats
        ],


rule predict:
    """Predict new cell lines and drugs from checkpoints; not part of a whole run."""
    input:
        rules.predict_new_pairs.output,
