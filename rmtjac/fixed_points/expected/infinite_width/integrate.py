"""The expected number of fixed points for hidden layers of infinite width."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from rmtjac.ensemble import Ensemble
from rmtjac.estimate import Estimate
from rmtjac.fixed_points.expected.infinite_width.of_ensemble import gaussian_map, stationary_growth, with_ends
from rmtjac.fixed_points.expected.result import COUNTS, ExpectedFixedPoints
from rmtjac.provenance import provenance
from rmtjac.rng import RngLike
from rmtjac.theory.counts.kac_rice import integral, passes_origin
from rmtjac.theory.counts.kernel_scalars import GaussianMap
from rmtjac.theory.counts.origin import origin

__all__ = ["expected_in_limit"]

_COARSE = 0.7  # of the number of nodes in each coordinate, for the estimate of the error


def expected_in_limit(ensemble: Ensemble, n: int | None, *, rng: RngLike, **options: Any) -> ExpectedFixedPoints:
    """Return the expected numbers by quadrature (n <= 2), or by quasi-random points with an error (n > 2)."""
    chosen = with_ends(ensemble, n)
    net = gaussian_map(chosen)
    if options:
        raise TypeError(f'method="limit" has no option {next(iter(options))!r}')
    fine, coarse = integral(net), integral(net, refine=_COARSE)
    at_origin = np.zeros(4)
    if passes_origin(net):
        at_origin = _origin(net)
    numbers = fine + at_origin
    errors = np.abs(fine - coarse) + 1e-14
    total, stable, saddles, index = (Estimate(*map(float, pair)) for pair in zip(numbers, errors, strict=True))
    rest = Estimate(max(total.value - stable.value - saddles.value, 0.0), math.hypot(*errors[:3]))
    return ExpectedFixedPoints(
        total, stable, saddles, rest, index, growth=stationary_growth(chosen), by_network=np.empty((0, len(COUNTS))),
        facts=provenance(ensemble=chosen.to_dict()),
    )  # fmt: skip


def _origin(net: GaussianMap) -> np.ndarray:
    """Return what the fixed point at the origin adds to total, stable, saddles and index."""
    slope = float(net.phi.derivative(np.zeros(1))[0])
    found = origin(net.n, slope * slope * float(net.scalars(np.zeros(1)).c0[0]))
    return np.array([1.0, found.stable, found.saddle, found.index])
