"""Fixed points of equilibrium layers in mpmath, and random layers of all scales."""

from collections import Counter

import mpmath
import numpy as np

from tests.nonnegative import oracle


class _Layer:
    """z -> s(W z + drive), the drive in many digits: what `image` and `turned` ask of a network."""

    def __init__(self, weights, drive, phi):
        self.weights, self.biases, self.activations = (weights,), (_Numbers(drive),), (phi,)


class _Numbers(list):
    def tolist(self):
        return list(self)


def equilibrium(layer, x):
    """Bounds l <= z <= u of the fixed point for one input; None where Newton's method does not find it."""
    mpmath.mp.dps = 60
    inject = {"softplus": oracle.softplus, "relu": lambda t: max(t, mpmath.mpf(0))}[layer.inject.name]
    drive = [inject(h) for h in oracle.affine(layer.injection, layer.biases, [mpmath.mpf(v) for v in x.tolist()])]
    net = _Layer(layer.weights, drive, layer.phi)
    z = [mpmath.mpf(0)] * len(drive)
    for k in range(400):
        if k in (1, 10, 40, 130, 399) and (pair := oracle.proved_near(net, z)) is not None:
            return pair
        z = oracle.image(net, z)
    return None


def draw_layer(rng):
    """A layer and inputs (6, m): rates from tiny to beside 1 and above, drives from underflow to overflow."""
    from rmtjac.learn.equilibrium.layers import layer_of

    phi = str(rng.choice(["tanh", "softsign", "relu6", "hardtanh", "erf", "arctan", "sigmoid"]))
    n, m = int(rng.integers(1, 5)), int(rng.integers(1, 4))
    weights = rng.random((n, n)) * (rng.random((n, n)) < 0.8)
    top = np.abs(np.linalg.eigvals(weights)).max()
    kind = int(rng.integers(5))
    if kind == 0 and top > 0:
        weights *= (1.0 - 2.0 ** -int(rng.integers(2, 30))) / top
    elif kind == 1:
        weights *= 10.0 ** rng.uniform(-320, 2)
    elif kind == 2:
        weights = (1.0 - 2.0 ** -int(rng.integers(2, 50))) * np.eye(n)[rng.permutation(n)]
    else:
        weights *= 10.0 ** rng.uniform(-1, 1)
    size = [1.0, 10.0 ** rng.uniform(-3, 3), 10.0 ** rng.uniform(-320, 307)][int(rng.integers(3))]
    injection, biases = rng.normal(size=(n, m)) * size, rng.normal(size=n) * rng.choice([0.0, 1.0, size])
    x = rng.normal(size=(6, m))
    if rng.random() < 0.3:
        biases = biases - rng.uniform(0, 800)
    return layer_of(phi)(weights, injection, biases, phi), x


def attack_layers(count, seed, out=None):
    """Count samples whose fixed point lies farther off than their error says."""
    import warnings

    rng = np.random.default_rng(seed)
    found = Counter()
    for k in range(count):
        layer, x = draw_layer(rng)
        tol = 10.0 ** rng.uniform(-17, -2)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            solved = layer.solve(x, tol)
        found["warned"] += bool(caught)
        for i, (row, z, error) in enumerate(zip(x, solved.z, solved.errors, strict=True)):
            found["samples"] += 1
            if not np.isfinite(error):
                found["nothing proved"] += 1
                continue
            pair = equilibrium(layer, row)
            if pair is None:
                found["oracle blind"] += 1
                continue
            off = max(
                max(a - mpmath.mpf(v), mpmath.mpf(v) - b) for a, v, b in zip(pair[0], z.tolist(), pair[1], strict=True)
            )
            if not off <= mpmath.mpf(float(error)):
                found["contradicted"] += 1
                if out is not None:
                    out.write(f"{seed}/{k}/{i} {layer!r} off {mpmath.nstr(off, 5)} claimed {error!r} tol {tol}\n")
    return found
