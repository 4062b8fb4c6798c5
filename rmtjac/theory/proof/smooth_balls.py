r"""The law of phi'(h)^2 for an analytic phi', in ball arithmetic: integrals with proved error bounds.

`rmtjac.theory.proof.ball_laws` defines the functions t, e and m_K' of u. `acb.integral` over \|h\| < T encloses the
integral, and the part beyond T is at most P(\|h\| > T) sup \|integrand\|, with

.. math:: |1 - ux| \ge d := \begin{cases} 1 & \mathrm{Re}\,u \le 0\\
          \max(|\mathrm{Im}\,u|/|u|,\ 1 - b\,\mathrm{Re}\,u) & \text{else}\end{cases}
          \qquad (0 \le x \le b), \qquad \frac{x}{|1 - ux|} \le \min\bigl(1/|\mathrm{Im}\,u|,\ b/d\bigr).

The same bounds hold for the derivatives, and so extend a value at a point to a ball around it (`SmoothBalls.widen`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from rmtjac.activations.analytic import ANALYTIC, Analytic
from rmtjac.theory.derivative_laws.base import DerivativeLaw
from rmtjac.theory.proof.arb import exact, flint_module

__all__ = ["Enclosure", "RestAndRatio", "SmoothBalls"]


class RestAndRatio(NamedTuple):
    """The functions t and e at a point u or over a ball."""

    rest: Any
    """t, the function that keeps its digits where u is large."""
    ratio: Any
    """e, the function that keeps its digits where u is small."""


class Enclosure(NamedTuple):
    """The functions t, e and m_K' at a point u or over a ball."""

    rest: Any
    """t."""
    ratio: Any
    """e."""
    slope: Any
    """m_K'."""


@dataclass(frozen=True, eq=False)
class SmoothBalls:
    """The law of phi'(h)^2, h ~ N(0, q), for an analytic phi'.

    Attributes
    ----------
    analytic : Analytic
        The formula of phi'.
    variance : float
        The variance q of h.
    float_law : DerivativeLaw
        The law in floats, from which starts and the size of an integral are computed.
    """

    analytic: Analytic
    variance: float
    float_law: DerivativeLaw

    rational = False

    @property
    def mass(self) -> Any:
        """P(X != 0) = 1: phi' is analytic, so its zeros have no mass."""
        return exact(1.0)

    def _integral(self, integrand: Callable[[Any], Any], bound: Any, small: float) -> Any:
        """Return E integrand(X).

        On the real line the integrand is at most `bound` in size; `small` is about -log2 of the result.
        """
        flint = flint_module()
        acb, arb, bits = flint.acb, flint.arb, flint.ctx.prec
        formula, q = self.analytic.formula, arb(self.variance)
        # P(|h| > T) is below 2^-(bits + small), so that the tail is below the rounding error of the result.
        cut = (2.0 * math.log(2.0) * (bits + max(small, 0.0) + 2.0)) ** 0.5
        end = (q.sqrt() * cut).mid()
        rate = -1 / (2 * q)

        def weighted(h: Any, _: bool) -> Any:
            """Return the integrand times the Gaussian weight without its constant."""
            d = formula(acb, h)
            return (h * h * rate).exp() * integrand(d * d)

        start = arb(0) if self.analytic.even else -end
        # The goal is relative to the result, which may be tiny. The result is an enclosure even if the goal is missed.
        area = acb.integral(weighted, start, end, rel_tol=arb(2) ** -bits, abs_tol=arb(2) ** -int(bits + max(small, 0)))
        area *= (2 if self.analytic.even else 1) / (2 * arb.pi() * q).sqrt()
        tail = ((end / (2 * q).sqrt()).erfc() * bound).upper()
        return area + acb(arb(0, tail), arb(0, tail))

    def _bounds(self, u: Any) -> tuple[Any, Any]:
        """Return upper bounds of 1/|1 - ux| and x/|1 - ux| over 0 <= x <= b and the ball `u`."""
        arb = flint_module().arb
        b, imag = arb(exact(self.analytic.supremum)), abs(u.imag).lower()
        distance = arb(1)
        if not u.real <= 0:
            distance = (imag / abs(u).upper()).lower().max((1 - b * u.real).lower()).min(arb(1))
        if not distance > 0:
            return arb.pos_inf(), arb.pos_inf()
        far = (b / distance).upper()
        return (1 / distance).upper(), far.min((1 / imag).upper()) if imag > 0 else far

    def _size(self, u: Any) -> tuple[float, float]:
        """Return -log2 |t| and -log2 |e| from floats; they affect the speed, not the proof."""
        point = complex(u)
        if not 0.0 < abs(point) < math.inf:
            return 0.0, 0.0
        log_u = complex(math.log(abs(point)), -abs(np.angle(point)))
        rest, ratio = self.float_law.log_moment_transform(np.array([log_u]))
        sizes = [-float(x.real[0]) / math.log(2.0) for x in (rest, ratio)]
        return (sizes[0], sizes[1]) if all(map(math.isfinite, sizes)) else (0.0, 0.0)

    def rest_and_ratio(self, u: Any) -> RestAndRatio:
        """Return t and e at the exact point u: one is an integral, the other follows from t = 1 + u e."""
        u = flint_module().acb(u)
        plain, times = self._bounds(u)
        small_t, small_e = self._size(u)
        if abs(u) < 2.0 / float(self.analytic.supremum):
            e = self._integral(lambda x: x / (1 - u * x), times, small_e)
            return RestAndRatio(1 + u * e, e)
        t = self._integral(lambda x: 1 / (1 - u * x), plain, small_t)
        return RestAndRatio(t, (t - 1) / u)

    def slope(self, u: Any) -> Any:
        """Return m_K' at the exact point u."""
        u = flint_module().acb(u)
        plain, times = self._bounds(u)
        size = abs(complex(u))
        small = max(self._size(u)) + (math.log2(size) if 1.0 < size < math.inf else 0.0)

        def integrand(x: Any) -> Any:
            f = 1 / (1 - u * x)
            return x * f * f

        return self._integral(integrand, plain * times, small)

    def widen(self, u: Any, ball: Any, at: Enclosure) -> Enclosure:
        """Return t, e and m_K' over the `ball` around the exact point `u` from the values `at` that point."""
        flint = flint_module()
        plain, times = self._bounds(ball)
        reach = abs(ball - u).upper()

        def widened(value: Any, lipschitz: Any) -> Any:
            """Return the value with its radius increased by lipschitz times the reach."""
            radius = (lipschitz * reach).upper()
            return value + flint.acb(flint.arb(0, radius), flint.arb(0, radius))

        # t' = m_K', e' = E[(X / (1 - uX))^2], m_K'' = 2 E[X^2 / (1 - uX)^3]
        slope = widened(at.slope, 2 * plain * times * times)
        return Enclosure(widened(at.rest, abs(slope).upper()), widened(at.ratio, times * times), slope)

    def below_tip(self, u: Any) -> bool:
        """Return whether u b < 1 is proved for a real u, b = sup X."""
        return bool(flint_module().arb(exact(self.analytic.supremum)) * u < 1)

    def moment(self, k: int) -> Any:
        """Return E X^k."""
        if self.analytic is ANALYTIC["erf"]:
            arb = flint_module().arb
            return 1 / (1 + arb.pi() * self.variance * k).sqrt()
        bound = flint_module().arb(exact(self.analytic.supremum)) ** k
        return self._integral(lambda x: x**k, bound, -math.log2(self.float_law.moment(k))).real
