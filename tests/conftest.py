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
# The processes of pytest use every core already: threads of BLAS beside them would wait for each other.
for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")


def pytest_configure(config):
    """Before the whole suite is run in several processes: compile common kernels once, not once in each of them."""
    workers = getattr(config.option, "tx", None) or []
    whole = config.args_source is pytest.Config.ArgsSource.TESTPATHS
    if hasattr(config, "workerinput") or not whole or len(workers) < 2 or config.option.collectonly:
        return
    from tests.compile_kernels import compile_kernels

    compile_kernels(os.environ["NUMBA_CACHE_DIR"], len(workers))


_SLOW = Path(__file__).with_name("slow_tests.txt")


@pytest.hookimpl(tryfirst=True)  # before pytest deselects by marks
def pytest_collection_modifyitems(config, items):
    """Mark the tests that `slow_tests.txt` lists as slow; in a whole run each name of the list must be found."""
    listed = {line for line in _SLOW.read_text().splitlines() if line and not line.startswith("#")}
    for item in items:
        if item.nodeid in listed:
            item.add_marker(pytest.mark.slow)
    gone = listed - {item.nodeid for item in items}
    if gone and config.args_source is pytest.Config.ArgsSource.TESTPATHS and not config.option.keyword:
        raise pytest.UsageError(f"tests/slow_tests.txt names tests that do not exist: {', '.join(sorted(gone))}")
