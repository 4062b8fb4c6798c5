r"""The roots of the limit equation of M = J J^T, for any layers, by its explicit inverse lambda(m).

The equation
------------
The widths are n_0 ... n_L, and r_l = n_L / n_l; K_l is the law of D_l^2; m = m_M(1/lambda), m_l = r_l m, and u_l is
the solution of m_{K_l}(u_l) = m_{l+1}. W^l has independent entries of variance sigma_l^2 / n_l ("Gaussian": only the
variance counts), or is sigma_l times a Haar matrix with orthonormal rows or columns ("orthogonal"). S-transforms
multiply (rows that W^l adds or drops are a free projection), and with w(m) = m / (1 + m)

.. math:: \lambda = \frac{1}{w(m_0)} \prod_{l\ \mathrm{Gaussian}} \sigma_l^2 \frac{m_l}{u_l}
                    \prod_{l\ \mathrm{orthogonal}} \sigma_l^2 \frac{w(m_x)}{u_l}, \qquad
          x = l \ \text{if}\ n_{l+1} \le n_l,\ \text{else}\ l + 1,

and the density is :math:`\rho = -\mathrm{Im}\, m / (\pi\lambda)` at lambda + i0. Layers of equal law and width are one
term with one u_g and the multiplicity k_g; a constant D^2 and the weights lead to factors (1 + r_f m)^{k_f}. In
logarithms, with s_g = Log(m_{K_g}(u_g) / u_g),

.. math:: H = -\mathrm{Log}\,m + \sum_g k_g s_g + \sum_f k_f\,\mathrm{Log}(1 + r_f m) = \log\lambda -
\mathrm{log\_scale}.

Which root
----------
**Theorem.** Let K_l be laws on [0, b_l], not delta_0, and let M not be a multiple of one D^2 (`Layers.explicit`). Let
Omega be the set of (u_l) with all Im u_l < 0 and with one number m that equals m_{K_l}(u_l) / r_{l+1} for all l. With
principal logarithms and nothing reduced mod 2 pi, for 0 < Im zeta < pi exactly one point of Omega has H = zeta. For
real zeta a point of Omega with H = zeta is unique and simple, and it is the limit lambda + i0. So any root in Omega is
the physical one, however it was found.

The proof (docs/theory/branch_theorem.md) counts the roots while the layers are deformed to linear square ones.
`rmtjac.theory.proof.density` rests on this theorem; `rmtjac.theory.equation.support` on its converse for real m.

The closed-form cdf
-------------------
m d(log lambda) is an exact differential: with G the number of Gaussian layers and

.. math:: A = G\,m + \sum_g \frac{k_g}{r_g} E\,\mathrm{Log}(1 - u_g D_g^2)
          - \sum_f \frac{k_f}{r_f} \mathrm{Log}(1 + r_f m)

one has dA = m d(log lambda), because int m_K du/u = -E Log(1 - u D^2). So :math:`1 - F(\lambda) = \mathrm{Im}\,A /
\pi`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rmtjac.status import Status
from rmtjac.theory.derivative_laws.base import DerivativeLaw
from rmtjac.theory.derivative_laws.discrete import DiscreteLaw
from rmtjac.theory.equation.layers import Layers, snap

__all__ = [
    "Roots",
    "moment_transform",
    "one_plus_moment_transform",
    "potential",
    "solve",
    "solve_inside",
    "solve_plane",
    "upper_tail",
]


_LEAST = 1e-290  # a smaller |Im m| has lost digits, at the end of the range of floats, and counts as 0


@dataclass(frozen=True, eq=False)
class Roots:
    """Solutions of the limit equation, one per lambda.

    Attributes
    ----------
    found : ndarray of bool, shape (n,)
        Whether a root in the open lower half-plane was found; if not, the other entries mean nothing.
    log_u : ndarray of complex, shape (n, terms)
        Logarithms of the u of each term.
    imag_m, error_m : ndarray of float, shape (n,)
        Im m, and an estimate of its error: rounding and quadrature, amplified by the condition of the equation.
    """

    found: np.ndarray
    log_u: np.ndarray
    imag_m: np.ndarray
    error_m: np.ndarray


def solve(layers: Layers, log_lam: np.ndarray) -> Roots:
    """Return the roots at lambda + i0, for each entry of the one-dimensional `log_lam` (natural logarithms).

    Examples
    --------
    >>> layers = Layers([DiscreteLaw.from_points([1.0], [1.0])], [1.0])
    >>> roots = solve(layers, np.log([2.0]))   # Marchenko-Pastur: Im m = -pi lambda rho(lambda) = -1
    >>> roots.found, roots.imag_m.round(9)
    (array([ True]), array([-1.]))
    """
    from rmtjac.kernels.limit.roots import solve as kernel

    if layers.explicit:
        return _on_the_cut(layers, log_lam)
    order = np.argsort(-log_lam, kind="stable")
    found, log_u, imag_m, _, error_m = kernel(*layers.kernel, log_lam[order] - layers.log_scale)
    for g, law in enumerate(layers.groups):
        error_m *= law.relative_error(log_u[:, g])
    imag_m[np.abs(imag_m) < _LEAST] = 0.0
    back = np.empty_like(order)
    back[order] = np.arange(order.size)
    return Roots(found[back], log_u[back], imag_m[back] / layers.ratios[0], error_m[back] / layers.ratios[0])


def solve_inside(layers: Layers, log_lam: np.ndarray) -> Roots:
    """Return the roots at points of the support, given by their logarithms.

    Raises
    ------
    ArithmeticError
        If a root is not found, or depends on values of D^2 that floats do not resolve.

    Examples
    --------
    >>> layers = Layers([DiscreteLaw.from_points([1.0], [1.0])], [1.0])
    >>> solve_inside(layers, np.log([2.0])).imag_m.round(9)
    array([-1.])
    """
    roots = solve(layers, log_lam)
    lost = np.flatnonzero(~roots.found)
    if lost.size and not layers.explicit:
        # Where the density is below rounding (at an edge, or between two clusters that only Gaussian tails connect) the
        # root is real to rounding. A root at a lambda just above the real axis shows this: its Im m is proportional to
        # the distance from the axis.
        aside = 1e-7
        found, log_u = solve_plane(layers, log_lam[lost] + 1j * aside)
        size = np.abs(moment_transform(layers, log_u).imag)
        bad = ~found | (size > 1e4 * aside)
        if bad.any():
            raise ArithmeticError(
                f"no root found at log lam={log_lam[lost][bad][0]:.6g} ({bad.sum()} points of {log_lam.size}): "
                f"{Status.DIVERGED}; values of D^2 below 1e-280 are not resolved, else please report this"
            )
        roots.error_m[lost] = size
    for g, law in enumerate(layers.groups):
        deep = roots.found & (roots.log_u[:, g].real > law.resolved)
        if deep.any():
            raise ArithmeticError(
                f"log lam={log_lam[deep].max():.6g} depends on values of D^2 below 1e-280, which are not resolved "
                f"for {law}: an activation given as a Python function returns no smaller ones"
            )
    return roots


def solve_plane(layers: Layers, log_lam: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return whether a root is found at each complex lambda, and the log u of each term, shape (n, terms).

    `log_lam` is one-dimensional with 0 < Im log_lam < pi: lambda lies in the upper half-plane.

    Examples
    --------
    >>> layers = Layers([DiscreteLaw.from_points([1.0], [1.0])], [1.0])
    >>> found, log_u = solve_plane(layers, np.log([4.5 + 1e-9j]))   # lambda = 1 / (u (1 - u)), so u = 1/3
    >>> found, np.exp(log_u).real.round(6)
    (array([ True]), array([[0.333333]]))
    """
    from rmtjac.kernels.limit.roots import solve_plane as kernel

    return kernel(*layers.kernel, log_lam - layers.log_scale)


