r"""The random variable at an edge: :math:`X = \pm\xi + \tau Z`, xi of Tracy and Widom's law, Z normal, independent.

Whichever of the two variables is wider is integrated by its distribution function, the other by nodes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rmtjac.theory.finite_width.quantiles import quantiles
from rmtjac.theory.finite_width.tracy_widom import TracyWidom

__all__ = ["EdgeVariable"]

_TRACY_WIDOM = TracyWidom()
_Z, _W = np.polynomial.hermite_e.hermegauss(64)
_W = _W / _W.sum()
_SMALL = 0.1


@dataclass(frozen=True)
class EdgeVariable:
    """The law of X = sign xi + ratio Z.

    Attributes
    ----------
    sign : float
        1 at an upper edge, -1 at a lower one.
    ratio : float
        The standard deviation of the normal part.

    Examples
    --------
    >>> round(EdgeVariable(1.0, 0.0).mean, 6), round(EdgeVariable(1.0, 3.0).std, 6)
    (-1.206534, 3.256959)
    """

    sign: float
    ratio: float

    @property
    def mean(self) -> float:
        """The mean."""
        return self.sign * _TRACY_WIDOM.mean

    @property
    def std(self) -> float:
        """The standard deviation."""
        return math.hypot(_TRACY_WIDOM.std, self.ratio)

    def cdf(self, y: np.ndarray) -> np.ndarray:
        """Return P(X <= y), y one-dimensional."""
        return self._tail(y, below=True)

    def sf(self, y: np.ndarray) -> np.ndarray:
        """Return P(X > y), which keeps its digits where it is small."""
        return self._tail(y, below=False)

    def _tail(self, y: np.ndarray, *, below: bool) -> np.ndarray:
        """Return P(X <= y), or the probability of the opposite."""
        from scipy.special import ndtr

        if self.ratio > 1.0:
            nodes, weights = _TRACY_WIDOM.nodes
            z = (y[:, None] - self.sign * nodes) / self.ratio
            return np.minimum(ndtr(z if below else -z) @ weights, 1.0)
        one = _TRACY_WIDOM.cdf if below == (self.sign > 0.0) else _TRACY_WIDOM.sf
        return np.minimum(one(self.sign * (y[:, None] - self.ratio * _Z)) @ _W, 1.0)

    def pdf(self, y: np.ndarray) -> np.ndarray:
        """Return the density at y, one-dimensional."""
        if self.ratio > 1.0:
            nodes, weights = _TRACY_WIDOM.nodes
            z = (y[:, None] - self.sign * nodes) / self.ratio
            return np.exp(-0.5 * z * z) @ weights / (math.sqrt(2.0 * math.pi) * self.ratio)
        return _TRACY_WIDOM.pdf(self.sign * (y[:, None] - self.ratio * _Z)) @ _W

    def quantile(self, p: np.ndarray) -> np.ndarray:
        """Return the y below which X lies with probability p; -inf at 0 and inf at 1."""
        reach = 60.0 + 40.0 * self.ratio
        return quantiles(p, self.cdf, self.sf, -reach, reach)

    def log_mean_exp(self, t: float) -> float:
        """Return log E exp(t X)."""
        nodes, weights = _TRACY_WIDOM.nodes
        powers = t * self.sign * nodes
        top = float(powers.max())
        return 0.5 * (t * self.ratio) ** 2 + math.log(float(np.exp(powers - top) @ weights)) + top

    def log_relative_variance(self, t: float) -> float:
        """Return log(Var exp(t X) / (E exp(t X))^2); -inf where it vanishes."""
        if abs(t) * max(1.0, self.ratio) > _SMALL:
            log_ratio = self.log_mean_exp(2.0 * t) - 2.0 * self.log_mean_exp(t)
            return log_ratio + math.log(-math.expm1(-log_ratio)) if log_ratio > 0.0 else -math.inf
        # From the variances of the two factors, which keep their digits where they are small.
        nodes, weights = _TRACY_WIDOM.nodes
        powers = t * self.sign * nodes
        factor = np.expm1(powers) - float(np.expm1(powers) @ weights)
        edge = float(factor**2 @ weights) / float(np.exp(powers) @ weights) ** 2
        masks = math.expm1((t * self.ratio) ** 2)
        relative = edge + masks + edge * masks
        return math.log(relative) if relative > 0.0 else -math.inf
