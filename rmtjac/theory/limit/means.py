"""Means over the limiting law of the eigenvalues: moments, means of functions, transforms.

Sources: BS (docs/references.md).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from rmtjac.theory.equation.layers import Layers
from rmtjac.theory.limit import moments, transforms
from rmtjac.theory.limit.distribution import LimitDistribution
from rmtjac.theory.limit.integral import integral
from rmtjac.validate import positive_int

__all__ = ["LimitMeans"]


@dataclass(frozen=True, eq=False)
class LimitMeans(LimitDistribution):
    """The limiting law of the eigenvalues with its moments and transforms.

    Attributes
    ----------
    layers : Layers
        Laws of D^2, weight variances, widths and kinds of weights, one per layer.
    """

    @property
    def _checked_layers(self) -> Layers:
        """The layers; raises an ArithmeticError if the mass on their support is not 1."""
        _ = self.solution.ends
        return self.layers

    def moment(self, k: int) -> float:
        """Return the mean of lambda^k, the atoms included.

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
        ValueError, TypeError
            If `k` is not a positive whole number.
        """
        return float(self.moments(positive_int("k", k))[-1])

    def moments(self, order: int) -> np.ndarray:
        """Return the moments 1 ... `order`, by Lagrange inversion of lambda(m).

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
        ValueError, TypeError
            If `order` is not a positive whole number.
        """
        return moments.moments(self._checked_layers, positive_int("order", order))

    def exact_moments(self, order: int) -> tuple[Fraction, ...]:
        """Return the moments 1 ... `order` as fractions.

        Parameters
        ----------
        order : int
            The highest order, at least 1.

        Returns
        -------
        tuple of Fraction
            The moments m_1 ... m_order.

        Raises
        ------
        ValueError, TypeError
            If `order` is not a positive whole number, or D^2 of a layer takes values or probabilities that are not
            rational.
        """
        return moments.exact_moments(self._checked_layers, positive_int("order", order))

    def mean(self, f: Callable[[np.ndarray], np.ndarray]) -> tuple[float, float]:
        """Return the mean of f(lambda) over the law, atoms included, by adaptive quadrature of the density.

        Parameters
        ----------
        f : callable
            Takes and returns arrays of float; where lambda is too small for a float, f(0) is used.

        Returns
        -------
        value : float
            The mean.
        error : float
            An estimate of its absolute error.

        Examples
        --------
        >>> import numpy as np, rmtjac as rj
        >>> lim = rj.limit_spectrum(rj.Ensemble([20, 5, 10], "mish"), input_variance=50.0)
        >>> mass, error = lim.mean(np.ones_like)
        >>> abs(mass - 1.0) < 1e-10, error < 1e-10
        (True, True)
        """
        value, error = integral(self.solution, f)
        places = np.concatenate([[0.0] * (self.atom > 0.0), self.atoms[:, 0]])
        masses = np.concatenate([[self.atom] * (self.atom > 0.0), self.atoms[:, 1]])
        return value + float(masses @ np.asarray(f(places), dtype=float)), error

    def log_moment(self) -> float:
        """Return the mean of log lambda over lambda > 0; divided by 2L it is the mean Lyapunov exponent."""
        return self._log_moment

    @cached_property
    def _log_moment(self) -> float:
        return moments.log_moment(self._checked_layers)

    def stieltjes(self, z: Any) -> np.ndarray:
        """Return the Stieltjes transform f(z), the mean of 1/(lambda - z).

        Parameters
        ----------
        z : array_like of complex, any shape
            Arguments, not 0; on the support the value is that at z + i0.

        Returns
        -------
        ndarray of complex, shape of `z`
            Values of f.

        Raises
        ------
        ValueError
            If `z` holds 0 or NaN.
        """
        return transforms.stieltjes(self.solution, z)

    def moment_function(self, z: Any) -> np.ndarray:
        r"""Return :math:`m_M(z) = \sum_k m_k z^k`, continued by -1 - f(1/z)/z; see BS (15), BS (16).

        Parameters
        ----------
        z : array_like of complex, any shape
            Arguments; on the cut, where 1/z lies in the support, the value is that at z - i0.

        Returns
        -------
        ndarray of complex, shape of `z`
            Values of m_M.

        Raises
        ------
        ValueError
            If `z` holds NaN.
        """
        return transforms.moment_function(self.solution, z)

    def s_transform(self, m: Any) -> np.ndarray:
        """Return the S-transform S(m) = (1 + m) / (m lambda(m)), multiplicative for products of free matrices.

        Parameters
        ----------
        m : array_like of complex, any shape
            Arguments; real ones above -rank, where rank = 1 - `atom`.

        Returns
        -------
        ndarray of complex, shape of `m`
            Values of S.

        Raises
        ------
        ValueError
            If `m` holds NaN, or a real number <= -rank.
        """
        return transforms.s_transform(self._checked_layers, m)

    def r_transform(self, w: Any) -> np.ndarray:
        """Return the R-transform R(w) = lambda - 1/w with w = -f(lambda), additive for sums of free matrices.

        Parameters
        ----------
        w : array_like of complex, any shape
            Arguments near 0.

        Returns
        -------
        ndarray of complex, shape of `w`
            Values of R.

        Raises
        ------
        ValueError
            If `w` holds NaN.
        ArithmeticError
            If R cannot be continued along the straight line from 0 to w.
        """
        return transforms.r_transform(self._checked_layers, w)
