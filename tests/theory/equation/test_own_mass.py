import dataclasses
import math

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.theory import DiscreteLaw, Layers
from rmtjac.theory.equation import own_mass
from rmtjac.theory.equation.own_mass import missing_mass
from rmtjac.theory.equation.support import support


def _layers(values, orthogonal=True):
    laws = [DiscreteLaw.from_points(x, [0.5, 0.5]) for x in values]
    return Layers(laws, [1.0] * len(laws), orthogonal=[orthogonal] * len(laws))


def test_a_lost_interval_is_missed():
    layers = _layers([[0.25, 1.0], [0.81, 1.0]])
    ends = support(layers)
    assert abs(missing_mass(layers, ends, 0.0)) < 1e-9
    upper = dataclasses.replace(ends, intervals=ends.intervals[1:])
    # The density is infinite at the edges: halving panels there, in search of mass that is not there, ends at rounding,
    # after more of it than one pass has. What counts is that the half, or the quarter, is seen.
    assert missing_mass(layers, upper, 0.0) == pytest.approx(0.5, abs=1e-6)
    assert missing_mass(layers, ends, 0.25) == pytest.approx(-0.25, abs=1e-6)


def test_a_part_of_an_interval_is_missed():
    layers = _layers([[0.01, 1.0]], orthogonal=False)
    ends = support(layers)
    lim = rj.LimitSpectrum(layers)
    low, high = ends.intervals[-1]
    cut = dataclasses.replace(high, log_lam=high.log_lam - 0.01)
    shorter = dataclasses.replace(ends, intervals=[*ends.intervals[:-1], (low, cut)])
    assert missing_mass(layers, shorter, 0.0) == pytest.approx(1.0 - float(lim.cdf(math.exp(cut.log_lam))), abs=1e-8)


ANSWERS = {
    "support": lambda lim: lim.support,
    "edges": lambda lim: lim.edges,
    "atoms": lambda lim: lim.atoms,
    "density": lambda lim: lim.density(0.5),
    "cdf": lambda lim: lim.cdf(0.5),
    "quantile": lambda lim: lim.quantile(0.5),
    "moments": lambda lim: lim.moments(2),
    "curve": lambda lim: lim.curve(),
    "repr": repr,
}


def _lossy(layers):
    """The support without its lowest interval."""
    found = support(layers)
    return dataclasses.replace(found, intervals=found.intervals[1:])


@pytest.mark.parametrize("answer", ANSWERS)
def test_no_answer_without_the_whole_mass(answer, monkeypatch):
    monkeypatch.setattr(own_mass, "support", _lossy)
    lim = rj.LimitSpectrum(_layers([[0.01, 1.0]], orthogonal=False))  # smooth on its intervals: half the mass is seen
    with pytest.raises(ArithmeticError, match=r"widths=.*has mass 0\.(5|4999999).* on its support, not 1"):
        ANSWERS[answer](lim)


def test_the_error_names_what_it_is_the_limit_of(monkeypatch):
    monkeypatch.setattr(own_mass, "support", _lossy)
    lim = rj.LimitSpectrum(_layers([[0.25, 1.0], [0.81, 1.0]]))
    with pytest.raises(ArithmeticError, match=r"widths=.*has mass 0\.(5|4999999).* on its support, not 1"):
        _ = lim.support
    ens = rj.Ensemble.square(100, 2, ["leaky_relu:-0.5", "leaky_relu:0.9"], rj.Orthogonal(1.0))
    with pytest.raises(ArithmeticError, match=r"limit of widths=\[100, 100, 100\], activations=\['leaky_relu:-0.5', "):
        rj.limit_spectrum(ens)


def test_a_density_that_is_infinite_inside():
    # One orthogonal layer: M = D^2, and silu' turns back at a value inside of its range.
    lim = rj.limit_spectrum(rj.Ensemble.square(10, 1, "silu", rj.Orthogonal(0.67)), input_variance=5.0)
    assert abs(missing_mass(lim.layers, lim.solution.ends, lim.atom)) < 1e-8


@pytest.mark.parametrize(
    ("widths", "names", "orthogonal", "q"),
    [
        ([100, 50, 20], ["tanh", "relu"], [False, True], 1.0),
        ([1, 2, 1], ["erf", "leaky_relu:0.1"], [False, False], 0.01),
        ([7, 7, 7, 7], ["gelu", "hardtanh", "silu"], [True, False, True], 5.0),
        ([30, 20, 40], ["leaky_relu:-0.01", "leaky_relu:3.0"], [True, False], 50.0),
        ([10, 10], ["relu"], [True], 1.0),
        ([3, 5], ["linear"], [True], 1.0),
        ([2, 90, 2], ["softsign", "arctan"], [True, True], 1.0),
    ],
)
def test_mixed_ensembles(widths, names, orthogonal, q):
    weights = [rj.Orthogonal(0.8) if x else rj.Gaussian(1.3) for x in orthogonal]
    lim = rj.limit_spectrum(rj.Ensemble(widths, names, weights), input_variance=q)
    assert abs(missing_mass(lim.layers, lim.solution.ends, lim.atom)) < 1e-8
    assert np.isfinite(lim.hidden_gap)


# each law at one pair of widths, and two laws at the other two: the check itself takes a second where D^2 gathers
@pytest.mark.parametrize(
    ("name", "widths"),
    [(name, [3, 3]) for name in ("mish", "silu", "gelu", "softplus", "tanh")] + [("gelu", [2, 1]), ("mish", [55, 12])],
)
def test_one_orthogonal_layer_of_a_law_that_gathers(name, widths):
    # W W^T = 1, so M = D^2: P(M <= lambda) and the mean are those of D^2, by quadrature over h in the test.
    q = 50.0
    lim = rj.limit_spectrum(rj.Ensemble(widths, name, rj.Orthogonal(1.0)), input_variance=q)
    h = np.linspace(-14.0, 14.0, 400_001) * math.sqrt(q)
    weight = np.exp(-0.5 * h**2 / q) / math.sqrt(2.0 * math.pi * q) * (h[1] - h[0])
    square = rj.activations.activation(name).derivative(h) ** 2
    assert lim.moment(1) == pytest.approx(float(weight @ square), rel=1e-9)
    for lam in (0.2, 0.9):
        below = float(weight[square <= lam].sum())
        assert float(lim.cdf(lam)) == pytest.approx(below, abs=2e-4)  # steps of the trapezoid
    assert lim.atom == 0.0


@pytest.mark.parametrize(
    ("widths", "name", "q"), [([29, 55], "gelu", 0.01), ([29, 60], "silu", 0.1), ([1, 2], "gelu", 0.01)]
)
def test_one_tall_orthogonal_layer_of_a_narrow_law(widths, name, q):
    # The lower edge lies where phi' is 0, 7 standard deviations out: nearer to a cut in m
    # than floats resolve. The mass by the density, and the atom by the ranks, tell whether the interval is there.
    lim = rj.limit_spectrum(rj.Ensemble(widths, name, rj.Orthogonal(1.0)), input_variance=q)
    assert len(lim.support) == 1
    assert abs(missing_mass(lim.layers, lim.solution.ends, lim.atom)) < 1e-7
    assert lim.atom == pytest.approx(1.0 - widths[0] / widths[1], abs=1e-12)
    assert 0.0 < float(lim.quantile(lim.atom + 1e-3)) < float(lim.quantile(0.999)) <= lim.support[0, 1]
