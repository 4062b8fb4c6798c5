"""The modulus of the eigenvalues as a random number: radii, atom, cdf, densities, quantiles, means."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from rmtjac.theory.eigenvalues.ring_equation import RingEquation
from rmtjac.theory.eigenvalues.ring_table import RingTable
from rmtjac.theory.equation.layers import Layers
from rmtjac.validate import probabilities, real_numbers

__all__ = ["RadialLaw"]


@dataclass(frozen=True, eq=False)
class RadialLaw:
    """The law of the modulus of the eigenvalues, given by the layers of a square J.

    Attributes
    ----------
    layers : Layers
        Laws of D^2, weight variances, widths and kinds of weights, one per layer.
    """

    layers: Layers

    @cached_property
    def equation(self) -> RingEquation:
        """The explicit equation of the radius, on which all methods rest."""
        return RingEquation(self.layers)

    @cached_property
    def _table(self) -> RingTable:
        return RingTable(self.equation)

    @property
    def mass(self) -> float:
        """The mass off 0, min(n_l / n_0, P(D_l != 0) n_{l+1} / n_0)."""
        return self.equation.mass

    @property
    def atom(self) -> float:
        """The mass at 0, which is that of J J^T."""
        return 1.0 - self.equation.mass

    @property
    def circle(self) -> bool:
        """Whether all eigenvalues have one modulus, up to rounding: J is a multiple of a rotation."""
        return self.equation.circle

    @property
    def log_spectral_radius(self) -> float:
        r"""Logarithm of the outer radius: :math:`r_{out}^2 = \prod_l \sigma_l^2 E D_l^2` for Gaussian weights."""
        return 0.5 * self.equation.log_outer

    @property
    def spectral_radius(self) -> float:
        """The outer radius; 1 is the critical line between order and chaos for layers that are alike.

        Raises
        ------
        OverflowError
            If it leaves the range of a float; `log_spectral_radius` holds its logarithm.
        """
        if self.log_spectral_radius > 709.0:
            raise OverflowError(f"the spectral radius is exp({self.log_spectral_radius:.6g}); use log_spectral_radius")
        return math.exp(self.log_spectral_radius)

    @property
    def inner_radius(self) -> float:
        """The radius of the hole, 0 if the eigenvalues reach 0; only orthogonal weights in all layers leave a hole."""
        log_inner = 0.5 * (self.equation.log_outer + (0.0 if self.circle else self.equation.log_hole))
        if log_inner > 709.0:
            raise OverflowError(f"the inner radius is exp({log_inner:.6g}), beyond a float")
        return math.exp(log_inner)

    @property
    def support(self) -> np.ndarray:
        """The inner and the outer radius, shape (2,)."""
        return np.array([self.inner_radius, self.spectral_radius])

    @property
    def cdf_error(self) -> float:
        """A bound that was measured when the table was made: the largest error of the cdf, at radii that are exact."""
        if self.circle:
            return 0.0
        return max(self._table.error, 4e-16)

    @property
    def outer_spread(self) -> float:
        """The derivative of log r^2 by log(F - atom) at the outer circle."""
        table = self._table
        place = np.array([table.top])
        # X = log(r^2 - r_in^2): dX / dt = 1 / (1 - r_in^2 / r_out^2)
        return float(-np.expm1(self.equation.log_hole)) / float(table.slope(place)[0])

    def cdf(self, r: Any, *, log: bool = False) -> np.ndarray:
        """Return F(r), the share of the eigenvalues of modulus at most r, the atom at 0 included.

        Parameters
        ----------
        r : array_like of float, any shape
            Radii; F is 0 at negative ones.
        log : bool, default False
            Whether `r` holds natural logarithms of radii, for products whose radii leave the range of a float.

        Returns
        -------
        ndarray of float, shape of `r`
            Values in [0, 1].

        Raises
        ------
        ValueError
            If `r` holds NaN.
        ArithmeticError
            If a value depends on values of D^2 that floats do not resolve.
        """
        t, negative = self._relative(r, log)
        if self.circle:
            out = (t >= -1e-15 * max(1.0, abs(self.equation.log_outer))).astype(float)
        else:
            place = self._table.place(np.minimum(t, 0.0))
            self._known((place < self._table.first) & np.isfinite(place))
            with np.errstate(under="ignore"):
                out = self.atom + np.exp(self._table.log_share(place))
        out = np.where(t >= 0.0, 1.0, np.minimum(out, 1.0))
        return np.where(negative, 0.0, out)

    def density(self, r: Any) -> np.ndarray:
        """Return the radial density dF/dr, without the atom at 0.

        Parameters
        ----------
        r : array_like of float, any shape
            Radii.

        Returns
        -------
        ndarray of float, shape of `r`
            Values; 0 outside of the ring. On the circle of a ring without width the value is infinite.

        Raises
        ------
        ValueError
            If `r` holds NaN.
        ArithmeticError
            If a value depends on values of D^2 that floats do not resolve.
        """
        r = real_numbers("r", r)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore", under="ignore"):
            out = np.exp(self._log_density(r) - np.log(np.maximum(r, 0.0)))
        return self._at_zero(r, np.where(r < 0.0, 0.0, out), 1.0)

    def planar_density(self, r: Any) -> np.ndarray:
        """Return the density per area of the complex plane at modulus r, dF/dr / (2 pi r), without the atom.

        Parameters
        ----------
        r : array_like of float, any shape
            Radii.

        Returns
        -------
        ndarray of float, shape of `r`
            Values; 0 outside of the ring.

        Raises
        ------
        ValueError
            If `r` holds NaN.
        ArithmeticError
            If a value depends on values of D^2 that floats do not resolve.
        """
        r = real_numbers("r", r)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore", under="ignore"):
            out = np.exp(self._log_density(r) - 2.0 * np.log(np.maximum(r, 0.0))) / (2.0 * math.pi)
        return self._at_zero(r, np.where(r < 0.0, 0.0, out), 2.0)

    def quantile(self, p: Any) -> np.ndarray:
        """Return the radius r with F(r) = p, from the explicit equation r(F): no root is searched.

        Parameters
        ----------
        p : array_like of float, any shape
            Probabilities; up to the atom the value is 0.

        Returns
        -------
        ndarray of float, shape of `p`
            Radii.

        Raises
        ------
        ValueError
            If `p` lies outside [0, 1].
        ArithmeticError
            If a value depends on values of D^2 that floats do not resolve.
        """
        with np.errstate(over="ignore", under="ignore"):
            return np.asarray(np.exp(self.log_quantile(p)))

    def log_quantile(self, p: Any) -> np.ndarray:
        """Return the logarithm of `quantile`, which keeps its digits where the radius underflows.

        Parameters
        ----------
        p : array_like of float, any shape
            Probabilities; up to the atom the value is -inf.

        Returns
        -------
        ndarray of float, shape of `p`
            Logarithms of radii.

        Raises
        ------
        ValueError
            If `p` lies outside [0, 1].
        ArithmeticError
            If a value depends on values of D^2 that floats do not resolve.
        """
        p = probabilities(p)
        return self._log_radius(p - self.atom, p >= 1.0)

    def log_quantile_nonzero(self, p: Any) -> np.ndarray:
        """Return quantiles of log|z| over z != 0, which keep their digits where almost all eigenvalues are 0.

        Parameters
        ----------
        p : array_like of float, any shape
            Probabilities among the eigenvalues off 0.

        Returns
        -------
        ndarray of float, shape of `p`
            Logarithms of radii; at 0 that of the inner radius.

        Raises
        ------
        ValueError
            If `p` lies outside [0, 1].
        ArithmeticError
            If a value depends on values of D^2 that floats do not resolve.
        """
        p = probabilities(p)
        return self._log_radius(self.mass * p, p >= 1.0)

    def _log_radius(self, e: np.ndarray, top: np.ndarray) -> np.ndarray:
        """Return log r at e = F - atom; `top` says where F = 1."""
        outer = self.equation.log_outer
        if self.circle:
            return np.full(e.shape, 0.5 * outer)
        with np.errstate(divide="ignore", invalid="ignore"):
            y = np.log(np.maximum(e, 0.0))
            self._known((y < self._table.lowest) & np.isfinite(y))
            t = self._table.radius(self._table.log_radius(y))
        lowest = -math.inf if self.atom > 0.0 else self.equation.log_hole
        t = np.where(np.isneginf(y), lowest, np.where(top, 0.0, np.minimum(t, 0.0)))
        return np.asarray(0.5 * (outer + t))

    def _relative(self, r: Any, log: bool) -> tuple[np.ndarray, np.ndarray]:
        """Return log(r^2 / r_out^2), and whether r is negative."""
        r = real_numbers("r", r)
        with np.errstate(divide="ignore"):
            logs = r if log else np.log(np.maximum(r, 0.0))
        t = 2.0 * logs - self.equation.log_outer
        # The outer radius, rounded to a float, lies on the circle.
        t = np.where(np.abs(t) <= 4e-16 * (1.0 + abs(self.equation.log_outer)), 0.0, t)
        return t, np.zeros(r.shape, dtype=bool) if log else r < 0.0

    def _log_density(self, r: np.ndarray) -> np.ndarray:
        """Return the logarithm of dF / dlog r, -inf outside of the ring."""
        t, negative = self._relative(r, False)
        if self.circle:
            return np.where((t == 0.0) & ~negative, math.inf, -math.inf)
        inside = (t <= 0.0) & (t > self.equation.log_hole) & ~negative
        place = self._table.place(np.where(inside, t, 0.0))
        self._known(inside & (place < self._table.first) & np.isfinite(place))
        stretch = -np.log(-np.expm1(self.equation.log_hole - np.where(inside, t, 0.0)))
        out = math.log(2.0) + self._table.log_share(place) + np.log(self._table.slope(place)) + stretch
        return np.where(inside, out, -math.inf)

    def _at_zero(self, r: np.ndarray, out: np.ndarray, power: float) -> np.ndarray:
        """Return a density with its value at r = 0, where e / mu = (r^2 / (r_out^2 exp(c)))^(1/P)."""
        if self.circle or self.equation.log_hole > -math.inf:
            return np.where(r == 0.0, 0.0, out)
        exponent, constant = self.equation.inner_power
        value = math.inf if 2.0 / exponent < power else 0.0
        if abs(2.0 / exponent - power) < 1e-9 and math.isfinite(constant):
            log = math.log(self.mass * power) - 0.5 * power * (self.equation.log_outer + constant)
            value = (math.exp(log) if log < 709.0 else math.inf) / (2.0 * math.pi if power == 2.0 else 1.0)
        return np.where(r == 0.0, value, out)

    def _known(self, lost: np.ndarray) -> None:
        """Raise an ArithmeticError if `lost` holds a point below the resolved part of a law that goes on there."""
        if self._table.limited and np.any(lost):
            place = math.exp(self._table.lowest)
            raise ArithmeticError(
                f"the law below F = atom + {place:.3g} depends on values of D^2 below 1e-260, which are not resolved"
            )
