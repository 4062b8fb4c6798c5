"""Fixed points of small monotone networks in mpmath, whose exponents have no limit, and contradictions to certificates.

Only the weights come from the package. An affine step is summed to 4,400 bits (exactly, for floats); the
activations follow to 60 digits.
"""

from collections import Counter
from itertools import pairwise

import mpmath
import numpy as np

import rmtjac as rj
from rmtjac import nonnegative as nn

NAMES = (
    "linear", "relu", "leaky_relu", "leaky_relu:0.3", "hardtanh", "relu6", "tanh", "erf", "sigmoid", "softsign",
    "arctan", "softplus", "silu", "gelu", "mish",
)  # fmt: skip
_FAR = 2000  # beyond it exponentials are 0 to 800 digits


def _exp(t):
    return mpmath.exp(max(t, -(mpmath.mpf(10) ** 6))) if t < 0 else mpmath.exp(min(t, mpmath.mpf(10) ** 6))


def _sigmoid(t):
    return 1 / (1 + _exp(-t)) if t > 0 else _exp(t) / (1 + _exp(t))


def softplus(t):
    return t + mpmath.log1p(_exp(-t)) if t > 0 else mpmath.log1p(_exp(t))


def _tanh(t):
    return mpmath.sign(t) if abs(t) > _FAR else mpmath.tanh(t)


def _tanh_slope(t):
    e = _exp(-2 * abs(t))
    return 4 * e / (1 + e) ** 2


def value(phi, t):
    """phi(t)."""
    clips = {"relu6": (0, 6), "hardtanh": (-1, 1)}
    name = phi.name
    if name in clips:
        return min(max(t, mpmath.mpf(clips[name][0])), mpmath.mpf(clips[name][1]))
    return {
        "linear": lambda: t,
        "relu": lambda: max(t, mpmath.mpf(0)),
        "leaky_relu": lambda: t if t > 0 else mpmath.mpf(phi.parameter) * t,
        "tanh": lambda: _tanh(t),
        "erf": lambda: mpmath.sign(t) if abs(t) > _FAR else mpmath.erf(mpmath.sqrt(mpmath.pi) / 2 * t),
        "sigmoid": lambda: _sigmoid(t),
        "softsign": lambda: t / (1 + abs(t)),
        "arctan": lambda: mpmath.atan(t),
        "softplus": lambda: softplus(t),
        "silu": lambda: t * _sigmoid(t),
        "gelu": lambda: max(t, mpmath.mpf(0)) if abs(t) > _FAR else t * mpmath.ncdf(t),
        "mish": lambda: t * _tanh(softplus(t)),
    }[name]()


def slope(phi, t):
    """phi'(t) from the right, for the concave ones."""
    name = phi.name
    clips = {"relu6": (0, 6), "hardtanh": (-1, 1)}
    if name in clips:
        return mpmath.mpf(clips[name][0] <= t < clips[name][1])
    return {
        "linear": lambda: mpmath.mpf(1),
        "relu": lambda: mpmath.mpf(t >= 0),
        "leaky_relu": lambda: mpmath.mpf(1 if t >= 0 else phi.parameter),
        "tanh": lambda: _tanh_slope(t),
        "erf": lambda: _exp(-mpmath.pi / 4 * t * t),
        "sigmoid": lambda: _exp(-abs(t)) / (1 + _exp(-abs(t))) ** 2,
        "softsign": lambda: 1 / (1 + abs(t)) ** 2,
        "arctan": lambda: 1 / (1 + t * t),
        "softplus": lambda: _sigmoid(t),
        "silu": lambda: _sigmoid(t) * (1 + t * (1 - _sigmoid(t))),
        "gelu": lambda: mpmath.mpf(t > 0) if abs(t) > _FAR else mpmath.ncdf(t) + t * mpmath.npdf(t),
        "mish": lambda: _tanh(softplus(t)) + t * _tanh_slope(softplus(t)) * _sigmoid(t),
    }[name]()  # fmt: skip


def affine(matrix, bias, x):
    with mpmath.workprec(4400):
        found = [
            mpmath.fsum([mpmath.mpf(w) * v for w, v in zip(row, x, strict=True)]) + mpmath.mpf(b)
            for row, b in zip(matrix.tolist(), bias.tolist(), strict=True)
        ]
    return [+h for h in found]


def image(net, x):
    """T(x) of a list of numbers."""
    for matrix, bias, phi in zip(net.weights, net.biases, net.activations, strict=True):
        x = [value(phi, h) for h in affine(matrix, bias, x)]
    return x


