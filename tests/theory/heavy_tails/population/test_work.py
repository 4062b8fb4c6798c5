"""Replicas and blocks in threads: the numbers depend on the seed only."""

import signal
import threading
import time

import numpy as np
import pytest

from rmtjac.activations import activation
from rmtjac.propagation.stable_weights import StableWeights
from rmtjac.theory.heavy_tails.population import work
from rmtjac.theory.heavy_tails.population.model import model
from rmtjac.theory.heavy_tails.population.options import PopulationOptions

_MODEL = model([StableWeights(1.0, 1.0)] * 2, [activation("hardtanh")] * 2, [1, 1, 1], None, 1.0)
_SIGNALS = work.shares(_MODEL, PopulationOptions(replicas=2, threads=2))
_GRID = np.linspace(-8.0, 6.0, 70)  # two blocks


def _densities(seed=0, threads=1, first=0, count=2, grid=_GRID):
    options = PopulationOptions(pool=16, replicas=2, seed=seed, threads=threads)
    return work.densities(_MODEL, options, _SIGNALS, [work.Job(1, first, count, 16, 3, 2, grid)])[0]


def test_equal_bits_for_any_number_of_threads_and_blocks():
    one = _densities()
    assert (one == _densities(threads=2)).all()
    assert (one[1] == _densities(first=1, count=1)[0]).all()
    assert (one[:, :5] == _densities(grid=_GRID[:5])).all()
    assert not (one == _densities(seed=1)).any()
    assert not (one[0] == one[1]).any()


def test_shares_are_those_of_the_cauchy_mean_field():
    """P(|h| < 1) = (2/pi) atan(1/s), s_0 = sqrt(2/pi), s_1 = E |hardtanh(s_0 C)|; four errors, and K = 40."""
    found = _SIGNALS
    s0 = (2 / np.pi) ** 0.5
    s1 = s0 / np.pi * np.log1p(s0**-2) + 2 / np.pi * np.arctan(s0)
    exact = 2 / np.pi * np.arctan(1 / np.array([s0, s1]))
    assert found.value[0] == 1.0
    assert np.allclose(found.value[1:], exact, atol=6e-3)
    assert np.median(found.sizes, axis=1) == pytest.approx([s0, s1], rel=0.02)


def test_an_interrupt_ends_the_work():
    """Ctrl-C reaches the main thread while it waits; the compiled loops then return at once."""
    _densities(threads=2)  # compiled
    main = threading.main_thread().ident
    timer = threading.Timer(0.5, lambda: signal.pthread_kill(main, signal.SIGINT))
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    options = PopulationOptions(pool=16, threads=2)
    start = time.perf_counter()
    timer.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            work.densities(_MODEL, options, _SIGNALS, [work.Job(1, 0, 20, 200, 1000, 200, _GRID)])
    finally:
        timer.cancel()
        signal.signal(signal.SIGINT, before)
    assert time.perf_counter() - start < 10.0
