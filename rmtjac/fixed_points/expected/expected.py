"""The expected number of fixed points of a random network: the public function.

Sources: BS (docs/references.md).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from rmtjac.ensemble import Ensemble
from rmtjac.estimate import Estimate, standard_error
from rmtjac.fixed_points.expected.conditional import conditional
from rmtjac.fixed_points.expected.infinite_width.many_inputs import origin_by_draws, sums_by_draws
from rmtjac.fixed_points.expected.infinite_width.of_ensemble import gaussian_map, stationary_growth, with_ends
from rmtjac.fixed_points.expected.result import ExpectedFixedPoints
from rmtjac.provenance import provenance
from rmtjac.rng import RngLike, as_seed_sequence, seed_facts
from rmtjac.theory.counts.faint_biases import without_faint_biases
from rmtjac.theory.counts.kac_rice import bound_of, integral, passes_origin
from rmtjac.theory.counts.kernel_scalars import GaussianMap
from rmtjac.theory.counts.origin import origin
from rmtjac.validate import choice, positive_int

__all__ = ["expected_fixed_points"]

_COARSE = 0.7  # of the number of nodes in each coordinate, for the estimate of the error
_POINTS = 2048
_ROUNDING = 1e-14


def expected_fixed_points(
    ensemble: Ensemble, n: int | None = None, *, method: str = "limit", rng: RngLike = 0, **options: Any
) -> ExpectedFixedPoints:
    r"""Return the expected number of fixed points of random networks from R^n to R^n, from theory.

    The Kac-Rice formula

    .. math:: E[\#] = \int dy\, p_{h(\varphi(y))}(y)\, E\big[|\det(D G - I)|\ \big|\ h = y\big], \qquad
              D = \mathrm{diag}\,\varphi'(y), \quad G = \partial h / \partial x,

    counts the fixed points x = phi(y) of the network, where h are the preactivations of the last layer. Stable points,
    saddles and repellers are defined as in `FixedPointCounts`.

    Parameters
    ----------
    ensemble : Ensemble
        The ensemble.
    n : int, optional
        The number of inputs and outputs; it replaces the first and the last width, and the laws stay. By default the
        first width, which must equal the last one.
    method : {"limit", "conditional"}, optional
        ``"limit"``: hidden layers of infinite width with the variances that the ensemble has at its widths. The first
        weights and all biases must be Gaussian, other weights may have any law with a variance. ``"conditional"``:
        hidden layers of finite width are drawn, and the last layer is integrated; heavy tails are allowed.
    rng : int, SeedSequence or Generator, optional
        The seed of what is drawn: all with ``"conditional"``, and for n > 2 with ``"limit"``.
    **options : dict
        For ``"conditional"``: networks, points, draws, threads, progress. For ``"limit"`` and n > 2: points, the number
        of points in each of 16 independent samples.

    Returns
    -------
    ExpectedFixedPoints
        The expected numbers with their errors.

    Raises
    ------
    TypeError
        If an argument has a wrong type, or an option is not known.
    ValueError
        If the first and the last width differ, weights are 0, laws are not allowed for the method, an activation jumps,
        or the origin is a fixed point on a kink.

    See Also
    --------
    count_fixed_points : Count the fixed points of drawn networks.

    Notes
    -----
    Cost of ``"limit"``: n = 1 some ms, n = 2 about 0.4 s, more for biases that are nearly 0 and for activations without
    a bound, n > 2 some seconds.

    References
    ----------
    docs/theory/expected_fixed_points.md.

    Examples
    --------
    >>> import rmtjac as rj
    >>> ens = rj.Ensemble([2, 100, 100, 2], "tanh", rj.Gaussian(std=2.0), rj.Gaussian(std=0.1))
    >>> found = rj.expected_fixed_points(ens)
    >>> round(found.total.value, 3), round(found.stable.value, 3)
    (2.3, 0.601)
    """
    choice("method", method, ("limit", "conditional"))
    if method == "conditional":
        return conditional(ensemble, n, rng=rng, **options)
    return _in_limit(ensemble, n, rng=rng, **options)


def _in_limit(
    ensemble: Ensemble, n: int | None, *, rng: RngLike = 0, points: int = _POINTS, **unknown: Any
) -> ExpectedFixedPoints:
    """Return the expected numbers by quadrature (n <= 2), or with draws (n > 2)."""
    if unknown:
        raise TypeError(f'method="limit" has no option {next(iter(unknown))!r}; it has points')
    chosen = with_ends(ensemble, n)
    count = positive_int("points", points)
    given = gaussian_map(chosen)
    net = without_faint_biases(given)
    facts: dict[str, Any] = {"ensemble": chosen.to_dict()}
    if net.n > 2:
        root = as_seed_sequence(rng)
        facts |= {"seed": seed_facts(root), "points": count}
        sums, errors, at_origin = _drawn(net, root, 2 ** math.ceil(math.log2(count)))
    else:
        sums, errors, at_origin = _integrated(net)
    if not passes_origin(given):
        at_origin = np.empty(0)
    total, stable, saddles, index = (Estimate(*map(float, pair)) for pair in zip(sums, errors[:4], strict=True))
    rest = Estimate(max(total.value - stable.value - saddles.value, 0.0), float(errors[4]))
    degree = 1.0 if math.isfinite(bound_of(net.phi)) else math.nan
    return ExpectedFixedPoints(
        total, stable, saddles, rest, index, growth=stationary_growth(chosen), facts=provenance(**facts),
        origin=at_origin, degree=degree,
    )  # fmt: skip


def _integrated(net: GaussianMap) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return total, stable, saddles and index, their errors, and the part of the origin, by quadrature."""
    *fine, inner, cut = integral(net)
    *coarse, _, _ = integral(net, refine=_COARSE)
    errors = np.abs(np.array(fine) - np.array(coarse)) + cut + _ROUNDING
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
