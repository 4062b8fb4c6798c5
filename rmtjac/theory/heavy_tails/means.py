"""Means over the limiting law for heavy tails: those that exist are computed, the others raise an error."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from rmtjac.theory.heavy_tails.density import HeavyTailedDensity
from rmtjac.theory.heavy_tails.solver import Tail
from rmtjac.validate import complex_numbers, positive_int

__all__ = ["HeavyTailedMeans", "has_moment"]

_BLOCK, _LARGEST = 4.0, 700.0  # log lambda
_SMALL = 1e-15


def has_moment(tail: Tail, k: float) -> bool:
    """Return whether the mean of lambda^k exists under a tail.

    Examples
    --------
    >>> has_moment(Tail(1.5, 1.0), 1), has_moment(Tail(1.0, 1.0), 1), has_moment(Tail(1.0, 1.0, -2.0), 1)
    (True, False, True)
    """
    # The integral of x^(k - 1 - exponent) (log x)^log_power.
    return k < tail.exponent or (k == tail.exponent and tail.log_power < -1.0)


@dataclass(frozen=True, eq=False)
class HeavyTailedMeans(HeavyTailedDensity):
    """The limiting law for heavy-tailed weights with its means.

    Attributes
    ----------
    solver : Solver
        What computes the law in log lambda (`rmtjac.theory.heavy_tails.solver`).
    """

    def mean(self, f: Callable[[np.ndarray], np.ndarray]) -> tuple[float, float]:
        """Return the mean of f(lambda) over the law, the atom included, by quadrature in log lambda.

        With a `smoothing`, it is the mean over the smoothed law.

        Parameters
        ----------
        f : callable
            Takes and returns arrays of float; smooth in log lambda. Where lambda is too small for a float, f(0) is
            used, if it is finite.

        Returns
        -------
        value : float
            The mean.
        error : float
            An estimate of its absolute error.

        Raises
        ------
        ValueError
            If the mean does not exist, as for a power of lambda at or above the exponent of the tail; the message
            names the tail.

        Examples
        --------
        >>> import numpy as np, rmtjac as rj
        >>> lim = rj.limit_spectrum(rj.Ensemble.square(10, 1, "linear", rj.Cauchy()))
        >>> value, error = lim.mean(lambda x: x**0.25)
        >>> error < 1e-8
        True
        >>> lim.mean(np.sqrt)
        Traceback (most recent call last):
            ...
        ValueError: the mean of f does not exist: f is too large near infinity (tail exponent 0.5)
        """
        value, error = self._integral(lambda v: np.asarray(f(np.exp(v)), dtype=float))
        # Where lambda is too small for a float, f(0) is used.
        below = self._cdfs(np.array([-_LARGEST]))
        mass, unsure = float(below.value[0]), float(below.error[0])
        if mass > 0.0:
            with np.errstate(divide="ignore"):
                at_zero = float(np.asarray(f(np.zeros(1)), dtype=float)[0])
            if math.isfinite(at_zero) or self.atom > 0.0:
                value, error = value + mass * at_zero, error + unsure * abs(at_zero)
        return value, error

    def _integral(self, f: Callable[[np.ndarray], np.ndarray], largest: float = _LARGEST) -> tuple[float, float]:
        """Return the integral of f(log lambda) over the law off the atom, and an estimate of its error."""
        if not self.atom < 1.0:
            return 0.0, 0.0
        centre = float(self.log_quantile(self.atom + 0.5 * (1.0 - self.atom)))
        if not abs(centre) < largest - 2.0 * _BLOCK:
            raise ArithmeticError(f"half of the law lies beyond lambda=exp({centre:.6g}), outside the range of a float")
        total, error = 0.0, 0.0
        for sign in (-1.0, 1.0):
            at, sizes, ends = centre, [math.inf], False
            while not ends and abs(at) < largest:
                # Blocks grow with the distance: a law may reach down to exp(-1e5), as for tanh with Cauchy weights.
                to = float(np.clip(at + sign * max(_BLOCK, 0.25 * abs(at - centre)), -largest, largest))
                value, wrong, size = self._block(f, *sorted((at, to)))
                total, error, at = total + value, error + wrong, to
                sizes.append(size)
                ends = max(sizes[-2:]) <= _SMALL * abs(total) or sizes[-2] == 0.0
            if not ends:
                ratio = sizes[-1] / sizes[-2]
                if not ratio < 1.0 - 1e-3:
                    where = "infinity" if sign > 0.0 else "lambda = 0"
                    raise ValueError(
                        f"the mean of f does not exist: f is too large near {where} "
                        f"(tail exponent {self.tail.exponent:.6g})"
                    )
                error += sizes[-1] * ratio / (1.0 - ratio)  # what a geometric series adds beyond the last block
        return total, error

    def _block(self, f: Callable[[np.ndarray], np.ndarray], a: float, b: float) -> tuple[float, float, float]:
        """Return the integral over [a, b], its error, and the integral of |f|."""
        nodes, weights = np.polynomial.legendre.leggauss(12)
        count, last = 4, math.nan
        for _ in range(8):
            step = (b - a) / count
            v = (a + step * (np.arange(count)[:, None] + 0.5 * (nodes + 1.0))).ravel()
            found = self.solver.log_density(v)
            with np.errstate(over="ignore", under="ignore", invalid="ignore"):
                terms = (
                    np.where(found.value == 0.0, 0.0, f(v) * found.value).reshape(count, -1) @ weights * (0.5 * step)
                )
                own = float(np.sum((np.abs(f(v)) * found.error).reshape(count, -1) @ weights) * 0.5 * step)
            value, size = float(terms.sum()), float(np.abs(terms).sum())
            if not math.isfinite(value):
                raise ValueError(f"f times the density is not finite between lambda=exp({a:.6g}) and exp({b:.6g})")
            change = abs(value - last)
            if change <= 1e-13 * size + 0.1 * own + 1e-300:  # finer steps do not mend the errors of the density
                return value, change + own, size
            last, count = value, 2 * count
        return value, change + own, size

    def moment(self, k: int) -> float:
        """Return the mean of lambda^k, for k below the exponent of the tail.

        Parameters
        ----------
        k : int
            Order, at least 1.

        Returns
        -------
        float
            The moment m_k.

        Raises
        ------
        ValueError
            If the moment does not exist (the message names the tail), or is not known from a smoothed curve; or if `k`
            is not a positive whole number.
        TypeError
            If `k` is no number.

        Notes
        -----
        Smoothing by an angle leaves tails like 1/lambda on both sides, so that a smoothed curve gives no moments.
        """
        k = positive_int("k", k)
        tail = self.tail
        if not has_moment(tail, k):
            logs = f", times a power {tail.log_power:g} of log lambda" if tail.log_power else ""
            raise ValueError(f"m{k} does not exist (tail exponent {tail.exponent:.6g}{logs})")
        if self.smoothing > 0.0:
            raise ValueError(
                f"m{k} exists (tail exponent {tail.exponent:.6g}), but a curve smoothed by the angle "
                f"{self.smoothing:.6g} does not give it; quantiles and log_moment are known"
            )
        return self._integral(lambda v: np.exp(k * v))[0]

    def moments(self, order: int) -> np.ndarray:
        """Return the moments 1 ... `order`; all of them must exist.

        Parameters
        ----------
        order : int
            The highest order, at least 1.

        Returns
        -------
        ndarray of float, shape (order,)
            The moments m_1 ... m_order.

        Raises
        ------
        ValueError
            As for `moment`.
        TypeError
            If `order` is no number.
        """
        return np.array([self.moment(k) for k in range(1, positive_int("order", order) + 1)])

    def log_moment(self) -> float:
        """Return the mean of log lambda over lambda > 0; the smoothing does not change it.

        Returns
        -------
        float
            The mean.

        Raises
        ------
        ValueError
            If the law is a point mass at 0, or the mean is not known: it may be minus infinity, as for tanh with
            Cauchy weights, where log phi'(h)^2 has no mean.
        """
        return self._log_moment

    @cached_property
    def _log_moment(self) -> float:
        if not self.atom < 1.0:
            raise ValueError("the law is a point mass at 0: log lambda has no mean")
        value, error = (part / (1.0 - self.atom) for part in self._integral(lambda v: v, 1e6))
        if not error <= max(1.0, 0.2 * abs(value)):
            raise ValueError(
                f"the mean of log lambda is not known (error {error:.3g}) or does not exist: too much of the law lies "
                "at extreme lambda"
            )
        return value

    def stieltjes(self, z: Any) -> np.ndarray:
        """Return the Stieltjes transform f(z), the mean of 1/(lambda - z), where the method computes it.

        Parameters
        ----------
        z : array_like of complex, any shape
            Arguments, not real numbers >= 0.

        Returns
        -------
        ndarray of complex, shape of `z`
            Values of f.

        Raises
        ------
        ValueError
            If the method does not compute the transform, or `z` holds NaN or a real number >= 0.
        """
        known = getattr(self.solver, "transform", None)
        if known is None:
            raise ValueError(f"method={self.method!r} gives no Stieltjes transform; density and cdf are known")
        z = complex_numbers("z", z)
        if not np.all((z.imag != 0.0) | (z.real < 0.0)):
            raise ValueError("z must not lie in [0, infinity), where the spectrum is; density gives its values there")
        return known(z).value
