"""A real Slurm on one machine, for tests: two nodes on loopback, started and stopped within seconds.

By hand, as root: `python -m tests.workflow.cluster.lab up FOLDER`, `… down FOLDER`.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

CONFIGURATION = Path("/etc/slurm/slurm.conf")
"""The only place where every Slurm command looks: the executor plugin drops ``SLURM_CONF`` inside a job."""
COMMANDS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scancel", "scontrol", "sinfo")
DAEMONS = ("slurmd_cpu", "slurmd_gpu", "slurmctld", "munge")
"""As their files with the numbers of their processes are called."""
CPUS = 4
"""Processors that each node promises, whatever the machine has, so that jobs run side by side."""


def reason_to_skip() -> str | None:
    """Say why no cluster can be started here, or None."""
    missing = [name for name in COMMANDS if shutil.which(name, path=_path()) is None]
    if missing:
        return f"no {', '.join(missing)} on the PATH: install Debian's slurmctld, slurmd, slurm-client and munge"
    if os.geteuid() != 0:
        return "a cluster of one machine is started by root alone"
    if (CONFIGURATION.exists() or CONFIGURATION.is_symlink()) and not _abandoned():
        return f"{CONFIGURATION} exists: this machine belongs to a cluster, or another test has its own"
    try:
        socket.gethostbyname(socket.gethostname())
    except OSError:
        return f"the name of the machine, {socket.gethostname()}, stands for no address"
    return None


def _abandoned() -> bool:
    """Tell whether the configuration is that of a cluster like this one whose test was killed: no daemon is left."""
    if not CONFIGURATION.is_symlink():
        return False
    folder = CONFIGURATION.readlink().parent
    if folder.exists() and not ((folder / "munge.key").exists() and (folder / "spool_gpu").exists()):
        return False
    return not any(map(_process, DAEMONS, [folder] * len(DAEMONS)))


def _process(name: str, folder: Path) -> int | None:
    """Return the number of a daemon's process, if it runs."""
    try:
        number = int((folder / f"{name}.pid").read_text())
        # Another process may have the number by now.
        program = Path(f"/proc/{number}/comm").read_text()
    except (FileNotFoundError, ValueError, ProcessLookupError):
        return None
    return number if program.startswith(name.split("_")[0]) else None


def _path() -> str:
    return os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])


@dataclass(frozen=True)
class Job:
    """What Slurm knows of one job.

    Attributes
    ----------
    comment
        The executor plugin's: the rule and its wildcards, or the group and its rules.
    folder
        Where it runs.
    memory
        MB that it asked for.
    gpus
        Graphics cards that it asked for.
    restarts
        How often it went back into the queue.
    start, end
        As Slurm prints them, to the second, so that they sort by time.
    """

    number: int
    state: str
    comment: str
    folder: str
    partition: str
    node: str
    memory: int
    limit: str
    cpus: int
    gpus: int
    restarts: int
    start: str
    end: str


