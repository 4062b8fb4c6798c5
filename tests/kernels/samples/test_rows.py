import numpy as np
import pytest

from rmtjac.kernels.samples.draw import draw_matrix
from rmtjac.kernels.samples.rows import draw_rows, scan_rows

LAWS = [(0, 0.0, 0.7), (1, 0.0, 0.7), (2, 0.0, 0.7), (3, 0.0, 0.7), (4, 1.5, 0.7)]


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("rows", [1, 4, 11])
def test_rows_are_those_of_the_whole_matrix(law, rows):
    rng = np.random.default_rng(3)
    whole = draw_matrix(rng, *law, 11, 7)
    after = rng.random()
    d = np.where(np.arange(11) % 3 == 1, 0.0, 1.0 + np.arange(11))
    columns = np.array([0, 2, 3, 6])
    rng = np.random.default_rng(3)
    parts, states = [], []
    for start in range(0, 11, rows):
        states.append(rng.bit_generator.state)
        parts.append(draw_rows(rng, *law, d[start : start + rows], columns, 7))
    assert rng.random() == after  # nothing more was drawn, and nothing less
    expected = (d[:, None] * whole)[d != 0.0][:, columns]
    np.testing.assert_array_equal(np.concatenate(parts), expected)
    # any block again, from the state before it
    rng.bit_generator.state = states[-1]
    start = rows * (len(states) - 1)
    np.testing.assert_array_equal(draw_rows(rng, *law, d[start:], columns, 7), parts[-1])


@pytest.mark.parametrize("law", LAWS)
def test_scan_is_the_product_and_leaves_the_stream_alike(law):
    one, other = np.random.default_rng(5), np.random.default_rng(5)
    x, out = np.linspace(-1.0, 2.0, 9), np.empty(6)
    whole = draw_matrix(one, *law, 6, 9)
    scan_rows(other, *law, x, out)
    np.testing.assert_allclose(out, whole @ x, rtol=0, atol=20 * 2.3e-16 * (abs(whole) @ abs(x)).max())
    assert one.random() == other.random()


def test_all_rows_and_columns_may_be_dropped():
    rng = np.random.default_rng(0)
    assert draw_rows(rng, 0, 0.0, 1.0, np.zeros(3), np.arange(2), 2).shape == (0, 2)
    assert draw_rows(rng, 0, 0.0, 1.0, np.ones(3), np.arange(0), 2).shape == (3, 0)
