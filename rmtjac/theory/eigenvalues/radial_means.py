"""Means over the modulus of the eigenvalues."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rmtjac.theory.eigenvalues.radial_law import RadialLaw
from rmtjac.validate import finite

__all__ = ["RadialMeans"]

_PANEL, _NODES, _REACH = 0.5, 8, 42.0  # of the quadrature in log(F - atom)


@dataclass(frozen=True, eq=False)
class RadialMeans(RadialLaw):
    """The law of the modulus of the eigenvalues with its moments.

    Attributes
    ----------
    layers : Layers
        Laws of D^2, weight variances, widths and kinds of weights, one per layer.
    """

    def moment(self, k: float) -> float:
        """Return the mean of |z|^k, the atom included.

        Parameters
        ----------
        k : float
            The order, > 0.

        Returns
        -------
        float
            The moment; infinite beyond the range of a float.

        Raises
        ------
        ValueError, TypeError
            If `k` is not a positive number.
        ArithmeticError
            If the moment depends on values of D^2 that floats do not resolve.
        """
        k = finite("k", k, above=0.0)
        if self.circle:
            log, share = 0.5 * k * self.equation.log_outer, 1.0
        else:
            weight, t = self._rule(k)
            log, share = 0.5 * k * self.equation.log_outer, float(weight @ np.exp(0.5 * k * t))
            # What lies below the table is at most its mass times the power of its largest radius.
            rest = self._table.lowest + 0.5 * k * float(self._table.radius(np.array(self._table.first)))
            self._known(np.array([not math.exp(rest) <= 1e-13 * share]))
        log += math.log(share) if share > 0.0 else -math.inf
        return math.exp(log) if log < 709.0 else math.inf

    def log_mean(self) -> float:
        """Return the mean of log|z| over z != 0.

        Returns
        -------
        float
            The mean.

        Raises
        ------
        ArithmeticError
            If it depends on values of D^2 that floats do not resolve.
        """
        if self.circle:
            return self.log_spectral_radius
        weight, t = self._rule(0.0)
        self._known(np.array([True]))
        return self.log_spectral_radius + 0.5 * float(weight @ t) / float(weight.sum())

    def _rule(self, k: float) -> tuple[np.ndarray, np.ndarray]:
        """Weights of dF and log(r^2 / r_out^2) at the nodes of a quadrature for the mean of r^k.

        Its panels are those of the splines, which are dense where the law is steep, and equal ones below.
        """
        nodes, weights = np.polynomial.legendre.leggauss(_NODES)
        top, known = self._table.highest, self._table.knots
        below = np.arange(top - _REACH, known[0], _PANEL)
        edges = np.concatenate([below, known])
        parts = 1 + int(0.01 * k * self.outer_spread)  # r^k falls from the outer circle as e^(k y spread / 2)
        edges = np.interp(np.arange(parts * (edges.size - 1) + 1) / parts, np.arange(edges.size), edges)
        half = 0.5 * np.diff(edges)[:, None]
        y = (edges[:-1, None] + half * (1.0 + nodes)).ravel()
        weight = (half * weights).ravel() * np.exp(y)
        return weight, self._table.radius(self._table.log_radius(y))
