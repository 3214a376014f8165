"""What people read of a finished run: its page, and Snakemake's report."""

from druggene.provenance import git_state

INTERVALS = [f"{RESULTS}/tables/{protocol}/intervals.parquet" for protocol in PROTOCOLS]
FIRST_FOLD = f"{RESULTS}/data/{PROTOCOLS[0]}/fold_0"
REPORTED_STAGES = [
    "data",
    *(["search"] if config["search"]["enabled"] else []),
    "models",
    "tables",
    "figures",
]
# Stages beyond a whole run: the report shows those that lie there.
FURTHER_STAGES = {
    "hierarchies": list(rules.hierarchies.input),
    "interpret": list(rules.interpret.input),
    "ablations": list(rules.ablations.input),
}


localrules:
    describe_run,
    make_report,
    report,


rule describe_run:
    """Write the page of the run, its configuration with every key, and what it was made with."""
    input:
        intervals=INTERVALS,
        sources=f"{RESULTS}/data/sources.parquet",
        files=f"{RESULTS}/tables/data_files.csv",
        genes=f"{FIRST_FOLD}/genes.parquet",
        terms=f"{FIRST_FOLD}/terms.parquet",
        obo=config["ontology"]["obo"],
        terms_of_use=shipped("config/data_terms.csv"),
    output:
        readme=report(
            f"{RESULTS}/README.md",
            caption="../report/run.rst",
            category="Run",
            labels={"what": "page of the run"},
        ),
        config=report(
            f"{RESULTS}/config.yaml",
            caption="../report/run.rst",
            category="Run",
            labels={"what": "configuration, every key"},
        ),
        provenance=report(
            f"{RESULTS}/provenance.json",
            caption="../report/run.rst",
            category="Run",
            labels={"what": "commit, lock file and versions"},
        ),
    log:
        f"{RESULTS}/logs/describe_run.log",
    benchmark:
        f"{RESULTS}/benchmarks/describe_run.tsv"
    conda:
        "../../envs/druggene.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        config=config,
        resolved=resolved_config(
            config,
            GIVEN,
            yaml.safe_load((REPOSITORY / "config" / "config.yaml").read_text()),
        ),
        tables={
            protocol: [
                f"tables/{protocol}/comparison.md",
                f"tables/{protocol}/significance.md",
            ]
            for protocol in PROTOCOLS
        },
        labels={
            name: (label, MODEL_KINDS[name]) for name, label in MODEL_LABELS.items()
        },
        repository=FROM_HERE,
        # A function: asked of git only where the rule is needed.
        state=lambda wildcards: git_state(REPOSITORY),
        code=code_digest("describe_run"),
    script:
        "../scripts/describe_run.py"


rule make_report:
    """Let Snakemake make its report: results with captions, the graph of the workflow, run times and versions."""
    input:
        *(getattr(rules, stage).input for stage in REPORTED_STAGES),
        config=rules.describe_run.output.config,
    output:
        f"{RESULTS}/report.html",
    log:
        f"{RESULTS}/logs/make_report.log",
    benchmark:
        f"{RESULTS}/benchmarks/make_report.tsv"
    conda:
        "../../envs/druggene.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        # Its own Snakefile, also where another workflow imports this one under other names.
        snakefile=os.path.join(FROM_HERE, "Snakefile"),
        targets=lambda wildcards: [
            "describe_run",
            *REPORTED_STAGES,
            *stages_there(FURTHER_STAGES),
        ],
        code=code_digest("make_report"),
    script:
        "../scripts/make_report.py"


rule report:
    """Write the page of the run and Snakemake's report."""
    input:
        rules.describe_run.output,
        rules.make_report.output,
