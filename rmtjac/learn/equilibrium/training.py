r"""Training of a classifier with one positive concave equilibrium layer (DEQ).

.. math:: z = s(W z + r(Ux + b)),\ W \ge 0,\quad y = C\,\mathrm{norm}(z) + c,

The loss is the cross-entropy of softmax(y). AdamW lowers it, and W is clipped at 0 after each step. Batches are solved
in single precision until no unit moves by more than the tolerance; this proves nothing. Proofs concern the trained
layer (`rmtjac.learn.equilibrium.layers`). The gradient comes from the adjoint iteration, so no step of the solution is
stored.

Sources: DEQ (docs/references.md).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from rmtjac.activations.pointwise import POINTWISE
from rmtjac.learn.optimisation.adamw import AdamW, Parameters, finite_loss
from rmtjac.learn.optimisation.batch_norm import BatchNorm

__all__ = ["Epoch", "Trainer", "Training", "rate_for"]

_MAX_STEPS = 500
_DEQ_RATE, _DEQ_STEPS, _LARGEST_RATE = 5e-4, 37_500, 5e-3  # DEQ takes 40 epochs of MNIST
_PIECE = 512  # samples solved together where no gradient is needed


class Epoch(NamedTuple):
    """Hold the numbers of one epoch of training.

    Attributes
    ----------
    loss : float
        Mean loss.
    accuracy : float
        Share of right answers on the training data, during the epoch.
    forward_steps, backward_steps : float
        Mean number of steps of the solution and of its adjoint.
    """

    loss: float
    accuracy: float
    forward_steps: float
    backward_steps: float


@dataclass(frozen=True)
class Training:
    """Parameters of the training; the defaults are those of DEQ for MNIST.

    Attributes
    ----------
    epochs, batch_size : int
        Number of epochs, and of samples in a batch.
    rate, decay : float
        Learning rate and weight decay of AdamW.
    drop : float
        Share of the epochs after which the rate is divided by ten.
    tol : float
        The iterations stop once a step of the equilibria is at most this, and a step of the adjoints relative to the
        gradient.
    """

    epochs: int = 40
    batch_size: int = 64
    rate: float = 5e-4
    decay: float = 1.5e-2
    drop: float = 0.75
    tol: float = 1e-4


def rate_for(steps: int) -> float:
    """Return the learning rate 5e-4 of DEQ, or a larger one, up to 5e-3, for fewer steps than DEQ takes."""
    return min(max(_DEQ_RATE * math.sqrt(_DEQ_STEPS / steps), _DEQ_RATE), _LARGEST_RATE)


class Trainer:
    """The model during its training; `epoch` goes once through the data.

    Parameters
    ----------
    inputs, units, classes : int
        Numbers m, n and q of inputs, units of the layer and classes.
    phi : str
        The activation s; its kind decides r: softplus for a nonnegative s, relu for a positive one.
    inject : str
        The activation r.
    rng : Generator
        Draws the initial weights: U uniform on [-m^(-1/2), m^(-1/2)], W on [0, .1/n], C on [-n^(-1/2), n^(-1/2)].
    training : Training
        Parameters of the training.
    dtype : type, optional
        Precision.
    """

    def __init__(
        self,
        inputs: int,
        units: int,
        classes: int,
        phi: str,
        inject: str,
        rng: np.random.Generator,
        training: Training,
        dtype: type[np.floating] = np.float32,
    ) -> None:
        self.phi, self.inject, self.training = POINTWISE[phi], POINTWISE[inject], training
        held = self.parameters = Parameters(
            {
                "U": rng.uniform(-1.0, 1.0, (units, inputs)) * inputs**-0.5,
                "b": np.zeros(units),
                "W": rng.uniform(0.0, 0.1 / units, (units, units)),
                "C": rng.uniform(-1.0, 1.0, (classes, units)) * units**-0.5,
                "c": np.zeros(classes),
                "gain": np.ones(units),
                "shift": np.zeros(units),
            },
            {"W": 0.0},
            dtype,
        )
        self.norm = BatchNorm(held["gain"], held["shift"])
        self.optimizer = AdamW(held, training.decay)

    def epoch(self, x: np.ndarray, labels: np.ndarray, rng: np.random.Generator, rate: float) -> Epoch:
        """Go once through the data (K, m), with classes (K,) counted from 0, in an order that rng draws."""
        sums = np.zeros(4)
        for rows in _batches(len(x), self.training.batch_size, rng):
            sums += len(rows) * np.array(self.gradients(x[rows], labels[rows]))
            self.optimizer.step(rate)
        done = Epoch(*(sums / len(x)).tolist())
        finite_loss(done.loss)
        return done

    def gradients(self, x: np.ndarray, labels: np.ndarray) -> Epoch:
        """Write the gradient of the mean loss of a batch to `parameters`; return the numbers of an epoch."""
        held = self.parameters
        h_in = x @ held["U"].T + held["b"]
        drive = np.empty_like(h_in)
        self.inject.value(h_in, drive)
        z, h, forward = self._climb(drive)
        normal = self.norm.forward(z)
        loss, right, dy = _cross_entropy(normal @ held["C"].T + held["c"], labels)

        np.matmul(dy.T, normal, out=held.gradient("C"))
        dy.sum(axis=0, out=held.gradient("c"))
        dz = self.norm.backward(dy @ held["C"], held.gradient("gain"), held.gradient("shift"))
        dh, backward = self._adjoint(dz, self.phi.slope(h, z))
        np.matmul(dh.T, z, out=held.gradient("W"))
        dh *= self.inject.slope(h_in, drive)
        np.matmul(dh.T, x, out=held.gradient("U"))
        dh.sum(axis=0, out=held.gradient("b"))
        return Epoch(loss, right, forward, backward)

    def settle(self, x: np.ndarray) -> None:
        """Replace the moving averages of the normalisation by mean and variance over all of x (K, m)."""
        held, rows = self.parameters, np.asarray(x, dtype=self.parameters.values.dtype)
        h_in = rows @ held["U"].T + held["b"]
        drive = np.empty_like(h_in)
        self.inject.value(h_in, drive)
        z = np.concatenate([self._climb(drive[k : k + _PIECE])[0] for k in range(0, len(drive), _PIECE)])
        self.norm.settle(z)

    def _climb(self, drive: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
        """Return fixed points, the preactivations there, and the number of steps."""
        weights_t, tol, phi = np.ascontiguousarray(self.parameters["W"].T), self.training.tol, self.phi
        h, z, new, gap = drive.copy(), np.empty_like(drive), np.empty_like(drive), np.empty_like(drive)
        phi.value(h, z)
        for k in range(2, _MAX_STEPS):  # noqa: B007 (k is the number of steps)
            np.matmul(z, weights_t, out=h)
            h += drive
            phi.value(h, new)
            np.subtract(new, z, out=gap)  # not negative, up to rounding: the iteration climbs
            z, new = new, z
            if gap.max() <= tol:
                break
        return z, h, k

    def _adjoint(self, dz: np.ndarray, slope: np.ndarray) -> tuple[np.ndarray, int]:
        """Return s'(h) u, where u solves u = dz + W^T (s'(h) u), and the number of steps."""
        weights, tol = self.parameters["W"], self.training.tol
        limit = tol * float(np.abs(dz).max())
        u, new, gap = dz, np.empty_like(dz), np.empty_like(dz)
        turned = np.empty_like(dz)
        for k in range(1, _MAX_STEPS):  # noqa: B007
            np.multiply(slope, u, out=turned)
            np.matmul(turned, weights, out=new)
            new += dz
            np.subtract(new, u, out=gap)
            u, new = new, (np.empty_like(dz) if u is dz else u)
            if max(float(gap.max()), -float(gap.min())) <= limit:
                break
        np.multiply(slope, u, out=turned)
        return turned, k

    def train(self, x: np.ndarray, labels: np.ndarray, rng: np.random.Generator) -> Iterator[Epoch]:
        """Train for all epochs; yield the numbers of each."""
        rows = np.ascontiguousarray(x, dtype=self.parameters.values.dtype)
        how = self.training
        for k in range(how.epochs):
            yield self.epoch(rows, labels, rng, how.rate * (0.1 if k >= how.drop * how.epochs else 1.0))


def _batches(count: int, size: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Yield index arrays of `size` samples; a last single sample, which has no variance, joins the batch before."""
    order = rng.permutation(count)
    start = 0
    while start < count:
        end = start + size if count - start - size != 1 else count
        yield order[start:end]
        start = end


def _cross_entropy(y: np.ndarray, labels: np.ndarray) -> tuple[float, float, np.ndarray]:
    """Return the mean loss, the share of right answers, and the gradient with respect to y."""
    rows = np.arange(len(y))
    y = y - y.max(axis=1, keepdims=True)
    chance = np.exp(y)
    total = chance.sum(axis=1, keepdims=True)
    chance /= total
    loss = float((np.log(total[:, 0]) - y[rows, labels]).mean())
    right = float((y[rows, labels] == 0.0).mean())
    chance[rows, labels] -= 1.0
    chance /= len(y)
    return loss, right, chance
