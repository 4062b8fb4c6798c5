import inspect

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.archive import results as archive
from rmtjac.theory import DiscreteLaw, Layers
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


@pytest.mark.parametrize("options", [{}, {"input_variance": 0.7, "method": "inverse", "digits": 15, "certify": False}])
def test_files_of_earlier_versions(tmp_path, options):
    # the names that stand in files, written out: ensemble, input_variance, method, digits, certify; lam, density
    ens = rj.Ensemble.square(10, 2, "hardtanh", biases=rj.Gaussian(0.2))
    facts = {"ensemble": ens.to_dict(), "provenance": {"versions": {"rmtjac": "0"}}, **options}
    arrays = {"lam": np.array([0.1, 1.0]), "density": np.array([0.5, 0.2])}
    path = archive.save(tmp_path / "old.npz", "LimitSpectrum", facts, arrays)
    again = rj.LimitSpectrum.load(path)
    made = rj.limit_spectrum(ens, input_variance=options.get("input_variance", 1.0))
    np.testing.assert_array_equal(again.density([0.1, 1.0]), made.density([0.1, 1.0]))
    assert again.facts == made.facts
    facts["method"] = "magic"
    path = archive.save(tmp_path / "bad.npz", "LimitSpectrum", facts, arrays)
    with pytest.raises(ValueError, match=r"bad\.npz.*method='magic' must be one of"):
        rj.LimitSpectrum.load(path)


def test_the_two_ways_to_make_a_limit_are_one():
    ens = rj.Ensemble([30, 20, 10], ["tanh", "relu"], rj.Gaussian(1.2))
    one = rj.LimitSpectrum.from_ensemble(ens, input_variance=0.4)
    other = rj.limit_spectrum(ens, input_variance=0.4)
    assert repr(one) == repr(other)
    assert one.facts == other.facts
    signature = list(inspect.signature(rj.limit_spectrum).parameters)
    own = list(inspect.signature(rj.LimitSpectrum.from_ensemble).parameters)
    assert signature[: len(own)] == own  # what follows is for heavy tails


def test_repr():
    def limit(values, weights, **options):
        return rj.LimitSpectrum(Layers([DiscreteLaw.from_points(values, weights)], [1.0], **options))

    assert repr(limit([1.0], [1.0])) == "LimitSpectrum(depth 1, support (0, 4], atom 0)"
    # edges (1 +- .6)^2
    assert repr(limit([0.0, 1.0], [0.64, 0.36])) == "LimitSpectrum(depth 1, support [0.16, 2.56], atom 0.64)"
    found = repr(limit([0.0, 1.0, 4.0], [0.25, 0.25, 0.5], orthogonal=[True]))
    assert found == "LimitSpectrum(depth 1, support {1} + {4}, atom 0.25, 0.25 at 1, 0.5 at 4)"


def test_errors_name_the_ensemble_or_the_layers(monkeypatch):
    ens = rj.Ensemble.square(10, 1, "linear")
    assert rj.limit_spectrum(ens).solution.ensemble == ens.to_dict()
    assert equal_layers("linear", 1).solution.ensemble is None
