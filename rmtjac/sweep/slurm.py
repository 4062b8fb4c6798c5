"""SLURM job arrays: the units that are left are divided among the tasks once, when the array is submitted.

A task needs no coordinator: it reads which units it has, skips those that are done, and writes to the store. If a task
was cancelled or killed, submit again. Either call `submit`, which divides all units that are left, except those of
tasks that still wait or run. Or submit the script of an earlier submission by hand, whole or in part
(``sbatch --array=1,3 script.sh``): each task then has the same units as before.

Sources: BS (docs/references.md).
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rmtjac.archive.results import write_atomically
from rmtjac.sweep.engines import remaining, run
from rmtjac.sweep.plans import read_plan
from rmtjac.sweep.progress import SweepStatus
from rmtjac.validate import positive_int

__all__ = ["Submission", "run_task", "submit"]

_JOBS = "jobs"
_UNITS, _ARRAY = "units.npy", "array.json"  # the units of a submission, and the tasks that share them
_SECONDS = 60  # the longest time that a command of SLURM may take
_LARGEST_TASK = 4_000_000  # the largest number of a task that SLURM allows
_RANGE = re.compile(r"(\d+)(?:-(\d+)(?::([1-9]\d*))?)?")

_SCRIPT = """#!/bin/bash
#SBATCH --job-name={name}
#SBATCH --array={array}
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output={logs}
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1 NUMBA_NUM_THREADS=1
# Compiled code is kept on the node, in a folder for each version of the code.
export NUMBA_CACHE_DIR="${{SLURM_TMPDIR:-${{TMPDIR:-/tmp}}}}/rmtjac-numba-$(id -u)-{code}"
exec {python} -m rmtjac.cli sweep task {folder} {number} "$SLURM_ARRAY_TASK_ID"
"""


@dataclass(frozen=True)
class Submission:
    """Hold a job array that was submitted.

    Attributes
    ----------
    job : int
        The number of the array in SLURM.
    folder : Path
        The folder with its units, its script and its logs.
    tasks : int
        The number of tasks.
    units : int
        The number of units.

    See Also
    --------
    submit : Submit a job array.

    Examples
    --------
    >>> from pathlib import Path
    >>> Submission(17, Path("sweep/jobs/0001"), tasks=4, units=100)
    Submission(job 17: 100 units in 4 tasks, logs in sweep/jobs/0001)
    """

    job: int
    folder: Path
    tasks: int
    units: int

    def __repr__(self) -> str:
        return f"Submission(job {self.job}: {self.units} units in {self.tasks} tasks, logs in {self.folder})"


def _command(*words: str) -> str:
    """Run a command of SLURM and return what it prints."""
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
    """Return the units of earlier submissions whose tasks still wait or run."""
    units = [np.empty(0, dtype=np.int64)]
    for path in sorted((folder / _JOBS).glob("*/job.json")):
        try:
            job = int(json.loads(path.read_text())["job"])
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{str(path)!r} is damaged ({error!r}); remove it once that array has ended") from None
        try:
            lines = _command("squeue", "--noheader", "--array", f"--jobs={job}", "--format=%K").split()
        except OSError as error:
            if "Invalid job id" in str(error):  # SLURM no longer lists an array that ended long ago
                continue
            raise
        if lines:
            frozen, numbers = _frozen(path.parent)
            units += [_share(frozen, numbers, int(task)) for task in lines]
    return np.concatenate(units)


def submit(folder: str | Path, tasks: int, options: Sequence[str] = ()) -> Submission:
    """Submit what is left of a sweep as a job array.

    Parameters
    ----------
    folder : str or Path
        A folder with a plan, on a file system that all nodes see under the same path.
    tasks : int
        The number of tasks; fewer are made if fewer units are left.
    options : sequence of str, default ()
        Options of sbatch, such as ``["--partition=main", "--time=4:00:00"]``. ``--array`` names the tasks in place of
        `tasks`.

    Returns
    -------
    Submission
        The job array.

    Raises
    ------
    FileNotFoundError
        If the folder holds no plan.
    ValueError
        If the code is not the code that the plan was made with, nothing is left to do, all that is left waits or runs
        in earlier arrays, or SLURM is not installed here.
    OSError
        If SLURM refuses; the error holds its message.

    See Also
    --------
    run : Do the units on this machine or through Dask.

    References
    ----------
    BS Section IV: the law of the number of stable fixed points Q. See docs/references.md.

    Examples
    --------
    >>> import rmtjac as rj
    >>> rj.sweep.submit("sweep", 100, ["--time=4:00:00"])  # doctest: +SKIP
    Submission(job 17: 4000 units in 100 tasks, logs in /home/me/sweep/jobs/0001)
    """
    path = Path(folder).resolve()
    plan = read_plan(path)
    plan.check_code()
    tasks = positive_int("tasks", tasks)
    left = remaining(path)
    if not left.size:
        raise ValueError(f"folder={str(folder)!r}: all {len(plan)} units are done; nothing to submit")
    free = left[~np.isin(left, _held(path))]
    if not free.size:
        raise ValueError(
            f"folder={str(folder)!r}: the {left.size} units that are left wait or run in earlier job arrays"
        )
    array = _array_option(options) or f"0-{min(tasks, free.size) - 1}"
    numbers = _task_numbers(array)
    place = _new_folder(path / _JOBS)
    write_atomically(place / _UNITS, lambda file: np.save(file, free))
    write_atomically(place / _ARRAY, lambda file: file.write(json.dumps(array).encode()))
    script = _SCRIPT.format(
        name=shlex.quote(f"rmtjac-{path.name}"),
        array=array,
        logs=shlex.quote(f"{place}/%a.log"),
        code=plan.code.split("+")[-1],
        python=shlex.quote(sys.executable),
        folder=shlex.quote(str(path)),
        number=int(place.name),
    )
    write_atomically(place / "script.sh", lambda file: file.write(script.encode()))
    # On the command line too, where no variable of the environment overrides it.
    given = [] if _array_option(options) else [f"--array={array}"]
    answer = _command("sbatch", "--parsable", *options, *given, str(place / "script.sh"))
    job = int(answer.strip().split(";")[0])
    facts = {"job": job, "tasks": numbers.size, "options": list(options)}
    write_atomically(place / "job.json", lambda file: file.write(json.dumps(facts).encode()))
    return Submission(job, place, numbers.size, int(free.size))


def _array_option(options: Sequence[str]) -> str | None:
    """Return the value of the last option of sbatch that names the tasks; None if there is none."""
    found = None
    for word, following in zip(options, [*options, ""][1:], strict=True):
        name, equals, value = word.partition("=")
        if name.startswith("--ar") and "--array".startswith(name):  # getopt takes any beginning of a name
            found = value if equals else following
        elif word.startswith("-a"):
            found = word[2:] or following
    return found


def _task_numbers(array: str) -> np.ndarray:
    """Return the numbers of the tasks of an array: ``0-9``, ``1,3``, ``0-9:3``, each perhaps with ``%4`` at a time."""
    numbers: set[int] = set()
    for part in array.partition("%")[0].split(","):
        match = _RANGE.fullmatch(part)
        first, last, step = match.groups() if match else ("1", "0", None)
        span = range(int(first), int(last or first) + 1, int(step or 1))
        if not span or span[-1] > _LARGEST_TASK:
            raise ValueError(f"options: --array={array!r} must list tasks as in 0-9, 1,3 or 0-9:3%4")
        numbers.update(span)
    return np.array(sorted(numbers), dtype=np.int64)


def _frozen(place: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return the units of a submission and the numbers of its tasks, as they were written when it was made."""
    path = place / _UNITS
    try:
        units = np.load(path, allow_pickle=False)
        if units.ndim != 1 or units.dtype != np.int64:
            raise ValueError(f"it holds {units.dtype}{list(units.shape)}")
        path = place / _ARRAY
        if path.is_file():
            return units, _task_numbers(json.loads(path.read_text()))
        path = place / "job.json"  # submitted by an earlier version
        return units, _task_numbers(f"0-{json.loads(path.read_text())['tasks'] - 1}")
    except (AttributeError, EOFError, KeyError, OSError, TypeError, ValueError) as error:
        raise ValueError(f"{str(path)!r} is missing or damaged ({error}); submit again") from None


def _share(units: np.ndarray, numbers: np.ndarray, task: int) -> np.ndarray:
    """Return the units of one task; the tasks get the units in turn."""
    places = np.flatnonzero(numbers == task)
    if not places.size:
        raise ValueError(f"task={task}: the submission has {numbers.size} tasks, {numbers[0]} to {numbers[-1]}")
    return units[places[0] :: numbers.size]


def _new_folder(jobs: Path) -> Path:
    """Make the next numbered folder and return it."""
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
    """Do the units of one task of a job array; the script of `submit` calls this.

    Raises
    ------
    ValueError
        If there is no such submission, or it has no such task.
    """
    path = Path(folder)
    place = path / _JOBS / f"{number:04d}"
    if not (place / _UNITS).is_file():
        raise ValueError(f"number={number}: {str(place)!r} holds no submission")
    share = _share(*_frozen(place), task)
    return run(path, "serial", units=share[np.isin(share, remaining(path))], **options)
