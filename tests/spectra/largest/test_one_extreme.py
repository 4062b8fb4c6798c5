import math

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.propagation.mask_laws import mask_laws
from rmtjac.rng import as_seed_sequence
from rmtjac.spectra.largest.one_extreme import ExtremeTask, log_largest

ROOT = as_seed_sequence(3)


@pytest.mark.parametrize("masks", ["network", "independent"])
@pytest.mark.parametrize(
    "ensemble",
    [
        rj.Ensemble.square(30, 3, "tanh", rj.Gaussian(1.3), rj.Gaussian(0.2)),
        rj.Ensemble([7, 40, 1, 12], ["relu", "erf", "gelu"], rj.Gaussian(2.0)),
        rj.Ensemble.square(1, 5, "linear"),
        rj.Ensemble.square(20, 100, "hardtanh"),
        rj.Ensemble([30, 20, 25], "hardtanh", ["orthogonal", "cauchy"]),
        rj.Ensemble.square(12, 2, "relu", "rademacher"),
        rj.Ensemble([9, 5], rj.Activation("own", lambda h: np.tanh(h), lambda h: 1.0 - np.tanh(h) ** 2)),
    ],
)
def test_it_is_the_largest_of_the_whole_spectrum(ensemble, masks):
    laws = mask_laws(ensemble, 0.8) if masks == "independent" else None
    full = rj.sample_spectrum(ensemble, 4, rng=3, masks=masks, input_variance=0.8)
    for i in range(4):
        value, error = log_largest(ExtremeTask(ensemble, 0.8, laws, False), ROOT, i)
        assert error < 1e-10
        want = 2.0 * float(full.log_singular_values[i].max())
        assert value == want if want == -math.inf else abs(value - want) < 1e-10


def test_scales_beyond_floats():
    """sigma^(2 L) leaves the range of a float; its logarithm does not."""
    for scale in (1e-30, 1e30):
        small = rj.Ensemble.square(10, 20, "linear", rj.Gaussian(scale))
        plain = rj.Ensemble.square(10, 20, "linear")
        value, _ = log_largest(ExtremeTask(small, 1.0, None, False), ROOT, 0)
        want, _ = log_largest(ExtremeTask(plain, 1.0, None, False), ROOT, 0)
        assert value - 40.0 * math.log(scale) == pytest.approx(want, abs=1e-9)


def test_overflow_is_named():
    with pytest.raises(OverflowError, match="layer 1"):
        log_largest(ExtremeTask(rj.Ensemble.square(5, 3, "relu", rj.Gaussian(1e200)), 1.0, None, False), ROOT, 0)


def test_dead_networks():
    dead = rj.Activation("dead", lambda h: np.zeros_like(h), lambda h: np.zeros_like(h))
    ens = rj.Ensemble.square(4, 2, ["tanh", dead])
    assert log_largest(ExtremeTask(ens, 1.0, None, False), ROOT, 0) == (-math.inf, 0.0)
