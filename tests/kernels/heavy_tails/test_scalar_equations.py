"""Newton's method and the walk for the equations of independent masks."""

import numpy as np

from rmtjac.kernels.heavy_tails.scalar_equations import points, start, walk
from rmtjac.propagation.stable_weights import StableWeights
from rmtjac.theory.heavy_tails.independent.equations import Chain
from rmtjac.theory.heavy_tails.independent.mask_law import MaskLaw


def _equations():
    masks = (MaskLaw.from_points([1.0], [0.7]), MaskLaw.one())
    return Chain((StableWeights(1.0, 1.0), StableWeights(1.4, 0.5)), masks, (3.0, 2.0, 4.0)).equations()


def test_a_closed_loop_comes_back():
    """The walk around z in the upper half-plane ends where it began."""
    eq = _equations()
    n = eq.counts.size + 1
    x, tangent = np.empty(n, complex), np.empty(n, complex)
    tau = complex(start(eq, x, tangent))
    first = x.copy()
    at = tau
    for to in (tau - 3j, tau - 3j + 5.0, tau + 5.0, tau):
        assert walk(eq, at, complex(to), x, tangent).done
        at = complex(to)
    np.testing.assert_allclose(x, first, atol=1e-9)


def test_a_wrong_branch_is_refused():
    """Solutions whose Log rho differs by 2 pi i lie outside of the sectors."""
    eq = _equations()
    n = eq.counts.size + 1
    x, tangent = np.empty(n, complex), np.empty(n, complex)
    tau = complex(start(eq, x, tangent))
    wrong = np.array([x + 2j * np.pi, x + 2j * np.pi])
    taus = np.array([tau, tau + 1.0])
    _, errors = points(eq, taus, wrong, np.zeros_like(wrong), np.array([tau + 0.5]))
    assert not np.isfinite(errors).any()
