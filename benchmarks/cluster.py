"""What Slurm costs per job: the same short jobs by the local executor, one by one on a cluster, and in groups.

`python -m benchmarks.cluster` starts the cluster of the tests, as root; `--help` names the options. Jobs only wait, so
that what is left beside their seconds is what scheduler, executor and Snakemake's start cost.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.workflow.cluster.lab import CPUS, Lab, reason_to_skip

ROOT = Path(__file__).parents[1]
WORKFLOW = """
rule all:
    input: expand("done/{{number}}", number=range({jobs}))

rule wait:
    output: "done/{{number}}"
    resources: mem_mb=500, runtime=10
    shell: "sleep {seconds}; touch {{output}}"
"""


@dataclass(frozen=True)
class Outcome:
    """One run: its name, how long it took, the jobs that Slurm saw, and the bytes of its logs."""

    name: str
    seconds: float
    slurm_jobs: int
    log_bytes: int


def run(lab: Lab, folder: Path, name: str, jobs: int, seconds: float, options: list[str]) -> Outcome:
    """Run the jobs once with Snakemake in a folder of their own."""
    place = folder / re.sub(r"\W+", "_", name)
    place.mkdir()
    (place / "Snakefile").write_text(WORKFLOW.format(jobs=jobs, seconds=seconds))
    variables = os.environ | {"PATH": f"{ROOT}/slurm/bin{os.pathsep}{os.environ['PATH']}"}
    started = time.monotonic()
    command = [sys.executable, "-m", "snakemake", *options]
    done = subprocess.run(command, cwd=place, env=variables, capture_output=True, text=True, check=False)
    taken = time.monotonic() - started
    if done.returncode:
        raise RuntimeError(f"{name}: {done.stdout}{done.stderr}")
    logs = [path for part in ("logs", ".snakemake/log", ".snakemake/slurm_logs") for path in (place / part).rglob("*")]
    return Outcome(name, taken, len(lab.jobs(place)), sum(path.stat().st_size for path in logs if path.is_file()))


def submit(lab: Lab, jobs: int) -> tuple[float, float]:
    """Submit jobs that do nothing by sbatch alone; return the seconds until all are submitted, and all have ended."""
    started = time.monotonic()
    for _ in range(jobs):
        lab.run("sbatch", "--parsable", "--output=/dev/null", "--mem=10", "--chdir=/tmp", "--wrap=true")
    submitted = time.monotonic() - started

    def ended() -> bool:
        return not lab.run("squeue", "--noheader", "--states=pending,running,completing")

    lab.wait_until(ended, "all jobs have ended", 3600)
    return submitted, time.monotonic() - started


def main() -> None:
    """Run all and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=1.0, help="that each job waits")
    parser.add_argument("--group", type=int, default=10, help="jobs in one of Slurm")
    parser.add_argument("--submit", type=int, default=0, help="jobs to be submitted by sbatch alone, besides")
    arguments = parser.parse_args()
    if reason := reason_to_skip():
        sys.exit(reason)
    site = ROOT / "tests/workflow/cluster/site"
    profile = ["--profile", str(ROOT / "slurm"), "--workflow-profile", str(site)]
    grouped = ["--groups", "wait=waiting", "--group-components", f"waiting={arguments.group}"]
    ways = {
        "local": ["--cores", str(CPUS)],
        "Slurm, one by one": profile,
        f"Slurm, groups of {arguments.group}": [*profile, *grouped],
    }
    with tempfile.TemporaryDirectory(prefix="slurm_") as folder, tempfile.TemporaryDirectory() as work:
        lab = Lab(Path(folder))
        try:
            lab.start()
            outcomes = [
                run(lab, Path(work), name, arguments.jobs, arguments.seconds, options) for name, options in ways.items()
            ]
            print(f"{arguments.jobs} jobs of {arguments.seconds:g} s, {CPUS} at a time:\n")
            print("| executor | Slurm jobs | s | s a job | to local | logs, KB |")
            print("| --- | ---: | ---: | ---: | ---: | ---: |")
            for one in outcomes:
                print(
                    f"| {one.name} | {one.slurm_jobs} | {one.seconds:.1f} | {one.seconds / arguments.jobs:.2f} | "
                    f"{one.seconds / outcomes[0].seconds:.1f} x | {one.log_bytes / 1000:.0f} |"
                )
            if arguments.submit:
                submitted, ended = submit(lab, arguments.submit)
                rates = (arguments.submit / seconds for seconds in (submitted, ended))
                print(
                    "\n{} jobs by sbatch alone: {:.1f} a second submitted, {:.1f} done".format(arguments.submit, *rates)
                )
        finally:
            lab.stop()


if __name__ == "__main__":
    main()