def turned(net, x, v):
    """T'(x) v, slopes from the right."""
    for matrix, bias, phi in zip(net.weights, net.biases, net.activations, strict=True):
        h = affine(matrix, bias, x)
        v = [slope(phi, a) * b for a, b in zip(h, affine(matrix, np.zeros(len(bias)), v), strict=True)]
        x = [value(phi, a) for a in h]
    return v


def radius(factors):
    """The spectral radius of the product of at most 3 x 3 nonnegative factors."""
    with mpmath.workdps(1500):
        product = mpmath.eye(factors[0].shape[1])
        for one in factors:
            product = mpmath.matrix(one.tolist()) * product
        if max(abs(a) for a in product) == 0:
            return mpmath.mpf(0)
        product /= max(abs(a) for a in product)
        top = max(abs(a) for a in mpmath.eig(product, left=False, right=False))
        full = mpmath.eye(factors[0].shape[1])
        for one in factors:
            full = mpmath.matrix(one.tolist()) * full
        return top * max(abs(a) for a in full) if top > mpmath.mpf(10) ** -1300 else mpmath.mpf(0)


def proved_near(net, x):
    """l <= T(l), T(u) <= u with l <= u, by Newton's method from x; None if it leads nowhere."""
    n = len(x)
    for _ in range(8):
        columns = [turned(net, x, [mpmath.mpf(i == j) for i in range(n)]) for j in range(n)]
        left = mpmath.matrix(n, n)
        for i in range(n):
            for j in range(n):
                left[i, j] = (i == j) - columns[j][i]
        try:
            step = mpmath.lu_solve(left, mpmath.matrix([a - b for a, b in zip(image(net, x), x, strict=True)]))
            w = mpmath.lu_solve(left, mpmath.matrix([1] * n))
        except (ZeroDivisionError, ValueError):
            return None
        x = [max(a + b, mpmath.mpf(0)) for a, b in zip(x, step, strict=True)]
        if max(abs(b) for b in step) <= mpmath.mpf(10) ** -45 * max(x):
            break
    if min(w) <= 0:
        return None
    for digits in (45, 30, 20):
        room = mpmath.mpf(10) ** -digits * max(max(x), mpmath.mpf(10) ** -2000)
        low, high = ([max(a + s * room * b, mpmath.mpf(0)) for a, b in zip(x, w, strict=True)] for s in (-1, 1))
        if all(a >= b for a, b in zip(image(net, low), low, strict=True)) and all(
            a <= b for a, b in zip(image(net, high), high, strict=True)
        ):
            return low, high
    return None


def _less(a, b):
    """Whether a < b in some coordinate, by more than what 60 digits may lose."""
    return any(x < y - mpmath.mpf(10) ** -40 * max(abs(y), abs(x)) for x, y in zip(a, b, strict=True))


def contradictions(net, cert):
    """What of a certificate of a monotone network cannot be."""
    mpmath.mp.dps = 60
    wrong = []
    n = net.widths[0]
    zero, huge = [mpmath.mpf(0)] * n, [mpmath.mpf(10) ** 8000] * n
    if cert.rho is not None:
        exact = radius(nn.asymptotic_map(net).weights)
        if not mpmath.mpf(cert.rho[0]) <= exact * (1 + mpmath.mpf(10) ** -50) or not (
            exact * (1 - mpmath.mpf(10) ** -50) <= mpmath.mpf(cert.rho[1])
        ):
            wrong.append("rho")
    if not all((w >= 0).all() for w in net.weights):
        return wrong
    top = image(net, huge)
    if cert.exists and any(t < 0 for t in top):
        wrong.append("exists, but T < 0")
    start = image(net, zero)
    if any(t < 0 for t in start):
        return wrong
    known = []  # pairs (l, u), each with a fixed point between
    x = zero
    for k in range(40):
        if k in (0, 4, 12, 25, 39) and (pair := proved_near(net, x)) is not None:
            known.append(pair)
        x = image(net, x)
    least = x  # <= every fixed point
    y = top
    bounded = max(top) < mpmath.mpf(10) ** 3000
    if bounded:
        for k in range(40):
            if k in (4, 12, 39) and (pair := proved_near(net, y)) is not None:
                known.append(pair)
            y = image(net, y)
    if all(t == 0 for t in start):
        known.append((zero, zero))
    if cert.exists and max(least) > mpmath.mpf(10) ** 2000:
        wrong.append("exists, but the iteration runs away")
    if cert.exists is False and known:
        wrong.append("exists")
    if cert.unique and any(_less(a[1], b[0]) or _less(b[1], a[0]) for a in known for b in known):
        wrong.append("unique")
    if cert.positive and any(min(b) <= 0 for _, b in known):
        wrong.append("positive")
    for name in ("least", "greatest"):
        one = getattr(cert, name)
        if one is None:
            continue
        low = [mpmath.mpf(v) for v in one.lower.tolist()]
        high = [mpmath.mpf(v) for v in one.upper.tolist()]
        if one.exists and _less(high, least):
            wrong.append(f"{name}.upper below the iterates from 0")
        if name == "least" and any(_less(b, low) for _, b in known):
            wrong.append("least.lower")
        if name == "greatest" and one.exists:
            if one.everywhere and any(_less(high, a) for a, _ in known):
                wrong.append("greatest.upper")
            if bounded and _less(y, low):
                wrong.append("greatest.lower")
        if cert.unique and one.exists and any(_less(b, low) or _less(high, a) for a, b in known):
            wrong.append(f"{name} of a unique point")
    if cert.rate is not None and cert.rate.value < 1.0:
        z, v = ([mpmath.mpf(a) for a in b.tolist()] for b in (cert.least.lower, cert.rate.weights))
        if max(a / b for a, b in zip(turned(net, z, v), v, strict=True)) > mpmath.mpf(cert.rate.value):
            wrong.append("rate")
    if cert.thompson is not None and cert.thompson < 1.0:
        u = [mpmath.mpf(a) for a in cert.greatest.upper.tolist()]
        if 1 - min(a / b for a, b in zip(start, image(net, u), strict=True)) > mpmath.mpf(cert.thompson):
            wrong.append("thompson")
    return wrong


