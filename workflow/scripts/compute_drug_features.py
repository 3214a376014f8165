"""Compute fingerprints and descriptors of all drugs."""

from druggene.drugs import compute_drug_features, write_drug_features
from druggene.logs import log_to
from druggene.tables import read_metadata, read_table


def main() -> None:
    """Read the drugs, write their features."""
    log_to(snakemake.log[0])
    settings = snakemake.params.drugs
    radius, bits = settings["fingerprint"]["radius"], settings["fingerprint"]["bits"]
    frame = compute_drug_features(read_table(snakemake.input.drugs), settings["features"], radius, bits)
    source = read_metadata(snakemake.input.drugs)["source"]
    write_drug_features(frame, snakemake.output[0], settings["features"], radius, bits, source=source)


if __name__ == "__main__":
    main()
