"""The portals' raw files, real or simulated, and the user's own tables, turned into the tidy tables.

Reads resources/retrieved/ (input: portals), raw/ (input: simulated) or the user's folder (input: own); writes the
tables of data/.
"""

from druggene.simulation import SOURCE as SIMULATED_SOURCE
from druggene.sources.own import own_files
from druggene.sources.portals import portal_files
from druggene.sources.versions import require_local_files

if config["input"] in ("portals", "simulated"):
    SIMULATED = config["input"] == "simulated"
    PORTAL_VERSIONS = config["portals"]["versions"]
    RAW = (
        expand(f"{RESULTS}/raw/{{file}}", file=PORTAL_RAW_FILES)
        if SIMULATED
        else [
            f"{RETRIEVED}/{entry.place}"
            for entry in checked(
                portal_files, VERSIONS, PORTAL_VERSIONS, config["portals"]["screens"]
            )
        ]
    )
    # What a folder lacks is said of all files at once, and not by the first job that misses one.
    if config["portals"]["source"] == "local":
        checked(
            require_local_files,
            [
                entry
                for entry in VERSIONS.values()
                if f"{RETRIEVED}/{entry.place}"
                in {*RAW, config["ontology"]["obo"], config["ontology"]["gaf"]}
                and not Path(RETRIEVED, entry.place).is_file()
            ],
            config["portals"]["folder"],
            "portals.folder",
        )
    STRUCTURES = (
        [f"{RESULTS}/raw/structures.csv"]
        if SIMULATED
        else [config["portals"]["structures"]] * bool(config["portals"]["structures"])
    )
    LOOKED_UP = not SIMULATED and config["portals"]["pubchem"]["lookup"]

    # The nodes of a cluster often have no way out.
    localrules:
        look_up_structures,

    rule look_up_structures:
        """Ask PubChem for the structures of drugs that neither the portals nor the user give."""
        input:
            raw=RAW,
            structures=STRUCTURES,
        output:
            f"{RESULTS}/data/pubchem.csv",
        log:
            f"{RESULTS}/logs/look_up_structures.log",
        benchmark:
            f"{RESULTS}/benchmarks/look_up_structures.tsv"
        conda:
            "../../envs/druggene.yaml"
        threads: 1
        resources:
            mem_mb=scaled(1500, per_megabyte=3),
            runtime=scaled(60),
        params:
            answers=config["portals"]["pubchem"]["answers"],
            base=config["portals"]["pubchem"]["base"],
            code=code_digest("look_up_structures"),
        script:
            "../scripts/look_up_structures.py"

    rule tidy_portals:
        """Turn the portals' raw files into the tidy tables, counting every loss."""
        input:
            raw=RAW,
            structures=STRUCTURES,
            pubchem=rules.look_up_structures.output if LOOKED_UP else [],
            human_genes=shipped("resources/go/human_genes.tsv.gz"),
        output:
            SCREEN_FILES,
        log:
            f"{RESULTS}/logs/tidy_portals.log",
        benchmark:
            f"{RESULTS}/benchmarks/tidy_portals.tsv"
        conda:
            "../../envs/druggene.yaml"
        threads: 2
        resources:
            mem_mb=scaled(1500, per_megabyte=3),
            runtime=scaled(20),
        params:
            folder=f"{RESULTS}/data",
            source=(
                SIMULATED_SOURCE
                if SIMULATED
                else "DepMap {depmap}, GDSC {gdsc}, CTRP {ctrp}".format(
                    **PORTAL_VERSIONS
                )
            ),
            simulated=SIMULATED,
            responses=config["responses"],
            code=code_digest("tidy_portals"),
        script:
            "../scripts/tidy_portals.py"


if config["input"] == "own":

    rule tidy_own:
        """Check the user's own tables and bring them into the form of all others."""
        input:
            list(checked(own_files, config["own"]["folder"]).values()),
            drug_targets=shipped("resources/drug_targets.csv"),
        output:
            SCREEN_FILES,
        log:
            f"{RESULTS}/logs/tidy_own.log",
        benchmark:
            f"{RESULTS}/benchmarks/tidy_own.tsv"
        conda:
            "../../envs/druggene.yaml"
        threads: 1
        resources:
            mem_mb=scaled(1500, per_megabyte=3),
            runtime=scaled(20),
        params:
            folder=config["own"]["folder"],
            source=config["own"]["source"],
            responses=config["responses"],
            code=code_digest("tidy_own"),
        script:
            "../scripts/tidy_own.py"
