# Requires: config["simulated"], resources/, {RESULTS}/data/ontology/*.parquet
# Gives (input: simulated): {RESULTS}/raw/ in the portals' formats with the truth, and the tidy tables {RESULTS}/data/*.parquet

RAW_FILES = [
    "depmap/Model.csv",
    "depmap/OmicsExpressionProteinCodingGenesTPMLogp1.csv",
    "depmap/OmicsCNGene.csv",
    "depmap/OmicsSomaticMutations.csv",
    "gdsc/GDSC2_fitted_dose_response.csv",
    "gdsc/screened_compounds.csv",
    "structures.csv",
]
TRUTH_TABLES = ["terms", "activities", "loadings", "drivers", "altered"]


if config["input"] == "simulated":

    rule simulate_cohort:
        """Draw cell lines and responses with a planted mechanism and write them as the portals would."""
        input:
            terms=f"{RESULTS}/data/ontology/terms.parquet",
            term_edges=f"{RESULTS}/data/ontology/term_edges.parquet",
            annotations=f"{RESULTS}/data/ontology/annotations.parquet",
            human_genes="resources/go/human_genes.tsv.gz",
            panel="resources/drug_panel.csv",
            mechanisms="resources/simulated_mechanisms.csv",
            drivers="resources/simulated_drivers.csv",
        output:
            expand(f"{RESULTS}/raw/{{file}}", file=RAW_FILES),
            expand(f"{RESULTS}/raw/truth/{{table}}.parquet", table=TRUTH_TABLES),
        log:
            f"{RESULTS}/logs/simulate_cohort.log",
        benchmark:
            f"{RESULTS}/benchmarks/simulate_cohort.tsv"
        conda:
            "../../envs/druggene.yaml"
        threads: 1
        resources:
            mem_mb=scaled(1500),
            runtime=scaled(10),
        params:
            folder=f"{RESULTS}/raw",
            cell_lines=config["simulated"]["cell_lines"],
            genes=config["simulated"]["genes"],
            seed=config["seed"],
            code=code_digest("simulate_cohort"),
        script:
            "../scripts/simulate_cohort.py"

    rule tidy_portals:
        """Turn the portals' raw files into the tidy tables, counting every loss."""
        input:
            expand(f"{RESULTS}/raw/{{file}}", file=RAW_FILES),
        output:
            expand(f"{RESULTS}/data/{{table}}.parquet", table=SCREEN_TABLES),
        log:
            f"{RESULTS}/logs/tidy_portals.log",
        benchmark:
            f"{RESULTS}/benchmarks/tidy_portals.tsv"
        conda:
            "../../envs/druggene.yaml"
        threads: 2
        resources:
            mem_mb=scaled(1500, per_megabyte=20),
            runtime=scaled(10),
        params:
            raw=f"{RESULTS}/raw",
            folder=f"{RESULTS}/data",
            code=code_digest("tidy_portals"),
        script:
            "../scripts/tidy_portals.py"
