r"""The density of the limit with proved error bounds.

In the support it follows from a ball around the root of the limit equation (`rmtjac.theory.proof.root`). Outside, a
density of exactly 0 is claimed only beyond a proved end of the support (`rmtjac.theory.proof.edges`), or at a point
proved to lie in a gap (`rmtjac.theory.proof.gaps`).

Sources: BS (docs/references.md).
"""

from __future__ import annotations

import cmath
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from rmtjac.theory.equation.layers import Layers
from rmtjac.theory.equation.roots import solve
from rmtjac.theory.proof.arb import Ball, flint_module
from rmtjac.theory.proof.edges import CertifiedEdges, certified_edges, known_edges
from rmtjac.theory.proof.exact_equation import Equation, equation
from rmtjac.theory.proof.gaps import prove_outside
from rmtjac.theory.proof.root import prove_root
from rmtjac.theory.proof.verdict import Unproved, Verdict
from rmtjac.validate import positive_int

__all__ = ["CertifiedDensity", "certified_density"]


@dataclass(frozen=True, eq=False)
class CertifiedDensity:
    """Densities of the limit with proved error bounds.

    Made by `certified_density`.

    Attributes
    ----------
    lam : ndarray of float, shape (n,)
        The points.
    density : ndarray of float, shape (n,)
        Approximate densities.
    radius : ndarray of float, shape (n,)
        Proved bounds of the error of `density`; infinite where nothing is proved.
    proved : ndarray of bool, shape (n,)
        Whether the bound is proved.
    reasons : tuple of str, length n
        Why a bound is not proved; empty where it is.

    See Also
    --------
    certified_density : Prove the densities of a limit.

    References
    ----------
    docs/theory/proved_limits.md, docs/guarantees.md.

    Examples
    --------
    >>> import rmtjac as rj
    >>> linear = rj.theory.derivative_law(rj.activations.activation("linear"), 1.0)
    >>> result = rj.theory.certified_density(rj.theory.Layers([linear], [1.0]), [1.0])
    >>> bool(result.lower[0] < 3**0.5 / (2 * 3.141592653589793) < result.upper[0])
    True
    """

    lam: np.ndarray
    density: np.ndarray
    radius: np.ndarray
    proved: np.ndarray
    reasons: tuple[str, ...]

    def __post_init__(self) -> None:
        for array in (self.lam, self.density, self.radius, self.proved):
            array.flags.writeable = False

    @property
    def lower(self) -> np.ndarray:
        """Proved lower bounds of the density, shape (n,)."""
        return np.maximum(
            np.where(self.radius > 0.0, np.nextafter(self.density - self.radius, -np.inf), self.density), 0.0
        )

    @property
    def upper(self) -> np.ndarray:
        """Proved upper bounds of the density, shape (n,)."""
        return np.where(self.radius > 0.0, np.nextafter(self.density + self.radius, np.inf), self.density)

    def __repr__(self) -> str:
        inside = self.proved & (self.density > 0.0)
        worst = f", relative radius <= {(self.radius[inside] / self.density[inside]).max():.2g}" if inside.any() else ""
        return f"CertifiedDensity({self.proved.sum()} of {self.proved.size} points proved{worst})"


def _starts(eq: Equation, layers: Layers, log_u: np.ndarray) -> np.ndarray:
    """Return the logarithms of the unknowns of `eq` from those of the groups of `layers`, shape (n, unknowns)."""
    ratio = layers.groups[0].log_moment_transform(log_u[:, 0])[1]
    m = np.exp(ratio + log_u[:, 0]) / layers.ratios[0]
    out = np.empty((len(log_u), 1 + len(eq.others)), dtype=complex)
    for i, term in enumerate((eq.lead, *eq.others)):
        law, r = term.law.float_law, float(term.ratio)
        match = [g for g, its in enumerate(layers.groups) if its.equals(law) and abs(layers.ratios[g] / r - 1) < 1e-14]
        if match:
            out[:, i] = log_u[:, match[0]] + (math.log(law.values[0]) if term.single else 0.0)
        else:  # a single value x: u x = r m / (p + r m)
            out[:, i] = np.log(r * m / (float(law.weights.sum()) + r * m))
    return out


def _point(log_u: complex) -> Any:
    """Return u as an exact `acb`."""
    acb = flint_module().acb
    return acb(cmath.exp(log_u)) if abs(log_u.real) < 700.0 else acb(log_u).exp().mid()


