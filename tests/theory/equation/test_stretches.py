import itertools
import math

import numpy as np
import pytest

from rmtjac.theory import DiscreteLaw, Layers
from rmtjac.theory.derivative_laws.real_line import free_intervals, invert_m
from rmtjac.theory.equation.slopes import Factors
from rmtjac.theory.equation.stretches import branches, scale

TWO = DiscreteLaw.from_points([0.05, 1.0], [0.5, 0.5])
NEAR = DiscreteLaw.from_points([0.3, 1.0], [0.6, 0.4])
THREE = DiscreteLaw.from_points([0.0, 0.1, 0.4, 2.0], [0.1, 0.3, 0.4, 0.2])
LAYERS = {
    "one": Layers([TWO], [1.0]),
    "two": Layers([TWO, NEAR], [1.0, 1.0]),
    "three values": Layers([THREE, TWO], [1.0, 1.0]),
    "orthogonal": Layers([TWO, NEAR], [1.0, 1.0], orthogonal=[True, True]),
    "rectangular": Layers([TWO, THREE], [1.0, 1.0], [3.0, 2.0, 4.0], [False, True]),
}


def _log_lambda(layers, stretches, m):
    """log lambda along a choice of stretches, from the equation: no slope of the package is used."""
    total = layers.log_scale - np.log(np.abs(m))
    for one, r, k in zip(stretches, layers.ratios, layers.counts, strict=True):
        total += k * (np.log(np.abs(r * m)) - invert_m(one, r * m))
    for r, k in zip(layers.free_ratios, layers.free_counts, strict=True):
        total += k * np.log(np.abs(1.0 + r * m))
    return total


def _turns(layers, stretches, m):
    """Im H / pi - 1 at m < 0 from signs alone: terms with u > 0, and factors below 0."""
    count = sum(k for one, k in zip(stretches, layers.counts, strict=True) if one.sign > 0)
    return count + sum(k for r, k in zip(layers.free_ratios, layers.free_counts, strict=True) if 1.0 + r * m < 0.0)


@pytest.mark.parametrize("case", LAYERS)
def test_no_branch_that_falls_is_ruled_out(case):
    # every choice of stretches with Im H = 0, on points in general position: where log lambda falls, it is a branch
    layers = LAYERS[case]
    found, complete = branches(layers, Factors.of(layers))
    assert complete
    kept = {(one.segment.low, one.segment.high, one.choice) for one in found}
    segments = {(one.segment.low, one.segment.high) for one in found}
    options = [free_intervals(law) for law in layers.groups]
    m = np.concatenate([-np.geomspace(1e3, 1e-3, 400), np.geomspace(1e-3, 1e3, 400)]) * 1.00123
    falling = 0
    for choice in itertools.product(*(range(len(its)) for its in options)):
        stretches = [its[i] for its, i in zip(options, choice, strict=True)]
        here = np.ones(m.size, dtype=bool)
        for one, r in zip(stretches, layers.ratios, strict=True):
            here &= (one.m_low < r * m) & (r * m < one.m_high)
        for place in np.flatnonzero(here):
            at = m[place]
            if at > 0.0 and any(one.sign < 0 for one in stretches):
                continue
            if at < 0.0 and _turns(layers, stretches, at) != 1.0:
                continue
            step = 1e-7 * abs(at)
            ends = [e / r for one, r in zip(stretches, layers.ratios, strict=True) for e in (one.m_low, one.m_high)]
            if min(abs(at - e) for e in [*ends, *(-1.0 / layers.free_ratios), 0.0]) < 10 * step:
                continue
            low, high = _log_lambda(layers, stretches, np.array([at - step, at + step]))
            if (high - low) / (2e-7) < -1e-6:  # rounding of log lambda leaves 1e-9
                falling += 1
                assert any(a < at < b and one == choice for a, b, one in kept)
    assert falling > 20
    assert all(low < high for low, high in segments)


def test_the_grid_fills_the_segment():
    layers = LAYERS["three values"]
    for one in branches(layers, Factors.of(layers))[0]:
        m = one.segment.m
        assert (np.diff(m) > 0.0).all()
        assert one.segment.low < m[0] < m[-1] < one.segment.high
        for stretch, parts, r in zip(one.stretches, one.terms, layers.ratios, strict=True):
            some = [m.size // 4, m.size // 2]  # away from the cuts, where u is ill-conditioned
            exact = [float(stretch.law.moment_transform(stretch.sign * math.exp(v)).real) for v in parts.v[some]]
            np.testing.assert_allclose(exact, r * m[some], rtol=1e-9)


def test_most_choices_are_ruled_out():
    laws = [DiscreteLaw.from_points([(0.3 + 0.01 * l) ** 2, 1.0], [0.5, 0.5]) for l in range(20)]
    layers = Layers(laws, [1.0] * 20, orthogonal=[True] * 20)
    found, complete = branches(layers, Factors.of(layers))
    assert complete
    assert len(found) < 200  # of 2^20 and more


def test_share_at_infinity_is_the_mass_of_the_atom():
    # free projections onto the value 1, of probability .7 and .8: an atom of .5 at 1; of .5 and .5: none
    for p, q, mass in ((0.7, 0.8, 0.5), (0.5, 0.5, 0.0)):
        laws = [DiscreteLaw.from_points([0.25, 1.0], [1.0 - w, w]) for w in (p, q)]
        layers = Layers(laws, [1.0, 1.0], orthogonal=[True, True])
        shares = [
            one.share_at_infinity(layers)
            for one in branches(layers, Factors.of(layers))[0]
            if one.segment.high == math.inf and all(s.low == -math.inf for s in one.stretches)
        ]
        assert shares == [pytest.approx(mass, abs=1e-15)]


def test_scale():
    assert scale(LAYERS["one"], -3.0) == 3.0
    assert scale(LAYERS["rectangular"], 0.0) == 1.0
    assert scale(Layers([TWO], [1.0], [4.0, 1.0]), 0.0) == 4.0  # r_0 = 1/4
