"""What Snakemake itself costs beside its jobs: processor seconds of a run of short jobs, with and without our profile.

`python -m benchmarks.scheduling` runs jobs that only wait, several at a time, once as Snakemake comes and once with
profiles/default. Each has the inputs of a training of its own. What is printed are the processor seconds of all but the
jobs.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

PROFILE = Path(__file__).parents[1] / "profiles" / "default"
INPUTS = 8
WORKFLOW = """
rule all:
    input: expand("done/{{number}}", number=range({jobs}))

rule wait:
    input: expand("input/{{{{number}}}}_{{part}}", part=range({inputs}))
    output: "done/{{number}}"
    shell: "sleep {seconds}; touch {{output}}"
"""


def processor_seconds(jobs: int, seconds: float, at_once: int, options: list[str]) -> float:
    """Run the jobs once and return the processor seconds of Snakemake and of all that it started."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "Snakefile").write_text(WORKFLOW.format(jobs=jobs, seconds=seconds, inputs=INPUTS))
        (Path(folder) / "input").mkdir()
        for number in range(jobs):
            for part in range(INPUTS):
                (Path(folder) / f"input/{number}_{part}").touch()
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [sys.executable, "-m", "snakemake", "--quiet", "--cores", str(at_once), *options]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Run both and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=400)
    parser.add_argument("--seconds", type=float, default=2.0, help="that each job waits (%(default)s)")
    parser.add_argument("--at-once", type=int, default=8, help="jobs side by side (%(default)s)")
    options = parser.parse_args()
    print("| run | processor seconds beside the jobs |\n| --- | ---: |")
    for name, chosen in (("Snakemake", []), ("with profiles/default", ["--workflow-profile", str(PROFILE)])):
        taken = processor_seconds(options.jobs, options.seconds, options.at_once, chosen)
        print(f"| {name} | {taken:.1f} |", flush=True)


if __name__ == "__main__":
    main()
