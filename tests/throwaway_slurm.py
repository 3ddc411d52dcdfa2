"""A Slurm of one node and two GPUs, on the loopback interface, that ends with whoever started it.

    >>> with throwaway_slurm() as cluster:
    ...     cluster.call("squeue")

It runs as a process of its own, which stops the daemons when its standard input is closed: after
the tests, after Ctrl-C, and after a kill -9 of pytest.

    python tests/throwaway_slurm.py      # by hand; Ctrl-D ends it
"""

import fcntl
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

SETTINGS = Path("/etc/slurm")
FILES = ("slurm.conf", "gres.conf")
DAEMONS = ("slurmd", "slurmctld", "munged")
PROGRAMS = (*DAEMONS, "sbatch", "squeue", "scancel", "scontrol", "sinfo", "srun", "sdiag")
LOCK = Path("/tmp/nasforge-throwaway-slurm.lock")

# Slurm's own job steps look for the settings in /etc/slurm alone, so links to these lie there.
# config_overrides: the node offers CPUs and memory that the machine need not have.
CONFIGURATION = """\
ClusterName=throwaway
SlurmctldHost={host}(127.0.0.1)
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.sock
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmdSpoolDir={folder}/spool
StateSaveLocation={folder}/state
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
SlurmdParameters=config_overrides
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
ReturnToService=2
MinJobAge=600
MpiDefault=none
GresTypes=gpu
NodeName={host} NodeAddr=127.0.0.1 CPUs=4 RealMemory=64000 Gres=gpu:2
PartitionName=debug Nodes={host} Default=YES MaxTime=600 State=UP
"""


class ThrowawaySlurm:
    """A running one.

    Attributes:
        node: The name of its only node.
    """

    def __init__(self) -> None:
        self.node = host()

    def call(self, *command: str) -> str:
        """Run one of Slurm's programs and return what it prints."""
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    def node_dies(self) -> None:
        """Kill all that runs on the node, as a power cut does, and have Slurm notice.

        Raises:
            RuntimeError: No job ran on it.
        """
        folder = (SETTINGS / "slurm.conf").readlink().parent
        slurmd = int((folder / "slurmd.pid").read_text())
        processes = frozen(slurmd, folder)
        if not processes:
            raise RuntimeError("the node dies, and no job with it")
        kill([slurmd, *processes])
        self.call("scontrol", "update", f"nodename={self.node}", "state=down", "reason=died")

    def node_returns(self) -> None:
        """Boot the node again; what it ran is requeued, and need not wait the usual two minutes.

        As a machine's boot does, it takes longer than the ten seconds for which Slurm goes on
        telling a dead node to end its jobs: told so later, the node would end the requeued ones.
        """
        folder = (SETTINGS / "slurm.conf").readlink().parent
        while int(re.search(r"Agent count: +(\d+)", self.call("sdiag"))[1]):
            time.sleep(0.2)
        start_node(folder)
        self.call("scontrol", "update", f"nodename={self.node}", "state=resume")
        for job in self.call("squeue", "-h", "-t", "pending", "-o", "%i").split():
            self.call("scontrol", "update", f"jobid={job}", "starttime=now")


def missing() -> str:
    """Why there can be no throw-away Slurm here; empty if there can."""
    if os.geteuid() != 0:
        return "a throw-away Slurm needs root"
    if absent := [program for program in PROGRAMS if shutil.which(program) is None]:
        return f"{', '.join(absent)} not installed; see .ci/packages"
    if any((SETTINGS / name).exists() and not _is_ours(SETTINGS / name) for name in FILES):
        return f"this machine has a Slurm of its own in {SETTINGS}"
    return ""


@contextmanager
def throwaway_slurm() -> Iterator[ThrowawaySlurm]:
    """Start one, once no other process has one, and stop it at the end.

    Raises:
        RuntimeError: It did not start; the message ends with its logs.
    """
    process = subprocess.Popen(
        [sys.executable, __file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C is for pytest, which then lets go
    )
    try:
        answer = process.stdout.readline()
        if answer != "ready\n":
            raise RuntimeError(f"no throw-away Slurm:\n{answer}{process.stdout.read()}")
        yield ThrowawaySlurm()
    finally:
        process.stdin.close()
        process.wait()
        process.stdout.close()


def host() -> str:
    """What Slurm calls this machine."""
    return socket.gethostname().partition(".")[0]


def serve() -> None:
    """Hold a cluster until standard input ends."""
    with LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        folder = Path(tempfile.mkdtemp(prefix="throwaway-slurm-"))
        try:
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                signal.signal(number, lambda *_: sys.exit(1))
            start(folder)
            print("ready", flush=True)
            sys.stdin.read()
        finally:
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)
            stop(folder)


