"""The simulated cohort.

Reads resources/ and data/ontology/; writes raw/ (input: simulated), files in the portals' formats with the truth.
"""

PORTAL_RAW_FILES = [
    "depmap/Model.csv",
    "depmap/OmicsExpressionProteinCodingGenesTPMLogp1.csv",
    "depmap/OmicsCNGene.csv",
    "depmap/OmicsSomaticMutations.csv",
    "gdsc/GDSC2_fitted_dose_response_27Oct23.xlsx",
    "gdsc/screened_compounds_rel_8.5.csv",
    "gdsc/Cell_Lines_Details.xlsx",
    "ctrp/CTRPv2.0_2015_ctd2_ExpandedDataset.zip",
]
TRUTH_TABLES = ["terms", "activities", "loadings", "drivers", "altered"]


if config["input"] == "simulated":

    rule simulate_cohort:
        """Draw cell lines and responses with a planted mechanism and write them as the portals would."""
        input:
            terms=f"{RESULTS}/data/ontology/terms.parquet",
            term_edges=f"{RESULTS}/data/ontology/term_edges.parquet",
            annotations=f"{RESULTS}/data/ontology/annotations.parquet",
            human_genes=shipped("resources/go/human_genes.tsv.gz"),
            panel=shipped("resources/drug_panel.csv"),
            mechanisms=shipped("resources/simulated_mechanisms.csv"),
            drivers=shipped("resources/simulated_drivers.csv"),
        output:
            expand(f"{RESULTS}/raw/{{file}}", file=PORTAL_RAW_FILES),
            f"{RESULTS}/raw/structures.csv",
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
