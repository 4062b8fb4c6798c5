import pytest

import rmtjac as rj


@pytest.mark.parametrize(
    ("ensemble", "words"),
    [
        (rj.Ensemble([4, 3]), "J is 3 x 4; eigenvalues need a square Jacobian"),
        (rj.Ensemble.square(4, 2, "tanh", rj.Cauchy()), "have no variance.*single ring theorem does not hold"),
        (rj.Ensemble.square(4, 2, "tanh", [rj.Gaussian(), rj.Stable(1.5)]), "Stable.*have no variance"),
        (rj.Ensemble.square(4, 2, "tanh", rj.StudentT(2.0)), "have no variance"),
        (rj.Ensemble.square(4, 2, "tanh", rj.Gaussian(0.0)), "vanish in layer 0"),
        (rj.Ensemble.square(4, 2, "relu6", biases=rj.Gaussian(0.0)), None),
    ],
)
def test_refusals_name_their_reason(ensemble, words):
    if words is None:
        rj.limit_eigenvalues(ensemble)
        return
    with pytest.raises(ValueError, match=words):
        rj.limit_eigenvalues(ensemble)


def test_input_variance():
    ensemble = rj.Ensemble.square(4, 2, "tanh", rj.Gaussian(1.5), rj.Gaussian(0.2))
    stationary = rj.limit_eigenvalues(ensemble, input_variance="stationary")
    assert stationary.facts["input_variance"] > 0.0
    assert stationary.spectral_radius != rj.limit_eigenvalues(ensemble).spectral_radius
    with pytest.raises(ValueError, match="input_variance"):
        rj.limit_eigenvalues(ensemble, input_variance=-1.0)
    with pytest.raises(ValueError, match="input_variance"):
        rj.limit_eigenvalues(ensemble, input_variance="somewhere")


def test_laws_of_equal_variance_share_a_ring():
    rings = [
        rj.limit_eigenvalues(rj.Ensemble.square(4, 2, "tanh", weights)).quantile(0.4)
        for weights in (rj.Gaussian(), rj.Rademacher(), rj.Uniform())
    ]
    assert rings[0] == pytest.approx(float(rings[1]), rel=1e-12)
