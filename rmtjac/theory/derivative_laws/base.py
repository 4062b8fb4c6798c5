r"""What the limit theory needs to know of a law K of D^2: its m_K, its support, its moments.

.. math:: m_K(z) = E\,\frac{z D^2}{1 - z D^2} = \sum_{k\ge1} z^k\, E D^{2k}
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from rmtjac.activations import Activation
from rmtjac.kernels.limit.moment_transform import NODES, log_moment_transform_array, log_potential
from rmtjac.kernels.limit.poles import ROW

__all__ = ["DerivativeLaw"]


@dataclass(frozen=True, eq=False)
class DerivativeLaw:
    """Law of D^2 as values and weights, plus how the kernels evaluate its m_K.

    Attributes
    ----------
    values, weights
        Points and probabilities (for a continuous law: nodes and weights of a quadrature rule).
    atom
        P(D = 0).
    supremum
        b = sup D^2; m_K is analytic off [1/b, inf).
    source
        Activation and q it was made from, None for a law made from points.
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
    def kernel(self) -> tuple[int, float, np.ndarray, np.ndarray, np.ndarray]:
        """Kind, number, values, weights and panels: the law as `rmtjac.kernels.limit.moment_transform` takes it."""
        return NODES, self.mass, self.values, self.weights, np.empty((0, ROW))

    @property
    def mass(self) -> float:
        """P(D != 0), the complement of the atom, without its rounding."""
        return float(self.weights.sum())

    @property
    def constant(self) -> bool:
        """Whether D^2 takes one value only."""
        return False

    @property
    def decay(self) -> float:
        """The power of 1/u like which 1 + m_K/p falls as u grows: 1 where E D^-2 is finite (over D != 0)."""
        return 1.0

    @property
    def resolved(self) -> float:
        """Log |u| up to which m_K can be had: beyond, values of D^2 decide that are no floats."""
        return math.inf

    @property
    def spectrum(self) -> np.ndarray:
        """Intervals that hold the values of log D^2, D != 0, descending, shape (k, 2)."""
        logs = np.log(self.values[::-1])
        return np.column_stack([logs, logs])

    @property
    def mean(self) -> float:
        """E D^2."""
        return self.moment(1)

    def equals(self, other: DerivativeLaw) -> bool:
        """Return whether the two are the same law, given in the same way."""
        (kind, number, *mine), (its_kind, its_number, *theirs) = self.kernel, other.kernel
        same = (kind, number) == (its_kind, its_number)
        return self is other or (same and all(map(np.array_equal, mine, theirs)))

    def moment(self, k: float) -> float:
        """Return E D^{2k}."""
        return float(self.weights @ self.values**k)

    @property
    def mean_log(self) -> float:
        """E log D^2 over D != 0."""
        return float(self.weights @ np.log(self.values))

    @property
    def rational_points(self) -> list[tuple[Fraction, Fraction]] | None:
        """The values > 0 of D^2 and their probabilities as fractions, None where these are not rational."""
        return None

    def log_moment_transform(self, log_u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return Log(1 + m_K(u)/p), p = P(D != 0), and Log(m_K(u)/u) at u = exp(log_u), -pi <= Im log_u <= 0.

        Broadcasts.
        """
        log_u = np.asarray(log_u, dtype=complex)
        _, rest, _, ratio, _ = log_moment_transform_array(*self.kernel, log_u.ravel())
        return rest.reshape(log_u.shape), ratio.reshape(log_u.shape)

    def moment_transform(self, u: np.ndarray | complex) -> np.ndarray:
        """Return m_K(u) for complex u; on the cut [1/b, inf) the value from below.

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
        """Return the error of m_K relative to rounding (1 where rounding is all there is) at u = exp(log_u)."""
        return np.ones(np.shape(log_u))

    def moment_transform_mp(self, u: Any) -> Any:
        """Return m_K(u) in the working precision of mpmath."""
        raise NotImplementedError

    def log_potential(self, log_u: np.ndarray) -> np.ndarray:
        """Return E Log(1 - u D^2) at u = exp(log_u); broadcasts."""
        log_u = np.asarray(log_u, dtype=complex)
        return log_potential(*self.kernel[2:], log_u.ravel()).reshape(log_u.shape)
