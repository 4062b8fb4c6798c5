import numpy as np
import pytest

import rmtjac as rj
from tests.theory.limit.fixed_rules import equal_layers


def test_save_and_load(tmp_path):
    lim = rj.limit_spectrum(rj.Ensemble.square(10, 2, "hardtanh", biases=rj.Gaussian(0.2)), input_variance=0.7)
    again = rj.LimitSpectrum.load(lim.save(tmp_path / "lim.npz"))
    np.testing.assert_array_equal(again.density([0.1, 1.0]), lim.density([0.1, 1.0]))
    assert repr(again) == repr(lim)
    with pytest.raises(ValueError, match="made from layers"):
        equal_layers("tanh", 1).save(tmp_path / "x.npz")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: m.density(np.nan), "lam holds NaN"),
        (lambda m: m.quantile(1.1), "p="),
        (lambda m: m.moment(0), "k=0"),
        (lambda m: m.curve(scale="x"), "scale='x'"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call(rj.limit_spectrum(rj.Ensemble.square(4, 2)))
