import json
import math

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.spectra.lanczos.estimate import lanczos_spectrum
from rmtjac.spectra.lanczos.result import LanczosSpectrum
from tests.spectra.made import ensemble


def test_cdf_and_density_at_the_ends():
    slq = lanczos_spectrum(ensemble(), 2, rng=0, probes=3, steps=10)
    ends = [-1.0, -0.0, 0.0, slq.top, 1e9, math.inf]
    value, error = slq.cdf(ends), slq.cdf_error(ends)
    np.testing.assert_allclose(value, [0.0, slq.atom, slq.atom, 1.0, 1.0, 1.0], atol=1e-15)
    assert (error[[0, 3, 4, 5]] == 0.0).all()
    assert (slq.density(np.array([-1.0, 0.0, slq.top, 1e9])) == 0.0).all()
    grid = np.linspace(0.0, slq.top, 1000)
    assert (np.diff(slq.cdf(grid)) >= 0.0).all()
    assert slq.cdf(0.5).shape == ()
    assert slq.smoothing(1.0, 0.1) == pytest.approx(0.1 * math.sqrt(slq.top - 1.0))
    t = math.pi * (np.arange(2000) + 0.5) / 2000
    lam = 0.5 * slq.top * (1.0 - np.cos(t))
    mass = (slq.density(lam) * 0.5 * slq.top * np.sin(t)).mean() * math.pi
    assert mass == pytest.approx(1.0 - slq.atom, rel=1e-9)


def test_single_ones_have_no_error():
    slq = lanczos_spectrum(ensemble(), rng=0, probes=1, steps=10)
    assert math.isnan(slq.moment(1).error)
    assert math.isnan(slq.cdf_error(0.3))


@pytest.mark.parametrize("name", ["tanh", "relu"])  # W = 0 with D = 1, and D = 0
def test_zero_jacobians(name):
    slq = lanczos_spectrum(rj.Ensemble.square(4, 2, name, rj.Gaussian(0.0)), 2, rng=0)
    assert slq.atom == 1.0
    assert slq.moment(1).value == 0.0
    np.testing.assert_array_equal(slq.cdf([-1.0, 0.0, 1.0]), [0.0, 1.0, 1.0])
    np.testing.assert_array_equal(slq.cdf_bounds([-1.0, 0.0, 1.0])[0], [0.0, 1.0, 1.0])
    assert (slq.density(np.array([0.0, 1.0])) == 0.0).all()


def test_save_and_load_keep_every_bit(tmp_path):
    slq = lanczos_spectrum(ensemble(), 2, rng=3, probes=2, steps=5)
    again = LanczosSpectrum.load(slq.save(tmp_path / "slq.npz"))
    for name in ("nodes", "weights", "zero_fractions", "mask_moments"):
        assert getattr(again, name).tobytes() == getattr(slq, name).tobytes()
    assert again.size == slq.size == 60
    assert again.facts == json.loads(json.dumps(slq.facts))
    assert repr(again) == repr(slq)
    seed = np.random.SeedSequence(again.facts["seed"]["entropy"], spawn_key=tuple(again.facts["seed"]["spawn_key"]))
    made = lanczos_spectrum(rj.Ensemble.from_dict(again.facts["ensemble"]), 2, rng=seed, probes=2, steps=5)
    assert made.nodes.tobytes() == slq.nodes.tobytes()


def test_table_and_read_only_arrays():
    slq = lanczos_spectrum(ensemble(), 2, rng=3, probes=3, steps=5)
    table = slq.to_pandas()
    assert list(table.columns) == ["sample", "probe", "node", "lam", "weight"]
    assert len(table) == 30
    np.testing.assert_array_equal(table.query("sample == 1 and probe == 2")["lam"], slq.nodes[1, 2])
    for array in (slq.nodes, slq.weights, slq.zero_fractions, slq.mask_moments):
        with pytest.raises(ValueError, match="read-only"):
            array[:] = 1.0


def test_bad_arguments_of_the_result():
    slq = lanczos_spectrum(rj.Ensemble.square(4, 2), rng=0)
    for call, message in (
        (lambda: slq.moment(0), "k=0"),
        (lambda: slq.cdf([0.0, math.nan]), "lam holds NaN"),
        (lambda: slq.cdf_bounds(math.nan), "lam holds NaN"),
        (lambda: slq.density(1.0, width=0.0), "width=0.0"),
    ):
        with pytest.raises(ValueError, match=message):
            call()
    with pytest.raises(ValueError, match="orthogonal weights cannot be drawn by rows"):
        lanczos_spectrum(rj.Ensemble.square(4, 2, weights=rj.Orthogonal()), rng=0, keep_weights=False)


def test_the_fractions_of_zeros_keep_their_name_in_files(tmp_path):
    slq = LanczosSpectrum(np.ones((1, 1, 2)), np.full((1, 1, 2), 0.25), np.array([0.5]), np.ones((1, 1, 3)), 4, {})
    with np.load(slq.save(tmp_path / "slq.npz")) as file:
        np.testing.assert_array_equal(file["atoms"], [0.5])
    assert LanczosSpectrum.load(tmp_path / "slq.npz").atom == 0.5


def test_errors_are_between_networks_or_between_probes():
    nodes = np.array([[[1.0], [3.0]], [[2.0], [6.0]]])
    fields = np.ones_like(nodes), np.zeros(2), np.ones((2, 1, 3)), 3, {}
    both = LanczosSpectrum(nodes, *fields)
    # means of the networks 2 and 4: half their difference
    assert both.moment(1) == (3.0, 1.0)
    one = LanczosSpectrum(nodes[1:], fields[0][1:], np.zeros(1), np.ones((1, 1, 3)), 3, {})
    assert one.moment(1) == (4.0, 2.0)
