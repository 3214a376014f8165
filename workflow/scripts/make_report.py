"""Let Snakemake make its report of a finished run, from the run's own configuration."""

import subprocess
import sys
from pathlib import Path

from druggene.logs import log_to
from druggene.tables import atomic_path


def main() -> None:
    """Call Snakemake on the same working directory, which the calling run has locked, and write one HTML file."""
    log_to(snakemake.log[0])
    params = snakemake.params
    with atomic_path(snakemake.output[0]) as report, Path(snakemake.log[0]).open("a") as log:
        command = [sys.executable, "-m", "snakemake", "--snakefile", params.snakefile, "--nolock"]
        command += ["--profile", "none", "--workflow-profile", "none", "--configfile", snakemake.input.config]
        command += ["--report", str(report), "--", *params.targets]
        if subprocess.run(command, stdout=log, stderr=subprocess.STDOUT, check=False).returncode:
            raise ValueError(f"Snakemake made no report; {snakemake.log[0]} says why")


if __name__ == "__main__":
    main()
