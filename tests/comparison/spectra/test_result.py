import dataclasses
import json
import math

import numpy as np
import pytest

import rmtjac as rj
from tests.theory.heavy_tails.one_cauchy_layer import cauchy_pair


def _pair(name="hardtanh", depth=2, width=60, samples=12, **options):
    ens = rj.Ensemble.square(width, depth, name, **options)
    return rj.sample_spectrum(ens, samples, rng=0), rj.limit_spectrum(ens)


def _equal(a, b):
    for item in dataclasses.fields(a):
        one, other = getattr(a, item.name), getattr(b, item.name)
        if dataclasses.is_dataclass(one):
            _equal(one, other)
        else:
            np.testing.assert_equal(other, one)


@pytest.mark.parametrize("samples", [1, 6])
def test_save_and_load_keep_everything(tmp_path, samples):
    result = rj.compare(*_pair("relu", 2, 20, samples))
    again = rj.Comparison.load(result.save(tmp_path / "c.npz"))
    _equal(dataclasses.replace(result, facts=json.loads(json.dumps(result.facts))), again)
    assert again.table() == result.table()
    assert repr(again) == repr(result)


def test_provenance_names_samples_and_limit():
    emp, lim = _pair()
    facts = json.loads(json.dumps(rj.compare(emp, lim).facts))
    assert facts["seed"]["entropy"] == 0
    assert facts["limit"]["ensemble"] == facts["ensemble"]


def test_table_and_dict_agree():
    result = rj.compare(*_pair())
    facts = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    lines = result.table().splitlines()
    assert lines[0].startswith("12 matrices of 60 x 60; support of the limit [")
    rows = {line.split()[0]: list(map(float, line.split()[1:])) for line in lines[2:7]}
    assert list(rows) == ["atom", "m1", "m2", "m3", "m4"]
    for name in ("m1", "m2", "m3", "m4"):
        values = facts["moments"][name]
        # the table prints 6 digits, 2 for the error, 1 decimal for the pull
        assert rows[name][0] == pytest.approx(values["sampled"], rel=1e-5)
        assert rows[name][1] == pytest.approx(values["error"], rel=0.06)
        assert rows[name][2] == pytest.approx(values["limit"], rel=1e-5)
        assert rows[name][3] == pytest.approx(values["pull"], abs=0.051)
    atom = facts["atom"]
    assert rows["atom"][:3] == pytest.approx([atom["sampled"], atom["error"], atom["limit"]], rel=0.06)
    assert lines[7].split()[2] == f"{facts['ks']:.2e}"
    assert f"= {60 * facts['ks_per_matrix']:.2f}/N" in lines[7]
    rms = facts["pulls_rms"]
    assert lines[8] == f"rms pull of the bins {rms['linear']:.2f} (linear), {rms['log']:.2f} (log)"
    assert facts["ks"] == result.ks
    assert facts["support"] == result.support.tolist()


@pytest.mark.parametrize("scale", ["linear", "log"])
def test_to_pandas(scale):
    result = rj.compare(*_pair(), bins=17)
    table = result.to_pandas(scale)
    assert len(table) == 17
    binned = getattr(result, scale)
    np.testing.assert_array_equal(table["expected"], binned.expected)
    np.testing.assert_array_equal(table["pull"], binned.pulls)
    np.testing.assert_array_equal(table["fraction"], binned.histogram.fraction)


def test_to_pandas_refuses_an_unknown_scale():
    with pytest.raises(ValueError, match="scale='cubic' must be one of"):
        rj.compare(*_pair()).to_pandas("cubic")


def test_table_of_a_single_sample_has_no_pulls():
    assert "inf" not in rj.compare(*_pair("relu", 2, 30, 1)).table().split("Kolmogorov")[0]


def test_no_spread_between_samples():
    # J = +-1: lambda = 1 in every sample
    emp, lim = _pair("linear", 1, 1, 5, weights=rj.Rademacher())
    pulls = [row["pull"] for row in rj.compare(emp, lim).to_dict()["moments"].values()]
    assert pulls == [0.0, -math.inf, -math.inf, -math.inf]


def _heavy(**options):
    return rj.compare(*cauchy_pair(**options))


@pytest.mark.parametrize("angle", [0.0, 0.2])
def test_heavy_tails_have_no_moments_in_any_form(tmp_path, angle):
    result = _heavy(angle=angle, samples=4)
    text = result.table()
    assert "nan" not in text
    assert "/N " not in text
    assert "/sqrt(N) for one matrix" in text
    assert text.count("does not exist (tail exponent 0.5)") == 4
    assert ("smoothed by the angle 0.2" in text) == (angle > 0.0)
    facts = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert facts["moments"] == {"m1": None, "m2": None, "m3": None, "m4": None}
    assert facts["support"] == [[0.0, None]]
    assert (facts["method"], facts["smoothing"], facts["tail_exponent"]) == ("oracle", angle, 0.5)
    assert facts["ks_per_matrix"] * math.sqrt(result.size) == pytest.approx(0.4, abs=0.25)
    again = rj.Comparison.load(result.save(tmp_path / "c.npz"))
    assert again.table() == text
    assert again.to_dict() == result.to_dict()


def test_a_moment_without_variance_has_no_error():
    # P(lambda > x) ~ x^-1.5: m_1 exists, m_2 does not, and the spread of sampled m_1 estimates nothing
    result = dataclasses.replace(
        _heavy(samples=4), tail_exponent=1.5, moments=np.array([1.0] + [np.nan] * 3),
        moment_errors=np.full(4, np.nan), limit_moments=np.array([1.1] + [np.nan] * 3),
    )  # fmt: skip
    row = result.table().splitlines()[3].split()
    assert row == ["m1", "1", "-", "1.1", "-"]
    assert result.to_dict()["moments"]["m1"] == {"sampled": 1.0, "error": None, "limit": 1.1, "pull": None}


def test_a_smoothed_limit_that_has_moments_but_does_not_give_them():
    result = dataclasses.replace(_heavy(angle=0.2, samples=4), tail_exponent=1.5)
    assert "m1    is not known from a smoothed curve" in result.table()


def test_the_error_of_the_limit_is_said():
    assert "errors up to 3.0e-03" in _heavy(angle=0.2, samples=4, error=0.003).table()
