"""The workflow on a real Slurm: one started cluster for all tests, which are skipped where none can be started."""
