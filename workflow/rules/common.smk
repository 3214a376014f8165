"""What all rules share: the checked configuration, where things lie, and digests of the code."""

import copy
import os
import sys
from pathlib import Path
from types import SimpleNamespace

import yaml
from pyarrow.parquet import read_metadata
from snakemake.exceptions import WorkflowError

SCRIPTS = Path(workflow.current_basedir).parent / "scripts"
sys.path.insert(0, str(SCRIPTS))

from druggene.config import (
    complete_config,
    own_hierarchy_files,
    resolved_config,
    shipped_file,
)
from druggene.digest import code_digest as digest_of
from druggene.digest import files_digest
from druggene.labels import model_kinds, model_labels
from druggene.prediction.files import checkpoint_files
from druggene.protocols import all_protocols, transfer_screens
from druggene.rivals.registry import with_added_rivals
from druggene.sources.drugcell_folder import folder_parts, require_parts
from druggene.sources.own import own_omics
from druggene.sources.release import published_name
from druggene.sources.versions import find_version, read_versions
from druggene.variants import (
    REAL,
    ablation_models,
    drug_features_needed,
    has_own_genotype,
    model_settings,
    permuted_twins,
    seed_names,
    with_twins,
)

REPOSITORY = SCRIPTS.parents[1]
# As jobs are told of it: the same wherever the repository lies, so that a moved one has nothing to do anew.
FROM_HERE = os.path.relpath(REPOSITORY)
# As it was written, before defaults and environment variables are filled in.
GIVEN = copy.deepcopy(dict(config))

try:
    complete_config(
        config,
        with_added_rivals(
            yaml.safe_load(
                (SCRIPTS.parent / "schemas" / "config.schema.yaml").read_text()
            )
        ),
        Path.cwd(),
        REPOSITORY,
    )
    VERSIONS = read_versions(REPOSITORY / "config" / "data_versions.csv")
except ValueError as error:
    raise WorkflowError(str(error)) from None

RESULTS = f"results/{config['run']}"
RETRIEVED = "resources/retrieved"
PROTOCOLS = all_protocols(config)
TRANSFERS = transfer_screens(config)
MODELS = list(config["models"])
# What every network is built and trained by: the configuration with the keys of its entry in `models` laid over it.
ABLATIONS = ablation_models(config)
SETTINGS = {
    name: model_settings(config, model)
    for name, model in (ABLATIONS | config["models"]).items()
}
RIVALS = config["rivals"]["names"]
MODEL_LABELS = model_labels(config)
MODEL_KINDS = model_kinds(config)
SCREEN_TABLES = [
    "responses",
    "cell_lines",
    "drugs",
    "mutation",
    "expression",
    "copy_number",
    "counts",
    "sources",
    "structure_sources",
]
# A table for readers: numbers, and the same for reading and for a manuscript.
DOCUMENT = ["csv", "md", "tex"]
# Of a training job; `auto` uses one where the job has one, and asks for none.
GPUS = int(config["device"] == "cuda")


wildcard_constraints:
    protocol="[a-z0-9_]+",
    model="|".join(SETTINGS),
    rival="|".join(RIVALS) or "none",
    fold="[0-9]+",


def shipped(name):
    """Return where a file of the repository lies: here, or there where the working directory is another folder."""
    return shipped_file(name, Path.cwd(), REPOSITORY)


def checked(function, *arguments):
    """Call a function of the package; what it refuses ends Snakemake with the message alone."""
    try:
        return function(*arguments)
    except ValueError as error:
        raise WorkflowError(str(error)) from None


def code_digest(adapter, *named):
    """Return the digest of the package's modules that an adapter uses, so that a change reruns its rule."""
    return digest_of(SCRIPTS / f"{adapter}.py", SCRIPTS / "druggene", *named)


def folds_of(protocol):
    """Return the fold numbers of a protocol; the published files and a transfer are a single one."""
    single = protocol == "published" or protocol in TRANSFERS
    return [0] if single else list(range(config["splits"]["folds"]))


def per_fold(pattern):
    """Return an input function that expands ``{fold}`` over the folds of the job's protocol."""
    return lambda wildcards: expand(
        pattern, fold=folds_of(wildcards.protocol), allow_missing=True
    )


def settings_of(*keys):
    """Return a parameter function that looks up a setting of the job's model, such as ``network``."""

    def setting(wildcards):
        value = SETTINGS[wildcards.model]
        for key in keys:
            value = value[key]
        return value

    return setting


def of_model(table):
    """Return an input function: the fold's table, or the model's where it has an encoding or hierarchy of its own."""

    def path(wildcards):
        settings = SETTINGS[wildcards.model]
        own = (
            has_own_genotype(config, settings)
            if table == "genotype"
            else settings["hierarchy"] != REAL
        )
        folder = f"{RESULTS}/data/{wildcards.protocol}/fold_{wildcards.fold}"
        return (
            f"{folder}/{wildcards.model}/{table}.parquet"
            if own
            else f"{folder}/{table}.parquet"
        )

    return path


def refuse_names_that_a_shell_changes():
    """Stop before any job on Slurm: its plugin puts the command of a job between the double quotes of a shell."""
    settings = workflow.config_settings
    names = [str(Path.cwd()), str(workflow.main_snakefile)]
    names += [*map(str, settings.configfiles), *settings.config_args]
    changed = [name for name in names if any(sign in name for sign in "$`\\")]
    if workflow.executor_plugin.name == "slurm" and changed:
        raise WorkflowError(
            f"{changed[0]}: on Slurm, a shell would carry out or change what stands behind $, ` or \\. Run in a folder and "
            "with configuration files of other names, and write such a value into a file for --configfile"
        )


