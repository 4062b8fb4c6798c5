import pytest

import rmtjac as rj
from rmtjac.activations.lookup import FAMILIES, REGISTERED, resolve


@pytest.mark.parametrize("spec", ["tanhh", "tanh:1", ""])
def test_unknown_name_lists_the_known_ones(spec):
    with pytest.raises(ValueError, match=r"is not known; known: .*hardtanh"):
        rj.activations.activation(spec)


def test_bad_slope():
    with pytest.raises(ValueError, match="the slope must be a finite number"):
        rj.activations.activation("leaky_relu:x")


def test_each_name_resolves_to_itself():
    assert all(resolve(name) is phi and phi.name == name for name, phi in REGISTERED.items())
    assert set(FAMILIES) == {"leaky_relu"}


@pytest.mark.parametrize("slope", ["0.2", "-1e3", "1e-300", "0"])
def test_parameters_are_read_as_floats(slope):
    assert resolve(f"leaky_relu:{slope}").slopes == (float(slope), 1.0)
