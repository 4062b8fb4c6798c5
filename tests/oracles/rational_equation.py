"""The limit equation of layers of few values, exact in fractions: a polynomial in u, whose root is followed from above.

A layer is a dict of the values of D^2 (zero included if it is one) and their probabilities.
"""

import math
from collections import Counter
from fractions import Fraction

import mpmath as mp
import numpy as np

import rmtjac as rj
from rmtjac.theory import DiscreteLaw, Layers

HALF = {Fraction(0): Fraction(1, 2), Fraction(1): Fraction(1, 2)}
MOST = {Fraction(0): Fraction(1, 8), Fraction(1): Fraction(7, 8)}
ONE = {Fraction(1): Fraction(1)}
TINY = {Fraction(1, 1024): Fraction(1, 2), Fraction(1): Fraction(1, 2)}
LEAKY = {Fraction(1, 64): Fraction(1, 4), Fraction(1): Fraction(3, 4)}
THREE = {Fraction(0): Fraction(1, 8), Fraction(1, 4): Fraction(3, 8), Fraction(2): Fraction(1, 2)}
G, O = False, True


def law_of(points):
    return DiscreteLaw.from_points([float(x) for x in points], [float(w) for w in points.values()])


def limit(points, widths, orthogonal, variances=None):
    variances = [1.0] * len(points) if variances is None else [float(v) for v in variances]
    return rj.LimitSpectrum(Layers([law_of(p) for p in points], variances, widths, orthogonal))


def mass(points):
    return 1 - points.get(Fraction(0), Fraction(0))


def _convolve(*polys):
    """Product of polynomials with Fraction coefficients, lowest first."""
    out = [Fraction(1)]
    for poly in polys:
        new = [Fraction(0)] * (len(out) + len(poly) - 1)
        for i, a in enumerate(out):
            for j, b in enumerate(poly):
                new[i + j] += a * b
        out = new
    return out


class RationalEquation:
    """lambda(u) = num / den exactly, u that of the layer `lead`; all other layers have one value besides 0, or its law.

    Written from the equation with a factor a layer, not from the merged terms of the package.
    """

    def __init__(self, points, widths, orthogonal, lead, variances=None):
        variances = [Fraction(1)] * len(points) if variances is None else variances
        r = [Fraction(widths[-1], n) for n in widths]
        self.ratio, law = r[lead + 1], points[lead]
        some = [(x, w) for x, w in law.items() if x]
        poles = [[Fraction(1), -x] for x, _ in some]
        self.b = _convolve(*poles)
        terms = [_convolve([w * x], *(p for j, p in enumerate(poles) if j != i)) for i, (x, w) in enumerate(some)]
        self.a = [Fraction(0), *(sum(column) for column in zip(*terms, strict=True))]  # r m = a(u) / b(u)
        powers, scale = Counter(), Fraction(1)

        def times_m(power):
            nonlocal scale
            powers[tuple(self.a)] += power
            powers[tuple(self.b)] -= power
            scale *= self.ratio**-power

        def times_affine(c, k, power):  # (c + k m)^power
            long = max(len(self.a), len(self.b))
            a, b = (poly + [Fraction(0)] * (long - len(poly)) for poly in (self.a, self.b))
            powers[tuple(c * y + k / self.ratio * x for x, y in zip(a, b, strict=True))] += power
            powers[tuple(self.b)] -= power

        times_affine(1, r[0], 1)
        times_m(-1)
        scale /= r[0]
        for l, one in enumerate(points):
            x = l if widths[l + 1] <= widths[l] else l + 1
            place = x if orthogonal[l] else l
            scale *= variances[l] * r[place]
            if orthogonal[l]:
                times_affine(1, r[x], -1)
            if one == law and r[l + 1] == self.ratio:
                times_m(1)
                powers[(Fraction(0), Fraction(1))] -= 1
            else:
                ((value, p),) = [(v, w) for v, w in one.items() if v]
                times_affine(p, r[l + 1], 1)
                scale *= value / r[l + 1]
        # a(u) has the factor u: take it out, so that powers of u cancel
        u_power = powers.pop(tuple(self.a), 0)
        powers[tuple(self.a[1:])] += u_power
        powers[(Fraction(0), Fraction(1))] += u_power
        self.num = _convolve([scale], *(list(p) for p, e in powers.items() for _ in range(max(e, 0))))
        self.den = _convolve(*(list(p) for p, e in powers.items() for _ in range(max(-e, 0))))
        self.mean = sum(x * w for x, w in law.items())
        self.first = math.prod(
            variances[l] * (1 if not orthogonal[l] else min(Fraction(1), Fraction(widths[l], widths[l + 1])))
            * sum(x * w for x, w in one.items()) for l, one in enumerate(points)
        )  # fmt: skip

    def density(self, lam):
        """Follow the root that is m_1 / lambda at infinity down to the real axis; end in 50 digits.

        The steps in log Im lambda are so small that the nearest root is the same one (checked by its change).
        """
        size = max(len(self.num), len(self.den))
        num, den = (poly + [Fraction(0)] * (size - len(poly)) for poly in (self.num, self.den))
        floats = [np.array([float(c) for c in poly[::-1]]) for poly in (num, den)]
        # from far above the spectrum, whose scale is m_1 times a number below 100
        heights = [*np.geomspace(1e5 * max(lam, float(self.first)), 1e-5 * lam, 200), 0.0]
        u = float(self.ratio * self.first / self.mean) / (lam + 1j * heights[0])
        for y in heights:
            roots = np.roots(floats[0] - (lam + 1j * y) * floats[1])
            apart = np.sort(abs(roots - u))
            assert roots.size == 1 or apart[0] < 0.6 * apart[1]
            u = roots[np.argmin(abs(roots - u))]
        if u.imag > -1e-9 * abs(u):
            return 0.0
        with mp.workdps(50):
            z, exact = mp.mpc(u), mp.mpf(lam)
            poly = [_mpf(a) - exact * _mpf(b) for a, b in zip(num, den, strict=True)]
            for _ in range(8):
                z -= _horner(poly, z) / _horner([k * c for k, c in enumerate(poly)][1:], z)
            m = _horner(map(_mpf, self.a), z) / _horner(map(_mpf, self.b), z) / _mpf(self.ratio)
            return float(-mp.im(m) / (mp.pi * exact))


