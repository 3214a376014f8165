"""Tests of the workflow as users run it: Snakemake in a copy of the repository."""
