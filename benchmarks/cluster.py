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


@dataclass(frozen=True)
class Flood:
    """Many jobs that do nothing: seconds until all were submitted and until all had ended, and what Slurm took.

    Memory is the most that slurmctld ever held, with all finished jobs in its list (`MinJobAge`).
    """

    jobs: int
    submitted: float
    ended: float
    controller_mb: float
    controller_log: int
    node_logs: int

    def table(self) -> str:
        """Return a table in Markdown."""
        columns = {
            "jobs": f"{self.jobs:,}",
            "submitted a second": f"{self.jobs / self.submitted:.1f}",
            "ended a second": f"{self.jobs / self.ended:.1f}",
            "s until all have ended": f"{self.ended:.0f}",
            "slurmctld, MB": f"{self.controller_mb:.0f}",
            "its log, MB": f"{self.controller_log / 1e6:.2f}",
            "logs of slurmd, MB": f"{self.node_logs / 1e6:.2f}",
        }
        return "\n".join(f"| {' | '.join(row)} |" for row in (columns, ["---:"] * len(columns), columns.values()))


def submit(lab: Lab, jobs: int) -> Flood:
    """Submit jobs that do nothing by sbatch alone, one after the other, and wait until all have ended."""
    limit = int(lab.setting("MaxJobCount"))
    if jobs + len(lab.run("squeue", "--noheader", "--states=all").splitlines()) >= limit:
        raise ValueError(f"--submit {jobs}: the controller keeps fewer, MaxJobCount={limit} in slurm.conf")
    logs_before = _log_sizes(lab)
    started = time.monotonic()
    nothing = ("--job-name=flood", "--output=/dev/null", "--mem=10", "--chdir=/tmp", "--wrap=true")
    for _ in range(jobs):
        lab.run("sbatch", *nothing)
    submitted = time.monotonic() - started
    while left := lab.run("squeue", "--noheader", "--name=flood").splitlines():
        if time.monotonic() - started > 4 * 3600:
            raise RuntimeError(f"after four hours {len(left)} of {jobs} jobs have not ended")
        time.sleep(1)  # a long queue is work for the controller to print
    ended = time.monotonic() - started
    controller, nodes = (after - before for after, before in zip(_log_sizes(lab), logs_before, strict=True))
    return Flood(jobs, submitted, ended, lab.peak_megabytes("slurmctld"), controller, nodes)


def _log_sizes(lab: Lab) -> tuple[int, int]:
    """Bytes of the controller's log, and of the nodes' together."""
    nodes = sum(path.stat().st_size for path in lab.folder.glob("slurmd_*.log"))
    return (lab.folder / "slurmctld.log").stat().st_size, nodes


def print_ways(lab: Lab, work: Path, arguments: argparse.Namespace) -> None:
    """Run the same jobs by each executor and print a table in Markdown."""
    site = ROOT / "tests/workflow/cluster/site"
    profile = ["--profile", str(ROOT / "slurm"), "--workflow-profile", str(site)]
    grouped = ["--groups", "wait=waiting", "--group-components", f"waiting={arguments.group}"]
    ways = {
        "local": ["--cores", str(CPUS)],
        "Slurm, one by one": profile,
        f"Slurm, groups of {arguments.group}": [*profile, *grouped],
    }
    outcomes = [run(lab, work, name, arguments.jobs, arguments.seconds, options) for name, options in ways.items()]
    print(f"{arguments.jobs} jobs of {arguments.seconds:g} s, {CPUS} at a time:\n")
    print("| executor | Slurm jobs | s | s a job | to local | logs, KB |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for one in outcomes:
        print(
            f"| {one.name} | {one.slurm_jobs} | {one.seconds:.1f} | {one.seconds / arguments.jobs:.2f} | "
            f"{one.seconds / outcomes[0].seconds:.1f} x | {one.log_bytes / 1000:.0f} |"
        )


def main() -> None:
    """Run all and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=20, help="of each executor; 0 for none")
    parser.add_argument("--seconds", type=float, default=1.0, help="that each job waits")
    parser.add_argument("--group", type=int, default=10, help="jobs in one of Slurm")
    parser.add_argument("--submit", type=int, default=0, help="jobs to be submitted by sbatch alone, besides")
    arguments = parser.parse_args()
    if reason := reason_to_skip():
        sys.exit(reason)
    with tempfile.TemporaryDirectory(prefix="slurm_") as folder, tempfile.TemporaryDirectory() as work:
        lab = Lab(Path(folder))
        try:
            lab.start()
            if arguments.jobs:
                print_ways(lab, Path(work), arguments)
            if arguments.submit:
                print(f"\nBy sbatch alone:\n\n{submit(lab, arguments.submit).table()}")
        finally:
            lab.stop()


if __name__ == "__main__":
    main()
