"""The law of D^2 of any phi' that is not piecewise constant: a fixed Gauss-Legendre rule, corrected at the poles."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from rmtjac.kernels.limit.moment_transform import NODES, log_moment_transform_array
from rmtjac.kernels.limit.tails import DEEP, has_tail, tail_area
from rmtjac.theory.derivative_laws.base import DerivativeLaw
from rmtjac.theory.derivative_laws.multiprecision import smooth_moment_transform
from rmtjac.theory.derivative_laws.panel_rule import FLOOR

__all__ = ["QuadratureLaw"]


@dataclass(frozen=True, eq=False, repr=False)
class QuadratureLaw(DerivativeLaw):
    """A continuous law of D^2, given by phi' and q; its nodes serve every u that a density curve visits.

    Attributes
    ----------
    panels
        What makes the rule exact next to its poles (`rmtjac.kernels.limit.poles`).
    """

    panels: np.ndarray
    intervals: np.ndarray

    def __post_init__(self) -> None:
        super().__post_init__()
        if has_tail(self.panels):
            self.panels[0, 7] = self.mean_log
        self.panels.flags.writeable = False

    @property
    def mass(self) -> float:
        """One."""
        return 1.0

    @property
    def lost(self) -> float:
        """P(D^2 < 1e-280), where no tail (`rmtjac.theory.derivative_laws.tails`) makes up for it."""
        return 0.0 if has_tail(self.panels) else float(self.weights[self.values <= FLOOR].sum())

    @property
    def resolved(self) -> float:
        """As far as the nodes reach, unless what is below does not matter."""
        return DEEP if self.lost > 1e-15 else math.inf

    @property
    def spectrum(self) -> np.ndarray:
        """Intervals that hold the values of log D^2, descending, shape (k, 2)."""
        return self.intervals

    @property
    def mean_log(self) -> float:
        """E log D^2, from E log(1 - u D^2) at u = -e^100: the rule is exact there even where phi' has zeros.

        With a tail (`rmtjac.kernels.limit.tails`) from u = -e^500, less what lies below e^-500.

        Raises
        ------
        ArithmeticError
            If D^2 < 1e-280, the range of a float, is not improbable, and phi' no registered function.
        """
        if has_tail(self.panels):
            return (
                float(self.log_potential(np.array([500.0 - 1j * math.pi])).real[0])
                - 500.0
                - tail_area(self.panels[0], -500.0)
            )
        if self.lost > 1e-15:
            raise ArithmeticError(
                f"E log D^2 cannot be had at q={self.variance:.6g}: D^2 < {FLOOR} with probability {self.lost:.2g}"
            )
        return float(self.log_potential(np.array([100.0 - 1j * math.pi])).real[0]) - 100.0

    @property
    def decay(self) -> float:
        """1/2 where phi' passes through zero: then P(D^2 < x) falls like sqrt(x)."""
        assert self.source is not None
        signs = np.sign(self.source[0].derivative(math.sqrt(self.variance) * np.linspace(-13.0, 13.0, 5201)))
        return 0.5 if signs.min() < 0.0 < signs.max() else 1.0

    @property
    def variance(self) -> float:
        """The variance q of h."""
        assert self.source is not None
        return self.source[1]

    @property
    def kernel(self) -> tuple[int, float, np.ndarray, np.ndarray, np.ndarray]:
        """A quadrature rule with panels."""
        return NODES, 1.0, self.values, self.weights, self.panels

    def relative_error(self, log_u: np.ndarray) -> np.ndarray:
        """Return the error of m_K relative to rounding: digits are lost where a pole is close to a node."""
        beyond = log_u.real > -math.log(self.supremum)
        angle = np.maximum(np.abs(log_u.imag), 1e-150)
        out = 1.0 + np.where(beyond, 0.5 / angle + 1e-3 / angle**2, 0.0)
        # That holds for nodes of any weight. Next to a tip the poles are close to nodes that weigh next to nothing:
        # there sum the conditions of the terms, |d/dx 1/(1 - ux)| |x| = |ux| / |1 - ux|^2, against that of m_K itself.
        close = np.flatnonzero(out > 1e4)
        c, _, c1, *_ = log_moment_transform_array(*self.kernel, log_u.ravel()[close])
        for i, slope in zip(close, np.abs(c * c1), strict=True):
            v = log_u.flat[i] + np.log(self.values)
            y = np.exp(np.clip(v.real, -700.0, 300.0) + 1j * v.imag)
            condition = np.abs(y) * np.maximum(np.abs(1.0 - y), np.finfo(float).eps) ** -2.0
            out.flat[i] = min(out.flat[i], 1.0 + float(self.weights @ condition) / max(slope, 1e-300))
        return np.where((log_u.real > DEEP) & has_tail(self.panels), 1.0, out)

    def moment_transform_mp(self, u: Any) -> Any:
        """Return m_K(u) by mpmath quadrature; to 15 digits at most where phi' is a Python function."""
        assert self.source is not None
        return smooth_moment_transform(*self.source, u)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(q={self.variance:.6g}, mean={self.mean:.6g}, {self.values.size} nodes)"
