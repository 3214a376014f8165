"""DrugGene: predict and explain the drug response of cancer cell lines.

`snakemake --cores N` runs everything on config/config.yaml; `data`, `search`, `models`, `tables`, `figures`,
`interpret`, `ablations`, `predict`, `report` and `publish` are stages.
"""

from pathlib import Path

from snakemake.utils import min_version

min_version("9.0")

DEFAULT_CONFIG = "config/config.yaml"
if not Path(
    DEFAULT_CONFIG
).exists():  # another working directory, without a configuration of its own
    DEFAULT_CONFIG = str(Path(workflow.current_basedir) / DEFAULT_CONFIG)


configfile: DEFAULT_CONFIG


report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"
include: "workflow/rules/retrieve.smk"
include: "workflow/rules/simulate.smk"
include: "workflow/rules/portals.smk"
include: "workflow/rules/preprocess.smk"
include: "workflow/rules/drugs.smk"
include: "workflow/rules/ontology.smk"
include: "workflow/rules/splits.smk"
include: "workflow/rules/variants.smk"
include: "workflow/rules/summary.smk"
include: "workflow/rules/search.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/baselines.smk"
include: "workflow/rules/evaluate.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/interpret.smk"
include: "workflow/rules/interpret_figures.smk"
include: "workflow/rules/contributions.smk"
include: "workflow/rules/explore.smk"
include: "workflow/rules/ablations.smk"
include: "workflow/rules/predict.smk"
include: "workflow/rules/stages.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/publish.smk"


localrules:
    all,


rule all:
    """Run every stage."""
    default_target: True
    input:
        rules.data.input,
        branch(config["search"]["enabled"], then=rules.search.input, otherwise=[]),
        rules.models.input,
        rules.tables.input,
        rules.figures.input,
        rules.describe_run.output,


onstart:
    refuse_names_that_a_shell_changes()
    # Snakemake looks at all waiting jobs again after the timespan of its limit of jobs, a hundred a second if none was
    # asked for, and every job that ends starts one more such clock (seen with 9.27): after some hundred jobs it takes
    # half a core. No option goes without a limit, and this one restrains nothing here.
    limiter = workflow.scheduler.job_rate_limiter
    if limiter is not None and (limiter.max_jobs, limiter.timespan) == (100, 1):
        workflow.scheduler.job_rate_limiter = None


onerror:
    # After Control-C, Slurm's executor plugin still submits what stood in line, and forgets it. Where it had no part in
    # the run, nothing is done.
    cancel = shipped("slurm/bin/cancel_orphans")
    shell("{cancel:q} {log:q}")