class Lab:
    """A cluster in ``folder``; :meth:`start` returns when its nodes are idle."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def start(self) -> None:
        for name in ("state", "spool_cpu", "spool_gpu"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o755)
        key = self.folder / "munge.key"
        key.write_bytes(os.urandom(1024))
        key.chmod(0o600)
        files = {"socket": "socket", "key-file": "key", "pid-file": "pid", "log-file": "log", "seed-file": "seed"}
        self.run("munged", "--origin=127.0.0.1", *(f"--{k}={self.folder}/munge.{v}" for k, v in files.items()))
        # Not before a daemon runs: a configuration without one counts as abandoned.
        self._configure()
        self.start_controller()
        for node in ("cpu", "gpu"):
            self.start_node(node)
        self.wait_until(lambda: self.node_states() == {"cpu": "idle", "gpu": "idle"}, "nodes are idle", 60)

    def _configure(self) -> None:
        ports = _free_ports(3)
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
        # Where the machine's name stands for another address (a container's, Debian's 127.0.1.1), srun would not
        # hear replies to loopback alone.
        loopback = socket.gethostbyname(socket.gethostname()) == "127.0.0.1"
        values = {
            "FOLDER": self.folder,
            "CONTROLLER_PORT": ports[0],
            "CPU_PORT": ports[1],
            "GPU_PORT": ports[2],
            "LISTENING": "CommunicationParameters=NoCtldInAddrAny,NoInAddrAny" if loopback else "",
            "CPUS": CPUS,
            "MEMORY": int(memory * 0.9),
        }
        text = Path(__file__).with_name("slurm.conf").read_text()
        for name, value in values.items():
            text = text.replace(f"@{name}@", str(value))
        (self.folder / "slurm.conf").write_text(text)
        (self.folder / "gres.conf").write_text(
            "NodeName=gpu Name=gpu File=/dev/null\nNodeName=gpu Name=gpu File=/dev/zero\n"
        )
        CONFIGURATION.parent.mkdir(parents=True, exist_ok=True)
        for name in ("slurm.conf", "gres.conf"):
            link = CONFIGURATION.with_name(name)
            link.unlink(missing_ok=True)
            link.symlink_to(self.folder / name)

    def stop(self) -> None:
        """Cancel all jobs, end all daemons, and take the configuration away."""
        subprocess.run(["scancel", "--user=root"], capture_output=True, timeout=30, check=False)
        for node in ("cpu", "gpu"):
            for number in self._steps(node):
                _kill_tree(number)
        for name in DAEMONS:
            self._end(name)
        for name in ("slurm.conf", "gres.conf"):
            link = CONFIGURATION.with_name(name)
            if link.is_symlink() and link.readlink().parent == self.folder:
                link.unlink()

    def start_node(self, node: str) -> None:
        self.run("slurmd", "-N", node)

    def crash_node(self, node: str) -> None:
        """Kill all that runs on a node, as when its power fails, and have the controller notice at once."""
        daemon = _process(f"slurmd_{node}", self.folder)
        assert daemon is not None
        for number in (daemon, *self._steps(node)):
            _kill_tree(number)
        self.run("scontrol", "update", f"NodeName={node}", "State=DOWN", "Reason=power")

    def lose_outcome(self, node: str, job: int) -> None:
        """Have a node never tell how a job of its ended: what becomes of one that no controller answers for an hour."""
        retried = f"[{job}.batch] Retrying job complete"
        log = self.folder / f"slurmd_{node}.log"
        self.wait_until(lambda: retried in log.read_text(), "the controller is told in vain", 120)
        for number in self._steps(node):
            if f"[{job}." in Path(f"/proc/{number}/cmdline").read_text():
                os.kill(number, signal.SIGKILL)

    def _steps(self, node: str) -> list[int]:
        """The processes that watch over the node's jobs; they share its log."""
        log = self.folder / f"slurmd_{node}.log"
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if (process / "comm").read_text().startswith("slurmstepd") and any(
                    file.resolve() == log for file in (process / "fd").iterdir()
                ):
                    found.append(int(process.name))
            except OSError:  # it has ended meanwhile
                continue
        return found

    def start_controller(self) -> None:
        self.run("slurmctld", "-i")

    def stop_controller(self) -> None:
        self._end("slurmctld")

    def run(self, *command: str) -> str:
        """Run one of Slurm's commands and return what it prints."""
        environment = os.environ | {"PATH": _path()}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}; see {self.folder}/*.log")
        return done.stdout

    def setting(self, name: str) -> str:
        """What slurm.conf says, or Slurm's default."""
        found = re.search(rf"(?m)^{name} *= (\S+)", self.run("scontrol", "show", "config"))
        assert found, name
        return found[1]

    def peak_megabytes(self, daemon: str) -> float:
        """The most memory that a daemon ever held."""
        number = _process(daemon, self.folder)
        found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{number}/status").read_text())
        assert found
        return int(found[1]) / 1000

    def node_states(self) -> dict[str, str]:
        try:
            lines = self.run("sinfo", "--noheader", "--Node", "--format=%N %T").splitlines()
        except RuntimeError:  # while the controller starts
            return {}
        return dict(line.split() for line in lines)

    def jobs(self, folder: Path) -> list[Job]:
        """All jobs that were ever submitted from ``folder``, in the order of their submission."""
        lines = self.run("scontrol", "--oneliner", "show", "jobs").splitlines()
        found = [_job(line) for line in lines if line.startswith("JobId=")]
        return sorted((job for job in found if job.folder == str(folder)), key=lambda job: job.number)

    @staticmethod
    def wait_until(condition: Callable[[], object], what: str, seconds: float) -> None:
        """Wait for something to become true, much longer than it takes on an idle machine."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
            time.sleep(0.1)

    def _end(self, name: str) -> None:
        """End the daemon whose number stands in its file, and wait for it."""
        file = self.folder / f"{name}.pid"
        try:
            number = int(file.read_text())
            os.kill(number, signal.SIGTERM)
        except (FileNotFoundError, ValueError, ProcessLookupError):
            return
        for _ in range(100):
            try:
                os.kill(number, 0)
            except ProcessLookupError:
                return
            time.sleep(0.1)
        os.kill(number, signal.SIGKILL)


def _kill_tree(number: int) -> None:
    """Kill a process and all that it started, itself first so that it starts nothing more."""
    children = []
    try:
        os.kill(number, signal.SIGSTOP)
        for path in Path(f"/proc/{number}/task").glob("*/children"):
            children += [int(child) for child in path.read_text().split()]
        os.kill(number, signal.SIGKILL)
    except (FileNotFoundError, ProcessLookupError):
        return
    for child in children:
        _kill_tree(child)


def _job(line: str) -> Job:
    values = dict(re.findall(r"(\S+?)=(\S*)", line))
    gpus = re.search(r"gpu:(\d+)", values.get("TresPerJob", ""))
    return Job(
        number=int(values["JobId"]),
        state=values["JobState"],
        comment=values.get("Comment", ""),
        folder=values["WorkDir"],
        partition=values["Partition"],
        node=values["NodeList"],
        memory=int(values["MinMemoryNode"][:-1]) * {"M": 1, "G": 1024}[values["MinMemoryNode"][-1]],
        limit=values["TimeLimit"],
        cpus=int(values["NumCPUs"]),
        gpus=int(gpus[1]) if gpus else 0,
        restarts=int(values["Restarts"]),
        start=values["StartTime"],
        end=values["EndTime"],
    )


def _free_ports(number: int) -> list[int]:
    sockets = [socket.socket() for _ in range(number)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [int(each.getsockname()[1]) for each in sockets]
    for each in sockets:
        each.close()
    return ports


if __name__ == "__main__":
    verb, place = sys.argv[1:]
    lab = Lab(Path(place).resolve())
    if verb == "up" and (why := reason_to_skip()):
        sys.exit(why)
    {"up": lab.start, "down": lab.stop}[verb]()
