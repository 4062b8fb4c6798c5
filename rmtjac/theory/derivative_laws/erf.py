"""The law of D^2 of phi = erf(sqrt(pi) x / 2): m_K is a Lerch transcendent.

The factor is 1/sqrt(pi q); the factor 1/sqrt(2 pi q) that BS Section III prints is an error (docs/theory/errata.md).

Sources: BS (docs/references.md).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from rmtjac.kernels.limit.records import CompiledLaw, LawKind
from rmtjac.theory.derivative_laws.lerch import lerch_mp
from rmtjac.theory.derivative_laws.quadrature import QuadratureLaw

__all__ = ["ErfLaw"]


@dataclass(frozen=True, eq=False, repr=False)
class ErfLaw(QuadratureLaw):
    r"""Law of :math:`D^2` for the activation erf, by the Lerch transcendent.

    For :math:`\varphi(x) = \mathrm{erf}(\sqrt\pi x/2)`, :math:`D = e^{-\pi h^2/4}` and
    :math:`E D^{2k} = (1 + \pi q k)^{-1/2}`, so

    .. math:: m_K(z) = \frac{z}{\sqrt{\pi q}}\,\Phi\left(z, \tfrac12, 1 + \frac1{\pi q}\right).

    Made by `derivative_law`.

    Attributes
    ----------
    values, weights : ndarray of float, shape (n,)
        Nodes and weights of a quadrature rule, used for E Log(1 - u D^2) only.
    atom : float
        P(D = 0) = 0.
    supremum : float
        The supremum b = 1 of D^2.
    source : tuple of (Activation, float)
        The activation and the variance q of h.
    panels : ndarray of float, shape (k, 26)
        The panels of the rule, as for `QuadratureLaw`.
    intervals : ndarray of float, shape (1, 2)
        The range of log D^2, as far as D^2 is a float.

    See Also
    --------
    lerch_phi : The Lerch transcendent.
    derivative_law : The law of an activation.
    DerivativeLaw : The base class of all laws.

    References
    ----------
    BS Section III, with a wrong factor (docs/theory/errata.md). See docs/references.md.
    The derivation: docs/theory/lerch.md.

    Examples
    --------
    >>> import rmtjac as rj
    >>> law = rj.theory.derivative_law(rj.activations.activation("erf"), 1.0)
    >>> round(law.moment(2), 12) == round((1 + 2 * 3.141592653589793) ** -0.5, 12)
    True
    """

    @property
    def mean_log(self) -> float:
        """E log D^2 = -pi q / 2."""
        return -0.5 * math.pi * self.variance

    @property
    def decay(self) -> float:
        """The exponent a of 1 + m_K ~ |u|^-a: min(1, 1/(pi q)), as P(D^2 < x) ~ x^(1/(pi q)) up to logarithms."""
        return min(1.0, 1.0 / (math.pi * self.variance))

    def relative_error(self, log_u: np.ndarray) -> np.ndarray:
        """Return the relative error of m_K in units of rounding; it is 1 everywhere, also next to the cut.

        Parameters
        ----------
        log_u : ndarray of complex, any shape
            Log u, as for `log_moment_transform`.

        Returns
        -------
        ndarray of float, shape of `log_u`
            Ones.
        """
        return np.ones(np.shape(log_u))

    @property
    def kernel(self) -> CompiledLaw:
        """The law as arguments of the compiled functions: the Lerch transcendent with the number 1 / (pi q)."""
        number = 1.0 / (math.pi * self.variance)
        return CompiledLaw(int(LawKind.ERF), number, self.values, self.weights, self.panels)

    def moment(self, k: float) -> float:
        r"""Return the moment :math:`E D^{2k} = (1 + \pi q k)^{-1/2}`.

        Parameters
        ----------
        k : float
            The order, > 0.

        Returns
        -------
        float
            The moment.
        """
        return (1.0 + math.pi * self.variance * k) ** -0.5

    def moment_transform_mp(self, u: Any) -> Any:
        r"""Return the moment transform in the working precision of mpmath.

        It is :math:`m_K(u) = \sqrt a\, u\, \Phi(u, \tfrac12, 1 + a)`, :math:`a = 1/(\pi q)`.

        Parameters
        ----------
        u : mpf or mpc of mpmath
            Where to evaluate it; on the cut the value is the one from below.

        Returns
        -------
        mpf or mpc of mpmath
            The value.
        """
        import mpmath as mp

        a = 1 / (mp.pi * mp.mpf(self.variance))
        return mp.sqrt(a) * u * lerch_mp(u, 1 + a)
