import os
import subprocess
import sys
from pathlib import Path

import pytest

import rmtjac

SAMPLE = Path(__file__).with_name("typed_use.py")


def _mypy(path, folder):
    # An editable install is found by a hook that mypy does not follow, so the path is given; silent, as for a package
    # that a user has installed.
    command = [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", "--config-file="]
    command += ["--cache-dir", str(folder), str(path)]
    where = {**os.environ, "MYPYPATH": str(Path(rmtjac.__file__).parents[1])}
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, env=where, check=False)


def test_strict_mypy_accepts_user_code_and_sees_its_mistakes(tmp_path):
    pytest.importorskip("mypy")
    assert Path(rmtjac.__file__).with_name("py.typed").exists()
    wrong = tmp_path / "wrong.py"
    mistake = "    lim.quantile(probability=0.5)"
    wrong.write_text(SAMPLE.read_text() + f"{mistake}\n")
    done = _mypy(wrong, tmp_path)
    line = len(wrong.read_text().splitlines())
    errors = [text for text in done.stdout.splitlines() if "error" in text]
    assert f"wrong.py:{line}: error" in errors[0], done.stdout
    assert "Unexpected keyword argument" in errors[0]
    assert len(errors) == 2, done.stdout  # the mistake, and mypy's count of errors
