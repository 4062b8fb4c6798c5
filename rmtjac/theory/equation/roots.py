r"""The limit of the spectrum of M = J J^T by the explicit inverse of the limit equation, for any layers.

The equation
------------
Widths n_0 ... n_L, r_l = n_L / n_l; K_l the law of D_l^2; m = m_M(1/lambda), m_l = r_l m, and u_l the solution of
m_{K_l}(u_l) = m_{l+1}. W^l has independent entries of variance sigma_l^2 / n_l ("Gaussian": only the variance
counts), or is sigma_l times a Haar matrix with orthonormal rows or columns ("orthogonal"). S-transforms multiply
(rows that W^l adds or drops are a free projection), and with w(m) = m / (1 + m)

.. math:: \lambda = \frac{1}{w(m_0)} \prod_{l\ \mathrm{Gaussian}} \sigma_l^2 \frac{m_l}{u_l}
                    \prod_{l\ \mathrm{orthogonal}} \sigma_l^2 \frac{w(m_x)}{u_l}, \qquad
          x = l \ \text{if}\ n_{l+1} \le n_l,\ \text{else}\ l + 1,

and the density is :math:`\rho = -\mathrm{Im}\, m / (\pi\lambda)` at lambda + i0. Equal laws of equal width share one
u_g with multiplicity k_g; a constant D^2 and the weights leave factors (1 + r_f m)^{k_f}. In logarithms, with s_g =
Log(m_{K_g}(u_g) / u_g),

.. math:: H = -\mathrm{Log}\,m + \sum_g k_g s_g + \sum_f k_f\,\mathrm{Log}(1 + r_f m) = \log\lambda -
\mathrm{log\_scale}.

Which root
----------
**Theorem.** Let K_l be laws on [0, b_l], not delta_0, and m not such that M = c D^2 (`Layers.explicit`). Let Omega be
the set of (u_l) with all Im u_l < 0 and all m_{K_l}(u_l) / r_{l+1} equal, = m. With principal logarithms and nothing
reduced mod 2 pi, for 0 < Im zeta < pi exactly one point of Omega has H = zeta. For real zeta a point of Omega with H
= zeta is unique and simple, and it is the limit lambda + i0. So any root found there is the physical one, however it
was found.

*Notation.* theta = -Arg m, alpha_l = -Arg(1 + m_l), omega_l = -Arg w(m_l) = theta - alpha_l, t_l = -Arg u_l.

*Lemma 1.* For Im u < 0: m_K(u), 1 + m_K(u) and m_K(u)/u = E[D^2/(1 - u D^2)] lie in the lower half-plane, so 0 < t_l
< theta. And Arg(m_K/(1 + m_K)) <= Arg u, that is t_l <= omega_{l+1}: with T = 1/(1 - u D^2) this says Arg E[D^2 T] <=
Arg E[T], and for independent copies Im(E[D^2 T] conj E[T]) = E[(D^2 - D'^2) Im(T conj T')] / 2 <= 0, because Arg T,
in (-pi, 0), falls as D^2 grows. Further theta > alpha_l, and alpha_l grows with r_l, omega_l falls.

*Lemma 2.* Let I_l be Im of the logarithm of the product up to layer l: I_0 = omega_0, I_{l+1} = I_l - theta + t_l
(Gaussian) or I_l - omega_x + t_l (orthogonal); H = I_L. Then I_l <= omega_l: a Gaussian layer gives I_{l+1} <=
omega_l - theta + t_l <= t_l <= omega_{l+1}; an orthogonal one with x = l gives <= t_l too, and with x = l + 1 also,
as omega_l <= omega_{l+1} when n_{l+1} > n_l. In short I_{l+1} <= t_l. And once I_l <= 0 it stays so: t_l <= theta,
and t_l <= omega_{l+1} <= omega_x.

*Boundary.* On the boundary of Omega Im H does not lie in (0, pi): (i) some u_j on the cut [1/b_j, inf), Im m < 0: t_j
= 0, so I_{j+1} <= 0, hence Im H <= 0; (ii) m real, not 0: all m_{K_l}(u_l) are real, hence all u_l, all arguments are
0 or -pi, and Im H is a multiple of pi; (iii) points at which m -> 0 or infinity, or some u_l -> infinity: if all u_l
-> 0, Re H -> +inf; if m -> 0 with some u_j not -> 0, or m -> infinity, u_j tends to the real line beyond 1/b_j and
(i) holds in the limit; if some u_l -> infinity, or 1 + m_0 -> 0, Re H -> -inf.

*Proof.* Omega with H = zeta are L analytic equations for L unknowns. Deform all K_l to delta_1 by mixing, all r_l to
1: by the three cases, which are uniform along the deformation, no root comes near the boundary while 0 < Im zeta < pi
is fixed, so their number, with multiplicity (each counts positive, the maps being analytic), does not change. At the
end H = -Log u - G Log(1 - u), G the number of Gaussian layers: Im H is pi on u < 0, 0 on (0, 1), -pi G... 0 beyond,
Re H goes from +inf at 0 to -inf at infinity (to +inf at 1), and the argument principle counts one root. The physical
solution is one, because m_M maps the lower half-plane of 1/lambda to itself and the u_l are its subordination
functions. Real zeta: a root of multiplicity k in the open set continues to k roots at zeta + i eps; so k = 1, there
are no two, and the root is the limit of the physical ones.

`rmtjac.theory.proof.density` rests on this theorem; `rmtjac.theory.equation.support` on its converse for real m.

The closed-form cdf
-------------------
m d(log lambda) is exact: with G the number of Gaussian layers and

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


_LEAST = 1e-290  # of Im m: what is smaller has lost its digits to the end of the range of floats


@dataclass(frozen=True, eq=False)
class Roots:
    """Solutions of the limit equation, one per lambda.

    Attributes
    ----------
    found
        Whether a root in the open lower half-plane was found; where not, the other fields mean nothing.
    log_u
        Shape (n, groups): logarithms of the u of each group of equal layers.
    imag_m, error_m
        Im m, and an estimate of its error: rounding and quadrature, amplified by the condition of the equation.
    """

    found: np.ndarray
    log_u: np.ndarray
    imag_m: np.ndarray
    error_m: np.ndarray


def solve(layers: Layers, log_lam: np.ndarray) -> Roots:
    """Solve at lambda + i0 for each entry of the one-dimensional `log_lam` (natural logarithms)."""
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
        If one is not found, or rests on values of D^2 that are not resolved.
    """
    roots = solve(layers, log_lam)
    lost = np.flatnonzero(~roots.found)
    if lost.size and not layers.explicit:
        # Where the density is below rounding (at an edge, or between two clouds that only Gaussian tails join) the root
        # is real to rounding. A root a little above the real axis says so: its Im m is of the size of that little.
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
    """Solve at complex lambda in the upper half-plane, given by its logarithm, 0 < Im < pi.

    Returns
    -------
    found, log_u
        Success, and logarithms of the u of each term, shape (n, terms).
    """
    from rmtjac.kernels.limit.roots import solve_plane as kernel

    return kernel(*layers.kernel, log_lam - layers.log_scale)


