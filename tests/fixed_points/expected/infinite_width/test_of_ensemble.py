import math

import pytest

import rmtjac as rj
from rmtjac.fixed_points.expected.infinite_width.of_ensemble import gaussian_map, stationary_growth, with_ends


def test_variances_follow_the_scale_convention():
    ens = rj.Ensemble([2, 50, 30, 2], ["tanh", "relu", "erf"], [rj.Gaussian(1.2), rj.Orthogonal(0.7), rj.Uniform(2.0)],
                      rj.Gaussian(0.3))  # fmt: skip
    net = gaussian_map(ens)
    assert (net.n, net.weight, net.bias) == (2, pytest.approx(0.72), pytest.approx(0.09))
    assert [layer.phi.name for layer in net.hidden] == ["tanh", "relu"]
    assert net.phi.name == "erf"
    assert [layer.weight for layer in net.hidden] == [pytest.approx(0.49), pytest.approx(4.0)]


def test_with_ends():
    ens = rj.Ensemble([3, 5, 4], "tanh")
    assert with_ends(ens, 2).widths == (2, 5, 2)
    with pytest.raises(ValueError, match=r"widths \[3, 5, 4\]"):
        with_ends(ens, None)
    with pytest.raises(TypeError, match="n='2'"):
        with_ends(ens, "2")


def test_stationary_growth_is_that_of_the_phase():
    ens = rj.Ensemble([2, 9, 9, 2], "tanh", rj.Gaussian(2.0), rj.Gaussian(0.1))
    field = rj.mean_field(rj.Ensemble.square(9, 1, "tanh", rj.Gaussian(2.0), rj.Gaussian(0.1)), "stationary")
    assert stationary_growth(ens) == pytest.approx(field.chi[0], rel=1e-9)
    assert math.isnan(stationary_growth(rj.Ensemble([2, 9, 9, 2], "tanh", [rj.Gaussian(s) for s in (1.0, 2.0, 3.0)])))
    assert math.isnan(stationary_growth(rj.Ensemble([2, 9, 9, 2], "linear", rj.Gaussian(2.0), rj.Gaussian())))
