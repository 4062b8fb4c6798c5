import math

import numpy as np
import pytest
import scipy.stats

import rmtjac as rj
from rmtjac.kernels.samples.draw import _student, draw_matrix, draw_vector, fill, fill_stable
from rmtjac.laws import law
from rmtjac.propagation.stable_law import stable_law

LEVEL = 1e-3  # of each test of distribution, the seed being fixed


def _draw(one, size, seed=1):
    out = np.empty(size)
    fill(np.random.default_rng(seed), one.code, one.parameter, 1.0, out)
    return out


# The first draws of seed 2024, frozen with version 0.1.0: what a seed gives must not change.
STREAMS = {
    "gaussian": [1.0288568739519013, 1.6419200406711503, 1.1467195295966137, -0.9731795154745656],
    "uniform": [0.6090976218927907, -0.9896134599979349, -0.6600775275839507, 1.0373809895166985],
    "rademacher": [-1.0, 1.0, 1.0, -1.0],
    "cauchy": [-1.6247206103394047, -1.571604767872909, 2.353925426159476, 1.3160028681326759],
    "stable:1:1.5": [0.4036307991403752, -0.9831693891465495, 8.981948667692603, -2.03456596641302],
    "stable:1:0.5": [3.1609172202668976, -0.31861832404890167, 12009.866415342112, -15.579304245097994],
    "stable:1:1": [-1.6247206103394047, -1.571604767872909, 2.353925426159476, 1.3160028681326759],
    "student_t:3": [0.761008793816077, -0.7075734995999481, -0.5048095611561186, 2.129390201533024],
}


@pytest.mark.parametrize("spec", STREAMS)
def test_streams_are_frozen(spec):
    # exact but for sines and powers, whose last bits depend on the processor
    np.testing.assert_allclose(_draw(law(spec), 4, 2024), STREAMS[spec], rtol=1e-13)


def test_orthogonal_stream_is_frozen():
    # LAPACK's rounding may differ, not the matrix
    frozen = [
        [0.4953873156312183, 0.5521373515897964, -0.6706234058628595],
        [0.8057134916174064, -0.5806033797178893, 0.11715581456271039],
    ]
    np.testing.assert_allclose(draw_matrix(np.random.default_rng(2024), 5, 0.0, 1.0, 2, 3), frozen, atol=1e-14)


def test_normal_bits_are_those_of_numpy():
    np.testing.assert_array_equal(_draw(rj.Gaussian(), 1000, 7), np.random.default_rng(7).standard_normal(1000))


@pytest.mark.parametrize("spec", [*STREAMS, "stable:1:1.3", "student_t:0.5"])
def test_interpreted_kernel_draws_the_same(spec):
    one, out = law(spec), np.empty(50)
    fill.py_func(np.random.default_rng(1), one.code, one.parameter, 1.0, out)
    np.testing.assert_allclose(out, _draw(one, 50), rtol=1e-13)


class _Uniforms:
    """A generator that gives the listed numbers."""

    def __init__(self, *numbers):
        self.numbers = list(numbers)

    def random(self):
        return self.numbers.pop(0)


@pytest.mark.parametrize("df", [0.02, 0.5, 1.0, 3.0, 1e9])
@pytest.mark.parametrize("x", [0.75, 0.5 + 1e-9, 0.99994])
def test_student_t_against_its_formula(df, x):
    # t = U sqrt(df (W^(-2/df) - 1)/W) by mpmath at the point (2x - 1, .01), a point outside of the disc thrown first
    import mpmath

    got = _student.py_func(_Uniforms(0.999, 0.999, x, 0.505), df)
    with mpmath.workdps(60):
        u, v = 2 * mpmath.mpf(x) - 1, 2 * mpmath.mpf(0.505) - 1
        w = u * u + v * v
        exact = u * mpmath.sqrt(df * (w ** (-2 / mpmath.mpf(df)) - 1) / w)
    # log w near w = 1 and a large 2/df magnify the rounding of w, 2e-16: by 1/(1 - w) and 1/df
    assert got == pytest.approx(float(exact), rel=1e-15 * (4 + 1 / float(1 - w) + 10 / df))


def test_unknown_code_draws_nan():
    out = np.zeros(2)
    fill.py_func(np.random.default_rng(0), 77, 0.0, 1.0, out)
    assert np.isnan(out).all()
    assert not draw_vector(np.random.default_rng(0), -1, 0.0, 1.0, 3).any()


@pytest.mark.parametrize("shape", [(1, 1), (7, 7), (9, 4), (4, 9)])
def test_orthogonal_has_orthonormal_sides(shape):
    q = draw_matrix(np.random.default_rng(3), 5, 0.0, 1.0, *shape)
    small = q.T @ q if shape[0] >= shape[1] else q @ q.T
    np.testing.assert_allclose(small, np.eye(min(shape)), atol=1e-14)
    assert q.flags.c_contiguous