def _mpf(x):
    return mp.mpf(x.numerator) / x.denominator


def _horner(poly, z):
    out = 0
    for c in reversed(list(poly)):
        out = out * z + c
    return out


CASES = [
    ([ONE], [100, 300], [G], 0),
    ([HALF], [300, 100], [G], 0),
    ([THREE], [300, 200], [G], 0),
    ([LEAKY], [100, 100], [G], 0),
    ([MOST, ONE, HALF], [300, 450, 200, 400], [G, G, G], 0),
    ([MOST, LEAKY, HALF], [300, 450, 200, 400], [G, G, G], 1),
    ([MOST, MOST], [100, 200, 300], [G, G], 0),  # n_0 is the smallest rank
    ([THREE, MOST], [100, 200, 400], [G, G], 0),
    ([HALF, ONE], [100, 200, 100], [G, G], 0),  # all ranks are the same
    ([HALF, HALF], [100, 100, 100], [G, G], 0),
    ([HALF, MOST], [100, 100, 100], [O, G], 0),
    ([HALF, MOST], [100, 100, 100], [G, O], 1),
    ([THREE, MOST], [100, 150, 120], [O, G], 0),
    ([THREE, MOST], [150, 100, 120], [O, G], 0),
    ([MOST, THREE], [100, 150, 120], [G, O], 1),
    ([MOST, THREE], [100, 120, 150], [G, O], 1),
    ([LEAKY, MOST], [100, 120, 150], [O, O], 0),
    ([LEAKY, MOST], [150, 120, 100], [O, O], 0),
    ([ONE, THREE, HALF], [120, 100, 150, 100], [O, G, O], 1),
    ([THREE, THREE, ONE], [100, 100, 100, 50], [O, G, G], 0),
    ([LEAKY, LEAKY, LEAKY], [100, 100, 100, 100], [O, O, G], 0),
    ([LEAKY, MOST, ONE], [100, 100, 100, 100], [O, O, O], 0),
]
IDS = ["-".join(map(str, w)) + "".join("O" if o else "G" for o in k) + str(i) for i, (_, w, k, _) in enumerate(CASES)]


def points_of(low, high, fractions):
    """Points of an interval of the support, in log lambda over six decades where it reaches down to 0."""
    return np.exp(np.log(max(low, 1e-6 * high)) * (1 - fractions) + np.log(high) * fractions)
