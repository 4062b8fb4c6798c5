"""Training of autoencoders with nonnegative weights, x -> s_2(W_2 s_1(W_1 x + b_1) + b_2), to return their input (NN).

A fixed point is an input that is reconstructed perfectly. The configurations of NN's table differ in activations and in
the signs of weights and biases. The name of a configuration ends in two letters, the first for the weights, the second
for the biases: N means nonnegative, P at least 1e-3, R any real number. In a "spectral" configuration each matrix has
the spectral norm .999, so that rho(T_inf) <= |W_2||W_1| < 1.

Sources: NN (docs/references.md).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from rmtjac.activations.pointwise import POINTWISE
from rmtjac.learn.optimisation.adamw import AdamW, Parameters, finite_loss
from rmtjac.learn.optimisation.spectral_norm import SpectralNorm
from rmtjac.network import Network

__all__ = ["CONFIGURATIONS", "AutoencoderTrainer", "Configuration"]

_NORM = 0.999  # spectral norm of each matrix in spectral configurations


@dataclass(frozen=True)
class Configuration:
    """One row of NN's table: activations, and bounds of weights and biases.

    Attributes
    ----------
    hidden, output : str
        Activations of the two layers.
    weights_floor, biases_floor : float
        Lower bounds of the parameters that the optimizer moves; minus infinity if any sign is allowed. The matrices of
        a spectral configuration are scaled after that.
    spectral : bool
        Whether each matrix has the spectral norm .999.
    published : tuple of float
        Test loss, rho(T_inf) (None where it is not given), |W_1| |W_2| and |W_2 W_1| in NN.

    See Also
    --------
    train_autoencoder : Trains a network of a configuration.

    References
    ----------
    NN.
    See docs/references.md.

    Examples
    --------
    >>> from rmtjac.learn import CONFIGURATIONS
    >>> CONFIGURATIONS["Tanh PN"].weights_floor
    0.001
    """

    hidden: str
    output: str
    weights_floor: float
    biases_floor: float
    spectral: bool
    published: tuple[float, float | None, float, float]


_ANY = -np.inf
CONFIGURATIONS = {
    "Sigmoid NN": Configuration("sigmoid", "sigmoid", 0.0, 0.0, False, (0.2308, 0.0, 7.271, 6.052)),
    "Tanh NN": Configuration("tanh", "tanh", 0.0, 0.0, False, (0.0065, 0.0, 463.9, 187.3)),
    "Tanh PN": Configuration("tanh", "tanh", 1e-3, 0.0, False, (0.0255, 0.0, 40.63, 35.85)),
    "ReLU spectral NN": Configuration("relu", "relu", 0.0, 0.0, True, (0.0063, 0.98, 1.072, 0.999)),
    "ReLU spectral PN": Configuration("relu", "relu", 1e-3, 0.0, True, (0.0059, 0.99, 1.0006, 1.0001)),
    "Tanh + Swish NN": Configuration("tanh", "silu", 0.0, 0.0, False, (0.0041, None, 15.221, 8.812)),
    "ReLU + Sigmoid NR": Configuration("relu", "sigmoid", 0.0, _ANY, False, (0.0025, None, 2845.3, 215.13)),
    "ReLU + Sigmoid RR": Configuration("relu", "sigmoid", _ANY, _ANY, False, (0.0052, None, 3196.9, 332.97)),
}


class AutoencoderTrainer:
    """An autoencoder during its training by Adam on the mean square error.

    Parameters
    ----------
    inputs, units : int
        Widths: inputs, units, inputs.
    configuration : Configuration
        Activations and bounds.
    rng : Generator
        Draws the weights from the law U(0, 1) times (.25/(n_in + n_out))^(1/2) (NN), with random signs if any sign is
        allowed.
    dtype : type, optional
        Precision.
    """

    def __init__(
        self,
        inputs: int,
        units: int,
        configuration: Configuration,
        rng: np.random.Generator,
        dtype: type[np.floating] = np.float32,
    ) -> None:
        self.configuration = configuration
        self.hidden, self.output = POINTWISE[configuration.hidden], POINTWISE[configuration.output]
        size = (0.25 / (inputs + units)) ** 0.5
        low = -1.0 if configuration.weights_floor < 0.0 else 0.0
        held = self.parameters = Parameters(
            {
                "W1": size * rng.uniform(low, 1.0, (units, inputs)),
                "W2": size * rng.uniform(low, 1.0, (inputs, units)),
                "b1": np.zeros(units),
                "b2": np.zeros(inputs),
            },
            {
                "W1": configuration.weights_floor,
                "W2": configuration.weights_floor,
                "b1": configuration.biases_floor,
                "b2": configuration.biases_floor,
            },
            dtype,
        )
        self.optimizer = AdamW(held)
        self._normed = {name: SpectralNorm(held[name], _NORM) for name in ("W1", "W2") if configuration.spectral}

    def loss_and_gradients(self, x: np.ndarray) -> float:
        """Write the gradient of the mean square error of a batch to `parameters`; return the error."""
        held = self.parameters
        w1, w2 = (self._weight(name) for name in ("W1", "W2"))
        h1 = x @ w1.T + held["b1"]
        y1 = np.empty_like(h1)
        self.hidden.value(h1, y1)
        h2 = y1 @ w2.T + held["b2"]
        y2 = np.empty_like(h2)
        self.output.value(h2, y2)
        miss = y2 - x
        loss = float(np.vdot(miss, miss)) / miss.size
        miss *= self.output.slope(h2, y2)
        miss *= x.dtype.type(2.0 / miss.size)
        np.matmul(miss.T, y1, out=held.gradient("W2"))
        miss.sum(axis=0, out=held.gradient("b2"))
        d1 = miss @ w2
        d1 *= self.hidden.slope(h1, y1)
        np.matmul(d1.T, x, out=held.gradient("W1"))
        d1.sum(axis=0, out=held.gradient("b1"))
        for (name, normed), value in zip(self._normed.items(), (w1, w2), strict=False):
            normed.pull(held.gradient(name), value)
        return loss

    def _weight(self, name: str) -> np.ndarray:
        """Return the matrix itself, or the matrix of norm .999 that belongs to it."""
        normed = self._normed.get(name)
        return self.parameters[name] if normed is None else normed.value()

    def train(
        self, x: np.ndarray, epochs: int, rng: np.random.Generator, batch_size: int = 64, rate: float = 1e-3
    ) -> Iterator[float]:
        """Train for some epochs; yield the mean loss of each."""
        rows = np.ascontiguousarray(x, dtype=self.parameters.values.dtype)
        for _ in range(epochs):
            order = rng.permutation(len(rows))
            total = 0.0
            for start in range(0, len(rows), batch_size):
                batch = rows[order[start : start + batch_size]]
                total += len(batch) * self.loss_and_gradients(batch)
                self.optimizer.step(rate)
            yield finite_loss(total / len(rows))

    def network(self) -> Network:
        """Return the network with the present weights."""
        held, how = self.parameters, self.configuration
        weights = [np.asarray(held[name], dtype=float) for name in ("W1", "W2")]
        if how.spectral:
            weights = [matrix * (_NORM / max(float(np.linalg.norm(matrix, 2)), 1e-300)) for matrix in weights]
        return Network(weights, [held["b1"], held["b2"]], [how.hidden, how.output])
