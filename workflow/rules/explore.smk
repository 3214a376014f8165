"""The subsystem explorer and graphs for Cytoscape, of the networks that are interpreted.

Reads the scores and states of interpretation/<protocol>/<model>/<labels>/ and writes beside them.
"""

EXPLORER = INTERPRETATION["explorer"]


rule build_explorer:
    """Build one HTML page to choose drugs and scores in, see the hierarchy by them, and terms' states over AUCs."""
    input:
        term_scores=f"{INTERPRETED}/term_scores.parquet",
        states=per_fold(f"{INTERPRETED}/states/fold_{{fold}}.parquet"),
        checkpoints=of_every_fold(of_labels(CHECKPOINT_OF)),
        responses=of_labels(RESPONSES_OF),
        folds=f"{RESULTS}/data/{{protocol}}/folds.parquet",
        drugs=f"{RESULTS}/data/drugs.parquet",
    output:
        report(
            f"{INTERPRETED}/explorer.html",
            caption="../report/explorer.rst",
            category="Interpretation",
            labels={"figure": "explorer", "format": "html"},
        ),
    log:
        f"{RESULTS}/logs/build_explorer/{{protocol}}/{{model}}/{{labels}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/build_explorer/{{protocol}}/{{model}}/{{labels}}.tsv"
    conda:
        "../../envs/druggene.yaml"
    threads: 1
    resources:
        mem_mb=scaled(2000, per_megabyte=15),
        runtime=scaled(20),
    params:
        options=EXPLORER,
        rlipp=INTERPRETATION["rlipp"]["score"],
        folds=lambda wildcards: folds_of(wildcards.protocol),
        run=config["run"],
        title=lambda wildcards: SETTINGS[wildcards.model]["label"],
        page=files_digest(SCRIPTS / "druggene" / "explorer" / "page"),
        code=code_digest("build_explorer"),
    script:
        "../scripts/build_explorer.py"


rule export_hierarchy_graph:
    """Write the hierarchy with the scores of some drugs as CX2 and GraphML, for Cytoscape."""
    input:
        term_scores=f"{INTERPRETED}/term_scores.parquet",
        checkpoints=of_every_fold(of_labels(CHECKPOINT_OF)),
        drugs=f"{RESULTS}/data/drugs.parquet",
        known_targets="resources/drug_targets.csv",
    output:
        cx2=f"{INTERPRETED}/hierarchy.cx2",
        graphml=f"{INTERPRETED}/hierarchy.graphml",
    log:
        f"{RESULTS}/logs/export_hierarchy_graph/{{protocol}}/{{model}}/{{labels}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/export_hierarchy_graph/{{protocol}}/{{model}}/{{labels}}.tsv"
    conda:
        "../../envs/druggene.yaml"
    threads: 1
    resources:
        mem_mb=scaled(2000, per_megabyte=50),
        runtime=scaled(20),
    params:
        drugs=EXPLORER["export_drugs"],
        drug=INTERPRETATION["figures"]["drug"],
        name=lambda wildcards: f"{SETTINGS[wildcards.model]['label']}, {config['run']}, {wildcards.protocol}",
        code=code_digest("export_hierarchy_graph"),
    script:
        "../scripts/export_hierarchy_graph.py"