def scaled(base, per_megabyte=0):
    """Return what a job asks for, MB or minutes: a base and so much per MB of its inputs, times the attempt."""

    def needed(wildcards, input, attempt):
        # Inputs that another job of the same group makes do not lie there yet when the group is submitted.
        sizes = [path.stat().st_size for path in map(Path, input) if path.is_file()]
        return attempt * round(base + per_megabyte * sum(sizes) / 1e6)

    return needed


def training_minutes(trainings=1):
    """Return what one job with so many trainings asks for: for their steps, some twenty times what one core took."""

    def needed(wildcards, input, attempt):
        options = SETTINGS[wildcards.model]["training"]
        epochs = sum(
            options[key] for key in ("epochs", "pretrain_epochs", "sgd_epochs")
        )
        per_megabyte = trainings * 250 * epochs / options["batch_size"]
        return scaled(30, per_megabyte)(wildcards, input, attempt)

    return needed


def rlipp_memory(wildcards, input, attempt):
    """Return MB, more than RLIPP was seen to need: for sums of every drug, term and permutation, and its inputs."""
    drugs = Path(f"{RESULTS}/data/drugs.parquet")
    known = read_metadata(drugs).num_rows if drugs.is_file() else 500
    options = config["interpretation"]
    of_group = len(options["drugs"] or range(known)) / options["drug_groups"]
    return scaled(2000 + 15 * of_group, per_megabyte=5)(wildcards, input, attempt)


def choice_of_model(wildcards):
    """Return the search's choice that a model is trained with, if it is enabled; a variant takes that of its base."""
    if not config["search"]["enabled"]:
        return []
    variant = wildcards.model in ABLATIONS
    model = config["ablations"]["base"] if variant else wildcards.model
    fold = "0" if config["search"]["scope"] == "run" else wildcards.fold
    return f"{RESULTS}/search/{wildcards.protocol}/{model}/fold_{fold}/choice.parquet"


def ablation_folds(protocol):
    """Return the folds of a protocol that variants are trained on."""
    return folds_of(protocol)[: config["ablations"]["folds"]]


def version_entry(dataset, file):
    """Return the row of config/data_versions.csv for a file of a dataset with one version."""
    return find_version(VERSIONS, dataset, file)


def release_file(file, dataset=config["release"]["dataset"]):
    """Return where a file of the published release, called by DrugGene's name, lies once it is retrieved."""
    return f"{RETRIEVED}/{version_entry(dataset, published_name(file, dataset)).place}"


# What the published ontology and gene list are: files of a folder of DrugCell's, or those of the release.
FOLDER_PARTS = (
    checked(
        folder_parts,
        config["drugcell_folder"]["folder"],
        config["drugcell_folder"]["files"],
    )
    if config["input"] == "drugcell_folder"
    else {}
)
if FOLDER_PARTS:
    checked(
        require_parts,
        FOLDER_PARTS,
        config["models"],
        PROTOCOLS,
        (
            "ontology.source"
            if config["ontology"]["source"] == "published"
            and config["ontology"]["file"] is None
            else ""
        ),
    )
PUBLISHED_ONTOLOGY = config["ontology"]["file"] or str(
    FOLDER_PARTS.get("ontology", release_file("drugGene_ont.txt"))
)
GENE_LIST = str(FOLDER_PARTS.get("genes", release_file("gene_item.txt")))


def of_labels(patterns):
    """Return an input function that picks the pattern of the job's labels."""
    return lambda wildcards: patterns[wildcards.labels].format(
        **{
            name: getattr(wildcards, name, None)
            for name in ("protocol", "model", "fold")
        }
    )


def of_every_fold(path):
    """Return an input function that calls another one for every fold of the job's protocol."""
    return lambda wildcards: [
        path(SimpleNamespace(**dict(wildcards.items()), fold=fold))
        for fold in folds_of(wildcards.protocol)
    ]


def new_pairs_input(key):
    """Return an input function for a table of the section `predict`; absolute, so that no rule is asked to make it."""

    def files(wildcards):
        given = config["predict"][key]
        if given is None:
            if key == "pairs":
                return []
            raise WorkflowError(
                f"predict.{key}: needed by the stage predict; docs/predict.md says what belongs there"
            )
        found = (
            checked(own_omics, given).values() if key == "cell_lines" else [Path(given)]
        )
        return [path.resolve() for path in found]

    return files


def predicting_checkpoints(wildcards):
    """Return the checkpoints that predict new pairs: those that `predict.checkpoints` names, or this run's own."""
    settings = config["predict"]
    if settings["checkpoints"] is not None:
        files = checked(checkpoint_files, settings["checkpoints"])
        return [path.resolve() for path in files]
    protocol = settings["protocol"] or PROTOCOLS[0]
    return [
        f"{RESULTS}/models/{protocol}/{model}/fold_{fold}.pt"
        for model in settings["models"] or MODELS[:1]
        for fold in folds_of(protocol)
    ]


def report_labels(contents, file_format, **further):
    """Return what a file stands under in the report: what it shows comes first, then what one can choose."""
    return {"contents": contents, "format": file_format.upper()} | further


def stages_there(stages):
    """Return those stages (name to files) of which every file lies there."""
    return {
        stage: files
        for stage, files in stages.items()
        if all(Path(file).exists() for file in files)
    }


def files_of_stages(there, wanted, besides):
    """Return the files of the wanted stages among those that are there, with what else goes along with a stage."""
    # As plain text: what Snakemake hangs on its names cannot be handed to a job.
    return sorted(
        {
            str(file)
            for stage in wanted
            if stage in there
            for file in (*there[stage], *besides.get(stage, []))
        }
    )
