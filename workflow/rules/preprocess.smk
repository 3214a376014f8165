"""One fold's genotype: genes and scaling are learned from its training cell lines alone."""


rule select_genes:
    """Choose the annotated genes that are most often mutated, or those of the published list."""
    input:
        mutation=f"{RESULTS}/data/mutation.parquet",
        expression=f"{RESULTS}/data/expression.parquet",
        copy_number=f"{RESULTS}/data/copy_number.parquet",
        responses=f"{RESULTS}/data/responses.parquet",
        folds=f"{RESULTS}/data/{{protocol}}/folds.parquet",
        annotations=branch(
            config["ontology"]["source"] == "published",
            then=PUBLISHED_ONTOLOGY,
            otherwise=f"{RESULTS}/data/ontology/annotations.parquet",
        ),
        gene_list=branch(
            config["genes"]["selection"] == "list",
            then=GENE_LIST,
            otherwise=[],
        ),
    output:
        f"{RESULTS}/data/{{protocol}}/fold_{{fold}}/genes.parquet",
    log:
        f"{RESULTS}/logs/select_genes/{{protocol}}/fold_{{fold}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/select_genes/{{protocol}}/fold_{{fold}}.tsv"
    conda:
        "../../envs/druggene.yaml"
    threads: 1
    resources:
        mem_mb=scaled(1500, per_megabyte=20),
        runtime=scaled(10),
    params:
        genes=config["genes"],
        code=code_digest("select_genes"),
    script:
        "../scripts/select_genes.py"


rule encode_genotype:
    """Impute, Gray-code and scale the omics of all cell lines."""
    input:
        genes=f"{RESULTS}/data/{{protocol}}/fold_{{fold}}/genes.parquet",
        mutation=f"{RESULTS}/data/mutation.parquet",
        expression=f"{RESULTS}/data/expression.parquet",
        copy_number=f"{RESULTS}/data/copy_number.parquet",
        responses=f"{RESULTS}/data/responses.parquet",
        folds=f"{RESULTS}/data/{{protocol}}/folds.parquet",
    output:
        f"{RESULTS}/data/{{protocol}}/fold_{{fold}}/genotype.parquet",
    log:
        f"{RESULTS}/logs/encode_genotype/{{protocol}}/fold_{{fold}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/encode_genotype/{{protocol}}/fold_{{fold}}.tsv"
    conda:
        "../../envs/druggene.yaml"
    threads: 1
    resources:
        mem_mb=scaled(1500, per_megabyte=20),
        runtime=scaled(10),
    params:
        genotype={
            key: config["genotype"][key] for key in ("mutation_encoding", "impute")
        },
        code=code_digest("encode_genotype"),
    script:
        "../scripts/encode_genotype.py"
