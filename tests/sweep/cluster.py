"""A real SLURM on the loopback device, in a folder of its own: one controller, one node, munge with its own key."""

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel", "sinfo")

_CONF = """ClusterName=rmtjac
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket
SlurmUser=root
SlurmdUser=root
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=batch_sched_delay=0,sched_interval=1
ReturnToService=2
KillWait=2
NodeName={host} NodeAddr=127.0.0.1 CPUs=2 RealMemory=1000 State=UNKNOWN
PartitionName=main Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


def missing():
    """Why it cannot be started here, or an empty text."""
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])
    absent = [name for name in PROGRAMS if shutil.which(name, path=path) is None]
    if absent:
        return f"needs {', '.join(absent)} (packages slurm-wlm and munge)"
    return "" if os.geteuid() == 0 else "needs root"


def _free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


class Slurm:
    """Start it on entry, stop it on exit."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.environment = {
            "SLURM_CONF": str(folder / "slurm.conf"),
            "PATH": os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"]),
        }

    def __enter__(self):
        for name in ("munge", "state", "spool"):
            (self.folder / name).mkdir()
        munge = self.folder / "munge"
        munge.chmod(0o700)
        (munge / "key").write_bytes(os.urandom(1024))
        (munge / "key").chmod(0o400)
        text = _CONF.format(host=socket.gethostname().split(".")[0], ports=_free_ports(2), folder=self.folder)
        (self.folder / "slurm.conf").write_text(text)
        self._run(
            "munged", f"--key-file={munge}/key", f"--socket={munge}/socket", f"--pid-file={munge}/pid",
            f"--log-file={munge}/log", f"--seed-file={munge}/seed", "--force",
        )  # fmt: skip
        self._run("slurmctld", "-f", str(self.folder / "slurm.conf"))
        self._run("slurmd", "-f", str(self.folder / "slurm.conf"))
        self.wait(lambda: "idle" in self._run("sinfo", "--noheader", "--format=%t"), 30, "the node is not idle")
        return self

    def __exit__(self, *_):
        for path in (self.folder / "slurmd.pid", self.folder / "slurmctld.pid", self.folder / "munge" / "pid"):
            if path.exists():
                pid = int(path.read_text())
                try:
                    os.kill(pid, 15)
                    self.wait(lambda pid=pid: not Path(f"/proc/{pid}").exists(), 10, f"{path.name} does not end")
                except (ProcessLookupError, TimeoutError):
                    pass

    def _run(self, *words):
        done = subprocess.run(
            words, env={**os.environ, **self.environment}, capture_output=True, text=True, timeout=60, check=False
        )
        if done.returncode and words[0] != "sinfo":
            raise OSError(f"{' '.join(words)}: {done.stderr}")
        return done.stdout

    def queue(self, job):
        """Tasks of a job that wait or run."""
        try:
            return self._run("squeue", "--noheader", "--array", f"--jobs={job}", "--format=%K").split()
        except OSError:
            return []

    def sbatch(self, *words):
        """Submit by hand; the number of the job."""
        return int(self._run("sbatch", "--parsable", *map(str, words)).split(";")[0])

    def cancel(self, job):
        """Cancel a job or a task."""
        self._run("scancel", str(job))

    @staticmethod
    def wait(condition, seconds, what):
        """Wait until a condition holds."""
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                raise TimeoutError(what)
            time.sleep(0.1)
