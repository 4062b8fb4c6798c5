import math

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.theory import Layers, LimitSpectrum


@pytest.mark.parametrize(
    ("ensemble", "which", "message"),
    [
        (rj.Ensemble.square(10, 2, "tanh"), "smallest", "the lower edge of the limit is hard"),
        (rj.Ensemble.square(10, 1, "tanh", "orthogonal"), "largest", "an edge of the law of D"),
        (rj.Ensemble.square(10, 1, "hardtanh", "orthogonal"), "largest", "is an atom at lambda = 1"),
        (rj.Ensemble.square(10, 3, "linear", "orthogonal:0.5"), "largest", "is an atom at lambda = 0.01562"),
        (rj.Ensemble.square(10, 1, "softplus", "gaussian:0.6"), "largest", "the end of the law of D"),
        (rj.Ensemble.square(10, 2, "tanh", "student_t:4"), "largest", "no fourth moment"),
        (rj.Ensemble.square(10, 2, "tanh", ["gaussian", "student_t:2.5"]), "smallest", "no fourth moment"),
    ],
)
def test_what_has_no_law(ensemble, which, message):
    lim = rj.limit_spectrum(ensemble)
    with pytest.raises(ValueError, match=message):
        getattr(lim, which)()


@pytest.mark.parametrize("width", [0, -1, 0.0, math.nan, math.inf])
def test_bad_widths(width):
    with pytest.raises(ValueError, match="width="):
        rj.limit_spectrum(rj.Ensemble.square(10, 1, "linear")).largest(width)


def test_bad_types_and_words():
    lim = rj.limit_spectrum(rj.Ensemble.square(10, 1, "linear"))
    with pytest.raises(TypeError, match="width='a'"):
        lim.largest("a")
    with pytest.raises(ValueError, match="signal='x'"):
        lim.largest(signal="x")


def test_limits_of_layers():
    ens = rj.Ensemble([30, 20], "tanh")
    lim = rj.limit_spectrum(ens)
    bare = LimitSpectrum(lim.layers)
    with pytest.raises(ValueError, match="width=None"):
        bare.largest()
    with pytest.raises(ValueError, match="signal='network' needs an ensemble"):
        bare.largest(20, signal="network")
    assert bare.largest(20).signal == "independent"
    assert bare.largest(20) == lim.largest(signal="independent")
    unit = LimitSpectrum(Layers(lim.layers.laws, [1.0], [1.5, 1.0]))
    assert unit.largest(20).scale == pytest.approx(bare.largest(20).scale, rel=1e-12)


def test_widths_scale():
    lim = rj.limit_spectrum(rj.Ensemble([30, 40, 20], "tanh"))
    one, other = lim.largest(), lim.largest(2000)
    assert lim.largest(20) == one
    assert other.scale == pytest.approx(one.scale * 100.0 ** (-2 / 3))
    assert other.spread == pytest.approx(one.spread / 10.0)
    assert other.shift == pytest.approx(one.shift / 100.0)
    same = rj.limit_spectrum(rj.Ensemble([3000, 4000, 2000], "tanh")).largest()
    np.testing.assert_allclose([same.scale, same.spread, same.shift], [other.scale, other.spread, other.shift])


@pytest.mark.parametrize("depth", [1, 100])
@pytest.mark.parametrize("width", [1, 10**6])
@pytest.mark.parametrize("phi", ["linear", "hardtanh", "relu"])
def test_extreme_shapes(phi, width, depth):
    law = rj.limit_spectrum(rj.Ensemble.square(width, depth, phi)).largest()
    assert law.width == width
    assert law.in_range == (width > 1)
    assert 0.0 <= law.probability(1.0) <= 1.0


def test_silent_and_custom_networks():
    # q = 0 in every layer: D is constant
    law = rj.limit_spectrum(rj.Ensemble.square(50, 3, "tanh"), input_variance=0.0).largest()
    plain = rj.limit_spectrum(rj.Ensemble.square(50, 3, "linear")).largest()
    np.testing.assert_allclose([law.log_edge, law.scale, law.spread, law.shift],
                               [plain.log_edge, plain.scale, 0.0, plain.shift], atol=1e-9)  # fmt: skip
    own = rj.Activation("mine", np.tanh, lambda h: 1.0 / np.cosh(h) ** 2)
    found = rj.limit_spectrum(rj.Ensemble.square(50, 2, own)).largest()
    tanh = rj.limit_spectrum(rj.Ensemble.square(50, 2, "tanh")).largest()
    np.testing.assert_allclose([found.log_mean, found.log_std], [tanh.log_mean, tanh.log_std], rtol=1e-7)


def test_after_saving(tmp_path):
    lim = rj.limit_spectrum(rj.Ensemble.square(30, 2, "erf", biases="gaussian:0.2"), input_variance=0.5)
    again = rj.LimitSpectrum.load(lim.save(tmp_path / "lim.npz"))
    assert again.largest() == lim.largest()


def test_heavy_tails_are_refused_by_name():
    with pytest.raises(ValueError, match=r"tail exponent 0\.5"):  # P(s > R) ~ 1 / R, lambda = s^2
        rj.limit_spectrum(rj.Ensemble.square(10, 1, "linear", "cauchy")).largest()
