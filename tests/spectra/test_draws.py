import math

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.spectra import sample_input, sample_network
from rmtjac.spectra.draws import Stream


def test_input_has_the_variance_asked_for():
    x = sample_input(rj.Ensemble([7, 3], "tanh"), 1, 2, 0.3)
    assert x @ x / 7 == pytest.approx(0.3, rel=1e-14)
    stationary = rj.Ensemble.square(7, 2, "tanh", rj.Gaussian(1.5))
    assert rj.sample_spectrum(stationary, 2, rng=0, input_variance="stationary").facts["input_variance"] > 0.1


def test_the_numbers_of_streams_are_part_of_what_a_seed_means():
    # Frozen with version 0.1.0.
    assert [(one.name, one.value) for one in Stream] == [
        ("NETWORK", 0), ("INPUT", 1), ("MASKS", 2), ("INVARIANT", 3), ("PROBES", 4),
    ]  # fmt: skip
    # The same by NumPy alone.
    bits = np.random.Generator(np.random.PCG64(np.random.SeedSequence(9, spawn_key=(3, 1)))).standard_normal(4)
    x = sample_input(rj.Ensemble([4, 2]), 9, 3)
    np.testing.assert_allclose(x, 2.0 * bits / math.sqrt(bits @ bits), rtol=1e-15)
    bits = np.random.Generator(np.random.PCG64(np.random.SeedSequence(9, spawn_key=(3, 0)))).standard_normal((2, 4))
    np.testing.assert_allclose(sample_network(rj.Ensemble([4, 2]), 9, 3).weights[0], bits / 2.0, rtol=1e-15)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ((0.5, 0), TypeError),
        ((-1, 0), ValueError),
        ((0, 0, -1.0), ValueError),
        ((0, 0, "small"), (ValueError, TypeError)),
    ],
)
def test_bad_arguments(arguments, error):
    with pytest.raises(error, match=r"rng=|input_variance="):
        sample_input(rj.Ensemble([4, 2]), *arguments)
