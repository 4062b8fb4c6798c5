import pytest

from tests.theory.heavy_tails.one_cauchy_layer import cauchy_limit


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda lim: lim.exact_moments(2), "exact moments do not exist"),
        (lambda lim: lim.moment_function([0.1]), "generating function of the moments"),
        (lambda lim: lim.s_transform(0.1), "S-transform .* not asymptotically free"),
        (lambda lim: lim.r_transform(0.1), "R-transform .* not asymptotically free"),
        (lambda lim: lim.certify([1.0]), "has no proof"),
        (lambda lim: lim.certified_edges(), "have no edges"),
        (lambda lim: lim.continuation([1.0]), "need weights with a variance"),
    ],
)
def test_named_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call(cauchy_limit())
