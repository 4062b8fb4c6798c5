"""The interface of all limits for heavy-tailed weights: a law of log lambda, smoothed by a known angle."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np

__all__ = ["Solver", "Tail", "Values"]


class Values(NamedTuple):
    """Values at points, and estimates of their absolute errors, both of the shape of the points."""

    value: np.ndarray
    error: np.ndarray


class Tail(NamedTuple):
    """The tail P(lambda > x) ~ constant (log x)^log_power x^-exponent of the law without smoothing.

    Attributes
    ----------
    exponent : float
        Moments of order k exist for k < exponent.
    constant : float
        The factor; NaN if only the exponent is known.
    log_power : float
        The power of log x.
    """

    exponent: float
    constant: float
    log_power: float = 0.0


class Solver(Protocol):
    """A limiting law of the eigenvalues lambda, smoothed in log lambda (`rmtjac.smoothing`)."""

    @property
    def method(self) -> str:
        """The method: ``"independent"``, ``"coupled"`` or ``"population"``."""

    @property
    def angle(self) -> float:
        """The angle of the smoothing; 0 for the law itself."""

    @property
    def atom(self) -> Values:
        """The mass at lambda = 0 and its error, as arrays of no dimension."""

    @property
    def tail(self) -> Tail:
        """The tail of the law without smoothing."""

    def log_density(self, log_lam: np.ndarray) -> Values:
        """Return the smoothed density of log lambda without the atom, lambda rho(lambda), at points of shape (n,)."""

    def cdf(self, log_lam: np.ndarray) -> Values:
        """Return the smoothed cdf, the atom included, at points of shape (n,)."""
