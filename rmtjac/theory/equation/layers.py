"""The layers of a network, and the terms of the limit equation that they make.

Sources: BS (docs/references.md).
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

from rmtjac.kernels.limit.records import CompiledEquation, Factors, TermLaws, Terms
from rmtjac.theory.derivative_laws.base import DerivativeLaw
from rmtjac.theory.derivative_laws.discrete import DiscreteLaw

__all__ = ["Layers", "snap"]


@dataclass(frozen=True, eq=False)
class Layers:
    """All that the limit depends on: a law of D^2, a weight variance, a width and a kind of weights for each layer.

    Layers of the same law and width are one term of the equation, with a multiplicity; `rmtjac.theory.equation.roots`
    explains the terms.

    Parameters
    ----------
    laws : sequence of DerivativeLaw
        Laws of D_l^2, one per layer.
    variances : sequence of float
        The numbers sigma_l^2 > 0: n_l Var W_ij, or the squared gain of orthogonal weights.
    widths : sequence of float, optional
        The widths n_0 ... n_L > 0, of which only the ratios matter; equal by default.
    orthogonal : sequence of bool, optional
        Whether the weights of a layer are orthogonal (orthonormal rows or columns); none by default.

    Attributes
    ----------
    groups : list of DerivativeLaw
        The laws K_g of the terms; the first, the leading one, has the smallest rank.
    ratios, counts : ndarray of float, shape (terms,)
        The ratios r_g and the multiplicities k_g of the terms.
    free_ratios, free_counts : ndarray of float, shape (factors,)
        The factors (1 + r_f m)^{k_f} of the weights.
    log_scale : float
        The constant log lambda - H of the equation (`rmtjac.theory.equation.roots`).

    Raises
    ------
    ValueError
        If there is no layer, the lengths do not match, or a variance or a width is not finite and > 0.

    See Also
    --------
    rmtjac.limit_spectrum : The limit of an ensemble, which makes the layers.
    rmtjac.LimitSpectrum : The limit of given layers.

    References
    ----------
    BS (14) for layers that are alike; docs/theory/layers.md. See docs/references.md.

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
        # The factor 1 + r_0 m is that of the input. Orthogonal weights divide by 1 + r m of their wider side, Gaussian
        # weights by nothing.
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
            if law.constant:  # m_K = u b / (1 - u b), so that m_K / u = b (1 + m_K): another factor 1 + r m
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
        # Near lambda = 0 the u of the term of smallest rank grows, while the others become real, and Im m keeps its
        # digits only if it is computed from that u. If a factor 1 + r m has the smallest rank, it becomes the term of a
        # linear layer.
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
        """Whether M is a multiple of D^2 of one layer, all weights being orthogonal; then H = -log u."""
        return len(self.groups) == 1 and self.counts[0] == 1.0 and not self.free_counts.size

    @property
    def gaussian(self) -> int:
        """The number of layers whose weights are not orthogonal."""
        assert self.orthogonal is not None
        return self.depth - sum(self.orthogonal)

    @cached_property
    def rank(self) -> float:
        """The mass mu off 0: the smallest of n_0 / n_L and P(D_l != 0) n_{l+1} / n_L."""
        return self.groups[0].mass / float(self.ratios[0])

    @cached_property
    def shares(self) -> np.ndarray:
        """The numbers mu r_g / p_g of the terms, at most 1, and exactly 1 for a term of the smallest rank."""
        masses = np.array([law.mass for law in self.groups])
        return snap(self.rank * self.ratios / masses)

    @cached_property
    def free_shares(self) -> np.ndarray:
        """The numbers mu r_f of the factors of the weights."""
        return snap(self.rank * self.free_ratios)

    @property
    def log_mean(self) -> float:
        """The logarithm of the first moment of the limit."""
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
        """Return n_L / n exactly, for the width n whose n_L / n is the float `ratio`.

        Parameters
        ----------
        ratio : float
            One of `ratios` or `free_ratios`.

        Returns
        -------
        Fraction
            The exact ratio.
        """
        assert self.widths is not None
        top = self.widths[-1]
        return Fraction(top) / Fraction(next(n for n in self.widths if top / n == ratio))

    def scale_mp(self) -> Any:
        """Return exp(log_scale) in the working precision of mpmath."""
        import mpmath as mp

        return mp.fprod(mp.mpf(value) ** power for value, power in self._scales)

    def ratio_mp(self, ratio: float) -> Any:
        """Return n_L / n in the working precision of mpmath.

        Parameters
        ----------
        ratio : float
            One of `ratios` or `free_ratios`.

        Returns
        -------
        mpf
            The ratio.
        """
        import mpmath as mp

        exact = self.ratio_fraction(ratio)
        return mp.mpf(exact.numerator) / exact.denominator

    @cached_property
    def kernel(self) -> CompiledEquation:
        """The equation as an argument of `rmtjac.kernels.limit.roots`."""
        kinds, numbers, values, weights, panels = zip(*(law.kernel for law in self.groups), strict=True)
        offsets = np.cumsum([(0, 0), *((len(v), len(p)) for v, p in zip(values, panels, strict=True))], axis=0)
        return CompiledEquation(
            TermLaws(np.array(kinds), np.array(numbers), offsets, *map(np.concatenate, (values, weights, panels))),
            Terms(self.counts, np.array([law.mass for law in self.groups]), np.log(self.ratios), self.shares),
            Factors(self.free_counts, self.free_shares),
            np.log([law.mean for law in self.groups]),
            self.log_mean - self.log_scale,
        )


def snap(shares: np.ndarray) -> np.ndarray:
    """Return `shares`, with entries that are 1 up to rounding set to 1: ranks that agree up to rounding are equal."""
    return np.where(np.abs(shares - 1.0) < 1e-14, 1.0, shares)
