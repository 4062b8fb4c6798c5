"""Closed and one-dimensional forms of E phi(h_1) phi(h_2) and E phi'(h_1) phi'(h_2), variance q, correlation c."""

import itertools
import math

from scipy.integrate import quad
from scipy.special import ndtr


def erf_pair(q, c):
    return 2 / math.pi * math.asin(c * (math.pi / 2) * q / (1 + math.pi / 2 * q))


def erf_slopes(q, c):
    return ((1 + math.pi * q / 2) ** 2 - (math.pi * q * c / 2) ** 2) ** -0.5


def relu_pair(q, c):  # the arc-cosine kernel of order 1
    return q / (2 * math.pi) * (math.sqrt(1 - c * c) + c * (math.pi - math.acos(c)))


def relu_slopes(q, c):  # of order 0
    return (math.pi - math.acos(c)) / (2 * math.pi)


def hardtanh_gaps(q, delta):
    """E phi^2 - E phi phi and E phi'^2 - E phi' phi', by Price: d/dc E phi' phi' = q E phi'' phi''."""

    def kinks(angle):  # q E phi''(h_1) phi''(h_2) dc with c = cos(angle); phi'' = delta(h + 1) - delta(h - 1)
        c = math.cos(angle)
        return (math.exp(-1 / (q * (1 + c))) - math.exp(-1 / (q * max(1 - c, 1e-300)))) / math.pi

    end = 2 * math.asin(math.sqrt(delta / 2))
    slope = quad(kinks, 0, end, epsrel=1e-13)[0]
    # cos a - cos e, without cancellation
    chord = quad(
        lambda a: 2 * math.sin((end + a) / 2) * math.sin((end - a) / 2) * kinks(a), 0, end, epsrel=1e-13, epsabs=0
    )[0]
    return q * (delta * math.erf(1 / math.sqrt(2 * q)) - chord), slope


def hardtanh_pair(q, c):
    """E phi phi and E phi' phi' for |c| < 1, from the mean and the probability of h_2 given h_1."""
    rest = math.sqrt(q * (1 - c * c))

    def given(h):
        low, high = (-1 - c * h) / rest, (1 - c * h) / rest
        inside = ndtr(high) - ndtr(low)
        edges = (math.exp(-low * low / 2) - math.exp(-high * high / 2)) / math.sqrt(2 * math.pi)
        return ndtr(-high) - ndtr(low) + c * h * inside + rest * edges, inside

    def mean(f):
        # The scales: 1 (kinks of phi), sqrt(q), and rest around +-1 / c
        bends = {0.0, *(s * (1 / c + k * rest) for s in (-1, 1) for k in (-4, 0, 4))} if c else {0.0}
        top = 9 * math.sqrt(q)
        points = sorted({-top, top} | {p for p in bends | {-1.0, 1.0} if abs(p) < top})

        def integrand(h):
            return f(h) * math.exp(-h * h / (2 * q)) / math.sqrt(2 * math.pi * q)

        return sum(quad(integrand, a, b, epsabs=0, epsrel=1e-12)[0] for a, b in itertools.pairwise(points))

    return mean(lambda h: max(-1.0, min(1.0, h)) * given(h)[0]), mean(lambda h: (abs(h) < 1) * given(h)[1])
