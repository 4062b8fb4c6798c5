import json

import pytest

import rmtjac as rj
from rmtjac.cli.main import parser
from rmtjac.cli.options import PRESETS, ensemble_of, whole
from tests.cli.running import fail, run

COMMANDS = ["spectrum", "limit", "compare", "fixed-points", "basins"]


def _ensemble(command, *words):
    return ensemble_of(parser().parse_args([command, *words]))


CAUCHY, GAUSSIAN = rj.Cauchy(power=1.0), rj.Gaussian(power=1.0)
SAME = [
    # The ensembles of BS, written out.
    ("--preset bs", rj.Ensemble([2, 100, 100, 2], "hardtanh", CAUCHY, CAUCHY)),
    ("--preset bs --width 30 --depth 2", rj.Ensemble([2, 30, 2], "hardtanh", CAUCHY, CAUCHY)),
    ("--preset bs --depth 1", rj.Ensemble([2, 2], "hardtanh", CAUCHY, CAUCHY)),
    ("--preset bs --biases none --activation tanh", rj.Ensemble([2, 100, 100, 2], "tanh", CAUCHY)),
    ("--preset bs --weights gaussian:1:1", rj.Ensemble([2, 100, 100, 2], "hardtanh", GAUSSIAN, CAUCHY)),
    ("--preset bs --widths 3 5 3", rj.Ensemble([3, 5, 3], "hardtanh", CAUCHY, CAUCHY)),
    ("--preset bs-gaussian", rj.Ensemble([2, 100, 2], "hardtanh", GAUSSIAN, GAUSSIAN)),
    (
        "--preset bs-width --depth 2 --biases none",
        rj.Ensemble([2, 100, 2], "hardtanh", rj.Cauchy(power=1.0, fan="width")),
    ),
    # There is no layer of width N to take the scale 1/N from.
    ("--preset bs-width --depth 1 --width 50 --biases none", rj.Ensemble([2, 2], "hardtanh", rj.Cauchy(0.02, power=0))),
    ("--preset bs-linear", rj.Ensemble.square(1000, 2, "linear")),
    # The same in words of its own.
    ("--widths 2,30,2 --weights cauchy:1:power=1 --biases cauchy:1:power=1",
     rj.Ensemble([2, 30, 2], "hardtanh", CAUCHY, CAUCHY)),
    ("--widths 2 30 2 --weights cauchy:power=1:fan=width",
     rj.Ensemble([2, 30, 2], "hardtanh", rj.Cauchy(power=1.0, fan="width"))),
    ("--width 9 --depth 3", rj.Ensemble.square(9, 3, "hardtanh")),
    ("--width 9 --depth 1 --activation relu --biases none", rj.Ensemble.square(9, 1, "relu")),
    ("--width 9 --depth 2 --biases none,none", rj.Ensemble.square(9, 2, "hardtanh")),
    ("--width 9 --depth 3 --biases gaussian,none,uniform:0.2",
     rj.Ensemble.square(9, 3, "hardtanh", biases=[rj.Gaussian(), rj.Gaussian(0.0), rj.Uniform(0.2)])),
    ("--width 9 --depth 2 --activation leaky_relu:0.1", rj.Ensemble.square(9, 2, "leaky_relu:0.1")),
    ("--widths 7,7 --weights student_t:3:2 --biases gaussian:0.1",
     rj.Ensemble([7, 7], "hardtanh", rj.StudentT(3.0, 2.0), rj.Gaussian(0.1))),
    ("--widths 30,45,20,40 --activation hardtanh,erf,relu --weights gaussian:1.0,gaussian:1.0,orthogonal",
     rj.Ensemble([30, 45, 20, 40], ["hardtanh", "erf", "relu"], [rj.Gaussian(), rj.Gaussian(), rj.Orthogonal()])),
]  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(("words", "expected"), SAME, ids=[words for words, _ in SAME])
def test_every_command_means_the_same_ensemble(command, words, expected):
    assert _ensemble(command, *words.split()).to_dict() == expected.to_dict()


def test_what_no_option_means():
    for command in COMMANDS[:3]:
        assert _ensemble(command).to_dict() == rj.Ensemble.square(400, 2, "hardtanh").to_dict()
        assert _ensemble(command, "--depth", "5").to_dict() == rj.Ensemble.square(400, 5, "hardtanh").to_dict()
    for command in COMMANDS[3:]:
        assert _ensemble(command).to_dict() == rj.Ensemble.berlyand_slavin(100, 3).to_dict()


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--preset ma", "--preset='ma' must be one of 'bs', 'bs-width', 'bs-gaussian', 'bs-linear'"),
        ("--widths 3 4 --width 5", "--widths=3,4 gives all widths; leave out --width and --depth"),
        ("--widths 3,4 --depth 1", "--widths=3,4 gives all widths"),
        ("--widths 3", "widths=[3] must list at least two layer widths"),
        ("--preset bs --widths 3", "widths=[3] must list at least two layer widths"),
        ("--widths 3 x", "'x' must be a whole number"),
        ("--widths 3 0", "widths[1]=0 must be a positive whole number"),
        ("--widths ,", "widths=[] must list at least two layer widths"),
        ("--preset bs --width 0", "width=0 must be a positive whole number"),
        ("--preset bs --depth -2", "depth=-2 must be a positive whole number"),
        ("--width 5 --depth 2 --activation relu,tanh,erf", "one per layer (2)"),
        (
            "--width 5 --depth 3 --weights gaussian,cauchy",
            "weights has 2 entries; one, or one per layer (3)",
        ),
        ("--width 5 --depth 2 --weights none", "weights='none' is not a known law"),
        ("--width 5 --depth 3 --biases none,none", "biases has 2 entries; one, or one per layer (3)"),
        ("--width 5 --depth 2 --weights gaussian,", "weights='' is not a known law"),
        ("--width 5 --depth 2 --biases orthogonal", "an orthogonal law draws matrices"),
        ("--width 5 --depth 2 --weights gaussian:1:fan=up", "fan='up' must be one of 'in', 'out', 'width'"),
    ],
)
def test_errors_of_an_ensemble_are_the_same_in_every_command(capsys, command, words, message):
    assert message in fail(capsys, command, *words.split())


def test_the_ensemble_is_told_in_the_output(capsys):
    words = ("--widths", "2,8,2", "--weights", "cauchy:1:power=1", "--activation", "tanh")
    expected = json.loads(json.dumps(rj.Ensemble([2, 8, 2], "tanh", CAUCHY).to_dict()))
    for command, more in (
        ("spectrum", ["--samples", 2]),
        ("fixed-points", ["--method", "grid", "--step", 0.5]),
        ("fixed-points", ["--networks", 2, "--method", "grid", "--step", 0.5]),
        ("basins", ["--step", 0.5, "--prove", -1]),
    ):
        assert json.loads(run(capsys, command, *words, *more, "--json"))["ensemble"] == expected
    assert repr(rj.Ensemble([2, 8, 2], "tanh", CAUCHY)) in run(capsys, "basins", *words, "--step", 0.5, "--prove", -1)


def test_every_preset_makes_its_default():
    for name, one in PRESETS.items():
        made = one.make(one.width, one.depth)
        assert made.depth == one.depth, name
        assert max(made.widths) == one.width, name
        assert one.text


def test_whole():
    assert whole("-3") == -3
    with pytest.raises(Exception, match=r"'2\.0' must be a whole number"):
        whole("2.0")
