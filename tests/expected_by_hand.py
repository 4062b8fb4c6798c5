"""Expected numbers written down, for tests of what is done with them."""

import rmtjac as rj
from rmtjac.estimate import Estimate
from rmtjac.fixed_points.expected.result import ExpectedFixedPoints


def by_hand(ensemble, total, stable, saddles=None, error=0.0, method="limit", **more):
    """Expected numbers of an ensemble; saddles by default as the index 1 asks for in the plane, without repellers."""
    saddles = total - stable if saddles is None else saddles
    numbers = (total, stable, saddles, total - stable - saddles, 1.0)
    return ExpectedFixedPoints(
        *(Estimate(x, error) for x in numbers), method=method, facts={"ensemble": ensemble.to_dict()}, **more
    )


def plane(depth, sigma_w=1.0, sigma_b=0.1, width=20, activation="tanh"):
    """Gaussian networks of the plane."""
    return rj.Ensemble(
        [2, *[width] * (depth - 1), 2], activation, rj.Gaussian(sigma_w), rj.Gaussian(sigma_b) if sigma_b else None
    )
