# Requires: config["ontology"], {RESULTS}/data/{protocol}/fold_{fold}/genes.parquet
# Gives: {RESULTS}/data/ontology/*.parquet (source: go) and the hierarchy of each fold

# The published ontology names no terms: their names come from the OBO file.
ONTOLOGY = (
    {
        "published": release_file("drugGene_ont.txt"),
        "obo": config["ontology"]["obo"],
    }
    if config["ontology"]["source"] == "published"
    else {
        name: f"{RESULTS}/data/ontology/{name}.parquet"
        for name in ["terms", "term_edges", "annotations"]
    }
)


if config["ontology"]["source"] == "go":

    rule extract_annotations:
        """Read the graph of biological processes and the direct annotations of genes to its terms."""
        input:
            obo=config["ontology"]["obo"],
            gaf=config["ontology"]["gaf"],
        output:
            terms=f"{RESULTS}/data/ontology/terms.parquet",
            term_edges=f"{RESULTS}/data/ontology/term_edges.parquet",
            annotations=f"{RESULTS}/data/ontology/annotations.parquet",
        log:
            f"{RESULTS}/logs/extract_annotations.log",
        benchmark:
            f"{RESULTS}/benchmarks/extract_annotations.tsv"
        conda:
            "../../envs/druggene.yaml"
        threads: 1
        resources:
            mem_mb=scaled(1500, per_megabyte=50),
            runtime=scaled(10),
        params:
            relationships=config["ontology"]["relationships"],
            code=code_digest("extract_annotations"),
        script:
            "../scripts/extract_annotations.py"


rule build_hierarchy:
    """Cut the hierarchy of terms out of the ontology for the genes of one fold."""
    input:
        **ONTOLOGY,
        genes=f"{RESULTS}/data/{{protocol}}/fold_{{fold}}/genes.parquet",
    output:
        terms=f"{RESULTS}/data/{{protocol}}/fold_{{fold}}/terms.parquet",
        term_edges=f"{RESULTS}/data/{{protocol}}/fold_{{fold}}/term_edges.parquet",
        term_genes=f"{RESULTS}/data/{{protocol}}/fold_{{fold}}/term_genes.parquet",
    log:
        f"{RESULTS}/logs/build_hierarchy/{{protocol}}/fold_{{fold}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/build_hierarchy/{{protocol}}/fold_{{fold}}.tsv"
    conda:
        "../../envs/druggene.yaml"
    threads: 1
    resources:
        mem_mb=scaled(1500),
        runtime=scaled(10),
    params:
        source=config["ontology"]["source"],
        selection={
            key: config["ontology"][key]
            for key in ["min_genes", "min_genes_over_child", "max_layers"]
        },
        code=code_digest("build_hierarchy"),
    script:
        "../scripts/build_hierarchy.py"
