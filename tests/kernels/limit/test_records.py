"""Laws and equations as the kernels take them."""

import numpy as np

import rmtjac as rj
from rmtjac.kernels.limit.moment_transform import log_moment_transform
from rmtjac.kernels.limit.records import CompiledEquation, CompiledLaw, LawKind, MomentTransform
from rmtjac.theory import Layers, derivative_law


def test_the_kinds_are_plain_ints():
    # A member of an enumeration as an argument would compile each kernel a second time.
    for name, kind in (
        ("relu", LawKind.TWO_POINT),
        ("leaky_relu", LawKind.NODES),
        ("tanh", LawKind.NODES),
        ("erf", LawKind.ERF),
    ):
        kernel = derivative_law(rj.activations.activation(name), 0.5).kernel
        assert isinstance(kernel, CompiledLaw)
        assert type(kernel.kind) is int
        assert kernel.kind == kind
        assert isinstance(log_moment_transform(*kernel, 0.1 - 0.5j), MomentTransform)
    assert not any("Enum" in str(one) for one in log_moment_transform.signatures)


def test_the_equation_has_names():
    kernel = Layers([derivative_law(rj.activations.activation("erf"), 0.4)] * 2, [1.0, 1.0], [30, 20, 10]).kernel
    assert isinstance(kernel, CompiledEquation)
    assert kernel.terms.counts.sum() + kernel.factors.counts.sum() == 3
    assert kernel.laws.offsets[-1].tolist() == [kernel.laws.values.size, kernel.laws.panels.shape[0]]
    np.testing.assert_allclose(kernel.terms.shares[0], 1.0)
