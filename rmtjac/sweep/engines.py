"""Engines, which do the units of a sweep in this process, in several processes of this machine, or through Dask.

No engine keeps results: every result is in the store, and a run after a failure does only what is left. A unit is
handed out only if the store had no record of it at the start. Only a bounded number of units is handed out at a time,
so memory does not grow with the number of units.

Sources: BS (docs/references.md).
"""

from __future__ import annotations

import contextlib
import itertools
import math
import os
import signal
import threading
import types
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from rmtjac.sweep.one_unit import close, do
from rmtjac.sweep.plans import read_plan
from rmtjac.sweep.progress import SweepStatus, status
from rmtjac.sweep.store import scan
from rmtjac.validate import positive_int

__all__ = ["remaining", "run"]

_WINDOW = 4  # the largest number of units handed out for each worker process
_BREAKS = 3  # the number of pools of processes that may break one after the other without a unit done
_CONNECT_SECONDS = 5  # the time to reach a scheduler of Dask
_DASK_WINDOW = 64  # the largest number of units handed out to Dask
_NAMED = 8  # the largest number of units that a message names


def remaining(folder: str | Path) -> np.ndarray:
    """Return the numbers of the units without a record, in the order of `Plan.spread`."""
    plan = read_plan(folder)
    return plan.spread(np.flatnonzero(~scan(plan).done))


def run(
    folder: str | Path,
    engine: Any = "processes",
    *,
    workers: int | None = None,
    units: np.ndarray | None = None,
    max_units: int | None = None,
    progress: bool = False,
) -> SweepStatus:
    """Do what is left of a sweep.

    Parameters
    ----------
    folder : str or Path
        A folder with a plan. Several runs on one folder at the same time are allowed; they may do a unit twice.
    engine : {"serial", "processes", "dask"}, "dask:ADDRESS", Client or cluster, default "processes"
        What does the units. ``"dask"`` starts processes on this machine; ``"dask:ADDRESS"`` uses the scheduler at that
        address. A `distributed.Client` or a cluster, such as ``SLURMCluster`` of dask-jobqueue, is an engine too. The
        workers of Dask must see the folder under the same path. For SLURM job arrays see `submit`.
    workers : int, optional
        The number of processes of ``"processes"`` and ``"dask"``. Default: one for each core.
    units : ndarray of int, optional
        The numbers of the units to do. Default: those without a record, in the order of `Plan.spread`: the first block
        of each cell, then the second, and so on.
    max_units : int, optional
        Stop after this many units. Default: no limit.
    progress : bool, default False
        Whether to show a progress bar on a terminal.

    Returns
    -------
    SweepStatus
        The state of the sweep at the end.

    Raises
    ------
    FileNotFoundError
        If the folder holds no plan.
    ValueError
        If the engine is unknown or cannot be reached, or the plan was made with other code.
    OSError
        If a record cannot be written. The records before it are safe; run again.

    See Also
    --------
    submit : Do the units in a SLURM job array.
    status : Read the state of a sweep.

    Notes
    -----
    Ctrl-C and SIGTERM end a run cleanly. Units that have begun are finished (``"processes"``, Dask) or dropped
    (``"serial"``).

    References
    ----------
    BS Section IV: the law of the number of stable fixed points Q. See docs/references.md.

    Examples
    --------
    >>> import rmtjac as rj, tempfile
    >>> folder = tempfile.mkdtemp()
    >>> _ = rj.sweep.plan(folder, widths=10, depths=[1, 2], seeds=20, block=10)
    >>> rj.sweep.run(folder, "serial", max_units=3).done
    3
    >>> rj.sweep.run(folder, "serial").complete
    True
    """
    path = str(Path(folder).resolve())
    left = remaining(path) if units is None else units
    count = len(left) if max_units is None else min(len(left), positive_int("max_units", max_units))
    workers = (os.cpu_count() or 1) if workers is None else positive_int("workers", workers)
    done = _engine(engine, path, left[:count].tolist(), workers)
    from tqdm import tqdm

    with _sigterm_as_interrupt(), tqdm(total=count, disable=None if progress else True, unit="unit") as bar:
        try:
            for _ in done:
                bar.update()
        finally:
            done.close()
            close(path)
    return status(path)


