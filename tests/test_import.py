import statistics
import subprocess
import sys
import tomllib
from pathlib import Path

import rmtjac as rj

_MEASURE = """
import sys, time
start = time.perf_counter()
import rmtjac
print(time.perf_counter() - start)
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


def _import():
    done = subprocess.run([sys.executable, "-c", _MEASURE], capture_output=True, text=True, check=True)
    seconds, loaded = done.stdout.splitlines()
    return float(seconds), set(loaded.split())


def test_import_is_light():
    runs = [_import() for _ in range(5)]
    assert statistics.median(seconds for seconds, _ in runs) < 0.3
    heavy = {"numba", "matplotlib", "scipy", "mpmath", "pandas", "xarray", "llvmlite", "tqdm"}
    assert not heavy & runs[0][1]
    assert "rmtjac" in runs[0][1]


def test_every_public_name_resolves():
    assert len(set(rj.__all__)) == len(rj.__all__)
    for name in rj.__all__:
        thing = getattr(rj, name)
        assert getattr(thing, "__name__").rpartition(".")[2] == name  # noqa: B009 (functions, classes and modules alike)


def test_version():
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]
    assert rj.__version__ == project["version"]
