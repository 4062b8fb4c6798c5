import numpy as np
import pytest

import rmtjac as rj
from rmtjac.theory import contraction_probability


def test_it_is_the_law_of_the_limit():
    scales = [0.6, 0.75]
    found = contraction_probability("tanh", [[30], [100]], 2, scales, bias=0.2, input_variance=0.7, norm=0.9)
    assert found.shape == (2, 2)
    for i, n in enumerate((30, 100)):
        for k, scale in enumerate(scales):
            ens = rj.Ensemble.square(n, 2, "tanh", rj.Gaussian(scale), rj.Gaussian(0.2))
            law = rj.limit_spectrum(ens, input_variance=0.7).largest()
            assert found[i, k] == pytest.approx(law.probability(0.9), rel=1e-12)


def test_shapes_and_limits():
    assert contraction_probability("linear", 100, 1, 0.4).shape == ()
    found = contraction_probability("relu", [10**6], [[1], [3]], [0.3, 3.0])
    np.testing.assert_allclose(found, [[1.0, 0.0], [1.0, 0.0]], atol=1e-12)
    assert contraction_probability("tanh", np.array([50.0], dtype=np.float32), np.array([1]), [1e-3]).tolist() == [1.0]
    deterministic = contraction_probability("tanh", 100, 2, 0.75, signal="deterministic")
    assert deterministic < contraction_probability("tanh", 100, 2, 0.75)  # random masks lower the mean


def test_it_decreases_with_the_scale():
    p = contraction_probability("hardtanh", 100, 2, np.linspace(0.3, 1.2, 12))
    assert (np.diff(p) <= 1e-12).all()


@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        ((0, 1, 1.0), {}, ValueError, "width=0"),
        ((10, 1.5, 1.0), {}, TypeError, "depth=1.5"),
        ((10, 1, 0.0), {}, ValueError, "scale=0.0"),
        ((10, 1, [1.0, -2.0]), {}, ValueError, "scale=-2.0"),
        ((10, 1, float("nan")), {}, ValueError, "scale=nan"),
        ((float("inf"), 1, 1.0), {}, TypeError, "width=inf"),
        (([1, 2], [1, 2, 3], 1.0), {}, ValueError, "do not broadcast"),
        (("a", 1, 1.0), {}, TypeError, "width"),
        ((10, 1, 1.0), {"bias": -1.0}, ValueError, "bias=-1.0"),
        ((10, 1, 1.0), {"norm": -1.0}, ValueError, "norm=-1.0"),
        ((10, 1, 1.0), {"signal": "x"}, ValueError, "signal='x'"),
        ((10, 1, 1.0), {"input_variance": -1.0}, ValueError, "input_variance=-1.0"),
    ],
)
def test_bad_arguments(arguments, options, error, message):
    with pytest.raises(error, match=message):
        contraction_probability("tanh", *arguments, **options)


def test_no_square_root_edge():
    with pytest.raises(ValueError, match="needs a square-root edge"):
        contraction_probability("softplus", 10, 1, 0.6)
