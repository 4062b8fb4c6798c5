"""What takes a matrix, or points, refuses complex ones by name: NumPy would drop the imaginary parts."""

import numpy as np
import pytest
from scipy.sparse import csr_array

import rmtjac as rj
from rmtjac.learn import PcDEQ1, train_autoencoder

COMPLEX = np.array([[1.0 + 1.0j, 0.0], [0.0, 1.0]])
NET = rj.Network([0.5 * np.eye(2)], activation="tanh")
LAYER = PcDEQ1(0.1 * np.eye(2), np.eye(2), np.zeros(2))
CALLS = {
    "network": lambda x: rj.Network([x]),
    "biases": lambda x: rj.Network([np.eye(2)], [x[0]]),
    "forward pass": lambda x: NET(x),
    "jacobian": lambda x: NET.jacobian(x),
    "from_matrices": rj.EmpiricalSpectrum.from_matrices,
    "from_matrices, list": lambda x: rj.EmpiricalSpectrum.from_matrices([x.tolist()]),
    "from_network": lambda x: rj.EmpiricalSpectrum.from_network(NET, x),
    "product_singular_values": lambda x: rj.spectra.product_singular_values([x]),
    "tail_index": lambda x: rj.spectra.tail_index(x),
    "spacing_ratios": lambda x: rj.spectra.spacing_ratios(x),
    "participation_ratios": lambda x: rj.spectra.participation_ratios(x),
    "spectral_radius": rj.nonnegative.spectral_radius,
    "spectral_radius, sparse": lambda x: rj.nonnegative.spectral_radius(csr_array(x)),
    "spectral_radius, factors": lambda x: rj.nonnegative.spectral_radius([np.eye(2), x]),
    "primitive": rj.nonnegative.primitive,
    "domain": lambda x: rj.find_fixed_points(NET, domain=x),
    "starts": lambda x: rj.find_fixed_points(NET, method="grid", starts=x),
    "equilibrium layer": lambda x: PcDEQ1(x, np.eye(2), np.zeros(2)),
    "equilibrium": lambda x: LAYER.solve(x),
    "autoencoder": lambda x: train_autoencoder(x, units=1, epochs=1, rng=0),
}


@pytest.mark.parametrize("name", CALLS)
def test_complex_input_is_refused_by_name(name):
    with pytest.raises(TypeError, match=r"^\w+( \d)?(\[\d\])? must be an?.* of real numbers, not of complex128"):
        CALLS[name](COMPLEX)
