"""Settings that must hold before the package is imported."""

import hashlib
import os
import tempfile
from pathlib import Path

import pytest

_KERNELS = Path(__file__).parents[1] / "rmtjac" / "kernels"
# A cached kernel that calls a jitted function of another file keeps the old code after that file is edited:
# a cache folder named by the sources cannot be stale.
_SOURCES = [*sorted(_KERNELS.rglob("*.py")), _KERNELS.parent / "codes.py"]
_HASH = hashlib.sha256(b"".join(path.read_bytes() for path in _SOURCES)).hexdigest()[:16]
os.environ["NUMBA_CACHE_DIR"] = str(Path(tempfile.gettempdir()) / f"rmtjac-numba-{_HASH}")
os.environ["MPLBACKEND"] = "agg"


def pytest_configure(config):
    """Before the whole suite is run in several processes: compile common kernels once, not once in each of them."""
    workers = getattr(config.option, "tx", None) or []
    whole = config.args_source is pytest.Config.ArgsSource.TESTPATHS
    if hasattr(config, "workerinput") or not whole or len(workers) < 2 or config.option.collectonly:
        return
    from tests.compile_kernels import compile_kernels

    compile_kernels(os.environ["NUMBA_CACHE_DIR"], len(workers))
