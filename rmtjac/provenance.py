"""Records of how a result was computed: the versions and the processor that decide its last bits.

Every saved result holds such a record. It explains why two results differ in their last bits.
"""

from __future__ import annotations

import platform
from functools import lru_cache
from importlib import metadata
from typing import Any

__all__ = ["__version__", "cpu_class", "provenance", "versions"]

__version__ = metadata.version("rmtjac")

_PACKAGES = ("rmtjac", "numpy", "scipy", "numba", "mpmath", "matplotlib")
_EXTENSIONS = ("AVX2", "FMA3", "AVX512F", "AVX512_SKX", "ASIMD", "SVE")


def versions() -> dict[str, str]:
    """Return the versions of Python, of this package and of the libraries that decide its numbers."""
    return dict(_versions())


@lru_cache(maxsize=1)
def _versions() -> tuple[tuple[str, str], ...]:
    """Return name and version of each package; read once, because reading takes as long as a small sample."""
    return ("python", platform.python_version()), *((name, metadata.version(name)) for name in _PACKAGES)


def cpu_class() -> str:
    """Return the architecture and the vector extensions that NumPy finds, as text: ``"x86_64+AVX2+FMA3"``."""
    from numpy._core._multiarray_umath import __cpu_features__ as features  # type: ignore[import-not-found]

    return "+".join([platform.machine(), *(name for name in _EXTENSIONS if features.get(name))])


def provenance(**facts: Any) -> dict[str, Any]:
    """Return `facts` together with the versions (`versions`) and the class of the processor (`cpu_class`)."""
    return {**facts, "versions": versions(), "cpu": cpu_class()}
