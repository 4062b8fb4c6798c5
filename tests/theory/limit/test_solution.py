import dataclasses
import math

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.theory import DiscreteLaw, Layers, derivative_law
from rmtjac.theory.equation import own_mass
from rmtjac.theory.equation.edge import EdgeKind
from rmtjac.theory.equation.near_edge import WITHIN
from rmtjac.theory.limit.solution import Solution

P = 0.36  # P(D != 0): edges (1 +- .6)^2
LOW, HIGH = 0.16, 2.56


def _mask(p):
    return DiscreteLaw.from_points([0.0, 1.0], [1.0 - p, p])


def _marchenko_pastur(lam):
    return np.sqrt(np.maximum((lam - LOW) * (HIGH - lam), 0.0)) / (2.0 * math.pi * lam)


@pytest.fixture(scope="module")
def solution():
    return Solution(Layers([_mask(P)], [1.0]))


def test_support_and_atoms(solution):
    assert solution.atom == pytest.approx(1.0 - P, abs=1e-15)
    np.testing.assert_allclose(np.exp(solution.log_support), [[LOW, HIGH]], rtol=1e-13)
    assert [edge.kind for edge in solution.edges] == [EdgeKind.SQUARE_ROOT] * 2
    np.testing.assert_array_equal(solution.square_roots, solution.log_support.ravel())
    assert solution.ends.log_atoms.size == 0
    # a linear layer n_0 = 1, n_1 = 4 has rank 1/4
    assert Solution(Layers([_mask(1.0)], [1.0], [1.0, 4.0])).atom == 0.75


def test_inside(solution):
    lam = np.array([0.0, 0.1, 0.17, 2.5, 2.6, np.inf])
    with np.errstate(divide="ignore"):
        inside = solution.inside(np.log(lam))
    assert inside.tolist() == [False, False, True, True, False, False]


def test_densities_far_from_and_next_to_the_edges(solution):
    lam = np.array([[0.05, 0.2, 1.0], [2.5, 2.7, np.inf], [LOW * (1.0 + 1e-6), HIGH * (1.0 - 1e-6), 0.0]])
    found = solution.densities(lam)
    assert found.value.shape == found.error.shape == (3, 3)
    with np.errstate(invalid="ignore"):
        exact = np.where(np.isfinite(lam) & (lam > 0.0), _marchenko_pastur(np.maximum(lam, 1e-300)), 0.0)
    exact[1, 2] = 0.0
    # 1e-6 from an edge the closed form loses 1e-16 / 1e-6
    np.testing.assert_allclose(found.value, exact, rtol=1e-9)
    assert (found.error[found.value > 0.0] > 0.0).all()
    assert (found.error <= 1e-9 * found.value).all()
    assert solution.densities(1.0).value.shape == ()


def test_solve(solution):
    lam = np.array([0.3, 1.0, 2.0])
    roots = solution.solve(np.log(lam))
    assert roots.found.all()
    np.testing.assert_allclose(-roots.imag_m / (math.pi * lam), _marchenko_pastur(lam), rtol=1e-12)


def test_expansions_are_at_the_edges_and_made_once(solution):
    assert [at for at, _ in solution.expansions] == solution.square_roots.tolist()
    assert solution.expansions is solution.expansions
    for (at, expansion), edge in zip(solution.expansions, (LOW, HIGH), strict=True):
        assert at == pytest.approx(math.log(edge), abs=1e-14)
        assert expansion.high == pytest.approx(edge, rel=1e-15)
    fresh = Solution(solution.layers)
    fresh.densities(np.array([0.5, 1.0]))  # farther than WITHIN from the edges
    assert "expansions" not in vars(fresh)
    fresh.densities(HIGH * (1.0 - 0.5 * WITHIN))
    assert "expansions" in vars(fresh)


def test_the_support_is_computed_once(monkeypatch):
    calls = []
    whole = own_mass.support
    monkeypatch.setattr(own_mass, "support", lambda layers: calls.append(1) or whole(layers))
    lim = rj.LimitSpectrum(Layers([_mask(P)], [1.0]))
    _ = lim.support, lim.cdf(1.0), lim.quantile(0.9), lim.density(1.0), lim.moments(2), lim.log_moment()
    _ = lim.stieltjes(1j), lim.s_transform(0.1), lim.curve(20), lim.mean(np.ones_like), repr(lim)
    assert len(calls) == 1


def test_nothing_is_solved_without_the_whole_mass(monkeypatch):
    whole = own_mass.support

    def lossy(layers):
        found = whole(layers)
        return dataclasses.replace(found, intervals=found.intervals[1:], floors=found.floors[1:])

    monkeypatch.setattr(own_mass, "support", lossy)
    two = DiscreteLaw.from_points([0.01, 1.0], [0.5, 0.5])
    lost = Solution(Layers([two], [1.0]), {"widths": [7, 7]})
    for answer in (lambda: lost.solve(np.zeros(1)), lambda: lost.densities(1.0), lambda: lost.inside(np.zeros(1))):
        with pytest.raises(ArithmeticError, match=r"limit of widths=\[7, 7\] has mass 0\.5"):
            answer()


def test_a_multiple_of_d_squared_has_no_square_root_edge():
    law = derivative_law(rj.activations.activation("tanh"), 1.0)
    explicit = Solution(Layers([law], [1.0], orthogonal=[True]))
    assert explicit.square_roots.size == 0
    assert explicit.expansions == []
    assert {edge.kind for edge in explicit.edges} == {EdgeKind.ATOM}