def draw(rng):
    """A network of at most 3 x 3 weights, at ordinary scales, at one extreme scale, or with entries of all scales."""
    depth = int(rng.integers(1, 5))
    n = int(rng.integers(1, 4))
    widths = [n, *rng.integers(1, 4, depth - 1).tolist(), n]
    names = [str(rng.choice(NAMES)) for _ in range(depth)]
    if rng.random() < 0.5:  # one unbounded family, so that scales matter
        names = [str(rng.choice(["relu", "linear", "softplus", "leaky_relu", "silu"])) for _ in range(depth)]
    kind = int(rng.integers(5))
    ends = [(rng.uniform(-320, 308), 0), (0, 0), (0, 300), (rng.uniform(-320, 308), 3), (0, 0)][kind]
    shifts = rng.uniform(-300, 300, depth)
    shifts -= shifts.mean()  # kind 4: layers whose scales cancel
    weights, biases = [], []
    for l, (a, b) in enumerate(pairwise(widths)):
        exponent = np.clip((shifts[l] if kind == 4 else ends[0]) + ends[1] * rng.uniform(-1, 1, (b, a)), -322.0, 307.5)
        weights.append((0.1 + 1.4 * rng.random((b, a))) * 10.0**exponent * (rng.random((b, a)) < 0.75))
        size = np.clip(rng.choice([0.0, 0.0, rng.uniform(-320, 308), exponent.mean()]) + np.zeros(b), -322.0, 307.5)
        sign = rng.choice([1.0, 1.0, 1.0, -1.0], b) if rng.random() < 0.4 else np.ones(b)
        biases.append(sign * rng.random(b) * 10.0**size * (rng.random(b) < 0.6))
    if rng.random() < 0.1:
        weights = [np.eye(n)[rng.permutation(n)] * float(rng.choice([1.0, 0.5, 1 - 2.0**-40]))]
        biases, names = biases[-1:], names[-1:]
    return rj.Network(weights, biases, names)


def attack(count, seed, out=None):
    """Count what is wrong with the certificates of `count` networks."""
    import warnings

    rng = np.random.default_rng(seed)
    found = Counter()
    for k in range(count):
        net = draw(rng)
        told = f"{seed}/{k}: {net!r} {[w.tolist() for w in net.weights]} {[b.tolist() for b in net.biases]}"
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                cert = nn.certify(net)
            except Exception as error:
                found["raised"] += 1
                if out is not None:
                    out.write(f"{told}\n   raised {error!r}\n")
                continue
        if caught:
            found["warned"] += 1
        found[cert.shape] += 1
        wrong = contradictions(net, cert)
        if wrong:
            found["contradicted"] += 1
            found.update(f"wrong: {one}" for one in wrong)
        if out is not None and (wrong or caught):
            out.write(f"{told}\n   {wrong} {[str(w.message) for w in caught[:2]]} {cert!r} {cert.reason} {cert.rho}\n")
            out.flush()
    return found
