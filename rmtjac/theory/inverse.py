r"""The limit of the spectrum of M = J J^T for square layers, by the explicit inverse of the limit equation.

The equation
------------
For independent layers of equal width, W^l with entries of variance :math:`\sigma_l^2/n` and D^l with laws K_l, BS (14)
and its extension to layers that differ say (S-transforms multiply; EQUATIONS of the limit)

.. math:: \lambda(m) = \frac{1 + m}{m} \prod_{l=0}^{L-1} \frac{\sigma_l^2\, m}{u_l}, \qquad m_{K_l}(u_l) = m,

with m = m_M(1/lambda), and the density is :math:`\rho = -\mathrm{Im}\, m / (\pi\lambda)` at lambda + i0.

Which root
----------
Write, with principal logarithms and nothing reduced mod 2 pi,

.. math:: H = \mathrm{Log}(1+m) - \mathrm{Log}\,m + \sum_l (\mathrm{Log}\,m - \mathrm{Log}\,u_l).

**Claim.** For 0 < Im zeta < pi exactly one point of the set {all Im u_l < 0, all m_{K_l}(u_l) equal} has H = zeta.
So any root found there is the physical one, whatever the start of the iteration.

*Proof in outline.* (a) For Im u < 0, m_K(u)/u = E[D^2/(1 - u D^2)] has negative imaginary part, hence
Arg m - Arg u lies in (-pi, 0); m and 1 + m lie in the lower half-plane; so H is analytic on the set.
(b) On its boundary Im H avoids (0, pi): if some u_l is real and m is real, then all m_{K_j}(u_j) are real, hence all
u_j are, and Im H is pi (all u_j negative), 0 or less; if u_l lies on the cut [1/b_l, inf) and Im m < 0, its term is
Arg m, which cancels -Arg m, and what is left, Arg(1+m) and the other terms, is <= 0 by (a).
(c) Re H tends to +inf where the u_l tend to 0 and to -inf where one tends to infinity. So, deforming the K_l to a
common K, no root crosses the boundary, and their number is that for a single K, where the argument principle gives
one (Im H is pi on u < 0, 0 on (0, 1/b), in [-L pi, 0] on the cut). The physical solution is one, because m_M maps the
lower half-plane of 1/lambda to itself and the u_l are its subordination functions.
(d) A root in the open set at real zeta is the limit lambda + i0, because roots move continuously with zeta.

The closed-form cdf
-------------------
m d(log lambda) is exact: with A = L m - Log(1+m) + sum_l E Log(1 - u_l D_l^2) one has dA = m d(log lambda), so
:math:`1 - F(\lambda) = \mathrm{Im}\,A / \pi`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from rmtjac.theory.derivative_law import DerivativeLaw

__all__ = ["Layers", "Roots"]


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


@dataclass(frozen=True, eq=False)
class Layers:
    """The layers of a square product as the limit sees them: laws of D^2, grouped where equal, and weight variances.

    Parameters
    ----------
    laws
        Law of D^2 per layer.
    variances
        sigma_l^2 = n Var W^l_ij per layer.
    """

    laws: Sequence[DerivativeLaw]
    variances: Sequence[float]
    groups: list[DerivativeLaw] = field(init=False)
    counts: np.ndarray = field(init=False)
    log_variance: float = field(init=False)

    def __post_init__(self) -> None:
        if not len(self.laws) or len(self.laws) != len(self.variances):
            raise ValueError("laws and variances must have one entry per layer, at least one")
        groups: list[DerivativeLaw] = []
        counts: list[float] = []
        for law in self.laws:
            place = next((g for g, known in enumerate(groups) if law.equals(known)), len(groups))
            if place == len(groups):
                groups.append(law)
                counts.append(0.0)
            counts[place] += 1.0
        # The group with the largest atom leads: near lambda = 0 its u grows, while that of the others turns real,
        # and only from the former does Im m keep its digits.
        order = sorted(range(len(groups)), key=lambda g: -groups[g].atom)
        object.__setattr__(self, "groups", [groups[g] for g in order])
        object.__setattr__(self, "counts", np.array([counts[g] for g in order]))
        object.__setattr__(self, "log_variance", float(np.sum(np.log(self.variances))))

    @property
    def depth(self) -> int:
        """The number of layers L."""
        return len(self.laws)

    @property
    def log_mean(self) -> float:
        """Logarithm of the first moment of the spectrum, prod sigma_l^2 E D_l^2."""
        return self.log_variance + float(
            sum(k * math.log(law.mean) for k, law in zip(self.counts, self.groups, strict=True))
        )

    def solve(self, log_lam: np.ndarray) -> Roots:
        """Solve at lambda + i0 for each entry of the one-dimensional `log_lam` (natural logarithms)."""
        from rmtjac.kernels.inverse import solve

        kinds, numbers, values, weights, panels = zip(*(law.kernel for law in self.groups), strict=True)
        offsets = np.cumsum([(0, 0), *((len(v), len(p)) for v, p in zip(values, panels, strict=True))], axis=0)
        order = np.argsort(-log_lam, kind="stable")
        found, log_u, imag_m, _, error_m = solve(
            np.array(kinds), np.array(numbers), offsets, *map(np.concatenate, (values, weights, panels)), self.counts,
            np.log([law.mean for law in self.groups]), log_lam[order] - self.log_variance,
        )  # fmt: skip
        for g, law in enumerate(self.groups):
            error_m *= law.relative_error(log_u[:, g])
        back = np.empty_like(order)
        back[order] = np.arange(order.size)
        return Roots(found[back], log_u[back], imag_m[back], error_m[back])

    def upper_tail(self, roots: Roots) -> np.ndarray:
        """Return 1 - F at the roots, from the closed form of the module's docstring."""
        one_plus, ratio = self.groups[0].log_mgf(roots.log_u[:, 0])
        m = np.exp(ratio + roots.log_u[:, 0])
        total = self.depth * m - one_plus
        for g, law in enumerate(self.groups):
            total += self.counts[g] * law.log_potential(roots.log_u[:, g])
        return total.imag / math.pi
