"""A finished run as a folder and an archive to pass on; see docs/publishing.md."""

from druggene.bundle import code_files
from druggene.provenance import file_sha256

PUBLISHED_DATA = [
    "responses",
    "cell_lines",
    "drugs",
    "mutation",
    "expression",
    "copy_number",
]
# Stages beyond a whole run whose files go along where they lie there; files of a hierarchy may not be this run's to pass on.
PUBLISHED_STAGES = ["interpret", "ablations"]
BEST_TERMS_TABLES = [
    f"{RESULTS}/figures/{protocol}/{model}/measured/best_terms.{table}.csv"
    for protocol in INTERPRETED_PROTOCOLS
    for model in INTERPRETED_MODELS
    for table in ["states", "hierarchy", "edges"]
]


localrules:
    publish_run,
    publish,


rule publish_run:
    """Gather results, code and provenance, less what the data's sources do not let pass, with checksums."""
    input:
        files=[
            *rules.tables.input,
            *rules.figures.input,
            *expand(
                [*rules.plot_figure4.output.panels, *rules.plot_figure4.output.drawn],
                protocol=PROTOCOLS,
            ),
            *rules.models.input,
            *(
                f"{RESULTS}/predictions/{protocol}/{model}/fold_{fold}.parquet"
                for protocol in PROTOCOLS
                for model in [*MODELS, *RIVALS]
                for fold in folds_of(protocol)
            ),
            *(
                f"{RESULTS}/predictions/{protocol}/naive.parquet"
                for protocol in PROTOCOLS
            ),
            *(f"{RESULTS}/data/{protocol}/folds.parquet" for protocol in PROTOCOLS),
            *(f"{RESULTS}/data/{table}.parquet" for table in PUBLISHED_DATA),
        ],
        described=rules.describe_run.output,
        terms=shipped("config/data_terms.csv"),
    output:
        # The last file of the folder; as a directory, Snakemake would lay a file of its own into it.
        sums=f"{RESULTS}/publish/druggene_{config['run']}/SHA256SUMS",
        archive=f"{RESULTS}/publish/druggene_{config['run']}.zip",
    log:
        f"{RESULTS}/logs/publish_run.log",
    benchmark:
        f"{RESULTS}/benchmarks/publish_run.tsv"
    conda:
        "../../envs/druggene.yaml"
    threads: 1
    resources:
        mem_mb=scaled(1500, per_megabyte=2),
        runtime=30,
    params:
        repository=FROM_HERE,
        publish=config["publish"],
        # A function: looked up only where the rule is needed, and the folder is made anew when there are more.
        further=lambda wildcards: files_of_stages(
            stages_there(FURTHER_STAGES),
            PUBLISHED_STAGES,
            {"interpret": BEST_TERMS_TABLES},
        ),
        # What is copied besides results; a function, as only this rule needs it.
        workflow=lambda wildcards: {
            name: file_sha256(REPOSITORY / name) for name in code_files(REPOSITORY)
        },
        code=code_digest("publish_run"),
    script:
        "../scripts/publish_run.py"


rule publish:
    """Write the folder and the archive of a finished run."""
    input:
        rules.publish_run.output,
