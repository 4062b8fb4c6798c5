r"""The law K of D^2 = phi'(h)^2, h ~ N(0, q): all that the limit theory needs to know of an activation.

.. math:: m_K(z) = E\,\frac{z D^2}{1 - z D^2} = \sum_{k\ge1} z^k\, E D^{2k}

Three kinds, by how m_K is computed:

- `DiscreteLaw`: piecewise affine activations, finitely many values; closed form.
- `ErfLaw`: phi = erf(sqrt(pi) x / 2); Lerch transcendent, with the prefactor 1/sqrt(pi q) (BS print sqrt(2 pi q)).
- `QuadratureLaw`: any other phi'; a fixed Gauss-Legendre rule, corrected at the poles.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np

from rmtjac.activations import Activation
from rmtjac.kernels.mgf import ERF, NODES, TWO_POINT, log_mgf_array, log_potential
from rmtjac.kernels.panels import ROW
from rmtjac.theory.lerch import lerch_mp
from rmtjac.theory.nodes import FLOOR, panel_rule
from rmtjac.theory.precise import smooth_mgf
from rmtjac.validate import finite

__all__ = ["DerivativeLaw", "DiscreteLaw", "ErfLaw", "QuadratureLaw", "derivative_law"]


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
        """Kind, number, values, weights and panels: the law as `rmtjac.kernels.mgf` takes it."""
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

    def log_mgf(self, log_u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return Log(1 + m_K(u)/p), p = P(D != 0), and Log(m_K(u)/u) at u = exp(log_u), -pi <= Im log_u <= 0.

        Broadcasts.
        """
        log_u = np.asarray(log_u, dtype=complex)
        _, rest, _, ratio, _ = log_mgf_array(*self.kernel, log_u.ravel())
        return rest.reshape(log_u.shape), ratio.reshape(log_u.shape)

    def mgf(self, u: np.ndarray | complex) -> np.ndarray:
        """Return m_K(u) for complex u; on the cut [1/b, inf) the value from below.

        Examples
        --------
        >>> complex(DiscreteLaw.from_points([0.0, 1.0], [0.5, 0.5]).mgf(0.5))
        (0.5+0j)
        """
        u = np.asarray(u, dtype=complex)
        below = np.where(u.imag > 0.0, u.conj(), u)
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = np.log(below)
        logs = logs.real - 1j * np.abs(logs.imag)
        m = np.where(u == 0.0, 0.0, below * np.exp(self.log_mgf(np.where(u == 0.0, 0.0, logs))[1]))
        return np.where(u.imag > 0.0, m.conj(), m)

    def relative_error(self, log_u: np.ndarray) -> np.ndarray:
        """Return the error of m_K relative to rounding (1 where rounding is all there is) at u = exp(log_u)."""
        return np.ones(np.shape(log_u))

    def mgf_mp(self, u: Any) -> Any:
        """Return m_K(u) in the working precision of mpmath."""
        raise NotImplementedError

    def log_potential(self, log_u: np.ndarray) -> np.ndarray:
        """Return E Log(1 - u D^2) at u = exp(log_u); broadcasts."""
        log_u = np.asarray(log_u, dtype=complex)
        return log_potential(*self.kernel[2:], log_u.ravel()).reshape(log_u.shape)


@dataclass(frozen=True, eq=False, repr=False)
class DiscreteLaw(DerivativeLaw):
    """Finitely many values of D^2.

    Examples
    --------
    >>> import rmtjac as rj
    >>> rj.theory.derivative_law(rj.activations.activation("hardtanh"), 0.5)
    DiscreteLaw(0: 0.1573, 1: 0.8427)
    """

    @classmethod
    def from_points(cls, values: Any, weights: Any, source: tuple[Activation, float] | None = None) -> DiscreteLaw:
        """Make the law from values >= 0 and probabilities; equal values are merged, impossible ones dropped."""
        values, weights = np.asarray(values, dtype=float), np.asarray(weights, dtype=float)
        points, place = np.unique(values, return_inverse=True)
        mass = np.bincount(place.ravel(), weights.ravel())
        points, mass = points[mass > 0.0], mass[mass > 0.0]
        if points[0] < 0.0 or abs(mass.sum() - 1.0) > 1e-12 or not np.isfinite(points).all():
            raise ValueError(f"values={values} must be finite and >= 0 and weights={weights} add up to 1")
        atom = float(mass[0]) if points[0] == 0.0 else 0.0
        return cls(points[points > 0.0], mass[points > 0.0], atom, float(points[-1]), source)

    @property
    def constant(self) -> bool:
        """Whether D^2 takes one value only."""
        return self.values.size == 1 and self.atom == 0.0

    @property
    def kernel(self) -> tuple[int, float, np.ndarray, np.ndarray, np.ndarray]:
        """Two-point laws have a kernel of their own."""
        plain = super().kernel
        return (TWO_POINT, float(self.weights[0]), *plain[2:]) if self.values.size == 1 else plain

    @property
    def rational_points(self) -> list[tuple[Fraction, Fraction]] | None:
        """As given where the law was made from points; else where all breakpoints are 0, the sign of h deciding."""
        if self.source is not None and any(b != 0.0 for b in self.source[0].breakpoints) and self.source[1] > 0.0:
            return None
        if self.source is None or self.source[1] == 0.0:
            return [(Fraction(x), Fraction(w)) for x, w in zip(self.values, self.weights, strict=True)]
        slopes = self.source[0].slopes
        assert slopes is not None
        return [(Fraction(s) ** 2, Fraction(1, len(slopes))) for s in slopes if s]

    def _points_mp(self) -> list[tuple[Any, Any]]:
        """Values of D^2 and their probabilities, to more digits than the floats have."""
        import mpmath as mp

        if self.source is None or self.source[1] == 0.0:
            return [(mp.mpf(x), mp.mpf(w)) for x, w in zip(self.values, self.weights, strict=True)]
        phi, variance = self.source
        assert phi.slopes is not None
        cuts = [mp.mpf(b) / mp.sqrt(2 * mp.mpf(variance)) for b in phi.breakpoints]
        below = [mp.mpf(0), *(mp.erfc(-x) / 2 for x in cuts), mp.mpf(1)]
        masses = [b - a for a, b in itertools.pairwise(below)]
        return [(mp.mpf(s) ** 2, w) for s, w in zip(phi.slopes, masses, strict=True) if s]

    def mgf_mp(self, u: Any) -> Any:
        """Return m_K(u) in the working precision of mpmath."""
        import mpmath as mp

        return mp.fsum(w * u * x / (1 - u * x) for x, w in self._points_mp())

    def __repr__(self) -> str:
        points = [(0.0, self.atom)] * (self.atom > 0) + list(zip(self.values, self.weights, strict=True))
        return f"DiscreteLaw({', '.join(f'{x:.4g}: {w:.4g}' for x, w in points)})"


