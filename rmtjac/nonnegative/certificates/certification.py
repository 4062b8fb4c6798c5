"""Prove existence, uniqueness and shape of the fixed points of a nonnegative network, or name what is missing.

The theorems, for T mapping x >= 0 to itself:

- *Cavalcante-Liao-Stanczak* (2019, cited by NN): if T is monotone and scalable, or a power of it is, there is a fixed
  point if and only if rho(T_inf) < 1. It is then unique and positive.
- *linear bound*: if T(x) <= A x and rho(A) < 1, then 0 is the only fixed point.
- *contraction* (Banach): if T is concave, with a contraction rate below 1 on {x >= z}, z an iterate from 0, there is
  exactly one. DEQ proves that positive concave layers have exactly one.
- *Perron ray* (`rmtjac.nonnegative.perron_ray`): let T(x) <= A x with A irreducible. If rho(A) = 1, the fixed points
  are an interval on the ray of the Perron vector. If rho(A) > 1, there is at most one fixed point besides 0 if some
  phi(t)/t decreases strictly, and none besides 0 if T is linear.
- *blocks*: neurons that act on each other in a cycle are a block (`rmtjac.nonnegative.matrices.blocks`). If the blocks
  that act on others have one fixed point each, Fix(T) is the product of the fixed points of all blocks.
- *monotone bound* (NN): if T is monotone and T(u) <= u for some u >= 0, there is a least fixed point, and a greatest
  one below u.

They are tried in this order. Iterations run only for what the theorems leave open, and to locate the points.

NN states that Fix(T) is an interval if T is weakly scalable, rho(T_inf) < 1, and T is upper- and lower-primitive at its
fixed points. The theorems above cover this: if T is primitive at a point, its weights are irreducible. Then either
biases reach every output after some steps and a power of T is scalable, or T(0) = 0 and the Perron ray applies, also
where clips are flat at the end of the interval.

Sources: DEQ, NN (docs/references.md).
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np

from rmtjac.network import Network
from rmtjac.nonnegative import predicates
from rmtjac.nonnegative.against_one import AgainstOne, against_one
from rmtjac.nonnegative.certificates.certificate import Certificate, Theorem
from rmtjac.nonnegative.certificates.products import product_of_blocks
from rmtjac.nonnegative.enclosure import Extremal, on_ray, zero
from rmtjac.nonnegative.extremal import climbed, descended
from rmtjac.nonnegative.iterations import contracting, only_fixed_point
from rmtjac.nonnegative.nearby import exact_image
from rmtjac.nonnegative.outward_rounding import above, at_least, at_most, below
from rmtjac.nonnegative.perron_ray import is_linear, linear_bound, perron_ray, strict_above_zero
from rmtjac.nonnegative.rates import contraction_rate, thompson_rate
from rmtjac.validate import finite

__all__ = ["certify"]

_HYPOTHESES = (
    "nonnegative_weights", "nonnegative_biases", "monotone", "self_map", "weakly_scalable", "scalable",
    "eventually_scalable", "concave", "positive",
)  # fmt: skip


def certify(network: Network, tol: float = 1e-12) -> Certificate:
    """Prove what can be proved of the fixed points x >= 0 of a network.

    The theorems are listed in the notes. For an activation of the user's own the declared facts are used, and the
    certificate says so.

    Parameters
    ----------
    network : Network
        A network with as many outputs as inputs.
    tol : float, optional
        Width of the enclosures at which iterations stop, relative to the greatest entry.

    Returns
    -------
    Certificate
        The result, with the theorem and the numbers that prove it; or the hypothesis that is missing.

    Raises
    ------
    TypeError
        If `network` is not a `Network`.
    ValueError
        If the numbers of inputs and outputs differ, or `tol` is not positive.

    See Also
    --------
    least_fixed_point, greatest_fixed_point : The enclosures alone.
    spectral_radius : The bracket of rho alone.

    Notes
    -----
    The theorems, in the order in which they are tried: Cavalcante, Liao and Stanczak 2019 (scalable T, rho(T_inf) < 1
    or not), a linear bound with rho(A) < 1, contraction of concave T, the Perron ray, the product of blocks, and a
    monotone bound T(u) <= u.

    Cost: that of `spectral_radius`, plus that of the iterations if the theorems do not give the points themselves.

    References
    ----------
    NN.
    See docs/references.md.

    Examples
    --------
    >>> import rmtjac as rj
    >>> net = rj.Network([[[0.5, 0.25], [0.0, 0.5]]], [[1.0, 1.0]], "relu")
    >>> rj.nonnegative.certify(net)
    Certificate(point: Cavalcante-Liao-Stanczak)
    """
    if not isinstance(network, Network):
        raise TypeError(f"network={network!r} must be a Network")
    if network.widths[0] != network.widths[-1]:
        raise ValueError(f"network maps R^{network.widths[0]} to R^{network.widths[-1]}; fixed points need n_0 = n_L")
    finite("tol", tol, above=0.0)
    found = _certified(network, tol)
    declared = tuple(dict.fromkeys(phi.spec for phi in network.activations if phi.facts.declared))
    if not declared or (found.exists, found.unique, found.positive) == (None, None, None):
        return found
    reason = f"{found.reason}; this rests on the declared facts of {', '.join(map(repr, declared))}"
    return replace(found, reason=reason, declared=declared)


@np.errstate(all="ignore")  # overflow gives infinite bounds, which prove nothing
def _certified(network: Network, tol: float) -> Certificate:
    """Return the certificate of a network, without a note about declared facts."""
    known = {name: getattr(predicates, name)(network) for name in _HYPOTHESES}
    if not known["self_map"]:
        return Certificate(None, None, None, "undecided", Theorem.NONE_APPLIES, known["self_map"].evidence, None, known)
    try:
        below_one, rho, _ = against_one(network)
    except ValueError:
        below_one, rho = None, None
    found = Certificate(None, None, None, "undecided", Theorem.NONE_APPLIES, "", rho, known)
    if known["eventually_scalable"] and below_one is False:
        return replace(
            found, exists=False, unique=True, shape="empty", theorem=Theorem.CAVALCANTE_LIAO_STANCZAK,
            reason=f"{_at_least_one('rho(T_inf)', rho)}, and T, or a power of it, is scalable",
        )  # fmt: skip
    if known["eventually_scalable"] and below_one:
        reason = f"{known['eventually_scalable'].evidence}, {_below_one('rho(T_inf)', rho)}"
        return _point(network, found, only_fixed_point(network, tol), Theorem.CAVALCANTE_LIAO_STANCZAK, reason, True)
    bound = linear_bound(network)
    if bound is not None and bound.below:
        reason = f"T(x) <= A x, {_below_one('rho(A)', bound.bracket)}"
        return _point(network, found, zero(network.widths[0]), Theorem.LINEAR_BOUND, reason)
    if (rate := contracting(network)) < 1.0:
        reason = _contracted(rate)
        return _point(network, found, only_fixed_point(network, tol), Theorem.CONTRACTION, reason)
    if (on_a_ray := _on_a_ray(network, found, bound)) is not None:
        return on_a_ray
    if (product := product_of_blocks(network, found, tol, _certified)) is not None:
        return _with_rates(network, product) if known["concave"] and product.exists else product
    least = climbed(network, tol)
    if (
        known["concave"]
        and np.isfinite(least.lower).all()
        and (rate := contraction_rate(network, least.lower).value) < 1.0
    ):
        reason = _contracted(rate)
        return _point(
            network, found, least if least.exists else only_fixed_point(network, tol), Theorem.CONTRACTION, reason
        )
    found = replace(found, least=least, greatest=descended(network, tol))
    if known["concave"]:
        found = _with_rates(network, found)
    return _two_points(network, found, bound) or _by_monotony(found)


def _below_one(name: str, bracket: tuple[float, float] | None) -> str:
    """Return the text that a radius is below 1, with digits that are true."""
    assert bracket is not None
    low, high = bracket
    if high < 1.0:
        return f"{name} <= {at_most(high, 1.0)} < 1"
    return f"{name} < 1 in exact arithmetic, and >= {at_least(low)}"


def _at_least_one(name: str, bracket: tuple[float, float] | None) -> str:
    """Return the text that a radius is 1 or more, with digits that are true."""
    assert bracket is not None
    low, _ = bracket
    if low > 1.0:
        return f"{name} >= {at_least(low, 1.0)} > 1"
    return f"{name} >= 1" + (" in exact arithmetic" if low < 1.0 else "")


def _contracted(rate: float) -> str:
    """Return the text that T is a contraction beyond an iterate from 0."""
    return f"T is concave and contracts by {at_most(rate, 1.0)} in a weighted maximum norm, beyond an iterate from 0"


def _with_rates(network: Network, found: Certificate) -> Certificate:
    """Return the certificate with the rates of contraction of a concave network."""
    least, greatest = found.least, found.greatest
    assert least is not None
    assert greatest is not None
    bounded = greatest.exists and greatest.everywhere and (greatest.upper > 0.0).all()
    return replace(
        found,
        rate=contraction_rate(network, least.lower) if np.isfinite(least.lower).all() else None,
        thompson=thompson_rate(network, greatest.upper) if bounded else None,
    )


def _point(
    network: Network, found: Certificate, one: Extremal, theorem: str, reason: str, positive: bool | None = None
) -> Certificate:
    """Return the certificate of exactly one fixed point."""
    if positive is None and one.exists:
        positive = True if (one.lower > 0.0).all() else False if (one.upper == 0.0).any() else None
    found = replace(
        found, exists=True, unique=True, positive=positive, shape="point", theorem=theorem, reason=reason,
        least=one, greatest=one,
    )  # fmt: skip
    return _with_rates(network, found) if found.hypotheses["concave"] else found


def _on_a_ray(network: Network, found: Certificate, bound: AgainstOne | None) -> Certificate | None:
    """Return what `rmtjac.nonnegative.perron_ray` proves for T(x) <= A x and rho(A) >= 1 without an iteration."""
    if bound is None:
        return None
    ray, n = perron_ray(network, bound), network.widths[0]
    if ray is not None and ray.end == 0.0:
        return _point(network, found, zero(n), Theorem.PERRON_RAY, "T(x) <= A x, rho(A) = 1, and phi(t) < t on the way")
    if ray is not None:
        some = ray.points(np.linspace(0.0, 1.0, 5))
        miss = max(_movement(network, one) for one in some)
        end = "all t >= 0" if np.isinf(ray.end) else f"0 <= t <= {at_least(ray.end, digits=12)}"
        reason = f"t v, v the Perron vector, {end} (rho(A) = 1 exactly; |T(x) - x| <= {at_most(miss)} at 5 of them)"
        last = on_ray(ray) if np.isfinite(ray.end) else descended(network)
        found = replace(
            found, exists=True, unique=False, positive=False, shape="interval", theorem=Theorem.PERRON_RAY,
            reason=reason, ray=ray, least=zero(n), greatest=last,
        )  # fmt: skip
        return _with_rates(network, found) if found.hypotheses["concave"] else found
    low, _ = bound.bracket
    if low > 1.0 and is_linear(network):
        reason = f"T(x) = A x, A irreducible, {_at_least_one('rho(A)', bound.bracket)}"
        return _point(network, found, zero(n), Theorem.PERRON_RAY, reason)
    return None


def _movement(network: Network, x: np.ndarray) -> float:
    """Return a bound of |T(x) - x|, from the exact value where that is known."""
    exact = exact_image(network, x.tolist())
    if exact is None:
        return float(np.maximum(above(network, x) - x, x - below(network, x)).max())
    miss = max(abs(a - Fraction(b)) for a, b in zip(exact, x.tolist(), strict=True))
    return float(miss) * (1.0 + 2.0**-50) if miss else 0.0


def _two_points(network: Network, found: Certificate, bound: AgainstOne | None) -> Certificate | None:
    """Return what `rmtjac.nonnegative.perron_ray` proves of the greatest fixed point if it is not 0."""
    greatest = found.greatest
    assert greatest is not None
    if bound is None or bound.below is not False:
        return None
    if not (greatest.exists and bool((greatest.lower > 0.0).any()) and strict_above_zero(network)):
        return None
    reason = f"T(0) = 0; A irreducible, {_at_least_one('rho(A)', bound.bracket)}: one more, which is positive"
    return replace(
        found, exists=True, unique=False, positive=False, shape="two points", theorem=Theorem.PERRON_RAY, reason=reason
    )


def _by_monotony(found: Certificate) -> Certificate:
    """Return what the bounds of the least and the greatest fixed point prove."""
    least, greatest, known = found.least, found.greatest, found.hypotheses
    assert least is not None
    assert greatest is not None
    positive = known["positive"].value or None  # fixed points can be positive even if T(0) = 0 in a coordinate
    if not least.exists and not greatest.exists:
        missing = "scalable" if not known["eventually_scalable"] else "rho(T_inf) < 1"
        reason = f"no u with T(u) <= u was found, and not proved: {missing} ({known['eventually_scalable'].evidence})"
        return replace(found, positive=positive, reason=reason)
    apart = least.exists and greatest.exists and bool((greatest.lower > least.upper).any())
    unique = False if apart else True if known["eventually_scalable"] else None
    between = least.exists and greatest.exists and greatest.everywhere
    reason = "T(0) = 0" if (least.upper == 0.0).all() else "a vector u with T(u) <= u"
    reason += "; the least and the greatest fixed point differ" if apart else ""
    return replace(
        found, exists=True, unique=unique, positive=positive, theorem=Theorem.MONOTONE_BOUND, reason=reason,
        shape="point" if unique else "between" if between else "undecided",
    )  # fmt: skip
