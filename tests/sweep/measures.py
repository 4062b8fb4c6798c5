"""Measurements for the tests, imported by workers as ``tests.sweep.measures:slow``."""

import time

import numpy as np

from rmtjac.sweep import measurement


@measurement(entry="float", trace="float", wide="int", entries="list")
def slow(net, rng, seconds=0.02):
    """Numbers that need every bit of a network and of the stream, after a pause in which to be killed."""
    time.sleep(seconds)
    return {
        "entry": net.weights[0][0, 0],
        "trace": float(np.trace(net.weights[-1] @ net.weights[-1].T)) if net.depth > 1 else float("nan"),
        "wide": net.widths[1],
        "entries": [float(net.biases[0][0]), rng.random()],
    }


@measurement(value="float")
def fails(net, rng):
    """Fail, as a measurement with a mistake does."""
    raise ZeroDivisionError("a mistake in the measurement")


@measurement(value="float")
def infinite(net, rng):
    """Return what no record holds."""
    return {"value": float("inf")}


@measurement(value="float")
def strange(net, rng):
    """Return another column than declared."""
    return {"other": 1.0}


def undeclared(net, rng):
    """Declare no columns."""
    return {}