def certified_density(layers: Layers, lam: Any, *, bits: int = 64) -> CertifiedDensity:
    r"""Prove the density of the limit at given points.

    The density is :math:`\rho(\lambda) = -\mathrm{Im}\,m/(\pi\lambda)`, m the root of the limit equation. A contraction
    argument in ball arithmetic proves that a ball holds the root, and a theorem that it is the physical one.

    Parameters
    ----------
    layers : Layers
        The limit; variances and widths count as the exact values of their floats.
    lam : array_like of float, shape (n,)
        The points, finite; they count as the exact values of their floats.
    bits : int, optional
        Precision of the first attempt in bits; it is doubled, up to 512, while the relative radius exceeds 1e-12.

    Returns
    -------
    CertifiedDensity
        The densities, their radii, and the reasons where nothing is proved.

    Raises
    ------
    ImportError
        If python-flint is not installed (``pip install 'rmtjac[certify]'``).
    TypeError
        If `bits` is not a whole number.
    ValueError
        If `lam` holds numbers that are not finite, or `bits` < 1.

    See Also
    --------
    rmtjac.theory.LimitSpectrum.certify : The method of a limit that calls this function.
    certified_edges : The ends of the support.

    Notes
    -----
    Cost a point at 64 bits: 20-30 us where every D^2 has one value beside 0 (linear, ReLU, HardTanh), 1-8 ms for erf
    and tanh, up to 40 ms for GELU; each term with another law adds its own cost. For an activation given by Python
    functions nothing is proved.

    References
    ----------
    BS (14) is the equation for equal layers. See docs/references.md.
    The theorem: docs/theory/branch_theorem.md. The proof: docs/theory/proved_limits.md.

    Examples
    --------
    The Marchenko-Pastur law has the density sqrt(3) / (2 pi) at 1, and none at 5:

    >>> import rmtjac as rj
    >>> law = rj.theory.derivative_law(rj.activations.activation("linear"), 1.0)
    >>> certified_density(rj.theory.Layers([law], [1.0]), [1.0, 5.0])
    CertifiedDensity(2 of 2 points proved, relative radius <= ...)
    """
    flint_module()
    positive_int("bits", bits)
    lam = np.array(lam, dtype=float).ravel()
    if not np.isfinite(lam).all():
        raise ValueError(f"lam={lam!r} must be finite numbers")
    try:
        eq, why_not = equation(layers), "no root was found to start from"
    except Unproved as reason:
        eq, why_not = None, str(reason)
    density, radius = np.full(lam.size, np.nan), np.full(lam.size, np.inf)
    proved = np.zeros(lam.size, dtype=bool)
    reasons = [why_not] * lam.size
    if eq is not None:
        # No root is sought beyond edges that have been proved before.
        edges = known_edges(layers, bits)
        positive = np.array([i for i, x in enumerate(lam) if x > 0.0 and not (edges and edges.outside(x))], dtype=int)
        roots = solve(layers, np.log(lam[positive]))
        found = np.flatnonzero(roots.found)
        logs = _starts(eq, layers, roots.log_u[found])
        for i, f, log_u in zip(positive[found], found, logs, strict=True):
            proof = prove_root(eq, float(lam[i]), [_point(x) for x in log_u], bits)
            if proof.density is None:
                reasons[i] = proof.reason
                density[i] = -roots.imag_m[f] / (math.pi * lam[i])
                continue
            ball = Ball.of(proof.density)
            density[i], radius[i], proved[i] = ball.value, ball.radius, math.isfinite(ball.radius)
            reasons[i] = "" if proved[i] else "the density leaves the range of a float"
        open_ = np.flatnonzero(~proved & (lam > 0.0))
        edges = certified_edges(layers, bits=bits) if open_.size else None
        for i in open_:
            assert edges is not None
            outside = _outside(eq, float(lam[i]), bits, edges)
            if outside:
                density[i], radius[i], proved[i], reasons[i] = 0.0, 0.0, True, ""
            else:
                reasons[i] = f"{reasons[i]}; {outside.reason}"
    below = lam < 0.0
    density[below], radius[below], proved[below] = 0.0, 0.0, True
    for i in np.flatnonzero(lam <= 0.0):
        reasons[i] = "" if lam[i] < 0.0 else "the density has no value at 0"
    return CertifiedDensity(lam, density, radius, proved, tuple(reasons))


def _outside(eq: Equation, lam: float, bits: int, edges: CertifiedEdges) -> Verdict:
    """Return whether the density at `lam` is proved to be 0."""
    if edges.outside(lam) or prove_outside(eq, lam, bits):
        return Verdict(True)
    return Verdict(False, f"not proved to lie outside the support either ({edges})")
