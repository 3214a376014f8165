"""What Snakemake itself costs beside its jobs: processor seconds of a run of short jobs, with and without its limit.

`python -m benchmarks.scheduling` runs jobs that only wait, several at a time, once as Snakemake comes and once without
its limit of jobs per second, as the Snakefile has it. Each job has as many inputs as a training. What is
printed are the processor seconds of all but the jobs' waiting.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

INPUTS = 8
UNLIMITED = "onstart:\n    workflow.scheduler.job_rate_limiter = None\n"
WORKFLOW = """
rule all:
    input: expand("done/{{number}}", number=range({jobs}))

rule wait:
    input: expand("input/{{{{number}}}}_{{part}}", part=range({inputs}))
    output: "done/{{number}}"
    shell: "sleep {seconds}; touch {{output}}"
"""


def processor_seconds(jobs: int, seconds: float, at_once: int, before: str) -> float:
    """Run the jobs once, with a line before the rules; return the seconds of Snakemake and of all that it started."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "Snakefile").write_text(before + WORKFLOW.format(jobs=jobs, seconds=seconds, inputs=INPUTS))
        (Path(folder) / "input").mkdir()
        for number in range(jobs):
            for part in range(INPUTS):
                (Path(folder) / f"input/{number}_{part}").touch()
        start = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [sys.executable, "-m", "snakemake", "--quiet", "--cores", str(at_once)]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
        end = resource.getrusage(resource.RUSAGE_CHILDREN)
    return end.ru_utime + end.ru_stime - start.ru_utime - start.ru_stime


def main() -> None:
    """Run both and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=400)
    parser.add_argument("--seconds", type=float, default=2.0, help="that each job waits (%(default)s)")
    parser.add_argument("--at-once", type=int, default=8, help="jobs side by side (%(default)s)")
    options = parser.parse_args()
    print("| run | processor seconds beside the jobs |\n| --- | ---: |")
    for name, line in (("as it comes", ""), ("without a limit", UNLIMITED)):
        taken = processor_seconds(options.jobs, options.seconds, options.at_once, line)
        print(f"| {name} | {taken:.1f} |", flush=True)


if __name__ == "__main__":
    main()