def _engine(engine: Any, path: str, units: list[int], workers: int) -> Any:
    """Return the generator that does the units and yields the seconds that each took."""
    if engine == "serial":
        return _serial(path, units)
    if engine == "processes":
        return _processes(path, units, workers)
    if engine == "dask" or (isinstance(engine, str) and engine.startswith("dask:")) or _is_dask(engine):
        return _dask(engine, path, units, workers)
    raise ValueError(
        f"engine={engine!r} must be 'serial', 'processes', 'dask', 'dask:ADDRESS', a dask Client or cluster; "
        "for SLURM job arrays use submit"
    )


@contextlib.contextmanager
def _sigterm_as_interrupt() -> Iterator[None]:
    """Let SIGTERM act as Ctrl-C does; in the main thread only, because Python handles signals there."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number: int, frame: types.FrameType | None) -> None:
        raise KeyboardInterrupt(f"signal {number}")

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _serial(path: str, units: list[int]) -> Iterator[float]:
    """Do the units in this process."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        for unit in units:
            yield do(path, unit)


def _start_worker() -> None:
    """Prepare a worker: it ignores Ctrl-C, because the process that hands out the units receives it too."""
    from threadpoolctl import threadpool_limits

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threadpool_limits(1)


def _processes(path: str, units: list[int], workers: int) -> Iterator[float]:
    """Do the units in a pool of processes, and make a new pool if a process was killed."""
    read_plan(path).check_code()  # before the workers start
    todo = units
    breaks = 0
    while todo:
        left = iter(todo)
        waiting: dict[Future[float], int] = {}
        finished = 0
        pool = ProcessPoolExecutor(workers, get_context("spawn"), _start_worker)
        try:
            for unit in itertools.islice(left, _WINDOW * workers):
                waiting[pool.submit(do, path, unit)] = unit
            while waiting:
                for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                    taken = future.result()  # raises what the unit raised
                    del waiting[future]
                    finished += 1
                    for unit in itertools.islice(left, 1):
                        waiting[pool.submit(do, path, unit)] = unit
                    yield taken
            return
        except BrokenProcessPool:
            pool.shutdown(wait=True, cancel_futures=True)  # from here on no worker writes
            breaks = 0 if finished else breaks + 1
            if breaks >= _BREAKS:
                raise OSError(
                    f"workers die on units {sorted(waiting.values())[:_NAMED]} (killed, or out of memory?); "
                    "what is done is safe, run again with fewer workers"
                ) from None
            open_units = set(remaining(path).tolist())
            todo = [unit for unit in todo if unit in open_units]
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _is_dask(engine: Any) -> bool:
    """Return whether this is a Client or a cluster of Dask."""
    return any(cls.__module__.split(".")[0] in ("distributed", "dask_jobqueue") for cls in type(engine).__mro__)


def _dask(engine: Any, path: str, units: list[int], workers: int) -> Iterator[float]:
    """Do the units through Dask; a unit whose worker was killed is handed out again if it has no record."""
    try:
        import dask
        from distributed import Client, KilledWorker, LocalCluster, as_completed
    except ImportError:
        raise ValueError("engine='dask' needs distributed; install rmtjac[cluster]") from None

    with contextlib.ExitStack() as stack:
        if engine == "dask":
            # Without retries of the scheduler: it would also repeat units that a killed worker had already stored.
            stack.enter_context(dask.config.set({"distributed.scheduler.allowed-failures": 0}))
            engine = stack.enter_context(
                LocalCluster(n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=":0")
            )
        if isinstance(engine, Client):
            client = engine
        else:
            address = engine[len("dask:") :] if isinstance(engine, str) else engine
            try:
                client = stack.enter_context(Client(address, timeout=_CONNECT_SECONDS, set_as_default=False))
            except (OSError, ValueError) as error:
                raise ValueError(f"engine={engine!r}: no scheduler answers there ({error})") from None
        left = iter(units)
        running, numbers, killed = as_completed(loop=client.loop), {}, 0

        def start(unit: int) -> None:
            future = client.submit(do, path, unit, pure=False)  # pure=False: another run may ask for it again
            numbers[future.key] = unit
            running.add(future)

        for unit in itertools.islice(left, _DASK_WINDOW):
            start(unit)
        try:
            for future in running:
                unit = numbers.pop(future.key)
                try:
                    taken = future.result()
                    killed = 0
                except KilledWorker as error:
                    taken, killed = math.nan, killed + 1
                    if unit in remaining(path):
                        if killed > _BREAKS * _DASK_WINDOW:
                            raise OSError(f"workers die: {error}; what is done is safe, run again") from None
                        start(unit)
                        continue
                future.release()
                for following in itertools.islice(left, 1):
                    start(following)
                yield taken
        finally:
            if running.futures:
                client.cancel(list(running.futures))
