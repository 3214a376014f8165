"""The hierarchy of each fold, and what the Gene Ontology gives beside what was published.

Reads the files of the ontology and data/<protocol>/fold_<k>/genes.parquet; writes data/ontology/ (unless the source is
a published file), the hierarchies below data/, the same as text below ontology/, and tables/hierarchies/.
"""

SELECTION = {
    key: config["ontology"][key]
    for key in ["min_genes", "min_genes_over_child", "max_layers"]
}
OWN_HIERARCHY = {
    name: config["ontology"][name] for name in own_hierarchy_files(config["ontology"])
}

GO_TABLES = {
    name: f"{RESULTS}/data/ontology/{name}.parquet"
    for name in ["terms", "term_edges", "annotations"]
}
# The published ontology names no terms: their names come from the OBO file.
ONTOLOGY = (
    {
        "published": PUBLISHED_ONTOLOGY,
        "obo": config["ontology"]["obo"],
    }
    if config["ontology"]["source"] == "published"
    else GO_TABLES
)


if config["ontology"]["source"] == "go":

    rule extract_annotations:
        """Read the graph of biological processes and the direct annotations of genes to its terms."""
        input:
            obo=config["ontology"]["obo"],
            gaf=config["ontology"]["gaf"],
        output:
            **GO_TABLES,
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
            exclude_evidence=config["ontology"]["exclude_evidence"],
            code=code_digest("extract_annotations"),
        script:
            "../scripts/extract_annotations.py"


if OWN_HIERARCHY:

    rule read_own_hierarchy:
        """Read the user's own hierarchy, from gene sets or tables, as a graph with one root."""
        input:
            **OWN_HIERARCHY,
        output:
            **GO_TABLES,
        log:
            f"{RESULTS}/logs/read_own_hierarchy.log",
        benchmark:
            f"{RESULTS}/benchmarks/read_own_hierarchy.tsv"
        conda:
            "../../envs/druggene.yaml"
        threads: 1
        resources:
            mem_mb=scaled(1500, per_megabyte=50),
            runtime=scaled(10),
        params:
            containment=config["ontology"]["containment"],
            code=code_digest("read_own_hierarchy"),
        script:
            "../scripts/read_own_hierarchy.py"


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
        selection=(
            SELECTION if config["ontology"]["prune"] or not OWN_HIERARCHY else None
        ),
        code=code_digest("build_hierarchy"),
    script:
        "../scripts/build_hierarchy.py"


rule export_hierarchy:
    """Write the hierarchy of one fold and its genes in the text format of DrugCell."""
    input:
        terms=f"{RESULTS}/data/{{protocol}}/fold_{{fold}}/terms.parquet",
        term_edges=f"{RESULTS}/data/{{protocol}}/fold_{{fold}}/term_edges.parquet",
        term_genes=f"{RESULTS}/data/{{protocol}}/fold_{{fold}}/term_genes.parquet",
        genes=f"{RESULTS}/data/{{protocol}}/fold_{{fold}}/genes.parquet",
    output:
        ontology=f"{RESULTS}/ontology/{{protocol}}/fold_{{fold}}/ontology.txt",
        genes=f"{RESULTS}/ontology/{{protocol}}/fold_{{fold}}/gene2ind.txt",
    log:
        f"{RESULTS}/logs/export_hierarchy/{{protocol}}/fold_{{fold}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/export_hierarchy/{{protocol}}/fold_{{fold}}.tsv"
    conda:
        "../../envs/druggene.yaml"
    threads: 1
    resources:
        mem_mb=scaled(1500),
        runtime=scaled(10),
    params:
        code=code_digest("export_hierarchy"),
    script:
        "../scripts/export_hierarchy.py"


rule compare_hierarchies:
    """Build the hierarchy of the published genes from the Gene Ontology and compare it with the published one."""
    input:
        obo=config["ontology"]["obo"],
        gaf=config["ontology"]["gaf"],
        published=release_file("drugGene_ont.txt"),
        genes=release_file("gene_item.txt"),
    output:
        summary=f"{RESULTS}/tables/hierarchies/comparison.csv",
        markdown=f"{RESULTS}/tables/hierarchies/comparison.md",
        terms=f"{RESULTS}/tables/hierarchies/shared_terms.csv",
        built=f"{RESULTS}/tables/hierarchies/ontology.txt",
    log:
        f"{RESULTS}/logs/compare_hierarchies.log",
    benchmark:
        f"{RESULTS}/benchmarks/compare_hierarchies.tsv"
    conda:
        "../../envs/druggene.yaml"
    threads: 1
    resources:
        mem_mb=scaled(1500),
        runtime=scaled(10),
    params:
        relationships=config["ontology"]["relationships"],
        exclude_evidence=config["ontology"]["exclude_evidence"],
        selection=SELECTION,
        code=code_digest("compare_hierarchies"),
    script:
        "../scripts/compare_hierarchies.py"
