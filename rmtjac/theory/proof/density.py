r"""The density of the limit with proved error bounds.

In the support by a ball around the root of the limit equation (`rmtjac.theory.proof.root`). Outside, a density of
exactly 0 is claimed only beyond an end of the support that is proved itself (`rmtjac.theory.proof.edges`), or at a
point proved to lie in a gap (`rmtjac.theory.proof.gaps`).
"""

from __future__ import annotations

import cmath
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from rmtjac.theory.equation import roots as inverse
from rmtjac.theory.equation.layers import Layers
from rmtjac.theory.proof.ball_laws import Ball, flint_module
from rmtjac.theory.proof.edges import CertifiedEdges, certified_edges, known_edges
from rmtjac.theory.proof.exact_equation import Equation, equation
from rmtjac.theory.proof.gaps import prove_outside
from rmtjac.theory.proof.root import prove_root
from rmtjac.validate import positive_int

__all__ = ["CertifiedDensity", "certified_density"]


@dataclass(frozen=True, eq=False)
class CertifiedDensity:
    """Densities with proved radii.

    Attributes
    ----------
    lam
        The points.
    density, radius
        The density at each is within `radius` of `density`; infinite where nothing is proved.
    proved
        Whether it is proved.
    reasons
        Why not, per point; empty where it is.
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
        """Proved lower bounds of the density."""
        return np.maximum(
            np.where(self.radius > 0.0, np.nextafter(self.density - self.radius, -np.inf), self.density), 0.0
        )

    @property
    def upper(self) -> np.ndarray:
        """Proved upper bounds of the density."""
        return np.where(self.radius > 0.0, np.nextafter(self.density + self.radius, np.inf), self.density)

    def __repr__(self) -> str:
        inside = self.proved & (self.density > 0.0)
        worst = f", relative radius <= {(self.radius[inside] / self.density[inside]).max():.2g}" if inside.any() else ""
        return f"CertifiedDensity({self.proved.sum()} of {self.proved.size} points proved{worst})"


def _starts(eq: Equation, layers: Layers, log_u: np.ndarray) -> np.ndarray:
    """Logarithms of the unknowns of `eq` from those of the groups of `layers`, shape (n, unknowns)."""
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
    acb = flint_module().acb
    return acb(cmath.exp(log_u)) if abs(log_u.real) < 700.0 else acb(log_u).exp().mid()


def certified_density(layers: Layers, lam: Any, *, bits: int = 64) -> CertifiedDensity:
    """Return the density of the limit at `lam` with proved error bounds.

    Parameters
    ----------
    layers
        The limit, as for `rmtjac.theory.Layers`.
    lam
        Points, one-dimensional; floats are taken as exact.
    bits
        Precision of the first attempt; doubled, up to 512, where the relative radius exceeds 1e-12.

    Notes
    -----
    Cost a point at 64 bits: 20-30 us where every D^2 has one value beside 0 (linear, ReLU, HardTanh), 1-8 ms for erf
    and tanh, up to 40 ms for GELU; a term that differs adds its own. Activations given by Python functions cannot be
    proved.

    Raises
    ------
    ImportError
        If python-flint is not installed.
    ValueError
        If `lam` holds numbers that are not finite.

    Examples
    --------
    >>> import rmtjac as rj
    >>> law = rj.theory.derivative_law(rj.activations.activation("linear"), 1.0)
    >>> certified_density(rj.theory.Layers([law], [1.0]), [1.0, 5.0])     # Marchenko-Pastur: sqrt(3) / (2 pi), and 0
    CertifiedDensity(2 of 2 points proved, relative radius <= ...)
    """
    flint_module()
    positive_int("bits", bits)
    lam = np.array(lam, dtype=float).ravel()
    if not np.isfinite(lam).all():
        raise ValueError(f"lam={lam!r} must be finite numbers")
    eq = equation(layers)
    density, radius = np.full(lam.size, np.nan), np.full(lam.size, np.inf)
    proved = np.zeros(lam.size, dtype=bool)
    reasons = [eq if isinstance(eq, str) else "no root was found to start from"] * lam.size
    if isinstance(eq, Equation):
        # Where the ends are known already no root is sought beyond them.
        edges = known_edges(layers, bits)
        positive = np.array([i for i, x in enumerate(lam) if x > 0.0 and not (edges and edges.outside(x))], dtype=int)
        roots = inverse.solve(layers, np.log(lam[positive]))
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
            why = _outside(eq, float(lam[i]), bits, edges)
            reasons[i] = why and f"{reasons[i]}; {why}"
            if not why:
                density[i], radius[i], proved[i] = 0.0, 0.0, True
    below = lam < 0.0
    density[below], radius[below], proved[below] = 0.0, 0.0, True
    for i in np.flatnonzero(lam <= 0.0):
        reasons[i] = "" if lam[i] < 0.0 else "the density has no value at 0"
    return CertifiedDensity(lam, density, radius, proved, tuple(reasons))


def _outside(eq: Equation, lam: float, bits: int, edges: CertifiedEdges) -> str:
    """Prove that the density at `lam` is 0: return "" or the reason why that is not proved."""
    if edges.outside(lam):
        return ""
    return prove_outside(eq, lam, bits) and f"not proved to lie outside the support either ({edges})"
