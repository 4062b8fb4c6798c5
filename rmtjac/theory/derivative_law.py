r"""The law K of D^2 = phi'(h)^2, h ~ N(0, q): all that the limit theory needs to know of an activation.

.. math:: m_K(z) = E\,\frac{z D^2}{1 - z D^2} = \sum_{k\ge1} z^k\, E D^{2k}

Three kinds, by how m_K is computed:

- `DiscreteLaw`: piecewise affine activations, finitely many values; closed form.
- `ErfLaw`: phi = erf(sqrt(pi) x / 2); Lerch transcendent, with the prefactor 1/sqrt(pi q) (BS print sqrt(2 pi q)).
- `QuadratureLaw`: any other phi'; a fixed Gauss-Legendre rule, corrected at the poles.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from rmtjac.activations import Activation
from rmtjac.kernels.mgf import ERF, NODES, TWO_POINT, log_mgf_array, log_potential
from rmtjac.kernels.panels import ORDER
from rmtjac.theory.nodes import panel_rule
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
    """

    values: np.ndarray
    weights: np.ndarray
    atom: float
    supremum: float

    def __post_init__(self) -> None:
        for array in (self.values, self.weights):
            array.flags.writeable = False

    @property
    def kernel(self) -> tuple[int, float, np.ndarray, np.ndarray, np.ndarray]:
        """Kind, number, values, weights and panels: the law as `rmtjac.kernels.mgf` takes it."""
        return NODES, 0.0, self.values, self.weights, np.empty((0, 4 + ORDER))

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

    def log_mgf(self, log_u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return Log(1 + m_K(u)) and Log(m_K(u)/u) at u = exp(log_u), -pi <= Im log_u <= 0; broadcasts."""
        log_u = np.asarray(log_u, dtype=complex)
        one_plus, ratio = log_mgf_array(*self.kernel, log_u.ravel())
        return one_plus.reshape(log_u.shape), ratio.reshape(log_u.shape)

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
    def from_points(cls, values: Any, weights: Any) -> DiscreteLaw:
        """Make the law from values >= 0 and probabilities; equal values are merged, impossible ones dropped."""
        values, weights = np.asarray(values, dtype=float), np.asarray(weights, dtype=float)
        points, place = np.unique(values, return_inverse=True)
        mass = np.bincount(place.ravel(), weights.ravel())
        points, mass = points[mass > 0.0], mass[mass > 0.0]
        if points[0] < 0.0 or abs(mass.sum() - 1.0) > 1e-12 or not np.isfinite(points).all():
            raise ValueError(f"values={values} must be finite and >= 0 and weights={weights} add up to 1")
        atom = float(mass[0]) if points[0] == 0.0 else 0.0
        return cls(points[points > 0.0], mass[points > 0.0], atom, float(points[-1]))

    @property
    def kernel(self) -> tuple[int, float, np.ndarray, np.ndarray, np.ndarray]:
        """Two-point laws have a kernel of their own."""
        plain = super().kernel
        return (TWO_POINT, float(self.weights[0]), *plain[2:]) if self.values.size == 1 else plain

    def mgf_mp(self, u: Any) -> Any:
        """Return m_K(u) in the working precision of mpmath."""
        import mpmath as mp

        return mp.fsum(
            w * u * x / (1 - u * x) for x, w in zip(map(mp.mpf, self.values), map(mp.mpf, self.weights), strict=True)
        )

    def __repr__(self) -> str:
        points = [(0.0, self.atom)] * (self.atom > 0) + list(zip(self.values, self.weights, strict=True))
        return f"DiscreteLaw({', '.join(f'{x:.4g}: {w:.4g}' for x, w in points)})"


@dataclass(frozen=True, eq=False, repr=False)
class QuadratureLaw(DerivativeLaw):
    """A continuous law of D^2, given by phi' and q; its nodes serve every u that a density curve visits.

    Attributes
    ----------
    derivative, variance, breakpoints
        phi', q, and the points between which phi' is smooth.
    panels
        What makes the rule exact next to its poles (`rmtjac.kernels.panels`).
    """

    derivative: Callable[[np.ndarray], np.ndarray]
    variance: float
    breakpoints: tuple[float, ...]
    panels: np.ndarray

    @property
    def kernel(self) -> tuple[int, float, np.ndarray, np.ndarray, np.ndarray]:
        """A quadrature rule with panels."""
        return NODES, 0.0, self.values, self.weights, self.panels

    def relative_error(self, log_u: np.ndarray) -> np.ndarray:
        """Return the error of m_K relative to rounding: digits are lost where a pole is close to a node."""
        beyond = log_u.real > -math.log(self.supremum)
        return 1.0 + np.where(beyond, 0.03 / np.maximum(np.abs(log_u.imag), 1e-300), 0.0)

    def mgf_mp(self, u: Any) -> Any:
        """Return m_K(u) by mpmath quadrature of the float phi': 15 digits at most, whatever the precision."""
        import mpmath as mp

        scale = math.sqrt(self.variance)

        def integrand(z: Any) -> Any:
            d = mp.mpf(float(self.derivative(np.array([scale * float(z)]))[0]))
            return mp.npdf(z) * u * d * d / (1 - u * d * d)

        return mp.quad(integrand, sorted({-13, -3, -1, 0, 1, 3, 13, *(b / scale for b in self.breakpoints)}))

    def __repr__(self) -> str:
        return f"{type(self).__name__}(q={self.variance:.6g}, mean={self.mean:.6g}, {self.values.size} nodes)"


@dataclass(frozen=True, eq=False, repr=False)
class ErfLaw(QuadratureLaw):
    r"""D = exp(-pi h^2 / 4): :math:`m_K(z) = \frac{z}{\sqrt{\pi q}}\,\Phi(z, \tfrac12, 1 + \frac1{\pi q})`.

    From :math:`E D^{2k} = (1 + \pi q k)^{-1/2}`. The nodes serve E Log(1 - u D^2) only.
    """

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
        """Return m_K(u) by mpmath's Lerch transcendent, whose a > 1 here (it is wrong for a < 1 and |u| large)."""
        import mpmath as mp

        a = 1 / (mp.pi * mp.mpf(self.variance))
        return mp.sqrt(a) * u * mp.lerchphi(u, mp.mpf("0.5"), 1 + a)


def _discrete(phi: Activation, variance: float) -> DiscreteLaw:
    from scipy.special import ndtr

    assert phi.slopes is not None
    cuts = np.array([-np.inf, *phi.breakpoints, np.inf]) / math.sqrt(variance)
    # ndtr(b) - ndtr(a) from the tail in which both are small, so that a rare piece keeps its digits.
    low, high = cuts[:-1], cuts[1:]
    flip = low > 0.0
    mass = np.where(flip, ndtr(-low) - ndtr(-high), ndtr(high) - ndtr(low))
    return DiscreteLaw.from_points(np.square(phi.slopes), mass / mass.sum())


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
        out: DerivativeLaw = DiscreteLaw.from_points([d * d], [1.0])
    elif phi.piecewise_affine:
        out = _discrete(phi, variance)
    else:
        kind = ErfLaw if phi.name == "erf" and phi.code is not None else QuadratureLaw
        values, weights, panels, supremum = panel_rule(phi.derivative, variance, phi.breakpoints)
        out = kind(values, weights, 0.0, supremum, phi.derivative, variance, phi.breakpoints, panels)
    if not out.values.size:
        raise ValueError(
            f"activation={phi.spec!r}: phi' vanishes for all preactivations of variance {variance:g}; "
            "the spectrum is a point mass at 0"
        )
    return out
