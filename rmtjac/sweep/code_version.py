"""The version of the code that decides the results of a sweep.

Two versions of the package that draw and measure networks alike may share the results of one sweep; any edit of a file
that decides results makes a new version, and the sweep then needs a new plan.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

from rmtjac.provenance import versions

__all__ = ["code_version"]

_PACKAGE = Path(__file__).parents[1]
# Sources that choose streams of random numbers, draw or measure networks. Sources that distribute, store or show units
# do not decide results.
_DECIDING = (
    "activations/**/*.py", "codes.py", "ensemble.py", "laws/**/*.py", "network.py", "rng.py", "kernels/**/*.py",
    "fixed_points/**/*.py", "status.py", "sweep/measurements.py", "sweep/one_unit.py", "sweep/plans/cells.py",
)  # fmt: skip
_DIGITS = 12  # of the hash


@lru_cache(maxsize=1)
def code_version() -> str:
    """Return the version of the package and a hash of its sources that decide results, as ``"0.1.0+0123456789ab"``.

    Raises
    ------
    RuntimeError
        If a pattern of the list of sources matches no file.
    """
    return f"{versions()['rmtjac']}+{_hash_of_sources(_PACKAGE, _DECIDING)}"


def _hash_of_sources(root: Path, patterns: tuple[str, ...]) -> str:
    """Return a hash of the names and the contents of all files below `root` that match a pattern."""
    found = {pattern: list(root.glob(pattern)) for pattern in patterns}
    for pattern, paths in found.items():
        if not paths:  # files were moved: their edits would no longer be noticed
            raise RuntimeError(f"no source of rmtjac matches {pattern!r}, which decides results")
    digest = hashlib.sha256()
    for path in sorted(path for paths in found.values() for path in paths):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:_DIGITS]
