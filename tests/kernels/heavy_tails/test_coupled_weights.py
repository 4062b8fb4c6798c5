import math

import numpy as np
import pytest

from rmtjac.kernels.heavy_tails.coupled_weights import coupled_weights


def _rule(edges, order=12):
    unit, rule = np.polynomial.legendre.leggauss(order)
    barycentric = (-1.0) ** np.arange(order) * np.sqrt((1.0 - unit**2) * rule)
    half, middle = 0.5 * np.diff(edges), 0.5 * (edges[1:] + edges[:-1])
    nodes = (middle[:, None] + half[:, None] * unit).ravel()
    weights = (half[:, None] * rule).ravel()
    return nodes, coupled_weights(nodes, weights, edges, unit, barycentric, *np.polynomial.legendre.leggauss(28))


@pytest.mark.parametrize("ratio", [1.3, 2.0, 2.8])
def test_both_integrals_of_powers(ratio):
    # Oracle: closed forms. int_0^x sqrt(x^2 - y^2) y^2 dy = pi x^4/16, without a power pi x^2/4;
    # int_x^e sqrt(y^2 - x^2)/y dy = sqrt(e^2 - x^2) - x arccos(x/e).
    edges = np.concatenate([[0.0], 1e-3 * ratio ** np.arange(math.ceil(math.log(1e5, ratio)) + 1)])
    nodes, (below, above) = _rule(edges)
    # 12 nodes a panel, the root at half a panel from it: 1e-12.
    assert below.sum(axis=1) == pytest.approx(0.25 * math.pi * nodes**2, rel=1e-12)
    assert below @ nodes**2 == pytest.approx(math.pi / 16.0 * nodes**4, rel=1e-12)
    end = edges[-1]
    exact = np.sqrt((end - nodes) * (end + nodes)) - nodes * np.arccos(nodes / end)
    assert above.sum(axis=1) == pytest.approx(exact, rel=1e-10, abs=1e-11 * end)


def test_an_exponential_on_panels_of_unequal_length():
    # Oracle: int_x^inf sqrt(y^2 - x^2)/y exp(-y) dy by scipy.
    from scipy.integrate import quad

    edges = np.array([0.0, 0.01, 0.03, 0.1, 0.25, 0.6, 1.5, 3.0, 5.0, 8.0, 13.0, 20.0, 40.0])
    nodes, (_, above) = _rule(edges)
    got = above @ np.exp(-nodes)
    for i in (0, 11, 12, 40, 77, 100):
        # y = sqrt(x^2 + v^2) makes the integrand smooth.
        x = nodes[i]
        exact = quad(
            lambda v, x=x: v * v / (x * x + v * v) * math.exp(-math.hypot(x, v)),
            0.0,
            60.0,
            points=[x, 1.0, 5.0],
            limit=400,
            epsabs=1e-13,
        )[0]
        assert got[i] == pytest.approx(exact, abs=1e-10)


def test_one_panel():
    nodes, (below, above) = _rule(np.array([0.0, 2.0]))
    assert below.sum(axis=1) == pytest.approx(0.25 * math.pi * nodes**2, rel=1e-12)
    assert np.isfinite(above).all()
