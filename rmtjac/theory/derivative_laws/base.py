r"""The base class of the laws K of D^2: the moment transform m_K, the support and the moments of K.

.. math:: m_K(z) = E\,\frac{z D^2}{1 - z D^2} = \sum_{k\ge1} z^k\, E D^{2k}

Sources: BS (docs/references.md).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from rmtjac.activations import Activation
from rmtjac.kernels.limit.moment_transform import log_moment_transform_array, log_potential
from rmtjac.kernels.limit.poles import ROW_LENGTH
from rmtjac.kernels.limit.records import CompiledLaw, LawKind

__all__ = ["DerivativeLaw"]


@dataclass(frozen=True, eq=False)
class DerivativeLaw:
    r"""Law K of :math:`D^2`, the squared slope of the activation, with its moment transform.

    With :math:`D = \varphi'(h)`, h the Gaussian preactivation of a neuron, the moment transform is

    .. math:: m_K(z) = E\,\frac{z D^2}{1 - z D^2} = \sum_{k\ge1} z^k\, E D^{2k},

    analytic off the cut :math:`[1/b, \infty)`, b the supremum of :math:`D^2`. The limit of the spectrum depends on the
    activation through :math:`m_K` only. Use `derivative_law` to make a law from an activation, or
    `DiscreteLaw.from_points` to make one from points. This base class holds what all kinds of laws have in common.

    Attributes
    ----------
    values, weights : ndarray of float, shape (n,)
        Points > 0 and their probabilities; for a continuous law the nodes and weights of a quadrature rule.
    atom : float
        P(D = 0).
    supremum : float
        The supremum b of D^2.
    source : tuple of (Activation, float), or None
        The activation and the variance q of h that the law was made from; None for a law made from points.

    See Also
    --------
    derivative_law : The law of an activation.
    DiscreteLaw, ErfLaw, QuadratureLaw : The kinds of laws.

    References
    ----------
    BS (14)-(15). See docs/references.md.
    The moment transform: docs/theory/conventions.md. Its part in the limit: docs/theory/limit_equation.md.

    Examples
    --------
    >>> import rmtjac as rj
    >>> law = rj.theory.derivative_law(rj.activations.activation("relu"), 1.0)
    >>> law.mean, law.atom
    (0.5, 0.5)
    """

    values: np.ndarray
    weights: np.ndarray
    atom: float
    supremum: float
    source: tuple[Activation, float] | None

    def __post_init__(self) -> None:
        for array in (self.values, self.weights):
            array.flags.writeable = False

    @property
    def kernel(self) -> CompiledLaw:
        """The law as arguments of the compiled functions."""
        return CompiledLaw(int(LawKind.NODES), self.mass, self.values, self.weights, np.empty((0, ROW_LENGTH)))

    @property
    def mass(self) -> float:
        """P(D != 0), more accurate than the difference 1 - atom."""
        return float(self.weights.sum())

    @property
    def constant(self) -> bool:
        """Whether D^2 takes one value only."""
        return False

    @property
    def decay(self) -> float:
        """The exponent a of 1 + m_K/P(D != 0) ~ |u|^-a for large |u|; 1 if the mean of D^-2 over D != 0 is finite."""
        return 1.0

    @property
    def resolved(self) -> float:
        """The largest log |u| at which m_K is known; for larger |u| the values of D^2 that matter underflow."""
        return math.inf

    @property
    def spectrum(self) -> np.ndarray:
        """Intervals that hold the values of log D^2 for D != 0, descending, shape (k, 2)."""
        logs = np.log(self.values[::-1])
        return np.column_stack([logs, logs])

    @property
    def mean(self) -> float:
        """E D^2."""
        return self.moment(1)

    def equals(self, other: DerivativeLaw) -> bool:
        """Return whether the two laws have the same kind and the same numbers.

        Parameters
        ----------
        other : DerivativeLaw
            The law to compare with.

        Returns
        -------
        bool
            True if the kernels get the same arguments for both.
        """
        mine, its = self.kernel, other.kernel
        same = (mine.kind, mine.number) == (its.kind, its.number)
        arrays = ((mine.values, its.values), (mine.weights, its.weights), (mine.panels, its.panels))
        return self is other or (same and all(np.array_equal(a, b) for a, b in arrays))

    def moment(self, k: float) -> float:
        r"""Return the moment :math:`E D^{2k}`.

        Parameters
        ----------
        k : float
            The order, > 0.

        Returns
        -------
        float
            The moment.
        """
        return float(self.weights @ self.values**k)

    @property
    def mean_log(self) -> float:
        """The mean of log D^2 over D != 0."""
        return float(self.weights @ np.log(self.values))

    @property
    def rational_points(self) -> list[tuple[Fraction, Fraction]] | None:
        """The values > 0 of D^2 and their probabilities as fractions, None where these are not rational."""
        return None

    def log_moment_transform(self, log_u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        r"""Return log(1 + m_K / P(D != 0)) and log(m_K / u), which keep their digits for large and for small u.

        Parameters
        ----------
        log_u : array_like of complex, any shape
            Log u, with :math:`-\pi \le \mathrm{Im} \log u \le 0`.

        Returns
        -------
        log_rest : ndarray of complex, shape of `log_u`
            Log(1 + m_K(u) / P(D != 0)).
        log_ratio : ndarray of complex, shape of `log_u`
            Log(m_K(u) / u).
        """
        log_u = np.asarray(log_u, dtype=complex)
        _, rest, _, ratio, _ = log_moment_transform_array(*self.kernel, log_u.ravel())
        return rest.reshape(log_u.shape), ratio.reshape(log_u.shape)

    def moment_transform(self, u: np.ndarray | complex) -> np.ndarray:
        r"""Return the moment transform :math:`m_K(u)`.

        Parameters
        ----------
        u : array_like of complex, any shape
            Where to evaluate it. On the cut :math:`[1/b, \infty)` the value is the limit from below, u - i0.

        Returns
        -------
        ndarray of complex, shape of `u`
            The values.

        Examples
        --------
        >>> from rmtjac.theory import DiscreteLaw
        >>> complex(DiscreteLaw.from_points([0.0, 1.0], [0.5, 0.5]).moment_transform(0.5))
        (0.5+0j)
        """
        u = np.asarray(u, dtype=complex)
        below = np.where(u.imag > 0.0, u.conj(), u)
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = np.log(below)
        logs = logs.real - 1j * np.abs(logs.imag)
        m = np.where(u == 0.0, 0.0, below * np.exp(self.log_moment_transform(np.where(u == 0.0, 0.0, logs))[1]))
        return np.where(u.imag > 0.0, m.conj(), m)

    def relative_error(self, log_u: np.ndarray) -> np.ndarray:
        """Return the relative error of m_K in units of rounding.

        Parameters
        ----------
        log_u : ndarray of complex, any shape
            Log u, as for `log_moment_transform`.

        Returns
        -------
        ndarray of float, shape of `log_u`
            Relative errors; 1 where m_K is right to rounding, more where digits are lost.
        """
        return np.ones(np.shape(log_u))

    def moment_transform_mp(self, u: Any) -> Any:
        """Return the moment transform m_K(u) in the working precision of mpmath.

        Parameters
        ----------
        u : mpf or mpc of mpmath
            Where to evaluate it, off the cut.

        Returns
        -------
        mpf or mpc of mpmath
            The value.
        """
        raise NotImplementedError

    def log_potential(self, log_u: np.ndarray) -> np.ndarray:
        r"""Return :math:`E\,\mathrm{Log}(1 - u D^2)`.

        Parameters
        ----------
        log_u : array_like of complex, any shape
            Log u, as for `log_moment_transform`.

        Returns
        -------
        ndarray of complex, shape of `log_u`
            The values.
        """
        log_u = np.asarray(log_u, dtype=complex)
        law = self.kernel
        return log_potential(law.values, law.weights, law.panels, log_u.ravel()).reshape(log_u.shape)
