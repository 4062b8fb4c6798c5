"""Time all cases with pytest-benchmark: python -m pytest benchmarks --benchmark-only (see README.md)."""

import pytest

from benchmarks import cases

_SAMPLES = {100: 20, 200: 10, 1000: 2}
_WIDTHS = tuple(_SAMPLES)
_DEPTHS = (1, 2, 5, 10)
_ROUNDS = {100: 10, 200: 10, 1000: 5}


def _time(benchmark, function, *args, rounds=5):
    # The warm-up call compiles.
    return benchmark.pedantic(function, args=args, rounds=rounds, warmup_rounds=1)


@pytest.mark.parametrize("width", _WIDTHS)
@pytest.mark.parametrize("activation", cases.ACTIVATIONS)
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("code", ["fast", "auto", "numpy"])
def test_sampling(benchmark, code, threads, activation, width):
    benchmark.group = f"sampling {activation} L=2 N={width}, {_SAMPLES[width]} samples, threads {threads}"
    samples = _SAMPLES[width]
    if code == "numpy":
        mean = _time(benchmark, cases.plain_numpy, activation, width, samples, threads, rounds=_ROUNDS[width]).mean()
    else:
        emp = _time(benchmark, cases.ours, activation, width, samples, code, threads, rounds=_ROUNDS[width])
        mean = emp.moment(1).value
    # m1 is 1 (linear), and less where D vanishes; both codes must have sampled the same thing.
    expected = 1.0 if activation == "linear" else 0.567
    assert mean == pytest.approx(expected, abs=0.15)


@pytest.mark.parametrize("depth", _DEPTHS)
@pytest.mark.parametrize("activation", cases.SMOOTH)
def test_inverse(benchmark, activation, depth):
    benchmark.group = f"limit {activation} L={depth}, 1000 points"
    lim = cases.limit(activation, depth)
    density = _time(benchmark, lim.density, cases.points(lim, 1000))
    assert (density > 0.0).all()


@pytest.mark.parametrize("depth", _DEPTHS)
def test_polynomial_roots(benchmark, depth):
    benchmark.group = f"limit hardtanh L={depth}, 1000 points"
    lim = cases.limit("hardtanh", depth)
    lams = cases.points(lim, 1000)
    density = _time(benchmark, cases.polynomial_roots, 1.0 - lim.atom, depth, lams)
    if depth <= 2:  # beyond, np.roots leaves the choice among several pairs to its user
        assert density == pytest.approx(lim.density(lams), rel=1e-6)


@pytest.mark.parametrize("polish", [False, True])
@pytest.mark.parametrize("depth", _DEPTHS)
def test_continuation(benchmark, depth, polish):
    benchmark.group = f"continuation hardtanh L={depth}, 3 points"
    lim = cases.limit("hardtanh", depth)
    lams = cases.points(lim, 5)[1:4]
    found = _time(benchmark, cases.continued, lim, lams, polish, rounds=3)
    if polish:
        assert [float(point.density) for point in found] == pytest.approx(lim.density(lams), rel=1e-9)
