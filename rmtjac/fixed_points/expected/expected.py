"""The expected number of fixed points of a random network: the public function.

Sources: BS (docs/references.md).
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from rmtjac.ensemble import Ensemble
from rmtjac.fixed_points.expected.infinite_width.integrate import expected_in_limit
from rmtjac.fixed_points.expected.result import ExpectedFixedPoints
from rmtjac.rng import RngLike
from rmtjac.validate import choice

__all__ = ["expected_fixed_points"]


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
        conditional = import_module("rmtjac.fixed_points.expected.conditional").conditional
        found: ExpectedFixedPoints = conditional(ensemble, n, rng=rng, **options)
        return found
    return expected_in_limit(ensemble, n, rng=rng, **options)
