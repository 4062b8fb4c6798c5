"""SLURM job arrays: one task for each share of the units that are left, frozen at submission.

A task needs no coordinator: it knows its units, skips those that are done, and writes to the store. A task that was
cancelled or killed is made good by submitting again. Units of tasks that still wait or run are left to them.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rmtjac.archive import write_atomically
from rmtjac.sweep.engines import remaining, run
from rmtjac.sweep.plans import read_plan
from rmtjac.sweep.progress import SweepStatus
from rmtjac.validate import positive_int

__all__ = ["Submission", "run_task", "submit"]

_JOBS = "jobs"
_SECONDS = 60  # to wait for SLURM's commands

_SCRIPT = """#!/bin/bash
#SBATCH --job-name={name}
#SBATCH --array=0-{last}
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output={logs}
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1 NUMBA_NUM_THREADS=1
# Compiled code is kept on the node, apart for each version of it.
export NUMBA_CACHE_DIR="${{SLURM_TMPDIR:-${{TMPDIR:-/tmp}}}}/rmtjac-numba-$(id -u)-{code}"
exec {python} -m rmtjac.cli sweep task {folder} {number} "$SLURM_ARRAY_TASK_ID"
"""


@dataclass(frozen=True)
class Submission:
    """A job array.

    Attributes
    ----------
    job
        SLURM's number.
    folder
        Where its units, its script and its logs lie.
    tasks, units
        How many.
    """

    job: int
    folder: Path
    tasks: int
    units: int

    def __repr__(self) -> str:
        return f"Submission(job {self.job}: {self.units} units in {self.tasks} tasks, logs in {self.folder})"


def _command(*words: str) -> str:
    """Run one of SLURM's commands and return what it prints."""
    if shutil.which(words[0]) is None:
        raise ValueError(f"{words[0]} is not installed here: submit on a login node of a SLURM cluster, or use run")
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise OSError(f"{words[0]} did not answer within {_SECONDS} s") from None
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        raise OSError(f"{words[0]}: {lines[-1].removeprefix(f'{words[0]}: error: ')}")
    return done.stdout


def _held(folder: Path) -> np.ndarray:
    """Units of earlier submissions whose tasks still wait or run."""
    units = [np.empty(0, dtype=np.int64)]
    for path in sorted((folder / _JOBS).glob("*/job.json")):
        facts = json.loads(path.read_text())
        try:
            lines = _command("squeue", "--noheader", "--array", f"--jobs={facts['job']}", "--format=%K").split()
        except OSError as error:
            if "Invalid job id" in str(error):  # forgotten: it ended long ago
                continue
            raise
        frozen = np.load(path.parent / "units.npy", allow_pickle=False)
        units += [frozen[int(task) :: facts["tasks"]] for task in lines]
    return np.concatenate(units)


def submit(folder: str | Path, tasks: int, options: Sequence[str] = ()) -> Submission:
    """Submit what is left of a sweep as a job array.

    Parameters
    ----------
    folder
        With a plan; on a file system that the nodes share, under the same path.
    tasks
        Size of the array (at most one task for each unit).
    options
        Of sbatch: ``["--partition=main", "--time=4:00:00"]``.

    Returns
    -------
    Submission

    Raises
    ------
    ValueError
        If nothing is left to do, all that is left is in the hands of earlier arrays, or there is no SLURM here.
    OSError
        If SLURM refuses; its message is passed on.
    """
    path = Path(folder).resolve()
    plan = read_plan(path)
    tasks = positive_int("tasks", tasks)
    left = remaining(path)
    if not left.size:
        raise ValueError(f"folder={str(folder)!r}: all {len(plan)} units are done; nothing to submit")
    free = left[~np.isin(left, _held(path))]
    if not free.size:
        raise ValueError(
            f"folder={str(folder)!r}: the {left.size} units that are left wait or run in earlier job arrays"
        )
    tasks = min(tasks, free.size)
    place = _new_folder(path / _JOBS)
    write_atomically(place / "units.npy", lambda file: np.save(file, free))
    script = _SCRIPT.format(
        name=shlex.quote(f"rmtjac-{path.name}"),
        last=tasks - 1,
        logs=shlex.quote(f"{place}/%a.log"),
        code=plan.code.split("+")[-1],
        python=shlex.quote(sys.executable),
        folder=shlex.quote(str(path)),
        number=int(place.name),
    )
    write_atomically(place / "script.sh", lambda file: file.write(script.encode()))
    answer = _command("sbatch", "--parsable", *options, str(place / "script.sh"))
    job = int(answer.strip().split(";")[0])
    facts = {"job": job, "tasks": tasks, "options": list(options)}
    write_atomically(place / "job.json", lambda file: file.write(json.dumps(facts).encode()))
    return Submission(job, place, tasks, int(free.size))


def _new_folder(jobs: Path) -> Path:
    """The next numbered folder, made by nobody else."""
    jobs.mkdir(exist_ok=True)
    number = 1 + max((int(p.name) for p in jobs.iterdir() if p.name.isdigit()), default=0)
    while True:
        try:
            (jobs / f"{number:04d}").mkdir()
        except FileExistsError:
            number += 1
        else:
            return jobs / f"{number:04d}"


def run_task(folder: str | Path, number: int, task: int, **options: Any) -> SweepStatus:
    """Do the share of one task of a job array: what the script of `submit` calls."""
    path = Path(folder)
    place = path / _JOBS / f"{number:04d}"
    if not (place / "units.npy").is_file():
        raise ValueError(f"number={number}: {str(place)!r} holds no submission")
    # The array of this task may be smaller than asked for; SLURM says how large it is.
    tasks = int(os.environ.get("SLURM_ARRAY_TASK_COUNT", "0")) or json.loads((place / "job.json").read_text())["tasks"]
    share = np.load(place / "units.npy", allow_pickle=False)[task::tasks]
    return run(path, "serial", units=share[np.isin(share, remaining(path))], **options)
