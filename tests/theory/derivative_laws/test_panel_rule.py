"""The rule of `panel_rule` with its correction at the poles, against brute force: halving until two rules agree."""

import math
import warnings

import numpy as np
import pytest
from scipy.special import expit

import rmtjac as rj
from rmtjac.kernels.limit.moment_transform import log_moment_transform_array
from rmtjac.theory import derivative_law
from rmtjac.theory.derivative_laws.panel_rule import panel_rule

SMOOTH = [name for name in rj.activations.names() if not rj.activations.activation(name).piecewise_affine]

# phi', and where it has a kink or a jump
USER = {
    "cos": (np.cos, ()),
    "1 - sin/2": (lambda h: 1 - 0.5 * np.sin(h), ()),
    "step": (lambda h: expit(40 * h), ()),
    "waves": (lambda h: 1 + 0.3 * np.sin(3 * h) + 0.1 * np.tanh(h), ()),
    "jump": (lambda h: np.where(h > 0.3, 1.0, 0.5) * np.exp(-h * h / 8), (0.3,)),
    "sech^2": (lambda h: 1 / np.cosh(h) ** 2, ()),
    "bump": (lambda h: np.exp(-((h - 2) ** 2)), ()),
    "double zero": (lambda h: np.tanh(h - 0.5) ** 2, ()),
    "double zero at 0": (lambda h: h * h / (1 + h * h), ()),
}


def _activation(name):
    if name in USER:
        return rj.Activation(name, lambda h: h, *USER[name])
    return rj.activations.activation(name)


def _gauss_legendre(n):
    return np.polynomial.legendre.leggauss(n)


_TEN, _SIXTEEN, _TWENTY = _gauss_legendre(10), _gauss_legendre(16), _gauss_legendre(20)


def _noise(log_u):
    # phi' is off by 1e-16 around a zero, where it is u^(-1/2); next to a pole 1 - u D^2 has few digits.
    return 1e-12 + 1e-16 * (1.0 + math.exp(0.5 * log_u.real)) / min(abs(log_u.imag), 1.0)


def _exact(phi, q, log_u, size):
    """E 1/(1 - u D^2), of the given size: panels are halved where rules of 10 and of 20 points differ."""
    scale, u = math.sqrt(q), np.exp(complex(log_u))
    noise = _noise(log_u)

    def panel(a, b, rule):
        x, w = rule
        half = 0.5 * (b - a)[:, None]
        z = 0.5 * (a + b)[:, None] + half * x
        d = phi.derivative(scale * z)
        return (half * w * np.exp(-0.5 * z * z) / math.sqrt(2 * math.pi) / (1 - u * d * d)).sum(axis=1)

    inner = [b / scale for b in phi.breakpoints if abs(b) < 13 * scale]
    ends = np.unique([*np.linspace(-13, 13, 537), *inner])
    a, b, total = ends[:-1], ends[1:], 0.0j
    for _ in range(60):
        fine = panel(a, b, _TWENTY)
        rough = (np.abs(panel(a, b, _TEN) - fine) + np.abs(panel(a, b, _SIXTEEN) - fine)) > np.maximum(
            noise * np.abs(fine), 1e-13 * size
        )
        total += fine[~rough].sum()
        a, b, middle = a[rough], b[rough], 0.5 * (a + b)[rough]
        a, b = np.concatenate([a, middle]), np.concatenate([middle, b])
        if not a.size or a.size > 20_000:
            break
    assert not a.size, "the oracle does not settle"
    return complex(total)


@pytest.mark.parametrize("q", [0.1, 2.0])
@pytest.mark.parametrize("name", [*SMOOTH, *USER])
def test_the_rule_next_to_its_poles(name, q):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        law = derivative_law(_activation(name), q)
        nodes = np.log(np.unique(law.values[law.values > 1e-2 * law.values.max()]))
        at = (np.array([0.1, 0.3, 0.6, 0.9]) * (nodes.size - 1)).astype(int)
        inside = -0.5 * (nodes[at] + nodes[at + 1])  # between two nodes: on one of them digits are lost
        for angle in (1e-1, 1e-3, 1e-6):
            points = inside - 1j * angle
            found = log_moment_transform_array(*law.kernel, points)[0]
            for v, c in zip(points, found, strict=True):
                # Both lose those digits, the oracle in some panels.
                assert abs(_exact(law.source[0], q, v, abs(c)) - c) <= 1000.0 * _noise(v) * max(abs(c), 1e-3), (v, c)


@pytest.mark.parametrize("name", [*SMOOTH, *USER])
def test_the_rule_far_out(name):
    law = derivative_law(_activation(name), 0.8)
    for size in (1e3, 1e10, 1e20):
        for v in (math.log(size) - 1j * math.pi, math.log(size) - 1j):
            c = log_moment_transform_array(*law.kernel, np.array([v]))[0][0]
            # c = 1 + m is small there, its digits come from around the zeros of phi'
            assert abs(_exact(law.source[0], 0.8, v, abs(c)) - c) <= 200.0 * _noise(v) * abs(c) + 1e-16


def test_the_weights_are_a_law():
    for name in ("tanh", "gelu", "softsign"):
        phi = rj.activations.activation(name)
        values, weights, panels, intervals = panel_rule(phi.derivative, 0.5, phi.breakpoints)
        assert weights.sum() == pytest.approx(1.0, abs=1e-14)
        assert (weights >= 0.0).all()
        assert panels.shape[0] * 16 == values.size
        assert math.log(values.max()) <= intervals[0, 1] + 1e-15
        assert (intervals[:, 0] < intervals[:, 1]).all()


def test_polynomials_of_a_normal_variable():
    # phi' = h: E D^2k = (2k - 1)!! q^k
    values, weights, _, _ = panel_rule(lambda h: h, 2.0, ())
    for k, moment in enumerate((1, 3, 15, 105, 945), start=1):
        assert weights @ values**k == pytest.approx(moment * 2.0**k, rel=1e-13)


def test_a_derivative_that_is_no_number_is_refused():
    for bad in (lambda h: np.where(h > 1.0, np.nan, 1.0), lambda h: 1.0 / np.zeros_like(h), lambda h: np.ones(3)):
        with pytest.raises(ValueError, match="derivative of the activation must"):
            panel_rule(bad, 1.0, ())
