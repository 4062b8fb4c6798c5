"""E 1/(1 - u D^2) and E Log(1 - u D^2) at |u| = e^1000 and more, by mpmath in the preactivation, log D^2 exact."""

import itertools

import mpmath as mp

from rmtjac.activations.analytic import ANALYTIC

SIDES = {"tanh": 2, "sigmoid": 2, "erf": 2, "softplus": 1, "silu": 1, "mish": 1, "gelu": 1}


def log_square(name, x):
    """log phi'(-x)^2."""
    h = x if ANALYTIC[name].even else -x
    return 2 * mp.log(abs(ANALYTIC[name].formula(mp.mp, h)))


def place(name, l):
    """The x > 10 with log phi'(-x)^2 = l, by bisection."""
    low, high = mp.mpf(10), mp.mpf(10)
    while log_square(name, high) > l:
        high *= 2
    for _ in range(int(mp.mp.prec) + 20):
        middle = (low + high) / 2
        low, high = (middle, high) if log_square(name, middle) > l else (low, middle)
    return low


def means(name, q, v):
    """c = E 1/(1 - u D^2) and Im E Log(1 - u D^2), u = e^v: beyond 80 in log u D^2 both are constants."""
    v = mp.mpc(v)
    cuts = [place(name, -v.real + 8 * k) for k in range(10, -11, -1)]

    def weighted(f):
        total = mp.mpf(0)
        for a, b in itertools.pairwise(cuts):
            total += mp.quad(
                lambda x: mp.exp(-x * x / (2 * q)) / mp.sqrt(2 * mp.pi * q) * f(mp.exp(v + log_square(name, x))), [a, b]
            )
        return SIDES[name] * total

    beyond = SIDES[name] * mp.erfc(cuts[-1] / mp.sqrt(2 * mp.mpf(q))) / 2
    before = 1 - SIDES[name] * mp.erfc(cuts[0] / mp.sqrt(2 * mp.mpf(q))) / 2
    c = beyond + weighted(lambda y: 1 / (1 - y))
    angle = (v.imag + mp.pi) * before + weighted(lambda y: mp.arg(1 - y))
    return c, angle
