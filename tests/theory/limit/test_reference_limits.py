"""Limits against 30-digit values that tests/oracles/make_reference_limits.py computed with mpmath alone."""

import json
from pathlib import Path

import numpy as np
import pytest

import rmtjac as rj

_CASES = json.loads((Path(__file__).parents[3] / "data" / "reference_limits.json").read_text())["cases"]


def _name(case):
    layers = ["-q".join(layer) for layer in case["layers"]]
    return f"{layers[0]}-L{len(layers)}" if len(set(layers)) == 1 else "_".join(layers)


each_case = pytest.mark.parametrize("case", _CASES, ids=_name)


def _limit(case):
    laws = [rj.theory.derivative_law(rj.activations.activation(phi), float(q)) for phi, q in case["layers"]]
    return rj.LimitSpectrum(rj.theory.Layers(laws, [1.0] * len(laws), **_widths(case)))


def _widths(case):
    return {} if case["widths"] is None else {"widths": case["widths"]}


def _floats(texts):
    return np.array(texts, dtype=float)


@each_case
def test_density(case):
    # Rounding of 1e-16, times a condition below 1e3 in the bulk, with room for the nodes of a continuous law.
    density = _limit(case).density(_floats(case["lam"]))
    np.testing.assert_allclose(density, _floats(case["density"]), rtol=1e-12, atol=0.0)


@each_case
def test_density_next_to_an_edge(case):
    # Relative distances d = 1e-6 ... 1e-10, lambda exactly the float. The density goes like sqrt(d): an error of
    # 1e-16 in log lambda, the edge or P(D = 0) would cost 1e-16 / (2 d), 1e-6 at the last point. The solver has
    # to know its distance from the edge to more digits than a float holds.
    density = _limit(case).density(_floats(case["edge_lam"]))
    np.testing.assert_allclose(density, _floats(case["edge_density"]), rtol=1e-10, atol=0.0)


@each_case
def test_edges(case):
    # Edges are critical values, so an error of 1e-8 in m costs 1e-16; what is left is the rounding of L logarithms.
    support = _limit(case).support.ravel()
    edges = _floats(case["edges"])
    expected = edges if edges.size % 2 == 0 else np.array([0.0, *edges])
    assert support.shape == expected.shape
    np.testing.assert_allclose(support, expected, rtol=1e-14, atol=0.0)


@each_case
def test_cdf_and_atom(case):
    limit = _limit(case)
    # A closed form of order 1; 1e-11 leaves room for the cancellation of its terms.
    np.testing.assert_allclose(limit.cdf(_floats(case["cdf_lam"])), _floats(case["cdf"]), rtol=0.0, atol=1e-11)
    # P(D = 0) comes from erf with a few roundings.
    assert limit.atom == pytest.approx(float(case["atom"]), rel=1e-14, abs=1e-15)


@pytest.mark.parametrize("case", [case for case in _CASES if "log_moment" in case], ids=_name)
def test_log_moment(case):
    # Trapezoidal rule in s, log lambda = log lambda_+ - s^2, where the density is an even function of s. At s = 14 the
    # integrand is below 1e-14 (erf, L = 3: like lambda^.17); steps of .07, .05 and .025 agree to 1e-14.
    s = 0.05 * np.arange(1, 281)
    log_lam = np.log(float(case["edges"][-1])) - s**2
    lam = np.exp(log_lam)
    value = 0.05 * np.sum(2.0 * s * lam * _limit(case).density(lam) * log_lam)
    assert value == pytest.approx(float(case["log_moment"]), rel=1e-11)
