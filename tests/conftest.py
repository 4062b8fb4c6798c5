"""Settings that must hold before the package is imported."""

import hashlib
import os
import tempfile
from pathlib import Path

_KERNELS = Path(__file__).parents[1] / "rmtjac" / "kernels"
# A cached kernel that calls a jitted function of another file keeps the old code after that file is edited:
# a cache folder named by the sources cannot be stale.
_SOURCES = [*sorted(_KERNELS.rglob("*.py")), _KERNELS.parent / "codes.py"]
_HASH = hashlib.sha256(b"".join(path.read_bytes() for path in _SOURCES)).hexdigest()[:16]
os.environ["NUMBA_CACHE_DIR"] = str(Path(tempfile.gettempdir()) / f"rmtjac-numba-{_HASH}")
os.environ["MPLBACKEND"] = "agg"