def _on_the_cut(layers: Layers, log_lam: np.ndarray) -> Roots:
    """U = 1 / lambda - i0."""
    log_u = (layers.log_scale - log_lam).astype(complex)[:, None]
    imag_m = np.array([_imag_m(layers.groups[0], v) for v in log_u[:, 0]])
    error = 4.0 * np.finfo(float).eps * layers.groups[0].relative_error(log_u[:, 0] - 1e-3j) * np.abs(imag_m)
    return Roots(np.ones(log_lam.size, dtype=bool), log_u, imag_m / layers.ratios[0], error / layers.ratios[0])


def moment_transform(layers: Layers, log_u: np.ndarray) -> np.ndarray:
    """Return m_M(1 / lambda) at the roots `log_u`, shape (n, terms)."""
    _, ratio = layers.groups[0].log_moment_transform(log_u[:, 0])
    return np.exp(ratio + log_u[:, 0]) / layers.ratios[0]


def one_plus_moment_transform(layers: Layers, log_u: np.ndarray) -> np.ndarray:
    """Return 1 + m_M(1 / lambda) at the roots, with its digits where it is small."""
    rest = np.exp(layers.groups[0].log_moment_transform(log_u[:, 0])[0])
    rank = float(snap(np.array(layers.rank)))
    return (1.0 - rank) + rank * rest


def potential(layers: Layers, log_u: np.ndarray) -> np.ndarray:
    """Return A of the module's docstring at the roots `log_u`, shape (n, terms)."""
    log_rest, ratio = layers.groups[0].log_moment_transform(log_u[:, 0])
    rest = np.exp(log_rest)
    total = layers.gaussian * np.exp(ratio + log_u[:, 0]) / layers.ratios[0]
    for k, r, share in zip(layers.free_counts, layers.free_ratios, layers.free_shares, strict=True):
        total -= k / r * (log_rest if share == 1.0 else np.log((1.0 - share) + share * rest))
    for g, law in enumerate(layers.groups):
        total += layers.counts[g] / layers.ratios[g] * law.log_potential(log_u[:, g])
    return total


def upper_tail(layers: Layers, roots: Roots) -> np.ndarray:
    """Return 1 - F at the roots, from the closed form of the module's docstring."""
    return potential(layers, roots.log_u).imag / math.pi


def _imag_m(law: DerivativeLaw, log_u: complex) -> float:
    from rmtjac.kernels.limit.moment_transform import log_moment_transform

    return 0.0 if isinstance(law, DiscreteLaw) else log_moment_transform(*law.kernel, log_u).imag_m
