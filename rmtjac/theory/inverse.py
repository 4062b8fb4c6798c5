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
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from rmtjac.theory.derivative_law import DerivativeLaw, DiscreteLaw

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
        # Near lambda = 0 the u of the term of smallest rank grows, while the others turn real: only from the former does
        # Im m keep its digits. If that is a factor 1 + r m, it becomes the term of a linear layer.
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
        """mu r_g / p_g per term, at most 1 and exactly 1 where a term leads."""
        masses = np.array([law.mass for law in self.groups])
        return _snap(self.rank * self.ratios / masses)

    @cached_property
    def free_shares(self) -> np.ndarray:
        """mu r_f per factor of the weights."""
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
        """u = 1 / lambda - i0."""
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
