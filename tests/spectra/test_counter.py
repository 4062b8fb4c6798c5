import tracemalloc

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.spectra.binned import WIDTH
from rmtjac.spectra.counter import BATCHES, Counter


def test_memory_does_not_grow_with_the_samples():
    ens = rj.Ensemble([120, 60], "linear")  # no hard edge, where more samples reach further down
    rj.sample_spectrum(ens, 10, rng=0, keep="histogram", threads=1)
    peaks = []
    for samples in (130, 2600):
        tracemalloc.start()
        rj.sample_spectrum(ens, samples, rng=0, keep="histogram", threads=1)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    # the eigenvalues themselves would take 1.2 MB more; a lower smallest eigenvalue adds some bins of 512 bytes
    assert peaks[1] - peaks[0] < 300e3


def test_all_zero_and_overflow():
    counter = Counter(3)
    for i in range(5):
        counter.add(i, np.full(3, -np.inf), -np.inf)
    zero = counter.result({})
    assert (zero.atom, zero.moment(1).value, zero.cdf(1.0)) == (1.0, 0.0, 1.0)
    with pytest.raises(ValueError, match="all eigenvalues are zero"):
        zero.log_quantile(0.5)
    with pytest.raises(ValueError, match="all eigenvalues are zero"):
        zero.histogram()
    counter = Counter(1)
    counter.add(0, np.array([400.0]), -np.inf)
    huge = counter.result({})
    with pytest.raises(OverflowError, match="leaves the range of a float"):
        huge.moment(1)
    assert "largest eigenvalue exp(800)" in repr(huge)
    assert huge.log_quantile(0.5).value == pytest.approx(800, abs=WIDTH)


def test_every_sample_is_counted_in_its_batch():
    rng = np.random.default_rng(0)
    samples = np.sort(rng.uniform(-40.0, 30.0, (BATCHES + 3, 5)), axis=1)
    counter = Counter(5)
    for i, logs in enumerate(samples):
        counter.add(i, logs, -80.0, undecided=i % 2)
    found = counter.result({"seed": 0})
    assert found.batch_samples.tolist() == [2] * 3 + [1] * (BATCHES - 3)
    assert found.undecided == (BATCHES + 3) // 2
    bins = np.floor(2.0 * samples / WIDTH).astype(int)
    for batch in range(BATCHES):
        mine = bins[batch::BATCHES].ravel()
        expected = np.bincount(mine - found.first, minlength=found.counts.shape[1])
        np.testing.assert_array_equal(found.counts[batch], expected)
        moment = np.exp(2.0 * samples[batch::BATCHES]).mean(axis=1).sum()
        assert found.moment_sums[batch, 0] == pytest.approx(moment, rel=1e-13)
