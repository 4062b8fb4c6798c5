import argparse
import json
import math
import os
import subprocess
import sys

import matplotlib.pyplot as plt
import pytest

from rmtjac.cli.output import checked_out, print_result, write_picture, write_text


def _out(path):
    return argparse.Namespace(out=path)


def test_a_file_name_is_checked_before_any_work(tmp_path):
    assert checked_out(_out(None)) is None
    assert checked_out(_out("x.svg")).name == "x.svg"
    assert checked_out(_out("x.npz"), ".npz").suffix == ".npz"
    assert checked_out(_out("x.csv"), ".csv", pictures=False).suffix == ".csv"
    for name, others, pictures in (("x.npz", (), True), ("x.png", (".csv",), False), ("x.PNG", (), True)):
        with pytest.raises(ValueError, match=f"--out='{name}' must end in "):
            checked_out(_out(name), *others, pictures=pictures)
    with pytest.raises(FileNotFoundError, match="the folder 'absent' does not exist"):
        checked_out(_out("absent/x.png"))
    with pytest.raises(IsADirectoryError, match="is a folder"):
        checked_out(_out(str(tmp_path)))
    assert os.listdir() == []


def test_files_are_written_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "x.csv"
    write_text(path, "λ,1\n")
    assert path.read_bytes() == "λ,1\n".encode()
    figure, other = plt.figure(), plt.figure()
    write_picture(tmp_path / "x.png", figure)
    assert (tmp_path / "x.png").read_bytes().startswith(b"\x89PNG")
    assert plt.get_fignums() == [other.number]
    monkeypatch.setattr("matplotlib.figure.Figure.savefig", lambda *a, **k: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        write_picture(tmp_path / "y.png", other)
    assert sorted(os.listdir(tmp_path)) == ["x.csv", "x.png"]


def test_text_or_json(capsys, tmp_path):
    facts = {"a": math.nan, "b": [1.0, -math.inf, {"c": (math.inf, 2)}], "d": "nan", "e": True}
    print_result(argparse.Namespace(json=False), facts, ["one", "two"], tmp_path / "x")
    assert capsys.readouterr().out == f"one\ntwo\nwrote {tmp_path / 'x'}\n"
    print_result(argparse.Namespace(json=False), facts, ["one"])
    assert capsys.readouterr().out == "one\n"
    print_result(argparse.Namespace(json=True), facts, ["one"], tmp_path / "x")
    out = json.loads(capsys.readouterr().out)
    assert out == {"a": None, "b": [1.0, None, {"c": [None, 2]}], "d": "nan", "e": True}


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("words", [[], ["--version"], ["limit", "-h"], ["info"]], ids=" ".join)
def test_a_reader_that_stops_early_is_no_error(words, unbuffered):
    read, write = os.pipe()
    os.close(read)
    environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    command = [sys.executable, "-m", "rmtjac", *words]
    done = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, env=environment, text=True, check=False)
    os.close(write)
    assert (done.returncode, done.stderr) == (141, "")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a device that is always full is a thing of Linux")
@pytest.mark.parametrize("words", [[], ["-h"]], ids=" ".join)
def test_a_full_disk_is_one_line(words):
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-m", "rmtjac", *words]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("rmtjac: standard output: ")
    assert done.stderr.count("\n") == 1
