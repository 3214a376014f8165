"""DrugGene: predict and explain the drug response of cancer cell lines.

`snakemake --cores N` runs everything on config/config.yaml; `data`, `search`, `models`, `tables`, `figures`,
`interpret` and `ablations` are stages.
"""

from snakemake.utils import min_version

min_version("9.0")


configfile: "config/config.yaml"


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
include: "workflow/rules/contributions.smk"
include: "workflow/rules/ablations.smk"
include: "workflow/rules/stages.smk"


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
