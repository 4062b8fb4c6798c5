"""Singular values of products of float matrices without rounding: exact integers, then certified roots.

Nothing of the package is used; python-flint is.
"""

import numpy as np


def _integers(matrix):
    """Return the integer matrix, and the e, with ``matrix = integers * 2**e``."""
    import flint

    fractions, exponents = np.frexp(matrix)
    low = int(exponents[matrix != 0.0].min(initial=0)) - 53
    rows = [
        [int(np.ldexp(f, 53)) << (int(e) - 53 - low) if f else 0 for f, e in zip(*pair, strict=True)]
        for pair in zip(fractions, exponents, strict=True)
    ]
    return flint.fmpz_mat(rows), low


def exact_logs(factors):
    """Return the logarithms of the nonzero singular values, descending, as 200-bit balls, and the number of zeros.

    They are half those of the roots of the characteristic polynomial of P P^T, which is exact; the number of its
    roots 0 is the exact rank deficiency.
    """
    import flint

    product, shift = _integers(factors[0])
    for factor in factors[1:]:
        integers, more = _integers(factor)
        product, shift = integers * product, shift + more
    wide = product.nrows() <= product.ncols()
    gram = product * product.transpose() if wide else product.transpose() * product
    coefficients = gram.charpoly().coeffs()
    zeros = next(i for i, c in enumerate(coefficients) if c != 0)
    bits, flint.ctx.prec = flint.ctx.prec, 200
    try:
        roots = flint.fmpz_poly(coefficients[zeros:]).complex_roots()
        logs = [root.real.log() / 2 + shift * flint.arb(2).log() for root, times in roots for _ in range(times)]
    finally:
        flint.ctx.prec = bits
    return sorted(logs, key=lambda log: -float(log.mid())), zeros


def relative_errors(logs, exact):
    """Return |sigma_computed / sigma - 1| of each value from logarithms: floats against balls."""
    import flint

    bits, flint.ctx.prec = flint.ctx.prec, 200
    try:
        differences = [flint.arb(float(a)) - b for a, b in zip(logs, exact, strict=True)]
        # A ball too wide to judge counts as an error.
        return np.array([abs(float(d.mid())) + float(d.rad()) for d in differences])
    finally:
        flint.ctx.prec = bits


def layers(rng, width, depth, law, activation):
    """Return the factors D_l W_l of a random network whose preactivations are drawn apart."""
    out = []
    for _ in range(depth):
        if law == "gaussian":
            weights, h = rng.standard_normal((width, width)) / np.sqrt(width), rng.standard_normal(width)
        else:
            weights, h = rng.standard_cauchy((width, width)) / width, rng.standard_cauchy(width)
        d = {
            "linear": np.ones(width),
            "hardtanh": (np.abs(h) < 1.0).astype(float),
            "tanh": np.cosh(np.clip(h, -300.0, 300.0)) ** -2.0,
        }[activation]
        out.append(d[:, None] * weights)
    return out
