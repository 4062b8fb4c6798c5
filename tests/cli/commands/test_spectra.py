import csv
import json
import os

import matplotlib.image
import numpy as np
import pytest

import rmtjac as rj
from rmtjac.cli.main import main
from tests.cli.running import run, strict

SMALL = ["--activation", "hardtanh", "--depth", "2", "--width", "20"]


SAMPLED = [*SMALL, "--samples", "6", "--seed", "3"]


ENSEMBLE = rj.Ensemble.square(20, 2, "hardtanh")


def test_spectrum_json(capsys):
    facts = strict(run(capsys, "spectrum", "--json", *SAMPLED))
    emp = rj.sample_spectrum(ENSEMBLE, 6, rng=3)
    assert facts["samples"] == 6
    assert facts["ensemble"] == json.loads(json.dumps(ENSEMBLE.to_dict()))
    assert facts["atom"] == {"value": emp.atom, "error": emp.atom_error, "bounds": list(emp.atom_bounds)}
    assert facts["underflows"] == 0
    for p, estimate in facts["log_quantiles_nonzero"].items():
        assert (estimate["value"], estimate["error"]) == emp.log_quantile(float(p))


def test_limit_json(capsys):
    options = ["--points", "5", "--biases", "gaussian:0.3", "--input-variance", "0.7"]
    facts = strict(run(capsys, "limit", "--json", *SMALL, *options))
    ensemble = rj.Ensemble.square(20, 2, "hardtanh", biases=rj.Gaussian(0.3))
    lim = rj.limit_spectrum(ensemble, input_variance=0.7)
    assert facts["atom"] == lim.atom
    assert facts["support"] == lim.support.tolist()
    assert facts["moments"] == lim.moments(4).tolist()
    lam = np.array(facts["curve"]["lambda"])
    assert lam.shape == (5,)
    np.testing.assert_array_equal(facts["curve"]["density"], lim.density(lam))
    # rows at the middles of five equal steps of probability; 1e-10: the quantile's accuracy
    p = lim.atom + (1 - lim.atom) * np.array([0.1, 0.3, 0.5, 0.7, 0.9])
    np.testing.assert_allclose(facts["curve"]["cdf"], p, atol=1e-10)


def test_compare_json(capsys, tmp_path):
    facts = strict(run(capsys, "compare", "--json", *SAMPLED))
    result = rj.compare(rj.sample_spectrum(ENSEMBLE, 6, rng=3), rj.limit_spectrum(ENSEMBLE))
    for key, value in json.loads(json.dumps(result.to_dict())).items():
        assert facts[key] == value
    assert facts["out"] == "rmtjac-compare.png"
    assert os.listdir(tmp_path) == ["rmtjac-compare.png"]


def test_tables(capsys):
    emp, lim = rj.sample_spectrum(ENSEMBLE, 6, rng=3), rj.limit_spectrum(ENSEMBLE)
    text = run(capsys, "spectrum", *SAMPLED)
    assert f"{ENSEMBLE!r}\n{emp!r}\n" in text
    assert f"{emp.log_quantile(0.5).value:.6g}" in text
    lines = run(capsys, "limit", *SMALL, "--points", "4").splitlines()
    assert lines[:2] == [repr(ENSEMBLE), repr(lim)]
    assert len(lines) == 2 + 1 + 1 + 4
    table = rj.compare(emp, lim).table()
    assert run(capsys, "compare", *SAMPLED) == f"{ENSEMBLE!r}\n{table}\nwrote rmtjac-compare.png\n"


@pytest.mark.parametrize("command", ["spectrum", "limit", "compare"])
def test_pictures(capsys, tmp_path, command):
    arguments = SMALL if command == "limit" else SAMPLED
    for suffix, magic in [("png", b"\x89PNG"), ("pdf", b"%PDF"), ("svg", b"<?xml")]:
        out = run(capsys, command, *arguments, "--out", f"x.{suffix}")
        assert out.endswith(f"wrote x.{suffix}\n")
        assert (tmp_path / f"x.{suffix}").read_bytes().startswith(magic)
    pixels = matplotlib.image.imread(tmp_path / "x.png")[..., :3]
    assert min(pixels.shape[:2]) > 500
    assert 0.005 < np.mean(pixels.min(axis=-1) < 0.9) < 0.5
    assert sorted(os.listdir(tmp_path)) == ["x.pdf", "x.png", "x.svg"]


