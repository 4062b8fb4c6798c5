r"""AdamW with bounds: the parameters of a model are one vector that is moved and clipped in one pass.

Adam (Kingma and Ba 2015) with decoupled weight decay (Loshchilov and Hutter 2019):
:math:`\theta \leftarrow (1 - \eta\lambda)\theta - \eta\, \hat m/(\sqrt{\hat v} + \epsilon)`, then clipped from below.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from rmtjac.validate import finite

__all__ = ["AdamW", "Parameters", "finite_loss", "precision_for"]

# For inputs up to these sizes, sums of squares of gradients stay finite in single and in double precision.
_LARGEST = (1e15, 1e145)


def finite_loss(loss: float) -> float:
    """Return the loss of an epoch.

    Raises
    ------
    ArithmeticError
        If it is not finite.
    """
    if not math.isfinite(loss):
        raise ArithmeticError(f"training diverged: the loss is {loss}; try a smaller learning_rate")
    return loss


def precision_for(name: str, rows: np.ndarray) -> type[np.floating]:
    """Return the precision to train in: single, or double where squares of the inputs exceed its range.

    Raises
    ------
    ValueError
        If they exceed the range of double precision too.
    """
    largest = float(np.abs(rows).max(initial=0.0))
    if not largest <= _LARGEST[1]:
        raise ValueError(f"{name} holds values of size {largest:.3g}; scale them to at most {_LARGEST[1]:g}")
    return np.float32 if largest <= _LARGEST[0] else np.float64


class Parameters:
    """Named arrays and their gradients, as views of one vector each.

    Parameters
    ----------
    arrays : mapping of str to ndarray
        Initial values by name.
    floors : mapping of str to float, optional
        Lower bounds by name, kept by every step; no bound for the other names.
    dtype : type, optional
        Precision of all of them.

    Examples
    --------
    >>> import numpy as np
    >>> from rmtjac.learn.optimisation.adamw import Parameters
    >>> held = Parameters({"w": np.ones((2, 3)), "b": np.zeros(2)}, {"w": 0.0})
    >>> held["w"].shape, held.values.size
    ((2, 3), 8)
    """

    def __init__(
        self,
        arrays: Mapping[str, np.ndarray],
        floors: Mapping[str, float] | None = None,
        dtype: type[np.floating] = np.float32,
    ) -> None:
        ends = np.cumsum([0, *(array.size for array in arrays.values())])
        self._places = {
            name: (slice(int(a), int(b)), array.shape)
            for (name, array), a, b in zip(arrays.items(), ends[:-1], ends[1:], strict=True)
        }
        self.values = np.concatenate([np.ravel(array) for array in arrays.values()]).astype(dtype)
        self.gradients = np.zeros_like(self.values)
        self.floor = np.full_like(self.values, -np.inf)
        for name, floor in (floors or {}).items():
            self.floor[self._places[name][0]] = floor
        np.maximum(self.values, self.floor, out=self.values)

    def __getitem__(self, name: str) -> np.ndarray:
        """Return a view of the values of one array."""
        place, shape = self._places[name]
        return self.values[place].reshape(shape)

    def gradient(self, name: str) -> np.ndarray:
        """Return a view of the gradient of one array; the caller writes into it."""
        place, shape = self._places[name]
        return self.gradients[place].reshape(shape)


class AdamW:
    """The optimizer: it moves parameters along their gradients.

    Parameters
    ----------
    parameters : Parameters
        The parameters to move.
    decay : float, optional
        Decoupled weight decay of all parameters.
    betas : tuple of float, optional
        Decay rates of the two moving averages.
    epsilon : float, optional
        Added to the root of the second moving average.
    """

    def __init__(
        self,
        parameters: Parameters,
        decay: float = 0.0,
        betas: tuple[float, float] = (0.9, 0.999),
        epsilon: float = 1e-8,
    ) -> None:
        self.parameters = parameters
        self.decay = finite("decay", decay, least=0.0)
        self.betas, self.epsilon = betas, epsilon
        self.steps = 0
        self._first, self._second = (np.zeros_like(parameters.values) for _ in range(2))

    def step(self, rate: float) -> None:
        """Take one step with the given learning rate."""
        from rmtjac.kernels.adam import adamw

        self.steps += 1
        kind = self.parameters.values.dtype.type
        one, two = self.betas
        rates = np.array(
            [1.0 - one, 1.0 - two, rate / (1.0 - one**self.steps), (1.0 - two**self.steps) ** -0.5], dtype=kind
        )
        held = self.parameters
        adamw(
            held.values, held.gradients, self._first, self._second, held.floor,
            rates, kind(1.0 - rate * self.decay), kind(self.epsilon),
        )  # fmt: skip
