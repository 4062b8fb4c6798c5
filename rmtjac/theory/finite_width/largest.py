"""The law of the largest, or the smallest, eigenvalue of J J^T at finite width.

Sources: BS (docs/references.md).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from rmtjac.theory.finite_width.tracy_widom import TracyWidom
from rmtjac.validate import finite, probabilities, real_array

__all__ = ["ExtremeLaw"]

_TRACY_WIDOM = TracyWidom()
_Z, _W = np.polynomial.hermite_e.hermegauss(64)
_W = _W / _W.sum()


@dataclass(frozen=True)
class ExtremeLaw:
    r"""The law of an extreme eigenvalue of :math:`M = J J^T` at finite width, next to a square-root edge of the limit.

    .. math:: \log\lambda = \log\lambda_\pm + \mathrm{shift} \pm \mathrm{scale}\;\xi + \mathrm{spread}\;Z,

    where xi has the Tracy-Widom law of real matrices, and Z is standard normal and independent of it. The scale falls
    like N^(-2/3), the spread, which random masks D bring, like N^(-1/2), the shift like 1/N. The error of the law is of
    the next order. `LimitSpectrum.largest` and `LimitSpectrum.smallest` make it.

    Attributes
    ----------
    width : int or float
        The number N = n_L of rows of J.
    log_edge : float
        Logarithm of the edge of the limit.
    scale : float
        The unit of the Tracy-Widom variable in log lambda.
    spread : float
        The standard deviation of the normal part.
    shifts : dict of str to float
        The parts of the shift: ``"weights"`` (given D), ``"kurtosis"`` (weights that are not Gaussian), ``"masks"``
        (random D), ``"alignment"`` (the weights of a forward pass are not independent of its masks).
    upper : bool
        Whether this is the largest eigenvalue, not the smallest.
    signal : {"network", "independent", "deterministic"}
        Where D comes from.

    See Also
    --------
    rmtjac.LimitSpectrum.largest : Make the law.
    rmtjac.theory.contraction_probability : P(norm of J < 1) over width, depth and scale of the weights.
    rmtjac.spectra.sample_largest : Sampled values of the same eigenvalue.

    Notes
    -----
    A value of the cdf costs some microseconds.

    References
    ----------
    BS Fig. 5. See docs/references.md.
    docs/theory/largest_singular_value.md.

    Examples
    --------
    >>> import rmtjac as rj
    >>> law = rj.limit_spectrum(rj.Ensemble.square(100, 2, "tanh")).largest()
    >>> law
    ExtremeLaw(largest of N=100, signal 'network': lambda = 2.3657 ± 0.27, edge of the limit 2.61035)
    >>> law.interval(0.95).round(2)
    array([1.89, 2.95])
    >>> round(law.probability(norm=1.5), 3)
    0.355
    """

    width: float
    log_edge: float
    scale: float
    spread: float
    shifts: dict[str, float]
    upper: bool = True
    signal: str = "network"

    @property
    def shift(self) -> float:
        """The sum of the shifts."""
        return math.fsum(self.shifts.values())

    @property
    def in_range(self) -> bool:
        """Whether the width is large enough for the expansion: scale, spread and shift are below 1/2 in log lambda."""
        return max(self.scale, self.spread, abs(self.shift)) < 0.5

    @property
    def log_mean(self) -> float:
        """The mean of log lambda."""
        return self.log_edge + self.shift + self._sign * self.scale * _TRACY_WIDOM.mean

    @property
    def log_std(self) -> float:
        """The standard deviation of log lambda."""
        return math.hypot(self.scale * _TRACY_WIDOM.std, self.spread)

    @property
    def mean(self) -> float:
        """The mean of lambda; infinite beyond the range of a float."""
        return self._moment(1)

    @property
    def std(self) -> float:
        """The standard deviation of lambda; infinite beyond the range of a float."""
        if max(self.scale, self.spread) > 0.1:
            log_ratio = self._log_moment(2) - 2.0 * self._log_moment(1)
            log_relative = log_ratio + math.log(-math.expm1(-log_ratio)) if log_ratio > 0.0 else -math.inf
        else:  # from the variances of the two factors, which keep their digits where they are small
            nodes, weights = _TRACY_WIDOM.nodes
            powers = self._sign * self.scale * nodes
            factor = np.expm1(powers) - float(np.expm1(powers) @ weights)
            edge = float(factor**2 @ weights) / float(np.exp(powers) @ weights) ** 2
            masks = math.expm1(self.spread**2)
            relative = edge + masks + edge * masks
            log_relative = math.log(relative) if relative > 0.0 else -math.inf
        with np.errstate(over="ignore", under="ignore"):
            return float(np.exp(self._log_moment(1) + 0.5 * log_relative))

    def cdf(self, lam: Any) -> np.ndarray:
        """Return P(extreme eigenvalue <= lambda).

        Parameters
        ----------
        lam : array_like of float, any shape
            Points; the probability is 0 at negative ones.

        Returns
        -------
        ndarray of float, shape of `lam`
            The probabilities.

        Raises
        ------
        ValueError
            If `lam` holds NaN.
        """
        return self._probability(lam, below=True)

    def sf(self, lam: Any) -> np.ndarray:
        """Return P(extreme eigenvalue > lambda), which keeps its digits where it is small.

        Parameters
        ----------
        lam : array_like of float, any shape
            Points.

        Returns
        -------
        ndarray of float, shape of `lam`
            The probabilities.

        Raises
        ------
        ValueError
            If `lam` holds NaN.
        """
        return self._probability(lam, below=False)

    def pdf(self, lam: Any) -> np.ndarray:
        """Return the density of the extreme eigenvalue.

        Parameters
        ----------
        lam : array_like of float, any shape
            Points; the density is 0 at lambda <= 0.

        Returns
        -------
        ndarray of float, shape of `lam`
            The density.

        Raises
        ------
        ValueError
            If `lam` holds NaN.
        """
        lam, y = self._standardised(lam)
        ratio = self.spread / self.scale
        if ratio > 1.0:
            nodes, weights = _TRACY_WIDOM.nodes
            z = (y[:, None] - self._sign * nodes) / ratio
            dense = np.exp(-0.5 * z * z) @ weights / (math.sqrt(2.0 * math.pi) * ratio)
        else:
            dense = _TRACY_WIDOM.pdf(self._sign * (y[:, None] - ratio * _Z)) @ _W
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            out = np.where(np.isfinite(y), dense / self.scale / lam.ravel(), 0.0)
        return out.reshape(lam.shape)

    def quantile(self, p: Any) -> np.ndarray:
        """Return the lambda below which the extreme eigenvalue lies with probability p.

        Parameters
        ----------
        p : array_like of float, any shape
            Probabilities.

        Returns
        -------
        ndarray of float, shape of `p`
            The quantiles; 0 at p = 0 and infinite at p = 1.

        Raises
        ------
        ValueError
            If a number is not in [0, 1].
        """
        with np.errstate(over="ignore", under="ignore"):
            return np.exp(self.log_quantile(p))

    def log_quantile(self, p: Any) -> np.ndarray:
        """Return the quantiles of log lambda.

        Parameters
        ----------
        p : array_like of float, any shape
            Probabilities.

        Returns
        -------
        ndarray of float, shape of `p`
            The quantiles.

        Raises
        ------
        ValueError
            If a number is not in [0, 1].
        """
        from scipy.optimize import brentq

        p = probabilities(p)
        out = np.where(p == 0.0, -math.inf, math.inf)
        reach = 60.0 + 40.0 * self.spread / self.scale
        for i in np.flatnonzero((p > 0.0) & (p < 1.0)):
            want = float(p.flat[i])
            low = want < 0.5

            def excess(y: float, want: float = want, low: bool = low) -> float:
                """Return a function that vanishes at the quantile."""
                found = float(self._mixed(np.array([y]), below=low)[0])
                aim = want if low else 1.0 - want
                gap = math.log(max(found, 1e-320)) - math.log(aim)
                return gap if low else -gap

            out.flat[i] = self._centre + self.scale * brentq(excess, -reach, reach, xtol=1e-12, rtol=1e-13)
        return out

    def interval(self, p: float = 0.95) -> np.ndarray:
        """Return the central interval that holds the extreme eigenvalue with probability p.

        Parameters
        ----------
        p : float, default 0.95
            The probability, in (0, 1).

        Returns
        -------
        ndarray of float, shape (2,)
            The ends of the interval of lambda.

        Raises
        ------
        ValueError
            If `p` is not in (0, 1).
        TypeError
            If `p` is not a number.
        """
        if not 0.0 < finite("p", p) < 1.0:
            raise ValueError(f"p={p!r} must be in (0, 1)")
        return self.quantile([0.5 * (1.0 - p), 0.5 * (1.0 + p)])

    def probability(self, norm: float = 1.0) -> float:
        """Return the probability that the extreme singular value of J is below `norm`.

        For the largest one with ``norm=1`` this is P(|J| < 1), the condition of BS for a contraction at the input.

        Parameters
        ----------
        norm : float, default 1.0
            The bound, >= 0.

        Returns
        -------
        float
            The probability.

        Raises
        ------
        ValueError
            If `norm` is negative or not finite.
        TypeError
            If `norm` is not a number.
        """
        norm = finite("norm", norm, least=0.0)
        if norm == 0.0:
            return 0.0
        y = np.array([(2.0 * math.log(norm) - self._centre) / self.scale])
        return float(self._mixed(y, below=True)[0])

    @property
    def _sign(self) -> float:
        return 1.0 if self.upper else -1.0

    @property
    def _centre(self) -> float:
        return self.log_edge + self.shift

    def _standardised(self, lam: Any) -> tuple[np.ndarray, np.ndarray]:
        """Return `lam` as an array, and flat (log lambda - centre) / scale."""
        lam = real_array("lam", lam)
        if np.isnan(lam).any():
            raise ValueError("lam holds NaN; numbers are needed")
        with np.errstate(divide="ignore"):
            return lam, (np.log(np.maximum(lam.ravel(), 0.0)) - self._centre) / self.scale

    def _probability(self, lam: Any, *, below: bool) -> np.ndarray:
        lam, y = self._standardised(lam)
        return self._mixed(y, below=below).reshape(lam.shape)

    def _mixed(self, y: np.ndarray, *, below: bool) -> np.ndarray:
        """Return P(+-xi + ratio Z <= y) or the probability of the opposite.

        Whichever of the two variables is wider is integrated by its distribution function, the other by nodes.
        """
        from scipy.special import ndtr

        ratio = self.spread / self.scale
        if ratio > 1.0:
            nodes, weights = _TRACY_WIDOM.nodes
            z = (y[:, None] - self._sign * nodes) / ratio
            return np.minimum(ndtr(z if below else -z) @ weights, 1.0)
        one = _TRACY_WIDOM.cdf if below == self.upper else _TRACY_WIDOM.sf
        return np.minimum(one(self._sign * (y[:, None] - ratio * _Z)) @ _W, 1.0)

    def _log_moment(self, k: int) -> float:
        """Return log E lambda^k."""
        nodes, weights = _TRACY_WIDOM.nodes
        powers = k * self._sign * self.scale * nodes
        top = float(powers.max())
        mixed = math.log(float(np.exp(powers - top) @ weights)) + top
        return k * self._centre + 0.5 * (k * self.spread) ** 2 + mixed

    def _moment(self, k: int) -> float:
        with np.errstate(over="ignore"):
            return float(np.exp(self._log_moment(k)))

    def __repr__(self) -> str:
        what = "largest" if self.upper else "smallest"
        far = "" if self.in_range else "; the width is too small for the expansion"
        return (
            f"ExtremeLaw({what} of N={self.width:g}, signal {self.signal!r}: lambda = {self.mean:.5g} ± "
            f"{self.std:.2g}, edge of the limit {math.exp(min(self.log_edge, 700.0)):.6g}{far})"
        )
