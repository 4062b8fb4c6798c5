"""The two kinds of positive concave equilibrium layers (DEQ), and the activations that each takes.

Sources: DEQ (docs/references.md).
"""

from __future__ import annotations

from rmtjac.activations import activation, names
from rmtjac.learn.equilibrium.base import EquilibriumLayer
from rmtjac.validate import choice

__all__ = ["PcDEQ1", "PcDEQ2", "layer_of"]


def _bounded_and_concave(positive: bool) -> tuple[str, ...]:
    """Return the registered activations that are bounded, nondecreasing and concave on t >= 0.

    `positive` selects those with phi(0) > 0, else those with phi(0) = 0.
    """
    known = {name: activation(name).facts for name in names()}
    return tuple(
        name
        for name, one in known.items()
        if one.concave and one.half_line and one.slope == 0.0 and (one.at_zero != 0.0) == positive
    )


class PcDEQ1(EquilibriumLayer):
    """Positive concave layer of the first kind: z = s(W z + softplus(U x + b)), s nonnegative and concave on t >= 0.

    Parameters
    ----------
    weights : array_like of float, shape (n, n)
        The matrix W, nonnegative.
    injection : array_like of float, shape (n, m)
        The matrix U.
    biases : array_like of float, shape (n,)
        The vector b.
    phi : {"tanh", "softsign", "relu6", "hardtanh", "erf", "arctan"}, optional
        The activation s.

    Raises
    ------
    ValueError
        If a weight of W is negative, an entry is not finite, or shapes do not fit.

    See Also
    --------
    PcDEQ2 : The second kind.

    References
    ----------
    DEQ.
    See docs/references.md.

    Examples
    --------
    >>> import numpy as np
    >>> from rmtjac.learn import PcDEQ1
    >>> layer = PcDEQ1(np.full((2, 2), 0.3), np.eye(2), np.zeros(2))
    >>> found = layer.solve([[1.0, -1.0]])
    >>> bool(found.errors[0] < 1e-9)
    True
    """

    activations = _bounded_and_concave(positive=False)
    injection_activation = "softplus"

    def __init__(self, weights: object, injection: object, biases: object, phi: str = "tanh") -> None:
        super().__init__(weights, injection, biases, phi)


class PcDEQ2(EquilibriumLayer):
    """Positive concave layer of the second kind: z = s(W z + relu(U x + b)), s positive and concave on t >= 0.

    Parameters
    ----------
    weights : array_like of float, shape (n, n)
        The matrix W, nonnegative.
    injection : array_like of float, shape (n, m)
        The matrix U.
    biases : array_like of float, shape (n,)
        The vector b.
    phi : {"sigmoid"}, optional
        The activation s.

    Raises
    ------
    ValueError
        If a weight of W is negative, an entry is not finite, or shapes do not fit.

    See Also
    --------
    PcDEQ1 : The first kind.

    References
    ----------
    DEQ.
    See docs/references.md.

    Examples
    --------
    >>> import numpy as np
    >>> from rmtjac.learn import PcDEQ2
    >>> PcDEQ2(np.zeros((1, 1)), np.zeros((1, 1)), np.zeros(1)).solve([[7.0]]).z
    array([[0.5]])
    """

    activations = _bounded_and_concave(positive=True)
    injection_activation = "relu"

    def __init__(self, weights: object, injection: object, biases: object, phi: str = "sigmoid") -> None:
        super().__init__(weights, injection, biases, phi)


def layer_of(phi: str) -> type[EquilibriumLayer]:
    """Return the kind of layer that takes an activation.

    Raises
    ------
    ValueError
        If no kind takes it.
    """
    kinds: tuple[type[EquilibriumLayer], ...] = (PcDEQ1, PcDEQ2)
    choice("activation", phi, tuple(name for kind in kinds for name in kind.activations))
    return next(kind for kind in kinds if phi in kind.activations)