def start(folder: Path) -> None:
    """Write the settings and start the daemons; SystemExit with their logs if that fails."""
    for name in FILES:  # a cluster whose process was killed leaves its links and its daemons
        link = SETTINGS / name
        if link.is_symlink():
            stop(link.readlink().parent)
            link.unlink(missing_ok=True)
    folder.chmod(0o755)
    (folder / "state").mkdir()
    (folder / "spool").mkdir()
    key = folder / "munge.key"
    key.touch(mode=0o600)
    key.write_bytes(os.urandom(1024))
    for number in range(2):  # Slurm insists on devices; nobody opens these
        os.mknod(folder / f"gpu{number}", 0o020600, os.makedev(1, 3))
    (folder / "slurm.conf").write_text(CONFIGURATION.format(host=host(), folder=folder))
    (folder / "gres.conf").write_text(f"Name=gpu File={folder}/gpu[0-1]\n")
    SETTINGS.mkdir(exist_ok=True)
    for name in FILES:
        (SETTINGS / name).symlink_to(folder / name)
    munge = ("key-file", "munge.key"), ("socket", "munge.sock"), ("pid-file", "munged.pid")
    munge += ("log-file", "munged.log"), ("seed-file", "seed")
    _run("munged", "--force", *(f"--{option}={folder / name}" for option, name in munge))
    _run("slurmctld")
    start_node(folder)
    for _ in range(300):
        state = subprocess.run(("sinfo", "-h", "-o", "%T"), capture_output=True, text=True)
        if state.stdout.strip() == "idle":
            return
        time.sleep(0.2)
    logs = [f"{log}:\n{log.read_text()[-2000:]}" for log in sorted(folder.glob("*.log"))]
    sys.exit("\n".join(["its node did not become idle", state.stderr, *logs]))


def start_node(folder: Path) -> None:
    """Start slurmd."""
    _run("slurmd", "-N", host())


def job_processes(folder: Path, slurmd: int | None = None) -> list[int]:
    """Job steps of that cluster, known by what they have open in it, and all processes below.

    Also what slurmd is just starting, if its id is given.
    """
    parents, found = {}, []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it ended meanwhile
            status = (process / "stat").read_text()
            parents[int(process.name)] = int(status.rpartition(")")[2].split()[1])
            # Not by a variable: a step writes its title over its environment.
            if "(slurmstepd)" in status and _has_open(process, folder):
                found.append(int(process.name))
    if slurmd is not None:
        found += [child for child, parent in parents.items() if parent == slurmd]
    for ancestor in found:  # grows as it is walked through
        found += [child for child, parent in parents.items() if parent == ancestor]
    return found


def frozen(slurmd: int, folder: Path) -> list[int]:
    """Stop the node and all that runs on it, so that nothing starts or ends between two kills."""
    os.kill(slurmd, signal.SIGSTOP)
    found: list[int] = []
    while new := sorted(set(job_processes(folder, slurmd)) - set(found)):
        for process in new:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGSTOP)
        found += new
    return found


def _has_open(process: Path, folder: Path) -> bool:
    return any(folder in link.readlink().parents for link in (process / "fd").iterdir())


def kill(processes: list[int]) -> None:
    """Kill -9 whichever of them are left."""
    for process in processes:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)


def stop(folder: Path) -> None:
    """Stop the jobs and daemons of that folder and remove it, and the links to it."""
    kill(job_processes(folder))
    for name in DAEMONS:
        with suppress(FileNotFoundError, ValueError, ProcessLookupError):
            _end(int((folder / f"{name}.pid").read_text()), name)
    for name in FILES:
        link = SETTINGS / name
        if link.is_symlink() and link.readlink().parent == folder:
            link.unlink()
    shutil.rmtree(folder, ignore_errors=True)


def _end(pid: int, name: str) -> None:
    """End a process, if it is still the daemon of that name."""
    command = Path(f"/proc/{pid}/comm")
    for number in (signal.SIGTERM, signal.SIGKILL):
        for _ in range(50):
            with suppress(FileNotFoundError, ProcessLookupError):
                if command.read_text().strip() == name:
                    os.kill(pid, number)
                    time.sleep(0.1)
                    continue
            return


def _is_ours(path: Path) -> bool:
    return path.is_symlink() and path.readlink().parent.name.startswith("throwaway-slurm-")


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)}:\n{done.stdout}{done.stderr}")


if __name__ == "__main__":
    serve()
