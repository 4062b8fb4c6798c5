"""The expected numbers of fixed points for hidden layers of infinite width."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from rmtjac.ensemble import Ensemble
from rmtjac.estimate import Estimate, standard_error
from rmtjac.fixed_points.expected.infinite_width.many_inputs import origin_by_draws, sums_by_draws
from rmtjac.fixed_points.expected.infinite_width.of_ensemble import gaussian_map, stationary_growth, with_ends
from rmtjac.fixed_points.expected.result import ExpectedFixedPoints
from rmtjac.provenance import provenance
from rmtjac.rng import RngLike, as_seed_sequence, seed_facts
from rmtjac.theory.counts.kac_rice import bound_of, integral, passes_origin
from rmtjac.theory.counts.kernel_scalars import GaussianMap
from rmtjac.theory.counts.origin import origin
from rmtjac.validate import positive_int

__all__ = ["expected_in_limit"]

_COARSE = 0.7  # of the number of nodes in each coordinate, for the estimate of the error
_POINTS = 2048
_ROUNDING = 1e-14


def expected_in_limit(
    ensemble: Ensemble, n: int | None, *, rng: RngLike = 0, points: int = _POINTS, **unknown: Any
) -> ExpectedFixedPoints:
    """Return the expected numbers by quadrature (n <= 2), or with draws (n > 2)."""
    if unknown:
        raise TypeError(f'method="limit" has no option {next(iter(unknown))!r}; it has points')
    chosen = with_ends(ensemble, n)
    count = positive_int("points", points)
    net = gaussian_map(chosen)
    facts: dict[str, Any] = {"ensemble": chosen.to_dict()}
    if net.n > 2:
        root = as_seed_sequence(rng)
        facts |= {"seed": seed_facts(root), "points": count}
        sums, errors, at_origin = _drawn(net, root, 2 ** math.ceil(math.log2(count)))
    else:
        sums, errors, at_origin = _integrated(net)
    total, stable, saddles, index = (Estimate(*map(float, pair)) for pair in zip(sums, errors[:4], strict=True))
    rest = Estimate(max(total.value - stable.value - saddles.value, 0.0), float(errors[4]))
    degree = 1.0 if math.isfinite(bound_of(net)) else math.nan
    return ExpectedFixedPoints(
        total, stable, saddles, rest, index, growth=stationary_growth(chosen), facts=provenance(**facts),
        origin=at_origin, degree=degree,
    )  # fmt: skip


def _integrated(net: GaussianMap) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return total, stable, saddles and index, their errors, and the part of the origin, by quadrature."""
    *fine, inner = integral(net)
    *coarse, _ = integral(net, refine=_COARSE)
    errors = np.abs(np.array(fine) - np.array(coarse)) + _ROUNDING
    errors[1] += inner
    errors = np.append(errors, math.hypot(*errors[:3]))
    if not passes_origin(net):
        return np.array(fine), errors, np.empty(0)
    found = origin(net.n, _origin_variance(net))
    part = np.array([1.0, found.stable, found.saddle, found.index])
    return np.array(fine) + part, errors, part


def _drawn(net: GaussianMap, root: np.random.SeedSequence, points: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the same with draws."""
    rows = sums_by_draws(net, root, points)
    part = np.empty(0)
    if passes_origin(net):
        at_origin = origin_by_draws(net.n, _origin_variance(net), root, points)
        rows, part = rows + at_origin, at_origin.mean(axis=0)
    with_repellers = np.column_stack([rows, rows[:, 0] - rows[:, 1] - rows[:, 2]])
    errors = standard_error(with_repellers) + _ROUNDING
    return rows.mean(axis=0), errors, part


def _origin_variance(net: GaussianMap) -> float:
    """Return the variance of the entries of J at the origin."""
    slope = float(net.phi.derivative(np.zeros(1))[0])
    return slope * slope * float(net.scalars(np.zeros(1)).c0[0])
