"""The law of D^2 of a phi' that is not piecewise constant: a fixed Gauss-Legendre rule, corrected at the poles."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from rmtjac.kernels.limit.moment_transform import log_moment_transform_array
from rmtjac.kernels.limit.records import CompiledLaw, LawKind
from rmtjac.kernels.limit.tails import DEEP, TailColumn, has_tail, tail_area
from rmtjac.theory.derivative_laws.base import DerivativeLaw
from rmtjac.theory.derivative_laws.multiprecision import smooth_moment_transform
from rmtjac.theory.derivative_laws.panel_rule import FLOOR

__all__ = ["QuadratureLaw"]


@dataclass(frozen=True, eq=False, repr=False)
class QuadratureLaw(DerivativeLaw):
    r"""Continuous law of :math:`D^2`, given by :math:`\varphi'` and q through a quadrature rule.

    .. math:: m_K(z) = \int \frac{z\,\varphi'(h)^2}{1 - z\,\varphi'(h)^2}\,
              \frac{e^{-h^2/2q}}{\sqrt{2\pi q}}\,dh

    It is computed by one composite Gauss-Legendre rule for all z; the error of the rule at the poles of the integrand
    is known and corrected. Made by `derivative_law`.

    Attributes
    ----------
    values, weights : ndarray of float, shape (n,)
        Values of D^2 at the nodes, and the weights, which add up to 1.
    atom : float
        P(D = 0) = 0.
    supremum : float
        The supremum b of D^2.
    source : tuple of (Activation, float)
        The activation and the variance q of h.
    panels : ndarray of float, shape (k, 26)
        The panels with the numbers that correct the rule near poles (`rmtjac.kernels.limit.poles`).
    intervals : ndarray of float, shape (k, 2)
        Intervals that hold the values of log D^2, descending.

    See Also
    --------
    derivative_law : The law of an activation.
    DerivativeLaw : The base class of all laws.

    References
    ----------
    docs/theory/lerch.md.

    Examples
    --------
    >>> import rmtjac as rj
    >>> rj.theory.derivative_law(rj.activations.activation("tanh"), 0.5)
    QuadratureLaw(q=0.5, mean=0.592426, ... nodes)
    """

    panels: np.ndarray
    intervals: np.ndarray

    def __post_init__(self) -> None:
        super().__post_init__()
        if has_tail(self.panels):
            self.panels[0, TailColumn.MEAN_LOG] = self.mean_log
        self.panels.flags.writeable = False

    @property
    def mass(self) -> float:
        """P(D != 0) = 1."""
        return 1.0

    @property
    def lost(self) -> float:
        """P(D^2 < 1e-280), or 0 if a tail (`rmtjac.theory.derivative_laws.tails`) describes these values."""
        return 0.0 if has_tail(self.panels) else float(self.weights[self.values <= FLOOR].sum())

    @property
    def resolved(self) -> float:
        """The largest log |u| at which m_K is known; finite if values of D^2 below those at the nodes matter."""
        return DEEP if self.lost > 1e-15 else math.inf

    @property
    def spectrum(self) -> np.ndarray:
        """Intervals that hold the values of log D^2, descending, shape (k, 2)."""
        return self.intervals

    @property
    def mean_log(self) -> float:
        """E log D^2.

        It comes from E log(1 - u D^2) at u = -e^100, where the rule is exact even if phi' has zeros. With a tail
        (`rmtjac.kernels.limit.tails`) it comes from u = -e^500, minus the part of D^2 < e^-500.

        Raises
        ------
        ArithmeticError
            If D^2 < 1e-280 has a probability above 1e-15 and phi' is not a registered function with a known tail.
        """
        if has_tail(self.panels):
            return (
                float(self.log_potential(np.array([500.0 - 1j * math.pi])).real[0])
                - 500.0
                - tail_area(self.panels[0], -500.0)
            )
        if self.lost > 1e-15:
            raise ArithmeticError(
                f"E log D^2 is not known at q={self.variance:.6g}: D^2 < {FLOOR} with probability {self.lost:.2g}"
            )
        return float(self.log_potential(np.array([100.0 - 1j * math.pi])).real[0]) - 100.0

    @property
    def decay(self) -> float:
        """The exponent a of 1 + m_K ~ |u|^-a for large |u|: 1/2 if phi' changes sign, as P(D^2 < x) ~ sqrt(x)."""
        assert self.source is not None
        signs = np.sign(self.source[0].derivative(math.sqrt(self.variance) * np.linspace(-13.0, 13.0, 5201)))
        return 0.5 if signs.min() < 0.0 < signs.max() else 1.0

    @property
    def variance(self) -> float:
        """The variance q of h."""
        assert self.source is not None
        return self.source[1]

    @property
    def kernel(self) -> CompiledLaw:
        """The law as arguments of the compiled functions: a quadrature rule with panels."""
        return CompiledLaw(int(LawKind.NODES), 1.0, self.values, self.weights, self.panels)

    def relative_error(self, log_u: np.ndarray) -> np.ndarray:
        """Return the relative error of m_K in units of rounding: digits are lost where a pole is close to a node.

        Parameters
        ----------
        log_u : ndarray of complex, any shape
            Log u, as for `log_moment_transform`.

        Returns
        -------
        ndarray of float, shape of `log_u`
            Relative errors; 1 where m_K is right to rounding, more where digits are lost.
        """
        beyond = log_u.real > -math.log(self.supremum)
        angle = np.maximum(np.abs(log_u.imag), 1e-150)
        out = 1.0 + np.where(beyond, 0.5 / angle + 1e-3 / angle**2, 0.0)
        # This bound ignores the weights of the nodes. Next to a tip the poles are close to nodes of almost no weight:
        # there the sum of |x d/dx 1/(1 - ux)| = |ux| / |1 - ux|^2 over the nodes is compared with that for m_K.
        close = np.flatnonzero(out > 1e4)
        c, _, c1, *_ = log_moment_transform_array(*self.kernel, log_u.ravel()[close])
        for i, slope in zip(close, np.abs(c * c1), strict=True):
            v = log_u.flat[i] + np.log(self.values)
            y = np.exp(np.clip(v.real, -700.0, 300.0) + 1j * v.imag)
            condition = np.abs(y) * np.maximum(np.abs(1.0 - y), np.finfo(float).eps) ** -2.0
            out.flat[i] = min(out.flat[i], 1.0 + float(self.weights @ condition) / max(slope, 1e-300))
        return np.where((log_u.real > DEEP) & has_tail(self.panels), 1.0, out)

    def moment_transform_mp(self, u: Any) -> Any:
        """Return the moment transform m_K(u) by quadrature in mpmath.

        Parameters
        ----------
        u : mpf or mpc of mpmath
            Where to evaluate it, off the cut.

        Returns
        -------
        mpf or mpc of mpmath
            The value: in the working precision, but to 15 digits at most where phi' is a Python function.
        """
        assert self.source is not None
        return smooth_moment_transform(*self.source, u)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(q={self.variance:.6g}, mean={self.mean:.6g}, {self.values.size} nodes)"
