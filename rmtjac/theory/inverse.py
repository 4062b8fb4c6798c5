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

`rmtjac.theory.certify` rests on this theorem; `rmtjac.theory.edges` on its converse for real m.

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
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from rmtjac.theory.discrete_law import DiscreteLaw
from rmtjac.theory.law import DerivativeLaw

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
    """What the limit depends on: a law of D^2, a weight variance, a width and a kind of weights for each layer.

    Parameters
    ----------
    laws
        Laws of D_l^2, one per layer.
    variances
        sigma_l^2: n_l Var W_ij, or the squared gain of orthogonal weights.
    widths
        n_0 ... n_L; only their ratios matter. Equal by default.
    orthogonal
        Whether the weights of a layer are orthogonal (orthonormal rows or columns); none by default.

    Attributes
    ----------
    groups, ratios, counts
        The terms of the equation (module docstring): laws K_g, ratios r_g, multiplicities k_g; the first leads.
    free_ratios, free_counts
        The factors (1 + r_f m)^{k_f} of the weights.
    log_scale
        log lambda - H.

    Examples
    --------
    >>> from rmtjac.theory import DiscreteLaw
    >>> relu = DiscreteLaw.from_points([0.0, 1.0], [0.5, 0.5])
    >>> layers = Layers([relu, relu], [2.0, 2.0], widths=[400, 300, 100])
    >>> layers.depth, layers.rank
    (2, 0.5)
    """

    laws: Sequence[DerivativeLaw]
    variances: Sequence[float]
    widths: Sequence[float] | None = None
    orthogonal: Sequence[bool] | None = None
    groups: list[DerivativeLaw] = field(init=False)
    ratios: np.ndarray = field(init=False)
    counts: np.ndarray = field(init=False)
    free_ratios: np.ndarray = field(init=False)
    free_counts: np.ndarray = field(init=False)
    log_scale: float = field(init=False)
    _scales: list[tuple[float, int]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        depth = len(self.laws)
        if not depth or depth != len(self.variances):
            raise ValueError("laws and variances must have one entry per layer, at least one")
        widths = [1.0] * (depth + 1) if self.widths is None else [float(n) for n in self.widths]
        orthogonal = [False] * depth if self.orthogonal is None else [bool(x) for x in self.orthogonal]
        if len(widths) != depth + 1 or not all(0.0 < n < math.inf for n in widths):
            raise ValueError(f"widths={self.widths!r} must be {depth + 1} positive numbers, n_0 ... n_L")
        if len(orthogonal) != depth:
            raise ValueError(f"orthogonal={self.orthogonal!r} must have one entry per layer ({depth})")
        for l, variance in enumerate(self.variances):
            if not 0.0 < variance < math.inf:
                raise ValueError(f"variances[{l}]={variance!r} must be finite and > 0")
        ratio = [widths[-1] / n for n in widths]
        # The weights leave (1 + r m) of the input, and take it away where they are orthogonal: at the wider side.
        wider = [l if widths[l + 1] <= widths[l] else l + 1 for l in range(depth)]
        free = defaultdict(float, {ratio[0]: 1.0})
        log_scale = float(np.sum(np.log(self.variances))) - math.log(ratio[0])
        scales = [(widths[0], 1), (widths[-1], -1)]
        terms: list[tuple[DerivativeLaw, float]] = []
        counts: list[float] = []
        for l, (law, r) in enumerate(zip(self.laws, ratio[1:], strict=True)):
            place = wider[l] if orthogonal[l] else l
            log_scale += math.log(ratio[place] / r)
            scales += [(widths[l + 1], 1), (widths[place], -1)]
            if orthogonal[l]:
                free[ratio[place]] -= 1.0
            if law.constant:  # m = u b / (1 - u b), so that m / u = b (1 + m): one more such factor
                free[r] += 1.0
                log_scale += math.log(law.supremum)
                scales.append((law.supremum, 1))
                continue
            same = (i for i, (known, its) in enumerate(terms) if its == r and law.equals(known))
            place = next(same, len(terms))
            if place == len(terms):
                terms.append((law, r))
                counts.append(0.0)
            counts[place] += 1.0
        # Near lambda = 0 the u of the term of smallest rank grows, while the others turn real: only from the former
        # does Im m keep its digits. If that is a factor 1 + r m, it becomes the term of a linear layer.
        narrow = max(r for r, k in free.items() if k > 0.0) if max(free.values()) > 0.0 else 0.0
        if narrow * min((law.mass / r for law, r in terms), default=math.inf) > 1.0 + 1e-13:
            terms.append((DiscreteLaw.from_points([1.0], [1.0]), narrow))
            counts.append(free.pop(narrow))
        order = sorted(range(len(terms)), key=lambda g: terms[g][0].mass / terms[g][1])
        kept = {r: k for r, k in free.items() if k}
        arrays = {
            "ratios": [terms[g][1] for g in order],
            "counts": [counts[g] for g in order],
            "free_ratios": list(kept),
            "free_counts": list(kept.values()),
        }
        for name, values in arrays.items():
            array = np.array(values, dtype=float)
            array.flags.writeable = False
            object.__setattr__(self, name, array)
        object.__setattr__(self, "groups", [terms[g][0] for g in order])
        object.__setattr__(self, "log_scale", log_scale)
        object.__setattr__(self, "_scales", scales + [(v, 1) for v in self.variances])
        object.__setattr__(self, "widths", tuple(widths))
        object.__setattr__(self, "orthogonal", tuple(orthogonal))

    @property
    def depth(self) -> int:
        """The number of layers L."""
        return len(self.laws)

    @property
    def explicit(self) -> bool:
        """Whether M is a multiple of D^2 of one layer, all weights being orthogonal: H = -log u."""
        return len(self.groups) == 1 and self.counts[0] == 1.0 and not self.free_counts.size

    @property
    def gaussian(self) -> int:
        """The number of layers whose weights are not orthogonal."""
        assert self.orthogonal is not None
        return self.depth - sum(self.orthogonal)

    @cached_property
    def rank(self) -> float:
        """mu, the mass off 0: the smallest of n_0 / n_L and P(D_l != 0) n_{l+1} / n_L."""
        return self.groups[0].mass / float(self.ratios[0])

    @cached_property
    def shares(self) -> np.ndarray:
        """Mu r_g / p_g per term, at most 1 and exactly 1 where a term leads."""
        masses = np.array([law.mass for law in self.groups])
        return _snap(self.rank * self.ratios / masses)

    @cached_property
    def free_shares(self) -> np.ndarray:
        """Mu r_f per factor of the weights."""
        return _snap(self.rank * self.free_ratios)

    @property
    def log_mean(self) -> float:
        """Logarithm of the first moment of the spectrum."""
        terms = zip(self.counts, self.groups, strict=True)
        return self.log_scale + float(sum(k * math.log(law.mean) for k, law in terms))

    @property
    def equal_law(self) -> DerivativeLaw | None:
        """The law of D^2 that all layers of a square network with Gaussian weights share, or None."""
        assert self.widths is not None
        first = self.laws[0]
        same = len(set(self.widths)) == 1 and self.gaussian == self.depth
        return first if same and all(first.equals(law) for law in self.laws) else None

    def scale_fraction(self) -> Fraction:
        """Return exp(log_scale) exactly."""
        return math.prod((Fraction(value) ** power for value, power in self._scales), start=Fraction(1))

    def ratio_fraction(self, ratio: float) -> Fraction:
        """Return n_L / n for the width n that `ratio` is the float of."""
        assert self.widths is not None
        top = self.widths[-1]
        return Fraction(top) / Fraction(next(n for n in self.widths if top / n == ratio))

    def scale_mp(self) -> Any:
        """Return exp(log_scale) in the working precision of mpmath."""
        import mpmath as mp

        return mp.fprod(mp.mpf(value) ** power for value, power in self._scales)

    def ratio_mp(self, ratio: float) -> Any:
        """Return n_L / n in the working precision of mpmath."""
        import mpmath as mp

        exact = self.ratio_fraction(ratio)
        return mp.mpf(exact.numerator) / exact.denominator

    def solve(self, log_lam: np.ndarray) -> Roots:
        """Solve at lambda + i0 for each entry of the one-dimensional `log_lam` (natural logarithms)."""
        from rmtjac.kernels.inverse import solve

        if self.explicit:
            return self._on_the_cut(log_lam)
        order = np.argsort(-log_lam, kind="stable")
        found, log_u, imag_m, _, error_m = solve(*self._arrays, log_lam[order] - self.log_scale)
        for g, law in enumerate(self.groups):
            error_m *= law.relative_error(log_u[:, g])
        back = np.empty_like(order)
        back[order] = np.arange(order.size)
        return Roots(found[back], log_u[back], imag_m[back] / self.ratios[0], error_m[back] / self.ratios[0])

    def solve_plane(self, log_lam: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Solve at complex lambda in the upper half-plane, given by its logarithm, 0 < Im < pi.

        Returns
        -------
        found, log_u
            Success, and logarithms of the u of each term, shape (n, terms).
        """
        from rmtjac.kernels.inverse import solve_plane

        return solve_plane(*self._arrays, log_lam - self.log_scale)

    @cached_property
    def _arrays(self) -> tuple[Any, ...]:
        """What the kernels take."""
        kinds, numbers, values, weights, panels = zip(*(law.kernel for law in self.groups), strict=True)
        offsets = np.cumsum([(0, 0), *((len(v), len(p)) for v, p in zip(values, panels, strict=True))], axis=0)
        return (
            (np.array(kinds), np.array(numbers), offsets, *map(np.concatenate, (values, weights, panels))),
            (self.counts, np.array([law.mass for law in self.groups]), np.log(self.ratios), self.shares),
            (self.free_counts, self.free_shares),
            np.log([law.mean for law in self.groups]),
            self.log_mean - self.log_scale,
        )

    def _on_the_cut(self, log_lam: np.ndarray) -> Roots:
        """U = 1 / lambda - i0."""
        log_u = (self.log_scale - log_lam).astype(complex)[:, None]
        imag_m = np.array([_imag_m(self.groups[0], v) for v in log_u[:, 0]])
        error = 4.0 * np.finfo(float).eps * self.groups[0].relative_error(log_u[:, 0] - 1e-3j) * np.abs(imag_m)
        return Roots(np.ones(log_lam.size, dtype=bool), log_u, imag_m / self.ratios[0], error / self.ratios[0])

    def m(self, log_u: np.ndarray) -> np.ndarray:
        """Return m_M(1 / lambda) at the roots `log_u`, shape (n, terms)."""
        _, ratio = self.groups[0].log_mgf(log_u[:, 0])
        return np.exp(ratio + log_u[:, 0]) / self.ratios[0]

    def potential(self, log_u: np.ndarray) -> np.ndarray:
        """Return A of the module's docstring at the roots `log_u`, shape (n, terms)."""
        log_rest, ratio = self.groups[0].log_mgf(log_u[:, 0])
        rest = np.exp(log_rest)
        total = self.gaussian * np.exp(ratio + log_u[:, 0]) / self.ratios[0]
        for k, r, share in zip(self.free_counts, self.free_ratios, self.free_shares, strict=True):
            total -= k / r * (log_rest if share == 1.0 else np.log((1.0 - share) + share * rest))
        for g, law in enumerate(self.groups):
            total += self.counts[g] / self.ratios[g] * law.log_potential(log_u[:, g])
        return total

    def upper_tail(self, roots: Roots) -> np.ndarray:
        """Return 1 - F at the roots, from the closed form of the module's docstring."""
        return self.potential(roots.log_u).imag / math.pi


def _snap(shares: np.ndarray) -> np.ndarray:
    """Ratios of floats that should be 1 are made 1: ties at lambda = 0 are ties."""
    return np.where(np.abs(shares - 1.0) < 1e-14, 1.0, shares)


def _imag_m(law: DerivativeLaw, log_u: complex) -> float:
    from rmtjac.kernels.mgf import log_mgf

    return 0.0 if isinstance(law, DiscreteLaw) else log_mgf(*law.kernel, log_u)[-1]
