import dataclasses
import math

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.codes import MaskMoment, Precision, Route
from rmtjac.rng import as_seed_sequence
from rmtjac.spectra.chain_error import flattened
from rmtjac.spectra.one_sample import Task, compiled_unit, finish, finish_discrete, invariant_unit, takes_few_values


@pytest.mark.parametrize("name", ["hardtanh", "gelu"])
@pytest.mark.parametrize("masks", ["network", "independent"])
def test_numpy_path_equals_the_kernel(name, masks):
    phi = dataclasses.replace(rj.activations.activation(name), code=None)
    runs = [
        rj.sample_spectrum(rj.Ensemble.square(25, 3, act), 6, rng=2, masks=masks).log_singular_values
        for act in (name, phi)
    ]
    np.testing.assert_allclose(runs[0], runs[1], atol=1e-11)


def test_an_activation_that_returns_nan_is_named():
    bad = rj.Activation("bad", np.tanh, lambda h: np.full_like(h, np.nan))
    with pytest.raises(ValueError, match="activation 'bad'"):
        rj.sample_spectrum(rj.Ensemble.square(4, 2, bad), 2, rng=0)


def test_one_unit_is_one_row_of_the_sample():
    ens = rj.Ensemble([6, 8, 5], "hardtanh", rj.Gaussian(1.5))
    emp = rj.sample_spectrum(ens, 3, rng=4, input_variance=0.7)
    unit = compiled_unit(Task(ens, 0.7, None, Precision.AUTO, False))
    logs, moments = np.empty(5), np.empty((2, 3))
    found = unit(as_seed_sequence(4), 2, logs, moments)
    np.testing.assert_array_equal(logs, emp.log_singular_values[2])
    np.testing.assert_array_equal(moments, emp.mask_moments[2])
    assert (found.error, found.route, found.underflows, found.undecided) == (
        emp.log_error[2], emp.routes[2], emp.underflows[2], emp.undecided[2],
    )  # fmt: skip


def test_invariant_units_have_trivial_masks():
    ens = rj.Ensemble.square(4, 2, "linear")
    logs, moments = np.empty(4), np.empty((2, 3))
    assert invariant_unit(Task(ens, 1.0, None, Precision.AUTO, False))(as_seed_sequence(0), 0, logs, moments).route
    assert moments[:, MaskMoment.LOG].tolist() == [0.0, 0.0]
    assert (moments[:, [MaskMoment.SECOND, MaskMoment.FOURTH]] == 1.0).all()


def test_which_laws_are_discrete():
    assert takes_few_values(rj.Ensemble([2, 2, 2], "tanh", [rj.Gaussian(), rj.Rademacher()]))
    assert not takes_few_values(rj.Ensemble([2, 2, 2], "tanh", [rj.Gaussian(), rj.Uniform()], rj.Rademacher()))


def test_only_the_chain_is_left_to_finish():
    flat, shapes = flattened([np.diag([2.0, 1e-30])])
    out = np.full(2, 7.0)
    for route in (Route.NONE, Route.SVD, Route.GRAM):
        finish(route, flat, shapes, out)
        assert out.tolist() == [7.0, 7.0]
    finish(Route.CHAIN, flat, shapes, out)
    np.testing.assert_allclose(out, np.log([1e-30, 2.0]), rtol=1e-15)


def test_discrete_layers_get_their_exact_rank():
    # all ones: rank 1, whatever noise an SVD or a Gram matrix has left in the second value
    flat, shapes = flattened([np.ones((2, 2))])
    for route, error in ((Route.GRAM, math.log(1e-15)), (Route.CHAIN, -math.inf)):
        out = np.array([-37.0, math.log(2.0)])
        found = finish_discrete(error, route, flat, shapes, out)
        assert np.isneginf(out).tolist() == [True, False]
        assert out[1] == pytest.approx(math.log(2.0), abs=1e-15)
        assert found == (error, route, 0)


def test_discrete_layers_that_are_clear_of_zero_are_left_alone():
    flat, shapes = flattened([np.diag([2.0, 3.0])])
    for route, error in ((Route.SVD, math.log(1e-14)), (Route.GRAM, math.log(1e-14))):
        out = np.log([2.0, 3.0]) + 1e-16
        before = out.copy()
        assert finish_discrete(error, route, flat, shapes, out) == (error, route, 0)
        np.testing.assert_array_equal(out, before)
