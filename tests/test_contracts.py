"""What import-linter cannot see, and that its contracts break where they should (setup.cfg)."""

import ast
import configparser
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[1]
_PACKAGE = _ROOT / "rmtjac"
# Distributions whose top module has another name.
_MODULES = {"dask-jobqueue": "dask_jobqueue", "python-flint": "flint", "scikit-learn": "sklearn"}


def _name(path):
    return ".".join(path.relative_to(_ROOT).with_suffix("").parts)


def _is_module(name):
    path = _ROOT.joinpath(*name.split("."))
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


def _gathered(path):
    """Imports, as text, of what an ``__init__.py`` above this file gathers from other files."""
    mine = _name(path)
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            wrong = [one.name for one in node.names if mine.startswith(one.name + ".")]
        elif isinstance(node, ast.ImportFrom) and node.module and mine.startswith(node.module + "."):
            wrong = [one.name for one in node.names if not _is_module(f"{node.module}.{one.name}")]
        else:
            continue
        if wrong:
            yield f"{mine}, line {node.lineno}: {ast.unparse(node)}"


def test_no_file_uses_what_the_init_of_its_folder_gathers():
    # A circle of a file and the package that holds it: the contract on circles compares only siblings.
    files = [path for path in _PACKAGE.rglob("*.py") if path.name != "__init__.py"]
    assert len(files) > 100
    assert [line for path in files for line in _gathered(path)] == []


def _contracts():
    config = configparser.ConfigParser()
    config.read(_ROOT / "setup.cfg")
    return config


def test_kernels_may_import_no_other_package_that_is_installed_with_this_one():
    project = tomllib.loads((_ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    lines = project["dependencies"] + [
        line for name in ("certify", "cluster", "learn", "tables") for line in extras[name]
    ]
    names = {line.split(">=")[0] for line in lines}
    forbidden = _contracts()["importlinter:contract:compiled"]["forbidden_modules"].split()
    assert {_MODULES.get(name, name) for name in names} - {"numba", "numpy"} == {
        name for name in forbidden if not name.startswith("rmtjac.")
    }


_ACYCLIC = "No circles: neither between files nor between folders"
_KERNELS = "Kernels import numba, numpy, and the names of codes only"
_SAMPLES = "Samples do not use the kernels of limits or boxes"
_THEORY = "Theory reads the description of an ensemble and draws nothing"
_DOWN = "From the command line down to the leaves"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("added", "broken"),
    [
        ({"spectra/product.py": "import rmtjac.kernels.limit.poles"}, _SAMPLES),
        ({"theory/limit/curve.py": "import rmtjac.kernels.samples.rows"}, _THEORY),
        ({"spectra/histogram.py": "import rmtjac.spectra.empirical"}, _ACYCLIC),
        (
            {"theory/limit/moments.py": "def late():\n    from rmtjac.theory.limit.spectrum import LimitSpectrum"},
            _ACYCLIC,
        ),
        ({"fixed_points/certified/enclosure.py": "import rmtjac.fixed_points.proved.verdict"}, _ACYCLIC),
        ({"theory/equation/edge.py": "import rmtjac.theory.limit.curve"}, "The floors of theory"),
        ({"theory/limit/curve.py": "import matplotlib"}, "Only plotting draws"),
        ({"kernels/boxes/sieve.py": "import scipy"}, _KERNELS),
        ({"kernels/adam.py": "def late():\n    import flint"}, _KERNELS),
        (
            {"learn/data.py": "import rmtjac.kernels.limit.tails"},
            "Compiled loops are called by the folder that they serve",
        ),
        ({"new_module.py": ""}, _DOWN),
        ({"rng.py": "import rmtjac.network"}, _DOWN),
    ],
)
def test_a_contract_breaks_where_it_should(tmp_path, added, broken):
    pytest.importorskip("importlinter", reason="import-linter is in the extra dev")
    shutil.copytree(_PACKAGE, tmp_path / "rmtjac", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(_ROOT / "setup.cfg", tmp_path)
    for name, text in added.items():
        with (tmp_path / "rmtjac" / name).open("a") as file:
            file.write(f"\n{text}\n")
    code = "import sys; sys.path.insert(0, '.'); from importlinter.cli import lint_imports_command as run; run()"
    done = subprocess.run(
        [sys.executable, "-c", code, "--no-cache"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"{broken} BROKEN" in done.stdout
