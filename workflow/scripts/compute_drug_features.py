"""Compute fingerprints and descriptors of all drugs."""

from druggene.constants import DRUG, SMILES
from druggene.drugs import compute_drug_features, describe_structures, write_drug_features
from druggene.logs import log_to
from druggene.tables import read_metadata, read_table, write_table


def main() -> None:
    """Read the drugs, write their features and what is peculiar about their structures."""
    log_to(snakemake.log[0])
    drugs, settings = read_table(snakemake.input.drugs, columns=[DRUG, SMILES]), snakemake.params.drugs
    source = read_metadata(snakemake.input.drugs)["source"]
    options = {**settings["fingerprint"], "desalt": settings["desalt"]}
    frame = compute_drug_features(drugs, settings["features"], **options, threads=snakemake.threads)
    structures = describe_structures(drugs)
    write_drug_features(frame, snakemake.output.features, settings["features"], **options, source=source)
    description = "structures of the drugs: salts, stereocentres, and drugs that differ in these alone"
    write_table(structures, snakemake.output.structures, description=description, source=source)


if __name__ == "__main__":
    main()
