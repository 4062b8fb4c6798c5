import os
import re
import shlex
import subprocess
import sys
from importlib import metadata

import pytest

import rmtjac as rj
from rmtjac.cli.main import main, parser
from tests.cli.running import fail, run, strict

SMALL = ["--activation", "hardtanh", "--depth", "2", "--width", "20"]


@pytest.mark.parametrize("stop", [OSError("disk full"), KeyboardInterrupt()])
def test_a_failed_write_keeps_the_old_file(capsys, tmp_path, monkeypatch, stop):
    (tmp_path / "x.png").write_bytes(b"old")

    def half(self, file, **options):
        file.write(b"half")
        raise stop

    monkeypatch.setattr("matplotlib.figure.Figure.savefig", half)
    code = main(["limit", *SMALL, "--out", "x.png"])
    disk, interrupt = (2, "rmtjac: disk full\n"), (130, "rmtjac: interrupted; nothing was written\n")
    assert (code, capsys.readouterr().err) == (disk if isinstance(stop, OSError) else interrupt)
    assert os.listdir(tmp_path) == ["x.png"]
    assert (tmp_path / "x.png").read_bytes() == b"old"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["spectre"],
            "unknown command 'spectre'; did you mean spectrum or expected? (known: spectrum, limit, compare, ",
        ),
        (["fixed_points"], "unknown command 'fixed_points'; did you mean fixed-points? (known: "),
        (["xyz"], "unknown command 'xyz' (known: spectrum, "),
        (["sweep", "colect", "DIR"], "unknown action 'colect'; did you mean collect? (known: plan, run, "),
        (["deq", "training"], "unknown action 'training'; did you mean train? (known: train, eval)"),
        (["deq"], "deq needs an action: train, eval"),
        (["sweep", "--json"], "sweep needs an action: plan, run, "),
        (["--json"], "unrecognized arguments: --json"),
        (["--verson"], "unrecognized arguments: --verson; did you mean --version?"),
        (["--"], "unrecognized arguments: --"),
        (["limit", "--nonsense"], "unrecognized arguments: --nonsense"),
        (["limit", "--dept=2"], None),  # an abbreviation
        (["limit", "--deepth", "2"], "unrecognized arguments: --deepth 2; did you mean --depth"),
        (["sweep", "run", "DIR", "--max-unit-count=3"], "--max-unit-count=3; did you mean --max-units?"),
        (["limit", "--", "x"], "unrecognized arguments: -- x"),
        (["limit", "--depth"], "argument --depth: expected one argument"),
        (["spectrum", "--width", "2.5"], "argument --width: '2.5' must be a whole number"),
        (["fixed-points", "--law", "cauchy"], "unrecognized arguments: --law cauchy"),
        (["fixed-points", "--fan", "width"], "unrecognized arguments: --fan width"),
        (["fixed-points", "--no-biases"], "unrecognized arguments: --no-biases"),
        (["sweep", "run", "DIR", "--most", "3"], "unrecognized arguments: --most 3"),
    ],
)
def test_errors_of_the_parser_are_one_line(capsys, arguments, message):
    if message is None:
        assert "LimitSpectrum(depth 2" in run(capsys, *arguments)
    else:
        assert message in fail(capsys, *arguments)


def test_alone_it_lists_the_commands_with_an_example_each(capsys):
    out = run(capsys)
    for name, command in parser().commands.items():
        assert f"\n  {name:14}{command.summary}\n" in out
        assert f"\n{'':16}rmtjac {name}" in out
        assert command.example in out
    assert max(map(len, out.splitlines())) <= 120


def test_version(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["--version"])
    assert stop.value.code == 0
    assert capsys.readouterr().out == f"rmtjac {metadata.version('rmtjac')}\n"


def _all(commands):
    for one in commands.values():
        yield one
        yield from _all(one.commands)


PARSERS = [parser(), *_all(parser().commands)]


