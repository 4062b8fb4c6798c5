"""Work in threads: many units in order, with a progress bar, or one long computation that Ctrl-C can end."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np

__all__ = ["interruptible", "run_in_threads"]

_T = TypeVar("_T")


def interruptible(work: Callable[[np.ndarray], _T]) -> _T:
    """Return ``work(stop)``, which is called in a thread so that the main thread can receive Ctrl-C.

    `stop` is an array of shape (1,) and dtype uint8. `work` must release the lock of the interpreter, and return soon
    after ``stop[0]`` becomes 1.
    """
    stop = np.zeros(1, dtype=np.uint8)
    with ThreadPoolExecutor(1) as pool:
        try:
            return pool.submit(work, stop).result()
        except BaseException:
            stop[0] = 1
            raise


def run_in_threads(
    work: Callable[[range], Any],
    take: Callable[[Any], int],
    chunks: Iterable[range],
    total: int,
    threads: int,
    progress: bool,
    unit: str = "sample",
) -> None:
    """Call `work` on each chunk of units in a pool of threads, and `take` on each result, in the order of the chunks.

    `take` returns the number of units that were done. Only a few chunks wait at a time, so that memory does not grow.
    """
    from threadpoolctl import threadpool_limits
    from tqdm import tqdm

    waiting: deque[Future[Any]] = deque()
    # disable=None: no bar if the output is not a terminal.
    with (
        threadpool_limits(1, user_api="blas"),
        tqdm(total=total, disable=None if progress else True, unit=unit) as bar,
    ):
        pool = ThreadPoolExecutor(threads)
        try:
            for chunk in chunks:
                waiting.append(pool.submit(work, chunk))
                if len(waiting) >= 4 * threads:
                    bar.update(take(waiting.popleft().result()))
            while waiting:
                bar.update(take(waiting.popleft().result()))
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
