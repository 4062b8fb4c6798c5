import hashlib
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

import rmtjac
from rmtjac.sweep import code_version as module
from rmtjac.sweep.code_version import code_version

PACKAGE = Path(rmtjac.__file__).parent
_HASHED = module._hash_of_sources


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """A copy of the sources of the package, to be edited."""
    folder = tmp_path_factory.mktemp("package") / "rmtjac"
    shutil.copytree(PACKAGE, folder, ignore=shutil.ignore_patterns("__pycache__", "*.nbi", "*.nbc"))
    return folder


def _files(*patterns):
    return sorted(p.relative_to(PACKAGE).as_posix() for pattern in patterns for p in PACKAGE.glob(pattern))


# All that draws a network or measures it, and files of which an edit changes no result.
DECIDING = _files(
    "kernels/**/*.py", "activations/**/*.py", "fixed_points/**/*.py", "codes.py", "network.py", "ensemble.py",
    "laws/**/*.py", "rng.py", "status.py", "sweep/measurements.py", "sweep/one_unit.py", "sweep/plans/cells.py",
)  # fmt: skip
OTHERS = [
    "sweep/slurm.py",
    "sweep/plans/plan.py",
    "archive/results.py",
    "sweep/store.py",
    "cli/main.py",
    "plotting/sweeps.py",
    "validate.py",
]


def test_the_version_is_that_of_the_package_and_of_its_sources():
    package, _, digest = code_version().partition("+")
    assert package == rmtjac.__version__
    whole = hashlib.sha256()
    for name in DECIDING:
        whole.update(name.encode() + b"\0" + (PACKAGE / name).read_bytes())
    assert digest == whole.hexdigest()[:12]


def test_an_edit_of_any_file_that_decides_changes_it(copy):
    before = _HASHED(copy, module._DECIDING)
    seen = {before}
    for name in DECIDING:
        path = copy / name
        text = path.read_bytes()
        path.write_bytes(text + b"#")
        seen.add(_HASHED(copy, module._DECIDING))
        path.write_bytes(text)
    assert len(seen) == 1 + len(DECIDING)
    assert _HASHED(copy, module._DECIDING) == before


def test_each_file_that_a_unit_loads_decides_or_is_known_not_to():
    # A new module that fixed points import must not be forgotten here.
    code = "import sys, rmtjac.sweep.one_unit, rmtjac.fixed_points; print(*sys.modules)"
    names = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    files = [Path(find_spec(name).origin) for name in names if name.split(".")[0] == "rmtjac"]
    loaded = {path.relative_to(PACKAGE).as_posix() for path in files}
    decides_nothing = {
        "__init__.py", "estimate.py", "lazy.py", "pool.py", "provenance.py", "validate.py",
        *_files("archive/*.py", "sweep/**/*.py"),
    }  # fmt: skip
    assert len(loaded) > 60
    assert loaded - set(DECIDING) <= decides_nothing


def test_new_renamed_and_removed_kernels_change_it(copy):
    before = _HASHED(copy, module._DECIDING)
    (copy / "kernels" / "samples" / "new.py").write_text("")
    new = _HASHED(copy, module._DECIDING)
    (copy / "kernels" / "samples" / "new.py").rename(copy / "kernels" / "boxes" / "new.py")
    moved = _HASHED(copy, module._DECIDING)
    (copy / "kernels" / "boxes" / "new.py").unlink()
    assert len({before, new, moved}) == 3
    assert _HASHED(copy, module._DECIDING) == before


@pytest.mark.parametrize("name", OTHERS)
def test_an_edit_of_what_decides_nothing_keeps_it(copy, name):
    before = _HASHED(copy, module._DECIDING)
    path = copy / name
    text = path.read_bytes()
    path.write_bytes(text + b"#")
    assert _HASHED(copy, module._DECIDING) == before
    path.write_bytes(text)


@pytest.mark.parametrize("pattern", module._DECIDING)
def test_a_pattern_that_matches_nothing_is_an_error(tmp_path, pattern):
    # A package in which the files of this pattern lie elsewhere.
    for other in module._DECIDING:
        if other != pattern:
            path = tmp_path / other.replace("**/*", "deep/one")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("")
    with pytest.raises(RuntimeError, match="no source of rmtjac matches"):
        _HASHED(tmp_path, module._DECIDING)