@dataclass(frozen=True, eq=False, repr=False)
class QuadratureLaw(DerivativeLaw):
    """A continuous law of D^2, given by phi' and q; its nodes serve every u that a density curve visits.

    Attributes
    ----------
    panels
        What makes the rule exact next to its poles (`rmtjac.kernels.panels`).
    """

    panels: np.ndarray
    intervals: np.ndarray

    @property
    def mass(self) -> float:
        """One."""
        return 1.0

    @property
    def spectrum(self) -> np.ndarray:
        """Intervals that hold the values of log D^2, descending, shape (k, 2)."""
        return self.intervals

    @property
    def mean_log(self) -> float:
        """E log D^2, from E log(1 - u D^2) at u = -e^100: the rule is exact there even where phi' has zeros.

        Raises
        ------
        ArithmeticError
            If D^2 < 1e-280, the range of a float, is not improbable.
        """
        lost = float(self.weights[self.values <= FLOOR].sum())
        if lost > 1e-15:
            raise ArithmeticError(
                f"E log D^2 cannot be had at q={self.variance:.6g}: D^2 < {FLOOR} with probability {lost:.2g}"
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
        return 1.0 + np.where(beyond, 0.03 / angle + 1e-3 / angle**2, 0.0)

    def mgf_mp(self, u: Any) -> Any:
        """Return m_K(u) by mpmath quadrature; to 15 digits at most where phi' is a Python function."""
        assert self.source is not None
        return smooth_mgf(*self.source, u)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(q={self.variance:.6g}, mean={self.mean:.6g}, {self.values.size} nodes)"


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

    def mgf_mp(self, u: Any) -> Any:
        """Return m_K(u) = a^{1/2} u Phi(u, 1/2, 1 + a), a = 1 / (pi q), in the working precision of mpmath."""
        import mpmath as mp

        a = 1 / (mp.pi * mp.mpf(self.variance))
        return mp.sqrt(a) * u * lerch_mp(u, 1 + a)


def _discrete(phi: Activation, variance: float) -> DiscreteLaw:
    from scipy.special import ndtr

    assert phi.slopes is not None
    cuts = np.array([-np.inf, *phi.breakpoints, np.inf]) / math.sqrt(variance)
    # ndtr(b) - ndtr(a) from the tail in which both are small, so that a rare piece keeps its digits.
    low, high = cuts[:-1], cuts[1:]
    flip = low > 0.0
    mass = np.where(flip, ndtr(-low) - ndtr(-high), ndtr(high) - ndtr(low))
    return DiscreteLaw.from_points(np.square(phi.slopes), mass / mass.sum(), (phi, variance))


@lru_cache(maxsize=256)
def derivative_law(phi: Activation, variance: float) -> DerivativeLaw:
    r"""Return the law of :math:`\varphi'(h)^2`, :math:`h \sim N(0, q)`.

    Parameters
    ----------
    phi
        The activation.
    variance
        q >= 0, the variance of the preactivations (the q of BS's formulas, q^h of the mean field).

    Raises
    ------
    ValueError
        If q is negative or not finite, phi' returns NaN, or D = 0 almost surely.

    Notes
    -----
    Cost: closed forms at once, quadrature laws some milliseconds (1,000-18,000 nodes). Results are cached.
    """
    variance = finite("variance", variance, least=0.0)
    if variance == 0.0:
        d = float(phi.derivative(np.zeros(1))[0])
        out: DerivativeLaw = DiscreteLaw.from_points([d * d], [1.0], (phi, 0.0))
    elif phi.piecewise_affine:
        out = _discrete(phi, variance)
    else:
        kind = ErfLaw if phi.name == "erf" and phi.code is not None else QuadratureLaw
        values, weights, panels, intervals = panel_rule(phi.derivative, variance, phi.breakpoints)
        if intervals.size and intervals[0, 1] > 100.0:
            raise ValueError(
                f"activation={phi.spec!r}: phi' must be bounded; its square reaches exp({intervals[0, 1]:.3g})"
            )
        supremum = math.exp(intervals[0, 1]) if intervals.size else 0.0
        out = kind(values, weights, 0.0, supremum, (phi, variance), panels, intervals)
    if not out.values.size:
        raise ValueError(
            f"activation={phi.spec!r}: phi' vanishes for all preactivations of variance {variance:g}; "
            "the spectrum is a point mass at 0"
        )
    return out
