"""The activations as mpmath functions, written from their textbook definitions."""

import mpmath as mp


def _clip(x, low, high):
    return min(max(x, low), high)


def _sigmoid(x):
    return 1 / (1 + mp.exp(-x))


def _softplus(x):
    return mp.log1p(mp.exp(x))


FUNCTIONS = {
    "linear": lambda x: x,
    "relu": lambda x: max(x, mp.mpf(0)),
    "leaky_relu": lambda x: x if x > 0 else mp.mpf(0.01) * x,
    "hardtanh": lambda x: _clip(x, mp.mpf(-1), mp.mpf(1)),
    "relu6": lambda x: _clip(x, mp.mpf(0), mp.mpf(6)),
    "tanh": mp.tanh,
    "erf": lambda x: mp.erf(mp.sqrt(mp.pi) * x / 2),
    "sigmoid": _sigmoid,
    "softsign": lambda x: x / (1 + abs(x)),
    "arctan": mp.atan,
    "softplus": _softplus,
    "silu": lambda x: x * _sigmoid(x),
    "gelu": lambda x: x * mp.ncdf(x),
    "mish": lambda x: x * mp.tanh(_softplus(x)),
}

# docs/theory/nonnegative.md: concave on R+, phi(t)/t nonincreasing, phi(0), slope at infinity.
FACTS = {
    "tanh": (True, "strictly", 0.0, 0.0),
    "erf": (True, "strictly", 0.0, 0.0),
    "arctan": (True, "strictly", 0.0, 0.0),
    "softsign": (True, "strictly", 0.0, 0.0),
    "relu6": (True, "weakly", 0.0, 0.0),
    "hardtanh": (True, "weakly", 0.0, 0.0),
    "relu": (True, "weakly", 0.0, 1.0),
    "sigmoid": (True, "strictly", 0.5, 0.0),
    "softplus": (False, "strictly", 0.6931471805599453, 1.0),
    "silu": (False, "no", 0.0, 1.0),
    "gelu": (False, "no", 0.0, 1.0),
    "mish": (False, "no", 0.0, 1.0),
    "linear": (True, "weakly", 0.0, 1.0),
    "leaky_relu": (True, "weakly", 0.0, 1.0),
}