def test_files_of_results(capsys):
    run(capsys, "spectrum", *SAMPLED, "--out", "s.npz")
    emp = rj.sample_spectrum(ENSEMBLE, 6, rng=3)
    again = rj.EmpiricalSpectrum.load("s.npz")
    assert again.log_singular_values.tobytes() == emp.log_singular_values.tobytes()
    run(capsys, "limit", *SMALL, "--out", "l.npz")
    lim = rj.LimitSpectrum.load("l.npz")
    assert lim.density(1.0) == rj.limit_spectrum(ENSEMBLE).density(1.0)
    run(capsys, "compare", *SAMPLED, "--out", "c.npz")
    assert rj.Comparison.load("c.npz").ks == rj.compare(emp, lim).ks


def test_curve_as_csv(capsys, tmp_path):
    run(capsys, "limit", *SMALL, "--out", "curve.csv")
    with open(tmp_path / "curve.csv", newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["lambda", "density", "density_error", "cdf"]
    lam, density, error, cdf = np.array(rows, dtype=float).T
    lim = rj.limit_spectrum(ENSEMBLE)
    np.testing.assert_array_equal(density, lim.density(lam))  # repr keeps every bit
    np.testing.assert_array_equal(error, lim.density_error(lam))
    np.testing.assert_array_equal(cdf, lim.cdf(lam))


BAD = [
    (
        ["limit", "--activation", "foo"],
        "activation='foo' is not known; known: linear, relu, leaky_relu, hardtanh, ",
    ),
    (
        ["limit", "--activation", "leaky_relu:nan"],
        "activation='leaky_relu:nan': the slope must be a finite number",
    ),
    (["spectrum", "--width", "0"], "width=0 must be a positive whole number"),
    (["compare", "--depth", "-1"], "depth=-1 must be a positive whole number"),
    (["spectrum", "--samples", "0"], "samples=0 must be a positive whole number"),
    (["compare", "--samples", "-5"], "samples=-5 must be a positive whole number"),
    (["limit", "--points", "0"], "--points=0 must be a positive whole number"),
    (["spectrum", "--threads", "0"], "threads=0 must be a positive whole number"),
    (["spectrum", "--seed", "-1"], "rng=-1 must be a non-negative int"),
    (["spectrum", "--masks", "none"], "masks='none' must be one of 'network', 'independent'"),
    (["spectrum", "--precision", "slow"], "precision='slow' must be one of 'auto', 'accurate', 'fast'"),
    (["limit", "--method", "magic"], "method='magic' must be one of 'auto', 'independent', 'coupled', 'population'"),
    (["limit", "--weights", "gauss"], "weights='gauss' is not a known law; known: gaussian, "),
    (
        ["limit", "--weights", "gaussian:x"],
        "weights='gaussian:x': gaussian takes numbers, gaussian:std:power",
    ),
    (["limit", "--weights", "gaussian:1:1:1"], "weights='gaussian:1:1:1': gaussian takes gaussian:std:power"),
    (["spectrum", "--biases", "noise"], "biases='noise' is not a known law"),
    (["limit", "--weights", "gaussian:nan"], "nan must be a finite number >= 0"),
    (["spectrum", "--weights", "cauchy:inf"], "inf must be a finite number >= 0"),
    (["compare", "--weights", "gaussian:-1"], "-1.0 must be a finite number >= 0"),
    (["limit", "--input-variance", "nan"], "input_variance=nan must be a finite number >= 0"),
    (["spectrum", "--input-variance", "much"], "input_variance='much' must be a number >= 0 or 'stationary'"),
    (
        ["limit", "--activation", "relu", "--weights", "gaussian:2", "--input-variance", "stationary"],
        "grows without bound",
    ),
    (
        ["spectrum", "--activation", "relu", "--depth", "2", "--weights", "cauchy:1", "--input-variance", "stationary"],
        "E|phi(h)|^1 is infinite",
    ),
    (["limit", "--weights", "student_t:2.0"], "sums of n entries need a factor sqrt(log n)"),
    (["compare", "--depth", "2", "--weights", "cauchy:1.0,orthogonal"], "orthogonal weights have no stable limit"),
    (["compare", "--activation", "linear", "--weights", "cauchy:0.0"], "the spectrum is a point mass at 0"),
    (["limit", "--weights", "cauchy:1.0", "--method", "inverse"], "method='inverse' needs weights with a variance"),
    (["compare", "--weights", "cauchy:1.0", "--method", "independent"], "is not the limit of networks with a forward"),
    (["limit", "--method", "population"], "method='population' is for heavy-tailed weights"),
    (["limit", "--weights", "cauchy:1.0", "--smoothing", "4"], "angle=4.0 must lie in [0, pi)"),
    (
        ["limit", "--method", "continuation", "--depth", "2"],
        "use input_variance='stationary', or method='inverse'",
    ),
]


@pytest.mark.parametrize(("arguments", "message"), BAD, ids=[" ".join(arguments) for arguments, _ in BAD])
def test_errors_are_one_line_and_leave_no_file(capsys, tmp_path, arguments, message):
    size = [] if {"--width", "limit"} & set(arguments) else ["--width", "8"]
    assert main([*arguments, *size, "--out", "x.png"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("rmtjac: ")
    assert err.count("\n") == 1
    assert err.endswith("\n")
    assert message in err
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("command", ["spectrum", "limit", "compare"])
@pytest.mark.parametrize(
    ("out", "message"),
    [
        ("absent/x.png", "--out='absent/x.png': the folder 'absent' does not exist; create it first"),
        ("x.txt", "--out='x.txt' must end in .png, .pdf, .svg"),
        ("x", "--out='x' must end in .png, .pdf, .svg"),
        (".", "--out='.' is a folder; a file name is needed"),
    ],
)
def test_out_is_checked_before_any_work(capsys, tmp_path, monkeypatch, command, out, message):
    monkeypatch.setattr("rmtjac.spectra.sample.sample_spectrum", lambda *a, **k: pytest.fail("work was done"))
    monkeypatch.setattr(
        "rmtjac.theory.limit.limit_spectrum.limit_spectrum", lambda *a, **k: pytest.fail("work was done")
    )
    assert main([command, "--out", out]) == 2
    err = capsys.readouterr().err
    assert err.startswith(f"rmtjac: {message}")
    assert err.count("\n") == 1
    assert os.listdir(tmp_path) == []


def test_only_the_limit_writes_csv(capsys):
    for command in ("spectrum", "compare"):
        assert main([command, "--out", "x.csv"]) == 2
        assert capsys.readouterr().err.startswith("rmtjac: --out='x.csv' must end in")


@pytest.mark.parametrize(
    ("option", "value"),
    [("--width", "2.5"), ("--depth", "two"), ("--samples", "1e3"), ("--seed", "x"), ("--threads", "1.0")],
)
def test_numbers_that_are_not_whole(capsys, option, value):
    try:
        code = main(["spectrum", option, value])
    except SystemExit as stop:
        code = stop.code
    err = capsys.readouterr().err
    assert code == 2
    assert err.startswith("rmtjac: ")
    assert err.count("\n") == 1
    assert option[2:] in err
    assert value in err
    assert "whole number" in err or "int" in err


def test_spectrum_of_zeros_only(capsys, tmp_path):
    # A ReLU layer of width 2 turns both neurons off with probability 1/4; that none of 30 does has (3/4)**30 = 2e-4.
    words = ["--activation", "relu", "--weights", "orthogonal", "--width", "2", "--depth", "30", "--samples", "2"]
    text = run(capsys, "spectrum", *words, "--out", tmp_path / "zeros.npz")
    assert "atom 1" in text
    assert "quantiles" not in text
    assert rj.EmpiricalSpectrum.load(tmp_path / "zeros.npz").atom == 1.0
    assert strict(run(capsys, "spectrum", "--json", *words))["log_quantiles_nonzero"] == {}


def test_spectrum_with_a_sample_of_zeros(capsys):
    facts = json.loads(run(capsys, "spectrum", "--json", "--activation", "relu", "--width", "2"))
    assert facts["atom"]["value"] > 0.5


@pytest.mark.parametrize("command", ["spectrum", "compare"])
def test_json_of_a_single_sample(capsys, command):
    assert strict(run(capsys, command, "--json", "--width", "9", "--samples", "1"))["samples"] == 1


@pytest.mark.parametrize(
    "arguments", [["--weights", "gaussian:1e200"], ["--weights", "gaussian:1e-3", "--depth", "120"]]
)
def test_a_limit_beyond_a_float_is_explained(capsys, arguments):
    assert main(["limit", "--activation", "linear", *arguments]) == 2
    assert "range of a float" in capsys.readouterr().err
