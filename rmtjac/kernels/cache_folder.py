"""Choose where Numba keeps compiled kernels if neither the package nor the home of the user can be written to.

Numba looks for a folder when a kernel is decorated, and raises if it finds none; so this is settled before the first
kernel is imported.
"""

from __future__ import annotations

import os
import stat
import tempfile
import warnings
from pathlib import Path
from typing import Any

import numba
from numba.core.caching import FunctionCache
from numba.core.dispatcher import Dispatcher

__all__ = ["ensure"]


def _probe() -> None:
    """Serve as the function for which Numba checks whether it can cache kernels of this folder."""


def ensure() -> None:
    """Let Numba cache the kernels in a temporary folder, or not at all, if its own places cannot be written to."""
    if _can_cache():
        return
    try:
        folder = _private_folder()
        # Worker processes read the environment; this process has read it already.
        os.environ["NUMBA_CACHE_DIR"] = numba.config.CACHE_DIR = str(folder)
        cached = _can_cache()
    except OSError:
        cached = False
    if cached:
        where = f"compiled kernels are kept in {str(folder)!r}"
    else:
        os.environ.pop("NUMBA_CACHE_DIR", None)
        numba.config.CACHE_DIR = ""
        _cache_nothing()
        where = "kernels are compiled anew in each process"
    message = f"rmtjac cannot write to its own folder or to your home: {where}; set NUMBA_CACHE_DIR to choose a folder"
    # With this call the warning is printed without a line of source.
    warnings.warn_explicit(message, RuntimeWarning, "rmtjac", 0)


def _can_cache() -> bool:
    try:
        FunctionCache(_probe)
    except RuntimeError:  # "cannot cache function ...: no locator available"
        return False
    return True


def _private_folder() -> Path:
    """Return a folder that only this user can write to, if possible the same for each process: caches hold code."""
    user = os.getuid() if hasattr(os, "getuid") else None
    path = Path(tempfile.gettempdir()) / f"rmtjac-numba-{'user' if user is None else user}"
    try:
        path.mkdir(mode=0o700, exist_ok=True)
        found = path.lstat()
        own = stat.S_ISDIR(found.st_mode) and (user is None or (found.st_uid == user and not found.st_mode & 0o022))
    except OSError:
        own = False
    return path if own else Path(tempfile.mkdtemp(prefix="rmtjac-numba-"))


def _cache_nothing() -> None:
    """Switch off ``cache=True`` for the kernels of this package; kernels of other packages keep their caches."""
    enable = Dispatcher.enable_caching

    def enable_caching(self: Any) -> None:
        if not self.py_func.__module__.startswith("rmtjac.kernels"):
            enable(self)

    Dispatcher.enable_caching = enable_caching  # type: ignore[method-assign]
