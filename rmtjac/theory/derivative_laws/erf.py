"""The law of D^2 of phi = erf(sqrt(pi) x / 2): the Lerch transcendent, with 1/sqrt(pi q) (BS print sqrt(2 pi q))."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from rmtjac.kernels.limit.moment_transform import ERF
from rmtjac.theory.derivative_laws.lerch import lerch_mp
from rmtjac.theory.derivative_laws.quadrature import QuadratureLaw

__all__ = ["ErfLaw"]


@dataclass(frozen=True, eq=False, repr=False)
class ErfLaw(QuadratureLaw):
    r"""D = exp(-pi h^2 / 4): :math:`m_K(z) = \frac{z}{\sqrt{\pi q}}\,\Phi(z, \tfrac12, 1 + \frac1{\pi q})`.

    From :math:`E D^{2k} = (1 + \pi q k)^{-1/2}`. The nodes serve E Log(1 - u D^2) only.
    """

    @property
    def mean_log(self) -> float:
        """E log D^2 = -pi q / 2."""
        return -0.5 * math.pi * self.variance

    @property
    def decay(self) -> float:
        """P(D^2 < x) falls like x^(1/(pi q))."""
        return min(1.0, 1.0 / (math.pi * self.variance))

    def relative_error(self, log_u: np.ndarray) -> np.ndarray:
        """Return 1: the Lerch kernel does not mind the cut."""
        return np.ones(np.shape(log_u))

    @property
    def kernel(self) -> tuple[int, float, np.ndarray, np.ndarray, np.ndarray]:
        """The Lerch kernel, with 1 / (pi q)."""
        return ERF, 1.0 / (math.pi * self.variance), self.values, self.weights, self.panels

    def moment(self, k: float) -> float:
        """Return E D^{2k} = (1 + pi q k)^(-1/2)."""
        return (1.0 + math.pi * self.variance * k) ** -0.5

    def moment_transform_mp(self, u: Any) -> Any:
        """Return m_K(u) = a^{1/2} u Phi(u, 1/2, 1 + a), a = 1 / (pi q), in the working precision of mpmath."""
        import mpmath as mp

        a = 1 / (mp.pi * mp.mpf(self.variance))
        return mp.sqrt(a) * u * lerch_mp(u, 1 + a)
