import json
from pathlib import Path

import pytest

from rmtjac.cli.main import main
from tests.cli.running import fail

TOML = 'widths = [6, 8]\ndepths = [1, 2]\nseeds = 8\nblock = 4\n[conventions.a]\n[conventions.b]\nfan = "width"\n'


@pytest.fixture
def sweep(tmp_path, capsys):
    (tmp_path / "plan.toml").write_text(TOML)
    folder = str(tmp_path / "sweep")
    assert main(["sweep", "plan", folder, str(tmp_path / "plan.toml")]) == 0
    assert "8 cells (a, b) of 8 networks, 16 units" in capsys.readouterr().out
    return folder


def test_plan_run_status_collect_plot(sweep, tmp_path, capsys):
    assert main(["sweep", "run", sweep, "--engine", "serial", "--max-units", "3"]) == 0
    assert "3 of 16 units done" in capsys.readouterr().out
    assert main(["sweep", "run", sweep, "--engine", "serial", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["done"] == 16
    assert main(["sweep", "--json", "status", sweep]) == 0
    assert json.loads(capsys.readouterr().out)["done"] == 16
    assert main(["sweep", "status", sweep]) == 0
    assert "16 of 16 units done" in capsys.readouterr().out
    assert main(["sweep", "collect", sweep, str(tmp_path / "all.csv")]) == 0
    assert "wrote" in capsys.readouterr().out
    assert len((tmp_path / "all.csv").read_text().splitlines()) == 65
    for kind in ("lines", "map"):
        picture = tmp_path / f"{kind}.png"
        assert main(["sweep", "plot", sweep, "--kind", kind, "--out", str(picture)]) == 0
        assert picture.stat().st_size > 5000
        assert "±" in capsys.readouterr().out


def test_damage_is_named_by_every_command(sweep, tmp_path, capsys):
    assert main(["sweep", "run", sweep, "--engine", "serial"]) == 0
    expected = tmp_path / "all.csv"
    assert main(["sweep", "collect", sweep, str(expected)]) == 0
    (path,) = (Path(sweep) / "records").glob("*.jsonl")
    whole = path.read_bytes()
    lines = whole.splitlines(keepends=True)
    changed = bytearray(lines[4])
    changed[16] ^= 1
    path.write_bytes(b"".join([*lines[:4], changed, *lines[5:]]))
    capsys.readouterr()
    for words in (["status", sweep], ["plot", sweep], ["collect", sweep, str(tmp_path / "part.csv")],
                  ["run", sweep, "--engine", "serial"], ["collect", sweep, str(tmp_path / "again.csv")]):  # fmt: skip
        assert main(["sweep", *words]) == 0
        out = capsys.readouterr().out
        assert f"1 damaged records, to be done again if no other file has them: {path.name} line 5" in out
        done = 15 if words[0] != "run" and "again" not in words[-1] else 16
        assert words[0] == "plot" or f"{done} of 16 units done" in out
    assert (tmp_path / "again.csv").read_bytes() == expected.read_bytes()
    assert len((tmp_path / "part.csv").read_text().splitlines()) == 61


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["run", "nowhere"], "holds no plan.json; make a plan first"),
        (["plan", "new", "nowhere.toml"], "nowhere.toml"),
        (["status", "nowhere", "--tasks", "3"], "unrecognized arguments"),
        ([], "sweep needs an action: plan, run, "),
    ],
)
def test_errors_are_one_line(words, message, capsys):
    try:
        code = main(["sweep", *words])
    except SystemExit as error:
        code = error.code
    assert code == 2
    err = capsys.readouterr().err
    assert message in err
    assert err.strip().count("\n") == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--kind", "heat"], "--kind='heat' must be one of 'lines', 'map'"),
        (["--column", "stable"], "--column='stable' names what the picture shows; add --out"),
        (["--column", "nothing", "--out", "x.png"], "column='nothing' must be a column of numbers"),
    ],
)
def test_options_of_the_picture_are_checked_without_a_picture_too(sweep, capsys, tmp_path, monkeypatch, words, message):
    monkeypatch.chdir(tmp_path)
    assert main(["sweep", "run", sweep, "--engine", "serial"]) == 0
    capsys.readouterr()
    assert message in fail(capsys, "sweep", "plot", sweep, *words)
    assert not (tmp_path / "x.png").exists()


def test_a_plan_that_is_no_text(capsys, tmp_path):
    (tmp_path / "plan.toml").write_bytes(b"\xff\xfe")
    path = str(tmp_path / "plan.toml")
    assert f"path={path!r} is not TOML" in fail(capsys, "sweep", "plan", tmp_path / "new", path)


def test_bad_engine(sweep, capsys):
    assert main(["sweep", "run", sweep, "--engine", "mpi"]) == 2
    assert "engine='mpi' must be" in capsys.readouterr().err


def test_options_of_sbatch_follow_two_dashes(sweep, capsys, monkeypatch):
    from rmtjac.sweep import slurm

    calls = []

    def command(*words):
        calls.append(words)
        return "77\n"

    monkeypatch.setattr(slurm, "_command", command)
    assert main(["sweep", "submit", sweep, "--tasks", "4", "--", "--partition=main", "--time=1:00:00"]) == 0
    assert "job 77: 16 units in 4 tasks" in capsys.readouterr().out
    assert calls[-1][:4] == ("sbatch", "--parsable", "--partition=main", "--time=1:00:00")
    script = Path(calls[-1][-1]).read_text()
    for line in ("#SBATCH --array=0-3", "#SBATCH --requeue", "#SBATCH --open-mode=append", "OMP_NUM_THREADS=1"):
        assert line in script