def _on_the_cut(layers: Layers, log_lam: np.ndarray) -> Roots:
    """Return the roots where M is a multiple of D^2 (`Layers.explicit`): u = exp(log_scale) / lambda - i0."""
    log_u = (layers.log_scale - log_lam).astype(complex)[:, None]
    imag_m = np.array([_imag_m(layers.groups[0], v) for v in log_u[:, 0]])
    error = 4.0 * np.finfo(float).eps * layers.groups[0].relative_error(log_u[:, 0] - 1e-3j) * np.abs(imag_m)
    return Roots(np.ones(log_lam.size, dtype=bool), log_u, imag_m / layers.ratios[0], error / layers.ratios[0])


def moment_transform(layers: Layers, log_u: np.ndarray) -> np.ndarray:
    """Return m_M(1 / lambda) at the roots `log_u`, shape (n, terms).

    Examples
    --------
    >>> layers = Layers([DiscreteLaw.from_points([1.0], [1.0])], [1.0])
    >>> moment_transform(layers, np.log([[1 / 3 - 1e-12j]])).real.round(9)   # u / (1 - u)
    array([0.5])
    """
    _, ratio = layers.groups[0].log_moment_transform(log_u[:, 0])
    return np.exp(ratio + log_u[:, 0]) / layers.ratios[0]


def one_plus_moment_transform(layers: Layers, log_u: np.ndarray) -> np.ndarray:
    """Return 1 + m_M(1 / lambda) at the roots `log_u`, with full relative accuracy where it is small.

    Examples
    --------
    >>> layers = Layers([DiscreteLaw.from_points([1.0], [1.0])], [1.0])
    >>> one_plus_moment_transform(layers, np.log([[1 / 3 - 1e-12j]])).real.round(9)   # 1 / (1 - u)
    array([1.5])
    """
    log_rest, _ = layers.groups[0].log_moment_transform(log_u[:, 0])
    rank = float(snap(np.array(layers.rank)))
    return (1.0 - rank) + rank * np.exp(log_rest)


def potential(layers: Layers, log_u: np.ndarray) -> np.ndarray:
    """Return A of the closed-form cdf (see the docstring of this module) at the roots `log_u`, shape (n, terms)."""
    log_rest, ratio = layers.groups[0].log_moment_transform(log_u[:, 0])
    rest = np.exp(log_rest)
    total = layers.gaussian * np.exp(ratio + log_u[:, 0]) / layers.ratios[0]
    for k, r, share in zip(layers.free_counts, layers.free_ratios, layers.free_shares, strict=True):
        total -= k / r * (log_rest if share == 1.0 else np.log((1.0 - share) + share * rest))
    for g, law in enumerate(layers.groups):
        total += layers.counts[g] / layers.ratios[g] * law.log_potential(log_u[:, g])
    return total


def upper_tail(layers: Layers, roots: Roots) -> np.ndarray:
    """Return 1 - F at the roots, from the closed form of the module's docstring.

    Examples
    --------
    >>> layers = Layers([DiscreteLaw.from_points([1.0], [1.0])], [1.0])
    >>> upper_tail(layers, solve(layers, np.log([2.0]))).round(6)   # 1/2 - 1/pi
    array([0.18169])
    """
    return potential(layers, roots.log_u).imag / math.pi


def _imag_m(law: DerivativeLaw, log_u: complex) -> float:
    """Return Im m_K at u on the cut; 0 where D^2 takes a few values, which are atoms."""
    from rmtjac.kernels.limit.moment_transform import log_moment_transform

    return 0.0 if isinstance(law, DiscreteLaw) else log_moment_transform(*law.kernel, log_u).imag_m
