import json

import numpy as np
import pytest

import rmtjac as rj


def test_draw_has_the_shapes_and_the_scale():
    ens = rj.Ensemble([50, 400, 30], "relu", rj.Gaussian(2.0), rj.Gaussian(0.5))
    net = ens.draw(0)
    assert [w.shape for w in net.weights] == [(400, 50), (30, 400)]
    # relative standard error of a variance over 20,000 (12,000) entries: 1 % (1.3 %); 4 of these
    assert net.weights[0].var() == pytest.approx(4.0 / 50, rel=0.04)
    assert net.weights[1].var() == pytest.approx(4.0 / 400, rel=0.052)
    assert net.biases[0].var() == pytest.approx(0.25, rel=0.3)


def test_same_seed_same_bits():
    ens = rj.Ensemble.square(5, 3, biases=rj.Cauchy(0.1))
    a, b, c = ens.draw(1), ens.draw(np.random.default_rng(1)), ens.draw(2)
    np.testing.assert_array_equal(a.weights, b.weights)
    assert not np.array_equal(a.weights, c.weights)
    np.testing.assert_array_equal(a.weights[0].ravel()[:1], np.random.default_rng(1).standard_normal(1) / np.sqrt(5))


@pytest.mark.parametrize(("fan", "scales"), [("in", [0.5, 0.01, 0.01]), ("width", [0.01, 0.01, 0.01])])
def test_berlyand_slavin(fan, scales):
    ens = rj.Ensemble.berlyand_slavin(100, 3, fan=fan)
    assert ens.widths == (2, 100, 100, 2)
    numbers = ens.layer_numbers()
    assert [layer["weight_scale"] for layer in numbers] == pytest.approx(scales)
    assert [layer["bias_scale"] for layer in numbers] == pytest.approx(scales)
    assert rj.Ensemble.berlyand_slavin(100, 1).widths == (2, 2)
    one = rj.Ensemble.berlyand_slavin(100, 1, fan="width").layer_numbers()
    assert (one[0]["weight_scale"], one[0]["bias_scale"]) == (0.01, 0.01)
    assert rj.Ensemble.berlyand_slavin(100, 3, biases=False).biases is None
    gaussian = rj.Ensemble.berlyand_slavin(100, 3, law="gaussian")
    assert gaussian.layer_numbers()[1]["weight_variance"] == pytest.approx(1e-4)


def test_one_law_per_layer():
    ens = rj.Ensemble([3, 4, 5], weights=["gaussian:2", rj.Cauchy()], biases=[rj.Gaussian(1.0), rj.Gaussian(0.0)])
    assert ens.weights == (rj.Gaussian(2.0), rj.Cauchy())
    assert not ens.draw(0).biases[1].any()
    assert not ens.identical_layers
    assert rj.Ensemble.square(3, 2).identical_layers


def test_description_round_trips():
    ens = rj.Ensemble(
        [3, 4, 5], ["leaky_relu:0.3", "tanh"], [rj.Gaussian(2.0), rj.Cauchy(fan="width")], rj.Uniform(0.1)
    )
    again = rj.Ensemble.from_dict(json.loads(json.dumps(ens.to_dict())))
    assert again.to_dict() == ens.to_dict()
    np.testing.assert_array_equal(again.draw(3).weights[1], ens.draw(3).weights[1])


def test_repr_is_short():
    assert len(repr(rj.Ensemble.square(1000, 100))) < 120


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: rj.Ensemble.square(2.5, 2), "width=2.5 must be a positive whole number"),
        (lambda: rj.Ensemble.square(0, 2), "width=0 must be a positive whole number"),
        (lambda: rj.Ensemble.square(5, -1), "depth=-1 must be a positive whole number"),
        (lambda: rj.Ensemble.square(5, "2"), "depth='2' must be a positive whole number"),
        (lambda: rj.Ensemble([5]), "at least two"),
        (lambda: rj.Ensemble(5), "widths=5"),
        (lambda: rj.Ensemble([5, 0]), r"widths\[1\]=0"),
        (lambda: rj.Ensemble([5, 5], "nope"), "activation='nope' is not known; known: linear"),
        (lambda: rj.Ensemble([5, 5], 3), "activation=3"),
        (lambda: rj.Ensemble([5, 5], weights="nope:1"), "weights='nope:1' is not a known law"),
        (lambda: rj.Ensemble([5, 5], biases="nope:1"), "biases='nope:1' is not a known law"),
        (lambda: rj.Ensemble([5, 5], weights=[rj.Gaussian()] * 2), "weights has 2 entries"),
        (lambda: rj.Ensemble([5, 5], biases=rj.Orthogonal()), "give the biases another law"),
        (lambda: rj.Ensemble.berlyand_slavin(5, 2, law="x"), "law='x' must be one of"),
        (lambda: rj.Ensemble.berlyand_slavin(5, 2, fan="out"), "fan='out' must be one of"),
    ],
)
def test_bad_ensembles(make, message):
    with pytest.raises((ValueError, TypeError), match=message):
        make()


def test_a_draw_that_overflows_is_refused():
    with pytest.raises(ValueError, match="NaN or infinite"):
        rj.Ensemble.square(50, 1, weights=rj.Cauchy(1e308, power=0.0)).draw(0)