@pytest.mark.parametrize("one", PARSERS, ids=[one.prog for one in PARSERS])
def test_help_has_an_example_and_explains_each_option(capsys, one):
    with pytest.raises(SystemExit) as stop:
        main([*one.prog.split()[1:], "--help"])
    assert stop.value.code == 0
    out = capsys.readouterr().out
    assert out.startswith(f"usage: {one.prog}")
    assert out.rstrip().splitlines()[-2:] == ["example:", f"  {one.example or 'rmtjac compare --out compare.png'}"]
    if one.example:
        assert one.example.startswith("rmtjac ")
        assert one.example.split()[1 : len(one.prog.split())] in (one.prog.split()[1:], [one.prog.split()[-1]])
    for action in one._actions:
        assert action.help, action.dest
        if action.option_strings and action.type is not None:
            assert action.metavar, action.dest  # says what it takes


EXAMPLES = list(dict.fromkeys(one.example for one in PARSERS if one.example))
PLAN = """
widths = [6]
depths = [1, 2]
seeds = 4
block = 2
[conventions."scale 1/fan-in"]
law = "cauchy"
"""


def test_examples_of_the_help_run(capsys, tmp_path, monkeypatch):
    """All in one folder, in the order of the commands; those of sweeps and classifiers build on each other."""
    pytest.importorskip("sklearn")
    from rmtjac.sweep import slurm

    monkeypatch.setattr(slurm, "_command", lambda *words: "77\n")
    (tmp_path / "plan.toml").write_text(PLAN)
    rj.Network([[[0.5, 0.25], [0.0, 0.5]]], [[1.0, 1.0]], "relu").save("network.npz")
    # A submission takes the units that are left, so it comes before the run that does them.
    later = next(line for line in EXAMPLES if line.startswith("rmtjac sweep run"))
    serial = re.sub(r"-j \d+", "--engine serial", later)
    for line in [one for one in EXAMPLES if one != later and " sweep task " not in one]:
        if line.startswith("rmtjac sweep status"):
            assert main(shlex.split(serial)[1:]) == 0
        assert main(shlex.split(line)[1:]) == 0, line
        out = capsys.readouterr().out
        assert out, line
        for name in re.findall(r"--out (\S+)", line):
            assert (tmp_path / name).stat().st_size > 1000, line
    (task,) = [line for line in EXAMPLES if " sweep task " in line]
    assert main(shlex.split(task)[1:]) == 0


CHOICES = [
    (one, action)
    for one in PARSERS
    for action in one._actions
    if isinstance(action.metavar, str) and action.metavar.startswith("{")
]


@pytest.mark.parametrize(("one", "action"), CHOICES, ids=[f"{one.prog} {a.option_strings[-1]}" for one, a in CHOICES])
def test_metavars_show_all_that_is_allowed(capsys, tmp_path, one, action):
    """The error of a wrong word comes from the function that takes it, and lists the same words."""
    words = one.prog.split()[1:]
    if words[0] == "sweep":
        (tmp_path / "plan.toml").write_text(PLAN)
        run(capsys, "sweep", "plan", "DIR", "plan.toml")
        words += ["DIR"]
        if words[1] == "plot":
            run(capsys, "sweep", "run", "DIR", "--engine", "serial")
            words += ["--out", "x.png"]
    elif words[0] == "deq":
        pytest.importorskip("sklearn")
        words += ["model.npz"]
    elif action.dest != "preset":
        words += ["--widths", "2,6,2"]
    error = fail(capsys, *words, action.option_strings[-1], "bogus")
    assert "'bogus' must be" in error
    assert set(re.findall(r"'([^']+)'", error)) - {"bogus"} == set(action.metavar[1:-1].split(","))


def test_a_width_beyond_all_memory(capsys):
    # 8 PB: more than a 47-bit address space holds, so refused at once
    assert main(["spectrum", "--width", str(10**15), "--samples", "1"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def _process(*arguments, **options):
    command = [sys.executable, "-m", "rmtjac.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, **options)


def test_as_a_process(tmp_path):
    options = ["--activation", "linear", "--depth", "1", "--out", "l.csv"]
    done = _process("limit", "--json", *options, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    facts = strict(done.stdout)
    assert facts["support"] == [[0.0, pytest.approx(4.0, rel=1e-12)]]  # Marchenko-Pastur
    assert facts["moments"] == pytest.approx([1, 2, 5, 14], rel=1e-12)
    assert os.listdir(tmp_path) == ["l.csv"]


def test_an_error_of_a_process(tmp_path):
    done = _process("compare", "--weights", "student_t:2.0", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("rmtjac: weights=StudentT(df=2.0)")
    assert done.stderr.count("\n") == 1
    assert os.listdir(tmp_path) == []
