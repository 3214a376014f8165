"""What all rules share: the checked configuration, where things lie, and digests of the code."""

import sys
from pathlib import Path

import yaml
from snakemake.exceptions import WorkflowError

SCRIPTS = Path(workflow.current_basedir).parent / "scripts"
sys.path.insert(0, str(SCRIPTS))

from druggene.config import complete_config
from druggene.digest import code_digest as digest_of
from druggene.sources.retrieval import read_versions

try:
    complete_config(
        config,
        yaml.safe_load((SCRIPTS.parent / "schemas" / "config.schema.yaml").read_text()),
        Path.cwd(),
    )
    VERSIONS = read_versions(SCRIPTS.parents[1] / "config" / "data_versions.csv")
except ValueError as error:
    raise WorkflowError(str(error)) from None

RESULTS = f"results/{config['run']}"
RETRIEVED = "resources/retrieved"
PROTOCOLS = config["splits"]["protocols"]
MODELS = list(config["models"])
SCREEN_TABLES = [
    "responses",
    "cell_lines",
    "drugs",
    "mutation",
    "expression",
    "copy_number",
    "counts",
]


wildcard_constraints:
    protocol="[a-z_]+",
    model="[a-z][a-z0-9_]*",
    fold="[0-9]+",


def code_digest(adapter):
    """Return the digest of the package's modules that an adapter uses, so that a change reruns its rule."""
    return digest_of(SCRIPTS / f"{adapter}.py", SCRIPTS / "druggene")


def folds_of(protocol):
    """Return the fold numbers of a protocol; the published files are a single one."""
    return [0] if protocol == "published" else list(range(config["splits"]["folds"]))


def per_fold(pattern):
    """Return an input function that expands ``{fold}`` over the folds of the job's protocol."""
    return lambda wildcards: expand(
        pattern, fold=folds_of(wildcards.protocol), allow_missing=True
    )


def version_entry(dataset, file):
    """Return the row of config/data_versions.csv for one file."""
    return VERSIONS[dataset, file]


def release_file(file, dataset="druggene"):
    """Return where a file of the published release lies once it is retrieved."""
    return f"{RETRIEVED}/{dataset}/{version_entry(dataset, file).version}/{file}"