def test_orthogonal_is_haar():
    # Under Haar measure on O(2) the angle is uniform and det = +-1 with equal chance; without the sign fix the corner
    # Q_00 of LAPACK's Q is never positive.
    rng = np.random.default_rng(5)
    qs = np.array([draw_matrix(rng, 5, 0.0, 1.0, 2, 2) for _ in range(4000)])
    angles = np.arctan2(qs[:, 1, 0], qs[:, 0, 0])
    assert scipy.stats.kstest(angles, scipy.stats.uniform(-math.pi, 2 * math.pi).cdf).pvalue > LEVEL
    assert scipy.stats.binomtest(int((np.linalg.det(qs) > 0).sum()), 4000).pvalue > LEVEL
    # and on O(5) the eigenvalue phases repel: E |tr Q|^2 = 1, E |tr Q^2|^2 = 2 + 1 (Diaconis & Shahshahani 1994)
    qs = np.array([draw_matrix(rng, 5, 0.0, 1.0, 5, 5) for _ in range(20_000)])
    traces = np.trace(qs, axis1=1, axis2=2)
    squares = np.trace(qs @ qs, axis1=1, axis2=2)
    for sample, expected in ((traces**2, 1.0), (squares, 1.0), (squares**2, 3.0)):
        assert abs(sample.mean() - expected) < 3.3 * sample.std() / math.sqrt(sample.size)


def test_orthogonal_entries():
    # a row of a Haar matrix is uniform on the sphere, so n E Q_11^2 = 1, E Q_11^4 = 3/(n (n + 2)), and Q_11^2 is
    # Beta(1/2, (n - 1)/2); of a rectangular one too, n being the larger side
    rng = np.random.default_rng(6)
    for shape in ((4, 4), (2, 5), (5, 2)):
        n = max(shape)
        corner = np.array([draw_matrix(rng, 5, 0.0, 1.0, *shape)[0, 0] for _ in range(10_000)])
        for power, moment in ((1, 0.0), (2, 1 / n), (3, 0.0), (4, 3 / (n * (n + 2)))):
            error = (corner**power).std() / math.sqrt(corner.size)
            assert abs((corner**power).mean() - moment) < scipy.stats.norm.isf(LEVEL / 2) * error
        assert scipy.stats.kstest(corner**2, scipy.stats.beta(0.5, (n - 1) / 2).cdf).pvalue > LEVEL


def test_orthogonal_row_is_uniform_on_the_sphere():
    # in three dimensions (Archimedes): the height is uniform, the longitude too, and they are independent
    rng = np.random.default_rng(7)
    qs = np.array([draw_matrix(rng, 5, 0.0, 2.0, 3, 3) for _ in range(10_000)])
    for row in (qs[:, 0], qs[:, 2], qs[:, :, 1]):
        height, longitude = row[:, 2], np.arctan2(row[:, 1], row[:, 0])
        assert scipy.stats.kstest(height, scipy.stats.uniform(-2.0, 4.0).cdf).pvalue > LEVEL
        assert scipy.stats.kstest(longitude, scipy.stats.uniform(-math.pi, 2 * math.pi).cdf).pvalue > LEVEL
        table = np.histogram2d(height, longitude, bins=5)[0]
        assert scipy.stats.chi2_contingency(table).pvalue > LEVEL
    # and determinants of either sign are as frequent
    assert scipy.stats.binomtest(int((np.linalg.det(qs) > 0).sum()), len(qs)).pvalue > LEVEL


@pytest.mark.parametrize("alpha", [0.1, 0.7, 1.0, 1.5, 1.95, 2.0])
def test_stable_preactivations(alpha):
    out, scale = np.empty(20_000), 0.3
    fill_stable(np.random.default_rng(8), alpha, scale, out)
    # for alpha = 2 the scale is the standard deviation, that of the stable law times sqrt 2
    unit = scale / math.sqrt(2.0) if alpha == 2.0 else scale
    assert scipy.stats.kstest(out, lambda h: stable_law(alpha).cdf(h / unit)).pvalue > LEVEL


def test_stable_variables_beyond_the_range_of_a_float_are_infinite():
    """alpha = .002: P(|X| > e^709) is about e^(-1.4), and nothing divides by zero."""
    out = np.empty(2000)
    fill_stable(np.random.default_rng(3), 0.002, 1.0, out)
    assert not np.isnan(out).any()
    beyond = 1.0 - stable_law(0.002).masses(np.array([math.log(1.7976931348623157e308)]))[0][0]
    # five standard deviations of the share
    assert np.isinf(out).mean() == pytest.approx(beyond, abs=5.0 * 0.5 / math.sqrt(out.size))
