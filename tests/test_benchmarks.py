"""Every benchmark imports, and (slow) runs its smallest case: they are no part of the package, but follow its names."""

import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
_MODULES = sorted(path.stem for path in (ROOT / "benchmarks").glob("*.py") if path.stem != "__init__")
_SMALLEST = {
    "cauchy_limits": ["--small", "--out", "."],
    "certificates": ["--networks", "20", "--layers", "5"],
    "damaged_files": ["--times", "1"],
    "expected_counts": ["--networks", "4", "--depths", "1", "2", "--widths", "10", "--out", "."],
    "expected_cauchy": ["--plans", "shallow", "--widths", "10", "--depths", "1", "--networks", "2", "--out", "."],
    "expected_limit": ["--small", "--only", "table", "counts", "width", "--out", "."],
    "eigenvalues": ["--width", "40", "--samples", "2", "--out", "."],
    "fixed_points": ["--only", "law", "--networks", "5", "--depths", "1", "2", "--out", "."],
    "lanczos": ["--width", "200", "--samples", "2", "--out", "."],
    "largest": ["--widths", "50", "--samples", "20", "--out", "."],
    "monte_carlo": ["--width", "50", "--samples", "4", "--out", "."],
    "nonnegative": ["--only", "classifier", "--data", "digits", "--epochs", "1", "--seeds", "0", "--out", "."],
    "population": ["samples", "--small"],
    "product_accuracy": ["--seeds", "1", "--out", "."],
    "product_bound": ["--rounds", "1", "--out", "."],
    "rank": ["--rounds", "1", "--out", "."],
    "run": ["--small", "--only", "sampling", "--out", "."],
    "sweep": ["--units", "20", "--queued", "100", "--records", "1000", "--out", "."],
}
_WITHOUT_A_SMALL_CASE = {"goodness", "goodness_heavy_tails"}  # its smallest study takes minutes


@pytest.mark.parametrize("name", _MODULES)
def test_imports(name):
    if name == "torch_equilibrium":
        pytest.importorskip("torch")
    if name == "test_speed":
        pytest.importorskip("pytest_benchmark")
    module = import_module(f"benchmarks.{name}")
    # A benchmark that a user runs has a smallest case below, or stands in the list of those without one.
    assert (name in _SMALLEST) == (hasattr(module, "main") and name not in _WITHOUT_A_SMALL_CASE)


@pytest.mark.slow
@pytest.mark.parametrize("name", _SMALLEST)
def test_smallest_case(name, tmp_path):
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", f"benchmarks.{name}", *_SMALLEST[name]]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout or list(tmp_path.iterdir())
