import numpy as np
import pytest

import rmtjac as rj
from rmtjac.spectra.binned import WIDTH, BinnedSpectrum


@pytest.fixture(scope="module")
def both():
    ens = rj.Ensemble.square(30, 2, "hardtanh")
    return [rj.sample_spectrum(ens, 640, rng=3, keep=keep) for keep in ("histogram", "eigenvalues")]


def test_the_same_counts(both):
    binned, whole = both
    assert isinstance(binned, BinnedSpectrum)
    assert (binned.samples, binned.size) == (640, 30)
    assert binned.atom == pytest.approx(whole.atom, abs=1e-15)
    for k in (1, 4):
        assert binned.moment(k).value == pytest.approx(whole.moment(k).value, rel=1e-13)
        # 64 batches of 10 know the error to 9 % (one standard deviation)
        assert binned.moment(k).error == pytest.approx(whole.moment(k).error, rel=0.35)
    lam = np.exp(np.arange(-300, 100, 7) * WIDTH)  # bin edges: no interpolation there
    np.testing.assert_allclose(binned.cdf(lam * (1 - 1e-12)), whole.cdf(lam * (1 - 1e-12)), atol=1e-9)
    assert binned.cdf(-1.0) == 0.0
    assert binned.cdf(0.0) == pytest.approx(whole.atom)
    # of all matrices together; within a bin a straight line
    logs = 2 * whole.log_singular_values
    for p in (0.01, 0.5, 0.99):
        assert binned.log_quantile(p).value == pytest.approx(np.quantile(logs[np.isfinite(logs)], p), abs=1.5 * WIDTH)


@pytest.mark.parametrize("scale", ["linear", "log"])
def test_histograms(both, scale):
    binned, whole = both
    edges = np.linspace(0, 4, 21) if scale == "linear" else np.geomspace(1e-2, 4, 15)
    a, b = (s.histogram(edges, scale) for s in (binned, whole))
    np.testing.assert_allclose(a.fraction, b.fraction, atol=2e-3)
    np.testing.assert_allclose(a.error, b.error, rtol=0.6)  # 64 against 640 degrees of freedom, 20 bins
    default = binned.histogram(40, scale)
    assert default.fraction.sum() == pytest.approx(1 - binned.atom, abs=2e-3)


def test_the_same_bits_for_any_number_of_threads(tmp_path):
    ens = rj.Ensemble.square(12, 3, "tanh", rj.Cauchy())
    runs = [rj.sample_spectrum(ens, 100, rng=1, keep="histogram", threads=t) for t in (1, 3)]
    assert runs[0].counts.tobytes() == runs[1].counts.tobytes()
    assert runs[0].moment_sums.tobytes() == runs[1].moment_sums.tobytes()
    again = BinnedSpectrum.load(runs[0].save(tmp_path / "x.npz"))
    np.testing.assert_array_equal(again.counts, runs[0].counts)
    assert repr(again) == repr(runs[0])
    assert again.facts == runs[0].facts


def test_bad_arguments(both):
    binned, _ = both
    with pytest.raises(ValueError, match="k=5 must be at most 4"):
        binned.moment(5)
    with pytest.raises(ValueError, match="p=2"):
        binned.log_quantile(2)
    with pytest.raises(ValueError, match="NaN"):
        binned.cdf(np.nan)


def test_it_can_be_drawn(both):
    import matplotlib.pyplot as plt

    ax = rj.plotting.plot_spectrum(both[0], scale="loglog")["ax"]
    low, high = ax.get_xlim()
    assert low < both[0].histogram(10, "log").edges[0] < high
    plt.close("all")
