import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import rmtjac

_RUN = """
import sys, tempfile
if {no_temporary}:
    def nowhere(): raise FileNotFoundError("no usable temporary directory")
    tempfile.gettempdir = nowhere
    tempfile.mkdtemp = lambda **_: nowhere()
import rmtjac
from rmtjac.kernels.limit.real_line import __name__ as _  # a second module of kernels
from rmtjac.kernels.activations import value
assert rmtjac.__file__.startswith({root!r}), rmtjac.__file__
print(value(0, 0.0, 0.25))
"""


def _sealed(tmp_path):
    """A copy of the package whose caches cannot be written, even by root: __pycache__ is a file."""
    root = tmp_path / "site"
    shutil.copytree(Path(rmtjac.__file__).parent, root / "rmtjac", ignore=shutil.ignore_patterns("__pycache__"))
    (root / "rmtjac" / "kernels" / "__pycache__").write_text("")
    return root


def _run(root, tmp_path, no_temporary=False, **more):
    keep = {k: v for k, v in os.environ.items() if k not in ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME", "IPYTHONDIR")}
    nowhere = "/dev/null/home"  # below a file: nobody can make it
    where = {
        **keep, "HOME": nowhere, "XDG_CACHE_HOME": nowhere, "PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1",
        "TMPDIR": str(tmp_path), **more,
    }  # fmt: skip
    code = _RUN.format(no_temporary=no_temporary, root=str(root))
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=where, cwd=root)


def test_a_temporary_folder_serves_where_nothing_else_can_be_written(tmp_path):
    root, folder = _sealed(tmp_path), tmp_path / f"rmtjac-numba-{os.getuid()}"
    first = _run(root, tmp_path)
    assert (first.returncode, first.stdout) == (0, "0.25\n"), first.stderr
    lines = first.stderr.splitlines()
    assert len(lines) == 1, first.stderr
    assert f"compiled kernels are kept in '{folder}'" in lines[0]
    kept = sorted(path.name for path in folder.rglob("*.nbc"))
    assert any("value" in name for name in kept)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    # The next process finds the same folder, and what was compiled.
    assert _run(root, tmp_path).returncode == 0
    assert sorted(path.name for path in folder.rglob("*.nbc")) == kept


def test_a_folder_of_that_name_that_others_can_write_to_is_not_trusted(tmp_path):
    # Caches hold code: one that somebody else has laid there must not be loaded.
    root, folder = _sealed(tmp_path), tmp_path / f"rmtjac-numba-{os.getuid()}"
    folder.mkdir()
    folder.chmod(0o777)
    done = _run(root, tmp_path)
    assert done.returncode == 0, done.stderr
    assert not any(folder.iterdir())


def test_without_any_folder_kernels_are_not_cached(tmp_path):
    done = _run(_sealed(tmp_path), tmp_path, no_temporary=True)
    assert (done.returncode, done.stdout) == (0, "0.25\n"), done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert "compiled anew in each process" in done.stderr


def test_a_folder_of_the_user_s_choice_is_used_without_a_word(tmp_path):
    chosen = tmp_path / "chosen"
    chosen.mkdir()
    done = _run(_sealed(tmp_path), tmp_path, NUMBA_CACHE_DIR=str(chosen))
    assert (done.returncode, done.stderr) == (0, "")
    assert any(chosen.rglob("*.nbc"))
