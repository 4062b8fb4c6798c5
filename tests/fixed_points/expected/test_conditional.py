"""Expected numbers of fixed points at finite width, over networks."""

from pathlib import Path

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.estimate import Estimate
from rmtjac.fixed_points.expected.conditional import conditional

_SWEEPS = Path(__file__).parents[3] / "data" / "sweeps"


def _deep(width):
    return rj.Ensemble([2, *[width] * 4, 2], "tanh", rj.Gaussian(2.0), rj.Gaussian(0.1))


def test_result():
    found = conditional(rj.Ensemble.berlyand_slavin(10, 2), networks=30, points=256, draws=2, rng=3)
    assert found.method == "conditional"
    assert found.by_network.shape == (30, 5)
    assert found.total == Estimate.of(found.by_network[:, 0])
    assert found.index == Estimate.of(found.by_network[:, 4])
    assert found.total.value == pytest.approx(found.stable.value + found.saddles.value + found.repellers.value)
    assert found.facts["networks"] == 30
    assert not found.by_network.flags.writeable
    assert found.origin.size == 0
    assert found.degree == 1.0


def test_origin_and_degree():
    ensemble = rj.Ensemble.berlyand_slavin(6, 2, fan="width", biases=False)
    found = conditional(ensemble, networks=20, points=64, draws=4)
    assert found.origin[0] == 1.0
    assert 0.0 < found.origin[1] <= 1.0
    assert np.isnan(conditional(rj.Ensemble([2, 3, 2], "gelu", biases="gaussian"), networks=2, points=64).degree)


def test_the_public_function_calls_it():
    ensemble = rj.Ensemble.berlyand_slavin(6, 2)
    settings = {"networks": 3, "points": 64, "draws": 2, "rng": 5}
    found = rj.expected_fixed_points(ensemble, method="conditional", **settings)
    np.testing.assert_array_equal(found.by_network, conditional(ensemble, **settings).by_network)


def test_threads_and_more_networks_change_nothing():
    ensemble = rj.Ensemble.berlyand_slavin(6, 3)
    few, many = (
        conditional(ensemble, networks=m, points=64, draws=2, rng=1, threads=t).by_network for m, t in ((4, 1), (9, 3))
    )
    np.testing.assert_array_equal(few, many[:4])


def test_other_inputs_than_the_ensemble_has():
    ensemble = rj.Ensemble.square(12, 3, "tanh", rj.Gaussian(1.5), rj.Gaussian(0.2))
    ends = rj.Ensemble([2, 12, 12, 2], "tanh", rj.Gaussian(1.5), rj.Gaussian(0.2))
    settings = {"networks": 4, "points": 64, "draws": 1, "rng": 2}
    np.testing.assert_array_equal(
        conditional(ensemble, 2, **settings).by_network, conditional(ends, **settings).by_network
    )


@pytest.mark.parametrize(("phi", "weight", "bias"), [("tanh", 2.0, 0.1), ("hardtanh", 1.5, 0.1), ("erf", 2.0, 1e-3)])
def test_one_gaussian_layer_is_the_limit(phi, weight, bias):
    """For L = 1 nothing is drawn but the nodes, and quadrature gives the same numbers."""
    ensemble = rj.Ensemble([2, 2], phi, rj.Gaussian(weight), rj.Gaussian(bias))
    limit = rj.expected_fixed_points(ensemble)
    found = conditional(ensemble, networks=60, rng=2)
    for name in ("total", "stable", "saddles", "repellers"):
        value, error = getattr(found, name)
        assert abs(value - getattr(limit, name).value) <= 3.5 * error


@pytest.mark.parametrize(("width", "total", "error"), [(30, 2.851, 0.004), (100, 2.971, 0.007)])
def test_finite_width_lies_below_the_limit(width, total, error):
    """tanh, L = 5, (2, .1): the limit is 3.027; the values are those of a long run, which has the same code."""
    found = conditional(_deep(width), networks=60, points=512, draws=2, rng=9)
    assert abs(found.total.value - total) <= 4.0 * np.hypot(found.total.error, error)
    assert abs(found.index.value - 1.0) <= 4.0 * found.index.error


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("Cauchy, 1/fan-in", {}),
        ("Cauchy, 1/N, biases", {"fan": "width"}),
        ("Cauchy, 1/N, no biases", {"fan": "width", "biases": False}),
    ],
)
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_cauchy_networks_against_the_counts_of_the_sweep(name, options, depth):
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    every = pandas.read_parquet(_SWEEPS / "shallow.parquet")
    cell = every[(every.convention == name) & (every.width == 10) & (every.depth == depth)]
    found = conditional(rj.Ensemble.berlyand_slavin(10, depth, **options), networks=60, points=512, draws=8, rng=4)
    for expected, counts in (
        (found.total, cell.stable + cell.saddles + cell.repellers),
        (found.stable, cell.stable),
        (found.saddles, cell.saddles),
    ):
        mean = Estimate.of(counts.to_numpy())
        assert abs(expected.value - mean.value) <= 3.0 * np.hypot(expected.error, mean.error)
    assert abs(found.index.value - 1.0) <= 3.0 * found.index.error


@pytest.mark.parametrize("law", [rj.Uniform(), rj.Rademacher(), rj.Orthogonal()], ids=repr)
def test_last_layers_that_are_no_mixture_are_refused_by_name(law):
    ensemble = rj.Ensemble([2, 4, 2], "tanh", [rj.Gaussian(), law])
    with pytest.raises(ValueError, match=f"{type(law).__name__}.*last layer.*StudentT"):
        conditional(ensemble)


@pytest.mark.parametrize("law", [rj.Uniform(), rj.Rademacher(), rj.Orthogonal(), rj.Gaussian(0.0)], ids=repr)
def test_hidden_layers_may_have_any_law(law):
    found = conditional(rj.Ensemble([2, 4, 2], "tanh", [law, rj.Gaussian()], rj.Gaussian(0.3)), networks=3, points=64)
    assert np.isfinite(found.by_network).all()


@pytest.mark.parametrize(
    ("ensemble", "options", "message"),
    [
        (rj.Ensemble([2, 4, 3]), {}, r"ensemble has widths \[2, 4, 3\]: fixed points need maps"),
        (rj.Ensemble([2, 4, 2]), {"networks": 1}, "networks=1 must be at least 2"),
        (rj.Ensemble([2, 4, 2]), {"networks": 0}, "networks=0"),
        (rj.Ensemble([2, 4, 2]), {"points": 0}, "points=0"),
        (rj.Ensemble([2, 4, 2]), {"draws": -1}, "draws=-1"),
        (rj.Ensemble([2, 4, 2]), {"n": 0}, "n=0"),
        (rj.Ensemble([2, 4, 2], weights=rj.Cauchy(0.0)), {}, "scale must be above 0"),
        (rj.Ensemble([2, 4, 2], "relu"), {}, "kink"),
        (rj.Ensemble([2, 4, 2], ["relu", "tanh"]), {}, "'relu' has a kink"),
        (rj.Ensemble([2, 4, 2], ["tanh", "leaky_relu:0.1"]), {}, "'leaky_relu' has a kink"),
    ],
)
def test_bad_input_is_named(ensemble, options, message):
    with pytest.raises(ValueError, match=message):
        conditional(ensemble, **options)


def test_wrong_types_are_named():
    with pytest.raises(TypeError, match="ensemble="):
        conditional("tanh")
    with pytest.raises(TypeError, match="networks="):
        conditional(rj.Ensemble([2, 2]), networks=2.5)
