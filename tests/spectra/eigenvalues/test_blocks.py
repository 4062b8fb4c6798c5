import numpy as np
import pytest

import rmtjac as rj
from rmtjac.spectra.eigenvalues.blocks import blocks_of_sample

ENSEMBLES = [
    rj.Ensemble.square(7, 3, "relu", rj.Gaussian(1.3), rj.Gaussian(0.2)),
    rj.Ensemble(
        [6, 9, 4, 6], ["hardtanh", "tanh", "leaky_relu:0.2"], [rj.Gaussian(), rj.Orthogonal(), rj.Rademacher()]
    ),
    rj.Ensemble.square(5, 2, "linear", rj.Cauchy()),
]


@pytest.mark.parametrize("ensemble", ENSEMBLES)
def test_layers_multiply_to_the_jacobian_of_the_same_sample(ensemble):
    root = np.random.SeedSequence(4)
    blocks = blocks_of_sample(ensemble, root, 2, 0.7, None)
    product = blocks.factors[0]
    for factor in blocks.factors[1:]:
        product = factor @ product
    whole = np.zeros((ensemble.widths[-1], ensemble.widths[0]))
    whole[blocks.kept] = product
    network = rj.spectra.sample_network(ensemble, root, 2)
    np.testing.assert_allclose(whole, network.jacobian(rj.spectra.sample_input(ensemble, root, 2, 0.7)), atol=1e-12)


def test_independent_masks_are_those_of_the_spectrum():
    from rmtjac.propagation.mask_laws import mask_laws

    ensemble = rj.Ensemble.square(30, 2, "hardtanh")
    emp = rj.sample_spectrum(ensemble, 3, rng=6, masks="independent")
    for i in range(3):
        blocks = blocks_of_sample(ensemble, np.random.SeedSequence(6), i, 1.0, mask_laws(ensemble, 1.0))
        product = blocks.factors[1] @ blocks.factors[0]
        values = np.linalg.svd(product, compute_uv=False)
        np.testing.assert_allclose(np.sort(values), np.sort(np.sqrt(emp.eigenvalues[i]))[-values.size :], atol=1e-12)


def test_signals_of_any_size():
    # 60 layers that each enlarge the signal 1e30 times: the signs decide D
    big = rj.Ensemble.square(6, 60, "relu", rj.Gaussian(1e30))
    small = rj.Ensemble.square(6, 60, "relu", rj.Gaussian(1.0))
    one, other = (blocks_of_sample(e, np.random.SeedSequence(1), 0, 1.0, None) for e in (big, small))
    assert [f.shape for f in one.factors] == [f.shape for f in other.factors]
    with pytest.raises(OverflowError, match="layer 1"):
        blocks_of_sample(
            rj.Ensemble.square(6, 3, ["linear", "softplus", "tanh"], rj.Gaussian(1e200)),
            np.random.SeedSequence(1),
            0,
            1.0,
            None,
        )


def test_underflows_are_counted():
    ensemble = rj.Ensemble.square(50, 1, "tanh", rj.Gaussian(1e3))
    assert blocks_of_sample(ensemble, np.random.SeedSequence(1), 0, 1.0, None).underflows > 10
    assert blocks_of_sample(rj.Ensemble.square(50, 1, "relu"), np.random.SeedSequence(1), 0, 1.0, None).underflows == 0
