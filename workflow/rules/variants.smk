"""Models with an encoding or a hierarchy of their own.

Reads genes and the hierarchy in data/<protocol>/fold_<k>/; writes those of a model below it, in <model>/.
"""


use rule encode_genotype as encode_genotype_of_model with:
    output:
        f"{RESULTS}/data/{{protocol}}/fold_{{fold}}/{{model}}/genotype.parquet",
    log:
        f"{RESULTS}/logs/encode_genotype_of_model/{{protocol}}/fold_{{fold}}/{{model}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/encode_genotype_of_model/{{protocol}}/fold_{{fold}}/{{model}}.tsv"
    params:
        genotype=lambda wildcards: {
            key: SETTINGS[wildcards.model]["genotype"][key]
            for key in ("mutation_encoding", "impute")
        },
        code=code_digest("encode_genotype"),


rule build_control_hierarchy:
    """Permute a fold's hierarchy, or connect its layers fully, for a model that is a control."""
    input:
        genes=f"{RESULTS}/data/{{protocol}}/fold_{{fold}}/genes.parquet",
        terms=f"{RESULTS}/data/{{protocol}}/fold_{{fold}}/terms.parquet",
        term_edges=f"{RESULTS}/data/{{protocol}}/fold_{{fold}}/term_edges.parquet",
        term_genes=f"{RESULTS}/data/{{protocol}}/fold_{{fold}}/term_genes.parquet",
    output:
        terms=f"{RESULTS}/data/{{protocol}}/fold_{{fold}}/{{model}}/terms.parquet",
        term_edges=f"{RESULTS}/data/{{protocol}}/fold_{{fold}}/{{model}}/term_edges.parquet",
        term_genes=f"{RESULTS}/data/{{protocol}}/fold_{{fold}}/{{model}}/term_genes.parquet",
    log:
        f"{RESULTS}/logs/build_control_hierarchy/{{protocol}}/fold_{{fold}}/{{model}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/build_control_hierarchy/{{protocol}}/fold_{{fold}}/{{model}}.tsv"
    conda:
        "../../envs/druggene.yaml"
    threads: 1
    resources:
        mem_mb=scaled(1500, per_megabyte=50),
        runtime=scaled(10),
    params:
        hierarchy=settings_of("hierarchy"),
        seed=settings_of("seed"),
        neurons=settings_of("network", "term_neurons"),
        omics=settings_of("omics"),
        fusion=settings_of("genotype", "fusion"),
        code=code_digest("build_control_hierarchy"),
    script:
        "../scripts/build_control_hierarchy.py"
