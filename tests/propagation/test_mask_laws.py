import math

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.propagation.mask_laws import mask_laws


def test_the_laws_are_those_of_the_mean_field():
    weights = [rj.Cauchy(), rj.Gaussian(), rj.Stable(alpha=1.5)]
    ens = rj.Ensemble.square(20, 3, ["tanh", "relu", "hardtanh"], weights)
    field = rj.mean_field(ens, 0.7)
    np.testing.assert_array_equal(mask_laws(ens, 0.7), np.column_stack([field.alphas, field.scales]))


def test_homogeneous_layers_need_no_scale():
    """Under Cauchy weights the scale behind ReLU is infinite; phi' is 0 or 1, with probability 1/2 each."""
    for name in ("linear", "relu", "leaky_relu:0.2"):
        np.testing.assert_array_equal(mask_laws(rj.Ensemble.square(9, 3, name, rj.Cauchy()), 1.0), [[2.0, 1.0]] * 3)
    ens = rj.Ensemble.square(9, 3, ["tanh", "relu", "linear"], rj.Cauchy(), rj.Cauchy())
    np.testing.assert_array_equal(
        mask_laws(ens, 1.0), [[1.0, pytest.approx(1.0 + math.sqrt(2.0 / math.pi))], [2.0, 1.0], [2.0, 1.0]]
    )


def test_a_bounded_layer_behind_an_infinite_scale_has_no_mask():
    with pytest.raises(ValueError, match="activation='relu' is unbounded"):
        mask_laws(rj.Ensemble.square(9, 3, ["tanh", "relu", "tanh"], rj.Cauchy()), 1.0)


def test_layers_with_a_variance_keep_their_scale():
    ens = rj.Ensemble.square(9, 2, "relu", rj.Gaussian(2.0))
    assert mask_laws(ens, 1.0) == pytest.approx(np.array([[2.0, 2.0], [2.0, math.sqrt(8.0)]]))
